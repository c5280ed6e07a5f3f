"""Damaged and foreign weight files: one line that names the file, and never code from it."""

import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from audiokit.errors import UserError
from audiokit.learning.checkpoints import load_state_dict, read_tensors, tensor_digest
from efficientat.network import MobileNetV3
from teachers.registry import load_teacher
from yamnet.network import YAMNet

WEB_PAGE = b"<!doctype html><title>Log in to the network</title>"


class Trap:
    """Makes a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def assert_refused(name, path):
    with pytest.raises(UserError) as caught:
        load_teacher(name, weights=path)
    message = str(caught.value)
    assert str(path) in message
    assert "\n" not in message


def saved(tmp_path, content):
    path = tmp_path / "saved.pt"
    torch.save(content, path)
    return path.read_bytes()


@pytest.mark.parametrize("name", ["YamNet", "mn04_as"])
@pytest.mark.parametrize("suffix", ["pth", "safetensors", "h5", "tflite"])
@pytest.mark.parametrize(
    "content", [b"", WEB_PAGE, bytes(5000), b"PK\x03\x04" + bytes(50), b"\x1c\0\0\0TFL3" + bytes(100)],
    ids=["empty", "web page", "zeros", "zip header", "tflite header"],
)  # fmt: skip
def test_files_of_something_else_are_refused(tmp_path, name, suffix, content):
    path = tmp_path / f"weights.{suffix}"
    path.write_bytes(content)
    assert_refused(name, path)


@pytest.mark.parametrize("kept", [0.001, 0.5, 0.999])
def test_half_a_checkpoint_is_refused(tmp_path, kept):
    content = saved(tmp_path, MobileNetV3(width=0.4).state_dict())
    path = tmp_path / "half.pt"
    path.write_bytes(content[: int(kept * len(content))])
    assert_refused("mn04_as", path)


@pytest.mark.parametrize("kept", [0.001, 0.5, 0.99])
@pytest.mark.parametrize("name", ["yamnet_int8.tflite", "keras_layers_1_to_6.h5", "yamnet.pth"])
def test_half_a_download_is_refused(shared, tmp_path, name, kept):
    content = (shared / "weights" / "yamnet" / name).read_bytes()
    path = tmp_path / name
    path.write_bytes(content[: int(kept * len(content))])
    assert_refused("YamNet", path)


@pytest.mark.parametrize(
    ("name", "network"),
    [("YamNet", lambda: MobileNetV3(width=0.1)), ("mn04_as", lambda: MobileNetV3(width=0.5)), ("mn04_as", YAMNet)],
    ids=["another network", "another width", "another teacher"],
)
def test_weights_of_another_network_are_refused(tmp_path, name, network):
    path = tmp_path / "weights.pt"
    torch.save(network().state_dict(), path)
    assert_refused(name, path)


@pytest.mark.parametrize("name", ["PANN", "YamNet", "mn04_as"])
@pytest.mark.parametrize(
    "content",
    [torch.zeros(3), [torch.zeros(3)], None, {"model": 3}, {"model": [torch.zeros(3)]}, {"a": 3}, {1: torch.zeros(3)}],
    ids=["tensor", "list", "nothing", "number for a model", "list for a model", "number", "number for a key"],
)
@pytest.mark.usefixtures("no_memory")
def test_checkpoints_that_hold_no_state_dict_are_refused(tmp_path, name, content):
    path = tmp_path / "weights.pt"
    torch.save(content, path)
    assert_refused(name, path)


def plain_pickle(content, path):
    path.write_bytes(pickle.dumps(content, protocol=2))


@pytest.mark.parametrize("name", ["PANN", "YamNet", "mn04_as"])
@pytest.mark.parametrize("write", [torch.save, plain_pickle])
@pytest.mark.usefixtures("no_memory")
def test_code_in_a_checkpoint_is_never_run(tmp_path, name, write):
    trap, path = tmp_path / "sprung", tmp_path / "weights.pth"
    write({"layer1.fused.conv.weight": Trap(trap)}, path)
    assert_refused(name, path)
    assert not trap.exists()


# What lies in place of weights, and what is put around them


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (WEB_PAGE, "a web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "a pointer of Git LFS"),
        (b"Entry not found", 'a text ("Entry not found")'),
        (b'{"error": "gated"}', "a JSON text"),
        (b"", "empty: 0 bytes"),
        (b"\x89HDF\r\n\x1a\n" + bytes(100), "an HDF5 file"),
    ],
)
def test_what_a_file_is_in_place_of_weights_is_said(tmp_path, content, kind):
    path = tmp_path / "yamnet.pth"
    path.write_bytes(content)
    with pytest.raises(UserError) as caught:
        read_tensors(path)
    message = str(caught.value)
    assert message.startswith(f"{path} is damaged or no weight file (it is {kind}")
    assert message.endswith("): download it again")


@pytest.mark.parametrize(
    ("content", "classes"),
    [
        (torch.nn.Linear(2, 2), "torch.nn.modules.linear.Linear"),
        ({"weight": torch.zeros(2), "accuracy": np.float64(0.5)}, r"numpy\.\w+\.multiarray\.scalar"),
    ],
    ids=["a whole network", "numpy's numbers"],
)
def test_other_objects_are_named_and_no_advice_of_pytorch_is_cut_in_two(tmp_path, content, classes):
    path = tmp_path / "a.pt"
    torch.save(content, path)
    with pytest.raises(UserError, match=rf"a\.pt holds Python objects \({classes}\) beside tensors") as caught:
        read_tensors(path)
    assert "torch.save(network.state_dict(), FILE)" in str(caught.value)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    "wrap",
    [
        lambda weights: weights,
        lambda weights: {f"module.{name}": tensor for name, tensor in weights.items()},
        lambda weights: {"epoch": 3, "state_dict": {f"_orig_mod.module.{k}": v for k, v in weights.items()}},
        lambda weights: {"model_state_dict": weights, "optimizer": {}},
    ],
    ids=["bare", "DataParallel", "torch.compile in a checkpoint", "a checkpoint"],
)
def test_weights_are_read_whatever_a_training_program_has_put_around_them(tmp_path, wrap):
    path = tmp_path / "a.pt"
    trained, network = torch.nn.Linear(3, 2), torch.nn.Linear(3, 2)
    torch.save(wrap(trained.state_dict()), path)
    load_state_dict(network, read_tensors(path), path)
    torch.testing.assert_close(network.weight, trained.weight)


def test_safetensors_are_read_whatever_their_name(tmp_path):
    path = tmp_path / "a.pt"
    save_file({"a": torch.arange(3.0)}, path)
    assert read_tensors(path)["a"].tolist() == [0, 1, 2]


def test_weights_that_are_not_finite_are_refused_and_not_heard_through(tmp_path):
    network = torch.nn.Linear(2, 2)
    weights = network.state_dict() | {"bias": torch.tensor([0, float("nan")])}
    with pytest.raises(UserError, match=r"holds numbers that are not finite \(in bias\)"):
        load_state_dict(network, weights, tmp_path / "a.pt")


def test_tensors_are_told_by_their_numbers_and_not_by_how_they_lie():
    tensor = torch.arange(6.0).reshape(2, 3)
    digest = tensor_digest([tensor, torch.tensor(7)])
    assert tensor_digest([tensor.t().contiguous().t(), torch.tensor(7)]) == digest
    others = [[tensor.double(), torch.tensor(7)], [tensor.reshape(3, 2), torch.tensor(7)], [tensor, torch.tensor(8)]]
    assert digest not in {tensor_digest(other) for other in others}
