"""A trained network and the store that it is to be measured on, which must be of one task."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from exp_samplecnn.data.segment_store import SegmentStore, store_path
from exp_samplecnn.learning.model_files import find_model, read_model
from exp_samplecnn.tasks import TASKS

if TYPE_CHECKING:
    from pathlib import Path

    from exp_samplecnn.learning.model_files import ModelSettings
    from exp_samplecnn.networks.network import SampleCNN

__all__ = ["Trained", "open_trained"]


@dataclass(frozen=True)
class Trained:
    """What `open_trained` gives."""

    path: Path
    """Of the model."""

    network: SampleCNN
    """In eval mode."""

    settings: ModelSettings
    store: SegmentStore


def open_trained(model: Path, data: Path, dataset: str) -> Trained:
    """Open a model, and a dataset's store.

    Parameters
    ----------
    model
        as `find_model` takes it.
    data
        folder of the datasets.
    dataset
        mtt, scd or dcs.

    Raises
    ------
    UserError
        where one of them cannot be used, or the model is of another task.
    """
    path = find_model(model)
    network, settings = read_model(path)
    store = SegmentStore.open(store_path(data, TASKS[dataset]), dataset)
    settings.check(store.task, path)
    return Trained(path, network, settings, store)
