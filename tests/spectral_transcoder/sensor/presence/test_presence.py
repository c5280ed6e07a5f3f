"""Presence: thresholds and probabilities of groups, and hours and days with their levels."""

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from spectral_transcoder.sensor.bands.weighting import weights
from spectral_transcoder.sensor.hearing.scored import Scored
from spectral_transcoder.sensor.presence.indicators import (
    Indicators,
    a_weighted_levels,
    block_indicators,
    day_evening_night,
)
from spectral_transcoder.sensor.presence.thresholds import PRESENCE_LABELS, Threshold, find_thresholds
from spectral_transcoder.sensor.results.periods import Periods
from spectral_transcoder.sensor.results.summary import Summary
from spectral_transcoder.sensor.times.clock import Clock
from teachers.audioset import audioset_labels
from teachers.label_groups import group_members

PARIS = ZoneInfo("Europe/Paris")
GROUPS = {"voice": np.array([0]), "birds": np.array([1])}
SUMMARY = Summary(("Speech", "Bird"), GROUPS, thresholds={"voice": Threshold(0.1), "birds": Threshold(0.01, 1, 2)})


def scored(start, n_blocks, *, level=60.0, scores=(0.2, 0.001), seconds=10, chunk=0):
    """Blocks of ten seconds with all of their energy at 1 kHz, where A and Z are the same."""
    bands = np.full((n_blocks, 80, 29), -np.inf, np.float32)
    bands[:, :, 17] = level
    return Scored(
        start + 10.0 * np.arange(n_blocks),
        np.full(n_blocks, chunk),
        np.full(n_blocks, seconds),
        np.full(n_blocks, level),
        np.tile(np.float32(scores), (n_blocks, 1)),
        bands,
    )


def periods_of(*parts, clock=Clock.UTC, zone=PARIS, summary=SUMMARY):
    periods = Periods(summary, clock=clock, zone=zone, hop_seconds=0.125)
    for part in parts:
        periods.add(part)
    return periods.columns()


def test_shipped_thresholds_are_those_of_teacher_transcoder_and_cadence():
    of = {"teacher": "mn04_as", "transcoder": "tcn"}
    fast, slow = (find_thresholds(("traffic", "voice", "birds"), **of, hop_seconds=hop) for hop in (0.125, 1))
    assert list(fast) == ["traffic", "voice", "birds"]
    assert all(0 < each.score < 0.2 and each.slope > 0 for each in fast.values())
    assert fast["traffic"].score != slow["traffic"].score
    assert find_thresholds(("dogs",), **of, hop_seconds=1) == {}
    assert find_thresholds(("voice",), teacher="mine", transcoder="tcn", hop_seconds=1) == {}


def test_labels_of_presence_are_those_of_the_teachers():
    members = group_members(audioset_labels(), PRESENCE_LABELS)
    assert {name: len(labels) for name, labels in members.items()} == {"voice": 1, "birds": 11, "traffic": 1}


def test_each_group_has_its_threshold():
    scores = np.array([[0.1, 0.009], [0.09, 0.01], [np.nan, np.nan]])
    np.testing.assert_array_equal(SUMMARY.present(scores), [[1, 0], [0, 1], [np.nan, np.nan]])
    assert SUMMARY.at({}).present(np.array([[0.2, 0.19]])).tolist() == [[1, 0]]


def test_probabilities_are_logistic_in_the_logarithm_of_the_score():
    found = Summary(("Speech", "Bird"), GROUPS, thresholds=SUMMARY.thresholds, with_probabilities=True)
    columns = found.columns(np.array([[0.5, np.exp(-2)], [0.5, 1.0]], np.float32))
    np.testing.assert_allclose(columns["birds_probability"], [0.5, 1 / (1 + np.exp(-2))], rtol=1e-5)
    assert np.isnan(columns["voice_probability"]).all()
    assert "birds_probability" not in SUMMARY.columns(np.array([[0.5, 0.5]], np.float32))


def test_percentile_levels_are_exceeded_for_their_share_of_the_time():
    indicators = Indicators()
    indicators.add(np.array([*range(101), np.nan], float))
    values = indicators.values()
    assert (values["LA10"], values["LA50"], values["LA90"]) == pytest.approx((90, 50, 10), abs=0.01)
    assert values["LAeq"] == pytest.approx(10 * np.log10(np.mean(10 ** (np.arange(101) / 10))), abs=0.01)


def test_blocks_have_the_levels_of_what_is_there_in_them():
    levels = np.array([np.arange(101), [*range(0, 100, 2), *[np.nan] * 51], np.full(101, np.nan)], float)
    found = block_indicators(levels)
    assert list(found) == ["LAeq", "LA10", "LA50", "LA90"]
    assert (found["LA10"][0], found["LA50"][0], found["LA90"][0]) == (90, 50, 10)
    for name, percent in {"LA10": 90, "LA50": 50, "LA90": 10}.items():
        assert found[name][1] == pytest.approx(np.percentile(levels[1, :50], percent), abs=0.005)
    assert found["LAeq"][0] == pytest.approx(10 * np.log10(np.mean(10 ** (np.arange(101) / 10))), abs=0.005)
    assert all(np.isnan(values[2]) for values in found.values())


def test_levels_of_blocks_without_any_energy_are_minus_infinity():
    found = block_indicators(np.array([np.full(80, -np.inf), [-np.inf] * 60 + [60.0] * 20]))
    assert all(values[0] == -np.inf for values in found.values())
    assert (found["LA10"][1], found["LA50"][1]) == (60, -np.inf)


def test_levels_are_a_weighted():
    bands = np.full((1, 29), -np.inf)
    bands[0, 0] = 80
    assert a_weighted_levels(bands)[0] == pytest.approx(80 + weights("A")[0])


def test_day_evening_night_is_that_of_the_directive():
    assert day_evening_night([60, 60, 60], [1, 1, 1]) == pytest.approx(
        10 * np.log10((12 * 1e6 + 4 * 10**6.5 + 8 * 1e7) / 24)
    )
    assert day_evening_night([60, 55, 50], [1, 1, 1]) == pytest.approx(60)
    assert np.isnan(day_evening_night([60, 60, 60], [1, 0.4, 1]))


def test_hours_and_days_are_those_of_the_place():
    start = datetime(2024, 5, 1, 23, 30, tzinfo=PARIS).timestamp()
    found = periods_of(scored(start, 180), scored(start + 1800, 180, level=70, scores=(0.05, 0.5)))
    assert list(found["period"]) == ["hour", "hour", "day", "day"]
    assert [datetime.fromtimestamp(time, PARIS).hour for time in found["time"]] == [23, 0, 0, 0]
    assert list(found["LAeq"]) == [60, 70, 60, 70]
    assert list(found["voice_percent"]) == [100, 0, 100, 0]
    assert list(found["birds_percent"]) == [0, 100, 0, 100]
    assert np.isnan(found["Lden"]).all()


def test_a_whole_day_has_an_lden_and_shares_count_by_time():
    start = datetime(2024, 5, 1, tzinfo=PARIS).timestamp()
    hours = [scored(start + 3600 * hour, 360, scores=(0.2 if hour % 4 else 0.0, 0.0)) for hour in range(24)]
    found = periods_of(*hours)
    assert len(found["time"]) == 25
    assert found["Lden"][-1] == pytest.approx(day_evening_night([60, 60, 60], [1, 1, 1]), abs=0.01)
    assert found["voice_percent"][-1] == 75
    assert found["seconds"][-1] == 86_400


def test_the_day_of_the_change_of_clocks_is_one_day():
    start = datetime(2024, 10, 27, tzinfo=PARIS).timestamp()
    found = periods_of(scored(start, 25 * 360))
    assert list(found["period"]).count("day") == 1
    assert found["time"][-1] == start
    # The hour that comes twice has two rows.
    assert found["time"][:-1].tolist() == (start + 3600 * np.arange(25)).tolist()
    assert (found["seconds"][:-1] == 3600).all()


@pytest.mark.parametrize("day", [datetime(2024, 3, 31, tzinfo=PARIS), datetime(2024, 10, 27, tzinfo=PARIS)])
def test_a_day_that_is_measured_from_noon_on_begins_at_midnight_of_the_place(day):
    found = periods_of(scored(day.replace(hour=12).timestamp(), 6))
    assert list(found["time"]) == [day.replace(hour=12).timestamp(), day.timestamp()]


def test_blocks_without_scores_count_for_levels_alone():
    gap = scored(0.0, 6, scores=(np.nan, np.nan))
    found = periods_of(scored(60.0, 3), gap, clock=Clock.BEGINNING, zone=None)
    assert found["seconds"][0] == 30
    assert found["voice_percent"][0] == 100


def test_series_are_told_apart():
    found = periods_of(scored(0.0, 6), scored(0.0, 6, level=50, chunk=1), clock=Clock.LOCAL, zone=None)
    assert list(found["chunk"]) == [0, 0, 1, 1]
    assert list(found["LAeq"]) == [60, 60, 50, 50]


def test_groups_that_are_not_heard_stay_empty():
    found = periods_of(scored(0.0, 6), summary=SUMMARY.without({"voice": "no"}))
    assert np.isnan(found["voice_percent"]).all()
    assert (found["birds_percent"] == 0).all()
