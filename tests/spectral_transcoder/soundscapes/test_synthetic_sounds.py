"""Synthetic sounds are the same for the same number, and are what they are called: by pitch, by rhythm, by decay."""

import numpy as np
import pytest
import soundfile
import torch
from scipy import signal

from audiokit import cli
from exp_train_model import make_synthetic_sounds
from spectral_transcoder.soundscapes.synthetic_sounds import KINDS, make_sound
from teachers.registry import load_teacher

RATE = 32000
each_kind = pytest.mark.parametrize("kind", KINDS)


def spectrum(sound):
    """Power at each hertz, of a second."""
    return np.square(np.abs(np.fft.rfft(sound[:RATE] * np.hanning(RATE))))


def autocorrelation(sound):
    """Of the envelope in milliseconds, 1 at no lag."""
    envelope = np.abs(sound).reshape(-1, 32).mean(axis=1)
    envelope -= envelope.mean()
    found = np.correlate(envelope, envelope, "full")[len(envelope) - 1 :]
    return found / found[0]


@each_kind
def test_sounds_have_their_duration_and_a_peak_of_one(kind):
    for number in range(3):
        sound = make_sound(kind, number, seconds=1.5)
        assert (sound.shape, sound.dtype) == ((48000,), np.float32)
        assert np.abs(sound).max() == pytest.approx(1)


@each_kind
def test_the_same_number_makes_the_same_sound_and_others_make_others(kind):
    first, second = make_sound(kind, 0, seconds=1), make_sound(kind, 1, seconds=1)
    assert np.array_equal(make_sound(kind, 0, seconds=1), first)
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.3


def test_kinds_do_not_share_their_random_numbers():
    sounds = [make_sound(kind, 0, seconds=1) for kind in KINDS]
    assert np.abs(np.corrcoef(sounds))[np.triu_indices(len(sounds), 1)].max() < 0.3


@pytest.mark.parametrize("number", range(6))
def test_horns_sound_two_notes_about_a_third_apart(number):
    power = spectrum(make_sound("horn", number, seconds=1))
    low = 250 + int(power[250:601].argmax())
    ratios = np.array([1.15, 1.3])
    above = power[int(low * ratios[0]) - 3 : int(low * ratios[1]) + 4].max()
    below = power[int(low / ratios[1]) - 3 : int(low / ratios[0]) + 4].max()
    assert max(above, below) > 0.01 * power[low]


def test_sirens_are_tones_in_the_range_of_sirens():
    for number in range(6):
        power = spectrum(make_sound("siren", number))
        strongest = power.argmax()
        assert 300 < strongest < 8000
        assert power[200:12000].sum() > 0.8 * power.sum()


@pytest.mark.parametrize("number", range(6))
def test_jackhammers_strike_nine_to_thirty_times_a_second(number):
    found = autocorrelation(make_sound("jackhammer", number))
    period = 25 + int(found[25:125].argmax())  # of 40 to 8 a second
    assert 1000 / 34 < period < 1000 / 8
    assert found[period] > 0.15


@pytest.mark.parametrize("kind", ["air_conditioner", "engine", "drill"])
def test_machines_go_on(kind):
    for number in range(4):
        levels = 10 * np.log10(np.square(make_sound(kind, number)).reshape(5, -1).mean(axis=1))
        assert np.ptp(levels) < 8


def test_shots_are_loud_for_a_moment():
    for number in range(4):
        sound = make_sound("gunshot", number)
        assert np.abs(sound).max() > 5 * np.sqrt(np.mean(np.square(sound)))


def test_birds_sing_above_what_streets_hum_and_pause():
    for number in range(6):
        sound = make_sound("birds", number)
        power = spectrum(sound)
        assert power[550:].sum() > 0.97 * power.sum()
        levels = 10 * np.log10(np.square(sound).reshape(50, -1).mean(axis=1))
        assert np.ptp(levels) > 15


def test_yamnet_hears_birds_in_birds(shared):
    teacher = load_teacher("YamNet", weights=shared / "weights" / "yamnet" / "yamnet.pth")
    sounds = np.stack([make_sound("birds", number) for number in range(20)])
    halved = torch.from_numpy(signal.resample_poly(sounds, 1, 2, axis=1).astype(np.float32))
    with torch.inference_mode():
        scores = teacher.scores(teacher.mel(halved.reshape(100, -1))).reshape(20, 5, -1).mean(dim=1)
    bird = scores[:, teacher.labels.index("Bird")]
    assert (scores > bird[:, None]).sum(dim=1).median() <= 2, "few labels are likelier, such as Animal"
    assert bird.median() > 0.2


def test_the_command_makes_a_folder_for_each_kind_and_adds_to_it(tmp_path, capsys):
    def run(number):
        assert (
            cli.run(make_synthetic_sounds.main, ["--output", str(tmp_path), "--sounds", str(number), "--workers", "1"])
            == 0
        )

    run(1)
    assert f"{tmp_path} (1 sounds of each of {len(KINDS)} kinds)" in capsys.readouterr().out
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(KINDS)
    first = tmp_path / "siren" / "siren_0000.flac"
    before = first.stat().st_mtime_ns
    samples, rate = soundfile.read(first, dtype="float32")
    assert rate == RATE
    np.testing.assert_allclose(samples, make_sound("siren", 0), atol=2**-14)
    run(2)
    assert first.stat().st_mtime_ns == before
    assert len(list(tmp_path.rglob("*.*"))) == 2 * len(KINDS)
