"""What is written on the command line, TYPE:PATH, as labelled clips."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from audiokit.errors import UserError
from exp_lumen.data.irmas import irmas_test_clips, irmas_train_clips
from exp_lumen.data.openmic import openmic_clips
from exp_lumen.data.tables import csv_clips

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from exp_lumen.data.clips import LabelledClip

__all__ = ["READERS", "labelled_clips", "split_type"]

READERS: dict[str, Callable[[Path], list[LabelledClip]]] = {
    "irmastrain": irmas_train_clips,
    "irmastest": irmas_test_clips,
    "openmic": openmic_clips,
    "csv": csv_clips,
}
INFERENCE = "inference"


def split_type(text: str) -> tuple[str, Path]:
    r"""Type and path: `irmastest:data/x` → irmastest, data/x; a plain path, `C:\x` too, is of type inference."""
    kind, colon, path = text.partition(":")
    if colon and kind in (*READERS, INFERENCE):
        return kind, Path(path).expanduser()
    if colon and len(kind) > 1 and not Path(text).exists():
        raise UserError(f"{text}: there is no type {kind!r} of datasets; they are {', '.join((*READERS, INFERENCE))}")
    return INFERENCE, Path(text).expanduser()


def labelled_clips(texts: Sequence[str], *, option: str) -> list[LabelledClip]:
    """Clips of all datasets, one after the other.

    Parameters
    ----------
    texts
        TYPE:PATH.
    option
        that they come from, for messages.

    Raises
    ------
    UserError
        for a dataset without labels, and where one cannot be read.
    """
    clips = []
    for text in texts:
        kind, path = split_type(text)
        if kind == INFERENCE:
            raise UserError(f"{option} {text} has no labels: write its type before it, one of {', '.join(READERS)}")
        if not (path.exists() or path.parent.exists()):
            raise UserError(f"{option}: there is no {path}")
        clips += READERS[kind](path)
    return clips
