"""A tagger is trained, evaluated and measured by the plan `tagger`, and found where transcoders are looked for."""

import h5py
import numpy as np
import pytest
import torch
from audio_fixtures import save_yamnet

from audiokit.errors import UserError
from audiokit.experiments.selection import select
from audiokit.files import sha256
from exp_train_model.plans import needs, training_plans
from spectral_transcoder.datasets.chunk_dataset import FORMAT
from spectral_transcoder.datasets.dataset_files import dataset_path
from spectral_transcoder.hearing import find_tagger, load_tagger
from spectral_transcoder.pinv import Pinv
from spectral_transcoder.training import teacher_scores
from spectral_transcoder.training.experiment_files import SPLITS
from spectral_transcoder.training.settings import SHARE
from spectral_transcoder.training.training_experiment import TrainingExperiment
from spectral_transcoder.transcoders.store import find_transcoders, load_transcoder
from teachers.registry import load_teacher
from yamnet.mel import FRONT_END

NAME = "scenes"
PLANS = training_plans(datasets=[NAME])
TAGGER = (
    f"tagger/dataset={NAME}+classifier=YamNet+epoch=5+learning_rate=-3+schedule=cosine+averaging=1+balance=1+seed=0"
    "+beside={}+cadence={}"
)
FAST, SLOW = TAGGER.format(1, "fast"), TAGGER.format(0, "slow")
ORACLE = f"reference/transcoder=oracle+dataset={NAME}+classifier=YamNet+step=evaluate"
N_SECONDS = 23
"""Of a recording: two windows of ten, and three that training leaves out."""


@pytest.fixture(scope="module")
def experiment(tmp_path_factory):
    """Noise whose colour the teacher hears, and the teacher's scores of it."""
    folder = tmp_path_factory.mktemp("tagger")
    path = dataset_path(folder / "data", NAME)
    path.parent.mkdir(parents=True)
    generator = torch.Generator().manual_seed(0)
    with h5py.File(path, "w") as file:
        file.attrs["format"] = FORMAT
        for split, n_files in {"train": 4, "valid": 1, "eval": 2}.items():
            names = [f"{split}{number}_{second}" for number in range(n_files) for second in range(N_SECONDS)]
            slope = 3 * torch.rand(len(names), 1, 1, generator=generator)
            levels = 40 + slope * torch.arange(29) + torch.randn(len(names), 8, 29, generator=generator)
            group = file.create_group(split)
            group["third_octave"], group["mel_yamnet"] = levels.numpy(), Pinv(FRONT_END)(levels).numpy()
            group.create_dataset("fname", data=names, dtype=h5py.string_dtype())
            group.create_dataset("scene", data=["noise"] * len(names), dtype=h5py.string_dtype())
    experiment = TrainingExperiment(
        root=folder / "results", data=folder / "data", models=save_yamnet(folder / "models"), device="cpu"
    )
    (oracle,) = select(ORACLE, PLANS)
    experiment.run(oracle)
    return experiment


@pytest.fixture(scope="module")
def trained(experiment):
    """Both cadences, the fast one beside `tcn`, each step in its turn."""
    for selection in (FAST, SLOW):
        for setting in select(selection, PLANS):
            experiment.run(setting)
            assert experiment.is_done(setting)
    return experiment


@pytest.mark.parametrize("selection", [FAST, SLOW])
def test_training_needs_the_teachers_scores(selection):
    (train,) = select(f"{selection}+step=train", PLANS)
    assert [setting["transcoder"] for setting in needs(train)] == ["oracle"]


def test_what_the_teacher_hears_through_the_transcoder_that_is_here_is_kept(trained, monkeypatch):
    (path,) = (trained.root / "evaluation").glob("transcoded_*_valid.npy")
    with h5py.File(trained.data / NAME / f"{NAME}.h5") as file:
        levels = torch.from_numpy(file["valid"]["third_octave"][:])
    teacher = load_teacher("YamNet", folder=trained.models)
    stored = find_transcoders("YamNet")["tcn"]
    with torch.inference_mode():
        expected = teacher.scores(load_transcoder(stored)(levels))
    np.testing.assert_allclose(np.load(path), expected, atol=1e-5)
    assert sha256(stored.weights).startswith(path.name.split("_")[1]), "of other weights it is another"
    evaluate = teacher_scores.evaluate_student
    computed = []
    monkeypatch.setattr(
        teacher_scores, "evaluate_student", lambda *a, **k: (computed.append(len(a[1])), evaluate(*a, **k))[1]
    )
    (train,) = select(f"{FAST}+step=train", PLANS)
    trained.run(train)
    assert computed == []
    with h5py.File(trained.data / NAME / f"{NAME}.h5", "r+") as file:
        file.attrs["made"] = "again"
    with pytest.raises(
        UserError, match=r"scores are not whole, or of another dataset or teacher .*: compute -s 'reference"
    ):
        trained.run(train)
    (oracle,) = select(ORACLE, PLANS)
    assert not trained.is_done(oracle)
    trained.run(oracle)
    trained.run(train)
    assert len(computed) == len(SPLITS)


def test_beside_a_transcoder_that_is_not_here_nothing_is_trained(experiment, monkeypatch):
    monkeypatch.setattr(teacher_scores, "find_transcoders", lambda classifier, folders: {})
    (train,) = select(f"{FAST}+step=train", PLANS)
    with pytest.raises(UserError, match="there is no tcn for YamNet in"):
        experiment.run(train)


@pytest.mark.parametrize("selection", [FAST, SLOW])
def test_the_loss_falls(trained, selection):
    (train,) = select(f"{selection}+step=train", PLANS)
    losses = trained.files.losses(train)["losses_valid"]
    assert len(losses) == 6
    assert losses[-1] < losses[0]
    assert ("losses_joined_train" in trained.files.losses(train)) == (selection == FAST)


@pytest.mark.parametrize(("selection", "cadence", "share"), [(FAST, "fast", SHARE), (SLOW, "slow", 1.0)])
def test_every_second_is_evaluated_in_the_context_of_its_recording(trained, selection, cadence, share):
    (evaluate,) = select(f"{selection}+step=evaluate", PLANS)
    scores = trained.files.load("evaluation", evaluate, "logit")
    assert scores.shape == (2 * N_SECONDS, 521)
    tagger = load_tagger(find_tagger("YamNet", cadence, [trained.root / "model"]))
    assert tagger.share == share
    with h5py.File(trained.data / NAME / f"{NAME}.h5") as file:
        levels = torch.from_numpy(file["eval"]["third_octave"][N_SECONDS : N_SECONDS + 10])
    with torch.inference_mode():
        expected = tagger.scores_of_seconds(levels[None])[0]
    np.testing.assert_allclose(scores[N_SECONDS : N_SECONDS + 10], expected, atol=1e-6)
    (metric,) = select(f"{selection}+step=metric", PLANS)
    assert trained.result(metric, "logit_bce").shape == (2,)
    assert trained.result(metric, "mel_mse") is None


def test_recordings_that_are_too_short_are_refused(experiment, monkeypatch):
    place = "spectral_transcoder.training.training_data.JoinedDatasets.files"
    monkeypatch.setattr(place, lambda joined, split: np.arange(joined.sizes("train")[0]))
    (train,) = select(f"{SLOW}+step=train", PLANS)
    with pytest.raises(UserError, match=r"no recording of 10 s is in the split train"):
        experiment.run(train)
