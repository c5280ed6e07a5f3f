"""Pictures of any length: what is averaged is the mean, and gaps are grey."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.image import imread
from sensor_fixtures import ListSource, make_levels, piece, toy_predictor

from spectral_transcoder.sensor.presence.thresholds import Threshold
from spectral_transcoder.sensor.results.overview import Overview, Timeline
from spectral_transcoder.sensor.results.picture import sensor_figure
from spectral_transcoder.sensor.results.summary import Summary
from spectral_transcoder.sensor.times.clock import Clock

LABELS = tuple(f"label {index}" for index in range(4))
GROUPS = {"these": np.array([0, 1]), "those": np.array([3])}


@given(
    st.lists(st.tuples(st.integers(0, 7), st.integers(1, 40)), min_size=1, max_size=12),
    st.sampled_from([2, 4, 8, 50]),
)
def test_columns_are_means_however_long_it_becomes(runs, max_columns):
    generator = np.random.default_rng(len(runs))
    timeline = Timeline(0.5, max_columns=max_columns)
    position = 0
    known = {}
    for gap, length in runs:
        values = generator.random((length, 3))
        values[generator.random(length) < 0.1] = np.nan
        timeline.add(position + gap, values)
        known |= {position + gap + index: row for index, row in enumerate(values) if not np.isnan(row).any()}
        position += gap + length
    per_column = timeline.cells_per_column
    image = timeline.image
    assert len(image) == -(-position // per_column) <= max_columns
    assert per_column == 1 or len(image) > max_columns / 2
    for column, values in enumerate(image):
        rows = [row for cell, row in known.items() if cell // per_column == column]
        if rows:
            np.testing.assert_allclose(values, np.mean(rows, axis=0))
        else:
            assert np.isnan(values).all()


def overview_of(*pieces, hop_seconds=0.125, threshold=0.5, groups=GROUPS, is_interleaved=False, parts=None):
    parts = parts or {}
    predictor = toy_predictor()
    overview = Overview(
        hop_seconds,
        predictor.block_seconds,
        Summary(LABELS, groups, thresholds=dict.fromkeys(groups, Threshold(threshold))),
        part_of=(lambda series: parts.get(series, 0)) if is_interleaved else None,
    )
    source = ListSource(*pieces, hop_seconds=hop_seconds)
    source.is_interleaved = is_interleaved
    for scored in predictor.score(source, db_offset=-80):
        overview.add(scored)
    return overview


def test_the_overview_holds_levels_and_scores_over_time():
    levels = make_levels(240)
    spoilt = levels.copy()
    spoilt[80:150] = np.nan
    overview = overview_of(piece(spoilt, start=1000))
    np.testing.assert_allclose(overview.levels[:80], levels[:80], atol=1e-4)
    assert np.isnan(overview.levels[80:150]).all()
    scores = toy_predictor().score_levels(levels, db_offset=-80)
    np.testing.assert_allclose(overview.scores.image[[0, 2]], scores[[0, 2]], atol=1e-6)
    assert np.isnan(overview.scores.image[1]).all()
    present = np.stack([scores[:, :2].max(axis=1), scores[:, 3]], axis=1) >= 0.5
    np.testing.assert_array_equal(overview.presence.image[[0, 2]], present[[0, 2]])
    assert (overview.start, overview.n_blocks, overview.n_scored) == (1000, 3, 2)


def test_gaps_between_times_are_gaps_in_the_picture():
    overview = overview_of(piece(make_levels(80)), piece(make_levels(80), start=40))
    assert len(overview.scores.image) == 5
    assert list(np.isnan(overview.scores.image[:, 0])) == [False, True, True, True, False]
    assert len(overview.levels) == 400
    assert np.isnan(overview.levels[80:320]).all()


@pytest.mark.parametrize("is_interleaved", [False, True])
def test_of_series_at_the_same_time_the_first_is_shown(is_interleaved):
    first, second = make_levels(240), make_levels(240, seed=1) - 20
    pieces = [
        piece(levels[rows], start=1000 + rows.start / 8, series=series)
        for rows in (slice(0, 120), slice(120, 240))
        for series, levels in enumerate((first, second))
    ]
    overview = overview_of(*(pieces if is_interleaved else pieces[::2] + pieces[1::2]), is_interleaved=is_interleaved)
    assert (overview.shown, overview.left_out) == ([0], [1])
    np.testing.assert_allclose(overview.levels, first, atol=1e-4)
    scores = [toy_predictor().score_levels(levels, db_offset=-80) for levels in (first, second)]
    np.testing.assert_allclose(overview.scores.image, scores[0], atol=1e-6)
    # What is told in words is of both.
    np.testing.assert_allclose(overview.mean_scores, np.concatenate(scores).mean(axis=0), atol=1e-6)
    assert (overview.n_blocks, overview.n_scored) == (6, 6)


def test_sensors_of_parts_that_follow_each_other_are_shown_all():
    pieces = [piece(make_levels(80), start=100 * (series // 2), series=series) for series in range(4)]
    overview = overview_of(*pieces, is_interleaved=True, parts={0: 0, 1: 0, 2: 1, 3: 1})
    assert (overview.shown, overview.left_out) == ([0, 2], [1, 3])


def test_series_one_after_the_other_are_shown_all():
    overview = overview_of(*(piece(make_levels(16), start=2 * number, series=number) for number in range(5)))
    assert (overview.shown, overview.left_out) == ([0, 1, 2, 3, 4], [])
    assert overview.n_blocks == 5


def test_means_of_levels_are_means_of_energy():
    levels = np.tile(np.repeat(np.array([[50.0], [60.0]]), 29, axis=1), (8000, 1))
    overview = overview_of(piece(levels))
    assert overview.energy.cells_per_column == 16
    np.testing.assert_allclose(overview.levels, 10 * np.log10((1e5 + 1e6) / 2), atol=1e-4)


CASES = {
    "20 s": (20, Clock.BEGINNING, GROUPS),
    "one second": (1, Clock.BEGINNING, GROUPS),
    "ten minutes": (600, Clock.UTC, GROUPS),
    "no groups": (60, Clock.LOCAL, {}),
}


def pixels(figure):
    stream = io.BytesIO()
    figure.savefig(stream, format="png")
    stream.seek(0)
    return imread(stream)[..., :3]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("case", CASES)
def test_pictures_are_drawn_of_any_length(case):
    n_seconds, clock, groups = CASES[case]
    overview = overview_of(piece(make_levels(n_seconds * 8), start=1714564800), groups=groups)
    image = pixels(sensor_figure(overview, clock=clock, title="costs $1_$"))
    # Panels, not only text.
    assert (image.min(axis=-1) < 0.9).mean() > 0.4


@pytest.mark.filterwarnings("error")
def test_levels_that_are_all_unknown_are_all_grey():
    image = pixels(sensor_figure(overview_of(piece(np.full((160, 29), np.nan))), clock=Clock.UTC, title="nothing"))
    assert (np.abs(image - 0.85).max(axis=-1) < 0.01).mean() > 0.4
