"""The comparison by plan: the same songs for every model, and seeds together with their interval."""

from functools import partial

import numpy as np
import pytest
from genre_fixtures import write_genres

from audiokit import cli
from audiokit.experiments import experiment_cli
from audiokit.experiments.plan import Setting
from exp_audioconcept.classifiers import testing
from exp_audioconcept.classifiers.testing import wilson_interval
from exp_audioconcept.main_doce_audioconcept import EXPERIMENT
from exp_audioconcept.planned_experiment import seeds_interval
from exp_audioconcept.plans import needs


def test_models_are_compared_on_one_split_and_seeds_together(tmp_path, capsys):
    table = write_genres(tmp_path / "music")
    places = ["--data", tmp_path / "music", "--groups", table, "--stores", tmp_path, "--output_path", tmp_path / "out"]
    arguments = [*map(str, places), "--seeds", "0", "1", "--workers", "1", "--epochs", "1", "--no-augmentation"]
    arguments += ["--audio-length", "4.2", "--adaptive"]
    picture = tmp_path / "table.png"
    chosen = ["-s", "genres/model=SVM,CNN+split=grouped", "-c", "-d", "-e", str(picture)]
    assert cli.run(partial(experiment_cli.main, EXPERIMENT), [*chosen, *arguments]) == 0
    told = capsys.readouterr().out
    assert [line.split()[:2] for line in told.splitlines() if line.startswith(("SVM", "CNN"))] == [
        [model, seed] for model in ("SVM", "CNN") for seed in ("0", "1", "all")
    ]
    assert picture.is_file()

    def right(seed, name="accuracy"):
        return np.load(tmp_path / "out" / "metrics" / f"model=SVM+seed={seed}+split=grouped_{name}.npy")

    assert right(0).shape == (6,)
    options = [*chosen[:2], "-c", "-S", *arguments[2:], "--data", f"{tmp_path}/music/", "--epochs", "2"]
    assert cli.run(partial(experiment_cli.main, EXPERIMENT), options) == 0
    line = "6 settings were made with other options (epochs was 1, is 2) and left as that is: leave out -S"
    assert line in capsys.readouterr().err
    np.testing.assert_array_equal(right("all"), np.concatenate([right(0), right(1)]))
    assert right("all", "macro_f1") == pytest.approx((right(0, "macro_f1") + right(1, "macro_f1")) / 2)


def test_seeds_together_need_each_of_them():
    setting = Setting("genres", {"model": "SVM", "split": "grouped", "seed": "all"})
    assert [need["seed"] for need in needs(setting, seeds=(3, 4))] == [3, 4]
    assert needs(setting.replace(seed=3)) == []


def test_the_interval_over_seeds_is_student_s():
    low, high = seeds_interval([0.4, 0.5, 0.6])
    assert (low + high) / 2 == pytest.approx(0.5)
    assert (high - low) / 2 == pytest.approx(4.302653 * 0.1 / np.sqrt(3))
    assert np.isnan(seeds_interval([0.5])).all()


def test_wilson_s_interval_is_the_textbook_s():
    assert wilson_interval(8, 10) == pytest.approx((0.490162, 0.943318), abs=1e-6)
    assert wilson_interval(0, 5)[0] == pytest.approx(0)
    assert wilson_interval(5, 5)[1] == pytest.approx(1)


def test_figures_of_a_test_are_those_of_its_confusions():
    tested = testing.Tested(("a", "b", "c"), np.array([0, 0, 1, 1, 2, 2]), np.array([0, 1, 1, 1, 2, 0]))
    assert tested.accuracy == pytest.approx(4 / 6)
    assert tested.chance == pytest.approx(1 / 3)
    assert tested.confusion.tolist() == [[1, 1, 0], [0, 2, 0], [1, 0, 1]]
    assert tested.by_genre()["b"] == {
        "precision": pytest.approx(2 / 3),
        "recall": 1,
        "f1": pytest.approx(0.8),
        "songs": 2,
    }
