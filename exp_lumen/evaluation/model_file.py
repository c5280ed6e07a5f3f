"""The file of a trained network: weights, what it is built of, and its thresholds; reading one runs no code from it."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from audiokit.errors import UserError
from audiokit.learning.checkpoints import load_state_dict, read_tensors, save_tensors
from exp_lumen.evaluation.aggregation import AGGREGATIONS
from exp_lumen.instruments import CODES
from exp_lumen.networks.network import InstrumentNetwork
from exp_lumen.networks.specification import Specification

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray
    from torch import nn

__all__ = ["Model", "load_model", "save_model"]

FORMAT = "Lumen model 1"
REMEDY = "give a file that exp_lumen/train.py has made"


@dataclass(frozen=True)
class Model:
    """A network that tells instruments, and when it says that one plays."""

    network: InstrumentNetwork
    thresholds: Mapping[str, NDArray[np.float64]]
    """By how pieces are put together, (11,)."""
    facts: Mapping[str, object]
    """How it was trained, and what came of it."""

    @property
    def name(self) -> str:
        """For people."""
        spec = self.network.spec
        return f"{spec.teacher or spec.model}{', Fluffy' if spec.fluffy else ''}"


def save_model(path: Path, model: Model) -> None:
    """Write a model whole."""
    described = {
        "specification": replace(model.network.spec, pretrained="").described(),
        "thresholds": {how: values.tolist() for how, values in model.thresholds.items()},
        "labels": list(CODES),
        "activation_limit": _activation_limit(model.network),
        "facts": dict(model.facts),
    }
    state = {name: tensor.detach().cpu().contiguous() for name, tensor in model.network.state_dict().items()}
    save_tensors(path, {"format": FORMAT, "described": json.dumps(described), "state": state})


def load_model(path: Path) -> Model:
    """Read a model, in eval mode.

    Raises
    ------
    UserError
        where it is missing, damaged, or something else.
    """
    if not path.is_file():
        raise UserError(f"there is no model {path}: {REMEDY}")
    content = read_tensors(path, remedy=REMEDY)
    if content.get("format") != FORMAT:
        raise UserError(f"{path} is no model of instruments: {REMEDY}")
    try:
        described = json.loads(content["described"])
        spec = Specification.of(described["specification"])
        thresholds = {how: np.array(described["thresholds"][how], float).reshape(len(CODES)) for how in AGGREGATIONS}
        facts, labels = described["facts"], described["labels"]
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"{path} is damaged ({error}): {REMEDY}") from error
    if labels != list(CODES):
        raise UserError(f"{path} tells other labels than {', '.join(CODES)}: {REMEDY}")
    network = InstrumentNetwork(replace(spec, pretrained="random" if spec.teacher else ""))
    _limit_activations(network, described["activation_limit"])
    load_state_dict(network, content["state"], path)
    network.spec = spec
    return Model(network.eval().requires_grad_(False), thresholds, facts)


def _activation_limit(network: nn.Module) -> float | None:
    """What activations of a teacher let through at most, which is no parameter; None without a limit."""
    limits = {module.activation_limit for module in network.modules() if hasattr(module, "activation_limit")}
    return next((limit for limit in limits if np.isfinite(limit)), None)


def _limit_activations(network: nn.Module, limit: float | None) -> None:
    if limit is not None:
        for module in network.modules():
            if hasattr(module, "activation_limit"):
                module.activation_limit = limit
