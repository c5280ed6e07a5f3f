"""Training curves: how the losses of a training came down."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from audiokit.reports.figures import new_figure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike, NDArray

__all__ = ["kept_epoch", "training_curve_figure"]

TRAIN, VALID, EVAL = "tab:gray", "tab:orange", "tab:blue"
PARTS = {"": "", "mel_": "Mel spectrogram", "logit_": "scores"}
"""Infix of the loss arrays' names → which part of the loss it is."""

SMOOTHED = 50
"""Iterations, at most, that the training loss is averaged over."""

LOGARITHMIC_FROM = 10
"""Ratio of the largest loss to the smallest from which the axis is logarithmic."""

LINEAR_UP_TO = 0.1
"""Around zero, where losses go below it and the axis is logarithmic above and below."""


def training_curve_figure(
    losses: Mapping[str, ArrayLike], *, title: str, label: str = "loss", kept: int | None = None
) -> Figure:
    """Losses against epochs, a panel for the loss and for each of its parts.

    Parameters
    ----------
    losses
        `losses_train` (one per iteration), `losses_valid` and, where there is one, `losses_eval` (one per epoch, the
        first before training), and the same of the parts, `losses_mel_train` …, where there are.
    title
        of the figure.
    label
        of the loss.
    kept
        epoch whose state is kept; that of `kept_epoch` by default.
    """
    parts = [part for part in PARTS if np.size(losses.get(f"losses_{part}valid", ()))]
    figure = new_figure(4.5 + 4 * len(parts), 4.6)
    figure.suptitle(title, fontsize=10, wrap=True, parse_math=False)
    n_epochs = len(losses["losses_valid"]) - 1
    best = kept_epoch(losses["losses_valid"]) if kept is None else kept
    for axes, part in zip(figure.subplots(1, len(parts), squeeze=False)[0], parts, strict=True):
        arrays = {split: np.asarray(losses.get(f"losses_{part}{split}", ())) for split in ("train", "valid", "eval")}
        _draw(axes, arrays, n_epochs, best)
        axes.set(xlabel="epoch", ylabel=label if not part else f"loss of the {PARTS[part]}")
    return figure


def kept_epoch(losses_valid: ArrayLike) -> int:
    """Epoch whose state is kept, 0 for that before training: of equal losses the later one, as the trainer does it."""
    return len(losses_valid) - 1 - int(np.argmin(np.asarray(losses_valid)[::-1]))


def _draw(axes: Axes, losses: Mapping[str, NDArray[np.floating]], n_epochs: int, best: int) -> None:
    """Draw one part of the loss."""
    train, valid = losses["train"], losses["valid"]
    # The first epoch, while it is under way, is drawn as a whole one.
    end = max(n_epochs, 1)
    epochs = np.arange(1, len(train) + 1) * end / max(len(train), 1)
    axes.plot(epochs, train, color=TRAIN, alpha=0.35, linewidth=0.7)
    width = min(SMOOTHED, max(1, len(train) // 10))
    if len(train) >= width:
        smooth = np.convolve(train, np.full(width, 1 / width), mode="valid")
        middle = (width - 1) // 2
        axes.plot(epochs[middle : middle + len(smooth)], smooth, color=TRAIN, label="training")
    # Parts have no value before training.
    at = np.arange(len(valid)) + (n_epochs + 1 - len(valid))
    marker = "o" if len(valid) <= 50 else ""
    if len(losses["eval"]):
        axes.plot(at, losses["eval"], color=EVAL, marker=marker, markersize=3, linewidth=1, label="evaluation")
    axes.plot(at, valid, color=VALID, marker=marker, markersize=4, label="validation")
    if best in at:
        kept = valid[at == best]
        axes.plot(best, kept, "*", color=VALID, markersize=14, label=f"kept: {kept.item():.4g}")
    shown = np.concatenate([values for values in losses.values() if len(values)])
    if shown.min() <= 0:
        axes.set_yscale("symlog", linthresh=LINEAR_UP_TO)
    elif shown.max() > LOGARITHMIC_FROM * shown.min():
        axes.set_yscale("log")
    else:
        axes.set_ylim(bottom=0)
    axes.set_xlim(0, end * 1.02)
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.grid(alpha=0.3)
    axes.legend()
