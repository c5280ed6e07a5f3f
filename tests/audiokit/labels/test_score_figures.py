"""Scores are drawn where in the recording they belong."""

import numpy as np
import pytest

from audiokit.labels.score_figures import scores_figure
from audiokit.labels.scores_over_time import ScoresOverTime


@pytest.mark.parametrize(
    ("times", "edges"),
    [
        ([(0, 1), (1, 2), (2, 2.5)], [0, 1, 2, 2.5]),  # one after the other: each its own time
        ([(0, 3), (1, 4), (2, 5)], [0, 2, 3, 5]),  # overlapping: shared half and half
        ([(0, 2)], [0, 2]),
    ],
)
def test_pieces_are_drawn_where_they_are(times, edges):
    scores = ScoresOverTime(("a", "b"), np.array(times, float), np.zeros((len(times), 2)))
    figure = scores_figure(scores, np.zeros((10, 4)), np.array([50, 100, 200, 400]), seconds=5, title="x")
    mesh = figure.axes[1].collections[0]
    np.testing.assert_allclose(mesh.get_coordinates()[0, :, 0], edges)
