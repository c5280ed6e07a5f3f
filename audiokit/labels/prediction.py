"""Any recording in, what a network hears in it over time out: a table, a picture and a page."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from audiokit.errors import UserError
from audiokit.files import make_folder, output_stem, readable, write_whole
from audiokit.labels.score_figures import scores_figure
from audiokit.labels.scores_over_time import ScoresOverTime, write_scores
from audiokit.reports import figures
from audiokit.reports.page import EMBEDDED_SECONDS, Column, write_page
from audiokit.reports.spectrogram import band_centres, overview_spectrogram
from audiokit.sound.audio import Recording, write_wav
from audiokit.sound.each_recording import for_each_recording
from audiokit.sound.pieces import piece_starts, pieces
from audiokit.storage.holding import hold, remove_parts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["Listener", "Predicted", "predict", "predict_all"]

N_TOP = 10
PIECES_AT_ONCE = 16
COPIED_SECONDS = 30
"""Of a long recording that are copied at once to a sound that browsers play."""


class Listener(Protocol):
    """A network with all that leads from sound to scores."""

    name: str
    """For people: in titles and on pages."""
    labels: Sequence[str]
    sample_rate: int
    """Hz"""
    length: int
    """Samples that it hears at once."""
    hop: int
    """Samples from the begin of a piece to that of the next."""
    context: int
    """Samples before and after each piece that it wants besides."""
    normalise: bool
    """Whether recordings are divided by their peak."""

    def __call__(self, pieces: NDArray[np.float32]) -> NDArray[np.floating]:
        """Scores of pieces, (n, context + length + context) to (n, n_labels) in [0, 1]."""


@dataclass(frozen=True)
class Predicted:
    """What one recording has become."""

    scores: ScoresOverTime
    page: Path


def predict(
    listener: Listener, path: Path, output: Path, *, notes: Sequence[str] = (), progress: bool = True
) -> Predicted:
    """Make table, picture and page of a recording in `output/<stem>/`; every file comes into being whole.

    Raises
    ------
    UserError
        where the recording cannot be used or the folder not be written to.
    """
    recording = Recording(path, sample_rate=listener.sample_rate)
    if recording.peak < np.finfo(np.float32).tiny:
        raise UserError(f"{path} is silent: there is nothing to hear in it")
    for note in recording.notes:
        print(f"{path}: {note}", file=sys.stderr)
    notes = [*(f"{readable(path.name)}: {note}" for note in recording.notes), *notes]
    if recording.n_samples < listener.length:
        notes.append(
            f"Shorter than the {listener.length / listener.sample_rate:.2f} s that are heard at once: continued with "
            "silence."
        )
    scores = listen(listener, recording, progress=progress)
    folder = make_folder(output / output_stem(path))
    page = folder / "index.html"
    with hold(page, wait=True):
        remove_parts(folder)
        _write(folder, page, recording, scores, listener, notes)
    return Predicted(scores, page)


def _write(
    folder: Path, page: Path, recording: Recording, scores: ScoresOverTime, listener: Listener, notes: Sequence[str]
) -> None:
    """Write all that is made of a recording, the page last."""
    name = readable(recording.path.name)
    write_scores(folder / "scores.csv", scores)
    picture = folder / "scores.png"
    levels = overview_spectrogram(recording)
    centres = band_centres(recording.sample_rate)
    title = f"{name}: {listener.name}"
    figures.save(scores_figure(scores, levels, centres, seconds=recording.seconds, title=title), picture)
    sound = _sound(recording, folder)
    thumbnail = figures.thumbnail(levels, (-figures.SHOWN_RANGE_DB, 0))
    write_page(
        page,
        title=name,
        facts=f"{recording.seconds:.2f} s; {listener.name}",
        notes=notes,
        columns=[Column("Recording", "Mean scores of the whole recording.", sound, thumbnail, scores.top(N_TOP))],
        picture=picture,
        maker=listener.name,
        picture_text=f"Spectrogram of {name}, and scores over time below it",
    )


def listen(listener: Listener, recording: Recording, *, progress: bool = True) -> ScoresOverTime:
    """Scores of a recording, piece by piece.

    The last piece ends with the recording and hears much again that the one before has heard: in the mean it counts by
    what is new in it, as a share of a hop. Evaluations by a published protocol have means of their own, which take
    every piece whole.
    """
    from tqdm import tqdm

    starts = piece_starts(recording.n_samples, length=listener.length, hop=listener.hop)
    options = {"total": len(starts), "desc": readable(recording.path.name), "unit": "piece", "leave": None}
    times, scores = [], []
    with tqdm(**options, disable=None if progress else True) as bar:
        for when, samples in pieces(
            recording,
            length=listener.length,
            hop=listener.hop,
            at_once=PIECES_AT_ONCE,
            context=listener.context,
            normalise=listener.normalise,
        ):
            times.append(when)
            scores.append(np.asarray(listener(samples)))
            bar.update(len(when))
    news = np.diff(starts, prepend=-listener.hop) / listener.hop
    return ScoresOverTime(listener.labels, np.concatenate(times), np.concatenate(scores), news)


def predict_all(
    listener: Listener,
    names: Sequence[str],
    output: Path,
    *,
    notes: Sequence[str] = (),
    besides: Callable[[Path, Path], None] | None = None,
) -> int:
    """Predict several recordings, and print what is heard and what went wrong.

    One that cannot be used does not keep the others from being done.

    Parameters
    ----------
    names
        paths, or bare names of files in `audio/`.
    besides
        called with each recording and its folder, for what else is to be made of it.

    Returns
    -------
    int
        1 where a recording could not be used, else 0
    """
    for note in notes:
        print(note, file=sys.stderr)

    def make(path: Path) -> None:
        predicted = predict(listener, path, output, notes=notes)
        heard = ", ".join(f"{label} {score:.2f}" for label, score in predicted.scores.top(3))
        print(f"{readable(path.name)}: {heard}\n{predicted.page}")
        if besides:
            besides(path, predicted.page.parent)

    return for_each_recording(names, make)


def _sound(recording: Recording, folder: Path) -> Path:
    """A sound that the page can play: the recording itself, which is embedded, or a copy where it is long."""
    if recording.seconds <= EMBEDDED_SECONDS:
        return recording.path
    path = folder / f"{output_stem(recording.path)}_heard.wav"  # not the name of the recording, which may lie here
    step = COPIED_SECONDS * recording.sample_rate
    with write_whole(path) as partial, write_wav(partial, recording.sample_rate, n_samples=recording.n_samples) as file:
        for start in range(0, recording.n_samples, step):
            file.write(recording.read(start, min(start + step, recording.n_samples)))
    return path
