"""Where to compute."""

from __future__ import annotations

import torch

from spectral_transcoder.errors import UserError

__all__ = ["choose_device"]


def choose_device(name: str) -> torch.device:
    """Device by name.

    Parameters
    ----------
    name
        "auto" (a GPU where there is one), "cpu", "cuda", "cuda:1" …

    Raises
    ------
    UserError
        where there is no such device.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise UserError(f"there is no device {name!r} here: use --device cpu") from error
    return device
