"""The spectrogram to look at shows tones where they are, and is as wide as a picture."""

import numpy as np
import pytest
import soundfile

from audiokit.reports.spectrogram import band_centres, overview_spectrogram
from audiokit.sound.audio import Recording


def opened(path, samples, rate):
    soundfile.write(path, samples, rate, subtype="FLOAT")
    return Recording(path, sample_rate=rate)


@pytest.mark.parametrize("rate", [16000, 22050, 48000])
@pytest.mark.parametrize("frequency", [60, 440, 3000])
def test_a_tone_is_in_the_band_around_it(tmp_path, frequency, rate):
    time = np.arange(2 * rate) / rate
    levels = overview_spectrogram(opened(tmp_path / "a.wav", 0.1 * np.sin(2 * np.pi * frequency * time), rate))
    centres = band_centres(rate)
    loudest = levels[100].argmax()
    assert np.argmin(np.abs(centres - frequency)) == pytest.approx(loudest, abs=1)
    assert levels.max() == 0
    assert levels.min() == -80


def test_a_long_recording_is_the_same_in_blocks_and_no_wider_than_a_picture(tmp_path):
    generator = np.random.default_rng(0)
    noise = generator.normal(scale=0.1, size=70 * 8000)
    levels = overview_spectrogram(opened(tmp_path / "a.wav", noise, 8000))
    assert levels.shape == (2000, 96)
    # White noise: as loud throughout, and rising with the width of the bands.
    by_band = levels.mean(axis=0)
    assert by_band[-5] - by_band[5] == pytest.approx(
        10 * np.log10(np.diff(band_centres(8000))[-5] / np.diff(band_centres(8000))[5]), abs=1.5
    )
    assert levels[:, 60].std() < 2


def test_silence_is_dark(tmp_path):
    assert (overview_spectrogram(opened(tmp_path / "a.wav", np.zeros(8000), 8000)) == -80).all()
