"""The paper's first experiment on a dataset of seconds: what each step computes, and where that goes."""

import contextlib
import csv
import io
import os
import shlex
import shutil
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import NamedTuple

import h5py
import matplotlib.image
import numpy as np
import pytest
import torch
import yaml
from efficientnet_pytorch import EfficientNet
from recipe import fill
from torch.testing import assert_close

from audiokit import cli
from audiokit.errors import UserError
from audiokit.experiments import experiment_cli
from audiokit.experiments.selection import select
from audiokit.learning.batches import memory_sources
from audiokit.paths import ROOT
from exp_train_model import export_experiment_results, export_transcoders, plot_training_curve
from exp_train_model.main_doce_training import EXPERIMENT
from exp_train_model.plans import needs, training_plans
from spectral_transcoder.datasets.chunk_dataset import FORMAT, load_split
from spectral_transcoder.datasets.dataset_files import dataset_path
from spectral_transcoder.pinv import Pinv
from spectral_transcoder.training import metrics, teacher_scores, training_experiment
from spectral_transcoder.training.experiment_files import hears_teacher
from spectral_transcoder.training.losses import (
    DistillationObjective,
    HybridObjective,
    MelObjective,
    ScoreObjective,
    score_bce,
)
from spectral_transcoder.training.networks import new_network
from spectral_transcoder.training.settings import loss_label
from spectral_transcoder.training.training_experiment import TrainingExperiment
from spectral_transcoder.transcoders.store import build_transcoder, find_transcoders, load_transcoder
from teachers.label_groups import group_indices
from teachers.registry import load_teacher
from yamnet.mel import FRONT_END
from yamnet.network import YAMNet

SCRIPT = ROOT / "exp_train_model" / "main_doce_training.py"

NAME = "tiny"
PLANS = training_plans(datasets=[NAME])
COMMON = f"+dataset={NAME}+classifier=YamNet"
TRAINED = f"{COMMON}+learning_rate=-3+epoch=1"
HYBRID = f"hybridts/dilation=1{TRAINED}+prop_logit="
CNN = f"cnn/kernel_size=3+nb_layers=1+dilation=0+nb_channels=16{COMMON}+learning_rate=-3+epoch="
SELECTIONS = {
    "oracle": f"reference/transcoder=oracle{COMMON}",
    "pinv": f"reference/transcoder=pinv{COMMON}",
    "mlp_pinv": f"mlp/transcoder=mlp_pinv+hidden1=100+hidden2=1000{TRAINED}",
    "cnn": f"{CNN}1",
    "hybrid_50": f"{HYBRID}50",
    "hybrid_100": f"{HYBRID}100",
    "effnet_b0": f"ts/transcoder=effnet_b0{TRAINED}",
    "self": f"ts/transcoder=self{TRAINED}",
}
"""In the order in which they are computed."""

IDENTIFIERS = {
    "oracle": "classifier=YamNet+dataset=tiny+step={}+transcoder=oracle+ts=0",
    "pinv": "classifier=YamNet+dataset=tiny+step={}+transcoder=pinv+ts=0",
    "mlp_pinv": "classifier=YamNet+dataset=tiny+epoch=1+hidden1=100+hidden2=1000+learning_rate=-3+step={}"
    "+transcoder=mlp_pinv+ts=0",
    "cnn": "classifier=YamNet+dataset=tiny+dilation=0+epoch=1+kernel_size=3+learning_rate=-3+nb_channels=16"
    "+nb_layers=1+step={}+transcoder=cnn_pinv+ts=0",
    "hybrid_50": "classifier=YamNet+dataset=tiny+dilation=1+epoch=1+kernel_size=5+learning_rate=-3+nb_channels=64"
    "+nb_layers=5+prop_logit=50+step={}+transcoder=cnn_pinv+ts=1",
    "hybrid_100": "classifier=YamNet+dataset=tiny+dilation=1+epoch=1+kernel_size=5+learning_rate=-3+nb_channels=64"
    "+nb_layers=5+prop_logit=100+step={}+transcoder=cnn_pinv+ts=1",
    "effnet_b0": "classifier=YamNet+dataset=tiny+epoch=1+learning_rate=-3+step={}+transcoder=effnet_b0+ts=1",
    "self": "classifier=YamNet+dataset=tiny+epoch=1+learning_rate=-3+step={}+transcoder=self+ts=1",
}
NETWORKS = ("mlp_pinv", "cnn", "hybrid_50", "hybrid_100", "effnet_b0", "self")
STUDENTS = ("effnet_b0", "self")
GIVE_MEL = ("pinv", "mlp_pinv", "cnn", "hybrid_50", "hybrid_100")

SECONDS = {
    "train": {"bus_1": 2, "bus_2": 3, "park_1": 1},
    "valid": {"park_2": 2, "tram_1": 2},
    "eval": {"street_a_1": 3, "street_a_2": 2, "metro_7": 1},
}
"""Split → recording → its seconds."""

YEAR_NS = 365 * 24 * 3600 * 10**9

EVAL_FILES = np.array([0, 0, 0, 1, 1, 2])
SCORE_METRICS = ("logit_bce", "logit_kl", "logit_mse", "logit_cos", "ptopafc", "labels")


def write_dataset(folder):
    """A dataset in the layout that `chunk_dataset` describes, of noise: the Mels are PINV's, raised by 3, with more."""
    path = dataset_path(folder, NAME)
    path.parent.mkdir(parents=True)
    generator = torch.Generator().manual_seed(0)
    with h5py.File(path, "w") as file:
        file.attrs["format"] = FORMAT
        for split, recordings in SECONDS.items():
            names = [f"{name}_{second}" for name, n in recordings.items() for second in range(n)]
            levels = 30 + 50 * torch.rand(len(names), 8, 29, generator=generator)
            mel = Pinv(FRONT_END)(levels) + 3 + 2 * torch.randn(len(names), 96, 64, generator=generator)
            group = file.create_group(split)
            group["third_octave"], group["mel_yamnet"] = levels.numpy(), mel.numpy()
            group.create_dataset("fname", data=names, dtype=h5py.string_dtype())
            group.create_dataset("scene", data=[name.split("_")[0] for name in names], dtype=h5py.string_dtype())
    return folder


def write_teacher(folder):
    (folder / "yamnet").mkdir(parents=True)
    torch.save(fill(YAMNet()).state_dict(), folder / "yamnet" / "yamnet.pth")
    return folder


class Place(NamedTuple):
    """Folders of the dataset and of the weights."""

    data: Path
    models: Path

    def experiment(self, root, **options):
        return TrainingExperiment(**{"root": root, "data": self.data, "models": self.models} | options)

    def arguments(self, root):
        """The same for the command line."""
        folders = ("--data_path", str(self.data), "--models", str(self.models), "--output_path", str(root))
        return [*folders, "--datasets", NAME, "--device", "cpu"]


class Computed(NamedTuple):
    """An experiment all of whose steps are done."""

    experiment: TrainingExperiment
    files: dict
    """Model → what was in the folder when its last step was done, as paths from there, and not before its first."""

    told: str

    def load(self, folder, model, step, name):
        return np.load(self.experiment.root / folder / f"{IDENTIFIERS[model].format(step)}_{name}.npy")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("place")
    return Place(write_dataset(folder / "data"), write_teacher(folder / "models"))


@pytest.fixture(scope="module")
def teacher(place):
    return load_teacher("YamNet", folder=place.models)


@pytest.fixture(scope="module")
def splits(place):
    """Split → tensors."""
    found = {split: load_split(dataset_path(place.data, NAME), split) for split in SECONDS}
    return {
        split: {"third_octave": tensors["third_octave"], "mel": tensors["mel_yamnet"]}
        for split, tensors in found.items()
    }


@pytest.fixture(scope="module")
def oracle(place, tmp_path_factory):
    """The folder of an experiment that only the oracle has been through."""
    root = tmp_path_factory.mktemp("oracle")
    place.experiment(root).run(step_of("oracle", "evaluate"))
    return root


@pytest.fixture(scope="module")
def computed(place, tmp_path_factory):
    """All models, each step in its turn."""
    root = tmp_path_factory.mktemp("computed")
    experiment = place.experiment(root)
    files, before, told = {}, set(), io.StringIO()
    for model in SELECTIONS:
        for setting in steps(model):
            assert not experiment.is_done(setting)
            with contextlib.redirect_stdout(told):
                experiment.run(setting)
        now = {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}
        files[model], before = now - before, now
    return Computed(experiment, files, told.getvalue())


def steps(model):
    return select(SELECTIONS[model], PLANS)


def step_of(model, step):
    (setting,) = (setting for setting in steps(model) if setting["step"] == step)
    return setting


def stored(computed, model):
    """The trained network as it lies on disk, found as a user would find it."""
    folder = computed.experiment.root.with_name(f"only {model}")
    if not folder.is_dir():
        folder.mkdir()
        for path in (computed.experiment.root / "model").glob(f"{IDENTIFIERS[model].format('train')}_*"):
            shutil.copy(path, folder)
    (transcoder,) = find_transcoders("YamNet", [folder]).values()
    return transcoder


def objective_of(model, teacher):
    if model in STUDENTS:
        return ScoreObjective()
    return HybridObjective(teacher, int(model.removeprefix("hybrid_"))) if "hybrid" in model else MelObjective()


def loss_of(network, model, teacher, split):
    with torch.no_grad():
        batch = split | {"scores": teacher.scores(split["mel"])}
        return objective_of(model, teacher)(network, batch)["loss"].item()


# Names


@pytest.mark.parametrize("model", SELECTIONS)
def test_identifiers_are_those_of_the_paper(model):
    names = ("evaluate", "metric") if model in ("oracle", "pinv") else ("train", "evaluate", "metric")
    assert [str(setting) for setting in steps(model)] == [IDENTIFIERS[model].format(step) for step in names]


@pytest.mark.parametrize("model", SELECTIONS)
def test_each_model_writes_what_is_documented_and_nothing_else(computed, model):
    train, evaluate, metric = (IDENTIFIERS[model].format(step) for step in ("train", "evaluate", "metric"))
    expected = {f"duration/{evaluate}_duration.npy", f"duration/{metric}_duration.npy"}
    expected |= {f"metric/{metric}_{name}.npy" for name in (*SCORE_METRICS, "ptopafc_weighted")}
    expected |= {f"metric/{metric}_{name}_tvb.npy" for name in SCORE_METRICS}
    expected |= {f"evaluation/{evaluate}_made_of.json", f"metric/{metric}_made_of.json"}
    if model == "oracle":
        expected |= {f"evaluation/{evaluate}_logit_{split}.npy" for split in SECONDS}
    else:
        expected |= {f"evaluation/{evaluate}_logit.npy"}
    if model in GIVE_MEL:
        expected |= {f"evaluation/{evaluate}_mel_mse.npy", f"metric/{metric}_mel_mse.npy"}
    if model in NETWORKS:
        expected |= {f"model/{train}_{name}" for name in ("model", "model_settings.yaml", "made_of.json")}
        expected |= {f"duration/{train}_duration.npy", f"duration/{train}_train_duration.npy"}
        expected |= {f"loss/{train}_losses_{split}.npy" for split in SECONDS}
    if model == "hybrid_50":
        expected |= {f"loss/{train}_losses_{part}_{split}.npy" for split in SECONDS for part in ("mel", "logit")}
    assert computed.files[model] == expected


@pytest.mark.parametrize("model", SELECTIONS)
def test_the_outputs_of_a_step_are_all_that_it_writes(computed, model):
    outputs = [path for setting in steps(model) for path in computed.experiment.outputs(setting)]
    assert {str(path.relative_to(computed.experiment.root)) for path in outputs} == computed.files[model]
    assert len(set(outputs)) == len(outputs)


@pytest.mark.parametrize("model", SELECTIONS)
def test_a_step_is_done_when_what_others_build_on_is_there(computed, model, tmp_path):
    for setting in steps(model):
        assert computed.experiment.is_done(setting)
        for missing in computed.experiment.outputs(setting):
            if any(name in missing.name for name in ("_losses_", "_duration", "_made_of")):
                continue
            if setting["step"] == "evaluate" and missing.name.endswith("_mel_mse.npy"):
                continue
            moved = missing.rename(tmp_path / "moved")
            assert not computed.experiment.is_done(setting)
            moved.rename(missing)


def test_steps_are_not_done_where_one_before_has_been_done_again(computed):
    _, *others = steps("cnn")
    model = computed.experiment.files.model_path(others[0])
    status = model.stat()
    os.utime(model)
    assert not any(map(computed.experiment.is_done, others))
    os.utime(model, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert all(map(computed.experiment.is_done, others))


def with_other_sounds(place, folder, *, years=1):
    """The same places, but a dataset of the same name that was made anew, as if so many years later."""
    data = shutil.copytree(place.data, folder / "data")
    path = dataset_path(data, NAME)
    status = path.stat()
    with h5py.File(path, "r+") as file:
        for split in SECONDS:
            file[split]["third_octave"][:] += 1
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + round(years * YEAR_NS)))
    return place._replace(data=data)


def test_a_copy_of_the_dataset_leaves_everything_done(place, computed, tmp_path):
    data = shutil.copytree(place.data, tmp_path / "data")
    os.utime(dataset_path(data, NAME))
    again = place._replace(data=data).experiment(computed.experiment.root)
    assert all(again.is_done(setting) for model in SELECTIONS for setting in steps(model))


@pytest.mark.parametrize("years", [-1, 1])
def test_with_another_dataset_of_that_name_nothing_is_done_whatever_its_time(place, computed, tmp_path, years):
    again = with_other_sounds(place, tmp_path, years=years).experiment(computed.experiment.root)
    assert not any(again.is_done(setting) for model in SELECTIONS for setting in steps(model))


def test_results_without_a_note_are_done_unless_the_dataset_is_younger(place, computed, tmp_path):
    root = shutil.copytree(computed.experiment.root, tmp_path / "results")
    notes = list(root.rglob("*_made_of.json"))
    assert len(notes) == sum(len(steps(model)) for model in SELECTIONS)
    for note in notes:
        note.unlink()
    settings = [setting for model in SELECTIONS for setting in steps(model)]
    assert all(map(place.experiment(root).is_done, settings))
    younger = with_other_sounds(place, tmp_path, years=1).experiment(root)
    assert not any(map(younger.is_done, settings))


def test_a_model_of_another_dataset_is_not_evaluated(place, computed, tmp_path):
    root = shutil.copytree(computed.experiment.root, tmp_path / "results")
    again = with_other_sounds(place, tmp_path).experiment(root)
    with pytest.raises(UserError, match=r"_model is not whole, or of another dataset, .*: compute the step train of"):
        again.run(step_of("cnn", "evaluate"))
    for setting in steps("cnn")[:2]:
        again.run(setting)
        assert again.is_done(setting)


def with_another_teacher(place, folder):
    """The same places, but weights of the teacher that were put in the place of the old ones, and are older."""
    models = shutil.copytree(place.models, folder / "models")
    path = models / "yamnet" / "yamnet.pth"
    status = path.stat()
    torch.save({name: 0.9 * tensor for name, tensor in torch.load(path).items()}, path)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns - YEAR_NS))
    return place._replace(models=models)


def test_with_other_weights_of_the_teacher_only_what_never_heard_it_is_done(place, computed, tmp_path):
    again = with_another_teacher(place, tmp_path).experiment(computed.experiment.root)
    done = {str(setting) for model in SELECTIONS for setting in steps(model) if again.is_done(setting)}
    never = [("mlp_pinv", "train"), ("cnn", "train"), *((model, "evaluate") for model in STUDENTS)]
    assert done == {IDENTIFIERS[model].format(step) for model, step in never}
    assert hears_teacher(generalise("likelihood"))
    assert not hears_teacher(generalise("likelihood", balance=0))


@pytest.mark.parametrize("change", [with_other_sounds, with_another_teacher])
def test_scores_are_not_compared_with_those_of_another_dataset_or_teacher(place, computed, tmp_path, change):
    again = change(place, tmp_path).experiment(shutil.copytree(computed.experiment.root, tmp_path / "results"))
    again.run(step_of("oracle", "evaluate"))
    with pytest.raises(
        UserError, match=r"_logit.npy is not whole, or of another .*: compute the step evaluate of this"
    ):
        again.run(step_of("pinv", "metric"))
    for setting in steps("pinv"):
        again.run(setting)
        assert again.is_done(setting)


def test_scores_of_other_weights_of_the_teacher_are_not_trained_on(place, oracle, tmp_path):
    again = with_another_teacher(place, tmp_path).experiment(shutil.copytree(oracle, tmp_path / "results"))
    with pytest.raises(UserError, match=r"scores are not whole, or of another dataset or teacher .*: compute -s"):
        again.run(step_of("self", "train"))
    again.run(step_of("oracle", "evaluate"))
    again.run(step_of("self", "train"))


def test_a_checkpoint_that_is_named_is_the_teacher_whose_scores_are_compared(place, computed, tmp_path):
    other = with_another_teacher(place, tmp_path).models / "yamnet" / "yamnet.pth"
    evaluate = step_of("pinv", "evaluate")
    same = shutil.copy(place.models / "yamnet" / "yamnet.pth", tmp_path / "same.pth")
    for weights, is_done in ((other, False), (same, True)):
        assert place.experiment(computed.experiment.root, teacher_weights=weights).is_done(evaluate) == is_done


def test_steps_that_only_the_other_models_have_done_are_not_done(place, oracle):
    experiment = place.experiment(oracle)
    done = {str(setting) for model in SELECTIONS for setting in steps(model) if experiment.is_done(setting)}
    assert done == {IDENTIFIERS["oracle"].format("evaluate")}


@pytest.mark.parametrize("model", SELECTIONS)
def test_durations_are_written_down(computed, model):
    for setting in steps(model):
        duration = computed.load("duration", model, setting["step"], "duration")
        assert duration.shape == ()
        assert 0 < duration < 100
    if model in NETWORKS:
        assert (
            0
            < computed.load("duration", model, "train", "train_duration")
            <= computed.load("duration", model, "train", "duration")
        )


# Training


@pytest.mark.parametrize("model", NETWORKS)
def test_the_losses_are_those_of_the_objective_before_and_after(computed, teacher, splits, model):
    torch.manual_seed(0)
    fresh = build_transcoder(stored(computed, model).settings)
    if model == "self":
        fresh.model.load_state_dict(teacher.network.state_dict())
    losses = {split: computed.load("loss", model, "train", f"losses_{split}") for split in SECONDS}
    assert {split: array.shape for split, array in losses.items()} == {"train": (1,), "valid": (2,), "eval": (2,)}
    for split in ("valid", "eval"):
        assert losses[split][0] == pytest.approx(loss_of(fresh.eval(), model, teacher, splits[split]), rel=1e-4)
    trained = load_transcoder(stored(computed, model))
    assert losses["valid"].min() == pytest.approx(loss_of(trained, model, teacher, splits["valid"]), rel=1e-4)
    assert losses["eval"][losses["valid"].argmin()] == pytest.approx(
        loss_of(trained, model, teacher, splits["eval"]), rel=1e-4
    )
    improves = model not in ("mlp_pinv", "self")
    assert losses["valid"].argmin() == improves


def test_the_parts_of_the_hybrid_loss_are_kept(computed):
    for split in SECONDS:
        mel, logit, whole = (
            computed.load("loss", "hybrid_50", "train", f"losses_{name}{split}") for name in ("mel_", "logit_", "")
        )
        assert mel.shape == logit.shape == (1,)
        assert whole[-1:] == pytest.approx(0.5 * mel + 5 * logit, rel=1e-6)


@pytest.mark.parametrize("model", NETWORKS)
def test_settings_are_kept_under_the_papers_keys(computed, model):
    path = computed.experiment.root / "model" / f"{IDENTIFIERS[model].format('train')}_model_settings.yaml"
    found = yaml.safe_load(path.read_text())
    assert found.keys() == {
        "model_type", "mels_type", "cnn_kernel_size", "cnn_dilation", "cnn_nb_layers", "cnn_nb_channels", "mlp_hl_1",
        "mlp_hl_2", "input_shape", "output_shape", "batch_size", "epochs", "steps", "kept_epoch", "settings",
    }  # fmt: skip
    assert (found["mels_type"], found["batch_size"], found["epochs"], found["steps"]) == ("YamNet", 64, 1, 1)
    cnn = [found[f"cnn_{name}"] for name in ("kernel_size", "dilation", "nb_layers", "nb_channels")]
    hybrid = [5, 1, 5, 64]
    expected = {"cnn": [3, 0, 1, 16], "hybrid_50": hybrid, "hybrid_100": hybrid}
    assert cnn == expected.get(model, [None] * 4)
    assert [found["mlp_hl_1"], found["mlp_hl_2"]] == ([100, 1000] if model == "mlp_pinv" else [None, None])


def test_trained_models_are_found_where_transcoders_are_looked_for(computed):
    found = find_transcoders("YamNet", [computed.experiment.root / "model"])
    assert found.keys() == {"mlp_pinv", "cnn_mels", "cnn_logits", "cnn_hybrid", "effnet_b0", "self"}
    assert {name for name, transcoder in found.items() if not transcoder.settings.gives_mel} == set(STUDENTS)
    assert find_transcoders("PANN", [computed.experiment.root / "model"]) == {}


def small_step(place, root, model, models=None):
    """The network after one step of 1e-5, the smallest learning rate, by the name of each parameter."""
    experiment = place.experiment(root, models=models or place.models)
    (setting,) = select(SELECTIONS[model].replace("learning_rate=-3", "learning_rate=-5") + "+step=train", PLANS)
    experiment.run(setting)
    (found,) = find_transcoders("YamNet", [root / "model"]).values()
    return dict(load_transcoder(found).named_parameters())


def test_learning_rates_are_decimal_logarithms(place, computed, tmp_path):
    torch.manual_seed(0)
    before = dict(build_transcoder(stored(computed, "cnn").settings).named_parameters())
    after = dict(load_transcoder(stored(computed, "cnn")).named_parameters())
    little = small_step(place, tmp_path, "cnn")
    for name, parameter in before.items():
        # The first step of Adam is the learning rate, whatever the gradient.
        assert (after[name] - parameter).abs().max().item() == pytest.approx(1e-3, rel=0.01)
        assert (little[name] - parameter).abs().max().item() == pytest.approx(1e-5, rel=0.01)


def test_training_may_start_from_the_weights_of_another(place, computed):
    start = stored(computed, "hybrid_50").weights

    def made(model):
        return new_network(steps(model)[0], models=place.models, load_teacher=None, start_from=start)

    assert_close(made("hybrid_100").state_dict(), torch.load(start), rtol=0, atol=0)
    with pytest.raises(UserError, match="does not hold the weights of this network"):
        made("cnn")


def test_batches_of_another_size_and_trainings_by_time_say_so(place, tmp_path):
    experiment = place.experiment(tmp_path, batch_size=1, minutes=1e-9)
    (setting,) = select(SELECTIONS["cnn"] + "+step=train", PLANS)
    experiment.run(setting)
    (found,) = (yaml.safe_load(path.read_text()) for path in (tmp_path / "model").glob("*.yaml"))
    assert (found["batch_size"], found["epochs"], found["steps"]) == (1, 1, 1)
    assert experiment.files.losses(setting)["losses_train"].shape == (1,)


def test_weights_that_training_starts_from_are_not_kept(place, computed, tmp_path, monkeypatch):
    def worse(network, batch):
        loss = MelObjective()(network, batch)["loss"]
        return {"loss": -loss if torch.is_grad_enabled() else loss}

    monkeypatch.setattr(training_experiment, "MelObjective", lambda: worse)
    start = stored(computed, "cnn")
    experiment = place.experiment(tmp_path, start_from=start.weights)
    (setting,) = select(SELECTIONS["cnn"] + "+step=train", PLANS)
    experiment.run(setting)
    valid = experiment.files.losses(setting)["losses_valid"]
    assert valid[1] > valid[0]
    (found,) = find_transcoders("YamNet", [tmp_path / "model"]).values()
    kept, started = load_transcoder(found).state_dict(), load_transcoder(start).state_dict()
    assert any(not torch.equal(kept[name], started[name]) for name in kept)
    assert experiment.files.kept_epoch(setting) == 1


def test_the_student_that_is_the_teacher_starts_from_its_weights(place, oracle, tmp_path, teacher):
    parameters = small_step(place, shutil.copytree(oracle, tmp_path / "small"), "self")
    expected = dict(teacher.network.named_parameters())
    assert parameters.keys() == {f"model.{name}" for name in expected}
    for name, parameter in expected.items():
        assert_close(parameters[f"model.{name}"], parameter, rtol=0, atol=1.1e-5)


def test_efficientnet_starts_from_imagenet_where_that_is_downloaded(place, oracle, tmp_path):
    models = write_teacher(tmp_path / "models")
    torch.manual_seed(7)
    imagenet = EfficientNet.from_name("efficientnet-b0").state_dict()
    (models / "efficient_net").mkdir()
    torch.save(imagenet, models / "efficient_net" / "efficientnet-b0-355c32eb.pth")
    parameters = small_step(place, shutil.copytree(oracle, tmp_path / "small"), "effnet_b0", models)
    kept = [name for name in parameters if not name.startswith(("model._fc.", "model._conv_stem."))]
    assert len(kept) > 100
    for name in kept:
        assert_close(parameters[name], imagenet[name.removeprefix("model.")], rtol=0, atol=1.1e-5)


def test_it_is_told_where_efficientnet_starts_from_random_weights(computed):
    (line,) = computed.told.splitlines()
    assert "efficientnet-b0-355c32eb.pth is missing: effnet_b0 starts from random weights" in line


# Evaluation


def test_the_oracle_keeps_the_teachers_scores_of_all_splits(computed, teacher, splits):
    for split, tensors in splits.items():
        found = computed.load("evaluation", "oracle", "evaluate", f"logit_{split}")
        assert_close(torch.from_numpy(found), teacher.scores(tensors["mel"]), rtol=1e-4, atol=1e-6)
        assert found.shape == (sum(SECONDS[split].values()), 521)


@pytest.mark.parametrize("model", GIVE_MEL)
def test_transcoders_are_scored_by_the_teacher(computed, teacher, splits, model):
    transcoder = Pinv(FRONT_END) if model == "pinv" else load_transcoder(stored(computed, model))
    with torch.no_grad():
        mel = transcoder(splits["eval"]["third_octave"])
    found = computed.load("evaluation", model, "evaluate", "logit")
    assert_close(torch.from_numpy(found), teacher.scores(mel), rtol=1e-3, atol=1e-5)
    errors = (mel - splits["eval"]["mel"]).square().mean(dim=(1, 2))
    assert computed.load("evaluation", model, "evaluate", "mel_mse") == pytest.approx(errors.numpy(), rel=1e-4)


@pytest.mark.parametrize("model", STUDENTS)
def test_students_are_scored_by_themselves_in_eval_mode(computed, splits, model):
    student = load_transcoder(stored(computed, model))
    found = computed.load("evaluation", model, "evaluate", "logit")
    assert_close(torch.from_numpy(found), student(splits["eval"]["third_octave"]), rtol=1e-3, atol=1e-5)


def test_students_are_scored_in_train_mode_as_in_the_paper_on_request(place, computed, splits, tmp_path):
    root = shutil.copytree(computed.experiment.root / "model", tmp_path / "model").parent
    place.experiment(root, paper=True).run(step_of("self", "evaluate"))
    student = load_transcoder(stored(computed, "self")).train()
    found = np.load(root / "evaluation" / f"{IDENTIFIERS['self'].format('evaluate')}_logit.npy")
    assert_close(torch.from_numpy(found), student(splits["eval"]["third_octave"]), rtol=1e-3, atol=1e-5)
    assert np.abs(found - computed.load("evaluation", "self", "evaluate", "logit")).max() > 0.01


# Metrics


@pytest.mark.parametrize("model", SELECTIONS)
def test_metrics_are_those_of_the_stored_scores_by_recording(computed, teacher, model):
    truth = computed.load("evaluation", "oracle", "evaluate", "logit_eval")
    scores = truth if model == "oracle" else computed.load("evaluation", model, "evaluate", "logit")
    chosen = group_indices(teacher.labels)
    assert len(chosen) == 44
    for suffix, columns in (("", slice(None)), ("_tvb", chosen)):
        arguments = truth[:, columns], scores[:, columns], EVAL_FILES
        expected = {name: getattr(metrics, name)(*arguments) for name in SCORE_METRICS if name.startswith("logit")}
        expected["labels"] = metrics.top_class(*arguments[1:])
        expected["ptopafc"] = 100 * metrics.same_top_class(*arguments).mean()
        for name, values in expected.items():
            found = computed.load("metric", model, "metric", f"{name}{suffix}")
            assert found.shape == np.shape(values)
            assert found == pytest.approx(values, rel=1e-9)
    assert computed.load("metric", model, "metric", "ptopafc_weighted") == pytest.approx(
        metrics.weighted_ptopafc(truth, scores, EVAL_FILES)
    )
    if model in GIVE_MEL:
        errors = computed.load("evaluation", model, "evaluate", "mel_mse").astype(np.float64)
        expected = [errors[:3].mean(), errors[3:5].mean(), errors[5]]
        assert computed.load("metric", model, "metric", "mel_mse") == pytest.approx(expected, rel=1e-6)


def test_the_oracle_agrees_with_itself(computed):
    truth = computed.load("evaluation", "oracle", "evaluate", "logit_eval").astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = truth * np.maximum(np.log(truth), -100) + (1 - truth) * np.maximum(np.log1p(-truth), -100)
    entropy = -terms.mean(axis=1)
    found = {name: computed.load("metric", "oracle", "metric", name) for name in SCORE_METRICS}
    assert found["ptopafc"] == 100
    assert found["logit_bce"] == pytest.approx([entropy[:3].mean(), entropy[3:5].mean(), entropy[5]], rel=1e-5)
    assert found["logit_kl"].tolist() == found["logit_mse"].tolist() == [0, 0, 0]
    assert found["logit_cos"] == pytest.approx([1, 1, 1], rel=1e-6)
    assert computed.load("metric", "oracle", "metric", "ptopafc_weighted") == 100
    assert computed.load("metric", "oracle", "metric", "ptopafc_tvb") == 100


def test_other_models_are_worse_than_the_oracle(computed):
    best = computed.load("metric", "oracle", "metric", "logit_bce")
    for model in SELECTIONS:
        if model != "oracle":
            assert np.all(computed.load("metric", model, "metric", "logit_bce") > best)
            assert np.all(computed.load("metric", model, "metric", "logit_mse") > 0)


def test_results_are_given_for_any_step_of_a_setting(computed):
    for setting in steps("cnn"):
        found = computed.experiment.result(setting, "mel_mse")
        assert np.array_equal(found, computed.load("metric", "cnn", "metric", "mel_mse"))
        assert computed.experiment.result(setting, "ptopafc").shape == ()
    assert computed.experiment.result(step_of("self", "metric"), "mel_mse") is None
    (other,) = select(f"{CNN}10+step=metric", PLANS)
    assert computed.experiment.result(other, "ptopafc") is None


# What is missing


@pytest.mark.parametrize(
    ("model", "step"),
    [("hybrid_50", "train"), ("hybrid_100", "train"), ("self", "train"), ("effnet_b0", "train"), ("pinv", "metric"),
     ("oracle", "metric")],
)  # fmt: skip
def test_missing_scores_of_the_teacher_are_told_with_the_command_that_makes_them(place, tmp_path, model, step):
    with pytest.raises(UserError, match="the teacher's scores are missing") as caught:
        place.experiment(tmp_path).run(step_of(model, step))
    message = str(caught.value)
    assert "\n" not in message
    words = shlex.split(message.split(": compute ")[1])
    assert "-c" in words
    assert select(words[words.index("-s") + 1], PLANS) == steps("oracle")
    assert not place.experiment(tmp_path).is_done(step_of(model, step))


@pytest.mark.parametrize(
    ("model", "step", "first"), [("cnn", "evaluate", "train"), ("self", "evaluate", "train"),
                                 ("pinv", "metric", "evaluate"), ("cnn", "metric", "evaluate")],
)  # fmt: skip
def test_a_step_whose_ground_is_missing_names_the_step_to_compute(place, oracle, model, step, first):
    with pytest.raises(UserError, match=f"is missing: compute the step {first} of this setting first") as caught:
        place.experiment(oracle).run(step_of(model, step))
    assert IDENTIFIERS[model].format(first) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("selection", "options", "reason"),
    [
        (SELECTIONS["oracle"], {"data": Path("nowhere")}, "there is no dataset nowhere/tiny/tiny.h5"),
        (SELECTIONS["oracle"], {"models": Path("nowhere")}, "the weights of YamNet are missing"),
        (SELECTIONS["oracle"], {"teacher_weights": Path("nowhere.pth")}, r"missing \(nowhere.pth\)"),
        (SELECTIONS["cnn"].replace("YamNet", "PANN"), {}, "has no mel_pann, but .*mel_yamnet"),
        (SELECTIONS["cnn"].replace(NAME, "full"), {}, "there is no dataset .*Dcase-Task1-full/Dcase-Task1-full.h5"),
        (SELECTIONS["cnn"].replace(NAME, "TEST"), {}, "there is no dataset .*Dcase-Task1-TEST/Dcase-Task1-TEST.h5"),
    ],
)
def test_what_else_is_missing_is_told_in_a_line(place, tmp_path, selection, options, reason):
    with pytest.raises(UserError, match=reason) as caught:
        place.experiment(tmp_path, **options).run(select(selection, PLANS)[0])
    assert "\n" not in str(caught.value)


# The command line


def run(place, root, capsys, *arguments):
    """Status, and what is told on stdout and stderr."""
    status = cli.run(partial(experiment_cli.main, EXPERIMENT), [*place.arguments(root), *arguments])
    return (status, *capsys.readouterr())


def test_the_script_computes_and_exports(place, tmp_path, capsys):
    table = tmp_path / "table.csv"
    command = [sys.executable, SCRIPT, *place.arguments(tmp_path / "results"), "-s", f"reference/{COMMON[1:]}", "-c"]
    done = subprocess.run([*command, "-d", "-e", table], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "PINV" in done.stdout.upper()
    assert "Traceback" not in done.stderr

    experiment = place.experiment(tmp_path / "results")
    with open(table, newline="", encoding="utf-8") as file:
        rows = {row["transcoder"]: row for row in csv.DictReader(file)}
    assert rows.keys() == {"oracle", "pinv"}
    columns = {"avg_logit_bce": "logit_bce", "avg_logit_kl": "logit_kl", "ptopafc": "ptopafc"}
    for model, row in rows.items():
        for column, name in columns.items():
            values = experiment.result(step_of(model, "metric"), name)
            assert float(row[column]) == pytest.approx(np.mean(values), rel=1e-12)
    assert float(rows["oracle"]["ptopafc"]) == 100
    errors = experiment.result(step_of("pinv", "metric"), "mel_mse")
    assert float(rows["pinv"]["avg_mels_mse"]) == pytest.approx(errors.mean(), rel=1e-12)

    picture = tmp_path / "table.png"
    assert run(place, tmp_path / "results", capsys, "-s", f"reference/{COMMON[1:]}", "-e", str(picture))[0] == 0
    pixels = matplotlib.image.imread(picture)
    assert min(pixels.shape[:2]) > 100
    assert pixels[..., :3].std() > 0.01


def test_tables_show_the_results_of_all_models(place, computed, capsys):
    everything = ",".join(SELECTIONS.values())
    status, told, _ = run(place, computed.experiment.root, capsys, "-s", everything, "-d", "-P")
    assert status == 0
    assert "in all     22 of 22 done" in told
    for title in ("Mel MSE", "score BCE", "score KL", "same top class (%)"):
        assert title.split()[0] in told
    for model in SELECTIONS:
        values = computed.load("metric", model, "metric", "logit_bce")
        assert f"{values.mean():.6f}" in told


def test_results_of_another_dataset_are_left_out_of_tables(place, computed, tmp_path, capsys, monkeypatch):
    root = shutil.copytree(computed.experiment.root, tmp_path / "results")
    again = with_other_sounds(place, tmp_path)
    for setting in (*steps("oracle"), *steps("pinv")):
        again.experiment(root).run(setting)
    status, told, _ = run(again, root, capsys, "-s", ",".join(SELECTIONS.values()), "-d")
    assert status == 0
    assert {"oracle", "pinv"} <= set(told.split())
    assert not {"cnn_pinv", "self", "effnet_b0", "mlp_pinv"} & set(told.split())
    assert "\n6 results are left out, older than what they are made of, or not whole: compute them again" in told
    tabled = tuple(SELECTIONS[model].partition("+dataset")[0] for model in ("oracle", "pinv"))
    monkeypatch.setattr(export_experiment_results, "TABLE_MODELS", tabled)
    arguments = ["--dataset", NAME, "--output", str(tmp_path), "--ext", "csv", "--classifiers", "YamNet"]
    for there, status, line in ((again, 0, ""), (place, 1, "YamNet: 2 results are left out, older than")):
        assert export_experiment_results.main([*there.arguments(root), *arguments]) == status
        assert capsys.readouterr().err.startswith(line)


class Stopping(MelObjective):
    """The Mel objective, with a request to stop in each training step."""

    def __call__(self, network, batch):
        if torch.is_grad_enabled():
            signal.raise_signal(signal.SIGTERM)
        return super().__call__(network, batch)


@pytest.fixture
def stopped(place, tmp_path, capsys, monkeypatch):
    """The folder of an experiment that was stopped in the first of two trainings; status and stderr."""
    with monkeypatch.context() as patch:
        patch.setattr(training_experiment, "MelObjective", Stopping)
        status, _, error = run(place, tmp_path, capsys, "-s", f"{CNN}1,10+step=train", "-c", "-D")
    return tmp_path, status, error


def test_a_stop_request_ends_the_whole_command_with_a_checkpoint(stopped):
    root, status, error = stopped
    assert status == 130
    assert "Traceback" not in error
    names = [path.name for path in (root / "model").iterdir()]
    assert names == [f"{IDENTIFIERS['cnn'].format('train')}_checkpoint"]


def test_after_a_stop_request_the_same_command_goes_on(place, computed, stopped, capsys):
    tmp_path, _, _ = stopped
    status, _, _ = run(place, tmp_path, capsys, "-s", f"{CNN}1+step=train", "-c")
    assert status == 0
    for split in SECONDS:
        found = np.load(tmp_path / "loss" / f"{IDENTIFIERS['cnn'].format('train')}_losses_{split}.npy")
        assert np.array_equal(found, computed.load("loss", "cnn", "train", f"losses_{split}"))
    assert not list((tmp_path / "model").glob("*_checkpoint"))
    weights = torch.load(tmp_path / "model" / f"{IDENTIFIERS['cnn'].format('train')}_model")
    assert_close(weights, torch.load(stored(computed, "cnn").weights), rtol=0, atol=0)


def test_a_training_that_was_stopped_does_not_go_on_with_another_dataset(place, stopped, capsys):
    root, _, _ = stopped
    again = with_other_sounds(place, root)
    status, _, error = run(again, root, capsys, "-s", f"{CNN}1+step=train", "-c")
    assert status == 1
    assert f"_checkpoint is of another training (dataset {NAME}: changed): delete it to start anew" in error


def test_a_training_that_was_stopped_goes_on_with_a_copy_of_the_dataset_and_any_teacher(place, stopped, capsys):
    root, _, _ = stopped
    again = with_another_teacher(place._replace(data=shutil.copytree(place.data, root / "data")), root)
    os.utime(dataset_path(again.data, NAME))
    assert run(again, root, capsys, "-s", f"{CNN}1+step=train", "-c")[0] == 0


@pytest.mark.parametrize("change", ["teacher", "start_from"])
def test_what_is_learned_from_and_what_it_starts_from_tell_trainings_apart(
    place, computed, oracle, tmp_path, monkeypatch, change
):
    monkeypatch.setattr(training_experiment, "HybridObjective", lambda *given: Stopping())
    start = stored(computed, "hybrid_50").weights
    root, train = shutil.copytree(oracle, tmp_path / "results"), step_of("hybrid_50", "train")
    with pytest.raises(KeyboardInterrupt):
        place.experiment(root, start_from=start).run(train)
    again = with_another_teacher(place, tmp_path) if change == "teacher" else place
    again.experiment(root).run(step_of("oracle", "evaluate"))
    other = start if change == "teacher" else stored(computed, "hybrid_100").weights
    with pytest.raises(UserError, match=rf"_checkpoint is of another training \({change}: changed\)"):
        again.experiment(root, start_from=other).run(train)


def test_removing_a_training_removes_its_checkpoint(place, stopped, capsys):
    root, _, _ = stopped
    assert run(place, root, capsys, "-s", f"{CNN}1+step=train", "-R", "--yes")[0] == 0
    assert list((root / "model").iterdir()) == []


def test_a_missing_tensorboard_is_told_in_one_line(place, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    arguments = ["-s", f"{CNN}1+step=train", "-c", "--tensorboard", str(tmp_path)]
    status, _, error = run(place, tmp_path, capsys, *arguments)
    assert status == 1
    assert error.splitlines()[-1].startswith("error: ")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["-s", SELECTIONS["hybrid_100"]], "the teacher's scores are missing"),
        (["-s", SELECTIONS["oracle"], "--models", "nowhere"], "download_pretrained_models.py --only yamnet"),
        (["-s", SELECTIONS["oracle"], "--device", "abacus"], "there is no device 'abacus' here: use --device cpu"),
        (["-s", SELECTIONS["oracle"].replace(NAME, "huge")], "huge"),
        (["-s", f"{CNN}1+step=train", "--compile"], "leave out --compile"),
    ],
)
def test_problems_are_told_in_one_line(place, tmp_path, capsys, arguments, reason):
    status, told, error = run(place, tmp_path, capsys, *arguments, "-c")
    assert (status, told) == (1, "")
    (line,) = (line for line in error.splitlines() if line.startswith("error: "))
    assert reason in line
    assert "Traceback" not in error


# Training curves


def curves(place, root, *arguments):
    arguments = ["--output_path", str(root), "--figures", str(root / "figures"), "--datasets", NAME, *arguments]
    status = plot_training_curve.main(arguments)
    return status, sorted(path.name for path in (root / "figures").iterdir())


def test_the_curves_of_all_trainings_are_drawn(place, computed):
    status, names = curves(place, computed.experiment.root)
    assert status == 0
    assert names == sorted(f"{IDENTIFIERS[model].format('train')}_training_curve.png" for model in NETWORKS)


def test_the_curve_of_a_stopped_training_is_drawn_from_its_checkpoint(place, stopped):
    root, _, _ = stopped
    assert curves(place, root, "-s", f"{CNN}1")[1] == [f"{IDENTIFIERS['cnn'].format('train')}_training_curve.png"]


def test_the_losses_of_a_checkpoint_are_those_of_whole_epochs(place, tmp_path):
    experiment = place.experiment(tmp_path)
    (setting,) = select(f"{CNN}1+step=train", PLANS)
    path = tmp_path / "model" / f"{setting}_checkpoint"
    path.parent.mkdir()
    losses = {"losses_train": [4.0, 3.0, 2.0, 1.0, 0.5], "losses_valid": [5.0, 3.0, 2.0]}
    torch.save({"losses": losses, "epoch": 2, "iteration": 1}, path)
    assert experiment.files.is_begun(setting)
    assert experiment.files.losses(setting)["losses_train"].tolist() == [4, 3, 2, 1]
    torch.save({"losses": losses, "epoch": 0, "iteration": 5}, path)
    assert len(experiment.files.losses(setting)["losses_train"]) == 5


def test_where_nothing_was_trained_the_message_says_how_to(place, tmp_path):
    with pytest.raises(UserError, match="train one with"):
        curves(place, tmp_path)


def test_losses_are_labelled_by_what_was_minimised(computed):
    labels = {model: loss_label(steps(model)[0]) for model in NETWORKS}
    assert labels["cnn"] == labels["mlp_pinv"] == "mean squared error of the Mel spectrogram"
    assert labels["hybrid_100"] == labels["self"] == "binary cross-entropy of the scores"
    assert labels["hybrid_50"] == "weighted sum of both losses"


# Transcoders for use elsewhere


def exported(root, folder, *arguments):
    arguments = ["--output_path", str(root), "--folder", str(folder), "--datasets", NAME, *arguments]
    assert export_transcoders.main(arguments) == 0
    return find_transcoders("YamNet", [folder])


def test_trained_transcoders_can_be_used_elsewhere(computed, tmp_path):
    ours = exported(computed.experiment.root, tmp_path)
    theirs = find_transcoders("YamNet", [computed.experiment.root / "model"])
    assert ours.keys() == theirs.keys()
    for name, found in ours.items():
        assert found.settings == theirs[name].settings
        assert_close(load_transcoder(found).state_dict(), load_transcoder(theirs[name]).state_dict(), rtol=0, atol=0)


def test_a_transcoder_may_be_given_a_name(computed, tmp_path):
    assert exported(computed.experiment.root, tmp_path, "-s", f"{CNN}1", "--name", "mycity").keys() == {"mycity"}


def test_two_transcoders_cannot_have_one_name(computed, tmp_path):
    with pytest.raises(UserError, match="several trainings would be called mycity for YamNet"):
        exported(computed.experiment.root, tmp_path, "--name", "mycity")
    assert not list(tmp_path.iterdir())


def test_lists_of_recordings_go_with_each_transcoder(computed, tmp_path):
    own, before = tmp_path / "trained_on.csv", tmp_path / "started_from.csv"
    own.write_text("packed,recording\nstreets/00000.ogg,street_7\n")
    before.write_text("recording\n17367\nstreet_7\n")
    found = exported(computed.experiment.root, tmp_path / "exported", "--recordings", str(own), str(before))
    for name, stored in found.items():
        assert stored.recordings.name == f"YamNet_{name}_recordings.csv"
        assert stored.training_recordings == {"17367", "street_7"}


def test_what_is_no_list_of_recordings_is_refused_before_anything_is_written(computed, tmp_path):
    with pytest.raises(UserError, match="cannot read the recordings"):
        exported(computed.experiment.root, tmp_path / "exported", "--recordings", str(tmp_path / "nowhere.csv"))
    assert not (tmp_path / "exported").exists()


def test_of_a_stopped_training_the_best_so_far_is_exported(stopped, tmp_path):
    root, _, _ = stopped
    (found,) = exported(root, tmp_path / "exported", "-s", f"{CNN}1").values()
    best = torch.load(root / "model" / f"{IDENTIFIERS['cnn'].format('train')}_checkpoint")["best_state"]
    assert_close(load_transcoder(found).state_dict(), best, rtol=0, atol=0)


def test_where_there_is_no_model_the_message_says_how_to_get_one(tmp_path):
    with pytest.raises(UserError, match="train one with"):
        exported(tmp_path, tmp_path / "exported")


def test_what_is_no_training_of_the_plans_is_passed_over(tmp_path):
    (tmp_path / "model").mkdir()
    for name in ("mine_model", "classifier=YamNet+dataset=elsewhere+step=train_checkpoint"):
        tmp_path.joinpath("model", name).touch()
    with pytest.raises(UserError, match="of the plans: train one with"):
        exported(tmp_path, tmp_path / "exported")


# Transcoders that generalise


def generalise(objective, *, balance=1, augmentation=1, seed=0):
    """The setting of a training."""
    factors = (
        f"balance={balance}+augmentation={augmentation}+objective={objective}+schedule=cosine+averaging=1+seed={seed}"
    )
    (setting,) = select(f"generalise/transcoder=tcn_pinv{TRAINED}+step=train+{factors}", PLANS)
    return setting


def test_transcoders_that_generalise_are_distilled_after_a_likelihood(place, oracle, tmp_path, teacher, splits):
    root = shutil.copytree(oracle, tmp_path / "generalise")
    likelihood, distillation = generalise("likelihood"), generalise("distillation")
    place.experiment(root).run(likelihood)
    (start,) = find_transcoders("YamNet", [root / "model"]).values()
    assert start.name == "tcn"
    experiment = place.experiment(root, start_from=start.weights)
    experiment.run(distillation)
    losses = experiment.files.losses(distillation)
    with torch.no_grad():
        expected = DistillationObjective(teacher)(load_transcoder(start), splits["valid"])["loss"].item()
    assert losses["losses_valid"][0] == pytest.approx(expected, rel=1e-3)
    assert {"losses_mel_train", "losses_logit_train", "losses_order_train", "losses_embedding_train"} <= losses.keys()


def test_datasets_that_are_named_together_are_one(place, tmp_path, monkeypatch):
    heard = []
    evaluate = teacher_scores.evaluate_teacher

    def counted(teacher, mel):
        heard.append(len(mel))
        return evaluate(teacher, mel)

    monkeypatch.setattr(teacher_scores, "evaluate_teacher", counted)
    experiment = place.experiment(tmp_path)
    teacher_alone, both = step_of("oracle", "evaluate"), {"dataset": f"{NAME}&{NAME}"}
    training = generalise("distillation").replace(**both)
    for setting in (teacher_alone, *(needed.replace(**both) for needed in needs(training)), training):
        experiment.run(setting)
    identifiers = (teacher_alone.replace(**other).identifier() for other in ({}, both))
    alone, joined = (np.load(tmp_path / "evaluation" / f"{name}_logit_eval.npy") for name in identifiers)
    assert np.array_equal(joined, np.concatenate([alone, alone]))
    assert len(heard) == len(SECONDS), "nothing was heard twice"
    for step in ("evaluate", "metric"):
        experiment.run(training.replace(step=step))
    assert experiment.result(training, "logit_bce").min() > 0


def test_of_datasets_that_are_named_together_as_much_is_trained_on(place, tmp_path, monkeypatch):
    seen = []

    def watched(*given, shares, **named):
        seen.append(shares)
        return memory_sources(*given, shares=shares, **named)

    monkeypatch.setattr(training_experiment, "memory_sources", watched)
    data = shutil.copytree(place.data, tmp_path / "data")
    (data / "smaller").mkdir()
    with h5py.File(dataset_path(data, NAME)) as whole, h5py.File(dataset_path(data, "smaller"), "w") as smaller:
        smaller.attrs["format"] = FORMAT
        for split, arrays in whole.items():
            for name, array in arrays.items():
                smaller[f"{split}/{name}"] = array[:2]
    experiment = place.experiment(tmp_path / "experiment", data=data)
    alone = generalise("likelihood", balance=0)
    for setting in (alone, alone.replace(dataset=f"{NAME}&smaller")):
        experiment.run(setting)
    assert seen[0] is None
    assert seen[1].tolist() == pytest.approx([2 / 6] * 6 + [1] * 2)


def test_seeds_begin_elsewhere_and_the_same_seed_ends_at_the_same(place, oracle, tmp_path):
    losses = []
    for number, seed in enumerate((1, 1, 2)):
        experiment = place.experiment(shutil.copytree(oracle, tmp_path / str(number)))
        setting = generalise("likelihood", seed=seed)
        experiment.run(setting)
        losses.append(experiment.files.losses(setting)["losses_train"])
    assert np.array_equal(losses[0], losses[1])
    assert not np.isclose(losses[0][0], losses[2][0], rtol=1e-6)


def test_scores_are_needed_where_chunks_are_balanced_by_them():
    for balance, n_needed in ((1, 1), (0, 0)):
        assert len(needs(generalise("likelihood", balance=balance))) == n_needed


@pytest.mark.parametrize("augmentation", [0, 1])
def test_what_is_new_in_each_epoch_is_scored_then(place, oracle, tmp_path, teacher, splits, augmentation):
    setting = generalise("scores", balance=0, augmentation=augmentation)
    assert len(needs(setting)) == 1 - augmentation
    root = tmp_path / "experiment" if augmentation else shutil.copytree(oracle, tmp_path / "experiment")
    experiment = place.experiment(root)
    experiment.run(setting)
    losses = experiment.files.losses(setting)
    assert losses["losses_train"][0] > 0
    with torch.no_grad():
        target = teacher.scores(splits["valid"]["mel"].float())
        network = load_transcoder(*find_transcoders("YamNet", [root / "model"]).values())
        scores = teacher.scores(network(splits["valid"]["third_octave"]))
    assert losses["losses_valid"][-1] == pytest.approx(score_bce(scores, target).item(), rel=1e-3)
