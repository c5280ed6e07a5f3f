"""Trained networks in files: weights as safetensors, and with them all that tells what the network is."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from audiokit.errors import UserError
from audiokit.files import whole_files, write_whole
from audiokit.learning.checkpoints import load_state_dict, read_tensors
from exp_samplecnn.data.standardisation import Standardisation
from exp_samplecnn.networks.blocks import BLOCKS
from exp_samplecnn.networks.network import SampleCNN
from exp_samplecnn.tasks import TASKS

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch

    from exp_samplecnn.tasks import Task

__all__ = ["SPOKEN_DIGITS", "ModelSettings", "find_model", "read_model", "write_model"]

SPOKEN_DIGITS = Path(__file__).resolve().parents[1] / "models" / "spoken_digits.safetensors"
"""The network that is shipped: ten spoken digits, of the Free Spoken Digit Dataset; weights in half precision."""

SETTINGS = "settings"
"""Key in the header of the file."""

SUFFIX = ".safetensors"


@dataclass(frozen=True)
class ModelSettings:
    """What a network is, and what it is to be given."""

    dataset: str
    """Name of the task."""
    labels: tuple[str, ...]
    block: str = "se"
    multi: bool = False
    amplifying_ratio: float = 0.125
    dropout: float = 0.5
    standardisation: Standardisation = field(default_factory=Standardisation)

    @property
    def task(self) -> Task:
        """With the labels that the network knows."""
        return TASKS[self.dataset].telling(self.labels)

    def network(self) -> SampleCNN:
        """The network, without its weights."""
        return SampleCNN(
            len(self.labels),
            self.task.n_blocks,
            self.block,
            multi=self.multi,
            amplifying_ratio=self.amplifying_ratio,
            dropout=self.dropout,
        )

    def check(self, task: Task, path: Path) -> None:
        """Refuse a dataset that the network is not for.

        Raises
        ------
        UserError
            where its task or its labels are others.
        """
        if task.name != self.dataset:
            raise UserError(f"{path} is trained for {self.dataset}, not {task.name}: name a model of this dataset")
        if task.labels != self.labels:
            known = "; ".join(self.labels[:3])
            raise UserError(
                f"{path} knows {len(self.labels)} labels ({known} …), and the dataset has {len(task.labels)} "
                f"({'; '.join(task.labels[:3])} …): name a model that is trained on it"
            )

    def describe(self) -> dict[str, object]:
        """As JSON has it."""
        return asdict(self) | {"labels": list(self.labels)}

    @classmethod
    def of(cls, described: Mapping) -> ModelSettings:
        """What `describe` gave."""
        changed = {
            "labels": tuple(described["labels"]),
            "standardisation": Standardisation(**described["standardisation"]),
        }
        settings = cls(**{**described, **changed})
        if settings.dataset not in TASKS or settings.block not in BLOCKS:
            raise ValueError(f"no {settings.block} for {settings.dataset}")
        return settings


def write_model(path: Path, settings: ModelSettings, state: Mapping[str, torch.Tensor]) -> None:
    """Write weights with their settings, whole or not at all."""
    from safetensors.torch import save  # save_file lets nobody but the owner read

    with write_whole(path) as partial:
        partial.write_bytes(save(dict(state), metadata={SETTINGS: json.dumps(settings.describe())}))


def find_model(path: Path) -> Path:
    """A model by its own path or that of its folder in `log/`.

    Raises
    ------
    UserError
        where there is none, or the folder has none that is finished.
    """
    if path.is_file():
        return path
    finished = whole_files(path.glob(f"final-*{SUFFIX}")) if path.is_dir() else []
    if not finished:
        state = "holds no finished model (final-….safetensors)" if path.is_dir() else "is not there"
        raise UserError(f"{path} {state}: train one by exp_samplecnn/train.py, or name another one")
    return finished[-1]


def read_model(path: Path) -> tuple[SampleCNN, ModelSettings]:
    """A trained network in eval mode, and what it is.

    Raises
    ------
    UserError
        where the file is damaged, or no network that `write_model` wrote.
    """
    state = read_tensors(path, remedy="train it anew")
    settings = _read_settings(path)
    network = settings.network()
    load_state_dict(network, state, path)
    return network.eval(), settings


def _read_settings(path: Path) -> ModelSettings:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "pt") as file:
            return ModelSettings.of(json.loads((file.metadata() or {})[SETTINGS]))
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise UserError(
            f"{path} does not say which SampleCNN it is: name a model that exp_samplecnn/train.py has written"
        ) from error
