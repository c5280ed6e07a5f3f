"""Losses: masked, right for absent labels, and families as those of instruments."""

import numpy as np
import torch
from torch.nn import functional

from exp_lumen.instruments import CODES, FAMILIES
from exp_lumen.training.losses import Objective, binary_cross_entropy, family_loss, focal_loss, positive_weights

LOGITS = torch.linspace(-3, 3, 22).reshape(2, 11)
TARGETS = (torch.arange(22).reshape(2, 11) % 3 == 0).float()


class Answering(torch.nn.Module):
    """Says the same whatever it hears."""

    def forward(self, sound):
        return LOGITS


def batch(**others):
    return {"sound": torch.zeros(2, 5), "targets": TARGETS, "known": torch.ones(2, 11)} | others


def test_the_loss_of_known_labels_is_the_mean_cross_entropy():
    loss = Objective()(Answering().train(), batch())["loss"]
    torch.testing.assert_close(loss, functional.binary_cross_entropy_with_logits(LOGITS, TARGETS))


def test_unknown_labels_have_no_gradient():
    known = torch.ones(2, 11)
    known[:, 4] = 0
    spoilt = TARGETS.clone()
    spoilt[:, 4] = 1 - spoilt[:, 4]
    objective = Objective(family_factor=0.5)
    first, second = (objective(Answering().train(), batch(targets=t, known=known))["loss"] for t in (TARGETS, spoilt))
    torch.testing.assert_close(first, second)


def test_the_focal_loss_leaves_easy_absent_labels_out_and_is_cross_entropy_without_focus():
    easy = focal_loss(torch.tensor([[-5.0]]), torch.tensor([[0.0]]), gamma=2)
    hard = focal_loss(torch.tensor([[5.0]]), torch.tensor([[0.0]]), gamma=2)
    assert easy < 1e-6 < 4.9 < hard
    torch.testing.assert_close(focal_loss(LOGITS, TARGETS, gamma=0), binary_cross_entropy(LOGITS, TARGETS))
    torch.testing.assert_close(focal_loss(LOGITS, TARGETS), focal_loss(-LOGITS, 1 - TARGETS))


def test_weights_are_absent_by_present_clips_and_finite_for_instruments_that_never_play():
    labels = np.zeros((10, 11))
    labels[:2, 0] = 1
    known = np.ones((10, 11))
    known[5:, 0] = 0
    weights = positive_weights(labels, known)
    assert weights[0] == 3 / 2
    np.testing.assert_array_equal(weights[1:], 1)


def test_families_are_there_if_any_of_their_instruments_is():
    assert [CODES[index] for index in FAMILIES["woodwind"]] == ["cla", "flu", "sax"]
    logits, targets, known = torch.full((1, 11), -9.0), torch.zeros(1, 11), torch.ones(1, 11)
    sax = CODES.index("sax")
    logits[0, sax], targets[0, sax - 5] = 9.0, 1  # it hears a saxophone and there is a flute
    assert family_loss(logits, targets, known).max() < 1e-3
    known[0, :] = 0
    assert not family_loss(logits, targets, known).any()


def test_scores_of_validation_are_kept_until_they_are_taken():
    objective = Objective()
    objective(Answering().train(), batch())
    for _ in range(2):
        objective(Answering().eval(), batch())
    assert objective.take_heard().shape == (4, 11)
    assert objective.heard == []
