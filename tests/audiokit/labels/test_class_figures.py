"""Pictures of classification take names as they are."""

import numpy as np
import pytest

from audiokit.labels.class_figures import class_figure, class_title, confusion_figure

NAMES = ("3_cash_$", "price $\\frac")
"""Broken mathematics, if it were any."""
TITLES = ["cash $", "price $\\frac"]


def test_the_number_before_a_name_is_not_shown():
    assert [class_title(name) for name in NAMES] == TITLES
    assert class_title("street_music") == "street music"


def test_confusions_are_drawn_with_names_that_hold_dollars():
    figure = confusion_figure({"run $\\frac": np.eye(2)}, NAMES, title="at $\\frac")
    figure.canvas.draw()
    axes = figure.axes[0]
    assert [label.get_text() for label in axes.get_xticklabels()] == TITLES
    assert [label.get_text() for label in axes.get_yticklabels()] == TITLES
    assert [text.get_text() for text in axes.texts] == ["100", "100"]


def test_bars_are_drawn_with_names_that_hold_dollars():
    figure = class_figure({"one": np.array([0.25, np.nan])}, NAMES, label="F1")
    figure.canvas.draw()
    axes = figure.axes[0]
    assert [label.get_text() for label in axes.get_xticklabels()] == TITLES
    assert [bar.get_height() for bar in axes.patches] == [0.25, 0]


@pytest.mark.parametrize("n_classes", [2, 4, 13])
def test_what_stands_above_few_classes_is_not_cut_off(n_classes):
    classes = [f"word {number}" for number in range(n_classes)]
    title = f"rese1 multi, {n_classes} labels in the layout of Speech Commands"
    confusions = confusion_figure({"one": np.eye(n_classes)}, classes, title=title)
    values = dict.fromkeys(("ROC-AUC", "average precision", "F1"), np.ones(n_classes))
    bars = class_figure(values, classes, label="measure", title=title)
    for figure, above in ((confusions, confusions._suptitle), (bars, bars.legends[0])):
        figure.canvas.draw()
        extent = above.get_window_extent()
        assert extent.x0 > 0
        assert extent.x1 < figure.bbox.x1
