"""Gaps stay gaps, whatever makes them, and are told of."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sensor_fixtures import ListSource, make_levels, piece

from audiokit.errors import UserError
from spectral_transcoder.sensor.levels.blocks import divide
from spectral_transcoder.sensor.levels.quality import Quality, clean, duration
from spectral_transcoder.sensor.times.clock import Clock


def blocks_of(*pieces, size=8, quality=None, hop_seconds=0.125):
    """All blocks, one after the other: levels, times, extents, series."""
    source = ListSource(*pieces, hop_seconds=hop_seconds)
    found = list(divide(source, frames_per_block=size, quality=quality or Quality()))
    return (
        np.concatenate([blocks.levels for blocks in found]),
        np.concatenate([blocks.times for blocks in found]),
        np.concatenate([blocks.extents for blocks in found]),
        np.concatenate([np.full(len(blocks.times), blocks.series) for blocks in found]),
    )


def test_without_gaps_blocks_are_the_levels_cut_up():
    levels = make_levels(20)
    found, times, extents, _ = blocks_of(piece(levels, start=100))
    np.testing.assert_array_equal(found.reshape(-1, 29)[:20], levels)
    assert np.isnan(found.reshape(-1, 29)[20:]).all()
    np.testing.assert_allclose(times, [100, 101, 102])
    assert list(extents) == [8, 8, 4]


@given(st.lists(st.integers(0, 30), min_size=1, max_size=8), st.integers(0, 2**16))
def test_it_does_not_matter_how_levels_come_in_pieces(lengths, seed):
    levels = make_levels(sum(lengths), seed=seed)
    generator = np.random.default_rng(seed)
    times = 0.125 * np.cumsum(generator.choice([1, 1, 1, 1, 2, 9, 40], len(levels)))
    if not len(levels):
        return
    whole = blocks_of(piece(levels, times))
    bounds = np.cumsum([0, *lengths])
    parts = blocks_of(*(piece(levels[a:b], times[a:b]) for a, b in pairwise(bounds)))
    for one, other in zip(whole, parts, strict=True):
        np.testing.assert_array_equal(one, other)
    places = np.rint((times - times[0]) / 0.125).astype(int)
    known = ~np.isnan(whole[0]).any(axis=2)
    assert known.sum() == len(levels)
    starts = np.rint((whole[1] - times[0]) / 0.125).astype(int)
    np.testing.assert_array_equal(starts, np.unique(places // 8) * 8)
    np.testing.assert_array_equal((starts[:, None] + np.arange(8))[known], places)


def test_missing_times_leave_a_gap_and_no_empty_blocks():
    levels = make_levels(16)
    times = 0.125 * np.r_[np.arange(4), 6, 7, np.arange(80, 90)]
    quality = Quality()
    found, starts, extents, _ = blocks_of(piece(levels, times), quality=quality)
    np.testing.assert_array_equal(found[0, [0, 1, 2, 3, 6, 7]], levels[:6])
    assert np.isnan(found[0, 4:6]).all()
    np.testing.assert_allclose(starts, [0, 10, 11])
    assert list(extents) == [8, 8, 2]
    assert (quality.n_gaps, quality.n_missing, quality.longest_gap) == (2, 74, 72)
    assert quality.lines(0.125) == ["gaps between times: 2, 9.25 s in all, the longest 9 s"]


@pytest.mark.parametrize(("hop_seconds", "then"), [(1, 0.125), (1, 0.5), (0.125, 0.05)])
def test_frames_that_come_faster_from_some_time_on_are_refused(hop_seconds, then):
    times = np.concatenate([hop_seconds * np.arange(100), hop_seconds * 100 + then * np.arange(1000)])
    with pytest.raises(UserError, match=rf"begin to be {then} s apart in place of {hop_seconds} s") as error:
        blocks_of(*(piece(make_levels(100), part) for part in np.split(times, 11)), hop_seconds=hop_seconds)
    told = float(str(error.value).split("before ")[1].split(" s,")[0])
    assert 0 < told - hop_seconds * 100 < 1000 * then


@pytest.mark.parametrize("hop_seconds", [0.125, 1])
def test_frames_that_a_gateway_held_back_make_no_other_cadence(hop_seconds):
    steps = np.full(2000, float(hop_seconds))
    # 200 of them come at once, when their time is over.
    steps[1000:1200] = hop_seconds / 8
    steps[1000] = hop_seconds * 200 - steps[1001:1200].sum()
    quality = Quality()
    blocks_of(piece(make_levels(2000), np.cumsum(steps)), quality=quality, hop_seconds=hop_seconds)
    assert quality.n_frames == 2000
    assert (
        "199 of 2000 frames come less than half of the cadence after the one before: each counts as a whole frame"
        in quality.lines(hop_seconds)
    )


def test_frames_that_come_in_bursts_make_no_other_cadence():
    steps = np.tile([0.02] * 7 + [0.86], 200)
    quality = Quality()
    blocks_of(piece(make_levels(len(steps)), np.cumsum(steps)), quality=quality)
    assert quality.n_frames == len(steps)


def test_jitter_and_drift_make_no_gaps():
    generator = np.random.default_rng(0)
    n_frames = 20_000
    drifting = 0.1251 * np.arange(n_frames)
    times = drifting + generator.uniform(-0.02, 0.02, n_frames)
    quality = Quality()
    found, starts, *_ = blocks_of(piece(np.zeros((n_frames, 29)), times), size=80, quality=quality)
    assert (quality.n_gaps, quality.n_repeated) == (0, 0)
    assert not np.isnan(found).any()
    np.testing.assert_allclose(starts, drifting[::80], atol=0.021)


def test_frames_with_a_time_that_was_there_are_passed_over():
    levels = make_levels(10)
    times = 0.125 * np.array([0, 1, 2, 2, 2, 3, 4, 5, 6, 7])
    quality = Quality()
    found, *_ = blocks_of(piece(levels[:4], times[:4]), piece(levels[4:], times[4:]), quality=quality)
    np.testing.assert_array_equal(found[0], levels[[0, 1, 2, 5, 6, 7, 8, 9]])
    assert quality.lines(0.125) == ["2 of 10 frames with the time of the one before: passed over"]


def test_frames_without_a_time_are_passed_over():
    quality = Quality()
    found, *_ = blocks_of(piece(make_levels(4), [0, np.nan, 0.25, 0.375]), quality=quality)
    assert np.isnan(found[0, 1]).all()
    assert (quality.n_undated, quality.n_missing) == (1, 1)
    assert quality.lines(0.125)[0] == "1 of 4 frames without a time: passed over"


@pytest.mark.parametrize("clock, hint", [(Clock.UTC, "sort the rows by time"), (Clock.LOCAL, "if clocks were")])
@pytest.mark.parametrize("cut", [4, 5])
def test_times_that_go_back_are_refused(clock, hint, cut):
    levels, times = make_levels(10), 1714564800 + 0.125 * np.array([0, 1, 2, 3, 4, 0, 1, 2, 3, 4])
    source = ListSource(piece(levels[:cut], times[:cut]), piece(levels[cut:], times[cut:]))
    source.clock = clock
    with pytest.raises(UserError, match=r"the list: 2024-05-01 12:00:00\.000Z? comes after .*:00\.500") as caught:
        list(divide(source, frames_per_block=8, quality=Quality()))
    assert hint in str(caught.value)


def test_series_have_nothing_to_do_with_each_other():
    levels = make_levels(24)
    found, _, extents, series = blocks_of(
        piece(levels[:5]), piece(levels[5:12], start=0.625), piece(levels[12:], series=1)
    )
    assert list(extents) == [8, 4, 8, 4]
    assert list(series) == [0, 0, 1, 1]
    np.testing.assert_array_equal(found[2], levels[12:20])


def test_a_level_that_is_unknown_or_impossible_makes_a_gap_of_its_frame():
    levels = make_levels(20)
    levels[3, 7] = np.nan
    levels[5] = np.nan
    levels[6, 2] = np.inf
    levels[7, 0] = -999
    levels[8, 1] = 6543
    levels[9, 4:] = -np.inf
    levels[10] = -180
    quality = Quality()
    cleaned = clean(levels, quality)
    assert (quality.n_frames, quality.n_unknown, quality.n_out_of_range) == (20, 2, 3)
    bad = [3, 5, 6, 7, 8]
    assert np.isnan(cleaned[bad]).all()
    np.testing.assert_array_equal(np.delete(cleaned, bad, axis=0), np.delete(levels, bad, axis=0))
    assert quality.lines(0.125) == [
        "2 of 20 frames with levels that are no numbers: gaps",
        "3 of 20 frames with levels below -250 or above 200 dB: gaps",
    ]


def test_what_cannot_be_decibels_is_refused():
    with pytest.raises(
        UserError, match=r"levels from 2000 to 8000 cannot be dB .* divide what is in hundredths by 100"
    ):
        blocks_of(piece(np.linspace(2000, 8000, 290).reshape(10, 29)))


def test_slow_levels_have_a_frame_a_second():
    found, times, extents, _ = blocks_of(piece(make_levels(25), step=1), size=10, hop_seconds=1)
    assert found.shape == (3, 10, 29)
    np.testing.assert_allclose(times, [0, 10, 20])
    assert list(extents) == [10, 10, 5]


@pytest.mark.parametrize(
    "seconds, text", [(0.125, "0.125 s"), (90, "90 s"), (600, "10 min"), (86400, "24 h"), (1e6, "11.57 days")]
)
def test_durations_are_for_people(seconds, text):
    assert duration(seconds) == text
