"""Learning rates that trials have found, kept until the training that they are for has ended."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from audiokit.errors import UserError
from audiokit.files import write_whole

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["kept_rate"]


def kept_rate(path: Path, find: Callable[[], float]) -> float:
    """The rate of an earlier call, so that what goes on after a stop has the same; else it is found, and kept.

    Raises
    ------
    UserError
        where the file holds none.
    """
    if path.is_file():
        try:
            return float(json.loads(path.read_text(encoding="utf-8")))
        except (TypeError, ValueError) as error:
            raise UserError(f"{path} holds no learning rate: delete it to have one found") from error
    rate = find()
    print(f"learning rate {rate:.3g}, at which the loss falls fastest")
    with write_whole(path) as partial:
        partial.write_text(json.dumps(rate), encoding="utf-8")
    return rate
