"""What is written of an explanation: a page with players, pictures and bars; its sounds; its numbers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
from tqdm import tqdm

from audiokit.files import make_folder, output_stem, readable, write_whole
from audiokit.labels.class_figures import class_title
from audiokit.reports import figures
from audiokit.reports.page import Column, write_page
from audiokit.reports.spectrogram import overview_spectrogram
from audiokit.sound.audio import Recording, write_wav
from audiokit.sound.each_recording import for_each_recording
from audiokit.storage.holding import hold, remove_parts
from exp_audioconcept.explanations.curves import area, better_than_chance
from exp_audioconcept.explanations.explaining import ATTRIBUTIONS, explain
from exp_audioconcept.explanations.feature_pictures import PICTURES, write_feature_pictures
from exp_audioconcept.explanations.pictures import concept_figure, seen_figure

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from exp_audioconcept.classifiers.learned import GenreModel
    from exp_audioconcept.explanations.explaining import Concept, Explained, Options, Seen

__all__ = ["explain_all", "numbers_of", "write_explanation"]

SEEN = "seen.png"
OF_SOME = (SEEN, *PICTURES, "stems.wav")
"""What is written of some models, or with some options."""

N_TOP = 5
LARGEST_MISS = 0.2
"""Of what integrated gradients should sum up to."""
HEARD_NOTE = (
    "Weights: by how much the decision value falls when a component is taken away (by a linear model of the model, as "
    "in LIME and audioLIME), and between what they lie with 95 % over repeated drawings."
)
SHARES_NOTE = "Shares are a softmax of decision values: an order, and no calibrated chances."


def explain_all(model: GenreModel, names: Sequence[str], output: Path, options: Options) -> int:
    """Explain several recordings, and print what is told and what went wrong.

    One that cannot be used does not keep the others from being done.

    Returns
    -------
    int
        1 where a recording could not be used, else 0
    """
    seen: list[Seen] = []

    def make(path: Path) -> None:
        explained = explain(model, path, options)
        page = write_explanation(explained, model, output)
        tqdm.write(f"{_line(explained)}\n{page}")
        seen.extend([explained.seen] if explained.seen else [])

    bar = tqdm(names, unit="song", disable=True if len(names) == 1 else None, leave=None)
    status = for_each_recording(bar, make)
    if len(seen) > 1:
        print(*_gain_lines(seen), sep="\n")
    return status


def _gain_lines(seen: Sequence[Seen]) -> Iterator[str]:
    """How much better than chance attributions are, over all songs."""
    for kind in ("deletion", "insertion"):
        for name in ATTRIBUTIONS:
            mean, low, high = better_than_chance([one.curves[name] for one in seen], [one.random for one in seen], kind)
            yield (
                f"{kind} by {name}: area better than by chance by {mean:.3f} ({low:.3f} to {high:.3f} with 95 %, "
                f"{len(seen)} songs)"
            )


def _line(explained: Explained) -> str:
    """What is told, and the heaviest component of each kind."""
    heaviest = []
    for concept in explained.concepts:
        best = int(concept.weights.mean.argmax())
        if concept.weights.mean[best] > 0:
            heaviest.append(f"{concept.components.names[best]} {concept.weights.mean[best]:+.2f}")
    genre, share = explained.genres[explained.genre], explained.shares[explained.genre]
    reasons = f"for {', '.join(heaviest)}" if heaviest else "and no component alone speaks for it"
    return f"{readable(explained.recording.path.name)}: {genre} {share:.2f}, {reasons}"


def write_explanation(explained: Explained, model: GenreModel, output: Path) -> Path:
    """Write page, pictures, sounds and numbers to `output/<stem>/`, the page last: its path.

    What was written there of another model, and is not of this one, goes.
    """
    folder = make_folder(output / output_stem(explained.recording.path))
    page = folder / "index.html"
    with hold(page, wait=True):
        remove_parts(folder)
        columns = [_song_column(explained, folder), *_heard_columns(explained, folder)]
        (picture, picture_text), *further = _pictures(explained, model, folder).items()
        with write_whole(folder / "explanation.json") as partial:
            partial.write_text(json.dumps(numbers_of(explained, model), indent=1) + "\n", encoding="utf-8")
        begin, end = explained.start, explained.start + len(explained.sound) / model.sample_rate
        name = class_title(explained.genres[explained.genre])
        write_page(
            page,
            title=f"{readable(explained.recording.path.name)}: why {name}?",
            maker=f"{model.kind} of genres",
            facts=f"{explained.recording.seconds:.1f} s, of which {begin:.1f} to {end:.1f} s are explained",
            notes=_notes(explained),
            columns=columns,
            picture=picture,
            picture_text=picture_text,
            further_pictures=further,
        )
        written = {path.name for path in (*(column.sound for column in columns), picture, *dict(further))}
        for name in set(OF_SOME) - written:  # of what another model was asked before
            (folder / name).unlink(missing_ok=True)
    return page


def _notes(explained: Explained) -> list[str]:
    notes = [*explained.recording.notes, HEARD_NOTE, SHARES_NOTE]
    if explained.seen:
        notes += [
            gradients_line(explained.seen),
            curve_line(explained.seen, "deletion"),
            curve_line(explained.seen, "insertion"),
        ]
    return notes


def gradients_line(seen: Seen) -> str:
    """How well the integral of gradients came out, and a warning where it did not."""
    told = (
        f"Integrated gradients should sum up to {seen.difference:+.2f}, the logit less that of the mean spectrum of all"
        f" songs, and miss it by {seen.gap:.2f}"
    )
    return f"{told}: do not rely on them here." if seen.gap > LARGEST_MISS * abs(seen.difference) else f"{told}."


def curve_line(seen: Seen, kind: str) -> str:
    """The areas below the curves, and whether they differ from chance."""
    mean, low, high = seen.random.interval(kind)
    told = ", ".join(f"{name} {area(getattr(curves, kind)):.3f}" for name, curves in seen.curves.items())
    better = "smaller" if kind == "deletion" else "larger"
    return f"Area below the {kind} curve ({better} is better): {told}; by chance {mean:.3f} ({low:.3f} to {high:.3f})."


def _pictures(explained: Explained, model: GenreModel, folder: Path) -> dict[Path, str]:
    name = class_title(explained.genres[explained.genre])
    written = {folder / "concepts.png": "What each component weighs, as bars with intervals"}
    figures.save(concept_figure(explained), folder / "concepts.png")
    if explained.seen:
        path = folder / SEEN
        figures.save(seen_figure(explained, explained.seen, model.front_end), path)
        written[path] = f"Where the network finds {name} in its spectrogram, and the curves that check it"
    if explained.contributions:
        written |= write_feature_pictures(folder, explained.contributions, genre=name)
    return written


def _song_column(explained: Explained, folder: Path) -> Column:
    text = "The stretch that is explained; bars are the shares of the genres in it."
    return _column("Song", text, explained.sound, explained.stretch_shares, explained, folder / "song.wav")


def _heard_columns(explained: Explained, folder: Path) -> list[Column]:
    """The component that weighs most of each way to take the sound apart."""
    columns = []
    for concept in explained.concepts:
        best = int(concept.weights.mean.argmax())
        title = f"{concept.components.title}: {concept.components.names[best]}"
        weights = concept.weights
        text = (
            f"Weighs {weights.mean[best]:+.2f} ({weights.low[best]:+.2f} to {weights.high[best]:+.2f}) of a decision "
            f"value of {explained.decision:+.2f}; bars are what the model tells of it alone."
        )
        sound = _heard(concept, best, explained.recording.sample_rate)
        path = folder / f"{concept.components.title}.wav"
        columns.append(_column(title, text, sound, concept.alone[best], explained, path))
    return columns


def _heard(concept: Concept, number: int, sample_rate: int) -> NDArray[np.float32]:
    """A component, without the silence around a stretch of time."""
    sound = concept.components.sounds[number]
    if not concept.components.spans:
        return sound
    begin, end = concept.components.spans[number]
    return sound[int(begin * sample_rate) : int(end * sample_rate)]


def _column(
    title: str, text: str, sound: NDArray[np.float32], shares: NDArray[np.float64], explained: Explained, path: Path
) -> Column:
    rate = explained.recording.sample_rate
    with write_whole(path) as partial, write_wav(partial, rate, n_samples=len(sound)) as file:
        file.write(sound)
    levels = overview_spectrogram(Recording(path, sample_rate=rate))
    picture = figures.thumbnail(levels, (-figures.SHOWN_RANGE_DB, 0))
    order = np.argsort(-shares, kind="stable")[:N_TOP]
    tags = [(class_title(explained.genres[number]), float(shares[number])) for number in order]
    return Column(title, text, path, picture, tags)


def numbers_of(explained: Explained, model: GenreModel) -> dict[str, object]:
    """All numbers of an explanation, for JSON."""
    content = {
        "file": str(explained.recording.path),
        "model": model.kind,
        "genre": explained.genres[explained.genre],
        "shares": dict(zip(explained.genres, explained.shares.tolist(), strict=True)),
        "start_s": explained.start,
        "seconds": len(explained.sound) / model.sample_rate,
        "decision_value": explained.decision,
        "concepts": {concept.components.title: _weights(concept) for concept in explained.concepts},
    }
    if explained.seen:
        content["curves"] = {kind: _areas(explained.seen, kind) for kind in ("deletion", "insertion")}
        content["integrated_gradients_should_sum_to"] = explained.seen.difference
        content["integrated_gradients_miss"] = explained.seen.gap
    if explained.contributions:
        song = explained.contributions.song
        values = np.asarray(song.values).tolist()
        content["features"] = dict(zip(song.feature_names, values, strict=True))
        content["mean_decision_value"] = float(song.base_values)
    return content


def _weights(concept: Concept) -> dict[str, dict[str, float]]:
    weights = concept.weights
    rows = zip(
        concept.components.names, weights.mean.tolist(), weights.low.tolist(), weights.high.tolist(), strict=True
    )
    return {name: {"weight": mean, "low": low, "high": high} for name, mean, low, high in rows}


def _areas(seen: Seen, kind: str) -> dict[str, object]:
    mean, low, high = seen.random.interval(kind)
    areas = {name: float(area(getattr(curves, kind))) for name, curves in seen.curves.items()}
    return {**areas, "by chance": mean, "by chance, 95 %": [low, high]}
