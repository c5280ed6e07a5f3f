"""Which columns of a table are bands, and what is said of those that are not."""

import pytest
from sensor_fixtures import NAMES

from spectral_transcoder.errors import UserError
from spectral_transcoder.sensor.columns import find_columns
from spectral_transcoder.third_octave import CENTRE_FREQUENCIES


@pytest.mark.parametrize(
    "pattern",
    ["{:g}", "{:g}Hz", "{:g} Hz", "LZeq_{:g}Hz", "LZeq {:g} Hz (dB)", "band_{:g}", "Leq 1s {:g} Hz", "L{:g}"],
)
def test_bands_are_found_by_their_nominal_frequency(pattern):
    names = [pattern.format(float(name)) for name in NAMES]
    columns = find_columns(["time", *names, "LAeq", "battery"])
    assert columns.time == "time"
    assert columns.bands == tuple(names)
    assert columns.notes == ()


def test_thousands_may_be_k_and_points_commas_or_underscores():
    names = [name.replace(".", "_") if float(name) < 1000 else f"{float(name) / 1000:g}k" for name in NAMES]
    assert "31_5" in names
    assert "1.25k" in names
    assert find_columns(names).bands == tuple(names)
    assert find_columns([name.replace("31_5", "31,5") for name in names]).bands[2] == "31,5"


def test_rounded_and_exact_centres_are_the_nominal_ones():
    exact = [f"{frequency:.2f}" for frequency in CENTRE_FREQUENCIES]
    assert find_columns(exact).bands == tuple(exact)
    assert find_columns(["25", "31", "40"]).bands[1:4] == ("25", "31", "40")
    assert find_columns(["25", "32", "40"]).bands[1:4] == ("25", "32", "40")


def test_the_order_of_columns_does_not_matter():
    assert find_columns([*reversed(NAMES), "Timestamp"]).bands == tuple(NAMES)
    assert find_columns([*reversed(NAMES), "Timestamp"]).time == "Timestamp"


def test_statistical_levels_are_no_bands():
    columns = find_columns(["time", "L10", "L50", "L90", *NAMES])
    assert columns.bands == tuple(NAMES)
    assert columns.notes == ()


def test_fewer_bands_are_accepted_when_none_is_missing_between_them():
    columns = find_columns(["time", *NAMES[5:25]])
    assert columns.bands == (None,) * 5 + tuple(NAMES[5:25]) + (None,) * 4
    (note,) = columns.notes
    assert note.startswith("20 of 29 bands (63 to 5000 Hz): the others count as silent")


def test_bands_beyond_those_of_the_transcoders_are_left_out():
    columns = find_columns(["10", "12.5", "16", *NAMES, "16000", "20000"])
    assert columns.bands == tuple(NAMES)
    assert columns.notes == ("columns beyond 20 Hz to 12.5 kHz are left out: 10, 12.5, 16, 16000, 20000",)


@pytest.mark.parametrize(
    "names, message",
    [
        (["time", "LAeq"], r"no column is named by a third-octave band \(the columns are time, LAeq\)"),
        (["31.5", "63", "125", "250"], r"missing between others \(40, 50, 80, 100, 160, 200 Hz\)"),
        (["A_100", "A_125", "B_100", "B_125"], "'A_100' and 'B_100' are both the band of 100 Hz"),
    ],
    ids=["none", "octaves", "two sets"],
)
def test_what_makes_no_third_octaves_is_refused(names, message):
    with pytest.raises(UserError, match=message):
        find_columns(names)


def test_the_time_may_be_named():
    assert find_columns(["time", "when", *NAMES], time_column="when").time == "when"
    assert find_columns(NAMES).time is None
    with pytest.raises(UserError, match=r"no column 'when': the columns are 20, 25, .* and 21 more"):
        find_columns(NAMES, time_column="when")
