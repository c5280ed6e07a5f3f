"""Sums of hours are those of their blocks, whatever pieces these come in."""

import numpy as np
import pytest

from spectral_transcoder.sensor.network.accumulation import HourSums, calendar_of, means


def gather(times, seconds, levels, present, *, pieces=1):
    sums = HourSums(np.shape(present)[1])
    known = ~np.isnan(present).all(axis=1)
    for rows in np.array_split(np.arange(len(times)), pieces):
        sums.add_blocks(times[rows], seconds[rows], levels[rows], known[rows], present[rows])
    return sums


@pytest.fixture
def blocks():
    generator = np.random.default_rng(0)
    times = np.sort(generator.uniform(0, 10 * 86_400, 1000))
    present = generator.integers(0, 2, (1000, 2)).astype(float)
    return times, generator.uniform(1, 10, 1000), generator.uniform(40, 80, 1000), present


def test_shares_are_weighted_with_seconds():
    sums = gather(np.zeros(2), np.array([10.0, 30]), np.full(2, 50.0), np.array([[1.0], [0]]))
    assert means(sums.sums).percent == 25
    assert means(sums.sums).seconds == 40


def test_the_mean_level_is_that_of_the_energy():
    sums = gather(np.zeros(2), np.array([5.0, 5]), np.array([60.0, 70]), np.zeros((2, 1)))
    assert means(sums.sums).levels[0] == pytest.approx(10 * np.log10((1e6 + 1e7) / 2))


def test_blocks_without_scores_do_not_count():
    present = np.array([[1.0, 0], [np.nan, np.nan]])
    told = means(gather(np.zeros(2), np.full(2, 10.0), np.array([60.0, 90]), present).sums)
    assert (told.seconds[0], told.levels[0], *told.percent[0]) == (10, pytest.approx(60), 100, 0)


def test_a_group_of_which_nothing_is_known_stays_empty():
    told = means(gather(np.zeros(1), np.full(1, 10.0), np.full(1, 60.0), np.array([[1, np.nan]])).sums)
    assert told.percent[0, 0] == 100
    assert np.isnan(told.percent[0, 1])


def test_pieces_make_no_difference(blocks):
    whole, pieces = gather(*blocks), gather(*blocks, pieces=17)
    np.testing.assert_array_equal(whole.hours, pieces.hours)
    np.testing.assert_allclose(whole.sums, pieces.sums)
    assert whole.sums[:, 0].sum() == pytest.approx(blocks[1].sum())


def test_memory_grows_with_hours_and_not_with_blocks():
    n = 100_000
    sums = gather(np.linspace(0, 7199, n), np.ones(n), np.full(n, 50.0), np.ones((n, 1)), pieces=10)
    assert sums.sums.shape == (2, 5)


@pytest.mark.parametrize("stamp", ["1969-12-31T23", "1970-01-01T00", "2024-02-29T12", "2024-05-06T08"])
def test_calendar_is_that_of_the_standard_library(stamp):
    hour = np.datetime64(stamp, "h")
    at, there = calendar_of(np.array([hour.astype(int)])), hour.astype("datetime64[s]").item()
    assert (at.hour[0], at.weekday[0]) == (there.hour, there.weekday())
    assert at.month[0] == 12 * (there.year - 1970) + there.month - 1
