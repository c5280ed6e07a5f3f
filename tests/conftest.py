"""What all tests share: the folder of reference data, which a plain checkout does not have."""

import os
import shutil
from functools import cache
from pathlib import Path

import hypothesis
import numpy as np
import pytest
import torch

SHARED = Path(os.environ.get("SPECTRAL_TRANSCODER_SHARED") or Path(__file__).resolve().parents[2] / "shared")

# A busy machine is no fault of what is tested, and what fails is to fail for everyone.
hypothesis.settings.register_profile("house", deadline=None, derandomize=True)
hypothesis.settings.load_profile("house")


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """The inputs are small: more threads only get in each other's way."""
    torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def roomy_disk(monkeypatch):
    """Published datasets would fill many a disk; what little comes of their stand-ins has room anywhere."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**13, 0, 10**13))


@pytest.fixture
def no_memory():
    """Modules without memory for their parameters: to count those of large ones."""
    with torch.device("meta"):
        yield


@pytest.fixture(scope="session")
def shared():
    """Reference data beside the checkout, or where SPECTRAL_TRANSCODER_SHARED says."""
    if not SHARED.is_dir():
        pytest.skip(f"there is no reference data: no folder {SHARED}")
    return SHARED


@pytest.fixture(scope="session")
def golden(shared):
    """Outputs of the paper's code: `golden(name)` gives the tensors of `golden/<name>.npz` by key."""

    @cache
    def read(name):
        with np.load(shared / "golden" / f"{name}.npz") as file:
            return {key: torch.from_numpy(file[key]) for key in file}

    return read


@pytest.fixture(params=("synth", "birds", "street"))
def recording(request, golden):
    """One recording and all that the paper's code made of it."""
    return golden(f"golden_{request.param}")


@pytest.fixture(scope="session")
def birds(golden):
    """The recording that the recipe weights were run on."""
    return golden("golden_birds")


@pytest.fixture(
    params=[f"{name}_{{}}_{cut}" for name in ("birds", "street") for cut in ("first", "chunks", "whole")]
    + [f"birds_{{}}_n{n_samples}" for n_samples in (514, 3200, 31999, 32001)],
    ids=lambda key: key.replace("{}_", ""),
)
def mn04_input(request, golden):
    """Key in `golden_mn04`, with a gap for the kind of output, and the (batch, n_samples) waveforms that it is for."""
    name, _, cut = request.param.split("_")
    wave = golden(f"golden_{name}")["wav32"]
    if cut == "chunks":
        return request.param, wave.reshape(3, 32000)
    return request.param, wave[None, : {"first": 32000, "whole": 96000}.get(cut) or int(cut[1:])]


@pytest.fixture(scope="session")
def recipe_outputs(golden):
    """What the original networks make of `birds` with weights by `recipe.fill`."""
    return golden("golden_models")


@pytest.fixture(scope="session")
def state_dict_shapes(shared):
    """`state_dict_shapes(name)` gives the shapes in `specs/<name>_state_dict.txt` by key, in their order."""

    def read(name):
        lines = (shared / "specs" / f"{name}_state_dict.txt").read_text().splitlines()
        rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
        return {key: tuple(int(n) for n in shape.strip("()").split(",") if n.strip()) for key, shape, *_ in rows}

    return read


@pytest.fixture
def no_trained_transcoders(tmp_path, monkeypatch):
    """Those in the checkout may change."""
    monkeypatch.setattr("spectral_transcoder.listening.generate.REFERENCE_MODELS", tmp_path / "none")
