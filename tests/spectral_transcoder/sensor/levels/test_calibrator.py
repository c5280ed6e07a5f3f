"""Where a calibrator sounded, what was read of it, and levels that are corrected by it."""

import numpy as np
import pytest
from sensor_fixtures import ListSource, make_levels, make_tone, piece

from audiokit.errors import UserError
from spectral_transcoder.sensor.levels.calibrations import find_calibrations
from spectral_transcoder.sensor.levels.calibrator import KILOHERTZ, PISTONPHONE, steady_stretches, tone_levels
from spectral_transcoder.sensor.levels.frames import frames
from spectral_transcoder.sensor.levels.offset import automatic_offset
from spectral_transcoder.sensor.levels.quality import Quality
from spectral_transcoder.third_octave import third_octave

READ = 91.3
STREET_S, TONE_S = 60, 30


def tone_frames(seconds, level=READ, *, band=KILOHERTZ, hop=0.125):
    return make_tone(round(seconds / hop), level, band=band)


def street(seconds=STREET_S, *, hop=0.125, seed=0):
    return make_levels(round(seconds / hop), seed=seed)


def with_tone(*tones, hop=0.125):
    """A minute of a street before, between and behind tones."""
    parts = [street(hop=hop)]
    for number, tone in enumerate(tones):
        parts += [tone, street(hop=hop, seed=number + 1)]
    return np.concatenate(parts)


def stretches_in(levels, *, hop=0.125):
    return steady_stretches(hop * np.arange(len(levels)), tone_levels(levels), hop_seconds=hop)


@pytest.mark.parametrize("hop", [0.125, 1.0])
def test_a_calibrator_is_found_with_its_time_and_level(hop):
    (found,) = stretches_in(with_tone(tone_frames(TONE_S, hop=hop), hop=hop), hop=hop)
    assert (found.start, found.end) == (STREET_S, STREET_S + TONE_S)
    assert found.level == pytest.approx(READ, abs=1e-5)


def test_a_sine_through_our_own_filters_is_a_tone_of_its_band_alone():
    sine = np.sin(2 * np.pi * 1000 * np.arange(32000) / 32000).astype(np.float32)
    levels = third_octave(sine)
    np.testing.assert_array_equal(tone_levels(levels), levels[:, KILOHERTZ])
    assert np.isnan(tone_levels(levels, PISTONPHONE)).all()
    beside = third_octave(np.sin(2 * np.pi * 891 * np.arange(32000) / 32000).astype(np.float32))
    assert np.isnan(tone_levels(beside)).all()


@pytest.mark.parametrize(
    ("away", "below", "is_tone"),
    [(3, 20, True), (3, 19.9, False), (-3, 19.9, False), (2, 0, True), (1, 10, True), (1, 9.9, False)],
)
def test_how_far_other_bands_must_be_below(away, below, is_tone):
    levels = tone_frames(1, 94)
    levels[:, KILOHERTZ + away] = 94 - below
    assert (~np.isnan(tone_levels(levels))).all() == is_tone


def test_what_swings_by_half_a_decibel_is_steady_and_what_swings_more_is_not():
    phase = np.arange(80) % 2
    steady, whistle = tone_frames(10), tone_frames(10)
    steady[:, KILOHERTZ] += phase - 0.5
    whistle[:, KILOHERTZ] += 1.2 * phase
    assert len(stretches_in(with_tone(steady))) == 1
    assert stretches_in(with_tone(whistle)) == []


@pytest.mark.parametrize(("seconds", "n"), [(2.875, 0), (3, 1)])
def test_three_seconds_are_enough(seconds, n):
    assert len(stretches_in(with_tone(tone_frames(seconds)))) == n


def test_a_gap_ends_a_stretch():
    levels = tone_frames(5)
    levels[20] = np.nan
    assert stretches_in(levels) == []


def calibrated(*sources, nominal=94):
    """Sources that are read with what their calibrator says."""
    found = find_calibrations(sources, nominal)
    for source in sources:
        source.calibrations = found
    return found


def test_all_levels_are_corrected_and_the_calibrator_is_a_gap():
    levels = with_tone(tone_frames(TONE_S))
    # In two pieces, the tone being in both.
    source = ListSource(piece(levels[:600]), piece(levels[600:], start=75))
    found = calibrated(source)
    assert found[""].correction == pytest.approx(94 - READ, abs=1e-5)
    quality = Quality()
    read = np.concatenate([part.levels for part in frames(source, quality)])
    # A second before and one behind are those in which it is put on and taken off.
    gap = slice(8 * (STREET_S - 1), 8 * (STREET_S + TONE_S + 1))
    assert np.isnan(read[gap]).all()
    kept = np.ones(len(levels), bool)
    kept[gap] = False
    np.testing.assert_allclose(read[kept], levels[kept] + 2.7, atol=1e-4)
    assert (quality.n_calibrator, quality.n_unknown) == (8 * (TONE_S + 2), 0)
    assert "256 of 1200 frames of the calibrator: gaps" in quality.lines(0.125)


def test_files_of_a_sensor_share_its_calibrator_and_its_offset():
    first, second = ListSource(piece(with_tone(tone_frames(TONE_S)))), ListSource(piece(street(200, seed=7)))
    second.name = "the other"
    alone = automatic_offset([second])
    calibrated(first, second)
    # Of the same place in time nothing is left out, for the calibrator was in the other file.
    assert not any(np.isnan(part.levels).any() for part in frames(second, Quality()))
    assert automatic_offset([second]) == pytest.approx(alone - 2.7, abs=0.011)


def test_sensors_that_have_names_need_a_calibrator_each():
    parts = [piece(with_tone(tone_frames(10, level)), series=number) for number, level in enumerate((91.3, 96.5))]
    source = ListSource(*parts)
    source.is_chunked, source.series_names = True, {0: "north", 1: "south"}
    found = find_calibrations([source], 94)
    assert {name: round(each.correction, 3) for name, each in found.items()} == {"north": 2.7, "south": -2.5}
    source.parts = (parts[0], piece(street(), series=1))
    with pytest.raises(UserError, match="no calibrator is found of the sensor 'south'"):
        find_calibrations([source], 94)


@pytest.mark.parametrize(("second", "agrees"), [(91.8, True), (91.9, False)])
def test_two_readings_must_agree(second, agrees):
    source = ListSource(piece(with_tone(tone_frames(10), tone_frames(10, second))))
    if agrees:
        assert find_calibrations([source], 114)[""].correction == pytest.approx(114 - 91.55, abs=1e-4)
    else:
        message = r"the list: the tone of 1 kHz reads 91.30 dB at 60.000 s, and 91.90 dB at 130.000 s \(the list\)"
        with pytest.raises(UserError, match=message):
            find_calibrations([source], 114)


def test_a_tone_that_wanders_does_not_agree_with_itself():
    wandering = tone_frames(20)
    wandering[:, KILOHERTZ] += np.linspace(0, 4, len(wandering))
    with pytest.raises(UserError, match=r"more than 0.5 dB apart"):
        find_calibrations([ListSource(piece(with_tone(wandering)))], 94)


def test_two_tones_are_no_calibrator():
    both = np.maximum(tone_frames(10), tone_frames(10, band=KILOHERTZ + 6))
    with pytest.raises(UserError, match="no calibrator is found: for 3 s, the band of 1 kHz should stay within"):
        find_calibrations([ListSource(piece(with_tone(both)))], 94)


def test_a_pistonphone_is_refused_with_its_reason():
    source = ListSource(piece(with_tone(tone_frames(10, band=PISTONPHONE))))
    with pytest.raises(UserError, match=r"the list: the tone at 60.000 s is of 250 Hz, a pistonphone: .*weighting"):
        find_calibrations([source], 94)


def test_what_can_be_read_only_once_is_refused():
    source = ListSource(piece(with_tone(tone_frames(10))))
    source.can_be_read_again = False
    with pytest.raises(UserError, match="the list can be read only once: --calibrator needs a file"):
        find_calibrations([source], 94)


def test_a_sensor_that_was_not_looked_at_is_refused():
    source = ListSource(piece(street()))
    source.calibrations = {"north": find_calibrations([ListSource(piece(with_tone(tone_frames(10))))], 94)[""]}
    with pytest.raises(UserError, match="the list: nothing is known of a calibrator of the sensor ''"):
        list(frames(source, Quality()))
