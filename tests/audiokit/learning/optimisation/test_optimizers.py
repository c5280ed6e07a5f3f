"""Optimisers: which parameters decay, and how fast each learns."""

import pytest
import torch
from torch import nn

from audiokit.learning.optimisation.optimizers import SGD, Adam, AdamW


def network():
    torch.manual_seed(0)
    return nn.ModuleDict({"body": nn.Conv1d(1, 2, 3), "norm": nn.BatchNorm1d(2), "head": nn.Linear(2, 3)})


def test_keras_penalty_pulls_on_kernels_only():
    made = network()
    optimizer = SGD(momentum=0.0, nesterov=False, kernel_decay=0.5).of(made)
    before = {name: parameter.detach().clone() for name, parameter in made.named_parameters()}
    for parameter in made.parameters():
        parameter.grad = torch.zeros_like(parameter)
    for group in optimizer.param_groups:
        group["lr"] = 0.1
    optimizer.step()
    # The gradient of .5 · Σ w² is w.
    for name, parameter in made.named_parameters():
        factor = 0.9 if name == "body.weight" else 1.0
        torch.testing.assert_close(parameter.detach(), factor * before[name])


def test_adamw_has_groups_for_head_and_backbone_and_spares_biases():
    made = network()
    groups = AdamW(weight_decay=0.1, backbone_factor=0.01, head="head").of(made).param_groups
    found = {
        id(parameter): (group["weight_decay"], group["rate_factor"])
        for group in groups
        for parameter in group["params"]
    }
    expected = {
        "body.weight": (0.1, 0.01), "body.bias": (0, 0.01), "norm.weight": (0, 0.01), "norm.bias": (0, 0.01),
        "head.weight": (0.1, 1), "head.bias": (0, 1),
    }  # fmt: skip
    assert {name: found[id(parameter)] for name, parameter in made.named_parameters()} == expected


@pytest.mark.parametrize("optimizer", [Adam(), SGD(), AdamW()], ids=lambda optimizer: type(optimizer).__name__)
def test_frozen_parameters_are_left_out(optimizer):
    made = network()
    made["body"].requires_grad_(False)
    n_trained = sum(len(group["params"]) for group in optimizer.of(made).param_groups)
    assert n_trained == 4


def test_plain_adam_needs_no_description():
    assert Adam().description() == {}
    assert Adam(weight_decay=0.1).description() == {"optimizer": {"name": "Adam", "weight_decay": 0.1}}
