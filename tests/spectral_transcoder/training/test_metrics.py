"""Metrics on arrays small enough to work out by hand."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from spectral_transcoder.training import metrics

LN = math.log

FILES = np.array([0, 0, 1, 1, 1, 2])
"""Two, three and one second."""

TEACHER = np.array(
    [
        [0.9, 0.1, 0.0],
        [0.1, 0.8, 0.0],
        [0.5, 0.25, 0.0],
        [0.5, 0.5, 0.0],
        [0.0, 0.5, 1.0],
        [0.2, 0.3, 0.4],
    ]
)
MODEL = np.array(
    [
        [0.2, 0.5, 0.5],
        [0.6, 0.1, 0.5],
        [0.5, 0.5, 0.5],
        [0.25, 0.75, 0.5],
        [0.0, 0.5, 1.0],
        [0.2, 0.3, 0.4],
    ]
)
ALL = [metrics.logit_bce, metrics.logit_kl, metrics.logit_mse, metrics.logit_cos]


def one_file(*rows):
    """Scores of the chunks of a single recording, and the number of each chunk's recording."""
    return np.array(rows, np.float64), np.zeros(len(rows), int)


# Recordings


@pytest.mark.parametrize(
    ("names", "numbers"),
    [
        (["a_0", "a_1", "b_0"], [0, 0, 1]),
        (["a_0"], [0]),
        (["metro_1_2_0", "metro_1_2_1", "metro_1_3_0"], [0, 0, 1]),
        (["street/a_b_0", "street/a_b_1", "park/a_b_0"], [0, 0, 1]),
        (["a_0", "b_0", "a_0", "a_1"], [0, 1, 2, 2]),
        (["a_9", "a_10", "a_11", "b_100"], [0, 0, 0, 1]),
        (["a_1_0", "a_2_0", "a_3_0"], [0, 1, 2]),
    ],
)
def test_chunks_belong_to_the_recording_that_their_name_begins_with(names, numbers):
    assert metrics.file_numbers(names).tolist() == numbers


def test_means_are_over_each_recordings_own_chunks():
    values = np.array([1.0, 3.0, 10.0, 20.0, 60.0, 7.0])
    assert metrics.mean_by_file(values, FILES).tolist() == [2, 30, 7]
    pairs = np.stack([values, -2 * values], axis=1)
    assert metrics.mean_by_file(pairs, FILES).tolist() == [[2, -4], [30, -60], [7, -14]]
    cubes = np.broadcast_to(values[:, None, None], (6, 2, 3))
    assert metrics.mean_by_file(cubes, FILES).tolist() == [[[mean] * 3] * 2 for mean in (2, 30, 7)]


def test_means_of_single_precision_are_taken_in_double():
    values = np.full(4096, 0.1, np.float32)
    values[0] = 2.0**20
    found = metrics.mean_by_file(values, np.zeros(4096, int))
    assert found.dtype == np.float64
    assert found[0] == pytest.approx((2.0**20 + 4095 * float(np.float32(0.1))) / 4096, rel=1e-12)


# Formulas


def test_cross_entropy_by_hand():
    found = metrics.logit_bce(TEACHER, MODEL, FILES)
    first = -(0.9 * LN(0.2) + 0.1 * LN(0.8) + 0.1 * LN(0.5) + 0.9 * LN(0.5) + LN(0.5)) / 3
    second = -(0.1 * LN(0.6) + 0.9 * LN(0.4) + 0.8 * LN(0.1) + 0.2 * LN(0.9) + LN(0.5)) / 3
    third = -(3 * LN(0.5)) / 3
    fourth = -(0.5 * LN(0.25) + 0.5 * LN(0.75) + 0.5 * LN(0.75) + 0.5 * LN(0.25) + LN(0.5)) / 3
    fifth = -LN(0.5) / 3
    sixth = -sum(p * LN(p) + (1 - p) * LN(1 - p) for p in (0.2, 0.3, 0.4)) / 3
    assert found == pytest.approx([(first + second) / 2, (third + fourth + fifth) / 3, sixth], rel=1e-12)


@pytest.mark.parametrize(
    ("teacher", "model", "expected"),
    [
        (0, 0, 0), (1, 1, 0), (1, 0, 100), (0, 1, 100), (0.25, 0, 25), (0.25, 1, 75), (0.5, 1, 50),
        (1, 1e-50, 100), (1, 1e-40, 40 * LN(10)), (0, 1 - 2**-24, 24 * LN(2)),
    ],
)  # fmt: skip
def test_the_logarithms_of_the_cross_entropy_end_at_minus_100(teacher, model, expected):
    scores, files = one_file([model])
    assert metrics.logit_bce(np.array([[float(teacher)]]), scores, files) == pytest.approx([expected], rel=1e-9)


def test_divergence_is_of_the_means_and_divided_by_the_number_of_labels():
    found = metrics.logit_kl(TEACHER, MODEL, FILES)
    tiny = 1e-10
    first = 0.5 * LN(0.5 / 0.4) + 0.45 * LN(0.45 / 0.3) + tiny * (LN(tiny) - LN(0.5))
    thirds = [(1 / 3, 0.25), (1.25 / 3, 1.75 / 3), (1 / 3, 2 / 3)]
    second = sum(o * LN(o / m) for o, m in thirds)
    assert found == pytest.approx([first / 3, second / 3, 0], rel=1e-8, abs=1e-12)


def test_the_divergence_from_a_score_of_zero_is_finite():
    teacher, files = one_file([1.0, 0.0])
    model, _ = one_file([0.0, 1.0])
    tiny = 1e-10
    expected = ((1 + tiny) * (LN(1 + tiny) - LN(tiny)) + tiny * (LN(tiny) - LN(1 + tiny))) / 2
    assert metrics.logit_kl(teacher, model, files) == pytest.approx([expected], rel=1e-12)
    assert expected == pytest.approx(5 * LN(10), rel=1e-8)


def test_scores_are_not_normalised_for_the_divergence():
    teacher, files = one_file([0.8, 0.8, 0.8, 0.8])
    assert metrics.logit_kl(teacher, teacher / 2, files) == pytest.approx([0.8 * LN(2)], rel=1e-8)
    assert metrics.logit_kl(teacher / 2, teacher, files) == pytest.approx([-0.4 * LN(2)], rel=1e-8)


def test_cross_entropy_and_divergence_are_those_of_torch_as_the_paper_calls_it():
    rng = np.random.default_rng(2)
    teacher, model = rng.random((2, 10, 521))
    files = np.zeros(10, int)
    cross_entropy = nn.BCELoss()(torch.from_numpy(model), torch.from_numpy(teacher)).item()
    assert metrics.logit_bce(teacher, model, files) == pytest.approx([cross_entropy], rel=1e-9)
    means = [torch.from_numpy(scores).mean(dim=0) + 1e-10 for scores in (teacher, model)]
    divergence = nn.KLDivLoss(reduction="batchmean")(means[1].log(), means[0]).item()
    assert metrics.logit_kl(teacher, model, files) == pytest.approx([divergence], rel=1e-9)


def test_mean_square_by_hand():
    found = metrics.logit_mse(TEACHER, MODEL, FILES)
    first = (0.7**2 + 0.4**2 + 0.5**2 + 0.5**2 + 0.7**2 + 0.5**2) / 6
    second = (0.25**2 + 0.5**2 + 0.25**2 + 0.25**2 + 0.5**2) / 9
    assert found == pytest.approx([first, second, 0], rel=1e-12, abs=1e-15)


def test_cosine_by_hand_as_the_mean_over_chunks():
    teacher = np.array([[3.0, 4.0], [1.0, 0.0], [0.0, 2.0]])
    model = np.array([[4.0, 3.0], [0.0, 5.0], [0.0, 0.1]])
    found = metrics.logit_cos(teacher, model, np.array([0, 0, 1]))
    assert found == pytest.approx([(24 / 25 + 0) / 2, 1], rel=1e-12)


def test_the_cosine_with_nothing_is_zero():
    scores, files = one_file([0.0, 0.0], [0.6, 0.8])
    assert metrics.logit_cos(scores, scores, files) == pytest.approx([0.5], rel=1e-12)


# Top class


def test_the_top_class_is_that_of_a_recordings_mean_and_not_of_its_chunks():
    teacher = np.array([[0.6, 0.5, 0.0], [0.6, 0.5, 0.0], [0.0, 0.5, 0.9]])
    files = np.zeros(3, int)
    # Two of three seconds have label 0 on top, and their mean label 1.
    assert metrics.top_class(teacher, files).tolist() == [1]
    model = np.array([[0.0, 0.9, 0.0]] * 3)
    assert not np.any(teacher.argmax(axis=1) == model.argmax(axis=1))
    assert metrics.same_top_class(teacher, model, files).tolist() == [True]


def test_agreement_counts_recordings_however_long():
    assert metrics.top_class(TEACHER, FILES).tolist() == [0, 1, 2]
    assert metrics.top_class(MODEL, FILES).tolist() == [2, 2, 2]
    assert metrics.same_top_class(TEACHER, MODEL, FILES).tolist() == [False, False, True]


def test_each_top_class_counts_the_same_in_the_weighted_agreement():
    # The teacher hears label 0 in four recordings, of which the model finds three, and label 2 in one, which it misses.
    teacher = np.eye(3)[[0, 0, 0, 0, 2]]
    model = np.eye(3)[[0, 0, 1, 0, 1]]
    files = np.arange(5)
    assert metrics.same_top_class(teacher, model, files).mean() == pytest.approx(3 / 5)
    assert metrics.weighted_ptopafc(teacher, model, files) == pytest.approx(100 * (3 / 4 + 0) / 2)
    assert metrics.weighted_ptopafc(model, teacher, files) == pytest.approx(100 * (3 / 3 + 0) / 2)
    assert metrics.weighted_ptopafc(teacher, teacher, files) == 100


def test_the_weighted_agreement_is_of_recordings():
    found = metrics.weighted_ptopafc(TEACHER, MODEL, FILES)
    assert found == pytest.approx(100 / 3)
    assert isinstance(found, float)


# All of them


@pytest.mark.parametrize("metric", ALL)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_scores_of_exactly_0_and_1_give_numbers(metric, dtype):
    certain = np.array([[0, 1, 0], [1, 1, 0], [0, 0, 0], [1, 1, 1]], dtype)
    files = np.array([0, 0, 1, 2])
    for teacher, model in ((certain, 1 - certain), (certain, certain), (certain, certain * 0), (certain * 0, certain)):
        with np.errstate(all="raise"):
            found = metric(teacher, model, files)
        assert found.shape == (3,)
        assert found.dtype == np.float64
        assert np.all(np.isfinite(found))


@pytest.mark.parametrize("metric", ALL)
def test_recordings_do_not_mix(metric):
    rng = np.random.default_rng(0)
    teacher, model = rng.random((2, 6, 5))
    found = metric(teacher, model, FILES)
    for number, alone in enumerate(found):
        chosen = number == FILES
        assert metric(teacher[chosen], model[chosen], np.zeros(chosen.sum(), int)) == pytest.approx([alone], rel=1e-12)


@pytest.mark.parametrize("metric", ALL)
def test_single_precision_is_good_enough(metric):
    rng = np.random.default_rng(1)
    teacher, model = rng.random((2, 6, 521))
    single = metric(teacher.astype(np.float32), model.astype(np.float32), FILES)
    assert single == pytest.approx(metric(teacher, model, FILES), rel=1e-5)


def test_a_model_equal_to_its_teacher_is_perfect():
    entropy = metrics.logit_bce(TEACHER, TEACHER, FILES)
    clipped = np.clip(TEACHER, 1e-300, 1 - 1e-16)
    by_hand = -(clipped * np.log(clipped) + (1 - clipped) * np.log(1 - clipped)).mean(axis=1)
    assert entropy == pytest.approx([by_hand[:2].mean(), by_hand[2:5].mean(), by_hand[5]], rel=1e-9)
    assert metrics.logit_kl(TEACHER, TEACHER, FILES).tolist() == [0, 0, 0]
    assert metrics.logit_mse(TEACHER, TEACHER, FILES).tolist() == [0, 0, 0]
    assert metrics.logit_cos(TEACHER, TEACHER, FILES) == pytest.approx([1, 1, 1], rel=1e-12)
    assert metrics.same_top_class(TEACHER, TEACHER, FILES).all()
