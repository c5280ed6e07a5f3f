"""Training curves show each loss where it was measured."""

import numpy as np
import pytest

from audiokit.learning.curves import kept_epoch, training_curve_figure

ITERATIONS = 20
VALID = [3.0, 2.0, 1.0, 1.0, 1.5]
EVAL = [3.5, 2.5, 1.5, 1.4, 1.9]


def loss_arrays(part="", scale=1.0):
    """Of four epochs; parts have no value before training."""
    first = 1 if part else 0
    return {
        f"losses_{part}train": scale * np.linspace(3, 1, 4 * ITERATIONS),
        f"losses_{part}valid": scale * np.array(VALID[first:]),
        f"losses_{part}eval": scale * np.array(EVAL[first:]),
    }


def lines(axes):
    """Label → (x, y)."""
    return {line.get_label(): line.get_xydata().T for line in axes.lines}


def test_losses_are_drawn_against_epochs():
    figure = training_curve_figure(loss_arrays(), title="$x$ is no formula", label="BCE")
    (axes,) = figure.axes
    drawn = lines(axes)
    assert np.array_equal(drawn["validation"], [range(5), VALID])
    assert np.array_equal(drawn["evaluation"], [range(5), EVAL])
    each_step = axes.lines[0].get_xydata().T
    assert each_step[0][[0, ITERATIONS - 1, -1]] == pytest.approx([1 / ITERATIONS, 1, 4])
    assert np.array_equal(each_step[1], loss_arrays()["losses_train"])
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("epoch", "BCE")
    assert figure.get_suptitle() == "$x$ is no formula"


def test_the_mean_of_a_straight_line_is_that_line():
    (axes,) = training_curve_figure(loss_arrays(), title="").axes
    epochs, smooth = lines(axes)["training"]
    half_a_step = (3 - 1) / (4 * ITERATIONS - 1)
    assert smooth == pytest.approx(np.interp(epochs, *axes.lines[0].get_xydata().T), abs=half_a_step)


def test_of_the_lowest_losses_the_later_is_the_one_kept():
    (axes,) = training_curve_figure(loss_arrays(), title="").axes
    assert lines(axes)["kept: 1"].ravel().tolist() == [3, 1]


@pytest.mark.parametrize(("valid", "epoch"), [([1.0], 0), ([1.0, 2.0], 0), (VALID, 3), ([3.0, 2.0], 1)])
def test_the_epoch_kept_is_the_last_of_the_best(valid, epoch):
    assert kept_epoch(valid) == epoch


def test_parts_have_panels_of_their_own_and_mark_the_same_epoch():
    losses = loss_arrays() | loss_arrays("mel_", 0.5) | loss_arrays("logit_", 0.1)
    figure = training_curve_figure(losses, title="", label="sum")
    assert [axes.get_ylabel() for axes in figure.axes] == ["sum", "loss of the Mel spectrogram", "loss of the scores"]
    assert lines(figure.axes[1])["validation"].tolist() == [[1, 2, 3, 4], [1, 0.5, 0.5, 0.75]]
    assert [axes.lines[-1].get_xdata().item() for axes in figure.axes] == [3, 3, 3]


@pytest.mark.parametrize(("lowest", "scale"), [(0.5, "linear"), (0.05, "log"), (-1.0, "symlog")])
def test_wide_ranges_are_logarithmic_and_what_goes_below_zero_is_seen(lowest, scale):
    losses = loss_arrays()
    losses["losses_eval"][-1] = lowest
    assert training_curve_figure(losses, title="").axes[0].get_yscale() == scale


@pytest.mark.parametrize("n_steps", [0, 1, 7])
def test_a_training_in_its_first_epoch_is_drawn_as_one(n_steps):
    losses = {"losses_train": np.ones(n_steps), "losses_valid": np.array([2.0]), "losses_eval": np.array([2.5])}
    (axes,) = training_curve_figure(losses, title="").axes
    assert axes.get_xlim() == (0, 1.02)
    assert len(axes.lines[0].get_xdata()) == n_steps
