"""The paper's second experiment on a few recordings: each step's numbers, the commands, tables and pictures."""

import contextlib
import csv
import io
import shlex
import shutil
import subprocess
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

import h5py
import matplotlib.image
import numpy as np
import pytest
import torch
from classification_fixtures import SONYC, URBAN, save_models, write_sonyc, write_urbansound8k
from safetensors.torch import load_file
from sklearn.metrics import accuracy_score, auc, confusion_matrix, precision_recall_curve

from audiokit import cli
from audiokit.errors import UserError
from audiokit.experiments import experiment_cli
from audiokit.experiments.jobs import setting_command
from audiokit.experiments.selection import select
from audiokit.labels.class_figures import class_title
from audiokit.labels.labelled_dataset import Clip
from exp_classif_eval import create_logit_dataset, export_classification_results, main_doce_score
from exp_classif_eval.labelled_datasets import dataset_named
from exp_classif_eval.main_doce_score import EXPERIMENT
from exp_classif_eval.plans import classification_plans, needs
from exp_classif_eval.published_results import published_rows
from spectral_transcoder.classification.classification_experiment import METRICS, ClassificationExperiment
from spectral_transcoder.classification.head import Head
from spectral_transcoder.classification.score_file import ModelScores, ScoreFile, score_path, write_score_file
from teachers.registry import labels_of

COMPUTE = ("-s reference/ -c", "-s deep/ -c")
REPORT = (
    "-s deep/dataset=URBAN-SOUND-8K -d [0] -e results_classif_urbansound8k.png",
    "-s deep/dataset=SONYC-UST -d [1] -e results_classif_sonycust.png",
    "-s \"{'dataset':'URBAN-SOUND-8K'}\" -d [0] -e results_classif_urbansound8k.png",
)
"""The commands of the paper's README."""

TRANSCODERS = ("self", "cnn", "cnn_mels")
PLANS = classification_plans()
IDENTIFIER = "classifier=YamNet+dataset={}+deep={}+step={}+transcoder={}"


class Place(NamedTuple):
    """Folders of the scores, the results and the exports."""

    data: Path
    root: Path
    export: Path

    def arguments(self):
        return ["--data_path", str(self.data), "--output_path", str(self.root)]

    def run(self, command, *more):
        """Status of a command."""
        experiment = replace(EXPERIMENT, export=self.export)
        arguments = [*self.arguments(), *shlex.split(command), *map(str, more)]
        return cli.run(partial(experiment_cli.main, experiment), arguments)

    def experiment(self, **options):
        return ClassificationExperiment(self.root, self.data, dataset_named, **options)

    def elsewhere(self, folder):
        """The same scores, and no results."""
        return Place(self.data, folder / "results", folder / "export")

    def load(self, folder, dataset, deep, step, transcoder, name):
        return np.load(self.root / folder / f"{IDENTIFIER.format(dataset.name, deep, step, transcoder)}_{name}.npy")


URBAN_CLIPS = [
    Clip(f"{fold}-{number}.wav", str(fold), frozenset({URBAN.classes[number % 10]}))
    for fold in (1, 2, 3)
    for number in range(20)
]
SONYC_CLIPS = [
    Clip(f"{number}.wav", ("train", "test", "train", "validate")[number % 4], frozenset(SONYC.classes[number % 8 :: 3]))
    for number in range(80)
]


def plausible_scores(dataset, clips, *, clarity, seed):
    """Scores that are low, but for most clips high for some label of each class that is present."""
    generator = np.random.default_rng(seed)
    groups, labels = dataset.label_groups(), labels_of("YamNet")
    scores = 0.4 * generator.random((len(clips), len(labels))) ** 4
    for row, clip in zip(scores, clips, strict=True):
        for name in sorted(clip.classes):
            of_class = [index for index, label in enumerate(labels) if groups.get(label) == name]
            row[generator.choice(of_class)] += clarity * generator.random()
    return (scores / 2.4).astype(np.float32)


@pytest.fixture(scope="module")
def scored(tmp_path_factory):
    """Scores of both of the paper's datasets in part, as good as YAMNet's could be."""
    folder = tmp_path_factory.mktemp("scored")
    for dataset, clips in ((URBAN, URBAN_CLIPS), (SONYC, SONYC_CLIPS)):
        models = {
            f"YamNet/{name}": ModelScores(
                plausible_scores(dataset, clips, clarity=clarity, seed=int(4 * clarity)), labels_of("YamNet"), name
            )
            for name, clarity in zip(TRANSCODERS, (2, 1, 0.5), strict=True)
        }
        write_score_file(score_path(folder, dataset.name), dataset, clips, models, recordings="", paper=False)
    return folder


class Computed(NamedTuple):
    place: Place
    told: str


@pytest.fixture(scope="module")
def computed(scored, tmp_path_factory):
    """All that can be computed."""
    folder = tmp_path_factory.mktemp("computed")
    place = Place(scored, folder / "results", folder / "export")
    told = io.StringIO()
    with contextlib.redirect_stderr(told):
        assert [place.run(command) for command in COMPUTE] == [0, 0]
    return Computed(place, told.getvalue())


def file_of(place, dataset):
    return ScoreFile(score_path(place.data, dataset.name))


def setting_of(dataset, deep, transcoder, step="metric"):
    plan = "deep" if deep else "reference"
    selection = f"{plan}/dataset={dataset.name}+transcoder={transcoder}+classifier=YamNet+step={step}"
    (setting,) = select(selection, PLANS)
    return setting


CASES = [(dataset, transcoder) for dataset in (URBAN, SONYC) for transcoder in TRANSCODERS]
cases = pytest.mark.parametrize(("dataset", "transcoder"), CASES, ids=[f"{d.name}-{t}" for d, t in CASES])


# Plans


def test_plans_are_the_papers_and_more():
    assert [*PLANS] == ["reference", "deep"]
    papers = "dataset=[SONYC-UST,URBAN-SOUND-8K]+transcoder=[self,cnn]+classifier=[PANN,YamNet]"
    names = [str(setting) for setting in select(f"reference/{papers}", PLANS)]
    assert names == [
        f"classifier={classifier}+dataset={dataset}+deep=0+step=metric+transcoder={transcoder}"
        for transcoder in ("self", "cnn")
        for classifier in ("PANN", "YamNet")
        for dataset in ("SONYC-UST", "URBAN-SOUND-8K")
    ]
    steps = [setting["step"] for setting in select(f"deep/{papers}", PLANS)]
    assert steps == ["train"] * 8 + ["eval"] * 8 + ["metric"] * 8
    assert {setting["deep"] for setting in select(f"deep/{papers}", PLANS)} == {1}


def test_teachers_and_transcoders_of_ones_own_are_further_modalities():
    plans = classification_plans(classifiers=["mn10_as", "PANN"], transcoders=["mycity"])
    assert plans["deep"].factors["classifier"] == ("PANN", "YamNet", "mn04_as", "mn10_as")
    assert plans["deep"].factors["transcoder"][-2:] == ("paper", "mycity")


def test_each_step_of_a_head_needs_the_one_before():
    train, evaluate, metric = select("deep/dataset=SONYC-UST+transcoder=cnn+classifier=PANN", PLANS)
    assert [needs(setting) for setting in (train, evaluate, metric)] == [[], [train], [evaluate]]
    assert not any(needs(setting) for setting in PLANS["reference"])


# What each step computes


def test_everything_that_can_be_computed_leaves_what_is_documented_and_nothing_else(computed):
    expected = set()
    for dataset, transcoder in CASES:
        train, evaluate, metric, reference = (
            IDENTIFIER.format(dataset.name, deep, step, transcoder)
            for deep, step in ((1, "train"), (1, "eval"), (1, "metric"), (0, "metric"))
        )
        expected |= {f"model/{train}_model_fold.safetensors", f"predictions/{evaluate}_predictions.npy"}
        expected |= {f"loss/{train}_loss_train.npy", f"loss/{train}_loss_eval.npy"}
        expected |= {f"metrics/{name}_{value}.npy" for name in (metric, reference) for value in METRICS}
        expected |= {f"metrics/{reference}_made_of.json"}
        expected |= {f"settings/{name}.json" for name in (train, evaluate, metric, reference)}
    root = computed.place.root
    assert {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()} == expected


def evaluated(file, dataset):
    return np.isin(file.folds, ["test"] if dataset is SONYC else URBAN.folds)


def by_group(scores, dataset):
    """Highest score of each class's labels, clip by clip."""
    groups, labels = dataset.label_groups(), labels_of("YamNet")
    pairs = [(index, groups[label]) for index, label in enumerate(labels) if label in groups]
    return np.array([[max(row[i] for i, name in pairs if name == one) for one in dataset.classes] for row in scores])


def area(targets, predictions):
    precision, recall, _ = precision_recall_curve(targets, predictions)
    return auc(recall, precision)


def check_metrics(place, dataset, deep, transcoder, targets, predictions):
    """Compare with scikit-learn, given one prediction a class."""
    found = {name: place.load("metrics", dataset, deep, "metric", transcoder, name) for name in METRICS}
    areas = [area(targets[:, i], predictions[:, i]) for i in range(len(dataset.classes)) if targets[:, i].any()]
    assert found["auprc"][~np.isnan(found["auprc"])] == pytest.approx(areas)
    assert found["macro_auprc"] == pytest.approx(np.mean(areas))
    assert found["macro_auprc"].shape == ()
    if dataset is URBAN:
        truth, chosen = targets.argmax(axis=1), predictions.argmax(axis=1)
        assert found["acc_classif"].shape == (60,)
        assert found["acc_classif"].mean() == accuracy_score(truth, chosen)
        assert np.array_equal(found["confusion"], confusion_matrix(truth, chosen, normalize="true"))
        assert 0.1 < found["acc_classif"].mean() < 1


@cases
def test_groups_of_labels_give_the_metrics_by_hand(computed, dataset, transcoder):
    file = file_of(computed.place, dataset)
    there = evaluated(file, dataset)
    predictions = by_group(file.model(f"YamNet/{transcoder}").scores[there], dataset)
    check_metrics(computed.place, dataset, 0, transcoder, file.targets[there], predictions)


@cases
def test_heads_give_the_metrics_by_hand(computed, dataset, transcoder):
    file = file_of(computed.place, dataset)
    identifier = IDENTIFIER.format(dataset.name, 1, "train", transcoder)
    tensors = load_file(computed.place.root / "model" / f"{identifier}_model_fold.safetensors")
    scores = torch.from_numpy(file.model(f"YamNet/{transcoder}").scores)
    expected = np.full((len(file.names), len(dataset.classes)), np.nan, np.float32)
    folds = ["test"] if dataset is SONYC else ["1", "2", "3"]
    for fold in folds:
        network = Head(521, len(dataset.classes))
        network.load_state_dict(
            {key.removeprefix(f"{fold}."): tensors[key] for key in tensors if key[: len(fold)] == fold}
        )
        chosen = np.array(file.folds) == fold
        with torch.no_grad():
            expected[chosen] = network(scores[chosen])
    assert len(tensors) == 4 * len(folds)
    found = computed.place.load("predictions", dataset, 1, "eval", transcoder, "predictions")
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    there = evaluated(file, dataset)
    assert np.array_equal(np.isfinite(found).all(axis=1), there)
    check_metrics(computed.place, dataset, 1, transcoder, file.targets[there], found[there])


def test_classes_that_no_recording_has_are_told_with_the_mean_of_the_others(computed):
    absent = "1_engine, 3_non-machinery-impact, 4_powered-saw, 7_human-voice"
    line = (
        f"SONYC-UST: of the recordings that are evaluated none is of {absent}; macro-AUPRC is the mean of the other 4"
    )
    assert computed.told.count(f"{line} classes\n") == len(COMPUTE)
    assert "URBAN-SOUND-8K: of the recordings" not in computed.told
    areas = computed.place.load("metrics", SONYC, 0, "metric", "self", "auprc")
    assert [name for name, area in zip(SONYC.classes, areas, strict=True) if np.isnan(area)] == absent.split(", ")


@cases
def test_losses_are_kept_by_round_and_epoch(computed, dataset, transcoder):
    for part in ("train", "eval"):
        losses = computed.place.load("loss", dataset, 1, "train", transcoder, f"loss_{part}")
        assert losses.shape == ((1 if dataset is SONYC else 3), 30)
        assert np.all(losses[:, -1] < losses[:, 0]) or part == "eval"


def test_of_several_classes_the_right_ones_are_counted_among_the_eight_highest(computed):
    """SONYC's first class that is present, and the first one among the eight highest names."""
    file = file_of(computed.place, SONYC)
    there = evaluated(file, SONYC)
    groups, labels = SONYC.label_groups(), labels_of("YamNet")
    expected = []
    for row, target in zip(file.model("YamNet/self").scores[there], file.targets[there], strict=True):
        pool = [(score, label) for score, label in zip(row, labels, strict=True) if label not in groups]
        pool += list(zip(by_group([row], SONYC)[0], SONYC.classes, strict=True))
        top = {name for _, name in sorted(pool, reverse=True)[:8]}
        decision = [name in top for name in SONYC.classes]
        expected.append(np.argmax(decision) == np.argmax(target))
    assert computed.place.load("metrics", SONYC, 0, "metric", "self", "acc_classif").tolist() == expected


def test_the_head_decides_for_each_of_several_classes_from_a_half(computed):
    file = file_of(computed.place, SONYC)
    there = evaluated(file, SONYC)
    predictions = computed.place.load("predictions", SONYC, 1, "eval", "cnn", "predictions")[there]
    expected = (predictions >= 0.5).argmax(axis=1) == file.targets[there].argmax(axis=1)
    assert np.array_equal(computed.place.load("metrics", SONYC, 1, "metric", "cnn", "acc_classif"), expected)


def test_heads_and_groups_are_judged_by_the_same_clips(computed):
    for dataset in (URBAN, SONYC):
        lengths = {
            len(computed.place.load("metrics", dataset, deep, "metric", "self", "acc_classif")) for deep in (0, 1)
        }
        assert len(lengths) == 1


def test_better_scores_give_better_results(computed):
    for dataset, name in ((URBAN, "acc_classif"), (SONYC, "macro_auprc")):
        for deep in (0, 1):
            best, _, worst = (
                computed.place.load("metrics", dataset, deep, "metric", one, name).mean() for one in TRANSCODERS
            )
            assert best > worst + 0.03


def test_from_recordings_to_results(tmp_path):
    """Both commands one after the other, on recordings in the layout of the paper's datasets."""
    write_sonyc(write_urbansound8k(tmp_path, folds=(1, 4)), n_clips=12)
    models = save_models(tmp_path / "models")
    place = Place(tmp_path / "data", tmp_path / "results", tmp_path)
    for dataset in (URBAN, SONYC):
        arguments = ["--audio_dataset_name", dataset.name, "--audio_dataset_path", tmp_path, "--models", models]
        arguments += ["--output_path", place.data, "--teachers", "YamNet", "--transcoders", "self"]
        assert create_logit_dataset.main([*map(str, arguments), "--workers", "1"]) == 0
    for command in COMPUTE:
        assert place.run(command) == 0
    for dataset in (URBAN, SONYC):
        file = file_of(place, dataset)
        there = evaluated(file, dataset)
        assert there.sum() == (20 if dataset is URBAN else 4)
        predictions = by_group(file.model("YamNet/self").scores[there], dataset)
        found = place.load("metrics", dataset, 0, "metric", "self", "auprc")
        areas = [area(*pair) for pair in zip(file.targets[there].T, predictions.T, strict=True) if pair[0].any()]
        assert found[~np.isnan(found)] == pytest.approx(areas)
        assert place.load("metrics", dataset, 1, "metric", "self", "acc_classif").shape == (there.sum(),)


def test_computing_again_gives_the_same(computed, tmp_path):
    place = computed.place.elsewhere(tmp_path)
    assert place.run("-s deep/dataset=URBAN-SOUND-8K+transcoder=cnn+classifier=YamNet -c") == 0
    for path in (path for path in place.root.rglob("*") if path.suffix in (".npy", ".safetensors")):
        assert path.read_bytes() == (computed.place.root / path.relative_to(place.root)).read_bytes()


def test_processes_run_this_very_script(computed):
    experiment = replace(EXPERIMENT, root=computed.place.root)
    setting = setting_of(SONYC, 1, "cnn", "train")
    python, script, *arguments = setting_command(experiment, setting, computed.place.arguments())
    assert Path(script).samefile(main_doce_score.__file__)
    options = arguments[: arguments.index("-s")]
    assert options == computed.place.arguments()
    assert select(arguments[-2], PLANS) == [setting]
    started = time.monotonic()
    assert "--classifiers" in subprocess.run([python, script, "--help"], capture_output=True, text=True).stdout
    assert time.monotonic() - started < 5  # 0.2 s, and what a busy machine adds


# What is not here


def test_a_line_says_which_folds_are_here(computed):
    line = "URBAN-SOUND-8K: 3 of 10 folds are here, without 4, 5, 6, 7, 8, 9, 10; results are of these"
    assert [told for told in computed.told.splitlines() if "folds are here" in told] == [line] * len(COMPUTE)


def test_what_nothing_was_scored_for_is_left_out_with_a_line_each(computed):
    n = len(PLANS["reference"].factors["transcoder"])
    reasons = [line.partition("left out (")[2] for line in computed.told.splitlines() if "left out (" in line]
    data = computed.place.data
    missing = [f"there are no scores of {name} ({data}/{name}-LOGITS.h5); make them with create_logit_dataset.py"
               for name in ("ESC-10", "ESC-50")]  # fmt: skip
    n_settings = {reason: [] for reason in reasons}
    for reason in reasons:
        count, _, text = reason.partition(" settings): ")
        n_settings.setdefault(text, []).append(count)
    for text in missing:
        assert n_settings[text] == [f"{3 * n} of {12 * n}", f"{9 * n} of {36 * n}"]
    for name in ("URBAN-SOUND-8K", "SONYC-UST"):
        lacks = f"{data}/{name}-LOGITS.h5 has no scores of"
        assert (
            n_settings[f"{lacks} PANN"]
            == n_settings[f"{lacks} mn04_as"]
            == [f"{n} of {12 * n}", f"{3 * n} of {36 * n}"]
        )
        assert n_settings[f"{lacks} YamNet/pinv"] == [f"1 of {12 * n}", f"3 of {36 * n}"]
    assert len(reasons) == 2 * (2 + 2 * (2 + n - len(TRANSCODERS)))


def test_where_nothing_was_scored_the_command_is_told(tmp_path, capsys):
    place = Place(tmp_path, tmp_path / "results", tmp_path)
    for command, paper in (("-s reference/ -c", ""), ("-s reference/ -c --paper", " --paper")):
        assert place.run(command) == 1
        (line,) = capsys.readouterr().err.splitlines()
        assert line.startswith("error: there are no scores of SONYC-UST")
        assert line.endswith(f"make them with create_logit_dataset.py{paper}")


def with_folds(place, folder, dataset, chosen):
    """The scores of some folds only, or with other names for them."""
    source = score_path(place.data, dataset.name)
    target = score_path(folder / "data", dataset.name)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(source, target)
    with h5py.File(target, "r+") as file:
        rows = np.flatnonzero(np.isin(file["folds"].asstr()[:], chosen))

        def shorten(name, stored):
            if isinstance(stored, h5py.Dataset):
                values, attributes, dtype = stored[:][rows], dict(stored.attrs), stored.dtype
                del file[name]
                file.create_dataset(name, data=values, dtype=dtype).attrs.update(attributes)

        for name in ["names", "folds", "targets", *(f"scores/YamNet/{one}" for one in TRANSCODERS)]:
            shorten(name, file[name])
    return Place(folder / "data", folder / "results", folder / "export")


@pytest.mark.parametrize(("dataset", "folds"), [(URBAN, ["2"]), (SONYC, ["test"])], ids=["URBAN-SOUND-8K", "SONYC-UST"])
def test_groups_of_labels_need_nothing_to_train_on(computed, tmp_path, capsys, dataset, folds):
    place = with_folds(computed.place, tmp_path, dataset, folds)
    assert place.run(f"-s reference/dataset={dataset.name}+transcoder=self+classifier=YamNet -c") == 0
    n_clips = int(np.isin(file_of(computed.place, dataset).folds, folds).sum())
    assert place.load("metrics", dataset, 0, "metric", "self", "acc_classif").shape == (n_clips,)
    capsys.readouterr()
    assert place.run(f"-s deep/dataset={dataset.name}+transcoder=self+classifier=YamNet -c") == 1
    assert "are needed, and only" in capsys.readouterr().err.splitlines()[-1]


def test_heads_are_trained_again_where_folds_have_come(computed, tmp_path, capsys):
    place = with_folds(computed.place, tmp_path, URBAN, ["1", "2"])
    selection = "-s deep/dataset=URBAN-SOUND-8K+transcoder=self+classifier=YamNet"
    assert place.run(f"{selection} -c") == 0
    now = Place(computed.place.data, place.root, place.export)
    capsys.readouterr()
    for step, reason in (("eval", "no heads for all folds that are there now: train again"),
                         ("metric", "of other recordings than the scores: compute train and eval again")):  # fmt: skip
        assert now.run(f"{selection}+step={step} -c") == 1
        assert reason in capsys.readouterr().err.splitlines()[-1]
    assert now.run(f"{selection} -c") == 0


def test_what_was_computed_of_scores_that_have_changed_since_is_not_taken_for_done(computed, tmp_path):
    setting = setting_of(URBAN, deep=False, transcoder="self")
    path = score_path(tmp_path, URBAN.name)
    shutil.copy(score_path(computed.place.data, URBAN.name), path)
    experiment = ClassificationExperiment(computed.place.root, tmp_path, dataset_named)
    assert experiment.is_done(setting)
    with h5py.File(path, "a") as file:
        file["scores/YamNet/cnn"].attrs["scored"] = time.time_ns()
    assert experiment.is_done(setting)
    with h5py.File(path, "a") as file:
        file["scores/YamNet/self"].attrs["scored"] = time.time_ns()
    assert not experiment.is_done(setting)


def test_what_was_computed_of_other_groups_of_labels_is_not_taken_for_done(computed, tmp_path):
    groups = Path(shutil.copy(URBAN.groups, tmp_path / "groups.csv"))
    experiment = replace(computed.place.experiment(), dataset_named=lambda name: replace(URBAN, groups=groups))
    settings = [setting_of(URBAN, 0, "self"), *(setting_of(URBAN, 1, "self", step) for step in ("train", "metric"))]
    assert all(map(experiment.is_done, settings))
    groups.write_text("".join(groups.read_text(encoding="utf-8").splitlines(keepends=True)[:-1]), encoding="utf-8")
    assert [experiment.is_done(setting) for setting in settings] == [False, True, True]


def test_of_a_model_whose_scores_were_dropped_nothing_is_done_and_nothing_shown(computed, tmp_path, capsys):
    path = score_path(tmp_path, URBAN.name)
    shutil.copy(score_path(computed.place.data, URBAN.name), path)
    with h5py.File(path, "a") as file:
        del file["scores/YamNet/cnn"]
    place = computed.place._replace(data=tmp_path, export=tmp_path)
    done = {name: place.experiment().is_done(setting_of(URBAN, 0, name)) for name in TRANSCODERS}
    assert done == {"self": True, "cnn": False, "cnn_mels": True}
    capsys.readouterr()
    assert place.run("-s reference/dataset=URBAN-SOUND-8K -d") == 0
    told = capsys.readouterr().out
    assert "1 result is left out, older than what it is made of" in told
    assert "cnn" not in told.replace("cnn_mels", "").split()
    assert export(place, "--ext", "csv", "--datasets", URBAN.name) == 0
    assert "URBAN-SOUND-8K: 2 results are left out" in capsys.readouterr().err
    rows = read(tmp_path / "results_classif_urbansound8k.csv")
    assert {row["transcoder"] for row in rows} == {"self", "cnn_mels"}


def test_results_are_kept_where_the_scores_are_deleted(computed, tmp_path):
    assert computed.place._replace(data=tmp_path).experiment().is_done(setting_of(URBAN, 0, "self"))


@pytest.mark.parametrize(("step", "first"), [("eval", "train"), ("metric", "eval")])
def test_a_step_whose_ground_is_missing_names_the_step_to_compute(computed, tmp_path, step, first):
    experiment = computed.place.elsewhere(tmp_path).experiment()
    with pytest.raises(UserError, match=f"is missing: compute the step {first} of this setting first") as caught:
        experiment.run(setting_of(URBAN, 1, "self", step))
    assert "\n" not in str(caught.value)


def test_the_originals_scores_have_files_and_results_of_their_own(computed, tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    shutil.copy(score_path(computed.place.data, SONYC.name), score_path(data, URBAN.name, paper=True))
    shutil.copy(score_path(computed.place.data, URBAN.name), score_path(data, SONYC.name))
    place = Place(data, tmp_path / "results", tmp_path)
    papers, right = place.experiment(paper=True), place.experiment()
    assert "has no scores of" not in papers.lacks(setting_of(URBAN, 0, "self"))
    assert papers.lacks(setting_of(SONYC, 0, "self"))
    assert right.lacks(setting_of(URBAN, 0, "self"))
    assert not right.lacks(setting_of(SONYC, 0, "self"))


def test_a_folder_holds_results_of_one_kind_of_scores(computed, capsys):
    for command in ("-s reference/ -c --paper", "-s reference/ -d --paper"):
        assert computed.place.run(command) == 1
        (line,) = capsys.readouterr().err.splitlines()
        assert line.endswith("holds results that were computed without --paper: name another --output_path")
    assert export(computed.place, "--paper") == 1
    assert "without --paper" in capsys.readouterr().err


def test_by_default_the_originals_scores_do_not_overwrite_results():
    options = experiment_cli._own_parser(EXPERIMENT).parse_args(["--paper"])
    assert EXPERIMENT.configure(EXPERIMENT, options).root.name == "classif_exp_paper"
    options = experiment_cli._own_parser(EXPERIMENT).parse_args([])
    assert EXPERIMENT.configure(EXPERIMENT, options).root == EXPERIMENT.root
    assert EXPERIMENT.root.parts[-3:] == ("spectral_transcoder_data", "classification_experiments", "classif_exp")


# The command line


@pytest.fixture(scope="module")
def reported(computed):
    """What the commands of the README print, by command; and the pictures."""
    told = {}
    for command in REPORT:
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            assert computed.place.run(command) == 0
        told[command] = out.getvalue()
    return told


def shown(place, dataset, deep, transcoder, name):
    mean = place.load("metrics", dataset, deep, "metric", transcoder, name).mean()
    return f"{100 * mean:.1f}" if name == "acc_classif" else f"{mean:.2f}"


@pytest.mark.parametrize(
    ("command", "dataset", "name", "methods"),
    [
        (REPORT[0], URBAN, "acc_classif", (1,)),
        (REPORT[1], SONYC, "macro_auprc", (1,)),
        (REPORT[2], URBAN, "acc_classif", (0, 1)),
    ],
)
def test_the_readmes_commands_show_the_right_metric(computed, reported, command, dataset, name, methods):
    rows = [line.split() for line in reported[command].splitlines()]
    for deep in methods:
        for transcoder in TRANSCODERS:
            words = {transcoder, shown(computed.place, dataset, deep, transcoder, name)}
            words |= {str(deep)} if len(methods) == 2 else set()
            assert any(words <= {word.rstrip("*◂") for word in row} for row in rows), (words, rows)
    title = {"acc_classif": "accuracy", "macro_auprc": "macro-AUPRC"}
    assert title[name] in reported[command]
    assert title[({*title} - {name}).pop()] not in reported[command]
    assert reported[command].splitlines()[-1] == str(computed.place.export / command.split()[-1])


def is_a_picture(path):
    """Something is on it, and nothing is cut off."""
    pixels = matplotlib.image.imread(path)[..., :3]
    assert min(pixels.shape[:2]) > 100
    edges = (pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1])
    return pixels.std() > 0.01 and all(edge.min() == 1 for edge in edges)


def test_the_readmes_tables_are_pictures(computed, reported):
    assert sorted(path.name for path in computed.place.export.glob("results_*.png")) == [
        "results_classif_sonycust.png", "results_classif_urbansound8k.png",
    ]  # fmt: skip
    assert all(is_a_picture(path) for path in computed.place.export.glob("results_*.png"))


def test_progress_counts_what_is_done(computed, capsys):
    assert computed.place.run("-s \"{'classifier': 'YamNet', 'transcoder': 'cnn'}\" -P") == 0
    assert [line.split() for line in capsys.readouterr().out.splitlines()] == [
        ["reference", "2", "of", "4", "done"], ["deep", "6", "of", "12", "done"],
        ["in", "all", "8", "of", "16", "done"],
    ]  # fmt: skip


def test_what_is_done_is_skipped(computed):
    before = {path: path.stat().st_mtime_ns for path in computed.place.root.rglob("*.npy")}
    assert computed.place.run("-s reference/ -c -S") == 0
    assert before == {path: path.stat().st_mtime_ns for path in computed.place.root.rglob("*.npy")}


def test_removing_a_setting_leaves_those_whose_names_begin_alike(computed, tmp_path, capsys):
    place = computed.place.elsewhere(tmp_path)
    shutil.copytree(computed.place.root, place.root)
    before = {path for path in place.root.rglob("*") if path.is_file()}
    assert place.run("-s \"{'dataset':'SONYC-UST','transcoder':'cnn'}\" -R --yes") == 0
    removed = before - set(place.root.rglob("*"))
    assert capsys.readouterr().out == f"{len(removed)} outputs removed\n"
    assert {path.name for path in removed} == {
        path.name
        for path in before
        if "SONYC" in path.name and "transcoder=cnn" in path.name and "cnn_mels" not in path.name
    }
    assert len(removed) == 17


def test_a_step_is_done_when_its_results_are_there(computed, tmp_path):
    experiment = computed.place.experiment()
    for step in ("train", "eval", "metric"):
        setting = setting_of(URBAN, 1, "self", step)
        assert experiment.is_done(setting)
        for path in experiment.outputs(setting):
            moved = path.rename(tmp_path / "moved")
            assert experiment.is_done(setting) == ("loss" in path.name)
            moved.rename(path)
    assert not experiment.is_done(setting_of(dataset_named("ESC-10"), 1, "self", "train"))


def test_results_are_given_for_any_step_of_a_setting(computed):
    experiment = computed.place.experiment()
    for step in ("train", "eval", "metric"):
        found = experiment.result(setting_of(URBAN, 1, "cnn", step), "acc_classif")
        assert np.array_equal(found, computed.place.load("metrics", URBAN, 1, "metric", "cnn", "acc_classif"))
    assert experiment.result(setting_of(dataset_named("ESC-10"), 1, "self"), "acc_classif") is None


# Tables and pictures for people


def export(place, *arguments):
    return cli.run(
        export_classification_results.main, [*place.arguments(), "--output", str(place.export), *map(str, arguments)]
    )


def test_tables_and_pictures_are_exported(computed, tmp_path, capsys):
    place = computed.place._replace(export=tmp_path)
    assert export(place) == 0
    paths = list(map(Path, capsys.readouterr().out.split()))
    assert (
        {path.name for path in paths}
        == {path.name for path in tmp_path.iterdir()}
        == {
            "results_classif_sonycust.png",
            "results_classif_urbansound8k.png",
            *(
                f"classes_{name}_YamNet_{plan}.png"
                for name in ("sonycust", "urbansound8k")
                for plan in ("reference", "deep")
            ),
            *(f"confusion_urbansound8k_YamNet_{plan}.png" for plan in ("reference", "deep")),
        }
    )
    assert all(is_a_picture(path) for path in paths)


def read(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_papers_figures_stand_below_ours_on_request(computed, tmp_path, monkeypatch):
    monkeypatch.setattr(export_classification_results, "_write_pictures", lambda *arguments: [])
    place = computed.place._replace(export=tmp_path)
    assert export(place, "--ext", "csv", "--with_paper", "--datasets", "URBAN-SOUND-8K") == 0
    rows = read(tmp_path / "results_classif_urbansound8k.csv")
    assert len(rows) == 6 + 8
    ours = {(row["deep"], row["transcoder"]): float(row["acc_classif"]) for row in rows[:6]}
    for (deep, transcoder), value in ours.items():
        found = computed.place.load("metrics", URBAN, deep, "metric", transcoder, "acc_classif").mean()
        assert value == pytest.approx(found) or value == pytest.approx(100 * found)


@pytest.mark.parametrize(("dataset", "file", "metric", "factor"), [
    ("URBAN-SOUND-8K", "urbansound8k", "acc_classif", 100), ("SONYC-UST", "sonycust", "macro_auprc", 1),
])  # fmt: skip
def test_the_papers_figures_are_those_of_its_tables(shared, dataset, file, metric, factor):
    published = [
        (row["deep"], row["transcoder"], row["classifier"], pytest.approx(float(row[list(row)[-1]]) / factor))
        for row in read(shared / "specs" / f"results_classif_{file}.csv")
    ]
    ours = [
        (*(str(row.factors[name]) for name in ("deep", "transcoder", "classifier")), row.values[metric])
        for row in published_rows(dataset)
    ]
    assert ours == published
    assert published_rows("ESC-50") == []


def test_where_there_is_no_result_it_is_told(computed, tmp_path, capsys):
    assert export(computed.place.elsewhere(tmp_path), "--datasets", "ESC-10") == 1
    out, err = capsys.readouterr()
    assert not out
    assert err.splitlines() == [
        "ESC-10 has no result yet: compute it with main_doce_score.py",
        "error: there is no result yet: compute some with python3 exp_classif_eval/main_doce_score.py -c",
    ]


def test_classes_have_titles_for_people():
    names = ("0_air_conditioner", "3_non-machinery-impact", "rain", "can_opening")
    assert [*map(class_title, names)] == ["air conditioner", "non-machinery-impact", "rain", "can opening"]
