"""Weight files: written whole, and read without ever running code from them."""

from __future__ import annotations

import errno
import hashlib
import re
import warnings
from pickle import UnpicklingError
from typing import TYPE_CHECKING

import torch

from audiokit.errors import UserError, briefly
from audiokit.file_kinds import SAFETENSORS, file_kind
from audiokit.files import write_whole

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from torch import nn

__all__ = ["as_state_dict", "load_state_dict", "read_tensors", "save_tensors", "tensor_digest"]


WRAPPERS = ("module.", "_orig_mod.")
"""What DataParallel and torch.compile put before the names of a network's parameters."""

FOREIGN = re.compile(r"Unsupported (?:global: GLOBAL|class) ([\w.]+)")
"""PyTorch's words for an object that it does not make."""

CONTAINERS = ("state_dict", "model_state_dict", "model")
"""Keys under which training programs keep the weights of a network beside other things."""


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
        if path.suffix == ".safetensors" or file_kind(path) == SAFETENSORS:
            from safetensors.torch import load_file

            content = load_file(path)
        else:
            with warnings.catch_warnings():  # of pickles that it may not read
                warnings.simplefilter("ignore")
                content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # whatever the bytes of a damaged file make the readers stumble over
        raise UserError(_refusal(path, error, remedy)) from error
    if not isinstance(content, dict):
        raise UserError(f"{path} holds no dict of tensors: {remedy}")
    return content


def _refusal(path: Path, error: Exception, remedy: str) -> str:
    """Why a file is not read, in a line."""
    if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):  # which PyTorch meets in cut files
        return f"cannot read {path} ({error.strerror}): mend that and run again"
    kind = file_kind(path, but=("a zip archive", SAFETENSORS))
    if kind and not kind.startswith("a pickle"):  # as checkpoints of old were
        return f"{path} is damaged or no weight file (it is {kind}): {remedy}"
    if classes := FOREIGN.search(str(error)):
        return (
            f"{path} holds Python objects ({classes[1]}) beside tensors, which could run any code and are not read: "
            "where you trust it, save its tensors alone with torch.save(network.state_dict(), FILE)"
        )
    if isinstance(error, UnpicklingError):
        return f"{path} is damaged or no weight file: {remedy}"
    return f"{path} is damaged or no weight file ({briefly(error)}): {remedy}"


def as_state_dict(content: object, path: Path) -> dict[str, torch.Tensor]:
    """The weights in the content of a file, by the names that the network knows, in single precision.

    What training programs put around them is taken off: other things beside them, and the words that DataParallel and
    torch.compile put before all names.

    Raises
    ------
    UserError
        where it is something else, or holds numbers that are not finite.
    """
    content = _unwrapped(content)
    if not isinstance(content, dict) or not all(
        isinstance(name, str) and isinstance(tensor, torch.Tensor) for name, tensor in content.items()
    ):
        raise UserError(f"{path} does not hold the weights of a network: download it again")
    for name, tensor in content.items():
        if tensor.is_floating_point() and not tensor.isfinite().all():
            raise UserError(f"{path} holds numbers that are not finite (in {name}): train or download it again")
    return {name: tensor.float() if tensor.is_floating_point() else tensor for name, tensor in content.items()}


def _unwrapped(content: object) -> object:
    """A state dict without what is around it."""
    if not isinstance(content, dict):
        return content
    inner = [content[key] for key in CONTAINERS if isinstance(content.get(key), dict)]
    if len(inner) == 1:
        content = inner[0]
    while prefix := next((prefix for prefix in WRAPPERS if _all_begin_with(prefix, content)), None):
        content = {name.removeprefix(prefix): value for name, value in content.items()}
    return content


def _all_begin_with(prefix: str, names: Iterable[object]) -> bool:
    names = list(names)
    return bool(names) and all(isinstance(name, str) and name.startswith(prefix) for name in names)


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
        reason = str(error).partition("\n")[2]  # behind the name of the network
        raise UserError(f"{path} does not hold the weights of this network: {briefly(reason)}") from error


def tensor_digest(tensors: Iterable[torch.Tensor]) -> str:
    """Tells tensors, in their order, from others by their numbers."""
    digest = hashlib.sha256()
    for tensor in tensors:
        digest.update(f"{tensor.dtype} {list(tensor.shape)}\n".encode())
        digest.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy())
    return digest.hexdigest()


def save_tensors(path: Path, content: dict) -> None:
    """Write a dict of tensors and plain containers for `read_tensors`, whole or not at all; the folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with write_whole(path) as partial:
        torch.save(content, partial)
