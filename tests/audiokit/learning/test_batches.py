"""Sources of batches: how often items come, and that an epoch can be gone on with anywhere."""

from itertools import chain

import pytest
import torch

from audiokit.learning.batches import InOrder, Shuffled, memory_sources

SPLIT = {"item": torch.arange(100), "double": 2 * torch.arange(100)}


def items(source, epoch=0, first=0):
    return [batch["item"].tolist() for batch in source.batches(epoch, first)]


@pytest.mark.parametrize(
    "source",
    [InOrder(SPLIT, 8), Shuffled(SPLIT, 8), Shuffled(SPLIT, 8, shares=torch.linspace(0, 1, 100)),
     Shuffled(SPLIT, 8, weights=torch.linspace(0, 1, 100))],
    ids=["in order", "shuffled", "shares", "weights"],
)  # fmt: skip
def test_the_rest_of_an_epoch_is_what_was_left(source):
    whole = items(source, epoch=3)
    assert len(whole) == len(source)
    assert [items(source, epoch=3, first=first) for first in range(len(whole))] == [
        whole[first:] for first in range(len(whole))
    ]


def test_with_weights_items_are_drawn_in_proportion_and_with_replacement():
    weights = torch.tensor([1.0, 2.0, 0.0, 5.0])
    source = Shuffled({"item": torch.arange(4)}, 2, weights=weights)
    drawn = torch.tensor([batch for epoch in range(2000) for batch in items(source, epoch)]).flatten()
    assert len(drawn) == 4 * 2000
    found = torch.bincount(drawn, minlength=4) / len(drawn)
    assert found == pytest.approx(weights / 8, abs=0.02)
    assert found[2] == 0


def test_a_smaller_last_batch_can_be_left_out_another_in_each_epoch():
    source = Shuffled(SPLIT, 8, drop_last=True)
    epochs = [items(source, epoch) for epoch in range(2)]
    assert len(source) == 12 and [len(batch) for batch in epochs[0]] == [8] * 12
    left_out = [set(range(100)) - set(chain(*epoch)) for epoch in epochs]
    assert all(len(rest) == 4 for rest in left_out) and left_out[0] != left_out[1]
    assert [items(source, 0, first=11), items(source, 0, first=12)] == [epochs[0][11:], []]


def test_other_seeds_and_epochs_have_other_orders():
    orders = [tuple(map(tuple, items(Shuffled(SPLIT, 8, seed=seed), epoch))) for seed in (0, 1) for epoch in (0, 1)]
    assert len(set(orders)) == 4


def test_only_what_is_trained_on_is_shuffled():
    sources = memory_sources({"train": SPLIT, "valid": SPLIT}, 8, seed=1)
    assert list(chain(*items(sources["valid"]))) == list(range(100))
    assert list(chain(*items(sources["train"]))) != list(range(100))
    for source in sources.values():
        assert all((batch["double"] == 2 * batch["item"]).all() for batch in source.batches(0))
