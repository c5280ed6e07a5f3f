"""Recordings are packed small, from each folder as often, and come back where they were."""

import csv
import io
import tarfile

import numpy as np
import pytest
import soundfile
from audio_fixtures import octave_levels, scene, write

from audiokit import cli
from audiokit.errors import UserError
from exp_train_model import pack_recordings
from spectral_transcoder.soundscapes.recording_pack import draw_in_turn, ogg, unpack_recordings, write_pack
from spectral_transcoder.transcoders.store import read_recordings

RATE = 48000


@pytest.fixture(scope="module")
def recordings(tmp_path_factory):
    """Two folders: one with three recordings of 3 s, one with one of 30 s and a file that is none."""
    folder = tmp_path_factory.mktemp("recordings")
    many = [write(folder / "many" / f"{number}.wav", scene(3, seed=number)) for number in range(3)]
    long = write(folder / "long" / "long.wav", scene(30, seed=9))
    broken = folder / "long" / "broken.wav"
    broken.write_bytes(b"RIFF and no more")
    return [many, [long, broken]]


def test_each_folder_is_drawn_from_in_turn():
    drawn = list(draw_in_turn(["abcd", "x", "yz"]))
    assert sorted(drawn) == sorted("abcdxyz")
    assert [{*drawn[:3]} & {*letters} != set() for letters in ("abcd", "x", "yz")] == [True] * 3
    assert drawn == list(draw_in_turn(["abcd", "x", "yz"]))


def test_an_ogg_sounds_like_the_recording():
    sound = scene(4, RATE)
    decoded, rate = soundfile.read(io.BytesIO(ogg(sound)), dtype="float32")
    assert (rate, len(decoded)) == (RATE, len(sound))
    np.testing.assert_allclose(
        octave_levels(decoded, RATE, n_octaves=6), octave_levels(sound, RATE, n_octaves=6), atol=0.3
    )


def test_a_pack_holds_recordings_and_what_they_are(recordings, tmp_path):
    packed = write_pack(recordings, tmp_path / "a.tar", largest_bytes=10**6, longest_seconds=5)
    assert packed.n_bytes == (tmp_path / "a.tar").stat().st_size < 300_000
    assert packed.seconds == pytest.approx(3 * 3 + 5, abs=0.01)
    assert len(packed.unusable) == 1 and "broken.wav" in packed.unusable[0]
    with tarfile.open(tmp_path / "a.tar") as archive:
        table = list(csv.DictReader(io.TextIOWrapper(archive.extractfile("recordings.csv"), "utf-8")))
    assert {row["recording"] for row in table} == {"0", "1", "2", "long"}
    paths = unpack_recordings(tmp_path / "a.tar", tmp_path / "out")
    assert {path.relative_to(tmp_path / "out").as_posix() for path in paths} == {row["packed"] for row in table}
    assert read_recordings(tmp_path / "out" / "recordings.csv") == {"0", "1", "2", "long"}
    durations = {path: soundfile.info(path) for path in paths}
    assert sorted(round(info.duration) for info in durations.values()) == [3, 3, 3, 5]
    assert {(info.samplerate, info.channels) for info in durations.values()} == {(RATE, 1)}
    assert unpack_recordings(tmp_path / "a.tar", tmp_path / "out") == paths


def test_a_pack_is_no_larger_than_it_may_be(recordings, tmp_path):
    whole = write_pack(recordings, tmp_path / "whole.tar", largest_bytes=10**6)
    for largest in (whole.n_bytes - 1, whole.n_bytes // 2):
        packed = write_pack(recordings, tmp_path / "less.tar", largest_bytes=largest)
        assert (tmp_path / "less.tar").stat().st_size <= largest
        assert 0 < len(packed.rows) < len(whole.rows)
    with pytest.raises(UserError, match="no recording can be packed: not one fits into 100 bytes"):
        write_pack(recordings, tmp_path / "none.tar", largest_bytes=100)
    assert not (tmp_path / "none.tar").exists()


def test_the_script_packs_and_unpacks(recordings, tmp_path, capsys):
    folder, pack = recordings[0][0].parents[1], tmp_path / "pack.tar"
    assert cli.run(pack_recordings.main, [str(folder), "--output", str(pack), "--megabytes", "1"]) == 0
    told = capsys.readouterr()
    assert told.out.startswith(f"{pack} (4 of 5 recordings, 0.01 h, 0.")
    assert told.err.splitlines()[-1].startswith("left out: ")
    assert cli.run(pack_recordings.main, ["--unpack", str(pack), "--output", str(tmp_path / "out")]) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'out'} (4 recordings)\n"
    assert cli.run(pack_recordings.main, ["--unpack", str(tmp_path / "b.tar"), "--output", str(tmp_path)]) == 1
    assert "there is no pack" in capsys.readouterr().err


def test_a_pack_that_leads_out_of_the_folder_is_refused(tmp_path):
    with tarfile.open(tmp_path / "bad.tar", "w") as archive:
        archive.addfile(tarfile.TarInfo("../escaped.ogg"))
    with pytest.raises(UserError, match=r"bad\.tar"):
        unpack_recordings(tmp_path / "bad.tar", tmp_path / "out")
    assert not (tmp_path / "escaped.ogg").exists()
