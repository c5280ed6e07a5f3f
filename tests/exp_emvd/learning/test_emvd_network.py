"""The network: as large as the original's, with the original's outputs."""

import pytest
import torch
from efficientnet_pytorch import EfficientNet
from torch import nn
from torch.testing import assert_close

from exp_emvd.learning.network import SingingNetwork


def plain(n_labels):
    network = EfficientNet.from_name("efficientnet-b0", num_classes=n_labels)
    network._conv_stem = nn.Conv2d(1, 32, 3, stride=2, bias=False)
    return network


@pytest.fixture
def mels():
    return torch.rand(3, 128, 192, generator=torch.Generator().manual_seed(0))


@pytest.mark.usefixtures("no_memory")
@pytest.mark.parametrize(("n_labels", "n_parameters"), [(4, 4_012_096), (2, 4_009_534), (27, 4_041_559)])
def test_parameters_are_as_many_as_the_original_has(n_labels, n_parameters):
    network = SingingNetwork(n_labels=n_labels)
    assert sum(parameter.numel() for parameter in network.parameters()) == n_parameters


@pytest.mark.usefixtures("no_memory")
def test_the_first_convolution_is_not_padded():
    network = SingingNetwork(n_labels=4).eval()
    mel = torch.empty(2, 1, 128, 192)
    assert network.model._conv_stem(mel).shape == (2, 32, 63, 95)
    assert network.model.extract_features(mel).shape == (2, 1280, 3, 5)


def test_outputs_and_gradients_are_those_of_the_plain_library(mels):
    torch.manual_seed(0)
    expected = plain(4)
    network = SingingNetwork(n_labels=4)
    network.model.load_state_dict(expected.state_dict())
    network = network.to(memory_format=torch.channels_last)
    outputs = []
    for one, given in ((expected, mels[:, None]), (network, mels)):
        torch.manual_seed(1)
        outputs.append(one(given))
        outputs[-1].square().sum().backward()
    assert_close(outputs[1], outputs[0], rtol=0, atol=1e-5)
    for ours, theirs in zip(network.parameters(), expected.parameters(), strict=True):
        assert_close(ours.grad, theirs.grad, rtol=1e-2, atol=1e-4)


def stem_averages(network, batches):
    """Averages of the first batch normalisation after training passes, and the means of each batch there."""
    means = []
    network.model._bn0.register_forward_pre_hook(lambda norm, inputs: means.append(inputs[0].mean(dim=(0, 2, 3))))
    network.train()
    with torch.no_grad():
        for mel in batches:
            network(mel)
    return network.model._bn0.running_mean, torch.stack(means)


def test_averages_begin_as_plain_means_so_that_a_network_can_be_tested_after_few_steps(mels):
    torch.manual_seed(0)
    averages, means = stem_averages(SingingNetwork(n_labels=4), [mels, mels * 2, mels + 1])
    assert_close(averages, means.mean(dim=0))


def test_averages_that_are_gone_on_with_are_those_of_an_unbroken_training(mels):
    torch.manual_seed(0)
    whole, broken = SingingNetwork(n_labels=4), SingingNetwork(n_labels=4)
    broken.load_state_dict(whole.state_dict())
    expected, _ = stem_averages(whole, [mels, mels * 2, mels + 1])
    stem_averages(broken, [mels, mels * 2])
    resumed = SingingNetwork(n_labels=4)
    resumed.load_state_dict(broken.state_dict())
    found, _ = stem_averages(resumed, [mels + 1])
    assert torch.equal(found, expected)


def test_after_many_steps_and_as_the_original_they_move_by_a_hundredth(mels):
    torch.manual_seed(0)
    network = SingingNetwork(n_labels=4)
    network.model._bn0.num_batches_tracked.fill_(500)
    averages, means = stem_averages(network, [mels])
    assert_close(averages, means[0] / 100)
    averages, means = stem_averages(SingingNetwork(n_labels=4, sigmoid=True), [mels])
    assert_close(averages, means[0] / 100)


def test_weights_of_the_plain_library_are_taken():
    assert list(SingingNetwork(n_labels=4).model.state_dict()) == list(plain(4).state_dict())


def test_the_originals_outputs_are_sigmoids_of_ours(mels):
    torch.manual_seed(0)
    network = SingingNetwork(n_labels=4).eval()
    logits = network(mels)
    assert_close(network.probabilities(mels).sum(dim=1), torch.ones(3))
    network.sigmoid = True
    assert_close(network(mels), logits.sigmoid())
    assert_close(network.probabilities(mels), logits.sigmoid().softmax(dim=1))
