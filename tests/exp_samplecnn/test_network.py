"""SampleCNN against the original's own outputs, for all tasks, blocks and both kinds of head."""

import re

import numpy as np
import pytest
import torch

from exp_samplecnn.networks.blocks import BLOCKS, create_block
from exp_samplecnn.networks.network import SampleCNN

TASKS = {"mtt": (50, 9, 59049), "scd": (35, 8, 22050), "dcs": (17, 8, 22050)}
NAMES = {"kernel": "weight", "gamma": "weight", "beta": "bias"} | {
    "bias": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}


def values(number, kind, shape):
    """The golden weights: drawn by the number of the variable."""
    drawn = np.random.RandomState(number).standard_normal(shape)
    if kind == "gamma":
        return 1 + 0.1 * drawn
    if kind == "moving_variance":
        return 1 + np.abs(0.1 * drawn)
    if kind == "kernel":
        return (drawn * np.sqrt(2 / np.prod(shape[:-1]))).transpose()
    return 0.05 * drawn


def golden_state(variables):
    state = {}
    for number, variable in enumerate(variables):
        layer, kind, shape = re.fullmatch(r"(\w+)/(\w+) \((.*)\)", str(variable)).groups()
        sizes = tuple(int(size) for size in shape.split(",") if size)
        key = re.sub(r"^(block\d+)_", r"\1.", layer) + "." + NAMES[kind]
        state[key] = torch.from_numpy(np.ascontiguousarray(values(number, kind, sizes), dtype="float32"))
    return state


@pytest.mark.parametrize("multi", [False, True])
@pytest.mark.parametrize("block", BLOCKS)
@pytest.mark.parametrize("task", TASKS)
def test_the_network_gives_the_original_s_logits_and_has_as_many_parameters(shared, task, block, multi):
    n_classes, n_blocks, n_samples = TASKS[task]
    prefix = f"{task}_{block}" + ("_multi" if multi else "")
    network = SampleCNN(n_classes, n_blocks, block, multi=multi).eval()
    with np.load(shared / "golden" / "golden_samplecnn.npz") as golden:
        expected = golden[f"{prefix}_logit"]
        state = golden_state(golden[f"{prefix}_variables"])
        assert sum(weight.numel() for weight in network.parameters()) == golden[f"{prefix}_parameters"]
    missing, unexpected = network.load_state_dict(state, strict=False)
    assert not unexpected
    assert all(key.endswith("num_batches_tracked") for key in missing)
    sound = np.random.RandomState(123).standard_normal((2, n_samples, 1)).astype("float32")[..., 0]
    with torch.inference_mode():
        logits = network(torch.from_numpy(sound)).numpy()
    assert (np.abs(logits - expected).max(axis=1) / np.abs(expected).max(axis=1)).max() < 1e-4


@pytest.mark.parametrize(("block", "n_parameters"), [("se", 24_742_706), ("rese2", 26_980_146)])
def test_the_predecessor_s_ratio_of_16_gives_its_number_of_parameters(no_memory, block, n_parameters):
    network = SampleCNN(50, 9, block, multi=True, amplifying_ratio=16)
    assert sum(weight.numel() for weight in network.parameters()) == n_parameters


def test_an_unknown_block_is_refused_by_name():
    with pytest.raises(ValueError, match="unknown block 'res3'"):
        create_block("res3", 128, 128)
