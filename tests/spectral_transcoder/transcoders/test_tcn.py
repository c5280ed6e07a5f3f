"""The temporal convolutional transcoder: what it starts from, what it does not see, and what it costs."""

import math

import pytest
import torch
from quality.multiplications import count_multiplications
from torch.testing import assert_close

from efficientat.teacher import front_end as efficientat_front_end
from pann.mel import FRONT_END as PANN
from spectral_transcoder.pinv import Pinv
from spectral_transcoder.third_octave import third_octave
from spectral_transcoder.training.losses import LikelihoodObjective
from spectral_transcoder.transcoders.cnn import CNNPinv
from spectral_transcoder.transcoders.tcn import N_TEXTURES, TCNPinv, noise_textures
from yamnet.mel import FRONT_END as YAMNET

FRONT_ENDS = {"PANN": PANN, "YamNet": YAMNET, "mn04_as": efficientat_front_end("mn04_as")}
each_front_end = pytest.mark.parametrize("front_end", FRONT_ENDS.values(), ids=FRONT_ENDS)


def make(front_end, **sizes):
    torch.manual_seed(0)
    return TCNPinv(front_end, **sizes).eval()


def levels(*shape):
    """From 40 to 80 dB."""
    return 40 + 40 * torch.rand(*shape, generator=torch.Generator().manual_seed(0))


@each_front_end
def test_training_starts_near_pinv_with_the_texture_of_noise(front_end):
    chunks = levels(4, 8, 29)
    network = make(front_end)
    with torch.no_grad():
        mean, roughness = network.expect(chunks)
    assert mean.shape == roughness.shape == (4, front_end.chunk_frames, front_end.n_mels)
    assert (mean - Pinv(front_end)(chunks)).square().mean() < 0.02
    assert_close(roughness, torch.full_like(roughness, 0.7), rtol=0, atol=0.2)


@each_front_end
def test_without_its_last_layers_it_is_pinv_and_texture(front_end):
    network = make(front_end)
    for layer in (network.upsample[-1], network.roughen[-1]):
        torch.nn.init.zeros_(layer.weight)
    chunks = levels(2, 8, 29)
    with torch.no_grad():
        above = network(chunks) - Pinv(front_end)(chunks)
    for second in above / math.log(2):
        distances = (second - noise_textures(front_end)).abs().amax(dim=(1, 2))
        assert distances.min() < 1e-4


def test_each_texture_comes_as_often_and_always_with_the_same_levels():
    network, chunks = make(YAMNET), levels(800, 8, 29)
    with torch.no_grad():
        mean, roughness = network.expect(chunks)
        texture = (network(chunks) - mean) / roughness
        assert torch.equal(network(chunks), network(chunks))
    numbers = (texture[:, None, :4] - noise_textures(YAMNET)[:, :4]).abs().amax(dim=(2, 3)).argmin(dim=1)
    counts = numbers.bincount(minlength=N_TEXTURES)
    expected = len(chunks) / N_TEXTURES
    assert ((counts - expected).square() / expected).sum() < 37.7  # Chi-squared, 15 degrees of freedom, 99.9 %


def test_details_do_not_depend_on_the_level_but_through_the_level_itself():
    network, chunks = make(PANN), levels(2, 8, 29)
    with torch.no_grad():
        network.embed.weight[:, -1] = 0
        details = [network.expect(louder)[0] - network.pinv(louder) for louder in (chunks, chunks + 20)]
    assert_close(details[0], details[1], rtol=0, atol=1e-4)


@each_front_end
def test_textures_are_what_white_noise_has_about_its_mean(front_end):
    textures = noise_textures(front_end)
    assert textures.shape == (N_TEXTURES, front_end.chunk_frames, front_end.n_mels)
    assert_close(textures.mean(dim=1), torch.zeros(N_TEXTURES, front_end.n_mels), rtol=0, atol=1e-4)
    other = front_end(0.1 * torch.randn(front_end.sample_rate, generator=torch.Generator().manual_seed(77)))
    ratio = textures.std(dim=1).mean() / other[: front_end.chunk_frames].std(dim=0).mean()
    assert float(ratio) == pytest.approx(1, abs=0.05)
    assert torch.corrcoef(textures.flatten(1)).triu(diagonal=1).abs().max() < 0.1


def test_the_likelihood_is_that_of_a_normal_distribution_in_each_cell():
    network, chunks = make(YAMNET), levels(2, 8, 29)
    mel = torch.randn(2, 96, 64, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        mean, roughness = network.expect(chunks)
        loss = LikelihoodObjective()(network, {"third_octave": chunks, "mel": mel})["loss"]
    normal = torch.distributions.Normal(mean, roughness * noise_textures(YAMNET).std(dim=(0, 1)))
    constant = 0.5 * math.log(2 * math.pi)
    assert float(loss) == pytest.approx(float(-normal.log_prob(mel).mean()) - constant, rel=1e-4)


@pytest.mark.parametrize("n_frames", [1, 3, 8, 12])
def test_any_number_of_frames_is_stretched_to_a_second(n_frames):
    network, frame = make(YAMNET), levels(1, 1, 29)
    with torch.no_grad():
        assert_close(network(frame.expand(1, n_frames, 29)), network(frame.expand(1, 8, 29)), rtol=0, atol=1e-4)


def test_silence_makes_numbers():
    silence = torch.from_numpy(third_octave(torch.zeros(32000).numpy()))[None]
    with torch.no_grad():
        assert make(YAMNET)(silence).isfinite().all()


def test_members_of_a_batch_do_not_see_each_other():
    network, chunks = make(YAMNET), levels(3, 8, 29)
    with torch.no_grad():
        singles = torch.cat([network(chunk[None]) for chunk in chunks])
        assert_close(network(chunks), singles, rtol=0, atol=1e-4)


def test_it_learns_where_its_textures_were_first_made_for_inference():
    noise_textures.cache_clear()
    with torch.inference_mode():
        make(YAMNET)(levels(1, 8, 29))
    make(YAMNET)(levels(1, 8, 29)).sum().backward()


def test_every_weight_learns():
    network = make(YAMNET, n_channels=16, n_layers=2)
    network(levels(2, 8, 29)).square().mean().backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in network.parameters())


@each_front_end
def test_it_costs_less_than_a_hundredth_of_the_papers(front_end):
    second = levels(1, 8, 29)
    ours, papers = (count_multiplications(network, second) for network in (make(front_end), CNNPinv(front_end)))
    assert ours < papers / 100
