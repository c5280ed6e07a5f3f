"""Recordings are found by the endings of their names."""

import pytest

from audiokit.sound.suffixes import audio_suffixes


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".ogg", ".mp3", ".aiff", ".aif", ".opus", ".wave"])
def test_what_can_be_read_is_found(suffix):
    assert suffix in audio_suffixes()


@pytest.mark.parametrize("suffix", ["", ".txt", ".csv", ".png", ".raw"])
def test_what_is_no_recording_is_not(suffix):
    assert suffix not in audio_suffixes()
