"""Damaged and foreign weight files: one line that names the file, and never code from it."""

import pickle
from pathlib import Path

import pytest
import torch

from audiokit.errors import UserError
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
