"""Curves for TensorBoard: all of them are there once training is over, also of a training that fails."""

import sys

import pytest

from audiokit.errors import UserError
from audiokit.learning.scalars import tensorboard_scalars


def test_all_values_are_written_also_where_training_fails(tmp_path):
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    with pytest.raises(RuntimeError, match="training fails"), tensorboard_scalars(tmp_path) as scalars:
        for iteration in range(3):
            scalars("loss/train", iteration / 2, iteration)
        raise RuntimeError("training fails")
    events = accumulator.EventAccumulator(str(tmp_path))
    events.Reload()
    assert [(scalar.step, scalar.value) for scalar in events.Scalars("loss/train")] == [(0, 0), (1, 0.5), (2, 1)]


def test_without_a_folder_nothing_is_told_and_nothing_needed(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with tensorboard_scalars(None) as scalars:
        assert scalars is None


def test_a_missing_tensorboard_is_told(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(UserError, match="pip install tensorboard"), tensorboard_scalars(tmp_path / "curves"):
        pass
    assert not (tmp_path / "curves").exists()
