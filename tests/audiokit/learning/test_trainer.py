"""Training: what Adam makes of the data, which state is kept, and that an interruption leaves no trace."""

import copy
import itertools
import math
import multiprocessing
import random
import signal
import threading
import time
from contextlib import contextmanager

import pytest
import torch
from torch import nn
from torch.testing import assert_close
from tqdm import tqdm

from audiokit.errors import UserError
from audiokit.learning import batches as sources_module
from audiokit.learning import trainer as trainer_module
from audiokit.learning.batches import batches, memory_sources
from audiokit.learning.checkpoints import read_tensors
from audiokit.learning.interruption import Interrupted
from audiokit.learning.keeping import Keeping
from audiokit.learning.optimisation import schedules
from audiokit.learning.optimisation.schedules import Constant, Cosine, Plateau
from audiokit.learning.options import Trained, TrainingOptions
from audiokit.learning.trainer import Trainer
from audiokit.storage.holding import hold
from spectral_transcoder.training.losses import MelObjective

N_TRAIN, N_VALID, N_EVAL = 10, 6, 3
BATCH_SIZE = 4
N_ITERATIONS = 3
"""In an epoch; the last has two items."""


def make_splits(*, n_train=N_TRAIN, seed=0):
    """Three levels and two Mel bands that depend on them, with noise; `item` tells the items apart."""
    generator = torch.Generator().manual_seed(seed)
    matrix = torch.randn(3, 2, generator=generator)
    splits = {}
    for name, n in (("train", n_train), ("valid", N_VALID), ("eval", N_EVAL)):
        levels = torch.randn(n, 3, generator=generator)
        noise = 0.3 * torch.randn(n, 2, generator=generator)
        splits[name] = {"third_octave": levels, "mel": levels @ matrix + 1 + noise, "item": torch.arange(n)}
    return splits


def linear(seed=0):
    torch.manual_seed(seed)
    return nn.Linear(3, 2)


def with_dropout(seed=0):
    """A network whose results depend on all random numbers that training draws."""
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(3, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.3), nn.Linear(16, 2))


def make_trainer(
    folder,
    network=None,
    objective=None,
    *,
    splits=None,
    batch_size=BATCH_SIZE,
    learning_rate=0.01,
    schedule=Constant,
    patience=None,
    shares=None,
    scalars=None,
    augment=None,
    identity=None,
    **options,
):
    options = {"epochs": 3, "checkpoint_seconds": 1e9} | options
    return Trainer(
        linear() if network is None else network,
        objective or MelObjective(),
        memory_sources(splits or make_splits(), batch_size, seed=options.get("seed", 0), shares=shares),
        TrainingOptions(schedule=schedule(learning_rate), keeping=Keeping(patience=patience), **options),
        checkpoint=folder / "checkpoint",
        scalars=scalars,
        augment=augment,
        identity=identity,
    )


def train(folder, *arguments, **options):
    """Train to the end, and throw the checkpoint away."""
    trainer = make_trainer(folder, *arguments, **options)
    trained = trainer.train()
    trainer.checkpoint.unlink(missing_ok=True)
    return trained


def assert_same(found, expected):
    """Bit for bit."""
    assert found.losses == expected.losses
    assert found.epochs == expected.epochs
    assert_close(found.best_state, expected.best_state, rtol=0, atol=0)


class Watched:
    """The Mel objective, with something done at a training step, counted from 1 since the object was made."""

    def __init__(self, step=None, action=None):
        self.step, self.action = step, action
        self.seen = []
        """(epoch × iterations, items in the batch) of each training step."""

    def __call__(self, network, batch):
        if torch.is_grad_enabled():
            self.seen.append(batch["item"].tolist())
            if len(self.seen) == self.step:
                self.action()
        return MelObjective()(network, batch)


class Failing(Watched):
    """The Mel objective, with another loss at a training step."""

    def __init__(self, step, loss):
        super().__init__(step, lambda: None)
        self.loss = loss

    def __call__(self, network, batch):
        losses = super().__call__(network, batch)
        failed = torch.is_grad_enabled() and len(self.seen) == self.step
        return {"loss": losses["loss"] * self.loss} if failed else losses


class Scripted:
    """Losses on `valid` from a list; the gradient is always 1, so that each step of Adam takes the learning rate."""

    def __init__(self, valid):
        self.valid = iter(valid)

    def __call__(self, network, batch):
        if torch.is_grad_enabled():
            return {"loss": network.weight.sum()}
        return {"loss": torch.tensor(next(self.valid) if len(batch["item"]) == 1 else 0.0)}


def train_scripted(folder, valid, *, objective=None, **options):
    """Train for as many epochs as there are losses after the first; gives what is trained, and its best epoch."""
    network = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(network.weight)
    splits = {
        name: {"third_octave": torch.zeros(n, 1), "item": torch.arange(n)}
        for name, n in (("train", N_TRAIN), ("valid", 1), ("eval", 2))
    }
    trained = train(folder, network, objective or Scripted(valid), splits=splits, epochs=len(valid) - 1, **options)
    return trained, -trained.best_state["weight"].item() / (0.01 * N_ITERATIONS)


# Batches


@pytest.mark.parametrize("batch_size", [1, 3, 4, 10, 64])
@pytest.mark.parametrize(
    "order",
    [None, list(range(9, -1, -1)), [3, 1, 4, 0, 5, 9, 2, 6, 8, 7], [7, 2, 5, 0], [6], []],
    ids=["as they lie", "reversed", "shuffled", "the rest of an epoch", "the last", "nothing left"],
)
def test_batches_hold_every_item_once_and_only_the_last_is_smaller(batch_size, order):
    split = {"third_octave": torch.arange(20.0).view(10, 2), "item": torch.arange(10)}
    wanted = list(range(10)) if order is None else order
    tensor = None if order is None else torch.tensor(order, dtype=torch.int64)
    found = list(batches(split, batch_size, order=tensor))
    assert [item for batch in found for item in batch["item"].tolist()] == wanted
    assert [len(batch["item"]) for batch in found] == [
        min(batch_size, len(wanted) - start) for start in range(0, len(wanted), batch_size)
    ]
    for batch in found:
        assert batch.keys() == split.keys()
        assert_close(batch["third_octave"], split["third_octave"][batch["item"]], rtol=0, atol=0)


# What training does


def test_a_linear_network_comes_to_the_least_squares_solution(tmp_path):
    splits = make_splits(n_train=40)
    splits["valid"] = splits["train"]
    trained = train(tmp_path, splits=splits, epochs=250, learning_rate=0.1, batch_size=40)
    levels, mel = splits["train"]["third_octave"], splits["train"]["mel"]
    design = torch.cat([levels, torch.ones(40, 1)], dim=1).double()
    solution = torch.linalg.lstsq(design, mel.double()).solution
    assert_close(trained.best_state["weight"].double(), solution[:3].T, rtol=0, atol=1e-3)
    assert_close(trained.best_state["bias"].double(), solution[3], rtol=0, atol=1e-3)
    smallest = (design @ solution - mel).square().mean().item()
    assert smallest > 0.01
    assert trained.losses["losses_valid"][-1] == pytest.approx(smallest, rel=1e-4)
    assert trained.losses["losses_train"][-1] == pytest.approx(smallest, rel=1e-4)
    assert trained.losses["losses_train"][0] > 10 * smallest


def test_training_is_adam_on_the_batches_that_the_objective_sees(tmp_path):
    splits = make_splits()
    watched, network, by_hand = Watched(), linear(), linear()
    trained = train(tmp_path, network, watched, splits=splits, learning_rate=0.02)
    adam = torch.optim.Adam(by_hand.parameters(), lr=0.02, betas=(0.9, 0.999), eps=1e-8, weight_decay=0)
    losses = []
    for items in watched.seen:
        adam.zero_grad()
        difference = by_hand(splits["train"]["third_octave"][items]) - splits["train"]["mel"][items]
        loss = difference.square().mean()
        loss.backward()
        adam.step()
        losses.append(loss.item())
    assert_close(network.state_dict(), by_hand.state_dict(), rtol=1e-6, atol=1e-7)
    assert trained.losses["losses_train"] == pytest.approx(losses, rel=1e-6)


def test_the_loss_arrays_have_the_lengths_of_the_original(tmp_path):
    trained = train(tmp_path, epochs=2)
    assert {name: len(values) for name, values in trained.losses.items()} == {
        "losses_train": 2 * N_ITERATIONS,
        "losses_valid": 3,
        "losses_eval": 3,
    }
    assert trained.epochs == 2


def test_the_parts_of_a_loss_have_arrays_of_their_own(tmp_path):
    def objective(network, batch):
        mel = MelObjective()(network, batch)["loss"]
        return {"loss": 2 * mel, "mel": mel, "logit": mel + 3}

    trained = train(tmp_path, None, objective, epochs=2)
    assert {name: len(values) for name, values in trained.losses.items()} == {
        "losses_train": 6, "losses_mel_train": 6, "losses_logit_train": 6,
        "losses_valid": 3, "losses_mel_valid": 2, "losses_logit_valid": 2,
        "losses_eval": 3, "losses_mel_eval": 2, "losses_logit_eval": 2,
    }  # fmt: skip
    for split in ("train", "valid", "eval"):
        mel = trained.losses[f"losses_mel_{split}"]
        assert trained.losses[f"losses_{split}"][-len(mel) :] == pytest.approx([2 * loss for loss in mel])
        assert trained.losses[f"losses_logit_{split}"] == pytest.approx([loss + 3 for loss in mel])


def test_validation_takes_the_mean_over_batches_however_large(tmp_path):
    splits, network = make_splits(), linear()
    trained = train(tmp_path, copy.deepcopy(network), splits=splits, epochs=1)
    with torch.no_grad():
        errors = {
            name: (network(split["third_octave"]) - split["mel"]).square().mean(dim=1) for name, split in splits.items()
        }
    means = (errors["valid"][:4].mean() + errors["valid"][4:].mean()) / 2
    assert trained.losses["losses_valid"][0] == pytest.approx(means.item(), rel=1e-6)
    assert abs(means.item() / errors["valid"].mean().item() - 1) > 0.01
    assert trained.losses["losses_eval"][0] == pytest.approx(errors["eval"].mean().item(), rel=1e-6)


def test_losses_are_told_as_they_come(tmp_path):
    told = []
    trained = train(tmp_path, scalars=lambda *scalar: told.append(scalar), epochs=2)
    losses = trained.losses
    for split, iterations in (("train", range(1, 7)), ("valid", (0, 3, 6)), ("eval", (0, 3, 6))):
        found = [(value, iteration) for name, value, iteration in told if name == f"loss/{split}"]
        assert found == list(zip(losses[f"losses_{split}"], iterations, strict=True))


def test_half_precision_leaves_the_weights_in_single(tmp_path):
    half = train(tmp_path, with_dropout(), mixed_precision=True, epochs=2)
    full = train(tmp_path, with_dropout(), epochs=2)
    assert {tensor.dtype for tensor in half.best_state.values()} == {torch.float32, torch.int64}
    assert half.losses["losses_train"] != full.losses["losses_train"]
    assert half.losses["losses_train"] == pytest.approx(full.losses["losses_train"], rel=0.03)


def test_outside_of_the_main_thread_signals_are_left_alone(tmp_path):
    found = []
    thread = threading.Thread(target=lambda: found.append(train(tmp_path)))
    thread.start()
    thread.join()
    assert_same(found[0], train(tmp_path))


# The best state


@pytest.mark.parametrize(
    ("valid", "best"),
    [
        ([3, 2, 1, 2], 2),
        ([3, 1, 2, 1], 3),
        ([1, 1, 1], 2),
        ([1, 2, 3], 0),
        ([2, 1, 1, 3], 2),
        ([3, 2, 1], 2),
        ([math.inf, 5, math.inf], 1),
        ([3, math.nan, 2, math.nan], 2),
    ],
)
def test_the_best_state_is_that_of_the_lowest_validation_loss_and_the_later_of_equals(tmp_path, valid, best):
    trained, epoch = train_scripted(tmp_path, [float(loss) for loss in valid])
    assert epoch == pytest.approx(best, abs=1e-3)
    assert trained.losses["losses_valid"] == pytest.approx(valid, nan_ok=True)


def test_validation_data_without_a_loss_is_refused(tmp_path):
    with pytest.raises(UserError, match="valid") as caught:
        train_scripted(tmp_path, [math.nan] * 3)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["train", "valid"])
def test_a_split_without_items_is_refused(tmp_path, name):
    splits = make_splits()
    splits[name] = {key: tensor[:0] for key, tensor in splits[name].items()}
    with pytest.raises(UserError, match=name) as caught:
        train(tmp_path, splits=splits)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("valid", "patience", "epochs"),
    [
        ([3, 2, 4, 4, 4, 4], 2, 3),
        ([3, 2, 4, 4, 1, 4, 4, 4], 3, 7),
        ([1, 4, 4, 4], 1, 1),
        ([3, 2, 2, 2], 1, 3),
        ([3, 2, 4, 4, 4, 4], 5, 5),
        ([3, 2, 4, 4, 4, 4], None, 5),
    ],
)
def test_patience_ends_after_so_many_epochs_without_a_better_one(tmp_path, valid, patience, epochs):
    trained, best = train_scripted(tmp_path, [float(loss) for loss in valid], patience=patience)
    assert trained.epochs == epochs
    assert len(trained.losses["losses_valid"]) == epochs + 1
    assert min(valid[: epochs + 1]) == valid[round(best)]


def test_the_best_state_is_a_copy_on_the_cpu(tmp_path):
    trainer = make_trainer(tmp_path)
    trained = trainer.train()
    kept = copy.deepcopy(trained.best_state)
    with torch.no_grad():
        trainer.network.weight.add_(1)
    assert_close(trained.best_state, kept, rtol=0, atol=0)
    assert all(tensor.device.type == "cpu" and not tensor.requires_grad for tensor in trained.best_state.values())


# Modes


@pytest.mark.parametrize("train_mode", [False, True])
def test_statistics_follow_validation_data_only_in_the_mode_of_the_original(tmp_path, train_mode):
    network = with_dropout()
    train(tmp_path, network, epochs=2, train_mode_evaluation=train_mode)
    n_valid_and_eval = 2 + 1
    expected = 2 * N_ITERATIONS + (3 * n_valid_and_eval if train_mode else 0)
    assert network[1].num_batches_tracked.item() == expected


def test_validation_is_in_eval_mode_and_without_gradients(tmp_path):
    splits, network = make_splits(), with_dropout()
    modes = []

    def objective(network, batch):
        modes.append((network.training, torch.is_grad_enabled()))
        return MelObjective()(network, batch)

    trained = train(tmp_path, copy.deepcopy(network), objective, splits=splits, epochs=1)
    assert modes == [(False, False)] * 3 + [(True, True)] * N_ITERATIONS + [(False, False)] * 3
    network.eval()
    with torch.no_grad():
        errors = network(splits["eval"]["third_octave"]) - splits["eval"]["mel"]
    assert trained.losses["losses_eval"][0] == pytest.approx(errors.square().mean().item(), rel=1e-6)
    paper = train(tmp_path, network, splits=splits, epochs=1, train_mode_evaluation=True)
    assert paper.losses["losses_eval"][0] != pytest.approx(trained.losses["losses_eval"][0], rel=1e-3)


# Seeds and order


def test_the_same_seed_gives_the_same_and_another_seed_another_result(tmp_path):
    networks = [with_dropout() for _ in range(3)]
    first = train(tmp_path, networks[0], seed=1)
    torch.rand(5)
    assert_same(train(tmp_path, networks[1], seed=1), first)
    other = train(tmp_path, networks[2], seed=2)
    assert other.losses["losses_valid"][0] == first.losses["losses_valid"][0]
    assert other.losses["losses_train"] != first.losses["losses_train"]
    assert not torch.equal(other.best_state["0.weight"], first.best_state["0.weight"])


def test_what_is_dropped_depends_on_the_seed_too(tmp_path):
    networks = [with_dropout() for _ in range(3)]
    # With all items in one batch their order makes no difference.
    first, same, other = (
        train(tmp_path, network, seed=seed, epochs=1, batch_size=N_TRAIN).losses["losses_train"][0]
        for network, seed in zip(networks, (1, 1, 2), strict=True)
    )
    assert first == same != pytest.approx(other, rel=1e-3)


def orders(folder, *, network=None, epochs=3, **options):
    """Items in the order of each epoch."""
    watched = Watched()
    options = {"splits": make_splits(n_train=20)} | options
    train(folder, network, watched, epochs=epochs, **options)
    items = [item for batch in watched.seen for item in batch]
    return [items[start : start + 20] for start in range(0, len(items), 20)]


def test_an_epochs_order_depends_on_seed_and_epoch_only(tmp_path):
    first = orders(tmp_path)
    assert all(sorted(order) == list(range(20)) for order in first)
    assert len({tuple(order) for order in [*first, list(range(20))]}) == 4
    assert orders(tmp_path, network=with_dropout(), epochs=4, batch_size=7, learning_rate=0.1)[:3] == first
    assert orders(tmp_path, splits=make_splits(n_train=20, seed=5)) == first
    assert not any(order in first for order in orders(tmp_path, seed=1))


# Interruptions


def send(number):
    return lambda: signal.raise_signal(number)


@pytest.mark.parametrize(
    "options",
    [{}, {"train_mode_evaluation": True}, {"mixed_precision": True}],
    ids=["default", "train mode", "half precision"],
)
@pytest.mark.parametrize("steps", [(1,), (2,), (3,), (4,), (5, 3), (1, 1, 1), (2, 3, 4, 1)], ids=str)
def test_after_interruptions_the_result_is_the_same_bit_for_bit(tmp_path, steps, options):
    options = {"epochs": 4} | options
    expected = train(tmp_path, with_dropout(), **options)
    for number, step in enumerate(steps):
        with pytest.raises(Interrupted):
            train(tmp_path, with_dropout(seed=number), Watched(step, send(signal.SIGTERM)), **options)
        torch.manual_seed(1000 + number)
    assert_same(train(tmp_path, with_dropout(seed=99), **options), expected)


def test_patience_counts_on_after_an_interruption(tmp_path):
    valid = [3.0, 1.0, 2.0, 2.0, 2.0, 2.0]
    expected, _ = train_scripted(tmp_path, valid, patience=3)
    script = Scripted(valid)

    def train_part(objective):
        return train_scripted(tmp_path, valid, patience=3, objective=objective)

    def interrupting(network, batch):
        steps.append(torch.is_grad_enabled())
        if sum(steps) == 8:
            signal.raise_signal(signal.SIGTERM)
            steps.clear()
        return script(network, batch)

    steps = []
    with pytest.raises(Interrupted):
        train_part(interrupting)
    trained, best = train_part(script)
    assert_same(trained, expected)
    assert (trained.epochs, round(best)) == (4, 1)


def test_an_interruption_costs_no_step_and_no_item(tmp_path):
    watched = Watched()
    train(tmp_path, None, watched)
    first, second = Watched(5, send(signal.SIGINT)), Watched()
    with pytest.raises(Interrupted):
        train(tmp_path, None, first)
    train(tmp_path, None, second)
    assert first.seen + second.seen == watched.seen
    assert len(first.seen) == 5


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGUSR1])
@pytest.mark.parametrize("step", [1, 3, 5])
def test_signals_end_training_at_once_with_a_checkpoint(tmp_path, number, step):
    before = {name: signal.getsignal(name) for name in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)}
    watched = Watched(step, send(number))
    with pytest.raises(Interrupted, match="checkpoint has all to go on from") as caught:
        train(tmp_path, None, watched)
    assert "\n" not in str(caught.value)
    assert len(watched.seen) == step
    content = read_tensors(tmp_path / "checkpoint")
    assert content["epoch"] * N_ITERATIONS + content["iteration"] == step
    assert {name: signal.getsignal(name) for name in before} == before


def test_signals_work_as_before_after_training(tmp_path):
    numbers = [signal.SIGINT, signal.SIGTERM, signal.SIGUSR1]
    heard = []
    # Handlers of our own: a shell's background jobs ignore Ctrl-C.
    before = {number: signal.signal(number, lambda heard_number, _: heard.append(heard_number)) for number in numbers}
    try:
        train(tmp_path)
        for number in numbers:
            signal.raise_signal(number)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert heard == numbers


@pytest.mark.parametrize(("seconds", "within_epochs"), [(0, True), (1e9, False)])
def test_checkpoints_are_made_as_often_as_wanted(tmp_path, seconds, within_epochs):
    places = []

    def objective(network, batch):
        path = tmp_path / "checkpoint"
        if torch.is_grad_enabled() and path.is_file():
            content = read_tensors(path)
            places.append((content["epoch"], content["iteration"]))
        return MelObjective()(network, batch)

    train(tmp_path, None, objective, checkpoint_seconds=seconds)
    each_step = [(epoch, iteration) for epoch in range(3) for iteration in (1, 2, 3)][:-1]
    after_epochs = [(epoch, N_ITERATIONS) for epoch in (0, 0, 0, 1, 1, 1)]
    assert places == (each_step if within_epochs else after_epochs)


def test_the_checkpoint_stays_until_its_results_are_safe(tmp_path):
    folder = tmp_path / "new folder"
    trained = make_trainer(folder).train()
    assert [path.name for path in folder.iterdir()] == ["checkpoint"]
    assert_same(make_trainer(folder).train(), trained)


def test_a_stop_request_ends_a_validation_at_once(tmp_path):
    seen = []

    def objective(network, batch):
        if not torch.is_grad_enabled() and seen.count("train") == N_ITERATIONS:
            signal.raise_signal(signal.SIGTERM)
        seen.append("train" if torch.is_grad_enabled() else "validate")
        return MelObjective()(network, batch)

    undisturbed = train(tmp_path, with_dropout())
    with pytest.raises(Interrupted):
        train(tmp_path, with_dropout(), objective)
    assert seen[-2:] == ["train", "validate"]
    assert_same(train(tmp_path, with_dropout()), undisturbed)


def long_training(folder, scalars=None):
    """A training that leaves time to kill it, with a checkpoint after each step."""
    return make_trainer(
        folder,
        with_dropout(),
        splits=make_splits(n_train=41),
        scalars=scalars,
        epochs=30,
        batch_size=3,
        checkpoint_seconds=0,
    )


def run_long_training(folder, started):
    """What each process does; it tells of each step."""
    torch.set_num_threads(1)
    tqdm.set_lock(threading.RLock())  # its own lock outlives a killed process, and Python warns of that
    trained = long_training(folder, lambda name, *_: started.send(name)).train()
    torch.save(vars(trained), folder / "end")


@contextmanager
def process_at_work(folder, n_steps=1):
    """A process that trains and has begun its n-th step."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["pytest", "torch._dynamo", "audiokit.learning.trainer"])
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=run_long_training, args=(folder, sender))
    process.start()
    sender.close()
    try:
        for _ in range(n_steps):
            while receiver.recv() != "loss/train":
                pass
        yield process
    finally:
        process.kill()
        process.join()
        receiver.close()


@pytest.mark.slow
def test_training_that_is_killed_at_five_random_moments_ends_bit_for_bit_the_same(tmp_path):
    places = [(0, 0)]
    for _ in range(5):
        with process_at_work(tmp_path, n_steps=random.randint(2, 40)) as process:
            time.sleep(random.uniform(0, 0.01))
            process.kill()
            process.join()
        assert process.exitcode == -signal.SIGKILL
        content = read_tensors(tmp_path / "checkpoint")
        places.append((content["epoch"], content["iteration"]))
    assert all(later > earlier for earlier, later in itertools.pairwise(places))
    assert any(iteration for _, iteration in places)
    with process_at_work(tmp_path) as process:
        process.join()
    assert process.exitcode == 0
    expected = long_training(tmp_path / "whole").train()
    assert_same(Trained(**read_tensors(tmp_path / "end")), expected)
    assert len(expected.losses["losses_train"]) == 30 * 14


# Checkpoints that do not fit


@pytest.fixture
def interrupted(tmp_path):
    """The folder of a training that was interrupted in its second epoch."""
    with pytest.raises(Interrupted):
        train(tmp_path, None, Watched(4, send(signal.SIGTERM)))
    return tmp_path


@pytest.mark.parametrize(
    "options",
    [{"learning_rate": 0.02}, {"batch_size": 5}, {"seed": 1}, {"mixed_precision": True},
     {"train_mode_evaluation": True}],
    ids=str,
)  # fmt: skip
def test_a_checkpoint_of_other_options_is_refused_and_kept(interrupted, options):
    content = (interrupted / "checkpoint").read_bytes()
    (name,) = options
    with pytest.raises(UserError, match=rf"checkpoint is of another training \({name} was .*\): delete it") as caught:
        train(interrupted, **options)
    assert "\n" not in str(caught.value)
    assert (interrupted / "checkpoint").read_bytes() == content


def test_a_checkpoint_of_other_data_or_another_objective_is_refused(tmp_path):
    identity = {"recordings": ["a7", "c1"], "smoothing": 0.1}
    with pytest.raises(Interrupted):
        train(tmp_path, None, Watched(4, send(signal.SIGTERM)), identity=identity)
    for other, told in [
        ({**identity, "recordings": ["a7", "c2"]}, "the recordings have changed"),
        ({**identity, "smoothing": 0.0}, "smoothing was 0.1, is 0.0"),
        (None, "smoothing was 0.1, is None"),
    ]:
        with pytest.raises(UserError, match=rf"checkpoint is of another training \({told}\): delete it"):
            train(tmp_path, identity=other)
    assert_same(train(tmp_path, identity=identity), train(tmp_path, identity=identity))


def test_a_checkpoint_from_before_it_told_its_data_is_gone_on_with(interrupted):
    trained = train(interrupted, identity={"recordings": ["a7", "c1"]})
    assert_same(trained, train(interrupted))


def test_a_training_may_become_longer(interrupted):
    trained = train(interrupted, epochs=5, patience=9, checkpoint_seconds=7)
    assert_same(trained, train(interrupted, epochs=5))


@pytest.mark.parametrize("kept", [0, 1, 100, 0.5, 0.99])
def test_a_damaged_checkpoint_is_refused(interrupted, kept):
    path = interrupted / "checkpoint"
    content = path.read_bytes()
    path.write_bytes(content[: int(kept * len(content)) if isinstance(kept, float) else kept])
    with pytest.raises(UserError, match="checkpoint is damaged") as caught:
        train(interrupted)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [{}, {"weight": torch.zeros(2, 3)}, [1], "text"], ids=repr)
def test_a_file_that_is_no_checkpoint_is_refused(tmp_path, content):
    torch.save(content, tmp_path / "checkpoint")
    with pytest.raises(UserError, match="checkpoint") as caught:
        train(tmp_path)
    assert "\n" not in str(caught.value)


def test_a_checkpoint_of_another_network_is_refused(interrupted):
    with pytest.raises(UserError, match="checkpoint") as caught:
        train(interrupted, with_dropout())
    assert "\n" not in str(caught.value)


# Losses that are not finite


@pytest.mark.parametrize("loss", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize(("step", "epochs"), [(1, 0), (3, 0), (8, 2)])
def test_a_loss_that_is_not_finite_ends_training_with_the_best_state_kept(tmp_path, loss, step, epochs):
    best = train(tmp_path, epochs=epochs)
    with pytest.raises(UserError, match=rf"training loss became -?(nan|inf) in epoch {epochs + 1}") as caught:
        train(tmp_path, None, Failing(step, loss))
    message = str(caught.value)
    assert "\n" not in message
    assert str(tmp_path / "checkpoint") in message
    assert "learning rate" in message
    content = read_tensors(tmp_path / "checkpoint")
    assert_close(content["best_state"], best.best_state, rtol=0, atol=0)
    assert content["losses"]["losses_valid"] == best.losses["losses_valid"]


def test_weights_are_not_touched_by_a_loss_that_is_not_finite(tmp_path):
    trainer = make_trainer(tmp_path, None, Failing(2, math.nan))
    with pytest.raises(UserError):
        trainer.train()
    assert all(torch.isfinite(parameter).all() for parameter in trainer.network.parameters())


def test_a_batch_in_pieces_trains_like_a_whole_one(tmp_path):
    def train_in_pieces_of(piece_size):
        return train(tmp_path, piece_size=piece_size, batch_size=7)

    whole, pieces = train_in_pieces_of(7), train_in_pieces_of(3)
    for name, losses in whole.losses.items():
        assert pieces.losses[name] == pytest.approx(losses, rel=1e-6)
    assert_close(pieces.best_state, whole.best_state)


@pytest.mark.parametrize(
    ("network", "piece_size"),
    [
        (nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Conv2d(4, 1, 3)), 8),
        (nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4)), 64),
        (nn.Linear(3, 2), 64),
    ],
)
def test_only_convolutions_without_batch_normalisation_work_in_pieces(tmp_path, network, piece_size):
    assert make_trainer(tmp_path, network, batch_size=64).piece_size == piece_size


def test_the_best_state_lies_in_memory_as_any_program_expects_it(tmp_path):
    network = nn.Sequential(nn.Unflatten(1, (1, 1, 3)), nn.Conv2d(1, 4, (1, 3)), nn.Conv2d(4, 2, 1), nn.Flatten())
    state = train(tmp_path, network).best_state
    assert all(tensor.is_contiguous() for tensor in state.values())


def test_evaluation_is_in_single_precision_whatever_training_is_in(tmp_path):
    precisions = []

    def objective(network, batch):
        precisions.append((torch.is_grad_enabled(), network(batch["third_octave"]).dtype))
        return MelObjective()(network, batch)

    train(tmp_path, None, objective, mixed_precision=True)
    assert set(precisions) == {(True, torch.bfloat16), (False, torch.float32)}


@pytest.mark.parametrize(("free_bytes", "place"), [(2 * 700, "cuda"), (2 * 700 - 1, "cpu")])
def test_data_lie_on_a_gpu_where_they_leave_room_for_the_training(monkeypatch, free_bytes, place):
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (free_bytes, 10 * free_bytes))
    splits = {"train": {"third_octave": torch.zeros(100), "mel": torch.zeros(50)}, "valid": {"mel": torch.zeros(25)}}
    assert sources_module.storage_for(splits, torch.device("cuda")).type == place
    assert sources_module.storage_for(splits, torch.device("cpu")).type == "cpu"


def test_the_cosine_rises_and_falls_to_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(schedules, "WARM_UP_STEPS", 4)
    made = make_trainer(tmp_path, epochs=4, schedule=Cosine, learning_rate=1.0)
    rates = []
    step = made.optimizer.step
    monkeypatch.setattr(made.optimizer, "step", lambda: (rates.append(made.optimizer.param_groups[0]["lr"]), step()))
    made.train()
    n = 4 * N_ITERATIONS
    expected = [min(1, (k + 1) / 4) * (0.5 + 0.5 * math.cos(math.pi * k / n)) for k in range(n)]
    assert rates == pytest.approx(expected)


def test_the_average_of_the_weights_is_what_is_kept(tmp_path):
    network = linear()
    made = make_trainer(tmp_path, network, epochs=2, averaging=0.9)
    states = []
    follow = made.average.follow
    made.average.follow = lambda *arguments: (states.append(network.weight.detach().clone()), follow(*arguments))
    average = network.weight.detach().clone()
    trained = made.train()
    for step, weight in enumerate(states):
        average.lerp_(weight, 1 - min(0.9, (step + 1) / (step + 20)))
    assert made.best_epoch == 2
    assert_close(trained.best_state["weight"], average)
    assert_close(network.weight.detach(), states[-1])


def test_gradients_are_cut_to_a_length(tmp_path):
    class Steep(Watched):
        def __call__(self, network, batch):
            return {"loss": 1e4 * super().__call__(network, batch)["loss"]}

    made = make_trainer(tmp_path, objective=Steep(), epochs=1, longest_gradient=0.5)
    lengths = []
    step = made.optimizer.step

    def watched_step():
        lengths.append(sum(float(p.grad.square().sum()) for p in made.network.parameters()) ** 0.5)
        step()

    made.optimizer.step = watched_step
    made.train()
    assert lengths == pytest.approx([0.5] * N_ITERATIONS, rel=1e-4)


@pytest.mark.parametrize("steps", [(1, 2, 3), (2, 5)])
def test_schedule_and_average_go_on_bit_for_bit(tmp_path, steps):
    options = {"epochs": 3, "schedule": Cosine, "averaging": 0.9}
    expected = train(tmp_path, **options)
    for step in steps:
        objective = Watched(step, lambda: signal.raise_signal(signal.SIGTERM))
        with pytest.raises(Interrupted):
            make_trainer(tmp_path, objective=objective, **options).train()
    assert_same(make_trainer(tmp_path, **options).train(), expected)


def test_shares_tell_how_often_items_take_part(tmp_path):
    shares = torch.tensor([1.0, 1.0, 0.5, 0.5, 0.5, 0.5, 0, 0, 0, 0], dtype=torch.float64)
    objective = Watched()
    make_trainer(tmp_path, objective=objective, epochs=200, batch_size=2, shares=shares).train()
    assert {len(batch) for batch in objective.seen} == {2}
    counts = torch.bincount(torch.tensor(objective.seen).flatten(), minlength=10) / 200
    assert counts[6:].sum() == 0
    assert counts.sum() == 4
    assert (counts[:2] > counts[2:6].max() + 0.1).all()


def shaken(batch):
    """Other levels each time."""
    return batch | {"third_octave": batch["third_octave"] + torch.randn(batch["third_octave"].shape)}


def doubled(batch):
    return {name: torch.cat([tensor, tensor]) for name, tensor in batch.items()}


def test_augmented_batches_are_trained_on(tmp_path):
    objective = Watched()
    make_trainer(tmp_path, objective=objective, epochs=1, batch_size=5, augment=doubled).train()
    assert torch.tensor([item for batch in objective.seen for item in batch]).bincount().tolist() == [2] * N_TRAIN


@pytest.mark.parametrize("step", [1, 3, 5])
def test_augmented_training_goes_on_bit_for_bit(tmp_path, step):
    def made(folder, objective=None):
        return make_trainer(folder, objective=objective or Watched(), augment=shaken)

    expected = made(tmp_path / "whole").train()
    objective = Watched(step, lambda: signal.raise_signal(signal.SIGTERM))
    with pytest.raises(Interrupted):
        made(tmp_path / "stopped", objective).train()
    assert_same(made(tmp_path / "stopped").train(), expected)


# Other rules than the first system's


def test_what_is_measured_decides_what_is_kept_and_when_to_stop(tmp_path):
    accuracies = iter([0.1, 0.4, 0.3, 0.2, 0.1, 0.9])
    made = Trainer(
        linear(),
        MelObjective(),
        memory_sources(make_splits(), BATCH_SIZE),
        TrainingOptions(epochs=9, keeping=Keeping(by="accuracy_valid", rises=True, patience=3)),
        checkpoint=tmp_path / "checkpoint",
        measure=lambda network: {"accuracy": next(accuracies)},
    )
    trained = made.train()
    assert trained.losses["accuracy_valid"] == [0.1, 0.4, 0.3, 0.2, 0.1]
    assert (trained.epochs, made.best_epoch) == (4, 1)


def test_a_plateau_of_what_is_measured_slows_training_and_goes_on_after_a_stop(tmp_path):
    def made(folder, objective):
        return Trainer(
            linear(),
            objective,
            memory_sources(make_splits(), BATCH_SIZE),
            TrainingOptions(
                epochs=4,
                schedule=Plateau(0.1, factor=0.1, patience=0, rises=True),
                keeping=Keeping(by="accuracy_valid", rises=True),
            ),
            checkpoint=folder / "checkpoint",
            measure=lambda network: {"accuracy": 0.5},
        )

    (tmp_path / "undisturbed").mkdir()
    undisturbed = made(tmp_path / "undisturbed", MelObjective())
    expected = undisturbed.train()
    assert undisturbed.optimizer.param_groups[0]["lr"] == pytest.approx(0.1 * 0.1**2)
    with pytest.raises(Interrupted):
        made(tmp_path, Watched(2 * N_ITERATIONS + 1, send(signal.SIGTERM))).train()
    assert_same(made(tmp_path, MelObjective()).train(), expected)


def test_only_a_training_split_and_another_are_needed(tmp_path):
    splits = make_splits()
    del splits["eval"]
    assert train(tmp_path, splits=splits).losses.keys() == {"losses_train", "losses_valid"}


def test_without_validation_the_last_epoch_is_kept(tmp_path):
    splits = {"train": make_splits()["train"]}
    network = linear()
    trained = train(tmp_path, network, splits=splits, epochs=2)
    assert trained.epochs == 2 and trained.losses.keys() == {"losses_train"}
    assert_close(trained.best_state, network.state_dict(), rtol=0, atol=0)


def test_of_two_trainings_to_one_checkpoint_the_second_ends_with_a_line(tmp_path):
    trainer = make_trainer(tmp_path)
    with hold(trainer.checkpoint), pytest.raises(UserError, match=r"^another process is making .*: wait for it, or"):
        trainer.train()
    assert not trainer.checkpoint.exists()


@pytest.mark.parametrize("epochs", [1, 1000])
def test_a_training_ends_with_its_time_and_its_learning_rate_with_it(tmp_path, monkeypatch, epochs):
    now = [0.0]
    monkeypatch.setattr(trainer_module.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(schedules, "WARM_UP_STEPS", 1)
    rates = []

    def pass_seconds(name, value, step):
        if name == "loss/train":
            rates.append(made.optimizer.param_groups[0]["lr"])
            now[0] += 6.0

    made = make_trainer(tmp_path, epochs=epochs, schedule=Cosine, learning_rate=1.0, minutes=1, scalars=pass_seconds)
    trained = made.train()
    n_steps = 10  # of six seconds
    assert len(trained.losses["losses_train"]) == n_steps
    n_planned = epochs * N_ITERATIONS  # the shares of the time, in whole steps of these
    shares = [int(step / n_steps * n_planned) / n_planned for step in range(n_steps)]
    assert rates == pytest.approx([0.5 + 0.5 * math.cos(math.pi * share) for share in shares], abs=1e-6)
    assert trained.epochs == math.ceil(n_steps / N_ITERATIONS) == len(trained.losses["losses_valid"]) - 1


def test_the_time_of_a_training_is_that_of_all_its_parts(tmp_path, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(trainer_module.time, "monotonic", lambda: now[0])

    def pass_seconds(name, value, step):
        if name == "loss/train":
            now[0] += 6.0
            if len(made.trained.losses["losses_train"]) == 4:
                signal.raise_signal(signal.SIGTERM)

    options = {"epochs": 1000, "minutes": 1, "scalars": pass_seconds}
    made = make_trainer(tmp_path, **options)
    with pytest.raises(Interrupted):
        made.train()
    now[0] += 1e6
    made = make_trainer(tmp_path, **options)
    assert len(made.train().losses["losses_train"]) == 10
