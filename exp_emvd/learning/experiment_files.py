"""Where an experiment's results lie, under the original's names."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from audiokit.errors import UserError
from audiokit.files import make_folder, write_whole

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["CONTENT", "RECORDINGS", "ExperimentFiles", "check_model", "first_difference"]

RECORDINGS = "recordings"
"""Name of the option that tells the recordings of a split, and what they are for, from others."""

CONTENT = "content"
"""Of that which tells what is sung in the recordings, by whom, and their files. Older models do not have it."""

TOLD = {RECORDINGS: "other recordings or folds", CONTENT: "other techniques, singers or files of its recordings"}
"""What differs where these do."""


@dataclass(frozen=True)
class ExperimentFiles:
    """Files of an experiment below a folder; splits are counted from 0, and in the names of files from 1."""

    root: Path
    name: str
    """Of the experiment: t_multiclass, or t_multiclass_by_singer …"""

    def model(self, split: int) -> Path:
        """State dict of the best epoch."""
        return self.root / "model" / f"model_{self.name}_{split + 1}"

    def checkpoint(self, split: int) -> Path:
        """What a stopped training goes on from."""
        return self.root / "model" / f"model_{self.name}_{split + 1}.checkpoint"

    def losses(self, split: int) -> Path:
        """Loss curves."""
        return self.root / "losses" / f"loss_model_{self.name}_{split + 1}.npy"

    @property
    def predictions(self) -> Path:
        """Of all splits."""
        return self.root / "outputs" / f"{self.name}.h5"

    def options(self, split: int) -> Path:
        """How a model was trained; models from elsewhere have none."""
        return _options_of(self.model(split))

    def is_trained(self, split: int) -> bool:
        """Whether the training of a split has come to its end."""
        return self.model(split).is_file() and self.losses(split).is_file()

    def begin(self, split: int, options: Mapping[str, object]) -> None:
        """Write down how a model is going to be trained, or see that what is there of it is trained so.

        Raises
        ------
        UserError
            naming the first difference.
        """
        if self.is_trained(split) or self.checkpoint(split).is_file():
            self.check_options(split, options)
            return
        make_folder(self.root / "model")
        with write_whole(self.options(split)) as partial:
            partial.write_text(json.dumps(options, indent=1) + "\n", encoding="utf-8")

    def check_options(self, split: int, expected: Mapping[str, object]) -> None:
        """Refuse a model that was trained otherwise than it is to be used.

        Raises
        ------
        UserError
            naming the first difference.
        """
        remedy = f"give the same, another --output, or delete it and {self.options(split).name}"
        check_model(self.model(split), expected, remedy=remedy)


def check_model(model: Path, expected: Mapping[str, object], *, remedy: str) -> None:
    """Refuse a model of which it is written down beside it that it was trained otherwise than it is to be used.

    Raises
    ------
    UserError
        naming the first difference, and what to do.
    """
    path = _options_of(model)
    if not path.is_file():
        return
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UserError(f"{path} is damaged: delete it and {model}, and train again") from error
    name = first_difference(found, expected)
    if name in TOLD:
        raise UserError(f"{model} was trained on {TOLD[name]}: {remedy}")
    if name:
        raise UserError(f"{model} was trained with {name} {found[name]}, not {expected[name]}: {remedy}")


def _options_of(model: Path) -> Path:
    return model.with_name(f"{model.name}.json")


def first_difference(found: Mapping[str, object], expected: Mapping[str, object]) -> str | None:
    """Name of the first option that is another one than expected; what was not written down is taken for the same."""
    return next((name for name, value in expected.items() if name in found and found[name] != value), None)
