"""Evaluation is what one gets by hand, however the chunks are cut into batches."""

import numpy as np
import pytest
import torch
from recipe import fill
from torch import nn
from torch.testing import assert_close

from spectral_transcoder.pinv import Pinv
from spectral_transcoder.training.evaluation import evaluate_student, evaluate_teacher, evaluate_transcoder
from teachers.registry import load_teacher
from yamnet.network import YAMNet

CPU = torch.device("cpu")
N_CHUNKS = 7
BATCH_SIZES = [1, 3, 7, 64]


@pytest.fixture(scope="module")
def teacher(tmp_path_factory):
    """YamNet with weights that make it hear differences."""
    path = tmp_path_factory.mktemp("weights") / "yamnet.pth"
    torch.save(fill(YAMNet()).state_dict(), path)
    return load_teacher("YamNet", weights=path)


@pytest.fixture(scope="module")
def split():
    generator = torch.Generator().manual_seed(1)
    return {
        "third_octave": 40 + 40 * torch.rand(N_CHUNKS, 8, 29, generator=generator),
        "mel": torch.randn(N_CHUNKS, 96, 64, generator=generator),
    }


@pytest.fixture(scope="module")
def student():
    """It drops most of what it hears, and has statistics, so that its mode matters."""
    torch.manual_seed(2)
    network = nn.Sequential(
        nn.Flatten(), nn.Dropout(0.9), nn.Linear(8 * 29, 6), nn.BatchNorm1d(6), nn.Linear(6, 5), nn.Sigmoid()
    )
    return network.eval()


@pytest.mark.parametrize("batch_size", BATCH_SIZES)
def test_the_teacher_scores_its_own_mels(teacher, split, batch_size):
    evaluated = evaluate_teacher(teacher, split["mel"], batch_size=batch_size)
    by_hand = torch.stack([teacher.scores(mel[None])[0] for mel in split["mel"]])
    assert evaluated.scores.dtype == np.float32
    assert evaluated.scores.shape == (N_CHUNKS, 521)
    assert evaluated.mel_mse is None
    assert_close(torch.from_numpy(evaluated.scores), by_hand, rtol=1e-4, atol=1e-5)
    assert np.ptp(evaluated.scores, axis=0).max() > 0.1


def test_mels_in_half_precision_are_scored_in_single(teacher, split):
    half = split["mel"].half()
    found = evaluate_teacher(teacher, half).scores
    assert found.dtype == np.float32
    assert_close(torch.from_numpy(found), teacher.scores(half.float()), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("batch_size", BATCH_SIZES)
def test_a_transcoder_is_scored_by_the_teacher_and_compared_with_its_mels(teacher, split, batch_size):
    transcoder = Pinv(teacher.front_end)
    evaluated = evaluate_transcoder(transcoder, teacher, split, batch_size=batch_size)
    mel = transcoder(split["third_octave"])
    assert_close(torch.from_numpy(evaluated.scores), teacher.scores(mel), rtol=1e-4, atol=1e-5)
    errors = [np.mean((a - b) ** 2) for a, b in zip(mel.double().numpy(), split["mel"].double().numpy(), strict=True)]
    assert evaluated.mel_mse == pytest.approx(errors, rel=1e-5)
    assert evaluated.scores.dtype == evaluated.mel_mse.dtype == np.float32
    assert np.ptp(evaluated.scores, axis=0).max() > 0.1


def test_a_transcoder_that_gives_the_teachers_mels_is_perfect(teacher, split):
    same = {"third_octave": split["mel"], "mel": split["mel"]}
    evaluated = evaluate_transcoder(nn.Identity(), teacher, same)
    assert evaluated.mel_mse.tolist() == [0] * N_CHUNKS
    assert np.array_equal(evaluated.scores, evaluate_teacher(teacher, split["mel"]).scores)


@pytest.mark.parametrize("batch_size", BATCH_SIZES)
def test_a_student_gives_scores_alone(student, split, batch_size):
    evaluated = evaluate_student(student, split["third_octave"], device=CPU, batch_size=batch_size)
    assert_close(torch.from_numpy(evaluated.scores), student(split["third_octave"]).detach(), rtol=1e-4, atol=1e-6)
    assert evaluated.scores.dtype == np.float32
    assert evaluated.mel_mse is None


def test_a_student_is_evaluated_in_the_mode_that_it_comes_in(student, split):
    quiet = evaluate_student(student, split["third_octave"], device=CPU).scores
    assert np.array_equal(evaluate_student(student, split["third_octave"], device=CPU).scores, quiet)
    assert not student.training
    student.train()
    try:
        torch.manual_seed(3)
        noisy = evaluate_student(student, split["third_octave"], device=CPU).scores
        assert student.training
        torch.manual_seed(3)
        assert_close(torch.from_numpy(noisy), student(split["third_octave"]).detach(), rtol=1e-5, atol=1e-6)
    finally:
        student.eval()
    assert np.abs(noisy - quiet).max() > 0.01


def test_evaluation_takes_no_gradients(teacher, student, split):
    seen = []

    def watch(network, inputs):
        seen.append(torch.is_grad_enabled())

    transcoder = nn.Identity()
    handles = [network.register_forward_pre_hook(watch) for network in (student, transcoder, teacher.network)]
    evaluate_teacher(teacher, split["mel"])
    evaluate_transcoder(transcoder, teacher, {"third_octave": split["mel"], "mel": split["mel"]})
    evaluate_student(student, split["third_octave"], device=CPU)
    for handle in handles:
        handle.remove()
    assert seen == [False] * 4
