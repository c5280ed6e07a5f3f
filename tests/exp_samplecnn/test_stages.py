"""Training by stages: each goes on from the best network, and after a kill as if nothing had been."""

import multiprocessing
import os
import signal
import time

import numpy as np
import pytest
import torch
from samplecnn_fixtures import small_task, word_store

from audiokit import cli
from exp_samplecnn import train
from exp_samplecnn.data.sources import training_sources
from exp_samplecnn.data.standardisation import Standardisation, measured_standardisation
from exp_samplecnn.learning.finishing import stages_figure
from exp_samplecnn.learning.model_files import ModelSettings, read_model
from exp_samplecnn.learning.stages import StagedTraining, StageOptions
from exp_samplecnn.networks.layers import follow_epochs


@pytest.fixture
def store(tmp_path, monkeypatch):
    small_task(monkeypatch)
    return word_store(tmp_path)  # 80 segments to train on, 20 for validation, 20 for the test


def staged(store, folder, **options):
    folder.mkdir(exist_ok=True)
    settings = ModelSettings("scd", store.task.labels, standardisation=Standardisation(0, 0.35))
    return StagedTraining(store, settings, StageOptions(**{"n_stages": 2, "epochs": 2, **options}), folder)


def test_two_tones_are_told_apart(store, tmp_path):
    training = staged(store, tmp_path / "log", batch_size=8)
    scores = training.run()
    assert scores["rocauc"] == 1
    assert np.mean(training.record(1)["losses"]["losses_train"]) < 0.1
    network, settings = read_model(training.model_path(1))
    assert settings == training.settings
    assert training.test(network) == scores


def test_each_stage_begins_with_the_best_network_at_a_fifth_of_the_rate(store, tmp_path):
    training = staged(store, tmp_path / "log", learning_rate=0.05)
    training.run()
    first, second = training.record(0), training.record(1)
    assert (first["learning_rate"], second["learning_rate"]) == (0.05, pytest.approx(0.01))
    assert second["losses"]["losses_valid"][0] == pytest.approx(min(first["losses"]["losses_valid"][1:]), rel=1e-5)


@pytest.mark.parametrize(("n_batches", "n_points"), [(1, 1), (4, 4), (20, 17), (200, 161), (500, 451)])
def test_the_training_loss_is_drawn_however_short_a_stage_is(store, tmp_path, monkeypatch, n_batches, n_points):
    losses = {"losses_train": np.linspace(1, 0, n_batches).tolist(), "losses_valid": [1, 0.5, 0.2]}
    monkeypatch.setattr(StagedTraining, "record", lambda self, stage: {"learning_rate": 0.1, "losses": losses})
    (axes,) = stages_figure(staged(store, tmp_path / "log", n_stages=1)).axes
    curve = axes.lines[0]
    assert (curve.get_label(), len(curve.get_xdata())) == ("training", n_points)
    assert np.mean(curve.get_ydata()) == pytest.approx(0.5 if n_points > 1 else 1)
    assert (curve.get_marker() == ".") == (n_points == 1)  # of which no line can be seen


@pytest.mark.parametrize(("paper", "stage", "kept"), [(False, 0, 2), (False, 1, 0), (True, 1, 2)])
def test_an_earlier_stage_s_network_stays_unless_a_later_one_is_better(paper, stage, kept):
    assert StageOptions(paper=paper).of_stage(stage).keeping.best([1.0, 3.0, 2.0]) == kept


def test_weight_decay_holds_kernels_down(store, tmp_path):
    norms = []
    for decay in (0.0, 1.0):
        training = staged(store, tmp_path / f"log{decay}", n_stages=1, epochs=1, weight_decay=decay)
        training.run()
        norms.append(read_model(training.model_path(0))[0].block0.conv.weight.norm().item())
    assert norms[1] < 0.9 * norms[0]


def test_after_being_killed_five_times_the_network_is_the_same(tmp_path, monkeypatch):
    small_task(monkeypatch)
    store = word_store(tmp_path, n_clips=4)
    options = {"n_stages": 2, "epochs": 3, "patience": 3, "batch_size": 10, "augment": True}
    whole = staged(store, tmp_path / "whole", **options)
    whole.run()
    killed = staged(store, tmp_path / "killed", **options)
    fork = multiprocessing.get_context("fork")
    n_killed = 0
    for kill in range(5):
        process = fork.Process(target=killed.run)
        process.start()
        time.sleep(0.2 + 0.1 * kill)
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        n_killed += process.exitcode == -signal.SIGKILL
    killed.run()
    states = [read_model(training.model_path(1))[0].state_dict() for training in (whole, killed)]
    assert n_killed
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])
    assert whole.record(1) == killed.record(1)


def test_no_batch_holds_a_single_segment(store):
    n_segments = len(store.rows_of("train"))
    sources = training_sources(store, Standardisation(), n_segments - 1)
    assert len(sources["train"]) == 1


def test_batches_hold_the_clips_labels_and_standardised_sound(store):
    source = training_sources(store, Standardisation(0.1, 2), 16)["train"]
    for batch in source.batches(0):
        assert batch["segment"].dtype == torch.float32
        loud = batch["segment"].abs().amax(dim=1)
        assert ((loud > 0.15) & (loud < 0.35)).all()
        assert (batch["target"].sum(dim=1) == 1).all()


def test_how_loud_a_recording_is_does_not_matter_where_segments_are_standardised_by_themselves():
    sound = torch.randn(3, 1000) * torch.tensor([[1.0], [0.01], [0]])
    found = Standardisation(own=True)(sound)
    torch.testing.assert_close(found.std(dim=1), torch.tensor([1.0, 1, 0]))
    torch.testing.assert_close(found[0], (sound[0] - sound[0].mean()) / sound[0].std())
    whole = (0.1 * sound * 32767).round().short()
    stored = Standardisation(own=True)(whole, full_scale=32767)
    torch.testing.assert_close(stored[0], found[0], atol=1e-3, rtol=0)


@pytest.mark.parametrize(("n_batches", "momentum"), [(6631, 0.01), (87, 0.0516), (2, 0.1)])
def test_statistics_are_those_of_an_epoch_where_it_is_short(n_batches, momentum):
    network = ModelSettings("scd", ("no", "yes")).network()
    follow_epochs(network, n_batches)
    assert network.final_norm.momentum == network.block3.norm.momentum == pytest.approx(momentum, abs=1e-4)


def test_mean_and_spread_can_be_measured_on_the_training_split(store):
    measured = measured_standardisation(store)
    assert measured.mean == pytest.approx(0, abs=1e-3)
    assert measured.std == pytest.approx(0.5 / np.sqrt(2), rel=1e-2)


def run(tmp_path, *more):
    options = [
        "--data-dir",
        tmp_path / "data",
        "--log-dir",
        tmp_path / "log",
        "--num-stages",
        1,
        "--epochs",
        1,
        "--batch-size",
        20,
    ]
    return cli.run(train.main, [str(option) for option in ["scd", *options, "--device", "cpu", *more]])


def test_the_model_is_named_by_its_test_scores_in_a_folder_with_date_dataset_and_name(store, tmp_path, capsys):
    assert run(tmp_path, "--multi") == 0
    (model,) = tmp_path.glob("log/*-scd-se_multi/final-auc_*-acc_*-f1_*.safetensors")
    assert capsys.readouterr().out.splitlines()[-1] == str(model)
    assert sorted(path.name for path in model.parent.iterdir()) == [
        model.name, "losses.png", "stage0.json", "training.json",
    ]  # fmt: skip


def test_a_stopped_training_is_gone_on_with_but_not_one_with_other_options(store, tmp_path, capsys, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(StagedTraining, "run", lambda self: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            run(tmp_path, "mine")
    assert run(tmp_path, "mine") == 0
    assert "going on in" in capsys.readouterr().out
    assert len(list(tmp_path.glob("log/*-scd-mine"))) == 1
    time.sleep(1)
    assert run(tmp_path, "mine", "--lr", "0.02") == 0
    assert "training in" in capsys.readouterr().out


def test_after_the_store_was_made_anew_another_training_begins(store, tmp_path, capsys, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(StagedTraining, "run", lambda self: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            run(tmp_path, "mine")
    (begun,) = tmp_path.glob("log/*-scd-mine")
    begun.rename(begun.with_name("20260101_000000-scd-mine"))
    store.path.unlink()
    word_store(tmp_path, n_clips=7)
    capsys.readouterr()
    assert run(tmp_path, "mine") == 0
    assert "training in" in capsys.readouterr().out
    assert len(list(tmp_path.glob("log/*-scd-mine"))) == 2


@pytest.mark.parametrize(
    "wrong", [["--lr", "0"], ["--dropout", "1"], ["--block", "res3"], ["--batch-size", "1"], ["--seed", "-1"]]
)
def test_impossible_options_are_refused(wrong, capsys):
    with pytest.raises(SystemExit):
        train.parse(["mtt", *wrong])
    assert wrong[0] in capsys.readouterr().err


def test_options_and_defaults_are_the_original_s():
    options = vars(train.parse(["mtt"]))
    expected = {
        "block": "se", "amplifying_ratio": 0.125, "multi": False, "batch_size": 23, "momentum": 0.9, "lr": 0.01,
        "lr_decay": 0.2, "dropout": 0.5, "weight_decay": 0.0, "num_stages": 5, "patience": 2, "num_readers": 8,
    }  # fmt: skip
    assert {name: options[name] for name in expected} == expected
