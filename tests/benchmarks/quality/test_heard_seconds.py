"""The seconds of recordings that an evaluation hears."""

from pathlib import Path

import numpy as np
import pytest
from audio_fixtures import noise, write
from quality.evaluation_sets import EvaluationRecording
from quality.heard_seconds import LONGEST_S, hear
from torch.testing import assert_close

from audiokit.errors import UserError
from spectral_transcoder.datasets.chunk_features import ChunkFeatures

FEATURES = ChunkFeatures(["YamNet", "mn04_as"])
RATE = 32000


def heard(*paths):
    return hear([EvaluationRecording(path, path.stem) for path in paths], FEATURES)


def sound(path, *levels, end=0.0):
    """A recording with a second of noise at each level, and the beginning of another."""
    seconds = [level * noise(RATE, seed=index, level=1) for index, level in enumerate(levels)]
    return write(path, np.concatenate([*seconds, np.zeros(round(end * RATE))]))


def test_silent_seconds_and_what_is_shorter_are_not_heard(tmp_path):
    found = heard(
        sound(tmp_path / "a.wav", 0.1, 0, 0.1, end=0.9),
        sound(tmp_path / "b.wav", end=0.9),
        sound(tmp_path / "c.wav", 0, 0),
        sound(tmp_path / "d.wav", 0.1),
    )
    assert [one.source for one in found.recordings] == ["a", "d"]
    assert found.files.tolist() == [0, 0, 1]
    assert {name: tuple(array.shape) for name, array in found.arrays.items()} == {
        "third_octave": (3, 8, 29),
        "mel_yamnet": (3, 96, 64),
        "mel_mn04_as": (3, 100, 128),
    }


def test_a_second_does_not_depend_on_its_neighbours(tmp_path):
    together = heard(sound(tmp_path / "a.wav", 0.1, 0.1), sound(tmp_path / "b.wav", 0.1))
    alone = heard(tmp_path / "b.wav")
    for name, array in alone.arrays.items():
        assert_close(together.arrays[name][2:], array)


def test_where_nothing_is_heard_there_is_nothing(tmp_path):
    found = heard(sound(tmp_path / "a.wav", 0))
    assert (found.recordings, len(found.files), found.arrays) == ([], 0, {})


def test_of_long_recordings_the_first_minute_is_heard(tmp_path):
    path = write(tmp_path / "a.wav", noise(1000 * (LONGEST_S + 5)), 1000)
    assert len(heard(path).files) == LONGEST_S


@pytest.mark.parametrize("content", [b"", b"no sound"])
def test_what_cannot_be_read_is_told_by_its_name(tmp_path, content):
    (tmp_path / "a.wav").write_bytes(content)
    with pytest.raises(UserError, match=r"cannot read .*a\.wav"):
        heard(tmp_path / "a.wav")
    with pytest.raises(UserError, match=r"cannot read .*nowhere\.wav"):
        heard(Path("nowhere.wav"))
