"""What scores of clips are worth: their correlation with the time of presence, and thresholds and probabilities."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from audiokit.files import write_whole
from sensors.clips import GROUPS, blocks_of_clips
from spectral_transcoder.sensor.presence.thresholds import SMALLEST_SCORE, Threshold

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from sensors.clips import Clips

__all__ = [
    "PUBLISHED",
    "Measured",
    "choose_threshold",
    "correlation",
    "interval",
    "measure",
    "table_of",
    "write_shipped",
]

N_BOOTSTRAP = 2000
SHIPPED = {"125 ms": "fast", "1 s": "slow"}
"""Ways whose thresholds are shipped, and the name of their cadence."""

Interval = tuple[float, float, float]
"""A value and the ends of the interval that holds 95 % of its bootstrap samples."""


@dataclass(frozen=True)
class Measured:
    """A row of the table: for each of `GROUPS` a value."""

    title: str
    correlations: Sequence[Interval]
    of_probabilities: Sequence[Interval] = ()
    areas: Sequence[float] = ()
    shares: Sequence[float] = ()
    """Time of presence that was told with thresholds from the other clips, per cent."""

    true_shares: Sequence[float] = ()
    chosen: Mapping[str, Threshold] | None = None
    """From all clips."""

    teacher: str = ""
    transcoder: str = ""
    way: str = ""


def _published(title: str, *values: float) -> Measured:
    return Measured(title, [(value, np.nan, np.nan) for value in values])


PUBLISHED = (
    _published("published: PANN on the sound †", 0.73, 0.95, 0.78),
    _published("published: PANN through the paper's transcoder †", 0.72, 0.88, 0.61),
    _published("published: Gontier's network, trained on synthetic levels †", 0.62, 0.59, 0.68),
)
"""Of all 30 clips."""


def correlation(values: NDArray[np.floating], truth: NDArray[np.floating]) -> float:
    """Pearson's r; NaN where one of them does not vary."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return float(np.corrcoef(values, truth)[0, 1])


def interval(values: NDArray[np.floating], truth: NDArray[np.floating]) -> Interval:
    """Pearson's r over clips, with its interval."""
    if np.isnan(values).any():
        return np.nan, np.nan, np.nan
    samples = np.random.default_rng(0).integers(len(values), size=(N_BOOTSTRAP, len(values)))
    found = np.array([correlation(values[sample], truth[sample]) for sample in samples])
    return correlation(values, truth), *np.nanpercentile(found, [2.5, 97.5]).tolist()


def choose_threshold(
    scores: NDArray[np.floating], present: NDArray[np.floating], seconds: NDArray[np.integer]
) -> Threshold:
    """Threshold that as much of the time reaches as the source was there, and the line of probabilities.

    Parameters
    ----------
    scores, present, seconds : (n,)
        score of each block, share of its seconds with the source in them, and how many seconds it has.
    """
    order = np.argsort(-scores, kind="stable")
    told = np.cumsum(seconds[order]) / seconds.sum()
    truth = float((present * seconds).sum() / seconds.sum())
    last = int(np.argmin(np.abs(np.concatenate([[0], told]) - truth)))
    limits = scores[order]
    above, below = limits[max(0, last - 1)], limits[min(last, len(limits) - 1)]
    logarithms = np.log(np.maximum(scores, SMALLEST_SCORE))[:, None]
    model = LogisticRegression(C=1e6).fit(
        np.concatenate([logarithms, logarithms]),
        np.repeat([1, 0], len(scores)),
        sample_weight=np.concatenate([present * seconds, (1 - present) * seconds]) + 1e-9,
    )
    slope, intercept = float(model.coef_[0, 0]), float(model.intercept_[0])
    # A score that falls where the source is there says nothing about it.
    return Threshold(float(np.sqrt(above * below)), *((slope, intercept) if slope > 0 else (np.nan, np.nan)))


def measure(scores: NDArray[np.floating], clips: Clips, *, teacher: str, transcoder: str, way: str) -> Measured:
    """Measure the scores of one way, (n_clips, n_blocks, n_groups)."""
    present, seconds = blocks_of_clips(clips)
    scores = scores[:, : len(seconds)]
    told = np.zeros_like(scores)
    probable = np.zeros_like(scores)
    chosen = {}
    for place, group in enumerate(GROUPS):
        of_group = scores[:, :, place], present[:, :, place]
        for clip in range(len(scores)):
            found = _from_clips(*of_group, seconds, np.arange(len(scores)) != clip)
            told[clip, :, place] = scores[clip, :, place] >= found.score
            probable[clip, :, place] = found.probability(scores[clip, :, place])
        chosen[group] = _from_clips(*of_group, seconds, np.ones(len(scores), bool))
    by_time = seconds / seconds.sum()
    of_clips = _per_group(lambda place: interval(scores[:, :, place] @ by_time, clips.shares[:, place]))
    return Measured(
        f"{teacher}, {transcoder}, {way}",
        of_clips,
        _per_group(lambda place: interval(probable[:, :, place] @ by_time, clips.shares[:, place])),
        _per_group(lambda place: _area(scores[:, :, place], clips.seconds[:, :, place], seconds)),
        _per_group(lambda place: 100 * float((told[:, :, place] @ by_time).mean())),
        _per_group(lambda place: 100 * float(clips.seconds[:, :, place].mean())),
        chosen,
        teacher,
        transcoder,
        way,
    )


def _per_group(value: Callable[[int], object]) -> list:
    return [value(place) for place in range(len(GROUPS))]


def _from_clips(
    scores: NDArray[np.floating], present: NDArray[np.floating], seconds: NDArray[np.integer], taken: NDArray[np.bool_]
) -> Threshold:
    each = np.broadcast_to(seconds, scores.shape)
    return choose_threshold(scores[taken].ravel(), present[taken].ravel(), each[taken].ravel())


def _area(scores: NDArray[np.floating], seconds: NDArray[np.integer], lengths: NDArray[np.integer]) -> float:
    return float(roc_auc_score(seconds.ravel(), np.repeat(scores, lengths, axis=1).ravel()))


def table_of(rows: Sequence[Measured]) -> str:
    """The table as Markdown."""
    columns = [f"{kind}: {group}" for kind in ("r", "r of probabilities", "area") for group in GROUPS]
    columns += [f"time told (true), %: {group}" for group in GROUPS]
    lines = [f"| | {' | '.join(columns)} |", f"|---|{'---:|' * len(columns)}"]
    for row in rows:
        cells = [_shown(each) for each in row.correlations]
        cells += [_shown(each) for each in row.of_probabilities] or [""] * len(GROUPS)
        cells += [f"{each:.2f}" for each in row.areas] or [""] * len(GROUPS)
        cells += [f"{told:.0f} ({true:.0f})" for told, true in zip(row.shares, row.true_shares, strict=True)] or (
            [""] * len(GROUPS)
        )
        lines.append(f"| {row.title} | {' | '.join(cells)} |")
    return "\n".join([*lines, "", "† of all 30 clips; the others are of those in the file"])


def _shown(value: Interval) -> str:
    ends = "" if np.isnan(value[1]) else f" ({value[1]:.2f} to {value[2]:.2f})"
    return "–" if np.isnan(value[0]) else f"{value[0]:.2f}{ends}"


def write_shipped(rows: Sequence[Measured], *, name: str, chosen: Path, heard: Path) -> None:
    """Write what is shipped; rows of other teachers and transcoders stay.

    Parameters
    ----------
    name
        of the clips.
    chosen, heard
        tables of thresholds, and of how well groups are heard in levels a second apart.
    """
    kept = [row for row in rows if row.way in SHIPPED]
    limits = [
        {
            "teacher": row.teacher, "transcoder": row.transcoder, "cadence": SHIPPED[row.way], "group": group,
            "threshold": f"{row.chosen[group].score:.4g}", "slope": _written(row.chosen[group].slope),
            "intercept": _written(row.chosen[group].intercept), "error_points": f"{told - true:.1f}",
            "chosen": f"share of seconds of {name} (--auto_offset; blocks of 10 s); error with clips left out",
        }
        for row in kept
        for group, told, true in zip(GROUPS, row.shares, row.true_shares, strict=True)
    ]  # fmt: skip
    correlations = [
        {"teacher": row.teacher, "transcoder": row.transcoder, "group": group, "correlation": f"{found[0]:.3f}"}
        for row in kept
        if SHIPPED[row.way] == "slow"
        for group, found in zip(GROUPS, row.correlations, strict=True)
    ]
    _merge(chosen, limits, n_keys=4)
    _merge(heard, correlations, n_keys=3)


def _written(number: float) -> str:
    return "" if np.isnan(number) else f"{number:.4g}"


def _merge(path: Path, rows: Sequence[dict[str, str]], *, n_keys: int) -> None:
    """Put rows in the place of those with the same first cells."""
    with open(path, encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        names, there = list(reader.fieldnames), list(reader)
    merged = {tuple(row[name] for name in names[:n_keys]): row for row in [*there, *rows]}
    with write_whole(path) as partial, open(partial, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names, lineterminator="\n")
        writer.writeheader()
        writer.writerows(merged.values())
