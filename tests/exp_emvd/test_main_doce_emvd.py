"""The plans on EMVD: what they hold, and that settings computed at once leave what experiment.py leaves."""

import numpy as np
import pytest
from emvd_fixtures import write_emvd

from audiokit import cli
from audiokit.errors import UserError
from audiokit.experiments import experiment_cli
from audiokit.experiments.plan import Setting
from exp_emvd import create_dataset, experiment
from exp_emvd.evaluation.measures import measure
from exp_emvd.evaluation.predictions import Predictions, pooled, read_predictions
from exp_emvd.main_doce_emvd import EXPERIMENT
from exp_emvd.planned_experiment import PlannedExperiment, measured_values
from exp_emvd.plans import emvd_plans, needs
from exp_emvd.tasks import TASKS

SELECTED = "technique+technique_pooled/task=t_multiclass+folds=file+paper=0+seed=0"


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    emvd = write_emvd(folder / "EMVD", n_takes=1, seconds=1.1, singers=(1, 2, 3, 4))
    arguments = ["--metadata", emvd, "--audio", emvd / "audio", "--output", folder / "store.h5", "--workers", "1"]
    assert cli.run(create_dataset.main, list(map(str, arguments))) == 0
    return folder / "store.h5"


def run(store, output, *more):
    options = ["--dataset", store, "--output_path", output, "--epochs", 1, "--n_splits", 2, "--device", "cpu"]
    return experiment_cli.main(EXPERIMENT, list(map(str, [*options, *more])))


@pytest.fixture(scope="module")
def computed(store, tmp_path_factory):
    """Both splits of one experiment, computed at once."""
    output = tmp_path_factory.mktemp("computed")
    assert run(store, output, "-s", SELECTED, "-c", 2) == 0
    return output


def test_the_plans_hold_the_four_experiments_and_no_singers_that_were_never_heard():
    settings = [setting for plan in emvd_plans().values() for setting in plan]
    assert {setting["task"] for setting in settings} == set(TASKS)
    assert {setting["folds"] for setting in settings if setting["task"].startswith("s_")} == {"file"}


def test_each_step_needs_the_one_before_and_pooled_results_those_of_all_splits():
    plans = emvd_plans()
    train, evaluated, measured = (
        next(s for s in plans["singer"] if s["step"] == step) for step in ("train", "eval", "metric")
    )
    assert [needs(setting) for setting in (train, evaluated, measured)] == [[], [train], [evaluated]]
    needed = needs(next(iter(plans["singer_pooled"])))
    assert [setting["split"] for setting in needed] == [0, 1, 2, 3]
    assert set(needed) <= set(plans["singer"])


def test_what_was_measured_of_all_splits_goes_before_one_is_predicted_anew(tmp_path):
    pooled_one = next(iter(emvd_plans()["technique_pooled"]))
    planned = PlannedExperiment(tmp_path, tmp_path / "nothing.h5", device="cpu")
    measures = tmp_path / pooled_one.replace(step="metric").identifier().replace("+step=metric", "") / "results"
    measures.mkdir(parents=True)
    np.savez(measures / "measures.npz", micro_accuracy=[1.0])
    assert planned.is_done(pooled_one)
    with pytest.raises(UserError, match="make it by create_dataset"):
        planned.run(next(setting for setting in needs(pooled_one)))
    assert not planned.is_done(pooled_one)


def test_splits_computed_at_once_predict_what_experiment_py_predicts(store, computed, tmp_path):
    arguments = ["-exp", "t_multiclass", "--dataset", store, "--output", tmp_path, "--epochs", 1, "--device", "cpu"]
    for step in ("train", "eval"):
        assert cli.run(experiment.main, list(map(str, [*arguments, "-step", step]))) == 0
    (found,) = computed.glob("epoch=1+folds=file+paper=0+seed=0+split=all+task=t_multiclass")
    ours, theirs = (read_predictions(folder / "outputs" / "t_multiclass.h5") for folder in (found, tmp_path))
    for split in (0, 1):
        np.testing.assert_array_equal(ours[split].audio_names, theirs[split].audio_names)
        np.testing.assert_allclose(ours[split].scores, theirs[split].scores, atol=0.02)
    assert (found / "results" / "confusion_matrix_multiclass.pdf").read_bytes().startswith(b"%PDF")
    assert (found / "results" / "measures.txt").read_text().startswith("MICRO ACCURACY (share of 8 recordings")


def test_pooled_results_are_those_of_all_recordings(store, computed, capsys):
    assert run(store, computed, "-s", SELECTED, "-d", "micro_accuracy") == 0
    shown = capsys.readouterr().out
    (folder,) = computed.glob("epoch=1+folds=file+paper=0+seed=0+split=all+task=t_multiclass")
    splits = read_predictions(folder / "outputs" / "t_multiclass.h5")
    accuracy = measure(pooled(splits), TASKS["t_multiclass"].shown).micro_accuracy
    assert f"{100 * accuracy:.1f}" in shown.rpartition("all ")[2]


@pytest.mark.parametrize("suffix", ["png", "html", "tex"])
def test_tables_are_written(store, computed, tmp_path, suffix):
    path = tmp_path / f"table.{suffix}"
    assert run(store, computed, "-s", SELECTED, "-e", path) == 0
    assert path.stat().st_size > 300


def test_what_is_done_is_told_and_can_be_removed(store, computed, tmp_path, capsys):
    assert run(store, computed, "-s", SELECTED, "-P") == 0
    assert "in all            7 of 7 done" in capsys.readouterr().out
    assert run(store, tmp_path, "-s", SELECTED, "-P") == 0
    assert "in all            0 of 7 done" in capsys.readouterr().out


def test_values_are_one_for_each_recording_and_recalls_those_of_a_technique():
    names = [f"{name}.wav___0" for name in "abcd"]
    truths = np.array(["ClearVoice", "ClearVoice", "DistortedVoice", "DistortedVoice"])
    predicted = np.array(["ClearVoice", "DistortedVoice", "DistortedVoice", "DistortedVoice"])
    values = measured_values(measure(Predictions(np.array(names), truths, predicted), TASKS["t_binary"].shown))
    assert values["micro_accuracy"].tolist() == [1, 0, 1, 1]
    assert values["recall_ClearVoice"].tolist() == [1, 0]
    assert values["recall_DistortedVoice"].tolist() == [1, 1]
    assert values["macro_accuracy"] == 0.75


@pytest.mark.parametrize("n_splits", [1, 3])
@pytest.mark.parametrize("plan", ["technique", "technique_pooled"])
def test_as_many_splits_are_computed_and_pooled_as_the_store_has(store, computed, plan, n_splits):
    before = sorted(computed.glob("*"))
    selected = SELECTED.replace("technique+technique_pooled", plan)
    with pytest.raises(UserError, match=r"store\.h5 has 2 splits: give --n_splits 2"):
        run(store, computed, "-s", selected, "-c", "--n_splits", n_splits)
    assert sorted(computed.glob("*")) == before


def test_a_setting_whose_needs_are_not_computed_says_what_to_do(store, tmp_path):
    plan = emvd_plans(epochs=1, n_splits=2)["technique"]
    setting = next(iter(plan)).replace(step="eval")
    assert isinstance(setting, Setting)
    with pytest.raises(Exception, match="run the step train first"):
        run(store, tmp_path, "-s", setting.selector, "-c")
