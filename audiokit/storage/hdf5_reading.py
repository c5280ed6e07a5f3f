"""HDF5 files of whatever origin, opened for reading; what is wrong with one is told in a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audiokit.errors import UserError, briefly
from audiokit.file_kinds import file_kind

if TYPE_CHECKING:
    from pathlib import Path

    import h5py

__all__ = ["open_hdf5_file"]


def open_hdf5_file(path: Path, *, remedy: str) -> h5py.File:
    """Open a file for reading.

    Parameters
    ----------
    path
    remedy
        what the message tells the user to do about a damaged file.

    Raises
    ------
    UserError
        where there is none, it is damaged or something else, or another process writes it.
    """
    import h5py

    try:
        return h5py.File(path)
    except OSError as error:
        reason = str(error)
        if "unable to lock" in reason or "already open" in reason:
            raise UserError(
                f"{path}: another process writes it: wait for it, or set HDF5_USE_FILE_LOCKING=FALSE where the drive "
                "knows no locks"
            ) from error
        if not path.exists():
            raise UserError(f"there is no {path}: {remedy}") from error
        kind = file_kind(path, but="an HDF5 file")
        found = f"it is {kind}" if kind else briefly(reason)
        raise UserError(f"{path} is damaged or no HDF5 file ({found}): {remedy}") from error
