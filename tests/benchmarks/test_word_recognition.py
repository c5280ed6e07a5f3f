"""A recogniser knows words by their spectra, and not those that it cannot hear."""

import numpy as np
import pytest
import torch
from audio_fixtures import noise, write
from sounds.words import SPEECH, Words, interval, kinds_of_sound, read_words, word_errors

from audiokit.errors import UserError
from spectral_transcoder.transcoders.tcn import TCNPinv
from yamnet.mel import FRONT_END

RATES = (16000, 32000)
WORDS = {"low": 300, "middle": 900, "high": 2500}


def spoken(frequency, rate, seed):
    """Half a second of a hum that begins a little later each time, over noise."""
    time = np.arange(rate // 2) / rate
    hum = sum(np.sin(2 * np.pi * frequency * k * (1 + 0.02 * seed) * time) / k for k in (1, 2, 3))
    return np.concatenate([np.zeros(seed * rate // 50), 0.2 * hum]).astype(np.float32) + noise(
        rate // 2 + seed * rate // 50, seed=seed, level=1e-3
    )


@pytest.fixture(scope="module")
def words(tmp_path_factory):
    folder = tmp_path_factory.mktemp("words")
    for word, frequency in WORDS.items():
        for number in range(6):
            path = folder / word / f"s{number % 3}_nohash_{number // 3}.wav"
            write(path, spoken(frequency, 16000, number), 16000)
    return read_words(folder, per_speaker=2, rates=RATES)


def test_words_are_a_second_from_where_they_begin(words):
    assert {rate: sounds.shape for rate, sounds in words.sounds.items()} == {rate: (18, rate) for rate in RATES}
    assert sorted(set(words.labels)) == sorted(WORDS)
    loud = words.sounds[16000].abs() > 0.1
    assert (loud.int().argmax(dim=1) < 400).all()


def test_a_folder_without_words_is_refused(tmp_path):
    with pytest.raises(UserError, match="holds no words"):
        read_words(tmp_path, per_speaker=1, rates=RATES)


def test_words_are_told_apart_where_they_are_heard_and_guessed_where_not(words):
    torch.manual_seed(0)
    kinds = kinds_of_sound(words, FRONT_END, TCNPinv(FRONT_END, n_channels=4, n_layers=1).eval())
    assert {kind: sounds.shape for kind, sounds in kinds.items()} == dict.fromkeys(kinds, (18, 16000))
    silence = kinds | {"nothing": torch.zeros(18, 16000)}
    found = word_errors(silence, words, FRONT_END, ["s2"])
    assert [wrong.tolist() for wrong in found[SPEECH]] == [[False] * 6] * 2
    assert all(wrong.mean() >= 0.5 for wrong in found["nothing"])
    assert found["the teacher's Mel spectrogram"][1].mean() <= 0.2


def test_an_interval_holds_the_mean():
    assert interval(np.array([True] * 10)) == "100.0 (100.0–100.0)"
    mean, low, high = map(float, interval(np.arange(200) < 50).replace("–", " ").replace("(", "").strip(")").split())
    assert low < mean == 25 < high
    assert high - low == pytest.approx(4 * 100 * (0.25 * 0.75 / 200) ** 0.5, rel=0.15)


def test_a_speaker_that_is_tested_is_not_trained_on(words):
    other = Words(words.sounds, np.where(words.speakers == "s2", "unknown", words.labels), words.speakers)
    wrong, _ = word_errors({SPEECH: words.sounds[16000]}, other, FRONT_END, ["s2"])[SPEECH]
    assert wrong.all()
