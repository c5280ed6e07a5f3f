"""What is said of a source once it is tagged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spectral_transcoder.listening.tags import top_labels
from spectral_transcoder.sensor.levels.offset import LOUD_PERCENTILE, warning_about
from spectral_transcoder.sensor.levels.quality import duration
from spectral_transcoder.third_octave import FAST, SLOW

if TYPE_CHECKING:
    from spectral_transcoder.sensor.levels.overall import LevelHistogram
    from spectral_transcoder.sensor.levels.quality import Quality
    from spectral_transcoder.sensor.levels.sources import LevelSource
    from spectral_transcoder.sensor.results.overview import Overview
    from spectral_transcoder.sensor.results.summary import Summary

__all__ = ["notes_on", "report"]

N_REPORTED = 5

SLOW_NOTE = "a level a second: what changes within it is lost, so that tags of short sounds rest on little"
COARSE_NOTE = (
    "levels of {:g} ms hold less of what changes fast, such as voices; which teacher hears these all the same, "
    "docs/sensor_data.md tells"
)
COARSE_FROM = 1.5
"""Frames of 125 ms, from which on a cadence is told of."""


def notes_on(
    source: LevelSource, summary: Summary, *, quality: Quality, histogram: LevelHistogram, db_offset: float
) -> list[str]:
    """Lines on what was found while a source was read and tagged."""
    lines = [*source.notes, *quality.lines(source.hop_seconds)]
    if source.hop_seconds == SLOW.hop_seconds:
        lines.append(SLOW_NOTE)
    elif source.cadence and source.cadence > COARSE_FROM * FAST.hop_seconds:
        lines.append(COARSE_NOTE.format(1000 * source.cadence))
    lines += [
        f"{name} is left empty: {reason}; nor do its labels tell anything" for name, reason in summary.unheard.items()
    ]
    guessed = [name for name in summary.heard if name not in summary.thresholds]
    if guessed:
        lines.append(
            f"presence of {', '.join(guessed)}: no threshold was chosen on annotated levels for this teacher, this "
            f"transcoder and this cadence; {summary.threshold_of(guessed[0]).score:g} is a guess (--threshold)"
        )
    if summary.with_probabilities and (
        unknown := [name for name in summary.heard if not summary.is_probability_known(name)]
    ):
        lines.append(
            f"probabilities of {', '.join(unknown)} are left empty: nobody has measured them for this teacher, this "
            "transcoder and this cadence"
        )
    return [*lines, *filter(None, [warning_about(histogram.percentile(LOUD_PERCENTILE), db_offset)])]


def report(source: LevelSource, overview: Overview) -> None:
    """Print as what the source was read and what was found, in four lines."""
    n_blocks, n_scored = overview.n_blocks, overview.n_scored
    unscored = f", {n_blocks - n_scored} of them without scores for gaps" if n_scored < n_blocks else ""
    print(f"\n{source.name}: {n_blocks} blocks of {duration(overview.block_seconds)}{unscored}")
    if source.description:
        print(f"  read as {source.description}")
    if not n_scored:
        return
    summary = overview.summary
    if summary.heard:
        shares = zip(summary.heard, overview.mean_presence, strict=True)
        limits = {name: f"{summary.threshold_of(name).score:.2g}" for name in summary.heard}
        present = ", ".join(f"{name} in {share:.0%} (score of {limits[name]} or more)" for name, share in shares)
        print(f"  present: {present} of the blocks")
    best = top_labels(overview.mean_scores, summary.labels, n=N_REPORTED)
    print(f"  highest mean scores: {', '.join(f'{label} {score:.2f}' for label, score in best)}")
