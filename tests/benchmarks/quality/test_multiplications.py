"""Multiplications of layers, worked out by hand."""

import pytest
import torch
from quality.multiplications import count_multiplications
from torch import nn

from spectral_transcoder.pinv import Pinv
from spectral_transcoder.transcoders.cnn import CNNPinv
from yamnet.mel import FRONT_END as YAMNET

LEVELS = torch.full((1, 8, 29), 60.0)

PINV = 8 * 29 * 64 + 96 * 8 * 64
"""YAMNet's 64 bands of the 29 of each of eight frames, then 96 frames of the eight."""


@pytest.mark.parametrize(
    ("layer", "shape", "expected"),
    [
        # Three numbers, each a sum of five products, in each of seven frames.
        pytest.param(nn.Linear(5, 3), (1, 7, 5), 7 * 3 * 5, id="linear"),
        # 10 − 4 + 1 places, six channels of two inputs and four taps.
        pytest.param(nn.Conv1d(2, 6, 4), (1, 2, 10), 7 * 6 * 2 * 4, id="1d"),
        # Each channel sees itself alone.
        pytest.param(nn.Conv1d(6, 6, 3, padding=1, groups=6), (1, 6, 10), 10 * 6 * 3, id="each channel by itself"),
        # Every other place of 9 x 5 with edges: 5 x 3.
        pytest.param(nn.Conv2d(2, 4, 3, stride=2, padding=1), (1, 2, 9, 5), 5 * 3 * 4 * 2 * 9, id="2d"),
        pytest.param(nn.Sequential(nn.Linear(4, 2), nn.ReLU(), nn.Linear(2, 3)), (1, 4), 8 + 6, id="in a row"),
        pytest.param(nn.LayerNorm(5), (1, 5), 0, id="without products"),
    ],
)
def test_a_layer_takes_as_many_as_its_outputs_have_weights(layer, shape, expected):
    assert count_multiplications(layer, torch.zeros(shape)) == expected


def test_a_layer_that_is_used_twice_counts_twice():
    layer = nn.Linear(3, 3)
    assert count_multiplications(nn.Sequential(layer, layer), torch.zeros(1, 3)) == 2 * 9


def test_pinv_takes_those_of_its_two_products():
    assert count_multiplications(Pinv(YAMNET), LEVELS) == PINV


def test_the_papers_cnn_takes_those_of_its_convolutions_and_pinv():
    # 15 taps; one channel to two, twice two to two, and two to one, in each of 96 x 64 places.
    cnn = CNNPinv(YAMNET, n_channels=2, n_layers=4)
    assert count_multiplications(cnn, LEVELS) == PINV + 96 * 64 * 15 * (2 + 4 + 4 + 2)


def test_counting_leaves_nothing_behind():
    layer = nn.Linear(5, 3)
    for _ in range(2):
        assert count_multiplications(layer, torch.zeros(1, 5)) == 15
    assert not layer._forward_hooks
