"""The one trainer: Adam, best state on the validation split, checkpoints from which it goes on bit for bit."""

from __future__ import annotations

import math
import signal
import threading
import time
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Literal

import torch
from torch import nn
from tqdm import tqdm

from spectral_transcoder.checkpoints import load_state_dict, read_tensors
from spectral_transcoder.errors import UserError
from spectral_transcoder.files import write_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    Batch = Mapping[str, torch.Tensor]
    Objective = Callable[[nn.Module, Batch], dict[str, torch.Tensor]]

__all__ = ["Interrupted", "Trained", "Trainer", "TrainingOptions", "batches"]

TRAIN, VALID, EVAL = "train", "valid", "eval"
CPU_PIECE_SIZE = 8
WARM_UP_STEPS = 200


@dataclass(frozen=True)
class TrainingOptions:
    """How to train."""

    epochs: int
    learning_rate: float = 1e-3
    batch_size: int = 64
    seed: int = 0
    device: str = "cpu"
    piece_size: int | None = None
    """Items of a batch that go through the network at once, their gradients added up; None: what suits the device."""

    mixed_precision: bool = False
    """bfloat16 in convolutions and products of training; losses, weights and evaluation stay in float32."""

    compile: bool = False
    """On a GPU only."""

    train_mode_evaluation: bool = False
    """Validate and evaluate in train mode, as the original does."""

    schedule: Literal["constant", "cosine"] = "constant"
    """Of the learning rate: cosine rises for `WARM_UP_STEPS` and then falls to nothing along half a cosine."""

    averaging: float = 0.0
    """Decay of the moving average of the weights, which is then what is validated and kept; 0 for none."""

    longest_gradient: float | None = None
    """Norm that gradients are cut to."""

    patience: int | None = None
    """Epochs without a better validation loss after which to stop; never by default."""

    checkpoint_seconds: float = 300
    """Longest time between checkpoints within an epoch; one is made after each epoch besides."""


@dataclass
class Trained:
    """What training leaves."""

    best_state: dict[str, torch.Tensor]
    losses: dict[str, list[float]] = field(default_factory=dict)
    """`losses_train` per iteration, `losses_valid` and `losses_eval` per epoch with the one before training first, and
    `losses_mel_train` … where the objective has parts."""

    epochs: int = 0


class Interrupted(KeyboardInterrupt):
    """Training was asked to stop, and has saved where it was."""


def batches(split: Batch, batch_size: int, *, order: torch.Tensor | None = None) -> Iterator[dict[str, torch.Tensor]]:
    """Successive batches of a split, the last one smaller.

    Parameters
    ----------
    split
        tensors with the same first dimension.
    order : (n_chunks,)
        of the items; as they lie by default.
    """
    n_items = len(next(iter(split.values())) if order is None else order)
    for start in range(0, n_items, batch_size):
        if order is None:
            yield {name: tensor[start : start + batch_size] for name, tensor in split.items()}
        else:
            chosen = order[start : start + batch_size]
            yield {name: tensor.index_select(0, chosen) for name, tensor in split.items()}


class Trainer:
    """Train a network for an objective on data that lies in memory, or on the GPU.

    Parameters
    ----------
    network
        on any device; it is moved.
    splits
        `train`, `valid` and `eval` → tensors by name; they are moved to the device where it has room for all.
    checkpoint
        file to save to and to go on from. It stays when training has ended, for the caller to delete once all that came
        of it is on the disk.
    scalars
        called with a name, a value and an iteration (for TensorBoard).
    shares : (n_train,)
        in [0, 1], of the epochs that an item takes part in; all by default. An epoch has as many items as they sum up
        to.
    augment
        called with each batch that is trained on, for the one to take in its place; it may draw from PyTorch's global
        random numbers, which go on where they were after a stop.
    """

    def __init__(
        self,
        network: nn.Module,
        objective: Objective,
        splits: Mapping[str, Batch],
        options: TrainingOptions,
        *,
        checkpoint: Path,
        scalars: Callable[[str, float, int], None] | None = None,
        shares: torch.Tensor | None = None,
        augment: Callable[[Batch], Batch] | None = None,
    ) -> None:
        self.options = options
        self.device = torch.device(options.device)
        self.network = network.to(self.device, memory_format=torch.channels_last)
        if options.compile and self.device.type == "cpu":
            # Its compiler fails at the gradient of replicated edges there (PyTorch 2.13).
            raise UserError("torch.compile does not work for transcoders on a CPU: leave out --compile")
        self.step_network = torch.compile(self.network) if options.compile else self.network
        self.objective = objective
        self.shares = shares
        self.augment = augment or (lambda batch: batch)
        self.storage = _storage(splits, self.device)
        self.splits = {
            name: {key: tensor.to(self.storage) for key, tensor in split.items()} for name, split in splits.items()
        }
        empty = [name for name in (TRAIN, VALID, EVAL) if not self._n_items(name)]
        if empty:
            raise UserError(f"the split {' and '.join(empty)} of the dataset is empty: make it with other ratios")
        self.piece_size = options.piece_size or _suitable_piece_size(network, self.device, options.batch_size)
        self.checkpoint = checkpoint
        self.scalars = scalars or (lambda name, value, iteration: None)
        self.optimizer = torch.optim.Adam(self.network.parameters(), lr=options.learning_rate)
        self.average = _AveragedWeights(self.network, options.averaging) if options.averaging else None
        self.trained = Trained(best_state={})
        self.epoch = 0
        self.iteration = 0
        """Within the epoch."""

        self.best_loss = math.inf
        self.best_epoch = 0

    def train(self) -> Trained:
        """Train to the end, from the checkpoint where there is one.

        Raises
        ------
        Interrupted
            after SIGTERM, SIGUSR1 or Ctrl-C, with a checkpoint saved.
        UserError
            where the loss is not finite any more; the best state so far is in the checkpoint.
        """
        torch.manual_seed(self.options.seed)
        if self.checkpoint.is_file():
            self._resume()
        else:
            self._keep_losses(self._evaluate_all())
        progress = tqdm(
            total=self.options.epochs * self._n_iterations,
            initial=self._n_steps_done,
            unit="step",
            disable=None,
        )
        with progress, _stop_requests() as stop:
            while self.epoch < self.options.epochs and not self._out_of_patience():
                self._train_epoch(progress, stop)
                # What comes back after a stop begins with the validation, whatever that does in train mode.
                self._save()
                self._validate(stop)
                progress.set_postfix(epoch=self.epoch, valid=f"{self.trained.losses['losses_valid'][-1]:.5g}")
        self.trained.epochs = self.epoch
        return self.trained

    def _train_epoch(self, progress: tqdm, stop: threading.Event) -> None:
        """The rest of an epoch, from `self.iteration`."""
        order = self._shuffled()[self.iteration * self.options.batch_size :]
        last_saved = time.monotonic()
        self.network.train()
        for batch in batches(self.splits[TRAIN], self.options.batch_size, order=order):
            self._step(self.augment(batch))
            self.iteration += 1
            progress.update()
            if stop.is_set():
                self._save()
                self._interrupt()
            if time.monotonic() - last_saved >= self.options.checkpoint_seconds:
                self._save()
                last_saved = time.monotonic()

    def _interrupt(self) -> None:
        raise Interrupted(f"stopped in epoch {self.epoch + 1}; {self.checkpoint} has all to go on from")

    def _step(self, batch: Batch) -> None:
        self.optimizer.zero_grad(set_to_none=True)
        values: dict[str, float] = {}
        for share, losses in self._losses(batch, self._precision()):
            _add(values, losses, share)
            if not math.isfinite(values["loss"]):
                self._refuse(values["loss"])
            (share * losses["loss"]).backward()
        if self.options.longest_gradient:
            nn.utils.clip_grad_norm_(self.network.parameters(), self.options.longest_gradient)
        for group in self.optimizer.param_groups:
            group["lr"] = self._learning_rate()
        self.optimizer.step()
        if self.average:
            self.average.follow(self.network, self._n_steps_done)
        self._record(values, TRAIN)
        self.scalars("loss/train", values["loss"], len(self.trained.losses["losses_train"]))

    @property
    def _n_iterations(self) -> int:
        """In an epoch."""
        return math.ceil(self._epoch_size / self.options.batch_size)

    @property
    def _epoch_size(self) -> int:
        return self._n_items(TRAIN) if self.shares is None else max(1, int(self.shares.sum()))

    @property
    def _n_steps_done(self) -> int:
        return self.epoch * self._n_iterations + self.iteration

    def _learning_rate(self) -> float:
        """Of the next step."""
        if self.options.schedule == "constant":
            return self.options.learning_rate
        done = self._n_steps_done
        rise = min(1.0, (done + 1) / WARM_UP_STEPS)
        share = done / (self.options.epochs * self._n_iterations)
        return self.options.learning_rate * rise * (0.5 + 0.5 * math.cos(math.pi * share))

    def _losses(
        self, batch: Batch, precision: AbstractContextManager
    ) -> Iterator[tuple[float, dict[str, torch.Tensor]]]:
        """Losses of each piece of a batch, and the share that the piece has in the batch's mean."""
        n_items = len(batch["third_octave"])
        for stored in batches(batch, self.piece_size):
            piece = {name: tensor.to(self.device) for name, tensor in stored.items()}
            with precision:
                losses = self.objective(self.step_network, piece)
            yield len(piece["third_octave"]) / n_items, losses

    def _refuse(self, loss: float) -> None:
        """Stop at a loss that is not finite, with the best state so far in the checkpoint."""
        if self.trained.best_state:
            self.network.load_state_dict(self.trained.best_state)
            self._save()
        raise UserError(
            f"the training loss became {loss} in epoch {self.epoch + 1}: the state of epoch {self.best_epoch} is kept "
            f"in {self.checkpoint}; delete it and train with a smaller learning rate"
        )

    def _validate(self, stop: threading.Event) -> None:
        """End an epoch: losses on the other splits; the state is kept if none was better on `valid`."""
        with self.average.in_place_of(self.network) if self.average else nullcontext():
            losses = self._evaluate_all(stop)
            self.epoch += 1
            self.iteration = 0
            self._keep_losses(losses)

    def _evaluate_all(self, stop: threading.Event | None = None) -> dict[str, dict[str, float]]:
        return {split: self.evaluate(split, stop) for split in (VALID, EVAL)}

    def _keep_losses(self, losses: Mapping[str, dict[str, float]]) -> None:
        for split, values in losses.items():
            parts = values if self.epoch else {"loss": values["loss"]}
            self._record(parts, split)
            self.scalars(f"loss/{split}", values["loss"], len(self.trained.losses.get("losses_train", ())))
        valid = self.trained.losses["losses_valid"][-1]
        if math.isnan(valid) and not self.trained.best_state:
            raise UserError("there is no loss on the split valid before training (NaN): look at dataset and teacher")
        # Of equals the later one, as in the original.
        if valid <= self.best_loss:
            self.best_loss, self.best_epoch = valid, self.epoch
            self.trained.best_state = {
                name: tensor.detach().cpu().clone(memory_format=torch.contiguous_format)
                for name, tensor in self.network.state_dict().items()
            }

    def evaluate(self, split: str, stop: threading.Event | None = None) -> dict[str, float]:
        """Losses on a split, the mean over batches, each counting the same as in the original.

        Raises
        ------
        Interrupted
            as soon as `stop` is set.
        """
        self.network.train(self.options.train_mode_evaluation)
        totals: dict[str, float] = {}
        n_batches = 0
        with torch.no_grad():
            for batch in batches(self.splits[split], self.options.batch_size):
                for share, losses in self._losses(batch, nullcontext()):
                    _add(totals, losses, share)
                    if stop and stop.is_set():
                        self._interrupt()
                n_batches += 1
        return {name: total / n_batches for name, total in totals.items()}

    def _record(self, values: Mapping[str, float], split: str) -> None:
        for name, value in values.items():
            key = f"losses_{split}" if name == "loss" else f"losses_{name}_{split}"
            self.trained.losses.setdefault(key, []).append(value)

    def _n_items(self, split: str) -> int:
        return len(self.splits[split]["third_octave"])

    def _shuffled(self) -> torch.Tensor:
        """Order of the epoch, a function of seed and epoch alone."""
        generator = torch.Generator().manual_seed(self.options.seed * 1_000_003 + self.epoch)
        if self.shares is None:
            return torch.randperm(self._n_items(TRAIN), generator=generator).to(self.storage)
        return torch.multinomial(self.shares, self._epoch_size, generator=generator).to(self.storage)

    def _precision(self):
        if not self.options.mixed_precision:
            return nullcontext()
        return torch.autocast(self.device.type, dtype=torch.bfloat16)

    def _out_of_patience(self) -> bool:
        patience = self.options.patience
        return patience is not None and self.epoch - self.best_epoch >= patience

    def _save(self) -> None:
        """Write all that `_resume` needs."""
        state = {
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "best_state": self.trained.best_state,
            "losses": self.trained.losses,
            "epoch": self.epoch,
            "iteration": self.iteration,
            "best_loss": self.best_loss,
            "best_epoch": self.best_epoch,
            "random_state": torch.get_rng_state(),
            "options": _comparable(self.options),
        }
        if self.average:
            state["average"] = self.average.state
        if self.device.type == "cuda":
            state["cuda_random_state"] = torch.cuda.get_rng_state(self.device)
        self.checkpoint.parent.mkdir(parents=True, exist_ok=True)
        with write_whole(self.checkpoint) as partial:
            torch.save(state, partial)

    def _resume(self) -> None:
        state = read_tensors(self.checkpoint, remedy="delete it to start anew")
        if "options" not in state:
            raise UserError(f"{self.checkpoint} is no checkpoint of a training: delete it to start anew")
        if state["options"] != _comparable(self.options):
            raise UserError(
                f"{self.checkpoint} belongs to a training with other options: delete it to start anew, or use the same"
            )
        load_state_dict(self.network, state["network"], self.checkpoint)
        self.optimizer.load_state_dict(state["optimizer"])
        if self.average:
            self.average.state = {name: tensor.to(self.device) for name, tensor in state["average"].items()}
        self.trained = Trained(state["best_state"], state["losses"])
        self.epoch, self.iteration = state["epoch"], state["iteration"]
        self.best_loss, self.best_epoch = state["best_loss"], state["best_epoch"]
        torch.set_rng_state(state["random_state"])
        if "cuda_random_state" in state and self.device.type == "cuda":
            torch.cuda.set_rng_state(state["cuda_random_state"], self.device)


class _AveragedWeights:
    """Moving average of a network's state, quick at first and slow later."""

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.decay = decay
        self.state = {name: tensor.detach().clone() for name, tensor in network.state_dict().items()}

    @torch.no_grad()
    def follow(self, network: nn.Module, n_steps: int) -> None:
        """Take in the state after a step."""
        decay = min(self.decay, (n_steps + 1) / (n_steps + 20))
        for name, tensor in network.state_dict().items():
            if tensor.is_floating_point():
                self.state[name].lerp_(tensor, 1 - decay)
            else:
                self.state[name].copy_(tensor)

    @contextmanager
    def in_place_of(self, network: nn.Module) -> Iterator[None]:
        """The network with the average as its state."""
        own = {name: tensor.detach().clone() for name, tensor in network.state_dict().items()}
        network.load_state_dict(self.state)
        try:
            yield
        finally:
            network.load_state_dict(own)


def _comparable(options: TrainingOptions) -> dict:
    """What must not change between two parts of one training; one may train longer, or somewhere else."""
    free = ("epochs", "device", "piece_size", "compile", "patience", "checkpoint_seconds")
    return {name: value for name, value in asdict(options).items() if name not in free}


def _storage(splits: Mapping[str, Batch], device: torch.device) -> torch.device:
    """Where the data may lie: on a GPU if half of its free memory holds it, which leaves the rest to the training."""
    if device.type != "cuda":
        return device
    n_bytes = sum(tensor.nbytes for split in splits.values() for tensor in split.values())
    free_bytes, _ = torch.cuda.mem_get_info(device)
    return device if n_bytes <= free_bytes / 2 else torch.device("cpu")


def _suitable_piece_size(network: nn.Module, device: torch.device, batch_size: int) -> int:
    """On a CPU so few items that what convolutions make of them stays in the cache: 1.3 times as fast.

    Batch normalisation needs the batch as a whole, and linear layers gain nothing.
    """
    layers = list(network.modules())
    mixes_items = any(isinstance(layer, nn.modules.batchnorm._BatchNorm) for layer in layers)
    if device.type != "cpu" or mixes_items or not any(isinstance(layer, nn.Conv2d) for layer in layers):
        return batch_size
    return CPU_PIECE_SIZE


def _add(totals: dict[str, float], losses: Mapping[str, torch.Tensor], share: float) -> None:
    for name, value in losses.items():
        totals[name] = totals.get(name, 0.0) + share * value.item()


@contextmanager
def _stop_requests() -> Iterator[threading.Event]:
    """An event that is set by Ctrl-C, SIGTERM and SIGUSR1 (what SLURM sends before the time limit)."""
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in signals}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
