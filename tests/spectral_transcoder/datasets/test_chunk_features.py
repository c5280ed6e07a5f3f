"""The arrays of a dataset are what the paper's code makes of the same seconds."""

import pytest
import torch
from audio_fixtures import scene
from torch.testing import assert_close

from audiokit.errors import UserError
from spectral_transcoder.datasets.chunk_features import ChunkFeatures
from spectral_transcoder.third_octave import third_octave
from teachers.registry import front_end_of

TOLERANCES = {"third_octave": 5e-5, "mel_pann": 4e-4, "mel_yamnet": 2e-5}
"""float32 against float64 or another FFT."""


def seconds(count):
    return {rate: torch.from_numpy(scene(count, rate)).reshape(count, rate) for rate in (32000, 16000)}


def test_they_are_those_of_the_paper(recording):
    features = ChunkFeatures(("PANN", "YamNet"))
    arrays = features({rate: recording[f"wav{rate // 1000}"].reshape(-1, rate) for rate in (32000, 16000)})
    golden = {"third_octave": "tho_db", "mel_pann": "mel_pann", "mel_yamnet": "mel_yamnet"}
    for name, key in golden.items():
        assert_close(arrays[name], recording[key].float(), atol=TOLERANCES[name], rtol=0)


def test_they_are_those_of_efficientat(golden):
    waveforms = golden("golden_birds")["wav32"].reshape(-1, 32000)
    arrays = ChunkFeatures(("mn04_as",))({32000: waveforms})
    assert_close(arrays["mel_mn04_as"], golden("golden_mn04")["birds_mel_chunks"].mT, atol=1e-4, rtol=0)


def test_each_second_stands_for_itself():
    features = ChunkFeatures(("PANN", "YamNet", "mn04_as"))
    waveforms = seconds(3)
    together = features(waveforms)
    for index in range(3):
        alone = features({rate: waveform[index : index + 1] for rate, waveform in waveforms.items()})
        for name, values in together.items():
            assert_close(values[index : index + 1], alone[name], atol=1e-4, rtol=0)


def test_they_are_the_front_ends_of_the_package():
    waveforms = seconds(2)
    arrays = ChunkFeatures(("YamNet", "mn10_as"))(waveforms)
    assert list(arrays) == ["third_octave", "mel_yamnet", "mel_mn10_as"]
    assert_close(arrays["third_octave"], third_octave(waveforms[32000]))
    assert_close(arrays["mel_yamnet"], front_end_of("YamNet")(waveforms[16000])[:, :96])
    assert_close(arrays["mel_mn10_as"], front_end_of("mn10_as")(waveforms[32000]))


@pytest.mark.parametrize("teachers", [("PANN", "YamNet"), ("mn04_as", "mn10_as_mels_40"), ()])
def test_shapes_are_told_beforehand(teachers):
    features = ChunkFeatures(teachers)
    arrays = features(seconds(1))
    assert {name: array.shape for name, array in features.arrays().items()} == {
        name: tuple(values.shape[1:]) for name, values in arrays.items()
    }
    assert set(features.sample_rates) == {32000} | {front_end_of(teacher).sample_rate for teacher in teachers}


def test_only_mel_spectrograms_are_halved():
    arrays = ChunkFeatures(("PANN",)).arrays(float16=True)
    assert {name: array.dtype for name, array in arrays.items()} == {"third_octave": "float32", "mel_pann": "float16"}


def test_unknown_teachers_are_refused():
    with pytest.raises(UserError, match="unknown teacher 'VGGish'"):
        ChunkFeatures(("VGGish",))
