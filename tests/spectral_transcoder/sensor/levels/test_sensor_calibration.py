"""From dB of any kind to what the transcoders were trained on."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sensor_fixtures import ListSource, make_levels, piece

from audiokit.errors import UserError
from spectral_transcoder.sensor.levels.offset import automatic_offset, calibrate, warning_about
from spectral_transcoder.sensor.levels.overall import LevelHistogram, overall_levels
from spectral_transcoder.third_octave import third_octave


def test_the_overall_level_is_that_of_the_sum_of_energies():
    levels = np.full((3, 29), -np.inf)
    levels[0] = 50
    levels[1, :2] = 60
    assert overall_levels(levels) == pytest.approx([50 + 10 * np.log10(29), 60 + 10 * np.log10(2), -np.inf])
    assert np.isnan(overall_levels(np.full((1, 29), np.nan)))


# The rule of the sister tool: −(99th percentile of 10·log10 Σ 10^(L/10)).


@given(arrays(np.float32, st.tuples(st.integers(1, 60), st.just(29)), elements=st.floats(-150, 150, width=32)))
def test_the_automatic_offset_is_minus_the_99th_percentile(levels):
    expected = -np.percentile(10 * np.log10((10 ** (levels.astype(float) / 10)).sum(axis=1)), 99)
    assert automatic_offset([ListSource(piece(levels))]) == pytest.approx(expected, abs=0.0051)


def test_sources_have_one_offset_together():
    levels = make_levels(5000)
    expected = -np.percentile(overall_levels(levels), 99)
    parts = [ListSource(piece(levels[:100]), piece(levels[100:3000], series=1)), ListSource(piece(levels[3000:]))]
    assert automatic_offset(parts) == pytest.approx(expected, abs=0.0051)


def test_frames_that_are_wrong_do_not_count_for_the_offset():
    levels = make_levels(1000)
    spoilt = np.concatenate([levels, np.full((500, 29), np.nan), np.full((200, 29), 999.0)])
    assert automatic_offset([ListSource(piece(spoilt))]) == automatic_offset([ListSource(piece(levels))])


def test_any_percentile_is_numpys():
    generator = np.random.default_rng(0)
    values = generator.normal(60, 10, 12345)
    histogram = LevelHistogram()
    for part in np.array_split(values, 7):
        histogram.add(part)
    for percent in (0, 1, 50, 99, 99.9, 100):
        assert histogram.percentile(percent) == pytest.approx(np.percentile(values, percent), abs=0.0051)


def test_nothing_to_tell_by_is_refused():
    with pytest.raises(UserError, match="no frame with levels to find the offset by: give --db_offset"):
        automatic_offset([ListSource(piece(np.full((8, 29), np.nan)))])
    source = ListSource(piece(make_levels(8)))
    source.can_be_read_again = False
    with pytest.raises(UserError, match="the list can be read only once: give --db_offset"):
        automatic_offset([source])


def test_calibrated_levels_are_those_of_our_own_third_octaves():
    """A sensor that reads 94 dB SPL for a full-scale sine: −3.01 dB re full scale, 22.99 for the transcoders."""
    sine = np.sin(2 * np.pi * 1000 * np.arange(32000) / 32000).astype(np.float32)
    own = third_octave(sine)
    of_sensor = own - own[0, 17] + 94
    np.testing.assert_allclose(calibrate(of_sensor, -94 - 3.01), own, atol=0.01)
    assert calibrate(of_sensor, -97.01)[0, 17] == pytest.approx(22.99, abs=0.01)


def test_silence_is_that_of_our_own_third_octaves():
    silence = third_octave(np.zeros(32000, np.float32))
    np.testing.assert_allclose(calibrate(np.full((8, 29), -np.inf, np.float32), -90), silence, atol=1e-4)
    assert np.isnan(calibrate(np.full((1, 29), np.nan, np.float32), -90)).all()


@pytest.mark.parametrize("loud, offset", [(75, -90), (75, -75), (95, -90), (22, -26), (np.nan, 0)])
def test_offsets_that_make_sense_need_no_words(loud, offset):
    assert warning_about(loud, offset) is None


@pytest.mark.parametrize("loud, offset, told", [(75, 0, 75), (-20, -90, -110)])
def test_offsets_that_make_none_are_told_of(loud, offset, told):
    assert f"is at {told} dB re full scale" in warning_about(loud, offset)
    assert f"--db_offset {-loud}" in warning_about(loud, offset)
