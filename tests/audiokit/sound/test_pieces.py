"""Pieces of a recording cover all of it, and are cut where they say."""

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from audiokit.sound.audio import Recording
from audiokit.sound.pieces import piece_starts, pieces

RATE = 100


@pytest.fixture
def recording(tmp_path):
    samples = np.linspace(-0.5, 0.5, 257, dtype=np.float32)
    soundfile.write(tmp_path / "a.wav", samples, 8000, subtype="FLOAT")
    return Recording(tmp_path / "a.wav", sample_rate=8000), samples


@given(st.integers(1, 500), st.integers(1, 60), st.integers(1, 60))
def test_every_sample_is_in_a_piece_where_they_touch(n_samples, length, hop):
    hop = min(hop, length)
    starts = piece_starts(n_samples, length=length, hop=hop)
    covered = np.zeros(max(n_samples, length), bool)
    for start in starts:
        covered[start : start + length] = True
    assert covered.all()
    assert (np.diff(starts) > 0).all()
    assert starts[-1] + length <= max(n_samples, length)


@pytest.mark.parametrize("at_once", [1, 3, 100])
@pytest.mark.parametrize("context", [0, 7, 40])
def test_pieces_are_the_samples_around_their_times(recording, at_once, context):
    recording, samples = recording
    padded = np.pad(samples, (context, context))
    blocks = list(pieces(recording, length=60, hop=30, at_once=at_once, context=context, normalise=False))
    times, cut = (np.concatenate(parts) for parts in zip(*blocks, strict=True))
    starts = [0, 30, 60, 90, 120, 150, 180, 197]
    assert np.array_equal(times, np.stack([starts, np.add(starts, 60)], axis=1) / 8000)
    for start, piece in zip(starts, cut, strict=True):
        assert np.array_equal(piece, padded[start : start + 60 + 2 * context])


def test_a_short_recording_is_continued_with_silence(recording):
    recording, samples = recording
    ((times, cut),) = pieces(recording, length=300, hop=300)
    assert times.tolist() == [[0, 257 / 8000]]
    assert np.array_equal(cut[0], np.pad(samples * 2, (0, 43)))
