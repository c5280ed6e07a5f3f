"""Mel front ends of all teachers: the originals' numbers, and what they have in common."""

import librosa
import numpy as np
import pytest
import torch
from torch.testing import assert_close

from audiokit.errors import UserError
from efficientat.mel import EfficientatMel
from pann.mel import FRONT_END as PANN
from yamnet.mel import FRONT_END as YAMNET
from yamnet.mel import patches

EFFICIENTAT = EfficientatMel()
MN10_VARIANTS = [EfficientatMel(n_mels=n) for n in (40, 64, 256)] + [EfficientatMel(hop_length=n) for n in (160, 800)]


def name(value):
    return getattr(value, "name", str(value))


each_front_end = pytest.mark.parametrize("front_end", [PANN, YAMNET, EFFICIENTAT], ids=name)


def noise(*shape, dtype=torch.float64):
    return torch.randn(*shape, dtype=dtype, generator=torch.Generator().manual_seed(0))


# The originals' numbers


# float32 lies further from the original than float64: the FFT of the original is a float32 convolution, ours is MKL's,
# and the noise of both comes to 3.2e-4 dB in quiet Mel bands of the birds.
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 3e-4), (torch.float32, 4e-4)])
def test_pann_mels_are_those_of_the_original(recording, dtype, tolerance):
    wave = recording["wav32"].to(dtype)
    assert_close(PANN(wave.reshape(-1, 32000)).float(), recording["mel_pann"], rtol=0, atol=tolerance)
    assert_close(PANN(wave).float(), recording["mel_pann_whole"], rtol=0, atol=tolerance)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_yamnet_mels_are_those_of_the_original(recording, dtype):
    wave = recording["wav16"].to(dtype)
    chunks = patches(YAMNET(wave.reshape(-1, 16000)))
    assert_close(chunks.squeeze(1).float(), recording["mel_yamnet"], rtol=0, atol=2e-5)
    assert_close(patches(YAMNET(wave)).float(), recording["mel_yamnet_whole"], rtol=0, atol=2e-5)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_efficientat_mels_are_those_of_the_original(mn04_input, golden, dtype):
    key, wave = mn04_input
    mel = EFFICIENTAT(wave.to(dtype))
    assert_close(mel.transpose(1, 2).float(), golden("golden_mn04")[key.format("mel")], rtol=0, atol=1e-4)


@pytest.mark.parametrize(
    ("front_end", "sample_rate", "n_fft", "key"),
    [
        (PANN, 32000, 1024, "mel_pann_1024"),
        (PANN, 32000, 4096, "mel_pann_4096"),
        (YAMNET, 16000, 512, "mel_yamnet_512_16k"),
        (YAMNET, 32000, 4096, "mel_yamnet_4096_32k"),
    ],
)
def test_filterbanks_are_those_of_the_originals(golden, front_end, sample_rate, n_fft, key):
    bank = torch.from_numpy(front_end.filterbank(sample_rate=sample_rate, n_fft=n_fft))
    assert_close(bank, golden("constants")[key], rtol=0, atol=1e-7)


def test_the_efficientat_filterbank_is_that_of_the_original(golden):
    bank = torch.from_numpy(EFFICIENTAT.filterbank(sample_rate=32000, n_fft=1024))
    # The original computes its edges in float32, which is worth 1.3e-5.
    assert_close(bank.T, golden("golden_mn04")["mel_bank"], rtol=0, atol=2e-5)


# Independent references


@pytest.mark.parametrize("n_fft", [1024, 4096])
def test_the_pann_filterbank_is_that_of_librosa(n_fft):
    bank = torch.from_numpy(PANN.filterbank(sample_rate=32000, n_fft=n_fft))
    expected = librosa.filters.mel(sr=32000, n_fft=n_fft, n_mels=64, fmin=50, fmax=14000)
    assert_close(bank, torch.from_numpy(expected.T.copy()), rtol=0, atol=1e-9)


@pytest.mark.parametrize(("front_end", "scale"), [(PANN, (50, 14000, False)), (YAMNET, (125, 7500, True))], ids=name)
def test_centre_frequencies_are_those_of_librosa(front_end, scale):
    fmin, fmax, htk = scale
    expected = librosa.mel_frequencies(n_mels=66, fmin=fmin, fmax=fmax, htk=htk)[1:-1]
    np.testing.assert_allclose(front_end.centre_frequencies(), expected, atol=0.5)


def test_pann_mels_are_those_of_librosa():
    wave = noise(32000)
    power = librosa.feature.melspectrogram(
        y=wave.numpy(), sr=32000, n_fft=1024, hop_length=320, n_mels=64, fmin=50, fmax=14000, pad_mode="reflect"
    )
    expected = torch.from_numpy(librosa.power_to_db(power, top_db=None)).T
    assert_close(PANN(wave), expected, rtol=0, atol=1e-5)


def test_yamnet_mels_are_those_of_librosa():
    wave = noise(16000)
    magnitude = librosa.feature.melspectrogram(
        y=wave.numpy(), sr=16000, n_fft=512, win_length=400, hop_length=160, n_mels=64, fmin=125, fmax=7500,
        htk=True, norm=None, power=1, pad_mode="reflect",
    )  # fmt: skip
    expected = torch.from_numpy(magnitude + 0.001).log().T
    # The port rounds its filterbank to float32.
    assert_close(YAMNET(wave), expected, rtol=0, atol=2e-5)


def test_efficientat_mels_are_those_of_a_plain_stft():
    wave = noise(32000)
    emphasised = wave[1:] - 0.97 * wave[:-1]
    window = torch.hann_window(800, periodic=False, dtype=torch.float64)
    spectrum = torch.stft(emphasised, 1024, 320, 800, window, pad_mode="reflect", return_complex=True)
    bank = torch.from_numpy(EFFICIENTAT.filterbank(sample_rate=32000, n_fft=1024)).double()
    expected = ((spectrum.abs().square().T @ bank + 1e-5).log() + 4.5) / 5
    assert_close(EFFICIENTAT(wave), expected, rtol=0, atol=1e-9)


# What they have in common


@pytest.mark.parametrize(
    ("front_end", "expected"), [(PANN, -100), (YAMNET, -6.907755), (EFFICIENTAT, -1.402585)], ids=name
)
def test_silence_gives_the_floor(front_end, expected):
    mel = front_end(torch.zeros(front_end.sample_rate))
    assert_close(mel, torch.full_like(mel, expected), rtol=0, atol=1e-6 * abs(expected))


@pytest.mark.parametrize(
    ("front_end", "n_samples", "expected"),
    [
        (PANN, 513, 2), (PANN, 31999, 100), (PANN, 32000, 101), (PANN, 32319, 101), (PANN, 32320, 102),
        (YAMNET, 257, 2), (YAMNET, 15200, 96), (YAMNET, 16000, 101), (YAMNET, 160000, 1001),
        (EFFICIENTAT, 514, 2), (EFFICIENTAT, 3200, 10), (EFFICIENTAT, 31999, 100), (EFFICIENTAT, 32000, 100),
        (EFFICIENTAT, 32001, 101), (EFFICIENTAT, 96000, 300), (EFFICIENTAT, 320000, 1000), (EFFICIENTAT, 320001, 1001),
    ],
    ids=name,
)  # fmt: skip
def test_frames_are_counted_like_the_originals(front_end, n_samples, expected):
    assert front_end.n_frames(n_samples) == expected
    assert front_end(torch.ones(n_samples)).shape == (expected, front_end.n_mels)


@each_front_end
def test_too_few_samples_are_refused_with_the_number_that_is_needed(front_end):
    least = front_end.min_samples
    assert front_end(torch.ones(least)).shape == (front_end.n_frames(least), front_end.n_mels)
    with pytest.raises(UserError, match=f"{least - 1} samples .* {front_end.name} .* at least {least}"):
        front_end(torch.ones(least - 1))


@each_front_end
def test_spectra_sum_up_as_the_sounds_do(front_end):
    waves = noise(3, front_end.sample_rate)
    spectra = front_end.spectrum(waves)
    assert spectra.shape[:2] == (3, front_end.n_frames(front_end.sample_rate))
    assert_close(front_end.of_spectrum(spectra), front_end(waves), rtol=0, atol=0)
    mixed = front_end.of_spectrum(spectra[0] + 0.5 * spectra[2])
    assert_close(mixed, front_end(waves[0] + 0.5 * waves[2]), rtol=0, atol=1e-9)


@each_front_end
def test_expand_undoes_compress(front_end):
    mel = 10 ** torch.linspace(-9, 5, 100, dtype=torch.float64)
    assert_close(front_end.expand(front_end.compress(mel)), mel, rtol=1e-9, atol=1e-12)


@each_front_end
def test_expand_never_goes_below_zero(front_end):
    assert front_end.expand(torch.full((3,), -1000.0)).min() >= 0


@each_front_end
def test_a_tone_is_loudest_in_the_mel_band_around_it(front_end):
    bank = torch.from_numpy(front_end.filterbank(sample_rate=front_end.sample_rate, n_fft=front_end.n_fft))
    rate = front_end.sample_rate
    frequency = 60 * rate / front_end.n_fft  # the centre of bin 60
    wave = torch.sin(2 * torch.pi * frequency / rate * torch.arange(rate, dtype=torch.float64))
    assert (front_end(wave)[5:-5].argmax(dim=1) == bank[60].argmax()).all()


@each_front_end
def test_ten_times_the_amplitude_multiplies_mels(front_end):
    wave = noise(front_end.sample_rate)
    ratio = front_end.expand(front_end(10 * wave)) / front_end.expand(front_end(wave))
    assert_close(ratio, torch.full_like(ratio, 10**front_end.exponent), rtol=1e-9, atol=0)


@each_front_end
@pytest.mark.parametrize("shape", [(3,), (2, 2)])
def test_a_batch_gives_the_mels_of_its_members(front_end, shape):
    batch = noise(*shape, 9000)
    singles = torch.stack([front_end(wave) for wave in batch.reshape(-1, 9000)])
    mels = front_end(batch)
    assert mels.shape == (*shape, *singles.shape[1:])
    assert_close(mels.reshape(singles.shape), singles, rtol=0, atol=1e-9)


@each_front_end
def test_the_response_is_what_the_preparation_does_to_an_impulse(front_end):
    impulse = torch.zeros(front_end.n_fft + 1, dtype=torch.float64)
    impulse[100] = 1
    expected = torch.fft.rfft(front_end.prepare(impulse)[: front_end.n_fft]).abs()
    response = front_end.response(front_end.n_fft)
    assert_close(torch.ones_like(expected) if response is None else response, expected, rtol=0, atol=1e-12)


@each_front_end
def test_the_waveform_is_left_as_it_is(front_end):
    wave = noise(9000)
    before = wave.clone()
    front_end(wave)
    assert_close(wave, before, rtol=0, atol=0)


@pytest.mark.parametrize("front_end", [PANN, YAMNET, EFFICIENTAT, *MN10_VARIANTS], ids=name)
def test_a_transcoder_makes_as_many_frames_as_the_teacher_sees_in_a_second(front_end):
    mel = front_end(torch.ones(front_end.sample_rate))
    assert mel.shape == (front_end.n_frames(front_end.sample_rate), front_end.n_mels)
    assert front_end.chunk_frames == (96 if front_end is YAMNET else mel.shape[0])


# Patches of YAMNet


@pytest.mark.parametrize(
    ("n_samples", "expected"), [(15199, 0), (15200, 1), (31199, 1), (31200, 2), (48000, 3), (160000, 10)]
)
def test_there_is_a_patch_for_each_second_that_has_95_hundredths(n_samples, expected):
    assert patches(YAMNET(torch.ones(n_samples))).shape == (expected, 96, 64)


def test_patches_are_cut_every_hundred_frames():
    mel = noise(2, 301, 64)
    cut = patches(mel)
    assert cut.shape == (2, 3, 96, 64)
    for number in range(3):
        assert_close(cut[:, number], mel[:, 100 * number : 100 * number + 96])
