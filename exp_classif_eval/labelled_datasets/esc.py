"""ESC-50 and its part ESC-10 (Piczak, 2015): clips of 5 s with one sound each, in five folds."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from audiokit.labels.labelled_dataset import Clip
from spectral_transcoder.classification.grouped_dataset import GroupedDataset

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["DATASETS"]

ESC_10 = (
    "dog", "rooster", "rain", "sea_waves", "crackling_fire", "crying_baby", "sneezing", "clock_tick", "helicopter",
    "chainsaw",
)  # fmt: skip
ESC_50 = (
    "dog", "rooster", "pig", "cow", "frog", "cat", "hen", "insects", "sheep", "crow",
    "rain", "sea_waves", "crackling_fire", "crickets", "chirping_birds", "water_drops", "wind", "pouring_water",
    "toilet_flush", "thunderstorm",
    "crying_baby", "sneezing", "clapping", "breathing", "coughing", "footsteps", "laughing", "brushing_teeth",
    "snoring", "drinking_sipping",
    "door_wood_knock", "mouse_click", "keyboard_typing", "door_wood_creaks", "can_opening", "washing_machine",
    "vacuum_cleaner", "clock_alarm", "clock_tick", "glass_breaking",
    "helicopter", "chainsaw", "siren", "car_horn", "engine", "train", "church_bells", "airplane", "fireworks",
    "hand_saw",
)  # fmt: skip
"""In the order of the dataset's targets: animals, nature, people, indoors, city."""

FOLDER = Path(__file__).parents[1]


def read_clips(folder: Path, *, classes: tuple[str, ...]) -> Iterator[Clip]:
    """Clips of some of the classes."""
    import pandas

    table = pandas.read_csv(folder / "meta" / "esc50.csv")
    for row in table[table["category"].isin(classes)].to_dict("records"):
        yield Clip(row["filename"], str(row["fold"]), frozenset({row["category"]}))


DATASETS = tuple(
    GroupedDataset(
        name=name,
        classes=classes,
        read_clips=partial(read_clips, classes=classes),
        groups=FOLDER / f"sub_classes_{name.lower().replace('-', '')}.csv",
        folds=tuple("12345"),
        folder="ESC-50",
        unpacked="ESC-50-master",
    )
    for name, classes in (("ESC-10", ESC_10), ("ESC-50", ESC_50))
)
