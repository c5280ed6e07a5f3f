"""ONNX files give what the transcoder gives, for any number of seconds, or are not there."""

import sys

import numpy as np
import pytest
import torch

import export_onnx as script
from audiokit import cli
from audiokit.errors import UserError
from audiokit.paths import REFERENCE_MODELS
from efficientat.teacher import front_end as efficientat_front_end
from pann.mel import FRONT_END as PANN
from spectral_transcoder.pinv import Pinv
from spectral_transcoder.transcoders import onnx_export
from spectral_transcoder.transcoders.cnn import CNNPinv
from spectral_transcoder.transcoders.onnx_export import export_onnx
from spectral_transcoder.transcoders.store import find_transcoders, load_transcoder
from yamnet.mel import FRONT_END as YAMNET

onnxruntime = pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")

TRANSCODERS = {
    "the paper's cnn for PANN": lambda: CNNPinv(PANN, kernel_size=5, dilation=1, n_layers=3, n_channels=8),
    "pinv for mn04_as": lambda: Pinv(efficientat_front_end("mn04_as")),
}


def session_of(path):
    return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])


def levels(n_items, seed=7):
    return 80 * torch.rand(n_items, 8, 29, generator=torch.Generator().manual_seed(seed)) - 40


@pytest.mark.parametrize("make", TRANSCODERS.values(), ids=TRANSCODERS)
def test_the_file_gives_what_the_transcoder_gives(make, tmp_path):
    torch.manual_seed(0)
    transcoder = make().eval()
    assert export_onnx(transcoder, tmp_path / "t.onnx") <= 1e-4
    session = session_of(tmp_path / "t.onnx")
    (taken,), (given,) = session.get_inputs(), session.get_outputs()
    assert (taken.name, taken.shape) == ("third_octave", ["batch", 8, 29])
    assert (given.name, given.shape[0]) == ("mel", "batch")
    for n_items in (1, 2, 17):
        chunks = levels(n_items)
        with torch.no_grad():
            expected = transcoder(chunks).numpy()
        np.testing.assert_allclose(
            session.run(None, {"third_octave": chunks.numpy()})[0], expected, rtol=1e-4, atol=1e-4
        )


@pytest.mark.parametrize("teacher", ["YamNet", "mn04_as"])
def test_the_shipped_transcoders_can_be_exported(teacher, tmp_path, capsys):
    path = tmp_path / "shipped.onnx"
    assert cli.run(script.main, ["--teacher", teacher, "--output", str(path)]) == 0
    assert capsys.readouterr().out.startswith(f"{path} (tcn for {teacher}, within ")
    transcoder = load_transcoder(find_transcoders(teacher, [REFERENCE_MODELS])["tcn"])
    with torch.no_grad():
        expected = transcoder(levels(4)).numpy()
    found = session_of(path).run(None, {"third_octave": levels(4).numpy()})[0]
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


def test_a_file_that_gives_something_else_is_not_left(tmp_path, monkeypatch):
    transcoder = Pinv(YAMNET)
    traced = onnx_export._traced

    def of_other_weights(network, *others):
        network.matrix *= 1.01
        return traced(network, *others)

    monkeypatch.setattr(onnx_export, "_traced", of_other_weights)
    with pytest.raises(UserError, match=r"t.onnx is not written: .* differ by"):
        export_onnx(transcoder, tmp_path / "t.onnx")
    assert list(tmp_path.iterdir()) == []


def test_what_is_missing_is_told_in_a_line(tmp_path, monkeypatch, capsys):
    assert cli.run(script.main, ["--transcoder", "other", "--teacher", "YamNet"]) == 1
    assert "no transcoder other for YamNet is here; there is: tcn" in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    with pytest.raises(UserError, match="pip install onnx onnxscript onnxruntime"):
        export_onnx(Pinv(YAMNET), tmp_path / "t.onnx")
