"""The networks of the training experiment, before training and after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audiokit.errors import UserError
from audiokit.learning.checkpoints import load_state_dict, read_tensors
from spectral_transcoder.pinv import Pinv
from spectral_transcoder.training.settings import transcoder_settings
from spectral_transcoder.transcoders.store import build_transcoder
from teachers.registry import front_end_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from torch import nn

    from audiokit.experiments.plan import Setting
    from teachers.registry import Teacher

__all__ = ["new_network", "trained_network"]

IMAGENET_WEIGHTS = {
    "effnet_b0": "efficient_net/efficientnet-b0-355c32eb.pth",
    "effnet_b7": "efficient_net/efficientnet-b7-dcc49843.pth",
}


def new_network(
    setting: Setting, *, models: Path, load_teacher: Callable[[], Teacher], start_from: Path | None = None
) -> nn.Module:
    """Network before training.

    Parameters
    ----------
    models
        folder of pretrained weights.
    load_teacher
        the teacher, where the network starts as its copy.
    start_from
        weights of the same shape, in place of random or pretrained ones.
    """
    settings = transcoder_settings(setting)
    network = build_transcoder(settings)
    if start_from:
        load_state_dict(network, read_tensors(start_from), start_from)
        return network
    if settings.model_type == "self":
        network.model.load_state_dict(load_teacher().network.state_dict())
    if settings.model_type in IMAGENET_WEIGHTS:
        path = models / IMAGENET_WEIGHTS[settings.model_type]
        if path.is_file():
            network.load_imagenet(read_tensors(path))
        else:
            print(f"{path} is missing: {settings.model_type} starts from random weights, the paper's from ImageNet's")
    return network


def trained_network(setting: Setting, path: Path) -> nn.Module:
    """Network that training has left in a file, in eval mode; PINV needs none.

    Raises
    ------
    UserError
        where the file is missing or not that of this network.
    """
    if setting["transcoder"] == "pinv":
        return Pinv(front_end_of(setting["classifier"])).eval()
    if not path.is_file():
        raise UserError(f"{path} is missing: compute the step train of this setting first")
    network = build_transcoder(transcoder_settings(setting))
    load_state_dict(network, read_tensors(path, remedy="delete it and train again"), path)
    return network.eval()
