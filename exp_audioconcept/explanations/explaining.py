"""One recording and one model: which genre is told, and why."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from scipy.special import softmax

from audiokit.errors import UserError
from audiokit.labels.prediction import listen
from audiokit.sound.audio import Recording
from exp_audioconcept.classifiers.learned import MEAN_SPECTRUM
from exp_audioconcept.classifiers.listening import GenreListener
from exp_audioconcept.explanations.attributions import AT_ONCE, integrated_gradients, occlusion
from exp_audioconcept.explanations.components import by_bands, by_beats, by_parts, by_stems
from exp_audioconcept.explanations.contributions import feature_contributions, import_shap
from exp_audioconcept.explanations.curves import measure_chance, measure_curves
from exp_audioconcept.explanations.effort import effort_of
from exp_audioconcept.explanations.grid import Grid
from exp_audioconcept.explanations.mixing import decide_mixes, padded
from exp_audioconcept.explanations.stems import read_stems
from exp_audioconcept.explanations.weights import component_weights
from exp_audioconcept.songs.sound import SHORTEST_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from exp_audioconcept.classifiers.learned import GenreModel, SeeingModel
    from exp_audioconcept.classifiers.svm.model import SvmModel
    from exp_audioconcept.explanations.components import Components
    from exp_audioconcept.explanations.contributions import Contributions
    from exp_audioconcept.explanations.curves import Curves, Random
    from exp_audioconcept.explanations.weights import Weights

__all__ = ["ATTRIBUTIONS", "Concept", "Explained", "Options", "Seen", "explain"]

ATTRIBUTIONS = ("integrated gradients", "occlusion")


@dataclass(frozen=True)
class Options:
    """What may be asked for."""

    genre: str | None = None
    """To be explained; by default the one that is told."""
    start: float | None = None
    """Of the stretch that is explained, s; by default where the genre is most evident."""
    stems: Path | None = None
    """Folder of what a separator made of the song."""
    repetitions: int = 10
    """Drawings that the intervals of the weights are of."""
    seed: int = 0


@dataclass(frozen=True)
class Concept:
    """A way to take the sound apart, what its components weigh, and what the model tells of each alone."""

    components: Components
    weights: Weights
    alone: NDArray[np.float64]
    """(n_components, n_genres), shares."""


@dataclass(frozen=True)
class Seen:
    """Where a network finds the genre in its Mel spectrogram."""

    mel: NDArray[np.float32]
    """(n_bands, n_frames)"""
    attributions: Mapping[str, NDArray[np.float64]]
    """Of the genre's logit, by the names of `ATTRIBUTIONS`: (n_bands, n_frames)."""
    difference: float
    """Of the genre's logits, here and of the mean spectrum: what integrated gradients should sum up to."""
    gap: float
    """By how much they miss it."""
    curves: Mapping[str, Curves]
    random: Random
    n_cells: int
    """That the spectrogram was divided into for them."""


@dataclass(frozen=True)
class Explained:
    """All that is told of a recording."""

    recording: Recording
    genres: tuple[str, ...]
    shares: NDArray[np.float64]
    """Of the genres in the whole recording, (n_genres,)."""
    genre: int
    """Number of the one that is explained."""
    start: float
    """Of the stretch that is explained, s."""
    sound: NDArray[np.float32]
    """The stretch, (n_samples,)."""
    decision: float
    """The genre's logit or decision value there."""
    stretch_shares: NDArray[np.float64]
    """Of the genres there, (n_genres,)."""
    concepts: tuple[Concept, ...]
    seen: Seen | None = None
    """Of what decides by a spectrogram."""
    contributions: Contributions | None = None
    """Of an SVM's features."""


def explain(model: GenreModel, path: Path, options: Options) -> Explained:
    """Explain what a model tells of a recording.

    Raises
    ------
    UserError
        where the recording cannot be used, or a genre or a stretch is asked for that is not there.
    """
    recording = Recording(path, sample_rate=model.sample_rate)
    if recording.peak < np.finfo(np.float32).tiny:
        raise UserError(f"{path} is silent: there is no genre to be explained")
    if recording.seconds < SHORTEST_SECONDS:
        raise UserError(f"{path} is {recording.seconds:.2f} s long: give a second at least")
    scores = listen(GenreListener(model), recording, progress=False)
    genre = _genre(model, options.genre, int(scores.mean.argmax()))
    start = _start(recording, model, options.start, scores.times[scores.scores[:, genre].argmax(), 0])
    begin = round(start * model.sample_rate)
    sound = recording.read(begin, min(begin + model.length, recording.n_samples), normalise=False)
    if np.abs(sound).max() < np.finfo(np.float32).tiny:
        raise UserError(f"{path} is silent from {start:.1f} s on: give another --start")
    begin_own = _by_features if model.kind == "SVM" else _by_spectrogram
    with _one_thread_each(), ThreadPoolExecutor(os.cpu_count()) as pool:
        decided, finish_own = begin_own(model, sound, genre, options, pool)
        ways = _ways(model, path, sound, begin, options)
        concepts = [pool.submit(_concept, model, components, decided, genre, options) for components in ways]
        own = finish_own()
    return Explained(
        recording=recording,
        genres=tuple(model.genres),
        shares=scores.mean,
        genre=genre,
        start=start,
        sound=sound,
        decision=float(decided[genre]),
        stretch_shares=softmax(decided),
        concepts=tuple(concept.result() for concept in concepts),
        **own,
    )


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Passes go side by side: more threads within each would only wait, spinning, for one another."""
    usual = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(usual)


def _genre(model: GenreModel, asked: str | None, told: int) -> int:
    if asked is None:
        return told
    if asked not in model.genres:
        raise UserError(f"the model knows no genre {asked!r}: ask for one of {', '.join(model.genres)}")
    return tuple(model.genres).index(asked)


def _start(recording: Recording, model: GenreModel, asked: float | None, found: float) -> float:
    """Of the stretch; what is asked for is moved forward where less than a whole stretch would be left."""
    if asked is None:
        return float(found)
    if asked >= recording.seconds:
        raise UserError(f"{recording.path} is {recording.seconds:.1f} s long, and --start {asked:g} is beyond its end")
    return max(0.0, min(asked, recording.seconds - model.length / model.sample_rate))


def _ways(
    model: GenreModel, path: Path, sound: NDArray[np.float32], begin: int, options: Options
) -> Iterator[Components]:
    """The ways to take the sound apart, one after the other as they are made."""
    yield by_parts(sound)
    yield by_bands(sound, model.sample_rate)
    yield by_beats(sound, model.sample_rate, at_most=effort_of(model.kind).stretches)
    if options.stems:
        stems = read_stems(options.stems, path, sample_rate=model.sample_rate, begin=begin, n_samples=len(sound))
        yield by_stems(sound, stems)


def _concept(
    model: GenreModel, components: Components, whole: NDArray[np.float64], genre: int, options: Options
) -> Concept:
    n = len(components.names)
    decide = decide_mixes(model, components)
    decided = {np.ones(n, bool).tobytes(): whole}

    def evaluate(masks: NDArray[np.bool_]) -> NDArray[np.float64]:
        new = np.array([mask for mask in masks if mask.tobytes() not in decided]).reshape(-1, n)
        for first in range(0, len(new), AT_ONCE):
            some = new[first : first + AT_ONCE]
            decided.update({mask.tobytes(): value for mask, value in zip(some, decide(some), strict=True)})
        return np.array([decided[mask.tobytes()] for mask in masks])

    weights = component_weights(
        lambda masks: evaluate(masks)[:, genre],
        n,
        repetitions=options.repetitions,
        draws=effort_of(model.kind).draws,
        seed=options.seed,
    )
    return Concept(components, weights, softmax(evaluate(np.eye(n, dtype=bool)), axis=1))


def _by_features(
    model: SvmModel, sound: NDArray[np.float32], genre: int, options: Options, pool: ThreadPoolExecutor
) -> tuple[NDArray[np.float64], Callable[[], dict[str, Contributions]]]:
    """Decision values, and what waits for the features' contributions to one."""
    features = model.features_of(sound)
    import_shap()
    found = pool.submit(feature_contributions, model, features, genre, seed=options.seed)
    return model.machine.decide(features[None])[0], lambda: {"contributions": found.result()}


def _by_spectrogram(
    model: SeeingModel, sound: NDArray[np.float32], genre: int, options: Options, pool: ThreadPoolExecutor
) -> tuple[NDArray[np.float64], Callable[[], dict[str, Seen]]]:
    """Decision values, and what waits for where the network finds the genre, and checks it."""
    if MEAN_SPECTRUM not in model.settings:
        raise UserError("the model keeps no mean spectrum of its songs to compare with: train it anew")
    spectrum = torch.tensor(model.settings[MEAN_SPECTRUM], dtype=torch.float32)
    mel = model.see(padded(sound[None], model.length))[0]
    effort = effort_of(model.kind)
    grid = Grid(*mel.shape, effort.cells)
    task = model.classify, mel, spectrum, genre
    steps = effort.curve_steps
    gradients = pool.submit(integrated_gradients, *task, steps=effort.integral_steps)
    occluded = pool.submit(occlusion, *task, grid)
    chance = pool.submit(measure_chance, *task, grid, steps=steps, n_orders=effort.orders, seed=options.seed)

    def finish() -> dict[str, Seen]:
        found, gap = gradients.result()
        attributions = dict(zip(ATTRIBUTIONS, (found, occluded.result()), strict=True))
        curves = measure_curves(*task, grid, attributions, steps=steps)
        difference = float(decided[genre] - at_mean[genre])
        return {"seen": Seen(mel.numpy(), attributions, difference, gap, curves, chance.result(), grid.n_cells)}

    with torch.inference_mode():
        decided, at_mean = model.classify(torch.stack([mel, spectrum[:, None].expand_as(mel)])).double().numpy()
    return decided, finish
