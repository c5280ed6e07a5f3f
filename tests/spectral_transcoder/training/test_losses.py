"""Losses are those of the formulas, worked out here in double precision, and teach the transcoder alone."""

import math

import numpy as np
import pytest
import torch
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.testing import assert_close

from spectral_transcoder.training.losses import (
    DistillationObjective,
    HybridObjective,
    MelObjective,
    ScoreObjective,
    score_bce,
)
from spectral_transcoder.transcoders.store import TranscoderSettings, build_transcoder
from teachers.registry import Teacher, load_teacher
from yamnet.network import YAMNet

N_FRAMES, N_MELS, N_LABELS = 4, 3, 5


class ToyTeacher(Teacher):
    """A linear classifier of the mean over frames."""

    def __init__(self, name="YamNet"):
        super().__init__()
        self.name = name
        self.network = nn.Linear(N_MELS, N_LABELS)

    def scores(self, mel):
        return self.network(mel.mean(dim=1)).sigmoid()


class ToyTranscoder(nn.Module):
    """8 × 29 levels → Mel spectrogram."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(8 * 29, N_FRAMES * N_MELS)

    def forward(self, third_octave):
        return self.linear(third_octave.flatten(1)).unflatten(1, (N_FRAMES, N_MELS))


def bce_by_hand(scores, target):
    scores, target = (np.asarray(values, np.float64) for values in (scores, target))
    with np.errstate(divide="ignore"):
        present, absent = np.maximum(np.log(scores), -100), np.maximum(np.log(1 - scores), -100)
    return -np.mean(target * present + (1 - target) * absent)


def mse_by_hand(output, target):
    return np.mean(np.square(np.asarray(output, np.float64) - np.asarray(target, np.float64)))


@pytest.fixture
def batch():
    generator = torch.Generator().manual_seed(1)
    return {
        "third_octave": torch.randn(6, 8, 29, generator=generator),
        "mel": 2 * torch.randn(6, N_FRAMES, N_MELS, generator=generator),
        "scores": torch.rand(6, N_LABELS, generator=generator),
    }


@pytest.fixture
def transcoder():
    torch.manual_seed(2)
    return ToyTranscoder()


def toy_teacher(name="YamNet"):
    torch.manual_seed(3)
    return ToyTeacher(name).eval().requires_grad_(False)


# Cross-entropy


def test_the_cross_entropy_is_torchs_mean_over_batch_and_labels(batch):
    scores = torch.rand(6, N_LABELS, generator=torch.Generator().manual_seed(4))
    loss = score_bce(scores, batch["scores"])
    assert_close(loss, nn.BCELoss()(scores, batch["scores"]), rtol=0, atol=0)
    assert loss.item() == pytest.approx(bce_by_hand(scores, batch["scores"]), rel=1e-6)
    assert loss.shape == ()


@pytest.mark.parametrize(
    ("score", "target", "loss"),
    [
        (0, 0, 0), (1, 1, 0), (0, 1, 100), (1, 0, 100), (0, 0.25, 25), (1, 0.25, 75),
        (0.5, 0.3, math.log(2)), (0.25, 1, math.log(4)), (0.75, 0, math.log(4)),
        # Its logarithm is −103, beyond the end.
        (1.4e-45, 1, 100),
    ],
)  # fmt: skip
def test_logarithms_end_at_minus_100(score, target, loss):
    assert score_bce(torch.tensor([[float(score)]]), torch.tensor([[float(target)]])).item() == pytest.approx(loss)


def test_certain_and_wrong_scores_still_have_a_finite_gradient():
    scores = torch.tensor([[0.0, 1.0, 0.5]], requires_grad=True)
    score_bce(scores, torch.tensor([[1.0, 0.0, 0.5]])).backward()
    assert torch.isfinite(scores.grad).all()
    assert scores.grad[0, 0] < 0 < scores.grad[0, 1]


def test_half_precision_ends_before_the_losses(batch):
    scores = torch.rand(6, N_LABELS, generator=torch.Generator().manual_seed(4)).bfloat16()
    loss = score_bce(scores, batch["scores"].bfloat16())
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(bce_by_hand(scores.float(), batch["scores"].bfloat16().float()), rel=1e-6)
    losses = MelObjective()(nn.Identity(), {"third_octave": batch["mel"].bfloat16(), "mel": batch["mel"]})
    assert losses["loss"].dtype == torch.float32
    assert losses["loss"].item() == pytest.approx(mse_by_hand(batch["mel"].bfloat16().float(), batch["mel"]), rel=1e-5)


def test_the_cross_entropy_is_allowed_in_a_region_of_half_precision_on_a_gpu():
    # Fake tensors go through the dispatch of a GPU without one.
    with FakeTensorMode():
        scores, target = torch.empty(2, N_LABELS, device="cuda"), torch.empty(2, N_LABELS, device="cuda")
        torch.set_autocast_enabled("cuda", True)
        try:
            assert score_bce(scores, target).dtype == torch.float32
        finally:
            torch.set_autocast_enabled("cuda", False)


# Objectives


def test_the_mel_loss_is_the_mean_square_over_everything(transcoder, batch):
    losses = MelObjective()(transcoder, batch)
    with torch.no_grad():
        output = transcoder(batch["third_octave"])
    assert losses.keys() == {"loss"}
    assert losses["loss"].item() == pytest.approx(mse_by_hand(output, batch["mel"]), rel=1e-6)
    constant = {"third_octave": batch["mel"] + 3, "mel": batch["mel"]}
    assert MelObjective()(nn.Identity(), constant)["loss"].item() == pytest.approx(9, rel=1e-6)


def test_the_score_loss_compares_what_the_student_gives(batch):
    student = nn.Sequential(nn.Flatten(), nn.Linear(8 * 29, N_LABELS), nn.Sigmoid())
    losses = ScoreObjective()(student, batch)
    with torch.no_grad():
        output = student(batch["third_octave"])
    assert losses.keys() == {"loss"}
    assert losses["loss"].item() == pytest.approx(bce_by_hand(output, batch["scores"]), rel=1e-6)


@pytest.mark.parametrize(("name", "scale"), [("PANN", 1500), ("YamNet", 10), ("mn04_as", 10)])
@pytest.mark.parametrize("prop_logit", [0, 25, 50])
def test_the_hybrid_loss_weighs_scores_against_mels(transcoder, batch, name, scale, prop_logit):
    teacher = toy_teacher(name)
    losses = HybridObjective(teacher, prop_logit)(transcoder, batch)
    with torch.no_grad():
        output = transcoder(batch["third_octave"])
        mel, logit = mse_by_hand(output, batch["mel"]), bce_by_hand(teacher.scores(output), batch["scores"])
    assert losses.keys() == {"loss", "mel", "logit"}
    assert losses["mel"].item() == pytest.approx(mel, rel=1e-6)
    assert losses["logit"].item() == pytest.approx(logit, rel=1e-6)
    expected = (1 - prop_logit / 100) * mel + scale * prop_logit / 100 * logit
    assert losses["loss"].item() == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("name", ["PANN", "YamNet", "mn04_as"])
def test_without_a_share_of_the_mels_the_score_loss_is_not_scaled(transcoder, batch, name):
    teacher = toy_teacher(name)
    del batch["mel"]
    losses = HybridObjective(teacher, 100)(transcoder, batch)
    with torch.no_grad():
        logit = bce_by_hand(teacher.scores(transcoder(batch["third_octave"])), batch["scores"])
    assert losses.keys() == {"loss"}
    assert losses["loss"].item() == pytest.approx(logit, rel=1e-6)
    assert_close(losses["loss"], HybridObjective(teacher)(transcoder, batch)["loss"], rtol=0, atol=0)


# Gradients


def test_the_gradient_of_the_hybrid_loss_is_that_of_the_formula(transcoder, batch):
    teacher = toy_teacher("PANN")
    HybridObjective(teacher, 50)(transcoder, batch)["loss"].backward()
    found = transcoder.linear.bias.grad
    double = ToyTranscoder().double()
    double.load_state_dict(transcoder.state_dict())

    def loss(step):
        """Loss where each bias is a step further."""
        with torch.no_grad():
            output = double(batch["third_octave"].double()) + step.view(N_FRAMES, N_MELS)
            scores = (output.mean(dim=1) @ teacher.network.weight.double().T + teacher.network.bias.double()).sigmoid()
        return 0.5 * mse_by_hand(output, batch["mel"]) + 750 * bce_by_hand(scores, batch["scores"])

    steps = 1e-5 * torch.eye(len(found), dtype=torch.float64)
    expected = torch.tensor([(loss(step) - loss(-step)) / 2e-5 for step in steps])
    assert_close(found.double(), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("prop_logit", [50, 100])
def test_only_the_transcoder_learns_from_a_real_teacher(tmp_path, prop_logit):
    torch.manual_seed(5)
    torch.save(YAMNet().state_dict(), tmp_path / "yamnet.pth")
    teacher = load_teacher("YamNet", weights=tmp_path / "yamnet.pth")
    before = {name: tensor.clone() for name, tensor in teacher.state_dict().items()}
    transcoder = build_transcoder(TranscoderSettings("cnn_pinv", "YamNet", 3, 1, 2, 4))
    batch = {
        "third_octave": 40 + 40 * torch.rand(2, 8, 29),
        "mel": torch.randn(2, 96, 64),
        "scores": torch.rand(2, 521),
    }
    optimizer = torch.optim.Adam(transcoder.parameters(), lr=1e-3)
    HybridObjective(teacher, prop_logit)(transcoder, batch)["loss"].backward()
    assert all(parameter.grad.abs().max() > 0 for parameter in transcoder.parameters())
    optimizer.step()
    assert not any(parameter.requires_grad for parameter in teacher.parameters())
    assert all(parameter.grad is None for parameter in teacher.parameters())
    assert not any(module.training for module in teacher.modules())
    assert_close(teacher.state_dict(), before, rtol=0, atol=0)


class ToyEmbedder(nn.Module):
    """A network of two layers, as the teachers' have."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(5)
        self.first, self.second = nn.Linear(N_MELS, 4), nn.Linear(4, N_LABELS)

    def embed(self, mel):
        return self.first(mel.mean(dim=1)).tanh()

    def classify(self, embedding):
        return self.second(embedding)


@pytest.fixture
def embedding_teacher():
    teacher = ToyTeacher()
    teacher.network = ToyEmbedder()
    return teacher.requires_grad_(False)


def test_distillation_sums_its_parts_by_their_weights(transcoder, embedding_teacher, batch):
    objective = DistillationObjective(
        embedding_teacher, mel_weight=2, score_weight=3, order_weight=5, embedding_weight=7
    )
    losses = objective(transcoder, batch)
    expected = 2 * losses["mel"] + 3 * losses["logit"] + 5 * losses["order"] + 7 * losses["embedding"]
    assert_close(losses["loss"], expected)


def test_the_parts_of_distillation_are_those_of_their_formulas(transcoder, embedding_teacher, batch):
    with torch.no_grad():
        losses = DistillationObjective(embedding_teacher)(transcoder, batch)
        mel = transcoder(batch["third_octave"])
    network = embedding_teacher.network
    found, wanted = (network.embed(one).detach().double() for one in (mel, batch["mel"]))
    scores, targets = (network.classify(one.float()).detach().double() for one in (found, wanted))
    assert float(losses["mel"]) == pytest.approx(mse_by_hand(mel, batch["mel"]), rel=1e-5)
    assert float(losses["logit"]) == pytest.approx(bce_by_hand(scores.sigmoid(), targets.sigmoid()), rel=1e-4)
    shares, target_shares = scores.softmax(dim=1), targets.softmax(dim=1)
    divergence = (target_shares * (target_shares.log() - shares.log())).sum(dim=1).mean()
    assert float(losses["order"]) == pytest.approx(float(divergence), rel=1e-4)
    power = float((wanted**2).mean())
    assert float(losses["embedding"]) == pytest.approx(mse_by_hand(found, wanted) / power, rel=1e-4)


def test_distillation_has_nothing_to_teach_a_transcoder_that_is_right(embedding_teacher, batch):
    losses = DistillationObjective(embedding_teacher)(lambda _: batch["mel"], batch)
    assert float(losses["mel"]) == float(losses["embedding"]) == 0
    assert float(losses["order"]) == pytest.approx(0, abs=1e-6)


def test_distillation_teaches_the_transcoder_alone(transcoder, embedding_teacher, batch):
    DistillationObjective(embedding_teacher)(transcoder, batch)["loss"].backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in transcoder.parameters())
    assert all(parameter.grad is None for parameter in embedding_teacher.parameters())
