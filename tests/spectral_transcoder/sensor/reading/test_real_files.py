"""Files as level meters and networks wrote them, read to the printed digit: what they are told in their README."""

import numpy as np
import pandas as pd
import pytest
from sensor_fixtures import toy_predictor

from spectral_transcoder.sensor.levels.frames import frames
from spectral_transcoder.sensor.levels.quality import Quality
from spectral_transcoder.sensor.reading.opening import open_levels
from spectral_transcoder.sensor.times.clock import text_of
from spectral_transcoder.third_octave import NOMINAL_FREQUENCIES

BANDS = [f"{frequency:g}" for frequency in NOMINAL_FREQUENCIES]
NOISE_SENSOR = ("2019-08-21 06:57:48.346Z", "2019-08-21 06:57:58.221Z", {(0, "20"): 44.55, (1, "40"): 30.15})
FILES = {
    "cense_lorient_fast_125ms_20bands.csv": (
        "CENSE; 20 bands", 0.125, 399, "2020-05-26 00:00:08.257Z", "2020-05-26 00:00:58.007Z",
        {(0, "125"): 15.9, (1, "250"): 30.89, (398, "10000"): 21.0},
    ),
    "noisesensor_osh_export_125ms_29bands.csv": (
        "29 bands", 0.125, 80, *NOISE_SENSOR[:2], NOISE_SENSOR[2] | {(79, "1000"): 41.15},
    ),
    "cense_dump_LAYOUT.h5": (
        "CENSE; p0720; 29 bands", 0.125, 80, *NOISE_SENSOR[:2], NOISE_SENSOR[2] | {(79, "1000"): 41.15},
    ),
    "onosensor_indicators_LAYOUT.json": (
        "OnoSensor; 29 bands", 0.125, 80, *NOISE_SENSOR[:2], NOISE_SENSOR[2] | {(79, "1000"): 41.15},
    ),
    "noisecapture_track.geojson": (
        "NoiseCapture; 22 bands", 1, 117, "2018-04-17 09:02:15.809Z", "2018-04-17 09:04:11.613Z",
        {(0, "100"): 47.0134, (1, "1000"): 50.9326, (116, "12500"): 31.7304},
    ),
    "noisecapture_track.zip": (
        "NoiseCapture; 22 bands", 1, 117, "2018-04-17 09:02:15.809Z", "2018-04-17 09:04:11.613Z",
        {(0, "100"): 47.0134, (1, "1000"): 50.9326, (116, "12500"): 31.7304},
    ),
    "nti_xl2_RTA_3rd_Log.txt": (
        "NTi XL2; 29 bands", 1, 30, "2026-02-06 10:19:45.000Z", "2026-02-06 10:20:14.000Z",
        {(0, "20"): 87.9, (1, "25"): 86.8, (2, "50"): 82.4},
    ),
    "norsonic_nor145_profile_250ms_31bands.xlsx": (
        "Norsonic; grantham .1-S1 (12148718-1)-.3; 29 bands", 0.25, 118,
        "2026-06-08 10:19:43.075", "2026-06-08 10:20:12.325", {(0, "20"): 55.1, (0, "80"): 84.3, (117, "12500"): 45.4},
    ),
    "nps_NVSPL_Rivendell_2021_06_23_11.txt": (
        "NVSPL of the US National Park Service; 26 bands", 1, 300,
        "2021-06-23 18:36:02.000Z", "2021-06-23 18:41:01.000Z",
        {(0, "25"): 37.5, (0, "8000"): 41.5, (299, "8000"): 44.6},
    ),
    "cirrus_det_third_0250ms_semicolon_2dec.csv": (
        "Cirrus; 29 bands", 0.25, 12, "2014-08-19 01:32:51.000", "2014-08-19 01:32:53.750",
        {(0, "20"): 33.49, (1, "31.5"): 22.38, (11, "20"): 29.88},
    ),
    "cirrus_det_third_1000ms_comma_1dec.csv": (
        "Cirrus; 29 bands", 1, 9, "2014-08-19 01:32:14.000", "2014-08-19 01:32:22.000",
        {(0, "12500"): 15.5, (1, "20"): 30.3, (8, "1000"): 22.6},
    ),
}  # fmt: skip
"""What each is read as: maker and bands, cadence in s, rows, first and last time, and levels by row and band."""


@pytest.mark.parametrize("name", FILES)
def test_real_files_are_read_to_the_digit(shared, name):
    title, cadence, n_rows, first, last, cells = FILES[name]
    source = open_levels(shared / "data" / "sensor_files" / name)
    pieces = list(source.pieces())
    levels, times = (np.concatenate([getattr(piece, kind) for piece in pieces]) for kind in ("levels", "times"))
    assert source.description.startswith(title)
    assert (source.cadence or source.hop_seconds, len(levels)) == (cadence, n_rows)
    assert (text_of(times[0], source.clock), text_of(times[-1], source.clock)) == (first, last)
    for (row, band), level in cells.items():
        assert levels[row, BANDS.index(band)] == pytest.approx(level, abs=1e-4)


@pytest.mark.parametrize("name", FILES)
def test_of_real_files_no_frame_is_lost(shared, name):
    source, quality = open_levels(shared / "data" / "sensor_files" / name), Quality()
    assert sum(len(piece.times) for piece in frames(source, quality)) >= FILES[name][2]
    assert [line for line in quality.lines(source.hop_seconds) if "rows without levels" not in line] == []


def test_levels_that_a_meter_has_as_zero_are_not_measured(shared):
    source = open_levels(shared / "data" / "sensor_files" / "nps_NVSPL_Rivendell_2021_06_23_11.txt")
    assert "in the bands of 20, 10000, 12500 Hz nothing was measured" in source.notes
    assert min(piece.levels.min() for piece in source.pieces()) > 10


def test_levels_are_those_that_the_meter_tells_itself(shared):
    path = shared / "data" / "sensor_files" / "nps_NVSPL_Rivendell_2021_06_23_11.txt"
    scored = list(toy_predictor(block_seconds=1).score(open_levels(path), db_offset=-90))
    found = np.concatenate([part.a_weighted[:, 0] for part in scored])
    np.testing.assert_allclose(found, pd.read_csv(path)["dbA"], atol=0.06)
