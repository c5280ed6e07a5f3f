"""A trained model, ready for use."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from audiokit.devices import choose_device
from audiokit.errors import UserError
from exp_lumen.evaluation.model_file import load_model
from exp_lumen.instruments import CODES

if TYPE_CHECKING:
    from pathlib import Path

    from exp_lumen.evaluation.model_file import Model

__all__ = ["load_for_use"]


def load_for_use(
    path: Path, *, device: str = "auto", aggregation: str | None = None, threshold: float | None = None
) -> tuple[Model, str]:
    """A model on a device, and how pieces are put together.

    Parameters
    ----------
    aggregation
        how; as it was trained by default.
    threshold
        for all instruments, in place of the model's own.

    Raises
    ------
    UserError
        where the model cannot be read, or the threshold is none.
    """
    model = load_model(path)
    model.network.to(choose_device(device))
    how = aggregation or model.facts.get("settings", {}).get("aggregation", "mean")
    if threshold is not None:
        if not 0 <= threshold <= 1:
            raise UserError(f"a threshold of {threshold} is outside of 0 to 1")
        model = replace(model, thresholds=dict.fromkeys(model.thresholds, np.full(len(CODES), threshold)))
    return model, how
