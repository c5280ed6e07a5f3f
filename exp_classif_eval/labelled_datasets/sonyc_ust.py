"""SONYC-UST version 2 (Cartwright et al., 2020): 10-s clips from New York's sensors, with up to eight sources each."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from audiokit.labels.labelled_dataset import Clip
from spectral_transcoder.classification.grouped_dataset import GroupedDataset

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas

__all__ = ["DATASETS", "aggregate"]

CLASSES = (
    "1_engine",
    "2_machinery-impact",
    "3_non-machinery-impact",
    "4_powered-saw",
    "5_alert-signal",
    "6_music",
    "7_human-voice",
    "8_dog",
)
COLUMNS = [f"{name}_presence" for name in CLASSES]

CONSENSUS = 0
"""Annotator that stands for what SONYC's team has agreed on."""

UNKNOWN = -1


def aggregate(annotations: pandas.DataFrame) -> pandas.DataFrame:
    """One row a clip out of one row an annotator, by the rule of the paper's code.

    Of the test split the team's consensus alone counts; elsewhere all annotators do, the crowd and the team alike. A
    class is present where at least half of those who knew say so, and where nobody knew.

    Parameters
    ----------
    annotations
        with the columns split, audio_filename, annotator_id and `COLUMNS`, which hold 1, 0 or −1.

    Returns
    -------
    pandas.DataFrame
        indexed by audio_filename, in alphabetical order: the column split, and `COLUMNS` of 0 and 1.
    """
    counted = annotations[(annotations["split"] != "test") | (annotations["annotator_id"] == CONSENSUS)]
    clips = counted.groupby("audio_filename")
    known = counted[COLUMNS].where(counted[COLUMNS] != UNKNOWN).groupby(counted["audio_filename"]).mean()
    return clips[["split"]].first().join((known.fillna(1) >= 0.5).astype(int))


def read_clips(folder: Path) -> Iterator[Clip]:
    """Clips of the splits train, validate and test."""
    import pandas

    annotations = pandas.read_csv(
        folder / "annotations.csv", usecols=["split", "audio_filename", "annotator_id", *COLUMNS]
    )
    for name, row in aggregate(annotations).iterrows():
        present = frozenset(label for label, column in zip(CLASSES, COLUMNS, strict=True) if row[column])
        yield Clip(name, row["split"], present)


DATASETS = (
    GroupedDataset(
        name="SONYC-UST",
        classes=CLASSES,
        read_clips=read_clips,
        groups=Path(__file__).parents[1] / "sub_classes_sonyc_ust.csv",
        folds=("train", "validate", "test"),
        is_multilabel=True,
        split=("train", "test"),
        top=8,
    ),
)
