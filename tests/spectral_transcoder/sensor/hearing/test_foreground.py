"""The foreground: what stands out of the background of a window stays, what is there all the time falls."""

import numpy as np
import pytest
import torch
from sensor_fixtures import ToyTeacher, make_levels

from pann.mel import FRONT_END as PANN
from spectral_transcoder.pinv import Pinv
from spectral_transcoder.sensor.hearing.foreground import (
    DEPTH_DB,
    foreground,
    labels_in_front,
)
from spectral_transcoder.sensor.hearing.predictor import Predictor
from teachers.audioset import audioset_labels


def windows(n=2):
    """Ten seconds at 40 dB with a second at 60 dB in every band."""
    levels = torch.full((n, 10, 8, 29), 40.0)
    levels[:, 4] = 60
    return levels


def test_what_stands_out_stays_and_the_rest_falls_by_the_depth():
    found = foreground(windows()).numpy()
    np.testing.assert_allclose(found[:, 4], 10 * np.log10(1e6 - 1e4), atol=1e-4)
    np.testing.assert_allclose(np.delete(found, 4, axis=1), 40 - DEPTH_DB, atol=1e-4)


def test_each_window_has_a_background_of_its_own():
    quiet, loud = foreground(torch.cat([windows(1), windows(1) + 20]))
    torch.testing.assert_close(loud, quiet + 20, atol=1e-4, rtol=0)


@pytest.mark.parametrize("n_seconds", [1, 4, 9])
@pytest.mark.parametrize("n_frames", [1, 8])
def test_the_background_is_the_median(n_seconds, n_frames):
    levels = torch.from_numpy(make_levels(n_seconds * n_frames).reshape(1, n_seconds, n_frames, 29))
    energy = 10 ** (levels.double().numpy() / 10)
    expected = np.maximum(energy - np.median(energy, axis=(1, 2), keepdims=True), energy * 10 ** (-DEPTH_DB / 10))
    np.testing.assert_allclose(10 ** (foreground(levels).numpy() / 10), expected, rtol=2e-3)


def test_silence_stays_silent():
    found = foreground(torch.full((1, 10, 8, 29), -154.0))
    np.testing.assert_allclose(found, -154 - DEPTH_DB, atol=1e-3)


def test_voices_and_birds_are_in_front():
    labels = audioset_labels()
    names = {labels[index] for index in labels_in_front(labels)}
    assert {"Speech", "Bird"} < names
    assert "Traffic noise, roadway noise" not in names
    assert len(names) == pytest.approx(12)


def test_labels_in_front_have_the_scores_of_the_foreground_and_the_others_those_of_all():
    teacher = ToyTeacher(n_labels=527)
    teacher.labels = audioset_labels()
    seconds = windows(3).numpy()
    of_all, in_front, both = (
        Predictor(teacher, Pinv(PANN), "pinv", torch.device("cpu"), foreground=in_front).scores_of_blocks(levels)
        for in_front, levels in ((False, seconds), (False, foreground(windows(3)).numpy()), (True, seconds))
    )
    labels = labels_in_front(teacher.labels)
    np.testing.assert_array_equal(both[:, labels], in_front[:, labels])
    np.testing.assert_array_equal(np.delete(both, labels, axis=1), np.delete(of_all, labels, axis=1))
    assert not np.allclose(of_all[:, labels], in_front[:, labels])
