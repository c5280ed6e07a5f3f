"""The store of segments, as build_dataset.py makes it."""

import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from samplecnn_fixtures import write_magnatagatune, write_sound, write_speech_commands

from audiokit import cli
from audiokit.paths import ROOT
from audiokit.storage.journal import partial_folder
from exp_samplecnn import build_dataset
from exp_samplecnn.data.segment_store import SegmentStore
from exp_samplecnn.segments import ClipSegments, stored
from exp_samplecnn.tasks import TASKS


def build(data, dataset, *more):
    options = [dataset, "--data-dir", data, "--workers", "1", *more]
    return cli.run(build_dataset.main, [str(option) for option in options])


@pytest.fixture
def words(tmp_path):
    write_speech_commands(tmp_path / "scd" / "raw", n_clips=4)
    return tmp_path


def test_each_clip_is_stored_with_its_word_and_split(words, capsys):
    assert build(words, "scd") == 0
    assert "2 labels in place of 35: no; yes" in capsys.readouterr().out
    store = SegmentStore.open(words / "scd" / "segments.h5", "scd")
    assert store.task.labels == ("no", "yes")
    clip = store.names.index("yes/s3_nohash_0.wav")
    assert (store.splits[clip], store.targets[clip].tolist(), store.full_scale) == ("test", [0, 1], 32767)
    sound = ClipSegments(TASKS["scd"], "float32", "silence")(words / "scd" / "raw" / store.names[clip])["segment"]
    np.testing.assert_array_equal(store.segments[np.array([clip])], stored(sound, "int16"))
    assert np.bincount(store.clip_of_row[store.rows_of("train")]).max() == 1


def test_samples_may_be_stored_as_they_are(words):
    assert build(words, "scd", "--sample-type", "float32") == 0
    assert SegmentStore.open(words / "scd" / "segments.h5", "scd").full_scale == 1


def test_another_store_of_that_name_is_not_overwritten(words, capsys):
    build(words, "scd")
    assert build(words, "scd", "--sample-type", "float32") == 1
    assert "holds something else" in capsys.readouterr().err


def test_broken_clips_are_named_and_left_out(tmp_path, capsys):
    clips = {f"{folder}/{name}.mp3": ["rock"] for folder in "0cd" for name in "ab"}
    raw = write_magnatagatune(tmp_path / "mtt" / "raw", clips)
    (raw / "mp3" / "0" / "a.mp3").write_bytes(b"")
    write_sound(raw / "mp3" / "d" / "b.wav", 0.2, rate=22050).rename(raw / "mp3" / "d" / "b.mp3")
    assert build(tmp_path, "mtt") == 0
    told = capsys.readouterr()
    assert "cannot read" in told.err
    assert "0/a.mp3" in told.err
    assert "d/b.mp3 is too short and left out" in told.err
    assert "40 rows of 4 recordings" in told.out


def test_a_dataset_that_is_not_there_is_refused_in_one_line(tmp_path, capsys):
    for dataset in TASKS:
        assert build(tmp_path, dataset) == 1
        assert capsys.readouterr().err.count("\n") == 1


def test_after_being_killed_five_times_the_store_is_the_same(tmp_path):
    write_speech_commands(tmp_path / "a" / "scd" / "raw", n_clips=60, seconds=1)
    (tmp_path / "b" / "scd").mkdir(parents=True)
    (tmp_path / "b" / "scd" / "raw").symlink_to(tmp_path / "a" / "scd" / "raw")
    script = [sys.executable, "exp_samplecnn/build_dataset.py", "scd", "--workers", "1", "--data-dir"]
    begun = partial_folder(tmp_path / "a" / "scd" / "segments.h5")
    for kill in range(5):
        process = subprocess.Popen([*script, tmp_path / "a"], cwd=ROOT, stdout=subprocess.DEVNULL)
        while not begun.is_dir():
            time.sleep(0.005)
        time.sleep(0.02 * kill)
        process.send_signal(signal.SIGKILL)
        process.wait()
    for name in "ab":
        subprocess.run([*script, tmp_path / name], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    stores = [(tmp_path / name / "scd" / "segments.h5").read_bytes() for name in "ab"]
    assert stores[0] == stores[1]
