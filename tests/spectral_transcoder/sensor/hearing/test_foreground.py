"""The foreground: what stands out of the background of a block stays, what is there all the time falls."""

import numpy as np
import pytest

from spectral_transcoder.sensor.hearing.foreground import DEPTH_DB, foreground, labels_in_front
from teachers.audioset import audioset_labels


def blocks(n=2):
    """Ten seconds at 40 dB with a second at 60 dB in every band."""
    levels = np.full((n, 10, 8, 29), 40, np.float32)
    levels[:, 4] = 60
    return levels


def test_what_stands_out_stays_and_the_rest_falls_by_the_depth():
    found = foreground(blocks())
    np.testing.assert_allclose(found[:, 4], 10 * np.log10(1e6 - 1e4), atol=1e-4)
    np.testing.assert_allclose(np.delete(found, 4, axis=1), 40 - DEPTH_DB, atol=1e-4)


def test_each_block_has_a_background_of_its_own():
    quiet, loud = foreground(np.concatenate([blocks(1), blocks(1) + 20]))
    np.testing.assert_allclose(loud, quiet + 20, atol=1e-4)


def test_gaps_stay_gaps_and_silence_stays_silent():
    levels = blocks(1)
    levels[0, 0] = np.nan
    levels[0, 5] = -np.inf
    found = foreground(levels)
    assert np.isnan(found[0, 0]).all()
    assert np.isneginf(found[0, 5]).all()
    assert np.isnan(foreground(np.full((1, 10, 8, 29), np.nan))).all()


def test_voices_and_birds_are_in_front():
    labels = audioset_labels()
    names = {labels[index] for index in labels_in_front(labels)}
    assert {"Speech", "Bird"} < names
    assert "Traffic noise, roadway noise" not in names
    assert len(names) == pytest.approx(12)
