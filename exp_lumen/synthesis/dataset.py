"""Mixtures as a dataset: recordings, and a table as `csv:` takes it."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tqdm import tqdm

from audiokit.errors import UserError
from audiokit.files import make_folder, sha256, write_whole
from audiokit.storage.holding import hold, remove_parts
from audiokit.storage.worker_start import available_cores
from audiokit.storage.workers import results_in_rounds
from exp_lumen.instruments import CODES
from exp_lumen.synthesis.mixtures import instruments_of, make_mixture

if TYPE_CHECKING:
    from pathlib import Path

    from exp_lumen.synthesis.mixtures import Recipe

__all__ = ["TABLE", "make_dataset"]

TABLE = "labels.csv"
SETTINGS = "recipe.json"


def make_dataset(recipe: Recipe, folder: Path, *, n_clips: int, workers: int | None = None) -> Path:
    """Make mixtures, or go on with them; what is there already is kept.

    Returns
    -------
    Path
        of the table, which appears when all recordings are there.

    Raises
    ------
    UserError
        where the folder holds mixtures by another recipe, and what rendering raises.
    """
    make_folder(folder / "audio")
    with hold(folder / TABLE, wait=True):
        for place in (folder, folder / "audio"):
            remove_parts(place)
        return _make(recipe, folder, n_clips=n_clips, workers=workers)


def _make(recipe: Recipe, folder: Path, *, n_clips: int, workers: int | None) -> Path:
    _check_recipe(recipe, folder / SETTINGS)
    writer = _Writer(recipe, folder)
    n_processes = min(workers or available_cores(), n_clips)
    rounds = results_in_rounds(writer, range(n_clips), workers=n_processes)
    rows: dict[str, tuple[str, ...]] = {}
    with tqdm(total=n_clips, desc=f"mixtures of {recipe.soundfont.stem}", unit="clip", disable=None) as bar:
        for results in rounds:
            rows |= dict(results)
            bar.update(len(results))
    table = folder / TABLE
    with write_whole(table) as partial, open(partial, "w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(["file", "song", *CODES])
        for name in sorted(rows):
            out.writerow([f"audio/{name}.flac", name, *(int(code in rows[name]) for code in CODES)])
    return table


def _check_recipe(recipe: Recipe, path: Path) -> None:
    """Refuse a folder with other mixtures; write down what these are made of."""
    own = {
        "soundfont": sha256(recipe.soundfont),
        "seed": recipe.seed,
        "seconds": recipe.seconds,
        "sample_rate": recipe.sample_rate,
        "most": recipe.most,
        "left_out": [*recipe.left_out],
    }
    if path.is_file() and json.loads(path.read_text(encoding="utf-8")) != own:
        raise UserError(f"{path.parent} holds mixtures by another recipe: delete it, or give another folder")
    with write_whole(path) as partial:
        partial.write_text(json.dumps(own, indent=1), encoding="utf-8")


@dataclass(frozen=True)
class _Writer:
    """Makes and writes a mixture; can be sent to other processes."""

    recipe: Recipe
    folder: Path

    def __call__(self, number: int) -> tuple[str, tuple[str, ...]]:
        import soundfile

        name = f"{self.recipe.soundfont.stem}_{self.recipe.seed}_{number:05d}"
        path = self.folder / "audio" / f"{name}.flac"
        if not path.is_file():
            sound = make_mixture(self.recipe, number)
            with write_whole(path) as partial:
                soundfile.write(partial, sound, self.recipe.sample_rate, subtype="PCM_16")
        return name, instruments_of(self.recipe, number)
