"""Loss curves are read without running what a file names."""

import os
import pickle

import numpy as np
import pytest

from audiokit.errors import UserError
from exp_emvd.learning.loss_files import read_losses, write_losses

LOSSES = {"losses_train": [1.5, 1.25, 1.0], "losses_valid": [1.4, 1.2], "losses_eval": [1.45, 1.3]}


@pytest.mark.parametrize("paper", [False, True], ids=["ours", "the original's"])
def test_what_is_written_is_read(tmp_path, paper):
    path = tmp_path / "losses" / "loss_model_t_binary_1.npy"
    write_losses(path, LOSSES, paper=paper)
    assert {name: values.round(6).tolist() for name, values in read_losses(path).items()} == LOSSES


def test_ours_need_no_pickle(tmp_path):
    write_losses(tmp_path / "a.npy", LOSSES)
    assert np.load(tmp_path / "a.npy")["losses_train"].tolist() == LOSSES["losses_train"]


def test_those_of_paper_are_what_the_originals_scripts_load(tmp_path):
    write_losses(tmp_path / "a.npy", LOSSES, paper=True)
    losses = np.load(tmp_path / "a.npy", allow_pickle=True).item()
    assert losses["losses_train"].dtype == np.float64
    assert losses["losses_valid"].dtype == np.float32


class Evil:
    def __reduce__(self):
        return os.mkdir, ("evil",)


def test_a_file_that_names_anything_else_is_refused_and_runs_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.save("a.npy", np.array({"losses_train": Evil()}, dtype=object), allow_pickle=True)
    with pytest.raises(UserError, match=r"a.npy is damaged or holds no losses \(it names .*mkdir, which is no array"):
        read_losses(tmp_path / "a.npy")
    assert not (tmp_path / "evil").exists()


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY\x01\x00", pickle.dumps({})])
def test_a_damaged_file_is_told(tmp_path, content):
    (tmp_path / "a.npy").write_bytes(content)
    with pytest.raises(UserError, match=r"a.npy is damaged or holds no losses .* train again"):
        read_losses(tmp_path / "a.npy")


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(UserError, match=r"there are no losses .* run the step train first"):
        read_losses(tmp_path / "a.npy")
