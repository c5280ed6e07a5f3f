"""Reading of weight files, without ever running code from them."""

from __future__ import annotations

import pickle
import zipfile
from typing import TYPE_CHECKING

import torch

from spectral_transcoder.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["read_tensors"]


def read_tensors(path: Path) -> dict:
    """Tensors of a `torch.save` or safetensors file, on the CPU.

    Raises
    ------
    UserError
        where the file is damaged, or holds anything but tensors and plain containers.
    """
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            return load_file(path)
        return torch.load(path, map_location="cpu", weights_only=True, mmap=_can_be_mapped(path))
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, KeyError) as error:
        reason = str(error).splitlines()[0]
        raise UserError(
            f"{path} is damaged or no weight file ({reason[:150]}): delete it and download it again"
        ) from error


def _can_be_mapped(path: Path) -> bool:
    """Whether the file has the zip layout of torch 1.6 and later, of which only what is used need be read."""
    return zipfile.is_zipfile(path)
