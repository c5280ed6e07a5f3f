"""The one trainer: any network, objective and source of batches; from its checkpoints it goes on bit for bit.

What differs from system to system are small parts: where batches come from (`batches`), the optimiser (`optimizers`),
its learning rate (`schedules`), and which state is kept (`keeping`).
"""

from __future__ import annotations

import math
import time
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

import torch
from torch import nn
from tqdm import tqdm

from audiokit.errors import UserError
from audiokit.files import make_folder
from audiokit.learning.batches import TRAIN, batches, n_items
from audiokit.learning.interruption import Interrupted, stop_requests
from audiokit.learning.optimisation.averaging import AveragedWeights
from audiokit.learning.optimisation.schedules import Progress
from audiokit.learning.options import Trained
from audiokit.learning.recorded_steps import RecordedSteps, make_recordable
from audiokit.learning.training_checkpoint import resume_training, save_training
from audiokit.storage.holding import hold

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from audiokit.learning.batches import Source
    from audiokit.learning.options import TrainingOptions

    Batch = Mapping[str, torch.Tensor]
    Objective = Callable[[nn.Module, Batch], dict[str, torch.Tensor]]

__all__ = ["Trainer"]

VALID = "valid"
CPU_PIECE_SIZE = 8


class Trainer:
    """Train a network for an objective.

    Parameters
    ----------
    network
        on any device; it is moved.
    objective
        network and batch → losses by name; `loss` is minimised.
    sources
        `train`, `valid` and what else is evaluated after each epoch → where its batches come from. Without `valid` the
        last epoch's state is kept.
    checkpoint
        file to save to and to go on from. It stays when training has ended, for the caller to delete once all that came
        of it is on the disk.
    scalars
        called with a name, a value and an iteration (for TensorBoard).
    augment
        called with each batch that is trained on, for the one to take in its place; it may draw from PyTorch's global
        random numbers, which go on where they were after a stop.
    measure
        called with the network after each validation; what it gives is recorded as `<name>_valid`.
    identity
        what else tells this training from others: its data, its objective, what is done to its batches. A checkpoint
        of another one is refused. Names and plain values, as JSON has them.
    """

    def __init__(
        self,
        network: nn.Module,
        objective: Objective,
        sources: Mapping[str, Source],
        options: TrainingOptions,
        *,
        checkpoint: Path,
        scalars: Callable[[str, float, int], None] | None = None,
        augment: Callable[[Batch], Batch] | None = None,
        measure: Callable[[nn.Module], Mapping[str, float]] | None = None,
        identity: Mapping[str, object] | None = None,
    ) -> None:
        self.options = options
        self.device = torch.device(options.device)
        self.network = network.to(self.device, memory_format=torch.channels_last)
        self.step_network = torch.compile(self.network) if options.compile else self.network
        self.objective = objective
        self.sources = sources
        self.augment = augment or (lambda batch: batch)
        self.measure = measure or (lambda network: {})
        if empty := [name for name, source in sources.items() if not len(source)]:
            raise UserError(f"the split {' and '.join(empty)} of the dataset is empty: make it with other ratios")
        batch_size = sources[TRAIN].batch_size
        self.piece_size = options.piece_size or _suitable_piece_size(network, self.device, batch_size)
        self.identity = dict(identity or {})
        self.comparable = self.identity | options.comparable(batch_size)
        self.checkpoint = checkpoint
        self.scalars = scalars or (lambda name, value, iteration: None)
        self.optimizer = options.optimizer.of(self.network)
        self.average = AveragedWeights(self.network, options.averaging) if options.averaging else None
        if options.cuda_graphs and self.device.type != "cuda":
            raise UserError("--cuda_graphs needs a GPU: leave them out")
        self._update_by = RecordedSteps(self._update, self.device) if options.cuda_graphs else self._update
        self.trained = Trained(best_state={})
        self.epoch = 0
        self.iteration = 0
        """Within the epoch."""

        self.seconds = 0.0
        """That training has taken."""

        self._last_counted = time.monotonic()

    def train(self) -> Trained:
        """Train to the end, from the checkpoint where there is one.

        Raises
        ------
        Interrupted
            after SIGTERM, SIGUSR1 or Ctrl-C, with a checkpoint saved.
        UserError
            where the loss is not finite any more; the best state so far is in the checkpoint. Where another process
            trains to the same checkpoint.
        """
        make_folder(self.checkpoint.parent)
        with hold(self.checkpoint):
            return self._train()

    def _train(self) -> Trained:
        torch.manual_seed(self.options.seed)
        if self.checkpoint.is_file():
            resume_training(self)
        else:
            self._keep_losses(self._evaluate_all())
        if self.options.cuda_graphs:
            make_recordable(self.optimizer)
        progress = tqdm(
            total=None if self.options.minutes else self.options.epochs * self._n_iterations,
            initial=self._n_steps_done,
            unit="step",
            disable=None,
        )
        self._last_counted = time.monotonic()
        with progress, stop_requests() as stop:
            while self.iteration or not self._is_over:
                self._train_epoch(progress, stop)
                # What comes back after a stop begins with the validation, whatever that does in train mode.
                save_training(self)
                self._validate(stop)
                valid = self.trained.losses.get("losses_valid")
                shown = {"epoch": self.epoch} | ({"valid": f"{valid[-1]:.5g}"} if valid else {})
                if self.options.minutes:
                    shown["of its time"] = f"{self._share_of_time:.0%}"
                progress.set_postfix(shown)
        self.trained.epochs, self.trained.kept_epoch = self.epoch, self.best_epoch
        return self.trained

    def evaluate(self, split: str, stop: threading.Event | None = None) -> dict[str, float]:
        """Losses on a split, the mean over batches, each counting the same as in the originals.

        Raises
        ------
        Interrupted
            as soon as `stop` is set.
        """
        self.network.train(self.options.train_mode_evaluation)
        totals: dict[str, float] = {}
        n_batches = 0
        with torch.no_grad():
            for batch in self.sources[split].batches(self.epoch):
                for share, losses in self._losses(batch, nullcontext()):
                    _add(totals, share, losses)
                    if stop and stop.is_set():
                        self._interrupt()
                n_batches += 1
        return {name: total / n_batches for name, total in totals.items()}

    # An epoch

    def _train_epoch(self, progress: tqdm, stop: threading.Event) -> None:
        """The rest of an epoch, from `self.iteration`."""
        last_saved = time.monotonic()
        self.network.train()
        for batch in self.sources[TRAIN].batches(self.epoch, self.iteration):
            self._step(self.augment(batch))
            self.iteration += 1
            progress.update()
            self._count_seconds()
            if stop.is_set():
                save_training(self)
                self._interrupt()
            if self._share_of_time >= 1:
                break
            if time.monotonic() - last_saved >= self.options.checkpoint_seconds:
                save_training(self)
                last_saved = time.monotonic()

    def _step(self, batch: Batch) -> None:
        learning_rate = self._learning_rate()
        for group in self.optimizer.param_groups:
            _set_rate(group, learning_rate * group.get("rate_factor", 1.0))
        values: dict[str, float] = {}
        for share, losses in self._update_by(batch):
            _add(values, share, losses)
        if not math.isfinite(values["loss"]):
            self._refuse(values["loss"])
        if self.average:
            self.average.follow(self.network, self._n_steps_done)
        self._record(values, TRAIN)
        self.scalars("loss/train", values["loss"], len(self.trained.losses["losses_train"]))

    def _update(self, batch: Batch) -> list[tuple[float, dict[str, torch.Tensor]]]:
        """Change the weights by a batch; losses as `_losses` gives them, not waited for."""
        self.optimizer.zero_grad(set_to_none=True)
        found = []
        for share, losses in self._losses(batch, self._precision()):
            (share * losses["loss"]).backward()
            found.append((share, {name: value.detach() for name, value in losses.items()}))
        if self.options.longest_gradient:
            nn.utils.clip_grad_norm_(self.network.parameters(), self.options.longest_gradient)
        self.optimizer.step()
        return found

    def _losses(
        self, batch: Batch, precision: AbstractContextManager
    ) -> Iterator[tuple[float, dict[str, torch.Tensor]]]:
        """Losses of each piece of a batch, and the share that the piece has in the batch's mean."""
        for stored in batches(batch, self.piece_size):
            piece = {name: tensor.to(self.device) for name, tensor in stored.items()}
            with precision:
                losses = self.objective(self.step_network, piece)
            yield n_items(piece) / n_items(batch), losses

    def _validate(self, stop: threading.Event) -> None:
        """End an epoch: losses on the other splits; the state is kept if none was better."""
        with self.average.in_place_of(self.network) if self.average else nullcontext():
            losses = self._evaluate_all(stop)
            self.epoch += 1
            self.iteration = 0
            self._keep_losses(losses)
        self._count_seconds()

    def _evaluate_all(self, stop: threading.Event | None = None) -> dict[str, dict[str, float]]:
        return {split: self.evaluate(split, stop) for split in self.sources if split != TRAIN}

    def _keep_losses(self, losses: Mapping[str, dict[str, float]]) -> None:
        for split, values in losses.items():
            parts = values if self.epoch else {"loss": values["loss"]}
            self._record(parts, split)
            self.scalars(f"loss/{split}", values["loss"], len(self.trained.losses.get("losses_train", ())))
        for name, value in self.measure(self.network.eval()).items():
            self.trained.losses.setdefault(f"{name}_{VALID}", []).append(float(value))
            self.scalars(f"{name}/{VALID}", float(value), len(self.trained.losses.get("losses_train", ())))
        if VALID in losses and math.isnan(self.trained.losses["losses_valid"][0]):
            raise UserError("there is no loss on the split valid before training (NaN): look at the dataset")
        if self.best_epoch == self.epoch or not self.trained.best_state:
            self.trained.best_state = {
                name: tensor.detach().cpu().clone(memory_format=torch.contiguous_format)
                for name, tensor in self.network.state_dict().items()
            }

    # How far it has come

    @property
    def best_epoch(self) -> int | None:
        """Epoch whose state is kept, 0 for that before training; None where there is none yet."""
        return self.options.keeping.best(self._kept_by) if VALID in self.sources else self.epoch

    @property
    def _kept_by(self) -> list[float]:
        return self.trained.losses[self.options.keeping.by] if VALID in self.sources else []

    @property
    def _n_iterations(self) -> int:
        """In an epoch."""
        return len(self.sources[TRAIN])

    @property
    def _n_steps_done(self) -> int:
        return self.epoch * self._n_iterations + self.iteration

    def _learning_rate(self) -> float:
        """Of the next step."""
        n_steps = self.options.epochs * self._n_iterations
        step = int(self._share_of_time * n_steps) if self.options.minutes else self._n_steps_done
        return self.options.schedule(Progress(step, n_steps, self._n_iterations, self._kept_by))

    @property
    def _is_over(self) -> bool:
        at_the_end = self._share_of_time >= 1 if self.options.minutes else self.epoch >= self.options.epochs
        return at_the_end or self.options.keeping.is_over(self._kept_by)

    @property
    def _share_of_time(self) -> float:
        """That is over, of what there is."""
        return self.seconds / (60 * self.options.minutes) if self.options.minutes else 0.0

    def _count_seconds(self) -> None:
        now = time.monotonic()
        self.seconds += now - self._last_counted
        self._last_counted = now

    def _record(self, values: Mapping[str, float], split: str) -> None:
        for name, value in values.items():
            key = f"losses_{split}" if name == "loss" else f"losses_{name}_{split}"
            self.trained.losses.setdefault(key, []).append(value)

    def _precision(self) -> AbstractContextManager:
        if not self.options.mixed_precision:
            return nullcontext()
        return torch.autocast(self.device.type, dtype=torch.bfloat16)

    # Stopping and going on

    def _interrupt(self) -> None:
        raise Interrupted(f"stopped in epoch {self.epoch + 1}; {self.checkpoint} has all to go on from")

    def _refuse(self, loss: float) -> None:
        """Stop at a loss that is not finite, with the best state so far in the checkpoint."""
        if self.trained.best_state:
            self.network.load_state_dict(self.trained.best_state)
            save_training(self)
        raise UserError(
            f"the training loss became {loss} in epoch {self.epoch + 1}: the state of epoch {self.best_epoch or 0} is "
            f"kept in {self.checkpoint}; delete it and train with a smaller learning rate"
        )


def _suitable_piece_size(network: nn.Module, device: torch.device, batch_size: int) -> int:
    """On a CPU so few items that what convolutions make of them stays in the cache: 1.3 times as fast.

    Batch normalisation needs the batch as a whole, and linear layers gain nothing.
    """
    layers = list(network.modules())
    mixes_items = any(isinstance(layer, nn.modules.batchnorm._BatchNorm) for layer in layers)
    if device.type != "cpu" or mixes_items or not any(isinstance(layer, nn.Conv2d) for layer in layers):
        return batch_size
    return CPU_PIECE_SIZE


def _add(totals: dict[str, float], share: float, losses: Mapping[str, torch.Tensor]) -> None:
    values = torch.stack([value.detach().float() for value in losses.values()]).tolist()  # waits for a GPU once
    for name, value in zip(losses, values, strict=True):
        totals[name] = totals.get(name, 0.0) + share * value


def _set_rate(group: dict[str, object], learning_rate: float) -> None:
    if isinstance(group["lr"], torch.Tensor):
        group["lr"].fill_(learning_rate)
    else:
        group["lr"] = learning_rate
