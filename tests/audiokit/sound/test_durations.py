"""Durations in tables of recordings."""

import csv

import numpy as np
import pytest
import soundfile
from audio_fixtures import noise, write

from audiokit.errors import UserError
from audiokit.sound.durations import add_durations

TABLE = """slice_file_name,fsID,start,end,salience,fold,classID,class
7-1-0-0.wav,7,0.0,4.0,1,5,1,car_horn
9-3-0-1.wav,9,58.5,62.5,2,10,3,dog_bark
8-6-1-0.wav,8,0.25,0.75,1,1,6,gun_shot
"""
SOUNDS = {
    "7-1-0-0.wav": (44100, 44100 * 4, 2, "PCM_24"),
    "9-3-0-1.wav": (22050, 7001, 1, "PCM_16"),
    "8-6-1-0.wav": (96000, 4321, 1, "MS_ADPCM"),
}
"""Rate in Hz, samples, channels and kind of sample."""


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "metadata" / "UrbanSound8K.csv"
    path.parent.mkdir()
    path.write_text(TABLE)
    for name, (rate, n_samples, n_channels, subtype) in SOUNDS.items():
        sound = np.stack([noise(n_samples)] * n_channels, axis=1)
        write(tmp_path / "audio" / name, sound, rate, subtype=subtype)
    return path


def add(table, name_column="slice_file_name"):
    output = table.with_name("UrbanSound8K_recalculated.csv")
    add_durations(table, table.parents[1] / "audio", output, name_column=name_column, progress=False)
    return output.read_text().splitlines()


def test_durations_follow_the_columns_of_the_table(table):
    header, *rows = add(table)
    assert header == TABLE.splitlines()[0] + ",duration"
    assert [row.rpartition(",")[0] for row in rows] == TABLE.splitlines()[1:]


def test_durations_are_those_of_the_samples(table):
    durations = [float(row.rpartition(",")[2]) for row in add(table)[1:]]
    assert durations[:2] == [4.0, 7001 / 22050]
    samples, rate = soundfile.read(table.parents[1] / "audio" / "8-6-1-0.wav")
    assert durations[2] == len(samples) / rate  # this format rounds to whole blocks


def test_a_table_that_has_durations_gets_them_anew(table):
    first = add(table)
    table.write_text("\n".join(first).replace("4.0\n", "3.0\n") + "\n")
    assert add(table) == first


def test_the_table_itself_stays(table):
    add(table)
    assert table.read_text() == TABLE


def test_a_missing_recording_is_named(table):
    (table.parents[1] / "audio" / "9-3-0-1.wav").unlink()
    with pytest.raises(UserError, match=r"cannot read .*9-3-0-1\.wav"):
        add(table)
    assert [path.name for path in table.parent.iterdir()] == [table.name]


def test_a_damaged_recording_is_named(table):
    (table.parents[1] / "audio" / "9-3-0-1.wav").write_bytes(b"RIFF")
    with pytest.raises(UserError, match=r"cannot read .*9-3-0-1\.wav"):
        add(table)


def test_a_table_without_the_names_is_refused(table):
    with pytest.raises(UserError, match="has no column filename"):
        add(table, name_column="filename")


def test_a_missing_table_is_named(tmp_path):
    with pytest.raises(UserError, match=r"cannot read .*none\.csv"):
        add(tmp_path / "none.csv")


def test_headers_of_real_clips_tell_what_decoding_gives(shared, tmp_path):
    clips = sorted((shared / "data" / "urbansound8k_original_format").glob("*.wav"))
    table = tmp_path / "clips.csv"
    table.write_text("name\n" + "".join(f"{clip.name}\n" for clip in clips))
    add_durations(table, clips[0].parent, tmp_path / "out.csv", name_column="name", progress=False)
    with (tmp_path / "out.csv").open(newline="") as file:
        told = {row["name"]: float(row["duration"]) for row in csv.DictReader(file)}
    assert len(told) == 9
    for clip in clips:
        samples, rate = soundfile.read(clip)
        assert told[clip.name] == len(samples) / rate
