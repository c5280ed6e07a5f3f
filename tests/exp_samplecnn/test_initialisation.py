"""First weights: as wide as the paper's code or He's rule has them."""

import pytest

from exp_samplecnn.networks.initialisation import convolution_limit, initialise
from exp_samplecnn.networks.network import SampleCNN


@pytest.mark.parametrize(
    ("n_in", "paper", "limit"),
    [(1, True, 1.0), (128, True, 0.011049), (256, True, 0.005524), (128, False, 0.125), (256, False, 0.0884)],
)
def test_the_limits_are_those_of_the_specs(n_in, paper, limit):
    assert convolution_limit(n_in, paper=paper) == pytest.approx(limit, rel=1e-3)


@pytest.mark.parametrize(("paper", "limit"), [(True, 0.011049), (False, 0.125)])
def test_weights_fill_the_range_and_biases_are_zero(paper, limit):
    network = SampleCNN(5, 3, "se")
    initialise(network, paper=paper)
    assert network.block0.conv.weight.abs().max().item() == pytest.approx(limit, rel=1e-2)
    assert not network.block0.conv.bias.any()
    assert not network.logit.bias.any()
