"""What is trained on: how often each second of one dataset, or of several, is drawn."""

import h5py
import numpy as np
import pytest
import torch

from spectral_transcoder.datasets.chunk_dataset import FORMAT, SPLITS
from spectral_transcoder.training import training_data
from spectral_transcoder.training.training_data import JoinedDatasets, balanced_shares, equal_shares


def write_numbered(path, n_chunks, *, first):
    """A dataset whose only array, third octaves, has the chunk's number everywhere."""
    with h5py.File(path, "w") as file:
        file.attrs["format"] = FORMAT
        for split in SPLITS:
            group = file.create_group(split)
            numbers = np.arange(first, first + n_chunks, dtype=np.float32)
            group["third_octave"] = np.broadcast_to(numbers[:, None, None], (n_chunks, 8, 29))
            names = [f"{path.stem}_{number}" for number in range(n_chunks)]
            group.create_dataset("fname", data=names, dtype=h5py.string_dtype())
    return path


def test_datasets_lie_one_behind_the_other(tmp_path):
    paths = [write_numbered(tmp_path / "a.h5", 3, first=0), write_numbered(tmp_path / "b.h5", 2, first=3)]
    joined = JoinedDatasets(paths)
    assert joined.load("valid", ["third_octave"])["third_octave"][:, 0, 0].tolist() == [0, 1, 2, 3, 4]
    assert joined.files("train").tolist() == [0, 0, 0, 1, 1]
    assert joined.sizes("eval") == [3, 2]
    assert JoinedDatasets(paths[1:]).load("eval", ["third_octave"])["third_octave"].shape == (2, 8, 29)


def test_no_class_outnumbers_the_others_by_much(monkeypatch):
    monkeypatch.setattr(training_data, "LARGEST_CLASS", 3 / 19)
    scores = np.eye(4)[[0] * 12 + [1] * 4 + [2] * 2 + [3]]
    shares = balanced_shares(scores)
    assert shares.tolist() == [3 / 12] * 12 + [3 / 4] * 4 + [1] * 3
    assert np.bincount(scores.argmax(axis=1), weights=shares).tolist() == [3, 3, 2, 1]


def test_of_each_dataset_as_much_is_drawn_as_of_the_smallest():
    shares = equal_shares(torch.tensor([1.0, 0.5, 0.5, 1.0, 1.0, 0.25, 0.25]), [5, 2])
    assert shares.tolist() == pytest.approx([0.125, 0.0625, 0.0625, 0.125, 0.125, 0.25, 0.25])


def test_an_empty_dataset_takes_nothing_from_the_others():
    assert equal_shares(torch.tensor([1.0, 0.5]), [0, 2]).tolist() == [1.0, 0.5]
