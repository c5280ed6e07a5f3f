"""Augmentation: sounds at another speed, later and softer, the same again from the same random numbers."""

import numpy as np
import torch

from exp_samplecnn.learning.augmentation import Augmentation, moved

SOUND = torch.sin(2 * torch.pi * torch.arange(22050)[None] / 100)


def test_a_sound_can_come_later_and_faster():
    later = moved(SOUND, torch.ones(1, 1), torch.full((1, 1), 50.0))
    assert not later[0, :50].any()
    np.testing.assert_allclose(later[0, 50:], SOUND[0, :-50], atol=1e-5)
    faster = moved(SOUND, torch.full((1, 1), 2.0), torch.zeros(1, 1))
    np.testing.assert_allclose(faster[0, :11000], SOUND[0, :22000:2], atol=1e-5)
    assert not faster[0, 11030:].any()


def test_nothing_changes_where_nothing_is_to_change():
    np.testing.assert_allclose(moved(SOUND, torch.ones(1, 1), torch.zeros(1, 1)), SOUND, atol=1e-6)


def test_the_same_random_numbers_give_the_same_sounds_and_labels_stay():
    batch = {"segment": SOUND.repeat(3, 1), "target": torch.eye(3)}
    torch.manual_seed(0)
    once = Augmentation()(batch)
    torch.manual_seed(0)
    again = Augmentation()(batch)
    assert torch.equal(once["segment"], again["segment"])
    assert not torch.equal(once["segment"][0], once["segment"][1])
    assert once["target"] is batch["target"]
