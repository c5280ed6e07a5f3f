"""Where to compute."""

from __future__ import annotations

import platform
import sys

import torch

from audiokit.errors import UserError

__all__ = ["can_mix_precision", "choose_device"]


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


def can_mix_precision(device: str | torch.device) -> bool:
    """Whether a device computes in bfloat16 by itself; where it does not, a line on stderr says so.

    A processor without it (an EPYC with AVX2 alone, say) imitates it, and takes eleven times as long as in float32.
    """
    device = torch.device(device)
    if device.type == "cuda":
        able = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        able = device.type == "cpu" and _processor_has_bfloat16()
    if not able:
        print(f"this {device.type} has no bfloat16: computing in float32, which is faster here", file=sys.stderr)
    return able


def _processor_has_bfloat16() -> bool:
    if platform.machine() in ("x86_64", "AMD64"):
        return torch.cpu._is_avx512_bf16_supported()
    return torch.ops.mkldnn._is_mkldnn_bf16_supported()
