"""Beats: those of librosa's tracker, without its import."""

import librosa
import numpy as np
import pytest
from genre_fixtures import RATE, hum, ticks

from exp_audioconcept.explanations.beats import find_beats


def pulses(rate, *, beats_a_minute, seconds=8):
    """Bursts of noise, every fourth one louder."""
    t = np.arange(seconds * rate) / rate
    beat = 60 / beats_a_minute
    loudness = np.where(t // beat % 4 == 0, 1, 0.4)
    return (loudness * np.exp(-60 * (t % beat)) * np.random.default_rng(0).standard_normal(len(t))).astype(np.float32)


@pytest.mark.parametrize("rate", [16000, 22050, 32000])
@pytest.mark.parametrize("beats_a_minute", [72, 120, 171])
def test_beats_are_librosa_s(rate, beats_a_minute):
    sound = pulses(rate, beats_a_minute=beats_a_minute)
    expected = librosa.beat.beat_track(y=sound, sr=rate, units="samples")[1]
    assert len(expected) > 5
    np.testing.assert_array_equal(find_beats(sound, rate), expected)


def test_beats_of_a_song_are_librosa_s():
    random = np.random.default_rng(1)
    sound = (hum(6, random) + ticks(6, random)).astype(np.float32)
    expected = librosa.beat.beat_track(y=sound, sr=RATE, units="samples")[1]
    np.testing.assert_array_equal(find_beats(sound, RATE), expected)


@pytest.mark.parametrize("sound", [np.zeros(2 * RATE), np.full(2 * RATE, 0.1)], ids=["silence", "a constant"])
def test_where_nothing_begins_there_is_no_beat(sound):
    assert not len(find_beats(sound.astype(np.float32), RATE))


@pytest.mark.parametrize("place", [0, RATE, 2 * RATE - 1])
def test_a_single_click_is_no_fault(place):
    click = np.zeros(2 * RATE, np.float32)
    click[place] = 1
    assert np.all(np.diff(find_beats(click, RATE)) > 0)
