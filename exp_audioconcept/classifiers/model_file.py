"""Files of trained models: arrays with all that is needed to ask them, and nothing that could run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audiokit.errors import UserError
from audiokit.learning.checkpoints import read_tensors, save_tensors

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import torch

__all__ = ["FORMAT", "read_model_file", "write_model_file"]

FORMAT = "AudioConcept model 1"
REMEDY = "train it anew with python3 -m exp_audioconcept.train"


def write_model_file(
    path: Path, *, kind: str, settings: Mapping[str, object], state: Mapping[str, torch.Tensor]
) -> None:
    """Write a model whole.

    Parameters
    ----------
    kind
        SVM, CNN, VGGish, CNN2 or head.
    settings
        of plain numbers, texts and lists: genres, length, and what it was trained with.
    state
        its arrays.
    """
    save_tensors(path, {"format": FORMAT, "kind": kind, "settings": dict(settings), "state": dict(state)})


def read_model_file(path: Path) -> tuple[str, dict, dict[str, torch.Tensor]]:
    """Kind, settings and arrays of a model.

    Raises
    ------
    UserError
        where there is no such file, or it is something else, such as the original's pickle.
    """
    if not path.is_file():
        raise UserError(f"there is no model {path}: train it first with python3 -m exp_audioconcept.train")
    content = read_tensors(path, remedy=REMEDY)
    if content.get("format") != FORMAT:
        raise UserError(f"{path} is no model of exp_audioconcept: {REMEDY}")
    return content["kind"], content["settings"], content["state"]
