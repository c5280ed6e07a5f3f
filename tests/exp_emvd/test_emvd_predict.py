"""Any recording becomes techniques over time, from the chunks that the networks were trained on."""

import csv
import json

import numpy as np
import pytest
import soundfile
import torch
from emvd_fixtures import singing

from audiokit import cli
from audiokit.labels.prediction import predict
from audiokit.learning.checkpoints import save_tensors
from exp_emvd import predict as script
from exp_emvd.data.mel import singing_chunks
from exp_emvd.learning.listener import SingingListener
from exp_emvd.learning.network import SingingNetwork
from exp_emvd.tasks import TASKS

TASK = TASKS["t_binary"]


@pytest.fixture
def models(tmp_path):
    """Two networks with weights by chance."""
    paths = [tmp_path / "model" / f"model_t_binary_{number}" for number in (1, 2)]
    for seed, path in enumerate(paths):
        torch.manual_seed(seed)
        save_tensors(path, SingingNetwork(n_labels=2).state_dict())
    return paths


@pytest.fixture
def recording(tmp_path):
    path = tmp_path / "song.wav"
    soundfile.write(path, singing("DeathGrowl", 3.5), 48000, subtype="FLOAT")
    return path


def test_scores_are_those_of_the_chunks_of_the_data_set(models, recording, tmp_path):
    scores = predict(SingingListener(models[:1], TASK), recording, tmp_path / "out", progress=False).scores
    network = SingingNetwork(n_labels=2).eval()
    network.load_state_dict(torch.load(models[0]))
    expected = network.probabilities(torch.from_numpy(singing_chunks(recording)))
    assert len(expected) == 3
    np.testing.assert_allclose(scores.scores[:3], expected, atol=1e-4)


def test_networks_are_averaged(models, recording, tmp_path):
    pieces = np.random.default_rng(0).standard_normal((2, 1024 + 192 * 256)).astype(np.float32)
    one, other, both = (SingingListener(paths, TASK)(pieces) for paths in (models[:1], models[1:], models))
    np.testing.assert_allclose(both, (one + other) / 2, atol=1e-6)
    np.testing.assert_allclose(both.sum(axis=1), 1, atol=1e-6)


def test_a_table_a_picture_and_a_page_are_written(models, recording, tmp_path, capsys):
    arguments = [recording, "-exp", "t_binary", "--models", tmp_path, "--output", tmp_path / "out", "--device", "cpu"]
    assert cli.run(script.main, list(map(str, arguments))) == 0
    assert "song.wav: " in capsys.readouterr().out
    folder = tmp_path / "out" / "song"
    header, *rows = csv.reader((folder / "scores.csv").open())
    assert header == ["start_s", "end_s", "Clear Voice", "Distorted Voice"]
    assert rows[1][0] == "1.024"
    assert (folder / "scores.png").stat().st_size > 5000
    assert "model_t_binary_1, model_t_binary_2" in (folder / "index.html").read_text()


def test_without_a_model_a_line_says_how_to_make_one(recording, tmp_path, capsys):
    assert cli.run(script.main, [str(recording), "--models", str(tmp_path)]) == 1
    assert "run experiment.py -exp t_multiclass -step train first" in capsys.readouterr().err


@pytest.mark.parametrize("which", ["one", "all"])
@pytest.mark.parametrize(
    ("trained", "told"),
    [
        ({"experiment": "t_binary", "paper": True}, "was trained with paper True, not False: give -exp and --paper as"),
        ({"experiment": "s_classif", "paper": False}, "was trained with experiment s_classif, not t_binary"),
        ({"experiment": "t_binary", "paper": False}, None),
    ],
)
def test_networks_are_not_taken_for_others_than_they_are(models, recording, tmp_path, capsys, which, trained, told):
    (tmp_path / "model" / "model_t_binary_2.json").write_text(json.dumps(trained))
    chosen = ["--model", models[1]] if which == "one" else ["--models", tmp_path]
    arguments = [recording, "-exp", "t_binary", *chosen, "--output", tmp_path / "out", "--device", "cpu"]
    assert cli.run(script.main, list(map(str, arguments))) == (0 if told is None else 1)
    assert told is None or f"model_t_binary_2 {told}" in capsys.readouterr().err
