"""Datasets of the experiment: every module here gives `DATASETS`, and to add a dataset is to add a module."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from audiokit.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from spectral_transcoder.classification.grouped_dataset import GroupedDataset

__all__ = ["dataset_named", "labelled_datasets"]

PAPER = ("SONYC-UST", "URBAN-SOUND-8K")
"""They come first, so that settings keep the paper's order."""


@cache
def labelled_datasets() -> Mapping[str, GroupedDataset]:
    """All datasets by name."""
    modules = [import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__)]
    found = {dataset.name: dataset for module in modules for dataset in module.DATASETS}
    return {name: found[name] for name in dict.fromkeys((*PAPER, *sorted(found)))}


def dataset_named(name: str) -> GroupedDataset:
    """A dataset.

    Raises
    ------
    UserError
        for an unknown name.
    """
    datasets = labelled_datasets()
    if name not in datasets:
        raise UserError(f"unknown dataset {name!r}: choose one of {', '.join(datasets)}")
    return datasets[name]
