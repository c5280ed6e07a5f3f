"""Training, prediction and measurement on EMVD: on synthetic singing, and on a few seconds of real one."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
from emvd_fixtures import TECHNIQUES, write_emvd

from audiokit import cli
from exp_emvd import create_dataset, create_split_k_fold, experiment
from exp_emvd.data.folds import PARTS
from exp_emvd.evaluation.predictions import read_predictions, write_predictions
from exp_emvd.learning.loss_files import read_losses
from exp_emvd.learning.split_data import read_data
from exp_emvd.tasks import TASKS

SCRIPT = Path(experiment.__file__)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Chunks of 16 recordings by four singers, in two splits."""
    folder = tmp_path_factory.mktemp("data")
    emvd = write_emvd(folder / "EMVD", n_takes=1, seconds=1.1, singers=(1, 2, 3, 4))
    arguments = ["--metadata", emvd, "--audio", emvd / "audio", "--output", folder / "store.h5", "--workers", "1"]
    assert cli.run(create_dataset.main, list(map(str, arguments))) == 0
    return folder / "store.h5"


def run(store, output, step, *more, exp="t_multiclass"):
    arguments = ["-exp", exp, "-step", step, "--dataset", store, "--output", output, "--device", "cpu", *more]
    return cli.run(experiment.main, list(map(str, arguments)))


# What is trained on


def test_parts_of_a_split_are_those_of_the_folds(store):
    data = read_data(store)
    task = TASKS["t_multiclass"]
    rows = [data.rows(task, 0, part) for part in PARTS]
    assert [len(part) for part in rows] == [8, 4, 4]
    assert sorted(np.concatenate(rows)) == list(range(16))


def test_without_distortion_clear_voices_are_trained_on_and_chosen_by(store):
    data, task = read_data(store), TASKS["s_classif_no_distorsion"]
    sung = {part: set(data.techniques[data.recording_of_row[data.rows(task, 0, part)]]) for part in PARTS}
    assert sung == {"train": {"ClearVoice"}, "valid": {"ClearVoice"}, "eval": set(TECHNIQUES)}


def test_by_singer_no_singer_of_the_test_is_trained_on(store):
    task = TASKS["t_multiclass"]
    assert read_data(store).shared_singers(task, 0) == (4, 4)
    assert read_data(store, by_singer=True).shared_singers(task, 0)[0] == 0


def test_a_label_that_is_tested_on_and_never_trained_on_is_told(store, tmp_path, capsys):
    assert read_data(store).unheard_labels(TASKS["t_multiclass"], 0) == []
    copy = shutil.copy(store, tmp_path)
    with h5py.File(copy, "r+") as file:
        parts, techniques = file["clips/split1"], file["clips/technique"].asstr()[:]
        parts[:] = ["eval" if name == "DeathGrowl" else "train" for name in techniques]
        parts[0] = "valid"
    assert read_data(Path(copy)).unheard_labels(TASKS["t_multiclass"], 1) == ["DeathGrowl"]
    assert run(copy, tmp_path, "eval", "--splits", 1) == 1
    assert "split1 is tested on DeathGrowl, but not trained on that" in capsys.readouterr().err


def test_singers_that_were_never_heard_are_not_told_apart(store, tmp_path, capsys):
    assert run(store, tmp_path, "train", "--by_singer", exp="s_classif") == 1
    assert "so s_classif cannot know any: use folds by file" in capsys.readouterr().err


def test_labels_of_singers_are_drawn_alike(store):
    source = read_data(store).sources(TASKS["s_classif"], 0)["train"]
    singers = np.concatenate([batch["target"] for epoch in range(120) for batch in source.batches(epoch)])
    np.testing.assert_allclose(np.bincount(singers) / len(singers), 0.25, atol=0.06)


# Steps


@pytest.fixture(scope="module")
def trained(store, tmp_path_factory):
    """Both splits trained for a few epochs, and predicted."""
    output = tmp_path_factory.mktemp("trained")
    assert run(store, output, "train", "--epochs", 5) == 0
    assert run(store, output, "eval") == 0
    return output


def test_the_loss_falls_and_lies_under_the_originals_names(trained):
    for split in (1, 2):
        losses = read_losses(trained / "losses" / f"loss_model_t_multiclass_{split}.npy")
        assert [len(losses[name]) for name in losses] == [5, 6, 6]
        assert losses["losses_train"][0] == pytest.approx(np.log(4), abs=0.3)
        assert losses["losses_train"][-1] < losses["losses_train"][0] - 0.2
    names = {path.name for path in (trained / "model").iterdir()}
    assert names == {f"model_t_multiclass_{split}{end}" for split in (1, 2) for end in ("", ".json")}


def test_predictions_have_the_chunks_that_were_tested_on_with_scores(store, trained):
    splits = read_predictions(trained / "outputs" / "t_multiclass.h5")
    assert list(splits) == [0, 1]
    assert len({name for split in splits.values() for name in split.audio_names}) == 8
    np.testing.assert_allclose(splits[0].scores.sum(axis=1), 1, rtol=1e-5)
    assert splits[0].labels == TASKS["t_multiclass"].labels
    assert splits[0].truths[0] in splits[0].audio_names[0]


def test_measures_are_printed_and_drawn(store, trained, capsys):
    assert run(store, trained, "metric") == 0
    told = capsys.readouterr()
    assert told.out.startswith("MICRO ACCURACY (share of 8 recordings")
    assert "--by_singer" in told.err
    assert (trained / "results" / "confusion_matrix_multiclass.pdf").read_bytes().startswith(b"%PDF")
    run(store, trained, "metric", "--paper", "--splits", 1)
    assert capsys.readouterr().out.startswith("MICRO ACCURACY\n0.")


def test_prediction_does_not_depend_on_what_is_beside_it(store, trained, tmp_path):
    (tmp_path / "model").symlink_to(trained / "model")
    assert run(store, tmp_path, "eval", "--splits", 1) == 0
    again, first = (read_predictions(folder / "outputs" / "t_multiclass.h5")[1] for folder in (tmp_path, trained))
    np.testing.assert_array_equal(again.scores, first.scores)


def test_predictions_of_other_splits_stay_where_they_are_of_the_same_folds_and_training(
    store, trained, tmp_path, capsys
):
    (tmp_path / "model").symlink_to(trained / "model")
    path = tmp_path / "outputs" / "t_multiclass.h5"
    first, second = read_predictions(trained / "outputs" / "t_multiclass.h5").values()
    of_seed_7 = replace(first, trained_with={**first.trained_with, "seed": 7})
    of_nothing_known = replace(first, trained_with={})
    path.parent.mkdir()
    for there, kept in (
        ({0: first}, {0, 1}),
        ({0: of_nothing_known}, {0, 1}),
        ({0: of_seed_7}, {1}),
        ({2: second}, {1}),
    ):
        write_predictions(path, there)
        assert run(store, tmp_path, "eval", "--splits", 1) == 0
        assert read_predictions(path).keys() == kept
        left_out = f"held split{min(there)} of other folds or another training" in capsys.readouterr().err
        assert left_out == (kept == {1})


def test_after_damage_to_the_predictions_the_remedy_that_is_told_works(store, trained, tmp_path, capsys):
    (tmp_path / "model").symlink_to(trained / "model")
    path = tmp_path / "outputs" / "t_multiclass.h5"
    path.parent.mkdir()
    path.write_bytes(b"\x89HDF\r\n\x1a\nno more")
    for step in ("metric", "eval"):
        assert run(store, tmp_path, step) == 1
        assert capsys.readouterr().err.endswith("delete it, and run the step eval again\n")
    path.unlink()
    assert run(store, tmp_path, "eval") == run(store, tmp_path, "metric") == 0


def test_what_is_trained_is_not_trained_again(store, trained, capsys):
    before = (trained / "model" / "model_t_multiclass_1").stat().st_mtime_ns
    assert run(store, trained, "train", "--epochs", 5) == 0
    assert "is there already: delete it to train again" in capsys.readouterr().err
    assert (trained / "model" / "model_t_multiclass_1").stat().st_mtime_ns == before


def test_a_model_is_not_tested_on_other_folds_than_it_was_trained_on(store, trained, tmp_path, capsys):
    copy = shutil.copy(store, tmp_path)
    with h5py.File(copy, "r+") as file:
        file["clips/split1"][:] = file["clips/split0"][:]
    (tmp_path / "model").symlink_to(trained / "model")
    assert run(copy, tmp_path, "eval") == 1
    assert "model_t_multiclass_2 was trained on other recordings or folds" in capsys.readouterr().err


@pytest.mark.parametrize("column", ["technique", "singer", "stamp"])
@pytest.mark.parametrize("step", ["train", "eval"])
def test_a_model_of_other_labels_or_files_is_not_used(store, trained, tmp_path, capsys, column, step):
    copy = shutil.copy(store, tmp_path)
    with h5py.File(copy, "r+") as file:
        values = file[f"clips/{column}"]
        values[:] = values[:] + 1 if column == "stamp" else values[:][::-1]
    (tmp_path / "model").symlink_to(trained / "model")
    (tmp_path / "losses").symlink_to(trained / "losses")
    assert run(copy, tmp_path, step, "--epochs", 5) == 1
    told = "model_t_multiclass_1 was trained on other techniques, singers or files of its recordings: give the same"
    assert told in capsys.readouterr().err


def test_when_files_were_changed_does_not_matter_nor_what_older_models_do_not_say(store, trained, tmp_path):
    copy = shutil.copy(store, tmp_path)
    with h5py.File(copy, "r+") as file:
        file["clips/stamp"][:, 1] = 0
    shutil.copytree(trained / "model", tmp_path / "model")
    assert run(copy, tmp_path, "eval", "--splits", 0) == 0
    options = tmp_path / "model" / "model_t_multiclass_1.json"
    told = json.loads(options.read_text())
    del told["content"]
    options.write_text(json.dumps(told))
    with h5py.File(copy, "r+") as file:
        file["clips/singer"][0] += 1
    assert run(copy, tmp_path, "eval", "--splits", 0) == 0


@pytest.mark.parametrize(
    ("step", "options", "told"),
    [
        ("train", ["--epochs", 9], "was trained with epochs 5, not 9"),
        ("train", ["--epochs", 5, "--batch_size", 8], "was trained with batch_size 32, not 8"),
        ("eval", ["--paper"], "was trained with paper False, not True"),
        ("eval", ["--splits", 2], "there is no split 2: choose among 0, 1"),
        ("metric", ["--splits", 7], "there is no split 7: choose among 0, 1"),
    ],
)
def test_what_does_not_fit_is_refused_in_a_line(store, trained, capsys, step, options, told):
    assert run(store, trained, step, *options) == 1
    assert told in capsys.readouterr().err


def test_as_the_original_losses_have_a_floor_and_evaluation_is_in_train_mode(store, tmp_path):
    for step in ("train", "eval"):
        assert run(store, tmp_path, step, "--paper", "--epochs", 2, "--splits", 0, exp="t_binary") == 0
    path = tmp_path / "losses" / "loss_model_t_binary_1.npy"
    losses = np.load(path, allow_pickle=True).item()
    assert losses["losses_train"].min() > 0.3133
    assert losses["losses_valid"][0] == pytest.approx(0.69, abs=0.05)
    assert set(read_predictions(tmp_path / "outputs" / "t_binary.h5")[0].truths) <= {"ClearVoice", "DistortedVoice"}


@pytest.mark.parametrize(
    ("arguments", "right"),
    [
        (["-exp", "t_multi", "-step", "train"], ["t_multiclass", "t_binary", "s_classif", "s_classif_no_distorsion"]),
        (["-exp", "t_binary", "-step", "test"], ["train", "eval", "metric"]),
        (["-exp", "t_binary"], ["-step"]),
    ],
)
def test_wrong_values_list_the_right_ones(arguments, right, capsys):
    with pytest.raises(SystemExit):
        experiment.main(arguments)
    told = capsys.readouterr().err
    assert all(value in told for value in right)


@pytest.mark.parametrize(
    ("step", "told"),
    [
        ("train", "nothing.h5: make it by create_dataset.py"),
        ("metric", "t_multiclass.h5: run the step eval first"),
    ],
)
def test_what_is_missing_is_told(tmp_path, step, told, capsys):
    assert run(tmp_path / "nothing.h5", tmp_path, step) == 1
    assert told in capsys.readouterr().err


# Stopping


def command(store, output, *more):
    arguments = ["-exp", "t_binary", "-step", "train", "--dataset", store, "--output", output, "--splits", 0]
    return [sys.executable, str(SCRIPT), *map(str, [*arguments, "--device", "cpu", *more])]


@pytest.mark.slow
def test_after_kill_9_training_goes_on_to_the_same_bits(store, tmp_path):
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    subprocess.run(command(store, whole, "--epochs", 5), env=environment, check=True, capture_output=True)
    process = subprocess.Popen(command(store, killed, "--epochs", 5), env=environment, stderr=subprocess.DEVNULL)
    checkpoint = killed / "model" / "model_t_binary_1.checkpoint"
    while not checkpoint.exists() and process.poll() is None:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert checkpoint.exists()
    assert not (killed / "model" / "model_t_binary_1").exists()
    subprocess.run(command(store, killed, "--epochs", 5), env=environment, check=True, capture_output=True)
    one, other = (torch.load(folder / "model" / "model_t_binary_1") for folder in (whole, killed))
    assert all(torch.equal(one[name], other[name]) for name in one)
    curves = [read_losses(folder / "losses" / "loss_model_t_binary_1.npy") for folder in (whole, killed)]
    assert all((curves[0][name] == curves[1][name]).all() for name in curves[0])
    assert not checkpoint.exists()


# Real singing


@pytest.mark.slow
def test_real_singing_is_learned(shared, tmp_path, capsys):
    emvd = shared / "data" / "emvd"
    rows = list(csv.DictReader((emvd / "metadata_files.csv").open()))
    here = [row for row in rows if (emvd / row["file_name"]).exists()]
    with (tmp_path / "metadata_files.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, here[0])
        writer.writeheader()
        writer.writerows(here)
    folds, store = tmp_path / "split_kfolds.csv", tmp_path / "store.h5"
    drawn = ["-n_splits", 2, "-seed", 3, "--metadata", tmp_path, "--output", folds]
    assert cli.run(create_split_k_fold.main, list(map(str, drawn))) == 0
    stored = ["--metadata", tmp_path, "--audio", emvd, "--output", store, "--workers", 1]
    assert cli.run(create_dataset.main, list(map(str, stored))) == 0
    assert run(store, tmp_path, "train", "--epochs", 5, "--splits", 0) == 0
    losses = read_losses(tmp_path / "losses" / "loss_model_t_multiclass_1.npy")["losses_train"]
    assert losses[-1] < 0.8 * losses[0]
    for step in ("eval", "metric"):
        assert run(store, tmp_path, step, "--splits", 0) == 0
    assert "MICRO ACCURACY (share of 5 recordings" in capsys.readouterr().out
