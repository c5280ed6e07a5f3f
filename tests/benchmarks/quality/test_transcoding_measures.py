"""How near scores are to the teacher's: worked out by hand for two recordings of one and two seconds."""

import numpy as np
import pytest
from quality.transcoding_measures import figures, in_common, measures_of_recordings, measures_of_seconds

FILES = np.array([0, 1, 1])

# The teacher's top classes by second: 0, 1, 2; by recording: 0, and 2 of the mean (.1 .35 .45 …).
TEACHER = np.array([[0.9, 0.1, 0.1, 0, 0, 0, 0], [0.1, 0.6, 0.1, 0, 0, 0, 0], [0.1, 0.1, 0.8, 0, 0, 0, 0]])

# The model's: 1, 1, 1; by recording 1, where the teacher's is second and last.
MODEL = np.array(
    [[0.5, 0.9, 0.1, 0.1, 0.1, 0, 0], [0.1, 0.6, 0.05, 0.2, 0.2, 0.2, 0], [0.1, 0.6, 0.05, 0.2, 0.2, 0.2, 0]]
)
MEL_MSE = np.array([1.0, 2.0, 4.0])


def of_recordings(model=MODEL):
    return measures_of_recordings(TEACHER, model, MEL_MSE, FILES)


def of_seconds(model=MODEL):
    return measures_of_seconds(TEACHER, model, MEL_MSE, FILES)


def test_a_recording_agrees_where_the_mean_scores_have_one_top_class():
    assert of_recordings()["same top class (%)"].tolist() == [0, 0]
    swapped = MODEL[:, [1, 0, 2, 3, 4, 5, 6]]
    assert of_recordings(swapped)["same top class (%)"].tolist() == [100, 0]


def test_or_at_least_the_teachers_is_among_the_five_highest():
    # 0 is the second of the first recording; 2 is the last but one of the second: .6 .2 .2 .2 .1 go before it.
    assert of_recordings()["among our five (%)"].tolist() == [100, 0]


def test_of_the_teachers_five_some_are_among_the_models():
    ours, others = np.array([[0, 1, 2, 3, 4], [0, 1, 2, 3, 4]]), np.array([[4, 3, 2, 1, 0], [9, 4, 8, 0, 7]])
    assert in_common(ours, others).tolist() == [1, 0.4]
    # Teacher 0 1 2 and two of the rest in any order.
    assert of_recordings(TEACHER)["five in common (%)"].tolist() == [100, 100]


def test_seconds_agree_one_by_one():
    assert of_seconds()["same top class (%)"].tolist() == [0, 50]


def test_errors_of_recordings_are_means_over_their_seconds():
    for measured in (of_recordings(), of_seconds()):
        assert measured["Mel MSE"].tolist() == [1, 3]
        assert measured["BCE"] == pytest.approx(
            [bce(TEACHER[0], MODEL[0]), (bce(TEACHER[1], MODEL[1]) + bce(TEACHER[2], MODEL[2])) / 2]
        )


def bce(teacher, model):
    possible = np.maximum(model, 1e-9)  # the teacher has nothing where the model has nothing
    return -(teacher * np.log(possible) + (1 - teacher) * np.log(1 - model)).mean()


def test_the_divergence_is_of_mean_scores_or_of_each_second():
    def kl(teacher, model):
        teacher, model = teacher + 1e-10, model + 1e-10
        return (teacher * np.log(teacher / model)).mean()

    expected = [kl(TEACHER[0], MODEL[0]), kl(TEACHER[1:].mean(axis=0), MODEL[1:].mean(axis=0))]
    assert of_recordings()["KL"] == pytest.approx(expected)
    expected[1] = (kl(TEACHER[1], MODEL[1]) + kl(TEACHER[2], MODEL[2])) / 2
    assert of_seconds()["KL"] == pytest.approx(expected)


def test_the_teacher_agrees_with_itself():
    for measured in (of_recordings(TEACHER), of_seconds(TEACHER)):
        assert measured["KL"].tolist() == [0, 0]
        assert all(values.tolist() == [100, 100] for title, values in measured.items() if "%" in title)


# Figures


def test_means_over_seconds_count_each_second_once():
    values = {"a": np.array([1.0, 3.0]), "b": np.array([0.0, 100.0])}
    assert {title: figure.value for title, figure in figures(values, np.ones(2)).items()} == {"a": 2, "b": 50}
    found = figures(values, np.array([1, 3]))
    assert {title: figure.value for title, figure in found.items()} == {"a": 2.5, "b": 75}


def test_the_interval_is_that_of_the_normal_distribution_where_there_are_many():
    values = np.random.default_rng(1).normal(5, 2, 1000)
    found = figures({"a": values}, np.ones(1000))["a"]
    half = 1.96 * values.std() / 1000**0.5
    assert found.low == pytest.approx(values.mean() - half, abs=0.1 * half)
    assert found.high == pytest.approx(values.mean() + half, abs=0.1 * half)


def test_recordings_are_drawn_with_all_their_seconds():
    # One recording of all but one second: drawn once or more, or else not at all.
    found = figures({"a": np.array([0.0, 1.0])}, np.array([1, 99]))["a"]
    assert (found.low, found.value, found.high) == (0, 0.99, 1)


def test_the_same_recordings_are_drawn_each_time():
    values = {"a": np.arange(10.0)}
    assert figures(values, np.ones(10)) == figures(values, np.ones(10))
