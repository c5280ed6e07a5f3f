"""Sounds taken apart into what people have names for."""

import numpy as np
import pytest
import torch
from genre_fixtures import RATE, hum, ticks

from audiokit.errors import UserError
from exp_audioconcept.explanations.components import by_bands, by_beats, by_parts, by_stems
from exp_audioconcept.explanations.mixing import Mixer
from exp_audioconcept.networks.mel import FRONT_END


@pytest.fixture(scope="module")
def song():
    random = np.random.default_rng(0)
    return (hum(6, random) + ticks(6, random)).astype(np.float32)


def tone(frequency, seconds=2):
    return np.sin(2 * np.pi * frequency * np.arange(int(seconds * RATE)) / RATE).astype(np.float32)


@pytest.mark.parametrize(
    "take_apart",
    [by_parts, lambda sound: by_bands(sound, RATE), lambda sound: by_beats(sound, RATE, at_most=5)],
    ids=["parts", "bands", "beats"],
)
def test_all_components_together_are_the_sound(song, take_apart):
    components = take_apart(song)
    everything = np.ones((1, len(components.names)), bool)
    np.testing.assert_allclose(components.mixed(everything)[0], song, atol=1e-6)


def test_spectrograms_of_sums_are_those_of_the_sounds_that_are_summed(song):
    components = by_beats(song, RATE, at_most=5)
    masks = np.random.default_rng(0).random((3, len(components.names))) < 0.6
    expected = FRONT_END(torch.from_numpy(components.mixed(masks)))
    torch.testing.assert_close(Mixer(FRONT_END, components.sounds)(masks), expected, rtol=0, atol=1e-3)


@pytest.mark.parametrize(("frequency", "band"), [(60, "bass"), (1000, "mid"), (9000, "treble")])
def test_a_tone_is_in_the_band_of_its_pitch(frequency, band):
    components = by_bands(tone(frequency), RATE)
    energies = dict(zip(components.names, np.square(components.sounds).sum(axis=1), strict=True))
    assert energies[band] > 0.999 * sum(energies.values())


def test_a_band_shifts_nothing_in_time():
    click = np.zeros(RATE, np.float32)
    click[RATE // 3] = 1
    bass = by_bands(click, RATE).sounds[0]
    np.testing.assert_allclose(bass[RATE // 3 + 1 :][:500], bass[: RATE // 3][::-1][:500], atol=1e-6)


def test_chords_are_harmonic_and_ticks_percussive():
    random = np.random.default_rng(0)
    for make, expected in ((hum, "harmonic"), (ticks, "percussive")):
        components = by_parts(make(4, random).astype(np.float32))
        energies = np.square(components.sounds).sum(axis=1)
        assert components.names[energies.argmax()] == expected
        assert energies.max() > 3 * energies.min()


def test_stretches_follow_the_beat_and_each_other():
    beat = 0.5
    t = np.arange(int(12 * RATE)) / RATE
    sound = (np.exp(-80 * (t % beat)) * np.random.default_rng(0).standard_normal(len(t))).astype(np.float32)
    components = by_beats(sound, RATE, at_most=6)
    edges = [begin for begin, _ in components.spans[1:]]
    assert 3 <= len(components.names) <= 6
    assert [end for _, end in components.spans[:-1]] == edges
    np.testing.assert_allclose(np.diff(edges) / beat, np.rint(np.diff(edges) / beat), atol=0.1)


def test_without_a_beat_stretches_are_of_equal_length():
    components = by_beats(np.full(4 * RATE, 0.1, np.float32), RATE, at_most=4)
    np.testing.assert_allclose(np.diff(components.spans, axis=1), 1)


def test_what_is_left_beside_stems_is_a_component_and_foreign_stems_are_refused(song):
    voice, drums = 0.3 * song, 0.3 * song
    components = by_stems(song, {"drums": drums, "voice": voice})
    assert components.names == ("drums", "voice", "rest")
    np.testing.assert_allclose(components.sounds.sum(axis=0), song, atol=1e-6)
    assert by_stems(song, {"drums": drums, "voice": song - drums}).names == ("drums", "voice")
    with pytest.raises(UserError, match="louder than the song"):
        by_stems(song, {"drums": -song, "voice": -song})
