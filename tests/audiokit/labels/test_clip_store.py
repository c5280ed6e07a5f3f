"""A store of labelled recordings holds each piece once, and is the same whatever stopped its making."""

import multiprocessing
import os
import time
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
import soundfile

from audiokit.errors import UserError
from audiokit.labels.clip_store import ClipStore
from audiokit.labels.clip_store_creation import StoredClip, create_clip_store, tell
from audiokit.sound.audio import load
from audiokit.storage.row_arrays import RowArray

RATE = 8000
SECONDS = {"a.wav": 3.4, "b.wav": 1.0, "c.wav": 2.0, "short.wav": 0.3, "d.wav": 5.1}


@dataclass(frozen=True)
class Seconds:
    """Whole seconds and their loudness."""

    gain: float = 1.0
    arrays: ClassVar = {"waveform": RowArray((RATE,), "full scale"), "peak": RowArray((1,), "full scale", "float64")}

    def n_rows(self, n_samples, sample_rate):
        return n_samples // sample_rate

    def __call__(self, path):
        if os.environ.get("SLOW_FEATURES"):
            time.sleep(0.05)
        samples = load(path, sample_rate=RATE, normalise=False) * self.gain
        rows = samples[: len(samples) // RATE * RATE].reshape(-1, RATE)
        return {"waveform": rows, "peak": np.abs(rows).max(axis=1, keepdims=True)}

    def description(self):
        return {"gain": self.gain}


@pytest.fixture
def folder(tmp_path):
    generator = np.random.default_rng(0)
    for name, seconds in SECONDS.items():
        soundfile.write(tmp_path / name, generator.uniform(-0.5, 0.5, round(seconds * RATE)), RATE, subtype="FLOAT")
    return tmp_path


def columns(names):
    return {
        "technique": [name[0].upper() for name in names],
        "singer": [len(name) for name in names],
        "labels": np.eye(len(names), 3, dtype=np.uint8),
    }


def make(folder, names=tuple(SECONDS), features=Seconds(), **options):
    clips = [StoredClip(folder / name, name) for name in names]
    return create_clip_store(folder / "store.h5", clips, features, columns=columns(names), **options)


def test_each_recording_has_its_rows_and_what_is_known_of_it(folder, capsys):
    summary = make(folder)
    assert (summary.is_complete, summary.n_clips, summary.n_rows, summary.short) == (True, 4, 11, ["short.wav"])
    with ClipStore(summary.path) as store:
        assert store.names == ["a.wav", "b.wav", "c.wav", "d.wav"]
        assert store.n_rows.tolist() == [3, 1, 2, 5]
        assert store.first_rows.tolist() == [0, 3, 4, 6]
        assert store.clip_of_row.tolist() == [0, 0, 0, 1, 2, 2, 3, 3, 3, 3, 3]
        assert store.columns["technique"].tolist() == ["A", "B", "C", "D"]
        assert store.columns["singer"].tolist() == [5, 5, 5, 5]
        assert store.columns["labels"].tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 0]]
        assert store.description("peak") == "full scale"
        waveform = store.array("waveform")
        assert isinstance(waveform, np.memmap)
        rows = store.rows_of(np.array([3, 1]))
        assert rows.tolist() == [6, 7, 8, 9, 10, 3]
        assert store.rows_of(np.array([False, True, True, False])).tolist() == [3, 4, 5]
        assert store.rows_of(np.array([], int)).tolist() == []
        for number, name in enumerate(store.names):
            sound = load(folder / name, sample_rate=RATE, normalise=False)
            own = waveform[store.rows_of(np.array([number]))]
            assert np.array_equal(own.ravel(), sound[: own.size])
        assert np.array_equal(store.array("peak")[:, 0], np.abs(waveform).max(axis=1))
    assert tell(summary) == 0
    assert capsys.readouterr().err == "short.wav is too short and left out\n"


def test_two_processes_make_the_same_as_one(folder):
    one = make(folder, workers=1).path.rename(folder / "one.h5")
    two = make(folder, workers=2).path
    with ClipStore(one) as first, ClipStore(two) as second:
        assert np.array_equal(first.array("waveform"), second.array("waveform"))


def test_it_is_not_made_twice_and_not_overwritten(folder, capsys):
    make(folder)
    assert make(folder).n_rows == 11
    assert "is there already" in capsys.readouterr().err
    with pytest.raises(UserError, match=r"holds something else .*gain"):
        make(folder, features=Seconds(2.0))
    with pytest.raises(UserError, match=r"holds something else .*2 other recordings, such as c\.wav"):
        make(folder, names=("a.wav", "b.wav"))
    soundfile.write(folder / "b.wav", np.zeros(RATE), RATE)
    with pytest.raises(UserError, match=r"b\.wav has changed"):
        make(folder)
    (folder / "b.wav").unlink()
    assert make(folder).n_rows == 11


def test_what_is_stored_of_recordings_has_a_fingerprint(folder):
    with ClipStore(make(folder, workers=1).path.rename(folder / "one.h5")) as store:
        whole, three = store.fingerprint(), store.fingerprint(np.array([0, 2, 3]))
        assert len({whole, three, store.fingerprint(np.array([2, 0, 3])), store.fingerprint(np.array([0, 2]))}) == 4
        assert store.fingerprint(np.arange(4)) == whole
    with ClipStore(make(folder, workers=2).path.rename(folder / "two.h5")) as store:
        assert store.fingerprint() == whole
    soundfile.write(folder / "b.wav", np.zeros(RATE), RATE)  # as many samples as before
    with ClipStore(make(folder).path.rename(folder / "three.h5")) as store:
        assert store.fingerprint() != whole
        assert store.fingerprint(np.array([0, 2, 3])) == three
    with ClipStore(make(folder, features=Seconds(2.0)).path) as store:
        assert store.fingerprint(np.array([0, 2, 3])) != three


def test_recordings_that_cannot_be_used_are_named_and_left_out_only_if_wished(folder, capsys):
    (folder / "b.wav").write_bytes(b"no sound")
    (folder / "c.wav").unlink()
    summary = make(folder)
    assert not summary.is_complete
    assert not summary.path.exists()
    assert tell(summary) == 1
    complaints = capsys.readouterr().err
    assert "b.wav" in complaints
    assert "c.wav" in complaints
    assert "error: 2 recordings cannot be used" in complaints
    summary = make(folder, skip_errors=True)
    assert set(summary.unreadable) == {"b.wav", "c.wav"}
    with ClipStore(summary.path) as store:
        assert store.names == ["a.wav", "d.wav"]
        assert store.columns["labels"].tolist() == [[1, 0, 0], [0, 0, 0]]


class Promising(Seconds):
    """As headers that tell of more sound than there is."""

    def n_rows(self, n_samples, sample_rate):
        return super().n_rows(n_samples, sample_rate) + 2


def test_recordings_that_have_come_since_are_told(folder, capsys):
    (folder / "c.wav").rename(folder / "later.wav")
    assert make(folder, skip_errors=True).n_clips == 3
    (folder / "later.wav").rename(folder / "c.wav")
    with pytest.raises(UserError, match=r"store\.h5 lacks 1 recordings that are here now, c\.wav first: delete it"):
        make(folder)
    assert make(folder, skip_errors=True).notes == [
        f"{folder / 'store.h5'} lacks 1 recordings that are here now, c.wav first"
    ]


def test_recordings_that_gave_no_row_are_not_missed(folder):
    whole = (folder / "b.wav").read_bytes()
    (folder / "b.wav").write_bytes(whole[: len(whole) // 2])
    summary = make(folder, skip_errors=True)
    with ClipStore(summary.path) as store:
        assert "b.wav" not in store.names
    assert make(folder, skip_errors=True).notes == []


class Loud(Seconds):
    """As features that silence has not."""

    def __call__(self, path):
        if not load(path, sample_rate=RATE, normalise=False).any():
            raise UserError(f"{path} is silent")
        return super().__call__(path)


def test_recordings_that_gave_no_row_are_missed_once_they_have_changed(folder):
    whole = (folder / "b.wav").read_bytes()
    soundfile.write(folder / "b.wav", np.zeros(RATE), RATE)
    summary = make(folder, features=Loud(), skip_errors=True, workers=1)
    with ClipStore(summary.path) as store:
        assert [*store.left_out] == ["b.wav"]
    assert make(folder, features=Loud(), skip_errors=True).notes == []
    (folder / "b.wav").write_bytes(whole)
    with pytest.raises(UserError, match=r"holds something else \(b\.wav has changed\): delete it"):
        make(folder, features=Loud(), skip_errors=True)


def test_recordings_shorter_than_their_headers_say_leave_no_gap(folder):
    summary = make(folder, names=("a.wav", "b.wav"), features=Promising())
    with ClipStore(summary.path) as store:
        assert store.n_rows.tolist() == [3, 1]
        assert store.array("waveform").shape == (4, RATE)
        assert np.array_equal(store.array("waveform")[3], load(folder / "b.wav", sample_rate=RATE, normalise=False))


def make_slowly(folder):
    os.environ["SLOW_FEATURES"] = "1"
    make(folder, workers=1)


def test_killed_it_goes_on_to_the_same(folder, capsys):
    whole = make(folder, workers=1).path.rename(folder / "whole.h5")
    process = multiprocessing.get_context("fork").Process(target=make_slowly, args=(folder,))
    process.start()
    journal = folder / "store.h5.part/journal"
    while process.is_alive() and not (journal.exists() and journal.read_bytes().count(b"\n") == 3):
        time.sleep(0.001)
    process.kill()
    process.join()
    with pytest.raises(UserError, match="is not complete: run the command that makes it again"):
        ClipStore(folder / "store.h5")
    summary = make(folder, workers=1)
    assert "going on: " in capsys.readouterr().err
    with ClipStore(whole) as first, ClipStore(summary.path) as second:
        assert np.array_equal(first.array("waveform"), second.array("waveform"))


@pytest.mark.parametrize("content", [b"", b"nothing of the kind"])
def test_what_is_no_store_is_refused(tmp_path, content):
    (tmp_path / "a.h5").write_bytes(content)
    with pytest.raises(UserError, match="delete it, and run it"):
        ClipStore(tmp_path / "a.h5", remedy="run it")
    with pytest.raises(UserError, match=r"there is no .*: run it"):
        ClipStore(tmp_path / "b.h5", remedy="run it")


def test_no_usable_recording_at_all_is_an_error(folder):
    with pytest.raises(UserError, match=r"none of the 1 recordings can be used \(all are too short\)"):
        make(folder, names=("short.wav",))


def test_recordings_of_which_less_is_there_than_one_could_think_are_told(tmp_path, capsys):
    names = [f"{number}.wav" for number in range(10)]
    for number, name in enumerate(names):
        soundfile.write(tmp_path / name, np.random.default_rng(number).uniform(-1, 1, 3 * RATE), RATE)
    whole = (tmp_path / "4.wav").read_bytes()
    (tmp_path / "4.wav").write_bytes(whole[: len(whole) // 2])
    summary = make(tmp_path, names, workers=1)
    assert tell(summary) == 0
    assert "4.wav has 1 s, where 9 of 10 recordings have 3 s: it may be cut off\n" in capsys.readouterr().err
    assert (summary.n_clips, summary.n_rows) == (10, 28)


def test_a_recording_that_needs_telling_of_is_told_as_it_is_loaded(tmp_path, caplog):
    tone = 0.5 * np.sin(np.arange(2 * RATE))
    soundfile.write(tmp_path / "a.wav", np.stack([tone, -0.9 * tone], axis=1), RATE)
    np.testing.assert_allclose(load(tmp_path / "a.wav", sample_rate=RATE, normalise=False), tone, atol=1e-4)
    assert caplog.messages == [f"{tmp_path}/a.wav: its channels cancel each other: channel 1 alone is used"]
