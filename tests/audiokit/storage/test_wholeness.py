"""What an earlier run has left is looked at, not believed."""

import os

import numpy as np
import pytest
import torch

from audiokit.storage.wholeness import is_made, is_whole


@pytest.fixture(params=["a.npy", "model"])
def made(request, tmp_path):
    path = tmp_path / request.param
    if path.suffix:
        np.save(path, np.arange(12.0).reshape(3, 4))
    else:
        torch.save({"weight": torch.arange(100.0)}, path)
    return path


def test_a_whole_file_is_whole(made):
    assert is_whole(made)


@pytest.mark.parametrize("share", [0, 0.01, 0.1, 0.5, 0.99])
def test_one_that_is_cut_off_anywhere_is_not(made, share):
    content = made.read_bytes()
    made.write_bytes(content[: int(share * len(content))])
    assert not is_whole(made)


def test_one_that_is_missing_is_not(tmp_path):
    assert not is_whole(tmp_path / "a.npy")


@pytest.mark.parametrize("values", [np.array(3.0), np.zeros((0, 5)), np.zeros((2, 3), np.float16), np.ones(7, bool)])
def test_arrays_of_any_shape_and_type_are_whole(tmp_path, values):
    np.save(tmp_path / "a.npy", values)
    assert is_whole(tmp_path / "a.npy")


def test_what_is_older_than_its_input_is_to_be_made_again(made, tmp_path):
    source = tmp_path / "source"
    source.write_text("a")
    changed = source.stat().st_mtime_ns
    os.utime(made, ns=(changed, changed))
    assert is_made([made], inputs=[source], since=changed)
    os.utime(made, ns=(changed, changed - 1))
    assert not is_made([made], inputs=[source])
    assert not is_made([made], since=changed)
    source.unlink()
    assert is_made([made], inputs=[source])
