"""How near transcoders come to their teacher on recordings of anybody's.

    python3 benchmarks/transcoding_quality.py FOLDER --teachers YamNet mn04_as

prints, for each teacher, a row for PINV and each trained transcoder that is here: over the recordings of the folder,
the share whose top class (of the scores' mean over the seconds) is the teacher's, or where the teacher's is among the
five highest; the share of seconds with the same top class; the cross-entropy and the divergence of the scores; the
squared error of the Mel spectrograms. Silent seconds are left out. In brackets, the interval that
holds 95 % of the figures that other recordings of the kind would have given (bootstrap over recordings).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import soundfile
import torch
from tqdm import tqdm

from spectral_transcoder import cli
from spectral_transcoder.datasets.chunk_dataset import THIRD_OCTAVE, mel_name
from spectral_transcoder.datasets.chunk_features import ChunkFeatures
from spectral_transcoder.datasets.recording_seconds import RecordingSeconds
from spectral_transcoder.errors import UserError
from spectral_transcoder.paths import REFERENCE_MODELS, ROOT
from spectral_transcoder.pinv import Pinv
from spectral_transcoder.teachers import load_teacher
from spectral_transcoder.third_octave import SAMPLE_RATE
from spectral_transcoder.training import metrics
from spectral_transcoder.training.evaluation import evaluate_teacher, evaluate_transcoder
from spectral_transcoder.transcoders.store import find_transcoders, load_transcoder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from torch import nn

    from spectral_transcoder.teachers import Teacher

SUFFIXES = (".wav", ".flac", ".ogg", ".mp3")
QUIET = 1e-4
"""Peak up to which a second is silent, where that of the recording is 1."""

BATCH_SIZE = 8
N_RESAMPLED = 2000
LONGEST_S = 60


def features(paths: Sequence[Path], teachers: Sequence[str]) -> tuple[dict[str, torch.Tensor], NDArray[np.integer]]:
    """Arrays of all seconds that are not silent, as a training dataset has them, and the recording of each."""
    make = ChunkFeatures(teachers)
    parts: list[dict[str, torch.Tensor]] = []
    files: list[int] = []
    for path in tqdm(paths, unit="recording", disable=None):
        seconds = RecordingSeconds(path, own_rate=soundfile.info(path).samplerate, sample_rates=make.sample_rates)
        number = files[-1] + 1 if files else 0
        for _, waveforms in seconds.blocks(LONGEST_S, limit=LONGEST_S):
            heard = np.abs(waveforms[SAMPLE_RATE]).max(axis=1) > QUIET
            parts.append(make({rate: torch.from_numpy(samples[heard]) for rate, samples in waveforms.items()}))
            files += [number] * int(heard.sum())
    return {name: torch.cat([part[name] for part in parts]) for name in parts[0]}, np.array(files)


def transcoders_for(teacher: Teacher, folders: Sequence[Path]) -> dict[str, nn.Module]:
    """PINV and those trained ones that give a Mel spectrogram, by folder and name."""
    found = {
        f"{folder.name}: {name}": load_transcoder(stored)
        for folder in folders
        for name, stored in find_transcoders(teacher.name, [folder]).items()
        if stored.settings.gives_mel
    }
    return {"PINV": Pinv(teacher.front_end).eval(), **found}


def quality(teacher_scores: NDArray, scores: NDArray, mel_mse: NDArray, files: NDArray) -> dict[str, NDArray]:
    """Values per recording."""
    return {
        "same top class (%)": 100.0 * metrics.same_top_class(teacher_scores, scores, files),
        "among our five (%)": 100.0 * among_the_highest(teacher_scores, scores, files),
        "of each second (%)": metrics.mean_by_file(100.0 * (teacher_scores.argmax(1) == scores.argmax(1)), files),
        "BCE": metrics.logit_bce(teacher_scores, scores, files),
        "KL": metrics.logit_kl(teacher_scores, scores, files),
        "Mel MSE": metrics.mean_by_file(mel_mse, files),
    }


def among_the_highest(teacher_scores: NDArray, scores: NDArray, files: NDArray, *, n: int = 5) -> NDArray[np.bool_]:
    """Whether the teacher's top class of each recording is among the model's highest."""
    wanted = metrics.top_class(teacher_scores, files)
    highest = np.argsort(-metrics.mean_by_file(scores, files), axis=1)[:, :n]
    return (highest == wanted[:, None]).any(axis=1)


def interval(values: NDArray) -> tuple[float, float]:
    """Of 95 % of the means of as many recordings drawn anew."""
    drawn = np.random.default_rng(0).integers(len(values), size=(N_RESAMPLED, len(values)))
    low, high = np.percentile(values[drawn].mean(axis=1), (2.5, 97.5))
    return float(low), float(high)


def cell(values: NDArray) -> str:
    """Mean and interval."""
    low, high = interval(values)
    return f"{values.mean():.4g} ({low:.4g}–{high:.4g})"


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("folder", type=Path, help="recordings, searched in folders below it, too")
    add("--match", default="*", help="pattern that their names must match, such as '5-*'")
    add("--teachers", nargs="+", default=["YamNet", "mn04_as"], metavar="NAME")
    add("--models", type=Path, default=ROOT, help="folder that download_pretrained_models.py --output was given")
    add("--teacher_weights", type=Path, metavar="FILE", help="checkpoint in place of the downloaded one")
    add("--transcoders", nargs="+", type=Path, default=[REFERENCE_MODELS, ROOT / "paper_transcoders"], metavar="FOLDER")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a table for each teacher."""
    options = parse(arguments)
    paths = sorted(path for path in options.folder.rglob(options.match) if path.suffix.lower() in SUFFIXES)
    if not paths:
        raise UserError(f"no recordings in {options.folder} are called {options.match}")
    arrays, files = features(paths, options.teachers)
    for name in options.teachers:
        teacher = load_teacher(name, weights=options.teacher_weights, folder=options.models)
        split = {THIRD_OCTAVE: arrays[THIRD_OCTAVE], "mel": arrays[mel_name(name)]}
        expected = evaluate_teacher(teacher, split["mel"], batch_size=BATCH_SIZE).scores
        itself = metrics.logit_bce(expected, expected, files).mean()
        print(f"\n{name}, whose BCE with itself is {itself:.4g}; {files[-1] + 1} recordings, {len(files)} seconds\n")
        for number, (title, transcoder) in enumerate(transcoders_for(teacher, options.transcoders).items()):
            found = evaluate_transcoder(transcoder, teacher, split, batch_size=BATCH_SIZE)
            values = quality(expected, found.scores, found.mel_mse, files)
            if number == 0:
                print("| transcoder |", " | ".join(values), "|")
                print("|---|" + "---|" * len(values))
            print(f"| {title} |", " | ".join(map(cell, values.values())), "|", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(cli.run(main))
