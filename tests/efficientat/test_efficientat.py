"""MobileNetV3 of EfficientAT: the official mn04_as on real audio, and the sizes of all variants."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from efficientat.network import InvertedResidual, MobileNetV3, SqueezeExcitation, scaled_channels
from efficientat.teacher import VARIANTS, EfficientatTeacher
from teachers.registry import load_teacher


@pytest.fixture(scope="module")
def mn04(shared):
    return load_teacher("mn04_as", folder=shared / "weights")


# The original's numbers


def test_keys_and_shapes_are_those_of_the_official_checkpoint(state_dict_shapes):
    ours = {key: tuple(tensor.shape) for key, tensor in MobileNetV3(width=0.4).state_dict().items()}
    assert list(ours.items()) == list(state_dict_shapes("mn04").items())


def test_scores_of_real_audio_are_those_of_the_original(mn04, mn04_input, golden):
    key, wave = mn04_input
    scores = mn04.scores(mn04.mel(wave))
    assert_close(scores, golden("golden_mn04")[key.format("scores")], rtol=0, atol=1e-5)


@pytest.mark.parametrize("cut", ["first", "chunks", "whole"])
@pytest.mark.parametrize("name", ["birds", "street"])
def test_what_the_network_gives_is_what_the_original_gives(mn04, golden, name, cut):
    outputs = golden("golden_mn04")
    mel = outputs[f"{name}_mel_{cut}"].transpose(1, 2)
    assert_close(mn04.network(mel), outputs[f"{name}_logits_{cut}"], rtol=0, atol=2e-4)
    assert_close(mn04.embeddings(mel), outputs[f"{name}_emb_{cut}"], rtol=0, atol=1e-4)


@pytest.mark.parametrize("name", ["birds", "street"])
def test_each_layer_gives_images_like_the_original(mn04, golden, name):
    outputs = golden("golden_mn04")
    image = outputs[f"{name}_mel_first"][:, None]
    for layer, expected in zip(mn04.network.features, outputs[f"{name}_layer_stats_first"], strict=True):
        image = layer(image)
        statistics = torch.stack([image.mean(), image.std(), image.min(), image.max()])
        assert_close(statistics.double(), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("name", "cut", "label"), [("birds", "first", "Bird"), ("street", "whole", "Speech")])
def test_birds_are_birds_and_people_in_the_street_speak(mn04, golden, name, cut, label):
    mel = golden("golden_mn04")[f"{name}_mel_{cut}"].transpose(1, 2)
    assert mn04.labels[mn04.scores(mel)[0].argmax()] == label


# Sizes


@pytest.mark.parametrize(
    ("width", "n_parameters", "n_entries"),
    [(0.1, 123783, 294), (0.2, 324695, 312), (0.4, 983599, 312), (0.5, 1431239, 312), (1.0, 4876831, 312),
     (2.0, 17909287, 312), (3.0, 39086367, 312), (4.0, 68427303, 312)],
)  # fmt: skip
@pytest.mark.usefixtures("no_memory")
def test_networks_are_as_large_as_the_originals(width, n_parameters, n_entries):
    network = MobileNetV3(width=width)
    assert sum(parameter.numel() for parameter in network.parameters()) == n_parameters
    assert len(network.state_dict()) == n_entries


@pytest.mark.usefixtures("no_memory")
def test_the_fully_convolutional_network_is_as_large_as_the_original():
    network = MobileNetV3(width=1.0, head="fully_convolutional")
    assert sum(parameter.numel() for parameter in network.parameters()) == 3478638
    assert len(network.state_dict()) == 314
    assert {"classifier.0.weight", "classifier.1.running_var"} < set(network.state_dict())


# Strides, hop and number of bands are not in the checkpoints: a wrong one would load all the same.
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("mn01_as", (4, 32)),
        ("mn40_as_ext", (4, 32)),
        ("mn10_as_hop_5", (4, 63)),
        ("mn10_as_hop_15", (4, 21)),
        ("mn10_as_hop_20", (4, 16)),
        ("mn10_as_hop_25", (4, 13)),
        ("mn10_as_mels_40", (2, 32)),
        ("mn10_as_mels_64", (2, 32)),
        ("mn10_as_mels_256", (8, 32)),
        ("mn10_as_fc", (4, 32)),
        ("mn10_as_fc_s2221", (8, 63)),
        ("mn10_as_fc_s2211", (16, 125)),
    ],
)
@pytest.mark.usefixtures("no_memory")
def test_ten_seconds_leave_a_map_of_the_size_of_the_original(name, expected):
    teacher = EfficientatTeacher(name).eval()
    n_frames = teacher.front_end.n_frames(320000)
    image = torch.empty(1, 1, teacher.front_end.n_mels, n_frames)
    assert teacher.network.features(image).shape[2:] == expected
    assert isinstance(teacher.network.classifier[0], nn.Conv2d) == ("_fc" in name)


@pytest.mark.parametrize(("name", "variant"), VARIANTS.items(), ids=VARIANTS)
def test_names_tell_the_width_and_the_file(name, variant):
    assert variant.width == int(name[2:4]) / 10
    assert re.fullmatch(rf"{name}_mAP_\d{{3}}\.pt", variant.file)


@pytest.mark.parametrize(
    ("n_channels", "expected"), [(9.6, 16), (25.6, 24), (6.4, 8), (1.6, 8), (48.8, 48), (73.6, 72), (72, 72), (12, 16)]
)
def test_channels_are_rounded_to_eights_and_lose_a_tenth_at_most(n_channels, expected):
    assert scaled_channels(n_channels) == expected


# What blocks compute


def test_squeeze_and_excitation_weighs_channels_by_a_plain_sigmoid():
    unit = SqueezeExcitation(64)
    nn.init.zeros_(unit.fc2.weight)
    nn.init.constant_(unit.fc2.bias, 1)
    image = torch.ones(2, 64, 3, 5)
    with torch.no_grad():
        # 1 / (1 + 1/e); the hard sigmoid would give 2/3.
        assert_close(unit(image), image * 0.7310586)


def test_batch_normalisation_has_the_epsilon_of_the_original():
    network = MobileNetV3(width=0.1, head="fully_convolutional")
    norms = [module for module in network.features.modules() if isinstance(module, nn.BatchNorm2d)]
    assert {norm.eps for norm in norms} == {1e-3}
    assert network.classifier[1].eps == 1e-5


def test_only_blocks_that_keep_the_size_add_their_input():
    network = MobileNetV3(width=1.0)
    blocks = [layer for layer in network.features if isinstance(layer, InvertedResidual)]
    assert [number for number, block in enumerate(blocks, start=1) if block.residual] == [
        1, 3, 5, 6, 8, 9, 10, 12, 14, 15,
    ]  # fmt: skip


def test_networks_without_memory_are_made_without_the_compiler():
    """Whose import takes seconds, at each start of every script."""
    code = (
        "import sys, torch; from efficientat.network import MobileNetV3\n"
        "with torch.device('meta'): MobileNetV3(width=0.4)\n"
        "print('torch._dynamo' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(__file__).parents[2])
    assert done.stdout.strip() == "False", done.stderr
