"""Curves for TensorBoard, which is optional."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audiokit.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["tensorboard_scalars"]


def tensorboard_scalars(folder: Path) -> Callable[[str, float, int], None]:
    """What writes name, value and iteration to a folder that TensorBoard reads.

    Raises
    ------
    UserError
        where the package is not installed.
    """
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise UserError("--tensorboard needs the package tensorboard: pip install tensorboard") from error

    return SummaryWriter(folder).add_scalar
