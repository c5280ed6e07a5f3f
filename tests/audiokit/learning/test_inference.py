"""Networks that are made faster give what they gave."""

import pytest
import torch
from recipe import fill
from torch import nn
from torch.testing import assert_close

from audiokit.learning.inference import quicken
from efficientat.network import MobileNetV3
from pann.network import BasicBlock, ConvBlock
from yamnet.network import YAMNet

NETWORKS = {
    "YAMNet": (YAMNet, (2, 96, 64)),
    "mn04": (lambda: MobileNetV3(width=0.4), (1, 100, 128)),
    "fully convolutional": (lambda: MobileNetV3(width=0.1, head="fully_convolutional"), (1, 100, 128)),
    "PANN": (lambda: nn.Sequential(ConvBlock(1, 8), BasicBlock(8, 16, halve=True)), (1, 1, 24, 16)),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_networks_give_what_they_gave(name):
    make, shape = NETWORKS[name]
    network = fill(make(), linear_factor=0.1)
    mel = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        expected = network(mel)
        faster = quicken(network)
        assert faster is network
        assert_close(faster(mel), expected, rtol=1e-4, atol=1e-4 * float(expected.abs().max()))
    n_left = sum(isinstance(module, nn.BatchNorm2d) for module in faster.modules())
    assert n_left == 0 or name == "PANN"


def test_inputs_are_not_overwritten():
    mel = -torch.ones(1, 3, 4, 4)
    network = quicken(nn.Sequential(nn.Identity(), nn.ReLU(), nn.Conv2d(3, 3, 1), nn.ReLU()).eval())
    with torch.inference_mode():
        network(mel)
    assert (mel == -1).all()
    assert network[3].inplace
    assert not network[1].inplace


def test_what_is_named_in_another_order_than_used_is_left_alone():
    class Apart(nn.Module):
        def __init__(self):
            super().__init__()
            self.first = nn.Conv2d(3, 3, 1)
            self.second = nn.Conv2d(3, 3, 1)
            self.norm_of_first = nn.BatchNorm2d(3)

        def forward(self, image):
            return self.second(self.norm_of_first(self.first(image)))

    network = fill(Apart())
    image = torch.randn(1, 3, 4, 4)
    expected = network(image)
    assert_close(quicken(network)(image), expected)
    assert isinstance(network.norm_of_first, nn.BatchNorm2d)
