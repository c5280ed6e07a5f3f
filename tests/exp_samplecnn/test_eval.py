"""eval.py: the same scores as after training, tables and pictures; models that do not fit are refused."""

import csv
import json

import numpy as np
import pytest
import torch
from samplecnn_fixtures import small_task, word_store
from sklearn.metrics import accuracy_score

from audiokit import cli
from exp_samplecnn import eval as evaluation
from exp_samplecnn.evaluation.report import write_clip_scores
from exp_samplecnn.learning.model_files import ModelSettings, find_model, read_model, write_model


@pytest.fixture
def store(tmp_path, monkeypatch):
    small_task(monkeypatch)
    return word_store(tmp_path)


@pytest.fixture
def model(store, tmp_path):
    torch.manual_seed(0)
    settings = ModelSettings("scd", store.task.labels, block="res1")
    path = tmp_path / "log" / "final-a.safetensors"
    path.parent.mkdir()
    write_model(path, settings, settings.network().state_dict())
    return path


def run(tmp_path, model, dataset="scd"):
    options = [dataset, model, "--data-dir", tmp_path / "data", "--device", "cpu"]
    return cli.run(evaluation.main, [str(option) for option in options])


def test_tables_and_pictures_are_written_beside_the_model(model, tmp_path, capsys):
    assert run(tmp_path, model.parent) == 0
    printed = dict(line.split()[:2] for line in capsys.readouterr().out.splitlines()[1:-1])
    folder = model.parent / "evaluation"
    assert sorted(path.name for path in folder.iterdir()) == [
        "classes.csv", "classes.png", "confusion.png", "scores.csv",
    ]  # fmt: skip
    rows = list(csv.DictReader((folder / "scores.csv").open()))
    decided = [max(("no", "yes"), key=lambda word: float(row[word])) for row in rows]
    truth = [row["clip"].split("/")[0] for row in rows]
    assert float(printed["argmax"]) == pytest.approx(accuracy_score(truth, decided))
    assert [row["clips"] for row in csv.DictReader((folder / "classes.csv").open())] == ["1", "1"]


def test_scores_are_written_so_that_they_rank_as_they_did(tmp_path):
    near_one = np.nextafter(np.float32(1), np.float32(0), dtype=np.float32)
    scores = np.array([[near_one, 1e-9], [1, 2e-9]], np.float32)
    write_clip_scores(tmp_path / "scores.csv", ["a.wav", "b.wav"], scores, ["no", "yes"])
    rows = list(csv.DictReader((tmp_path / "scores.csv").open()))
    np.testing.assert_array_equal([[np.float32(row[word]) for word in ("no", "yes")] for row in rows], scores)


def test_a_model_comes_back_as_it_was(model):
    network, settings = read_model(find_model(model.parent))
    assert (settings.block, settings.labels, network.training) == ("res1", ("no", "yes"), False)


def test_a_model_may_be_read_by_whom_other_new_files_may(model, tmp_path):
    (tmp_path / "new").touch()
    assert model.stat().st_mode == (tmp_path / "new").stat().st_mode


def test_a_model_of_another_dataset_is_refused(store, tmp_path, capsys):
    settings = ModelSettings("dcs", ("a", "b"))
    write_model(tmp_path / "other.safetensors", settings, settings.network().state_dict())
    assert run(tmp_path, tmp_path / "other.safetensors") == 1
    assert "is trained for dcs, not scd" in capsys.readouterr().err


def test_a_model_with_other_words_is_refused(store, tmp_path, capsys):
    settings = ModelSettings("scd", ("left", "right"))
    write_model(tmp_path / "other.safetensors", settings, settings.network().state_dict())
    assert run(tmp_path, tmp_path / "other.safetensors") == 1
    assert "knows 2 labels (left; right …)" in capsys.readouterr().err


def test_weights_of_another_block_than_the_settings_say_are_refused(model, tmp_path, capsys):
    from safetensors.torch import load_file, save_file

    settings = ModelSettings("scd", ("no", "yes"), block="se")
    save_file(load_file(model), tmp_path / "b.safetensors", metadata={"settings": json.dumps(settings.describe())})
    assert run(tmp_path, tmp_path / "b.safetensors") == 1
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\x08\x00\x00\x00\x00\x00\x00\x00{}      "])
def test_files_that_are_no_models_are_refused(store, tmp_path, content, capsys):
    (tmp_path / "broken.safetensors").write_bytes(content)
    assert run(tmp_path, tmp_path / "broken.safetensors") == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_a_folder_without_a_finished_model_is_refused(tmp_path, capsys):
    assert run(tmp_path, tmp_path) == 1
    assert "holds no finished model" in capsys.readouterr().err
