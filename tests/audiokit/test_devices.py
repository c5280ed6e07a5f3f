"""Where to compute, and in what precision."""

import pytest
import torch

from audiokit.devices import can_mix_precision, choose_device
from audiokit.errors import UserError


def test_without_a_gpu_the_processor_computes(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert choose_device("auto") == torch.device("cpu")


@pytest.mark.parametrize("name", ["cuda:97", "abacus"])
def test_a_device_that_is_not_here_is_named(name):
    with pytest.raises(UserError, match=f"no device '{name}'"):
        choose_device(name)


@pytest.mark.parametrize("has_it", [True, False])
def test_mixed_precision_is_for_processors_that_have_it(has_it, monkeypatch, capsys):
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: has_it)
    assert can_mix_precision("cpu") is has_it
    told = "" if has_it else "this cpu has no bfloat16: computing in float32, which is faster here\n"
    assert capsys.readouterr().err == told
