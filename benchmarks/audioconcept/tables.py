"""Features of a song, an epoch of the CNN, and an explanation, by the original's way and by ours."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import soundfile
import torch
from threadpoolctl import threadpool_limits
from timing import Table, cpu_clock, digits, measure, ratio, take_turns

from audioconcept.baseline import OriginalEpoch, plain_features, torchaudio_mel
from audiokit.labels.clip_store import ClipStore
from exp_audioconcept import train
from exp_audioconcept.classifiers.learned import MEAN_SPECTRUM
from exp_audioconcept.classifiers.materials import Source
from exp_audioconcept.classifiers.model_file import write_model_file
from exp_audioconcept.classifiers.network.training import BATCH_SIZE, NetworkSettings, train_network
from exp_audioconcept.networks.kinds import NETWORKS, create_network, n_samples
from exp_audioconcept.networks.mel import FRONT_END
from exp_audioconcept.song_features.extraction import SAMPLE_RATE, song_features
from exp_audioconcept.songs.sound import StoredSongs
from teachers.registry import find_weights

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

SECONDS = 30
N_GENRES, SONGS_OF_GENRE = 2, 12
TEACHER = "YamNet"
FEATURE_TOLERANCE, MEL_TOLERANCE = 1e-5, 1e-3
LENGTH = n_samples(NETWORKS["CNN"].seconds)


def song(seed: int) -> NDArray[np.float32]:
    """Chords with a beat and some noise, (n_samples,)."""
    random = np.random.default_rng(seed)
    t = np.arange(SECONDS * SAMPLE_RATE) / SAMPLE_RATE
    root, beat = random.uniform(110, 220), random.uniform(0.4, 0.6)
    chord = sum(np.sin(2 * np.pi * root * step * t) for step in (1, 1.26, 1.5)) * (1 + np.floor(t) % 2)
    noise = random.standard_normal(len(t))
    return (0.1 * chord + 0.2 * np.exp(-40 * (t % beat)) * noise + 0.01 * noise).astype(np.float32)


def write_songs(folder: Path) -> list[Path]:
    """A folder for each genre."""
    paths = [
        folder / f"genre{genre}" / f"{number:02d}.wav" for genre in range(N_GENRES) for number in range(SONGS_OF_GENRE)
    ]
    for seed, path in enumerate(paths):
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, song(seed), SAMPLE_RATE)
    return paths


def features_table(repeats: int) -> str:
    """CPU times of the features of a song on one core, equal within 1e-5."""
    sound = song(0)
    expected = plain_features(sound)
    worst = np.max(np.abs(song_features(sound) - expected) / np.maximum(np.abs(expected), 1e-4))
    assert worst < FEATURE_TOLERANCE, worst
    tasks = {"librosa, feature by feature": lambda: plain_features(sound), "ours": lambda: song_features(sound)}
    title = "Features of a song of 30 s, CPU time on one core (target: 2 times)"
    table = Table(title=title, seconds=SECONDS, reference="librosa, feature by feature", tasks=tasks)
    return f"{measure(table, repeats=repeats)}\nLargest relative difference: {worst:.1e}.\n"


def epoch_table(folder: Path, repeats: int) -> str:
    """CPU times of an epoch of the CNN on one core; two songs to choose by are looked at before and after."""
    paths = write_songs(folder / "songs")
    genres = np.repeat(np.arange(N_GENRES), SONGS_OF_GENRE)
    baseline = OriginalEpoch(paths, genres, length=LENGTH, batch_size=BATCH_SIZE)
    sound = torch.from_numpy(song(0)[None, :LENGTH])
    mel = FRONT_END(sound).transpose(1, 2)
    worst = float((torchaudio_mel(sound, baseline.bank) - mel).abs().max())
    assert worst < MEL_TOLERANCE, worst
    usual = NETWORKS["CNN"]
    rates = {"learning_rate": usual.learning_rate, "weight_decay": usual.weight_decay}
    settings = NetworkSettings("CNN", LENGTH, **rates, epochs=1, augmented=False)
    with quiet(), ClipStore(Source(folder / "songs", stores=folder, workers=1).sound_store()) as store:
        stored = StoredSongs(store)

        def ours(settings: NetworkSettings) -> None:
            parts = {"train": np.arange(len(paths)), "valid": np.array([0, len(paths) - 1])}
            checkpoint = folder / "checkpoint.pt"
            train_network(settings, stored, **parts, genres=genres, n_genres=N_GENRES, checkpoint=checkpoint)
            checkpoint.unlink(missing_ok=True)

        mixed = replace(settings, mixed_precision=True)
        tasks = {
            "front end anew": lambda: seconds_of(baseline),
            "ours": lambda: seconds_of(partial(ours, settings)),
            "ours, mixed precision (bfloat16)": lambda: seconds_of(partial(ours, mixed)),
        }
        times = {name: own[1:] for name, own in take_turns(tasks, repeats=repeats + 1).items()}
    lines = [
        f"### An epoch of the CNN on {len(paths)} songs of 29.1 s, CPU time on one core (target: 2 times)", "",
        "| | CPU s | faster than the front end anew by |", "|---|---:|---:|",
    ]  # fmt: skip
    for name, own in times.items():
        faster = "1" if name == "front end anew" else ratio(times["front end anew"], own)
        lines.append(f"| {name} | {digits(float(np.median(own)))} | {faster} |")
    return "\n".join([*lines, "", f"Largest difference of the spectrograms: {worst:.1e} dB.", ""])


def seconds_of(task: Callable[[], object]) -> float:
    """CPU seconds of a call."""
    start = cpu_clock()
    task()
    return cpu_clock() - start


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Progress bars out of sight."""
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stderr(nowhere):
        yield


def explain_table(folder: Path, repeats: int, teachers: Path) -> str:
    """Wall and CPU time of the whole command, for one file of 30 s, by a model of each kind."""
    paths = write_songs(folder / "songs")
    models = dict(explained_models(folder, teachers))
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in models}
    for turn in range(repeats + 1):
        for name, (kind, model) in models.items():
            command = [sys.executable, "-m", "exp_audioconcept.explain", str(paths[0]), "--model", kind]
            command += ["--model-path", str(model), "--report-path", str(folder / "told"), "--teachers", str(teachers)]
            wall, cpu = time.perf_counter(), cpu_clock()
            subprocess.run(command, check=True, capture_output=True)
            if turn:  # what is compiled once is, in the first
                times[name].append((time.perf_counter() - wall, cpu_clock() - cpu))
    lines = [
        "### An explanation of a song of 30 s, the whole command (target: 10 s on 2 cores)", "",
        "| | wall s, median (all) | CPU s, median |", "|---|---:|---:|",
    ]  # fmt: skip
    for name, own in times.items():
        walls, cpus = zip(*own, strict=True)
        every = ", ".join(f"{wall:.1f}" for wall in sorted(walls))
        lines.append(f"| {name} | {np.median(walls):.1f} ({every}) | {np.median(cpus):.1f} |")
    load = os.getloadavg()[0]
    return "\n".join([*lines, "", f"Load of the machine: {load:.1f} processes on {os.cpu_count()} cores.", ""])


def explained_models(folder: Path, teachers: Path) -> Iterator[tuple[str, tuple[str, Path]]]:
    """A model of each kind: name → kind, file. Networks have random weights; SVM and head learn from the songs."""
    genres = [f"genre{number}" for number in range(N_GENRES)]
    for name, kind, seconds in (("CNN, 29.1 s", "CNN", 29.1), ("VGGish, 3.96 s", "VGGish", 3.96)):
        length, path = n_samples(seconds), folder / f"{kind}.pt"
        network = create_network(kind, N_GENRES, length=length)
        settings = {"genres": genres, "length": length, "adaptive": False, MEAN_SPECTRUM: [-30.0] * FRONT_END.n_mels}
        write_model_file(path, kind=kind, settings=settings, state=network.state_dict())
        yield name, (kind, path)
    places = ["--data", folder / "songs", "--stores", folder, "--figures-path", folder, "--teachers", teachers]
    for name, kind in (("SVM", "SVM"), (f"head on {TEACHER}, 5 s", "head")):
        if kind == "head" and find_weights(TEACHER, teachers) is None:
            continue
        path = folder / f"{kind}.pt"
        with quiet(), open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
            arguments = ["main", kind, "--teacher", TEACHER, "--model-path", path, *places]
            train.main([*map(str, arguments)])
        yield name, (kind, path)


def print_tables(names: Sequence[str], *, repeats: int, teachers: Path) -> None:
    """Print tables: `features`, `epoch` and `explain`."""
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        with threadpool_limits(1):
            if "features" in names:
                print(features_table(repeats), flush=True)
            if "epoch" in names:
                print(epoch_table(Path(name), repeats), flush=True)
        if "explain" in names:
            print(explain_table(Path(name), repeats, teachers), flush=True)
