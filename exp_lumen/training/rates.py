"""Learning rates that trials have found, kept until the training that they are for has ended."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from audiokit.errors import UserError
from audiokit.files import write_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

__all__ = ["kept_rate"]

RATE, TRAINING = "rate", "training"
"""What a file holds: the rate, and the training that it is for."""


def kept_rate(path: Path, find: Callable[[], float], *, identity: Mapping[str, object]) -> float:
    """The rate of an earlier call, so that what goes on after a stop has the same; else it is found, and kept.

    Parameters
    ----------
    identity
        what tells the training from others, as JSON has it: the rate of another one is found anew.

    Raises
    ------
    UserError
        where the file holds none.
    """
    kept = _read(path) if path.is_file() else {}
    if kept.get(TRAINING) == identity:
        return kept[RATE]
    rate = find()
    print(f"learning rate {rate:.3g}, at which the loss falls fastest")
    with write_whole(path) as partial:
        partial.write_text(json.dumps({RATE: rate, TRAINING: identity}), encoding="utf-8")
    return rate


def _read(path: Path) -> dict[str, object]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return {RATE: float(content[RATE]), TRAINING: content[TRAINING]}
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"{path} holds no learning rate: delete it to have one found") from error
