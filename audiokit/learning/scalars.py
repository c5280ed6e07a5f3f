"""Curves for TensorBoard, which is optional."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from audiokit.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

__all__ = ["tensorboard_scalars"]


@contextmanager
def tensorboard_scalars(folder: Path | None) -> Iterator[Callable[[str, float, int], None] | None]:
    """What writes name, value and iteration to a folder that TensorBoard reads; None without a folder.

    All that was told is written when the block is left: TensorBoard's writer keeps values back for two minutes, and a
    process that ends meanwhile loses them.

    Raises
    ------
    UserError
        where the package is not installed.
    """
    if folder is None:
        yield None
        return
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise UserError("--tensorboard needs the package tensorboard: pip install tensorboard") from error
    with SummaryWriter(folder) as writer:
        yield writer.add_scalar
