"""Models below a folder, read once and used by many requests."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING

from audiokit.files import stamp, whole_files
from exp_lumen.evaluation.loading import load_for_use
from exp_lumen.serving.places import place_inside
from exp_lumen.serving.refusal import Refusal

if TYPE_CHECKING:
    from pathlib import Path

    from exp_lumen.evaluation.model_file import Model

__all__ = ["Shelf"]

ENDING = ".ckpt"
MOST_HELD = 2
"""Models in memory; the one that nobody has asked for longest goes."""


class Shelf:
    """Models below a folder.

    A model is read when it is first asked for, and again when its file has changed. Networks only evaluate, so that
    any number of requests can use one at once.
    """

    def __init__(self, folder: Path, *, device: str = "cpu") -> None:
        self.folder = folder
        self.device = device
        self._held: OrderedDict[tuple, tuple[Model, str]] = OrderedDict()
        self._lock = Lock()

    def names(self) -> list[str]:
        """Paths below the folder, the latest name first."""
        found = (path for path in whole_files(self.folder.rglob(f"*{ENDING}")) if not path.stem.endswith(".part"))
        return sorted((path.relative_to(self.folder).as_posix() for path in found), reverse=True)

    def model(self, name: str) -> tuple[Model, str]:
        """A model, and how the scores of pieces are put together.

        Raises
        ------
        Refusal
            404 where there is no such model, 403 for a name that leads out of the folder.
        UserError
            where its file is none of a model.
        """
        path = place_inside(self.folder, name)
        if path.suffix != ENDING or not path.is_file():
            raise Refusal(404, f"{name!r} is no model: GET /models lists them")
        key = (path, *stamp(path))
        with self._lock:
            if key not in self._held:
                self._held[key] = load_for_use(path, device=self.device)
            self._held.move_to_end(key)
            while len(self._held) > MOST_HELD:
                self._held.popitem(last=False)
            return self._held[key]
