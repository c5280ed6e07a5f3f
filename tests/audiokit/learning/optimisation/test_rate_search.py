"""The learning rate that a trial finds is where the loss falls fastest, and the trial leaves nothing behind."""

import copy

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from audiokit.errors import UserError
from audiokit.learning.batches import Shuffled
from audiokit.learning.optimisation.optimizers import Adam
from audiokit.learning.optimisation.rate_search import best_rate, search_rate
from audiokit.learning.optimisation.schedules import Constant
from audiokit.learning.options import TrainingOptions
from audiokit.learning.trainer import Trainer

RATES = np.geomspace(1e-6, 1, 100)


def squared(network, batch):
    return {"loss": (network(batch["x"]) - batch["y"]).square().mean()}


def line(n=64):
    """Points on a line, and a network that can learn it."""
    torch.manual_seed(0)
    x = torch.randn(n, 3)
    return torch.nn.Linear(3, 1), Shuffled({"x": x, "y": x @ torch.tensor([[1.0], [-2.0], [0.5]])}, 8)


def test_the_steepest_fall_is_found_and_a_loss_that_only_rises_has_none():
    falls = 1 / (1 + np.exp((np.log10(RATES) + 3) * 4))  # fastest at 1e-3
    assert best_rate(RATES, falls) == pytest.approx(1e-3, rel=0.2)
    assert best_rate(RATES, np.linspace(1, 2, 100)) is None
    assert best_rate(RATES[:5], np.linspace(2, 1, 5)) is None


def test_a_rate_at_which_the_loss_soon_rises_is_too_high():
    below = np.log10(RATES) < -2
    losses = np.where(below, 1 - 0.01 * np.log10(RATES), 1e3 * RATES + 0.02)  # a step down, and up from 1e-2 on
    losses[RATES > 1e-2] -= 9.9
    assert best_rate(RATES, losses) < 2e-3


def test_the_network_stays_as_it_is_and_learns_at_the_rate_that_was_found(tmp_path):
    network, source = line()
    before = copy.deepcopy(network.state_dict())
    rate = search_rate(network, squared, source, Adam())
    assert_close(network.state_dict(), before, rtol=0, atol=0)
    assert 1e-3 < rate < 1
    options = TrainingOptions(20, schedule=Constant(rate))
    losses = Trainer(network, squared, {"train": source}, options, checkpoint=tmp_path / "x").train().losses
    assert losses["losses_train"][-1] < losses["losses_train"][0] / 5


def test_what_cannot_be_learned_is_told():
    network, _ = line()
    with pytest.raises(UserError, match="the loss falls at no learning rate"):
        search_rate(network, squared, Shuffled({"x": torch.zeros(8, 3), "y": torch.full((8, 1), torch.nan)}, 8), Adam())
