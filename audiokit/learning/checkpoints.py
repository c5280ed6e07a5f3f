"""Weight files: written whole, and read without ever running code from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from audiokit.errors import UserError
from audiokit.files import write_whole

if TYPE_CHECKING:
    from pathlib import Path

    from torch import nn

__all__ = ["as_state_dict", "load_state_dict", "read_tensors", "save_tensors"]


def read_tensors(path: Path, *, remedy: str = "download it again") -> dict:
    """Content of a `torch.save` or safetensors file, on the CPU.

    Parameters
    ----------
    path
    remedy
        what the message tells the user to do about a damaged file.

    Raises
    ------
    UserError
        where the file is damaged, or holds anything but a dict of tensors and plain containers.
    """
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            content = load_file(path)
        else:
            content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # whatever the bytes of a damaged file make the readers stumble over
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise UserError(f"{path} is damaged or no weight file ({reason[:150]}): {remedy}") from error
    if not isinstance(content, dict):
        raise UserError(f"{path} holds no dict of tensors: {remedy}")
    return content


def as_state_dict(content: object, path: Path) -> dict[str, torch.Tensor]:
    """Check that the content of a file is a state dict, and bring its numbers to single precision.

    Raises
    ------
    UserError
        where it is something else.
    """
    if not isinstance(content, dict) or not all(
        isinstance(name, str) and isinstance(tensor, torch.Tensor) for name, tensor in content.items()
    ):
        raise UserError(f"{path} does not hold the weights of a network: download it again")
    return {name: tensor.float() if tensor.is_floating_point() else tensor for name, tensor in content.items()}


def load_state_dict(
    network: nn.Module, state_dict: dict[str, torch.Tensor], path: Path, *, assign: bool = False
) -> None:
    """Load weights strictly.

    Parameters
    ----------
    path
        where they come from, for the message.
    assign
        put the tensors themselves in place of the network's, in place of copying them.

    Raises
    ------
    UserError
        where keys or shapes are not those of the network.
    """
    try:
        network.load_state_dict(as_state_dict(state_dict, path), assign=assign)
    except RuntimeError as error:
        reason = str(error).splitlines()[1].strip()
        raise UserError(f"{path} does not hold the weights of this network: {reason[:200]}") from error


def save_tensors(path: Path, content: dict) -> None:
    """Write a dict of tensors and plain containers for `read_tensors`, whole or not at all; the folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with write_whole(path) as partial:
        torch.save(content, partial)
