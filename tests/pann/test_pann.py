"""ResNet38 of PANN with weights by the recipe (its own are not to be had here), and SpecAugment."""

import pytest
import torch
from recipe import fill
from torch import nn
from torch.testing import assert_close

from pann.network import ProductConv2d, ResNet38, SpecAugment

FRONT_END_ENTRIES = 3
"""First entries of the original's state dict, which ours has not."""


@pytest.fixture(scope="module")
def network():
    return fill(ResNet38(), linear_factor=0.01, first_index=FRONT_END_ENTRIES)


def test_keys_and_shapes_are_those_of_the_official_checkpoint(state_dict_shapes, network):
    official = list(state_dict_shapes("resnet38").items())
    assert all("extractor." in key for key, _ in official[:FRONT_END_ENTRIES])
    assert [(key, tuple(tensor.shape)) for key, tensor in network.state_dict().items()] == official[FRONT_END_ENTRIES:]


def test_there_are_as_many_parameters_as_in_the_original(network):
    assert sum(parameter.numel() for parameter in network.parameters()) == 73783247


@pytest.mark.parametrize(("mel", "duration"), [("mel_pann", "1s"), ("mel_pann_whole", "3s")])
def test_scores_are_those_of_the_original(birds, recipe_outputs, network, mel, duration):
    with torch.no_grad():
        scores = network(birds[mel].reshape(-1, *birds[mel].shape[-2:])).sigmoid()
    assert_close(scores, recipe_outputs[f"resnet38_clipwise_{duration}"], rtol=0, atol=1e-5)


def test_embeddings_are_those_of_the_original(birds, recipe_outputs, network):
    with torch.no_grad():
        embedding = network.embed(birds["mel_pann"])
    expected = recipe_outputs["resnet38_embedding_1s"]
    assert_close(embedding, expected, rtol=0, atol=1e-5 * expected.abs().max().item())


def test_dropout_and_augmentation_are_for_training_only(birds, network):
    mel = birds["mel_pann"][:1]
    network.train()
    for module in network.modules():
        module.train(not isinstance(module, nn.BatchNorm2d))  # whose statistics are to stay
    with torch.no_grad():
        in_training = network.embed(mel), network.embed(mel)
        network.eval()
        in_use = network.embed(mel), network.embed(mel)
    assert_close(*in_use, rtol=0, atol=0)
    assert (in_training[0] - in_training[1]).abs().mean() > 0.1 * in_use[0].abs().mean()


def test_blocks_start_as_the_identity():
    network = ResNet38()
    scales = {key: tensor for key, tensor in network.named_parameters() if ".bn2.weight" in key and "layer" in key}
    assert len(scales) == 3 + 4 + 6 + 3
    assert not any(tensor.any() for tensor in scales.values())


@pytest.mark.parametrize("shape", [(1, 8, 31, 2), (5, 8, 3, 2), (2, 8, 1, 1)])
def test_a_convolution_as_a_product_is_the_convolution(shape):
    torch.manual_seed(0)
    image = torch.randn(shape)
    convolution = ProductConv2d(8, 16, 3, padding=1, bias=False)
    expected = nn.functional.conv2d(image, convolution.weight, padding=1)
    assert_close(convolution(image), expected, rtol=0, atol=1e-5)


# SpecAugment


@pytest.fixture(scope="module")
def masked():
    """A thousand images of ones after SpecAugment, (1000, 101, 64)."""
    torch.manual_seed(0)
    return SpecAugment().train()(torch.ones(1000, 1, 101, 64)).squeeze(1)


def test_specaugment_leaves_everything_outside_training():
    image = torch.ones(2, 1, 101, 64)
    assert_close(SpecAugment().eval()(image), image)


def test_specaugment_sets_whole_frames_and_whole_bands_to_zero(masked):
    assert set(masked.unique().tolist()) == {0, 1}
    frames_kept, bands_kept = masked.amax(dim=2), masked.amax(dim=1)
    assert_close(masked, frames_kept[:, :, None] * bands_kept[:, None, :])


@pytest.mark.parametrize(("size", "dim", "widest"), [(101, 2, 64), (64, 1, 8)], ids=["frames", "bands"])
def test_specaugment_draws_two_stripes_each_with_any_width_and_any_place(masked, size, dim, widest):
    kept = masked.amax(dim=dim)
    hidden_by_one = torch.zeros(size)
    for width in range(widest):
        starts = size - width
        for start in range(starts):
            hidden_by_one[start : start + width] += 1 / starts / widest
    # Of a thousand examples a place is kept in so many, give or take 16.
    assert_close(kept.mean(dim=0), (1 - hidden_by_one) ** 2, rtol=0, atol=0.08)
    assert_close(kept.mean(), ((1 - hidden_by_one) ** 2).mean(), rtol=0, atol=0.03)


def test_specaugment_masks_each_example_apart(masked):
    assert len(masked.flatten(1).unique(dim=0)) > 900
