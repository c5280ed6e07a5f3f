"""Where datasets lie, and which of them a modality of the factor `dataset` names."""

from __future__ import annotations

from pathlib import Path

__all__ = ["DATASET_NAMES", "dataset_path", "dataset_paths", "joined_modalities"]

DATASET_NAMES = {"full": "Dcase-Task1-full", "urban": "Dcase-Task1-urban", "TEST": "Dcase-Task1-TEST"}
"""Names of the paper's datasets by modality; any other modality is itself the name of a dataset."""

SEPARATOR = "&"


def dataset_path(output_path: str | Path, dataset_name: str) -> Path:
    """Where a dataset lies: `<output_path>/<dataset_name>/<dataset_name>.h5`."""
    return Path(output_path) / dataset_name / f"{dataset_name}.h5"


def dataset_paths(folder: str | Path, modality: str) -> list[Path]:
    """Where the datasets lie that a modality names: one, or several as in `scenes&esc10`."""
    return [dataset_path(folder, DATASET_NAMES.get(name, name)) for name in joined_modalities(modality)]


def joined_modalities(modality: str) -> list[str]:
    """Modalities of the datasets one by one that a modality names together."""
    return modality.split(SEPARATOR)
