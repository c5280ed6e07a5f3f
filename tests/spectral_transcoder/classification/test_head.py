"""The head is trained as published, and gives what plain PyTorch and scikit-learn give."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from torch import nn
from torch.testing import assert_close

from audiokit.labels.labelled_dataset import Round
from spectral_transcoder.classification import head
from spectral_transcoder.classification.head import Head, predict, train_head, train_heads

N_CLIPS, N_SCORES, N_CLASSES = 90, 20, 4


@pytest.fixture(scope="module")
def data():
    """Scores that tell the classes apart, and targets of one class each."""
    generator = np.random.default_rng(0)
    classes = np.arange(N_CLIPS) % N_CLASSES
    scores = 0.4 * generator.random((N_CLIPS, N_SCORES)) + 0.5 * (classes[:, None] == np.arange(N_SCORES) % N_CLASSES)
    return scores.astype(np.float32), np.eye(N_CLASSES, dtype=np.float32)[classes]


@pytest.fixture(scope="module")
def several(data):
    """The same scores, and targets of several classes."""
    scores, targets = data
    return scores, np.maximum(targets, np.roll(targets, 1, axis=1) * (np.arange(N_CLIPS)[:, None] % 3 == 0))


@pytest.fixture(scope="module")
def rounds():
    folds = np.arange(N_CLIPS) // 4 % 3
    return [Round(str(fold), folds != fold, folds == fold) for fold in range(3)]


def by_hand(scores, targets, one, number, *, epochs):
    """Weights after the training as the paper tells it, in plain PyTorch; and the losses of each epoch."""
    torch.manual_seed(0)
    first, second = nn.Linear(N_SCORES, 100), nn.Linear(100, N_CLASSES)
    parameters = [*first.parameters(), *second.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=1e-3)
    bce = nn.BCELoss()
    generator = torch.Generator().manual_seed(number)
    x, y = torch.from_numpy(scores[one.train]), torch.from_numpy(targets[one.train])
    losses = []
    for _ in range(epochs):
        order = torch.randperm(len(x), generator=generator)
        batches = [order[start : start + 32] for start in range(0, len(x), 32)]
        values = []
        for batch in batches:
            optimizer.zero_grad()
            loss = bce(torch.sigmoid(second(first(x[batch]))), y[batch])
            loss.backward()
            optimizer.step()
            values.append(loss.item())
        losses.append(np.mean(values))
    return parameters, losses


@pytest.mark.parametrize("is_multilabel", [False, True])
def test_training_is_that_of_plain_pytorch(data, several, rounds, is_multilabel):
    scores, targets = several if is_multilabel else data
    trained = train_heads(scores, targets, rounds, is_multilabel=is_multilabel, epochs=3)
    for number, (one, found) in enumerate(zip(rounds, trained, strict=True)):
        parameters, losses = by_hand(scores, targets, one, number, epochs=3)
        assert [*found.state] == ["0.weight", "0.bias", "1.weight", "1.bias"]
        assert_close([*found.state.values()], [parameter.detach() for parameter in parameters], rtol=1e-4, atol=1e-6)
        assert found.losses_train == pytest.approx(losses, rel=1e-5)


def test_it_lasts_30_epochs_and_gets_better(data, rounds):
    scores, targets = data
    for found in train_heads(scores, targets, rounds, is_multilabel=False):
        assert len(found.losses_train) == len(found.losses_eval) == 30
        assert np.all(np.diff(found.losses_train) < 0.01)
        assert found.losses_train[-1] < 0.8 * found.losses_train[0]
        assert found.losses_eval[-1] < found.losses_eval[0]


def test_the_gradient_is_that_of_the_logistic_loss(data):
    """Of the outputs before the sigmoid it is the difference between outputs and targets, over their number."""
    scores, targets = map(torch.from_numpy, data)
    torch.manual_seed(0)
    network = Head(N_SCORES, N_CLASSES)
    outputs = network(scores)
    nn.functional.binary_cross_entropy(outputs, targets).backward()
    difference = (outputs - targets).detach() / targets.numel()
    hidden = scores @ network[0].weight.T + network[0].bias
    assert_close(network[1].weight.grad, (difference.T @ hidden).detach(), rtol=1e-4, atol=1e-7)
    assert_close(network[1].bias.grad, difference.sum(dim=0), rtol=1e-4, atol=1e-7)
    assert_close(network[0].bias.grad, (difference @ network[1].weight).sum(dim=0).detach(), rtol=1e-4, atol=1e-7)


def test_the_loss_of_several_classes_is_scikit_learns_log_loss_of_each(several, rounds):
    scores, targets = several
    (found,) = train_heads(scores, targets, rounds[:1], is_multilabel=True, epochs=2)
    outputs = predict(scores, rounds[:1], [found.state])[rounds[0].evaluate]
    expected = [log_loss(targets[rounds[0].evaluate, index], outputs[:, index]) for index in range(N_CLASSES)]
    assert found.losses_eval[-1] == pytest.approx(np.mean(expected), rel=1e-5)


def test_the_loss_of_single_classes_is_logged_as_published_with_a_softmax_over_the_sigmoids(data, rounds):
    scores, targets = data
    (found,) = train_heads(scores, targets, rounds[:1], is_multilabel=False, epochs=2)
    outputs = predict(scores, rounds[:1], [found.state])[rounds[0].evaluate].astype(np.float64)
    softmax = np.exp(outputs) / np.exp(outputs).sum(axis=1, keepdims=True)
    classes = targets[rounds[0].evaluate].argmax(axis=1)
    assert found.losses_eval[-1] == pytest.approx(log_loss(classes, softmax, labels=range(N_CLASSES)), rel=1e-5)


def test_it_separates_what_logistic_regression_separates(data, rounds):
    scores, targets = data
    one = rounds[0]
    (found,) = train_heads(scores, targets, [one], is_multilabel=False, epochs=300)
    classes = targets.argmax(axis=1)
    sklearns = LogisticRegression().fit(scores[one.train], classes[one.train])
    assert sklearns.score(scores[one.evaluate], classes[one.evaluate]) == 1
    everything = [Round("all", one.train, np.ones(N_CLIPS, bool))]
    assert np.array_equal(predict(scores, everything, [found.state]).argmax(axis=1), classes)
    assert found.losses_train[-1] < 0.05


def test_it_is_linear_but_for_the_end(data):
    network = Head(N_SCORES, N_CLASSES)
    x = torch.from_numpy(data[0])
    logits = torch.logit(network(x).double())
    middle = torch.logit(network((x[:45] + x[45:]) / 2).double())
    assert_close(middle, (logits[:45] + logits[45:]) / 2, rtol=1e-3, atol=1e-4)
    assert sum(parameter.numel() for parameter in Head(527, 8).parameters()) == 57832 - 528 * 8  # less the unused layer


# Rounds


def test_all_rounds_start_from_the_same_weights(data, rounds):
    scores, targets = data
    # Adam's first step is as long as the learning rate: the start is seen from each.
    first = train_heads(scores[:33], targets[:33], [Round("a", np.arange(33) < 32, np.arange(33) == 32)] * 2,
                        is_multilabel=False, epochs=1)  # fmt: skip
    for key, tensor in first[0].state.items():
        assert_close(first[1].state[key], tensor, rtol=0, atol=1e-5)


def test_the_held_out_clips_play_no_part_in_the_training(data, rounds):
    scores, targets = data
    before = train_heads(scores, targets, rounds[:1], is_multilabel=False, epochs=2)
    held_out = rounds[0].evaluate[:, None]
    others = np.where(held_out, np.float32(0.5), scores), np.where(held_out, np.float32(1), targets)
    after = train_heads(*others, rounds[:1], is_multilabel=False, epochs=2)
    assert all(torch.equal(after[0].state[key], tensor) for key, tensor in before[0].state.items())
    assert before[0].losses_eval[-1] != after[0].losses_eval[-1]


def test_training_is_the_same_every_time_whatever_was_drawn_before(data, rounds):
    scores, targets = data
    first = train_heads(scores, targets, rounds, is_multilabel=False, epochs=2)
    torch.manual_seed(5)
    for before, after in zip(first, train_heads(scores, targets, rounds, is_multilabel=False, epochs=2), strict=True):
        assert all(torch.equal(after.state[key], tensor) for key, tensor in before.state.items())


def test_clips_are_shuffled_anew_in_each_epoch(data, monkeypatch):
    seen = []
    forward = Head.forward
    monkeypatch.setattr(Head, "forward", lambda self, x: seen.append(x) or forward(self, x))
    x, y = map(torch.from_numpy, data)
    torch.manual_seed(0)
    start = Head(N_SCORES, N_CLASSES).state_dict()
    train_head((x, y), (x[:1], y[:1]), start=start, is_multilabel=False, epochs=2, generator=torch.Generator())
    assert [len(batch) for batch in seen] == [32, 32, 26, 1] * 2
    epochs = [torch.cat(seen[start : start + 3]) for start in (0, 4)]
    for epoch in epochs:
        assert_close(epoch.sort(dim=0).values, x.sort(dim=0).values, rtol=0, atol=0)
        assert not torch.equal(epoch, x)
    assert not torch.equal(*epochs)


def test_each_clip_is_judged_by_the_head_that_did_not_see_it(data, rounds):
    scores, targets = data
    trained = train_heads(scores, targets, rounds, is_multilabel=False, epochs=1)
    states = [found.state for found in trained]
    everything = [Round("all", rounds[0].train, np.ones(N_CLIPS, bool))]
    whole = [predict(scores, everything, [state]) for state in states]
    found = predict(scores, rounds, states)
    for one, outputs in zip(rounds, whole, strict=True):
        np.testing.assert_allclose(found[one.evaluate], outputs[one.evaluate], rtol=1e-5)
        assert not np.allclose(found[one.train], outputs[one.train], rtol=1e-3)
    assert found.dtype == np.float32


def test_clips_that_no_round_evaluates_have_no_prediction(data, rounds):
    scores, targets = data
    states = [found.state for found in train_heads(scores, targets, rounds[:2], is_multilabel=False, epochs=1)]
    found = predict(scores, rounds[:2], states)
    assert np.array_equal(np.isnan(found).any(axis=1), rounds[2].evaluate)
    assert np.array_equal(np.isnan(found).all(axis=1), rounds[2].evaluate)


def test_the_papers_numbers():
    assert (head.HIDDEN, head.EPOCHS, head.BATCH_SIZE, head.LEARNING_RATE) == (100, 30, 32, 1e-3)
