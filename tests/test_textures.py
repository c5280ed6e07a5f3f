"""Textures are what third octaves do not tell of noise, voices and chords, and nothing else."""

import pytest
import torch
from torch.testing import assert_close

from efficientat.teacher import front_end as efficientat_front_end
from pann.mel import FRONT_END as PANN
from spectral_transcoder.transcoders.textures import KINDS, N_TEXTURES, noise_textures, textures
from yamnet.mel import FRONT_END as YAMNET

FRONT_ENDS = {"PANN": PANN, "YamNet": YAMNET, "mn04_as": efficientat_front_end("mn04_as")}
each_front_end = pytest.mark.parametrize("front_end", FRONT_ENDS.values(), ids=FRONT_ENDS)


@each_front_end
def test_there_are_some_of_each_kind_no_two_alike(front_end):
    made = textures(front_end)
    assert made.shape == (len(KINDS), N_TEXTURES, front_end.chunk_frames, front_end.n_mels)
    for kind, highest in zip(KINDS, (0.1, 0.9, 0.9, 0.99), strict=True):
        similarity = torch.corrcoef(made[KINDS.index(kind)].flatten(1)).triu(diagonal=1)
        assert similarity.abs().max() < highest, kind


@each_front_end
def test_noise_is_what_white_noise_has_about_its_mean(front_end):
    made = noise_textures(front_end)
    assert_close(made, textures(front_end)[0], rtol=0, atol=0)
    assert_close(made.mean(dim=1), torch.zeros(N_TEXTURES, front_end.n_mels), rtol=0, atol=1e-4)
    other = front_end(0.1 * torch.randn(front_end.sample_rate, generator=torch.Generator().manual_seed(77)))
    ratio = made.std(dim=1).mean() / other[: front_end.chunk_frames].std(dim=0).mean()
    assert float(ratio) == pytest.approx(1, abs=0.05)


@each_front_end
def test_lines_add_nothing_to_third_octaves(front_end):
    side = round(front_end.n_mels / 24)
    for kind in textures(front_end)[1:3]:
        inside = kind[..., side : front_end.n_mels - side]
        over_neighbours = torch.nn.functional.avg_pool1d(kind.flatten(0, 1), 2 * side + 1, stride=1)
        assert over_neighbours.std() < 0.35 * inside.std()


@each_front_end
def test_lines_last_and_noise_does_not(front_end):
    def persistence(kind):
        """Correlation of frames that are 40 ms apart."""
        low = kind[..., : front_end.n_mels // 2]
        return float(torch.corrcoef(torch.stack([low[:, :-4].flatten(), low[:, 4:].flatten()]))[0, 1])

    noise, voice, chord, _ = map(persistence, textures(front_end))
    assert abs(noise) < 0.15
    assert voice > 0.5
    assert chord > 0.7


@each_front_end
def test_beats_are_ten_to_thirty_a_second_in_all_bands_at_once(front_end):
    beats = textures(front_end)[KINDS.index("beats")]
    assert_close(beats, beats[:, :, :1].expand_as(beats), rtol=0, atol=0)
    assert_close(beats.mean(dim=1), torch.zeros(N_TEXTURES, front_end.n_mels), rtol=0, atol=1e-4)
    rates = torch.fft.rfft(beats[:, :, 0], dim=1).abs().argmax(dim=1) * front_end.frame_rate / front_end.chunk_frames
    assert rates.min() > 9
    assert rates.max() < 31
    assert rates.max() > 1.7 * rates.min()
