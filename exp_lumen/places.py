"""Where models lie unless something else is said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audiokit.errors import UserError
from audiokit.files import whole_files
from audiokit.paths import ROOT

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["MODELS", "last_model"]

MODELS = ROOT / "lumen_models"


def last_model(folder: Path = MODELS) -> Path:
    """The model that was written last below a folder.

    Raises
    ------
    UserError
        where there is none.
    """
    found = sorted(whole_files(folder.glob("*/checkpoints/*.ckpt")), key=lambda path: path.stat().st_mtime)
    if not found:
        raise UserError(f"there is no model in {folder}: make one by train.py or demo.py, or name it with --ckpt")
    return found[-1]
