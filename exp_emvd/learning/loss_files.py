"""Loss curves in the original's files, `losses/loss_model_<experiment>_<i>.npy`, written so that no code is read.

Ours are NumPy records, of which `numpy.load(path)["losses_train"]` gives a curve; the original's are pickled dicts.
"""

from __future__ import annotations

import io
import pickle
from typing import TYPE_CHECKING

import numpy as np

from audiokit.errors import UserError
from audiokit.files import make_folder, write_whole

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["read_losses", "write_losses"]

TYPES = {"losses_train": "f8", "losses_valid": "f4", "losses_eval": "f4"}
"""A value a step, and a value a pass, the first before training."""

ARRAYS = {"_reconstruct", "scalar", "ndarray", "dtype", "_frombuffer"}
"""What a pickle may name, from NumPy's modules."""


def write_losses(path: Path, losses: Mapping[str, Sequence[float]], *, paper: bool = False) -> None:
    """Write curves, whole or not at all.

    Parameters
    ----------
    paper
        as a pickled dict, which the original's scripts read.
    """
    curves = {name: np.asarray(losses[name], kind) for name, kind in TYPES.items()}
    fields = [(name, kind, (len(curves[name]),)) for name, kind in TYPES.items()]
    content = np.array(curves, dtype=object) if paper else np.array(tuple(curves.values()), dtype=fields)
    make_folder(path.parent)
    with write_whole(path) as partial:
        np.save(partial, content, allow_pickle=paper)


def read_losses(path: Path) -> dict[str, NDArray[np.floating]]:
    """Curves by name, of ours and of the original's files; nothing that these name is run.

    Raises
    ------
    UserError
        where the file is missing, damaged, or holds something else.
    """
    try:
        content = path.read_bytes()
        stream = io.BytesIO(content)
        version = np.lib.format.read_magic(stream)
        read_header = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
        *_, kind = read_header[version](stream)
        if kind.hasobject:
            record = _ArraysOnly(stream).load().item()
        else:
            record = np.load(io.BytesIO(content), allow_pickle=False)
        return {name: np.asarray(record[name], float) for name in TYPES}
    except FileNotFoundError as error:
        raise UserError(f"there are no losses {path}: run the step train first") from error
    except Exception as error:  # whatever the bytes of a damaged file make the readers stumble over
        raise UserError(f"{path} is damaged or holds no losses ({error}): train again") from error


class _ArraysOnly(pickle.Unpickler):
    """Reads pickles of arrays, numbers and plain containers."""

    def find_class(self, module: str, name: str) -> object:
        """What a pickle names, if it is NumPy's to make arrays of."""
        if module.split(".")[0] == "numpy" and name in ARRAYS:
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"it names {module}.{name}, which is no array")
