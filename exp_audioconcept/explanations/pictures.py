"""Why a genre, as a picture: weights of concepts as bars, and what a network looks at on its own spectrogram."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from audiokit.labels.class_figures import class_title
from audiokit.reports.figures import COLOUR_MAP, frequency_ticks, mel_range, new_figure
from exp_audioconcept.explanations.curves import area

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure
    from numpy.typing import NDArray

    from audiokit.sound.mel import MelFrontEnd
    from exp_audioconcept.explanations.explaining import Concept, Explained, Seen

__all__ = ["concept_figure", "seen_figure"]

FOR, AGAINST = "tab:blue", "tab:red"
WAYS = {"deletion": "cells are taken away", "insertion": "cells are put back"}
ROW_INCHES = 0.3
SMOOTHED = (4, 0.1)
"""Bands and seconds that maps are averaged over: single cells of gradients are noise to the eye."""


def concept_figure(explained: Explained) -> Figure:
    """Bars of what each concept weighs, with their intervals; a panel for each way to take the sound apart."""
    concepts = explained.concepts
    rows = [len(concept.components.names) for concept in concepts]
    figure = new_figure(11, 1.2 + ROW_INCHES * max(rows))
    name = class_title(explained.genres[explained.genre])
    figure.suptitle(f"{name}: by how much the decision value falls without each component", parse_math=False)
    panels = figure.subplots(1, len(concepts), squeeze=False, sharex=True)[0]
    for axes, concept in zip(panels, concepts, strict=True):
        _draw_bars(axes, concept)
    return figure


def _draw_bars(axes: Axes, concept: Concept) -> None:
    weights = concept.weights
    places = np.arange(len(weights.mean))
    colours = [FOR if weight >= 0 else AGAINST for weight in weights.mean]
    axes.barh(places, weights.mean, color=colours, alpha=0.7)
    errors = np.stack([weights.mean - weights.low, weights.high - weights.mean])
    axes.errorbar(weights.mean, places, xerr=errors, fmt="none", ecolor="black", capsize=3)
    axes.set_yticks(places, concept.components.names, parse_math=False)
    axes.invert_yaxis()
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set_title(concept.components.title, loc="left", fontsize=11)
    axes.grid(axis="x", alpha=0.3)


def seen_figure(explained: Explained, seen: Seen, front_end: MelFrontEnd) -> Figure:
    """The network's own spectrogram, attributions below it, and the curves that check them."""
    seconds = seen.mel.shape[1] / front_end.frame_rate
    figure = new_figure(11, 9.5)
    upper, lower = figure.subfigures(2, 1, height_ratios=(2.6, 1))
    _draw_maps(upper, explained, seen, front_end, seconds)
    _draw_curves(lower, explained, seen)
    return figure


def _draw_maps(
    figure: Figure | SubFigure, explained: Explained, seen: Seen, front_end: MelFrontEnd, seconds: float
) -> None:
    rows = figure.subplots(1 + len(seen.attributions), 1, sharex=True)
    begin = explained.start
    extent = (begin, begin + seconds, -0.5, len(seen.mel) - 0.5)
    shown = {"origin": "lower", "aspect": "auto", "interpolation": "nearest", "extent": extent}
    low, high = mel_range(seen.mel, front_end)
    image = rows[0].imshow(seen.mel, cmap=COLOUR_MAP, vmin=low, vmax=high, **shown)
    rows[0].set_title("what the network sees", loc="left", fontsize=11)
    figure.colorbar(image, ax=rows[0], label=front_end.unit, aspect=12)
    name = class_title(explained.genres[explained.genre])
    for axes, (title, values) in zip(rows[1:], seen.attributions.items(), strict=True):
        smooth = smoothed(values, (SMOOTHED[0], max(1, round(SMOOTHED[1] * front_end.frame_rate))))
        most = float(np.abs(smooth).max()) or 1.0
        image = axes.imshow(smooth, cmap="RdBu", vmin=-most, vmax=most, **shown)
        axes.set_title(f"{title}: blue speaks for {name}, red against it", loc="left", fontsize=11, parse_math=False)
        figure.colorbar(image, ax=axes, label="logit, a cell", aspect=12)
    for axes in rows:
        frequency_ticks(axes, front_end.centre_frequencies())
    rows[-1].set(xlabel="time (s)", xlim=(begin, begin + len(explained.sound) / front_end.sample_rate))


def smoothed(values: NDArray[np.floating], size: Sequence[int]) -> NDArray[np.float64]:
    """Running means of an image over so many rows and columns."""
    from scipy.ndimage import uniform_filter

    return uniform_filter(np.asarray(values, np.float64), size)


def _draw_curves(figure: Figure | SubFigure, explained: Explained, seen: Seen) -> None:
    name = class_title(explained.genres[explained.genre])
    panels = figure.subplots(1, 2, sharey=True)
    for axes, (kind, text) in zip(panels, WAYS.items(), strict=True):
        by_chance = getattr(seen.random, kind)
        steps = np.linspace(0, 100, by_chance.shape[1])
        mean, low, high = seen.random.interval(kind)
        lowest, highest = np.percentile(by_chance, [2.5, 97.5], axis=0)
        axes.fill_between(steps, lowest, highest, color="tab:gray", alpha=0.25)
        label = f"by chance: area {mean:.2f} ({low:.2f} to {high:.2f})"
        axes.plot(steps, by_chance.mean(axis=0), color="tab:gray", label=label)
        for title, curves in seen.curves.items():
            values = getattr(curves, kind)
            axes.plot(steps, values, marker=".", label=f"{title}: {area(values):.2f}")
        axes.set(xlabel=f"{text}, the most important first (%)", ylim=(0, 1.02))
        axes.grid(alpha=0.3)
        axes.legend(fontsize=8)
    panels[0].set_ylabel(f"share of {name}", parse_math=False)
    figure.suptitle(f"Check: {seen.n_cells} cells replaced by the mean spectrum of all songs", fontsize=11)
