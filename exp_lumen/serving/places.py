"""Paths that requests name, and that must not lead out of the folder that is served."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exp_lumen.serving.refusal import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

__all__ = ["check_inside", "place_inside", "without_root"]


def place_inside(root: Path, name: str) -> Path:
    """The file or folder below `root` that a request names, links followed.

    Raises
    ------
    Refusal
        403 for a name that leads out of the root, 404 where there is nothing.
    """
    root = root.resolve()
    try:
        path = (root / name).resolve()
        exists = path.exists()
    except (OSError, ValueError, RuntimeError) as error:  # too long, with a zero byte, or links in circles
        raise Refusal(404, f"{name!r} is no path: name one below the folder that is served") from error
    if not path.is_relative_to(root):
        raise Refusal(403, f"{name!r} leads out of the folder that is served: name a path below it")
    if not exists:
        raise Refusal(404, f"there is no {name!r} in the folder that is served")
    return path


def check_inside(root: Path, paths: Iterable[Path]) -> None:
    """Refuse recordings that a table or a link names outside of the root.

    Raises
    ------
    Refusal
        403
    """
    root = root.resolve()
    if strange := next((path for path in paths if not path.resolve().is_relative_to(root)), None):
        raise Refusal(403, f"{strange.name!r} lies outside of the folder that is served: leave it out")


def without_root(root: Path, message: object) -> str:
    """A message in which paths are those below the root: where that lies is nobody's business."""
    place = str(root.resolve())
    return str(message).replace(f"{place}/", "").replace(place, "the folder that is served")
