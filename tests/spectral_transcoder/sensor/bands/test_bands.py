"""Which columns of a table are bands, what is made of those that are missing, and what is said of it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sensor_fixtures import NAMES, make_levels

from audiokit.errors import UserError
from spectral_transcoder.sensor.bands.choosing import choose_bands
from spectral_transcoder.sensor.bands.completing import complete
from spectral_transcoder.sensor.bands.weighting import weights
from spectral_transcoder.third_octave import CENTRE_FREQUENCIES


def chosen(names, **options):
    """Names of the columns of the 29 bands."""
    bands = choose_bands(names, **options)
    return [None if column is None else names[column] for column in bands.columns]


@pytest.mark.parametrize(
    "pattern",
    ["{:g}", "{:g}Hz", "{:g} Hz", "LZeq_{:g}Hz", "LZeq {:g} Hz (dB)", "band_{:g}", "Leq 1s {:g} Hz", "L{:g}",
     "Lfeq {:g} Hz  (1/3) [dB]", "1/3 LZeq {:g}", "H{:g}", "{:g} [dB]"],
)  # fmt: skip
def test_bands_are_found_by_their_nominal_frequency(pattern):
    names = [pattern.format(float(name)) for name in NAMES]
    assert chosen(["time", *names, "LAeq", "battery"]) == names
    assert choose_bands(["time", *names, "LAeq", "battery"]).notes == ()


@pytest.mark.parametrize(
    "write",
    [
        lambda name: name.replace(".", "_"),
        lambda name: name.replace(".", ","),
        lambda name: "H" + name.replace(".", "p"),
        lambda name: name if float(name) < 1000 else f"{float(name) / 1000:g}k",
        lambda name: name if float(name) < 1000 else f"{float(name) / 1000:g} kHz",
        lambda name: name if float(name) < 1000 else f"{float(name):,.0f} Hz",
        lambda name: name if float(name) < 1000 else f"{float(name):,.0f}".replace(",", " "),
    ],
    ids=["31_5", "31,5", "H31p5", "1.25k", "1.25 kHz", "1,250 Hz", "1 250"],
)
def test_frequencies_are_written_in_many_ways(write):
    names = [write(name) for name in NAMES]
    assert chosen(names) == names


def test_three_decimals_are_no_thousands_where_all_have_them():
    exact = [f"{frequency:.3f}" for frequency in CENTRE_FREQUENCIES]
    assert chosen(exact) == exact


def test_the_order_of_columns_does_not_matter():
    assert chosen([*reversed(NAMES), "Timestamp"]) == NAMES


def test_statistical_levels_are_no_bands():
    assert chosen(["time", "L10", "L50", "L90", *NAMES]) == NAMES


def test_of_several_sets_the_unweighted_mean_levels_are_taken_and_told():
    sets = {kind: [f"{kind} {name} Hz" for name in NAMES] for kind in ("LAeq", "LZFmax", "LZeq", "LZFmin")}
    names = [name for group in sets.values() for name in group]
    bands = choose_bands(names)
    assert [names[column] for column in bands.columns] == sets["LZeq"]
    assert bands.notes == ("of several sets of bands (LAeq, LZFmax, LZFmin, LZeq), LZeq is taken",)


@pytest.mark.parametrize("pattern", ["LAeq_{}Hz", "LA {} Hz", "{} Hz dB(A)", "A-weighted {}", "LAF {} Hz"])
def test_weighted_bands_are_known_by_their_names(pattern):
    bands = choose_bands([pattern.format(name) for name in NAMES])
    assert bands.weighting == "A"
    assert "A-weighted: the weighting of IEC 61672-1 is taken off" in bands.notes[0]


def test_a_weighting_that_names_contradict_is_refused():
    assert choose_bands(NAMES, weighting="C").weighting == "C"
    with pytest.raises(UserError, match="A-weighted by their names: leave out --weighting C"):
        choose_bands([f"LAeq {name}" for name in NAMES], weighting="C")


@pytest.mark.parametrize(
    "names, message",
    [
        (["time", "LAeq"], r"no column is named by a third-octave band \(the columns are time, LAeq\)"),
        (["31.5", "63", "125", "250"], r"the bands are octaves \(31.5, 63, 125, 250 Hz\), and third octaves"),
        (["A_100", "A_125", "B_100", "B_125"], "'A_100' and 'B_100' are both the band of 100 Hz"),
        ([f"LZFmax {name} Hz" for name in NAMES], "the bands are LZFmax: mean levels"),
        ([*NAMES[:5], *NAMES[8:]], r"bands are missing between others \(63, 80, 100 Hz\): up to 2"),
    ],
    ids=["none", "octaves", "two sets", "maxima", "hole"],
)
def test_what_makes_no_third_octaves_is_refused(names, message):
    with pytest.raises(UserError, match=message):
        choose_bands(names)


def test_bands_beyond_those_of_the_transcoders_are_left_out():
    bands = choose_bands(["10", "12.5", "16", *NAMES, "16000", "20000"])
    assert bands.notes == ("columns beyond 20 Hz to 12.5 kHz are left out: 10, 12.5, 16, 16000, 20000",)


def test_weights_are_those_of_the_standard():
    """IEC 61672-1:2013, table 3, to the tenth."""
    places = [NAMES.index(name) for name in ("20", "31.5", "100", "1000", "2500", "12500")]
    np.testing.assert_allclose(weights("A")[places], [-50.5, -39.4, -19.1, 0, 1.3, -4.3], atol=0.05)
    np.testing.assert_allclose(weights("C")[places], [-6.2, -3.0, -0.3, 0, -0.3, -6.2], atol=0.05)
    assert not weights("Z").any()


@given(st.integers(0, 10), st.integers(18, 28), st.floats(-2.9, 2.9), st.floats(0, 90))
def test_a_straight_spectrum_goes_on_straight(first, last, slope, level):
    whole = level + slope * np.arange(29)
    there = list(range(first, last + 1))
    np.testing.assert_allclose(complete(whole[None, there], there)[0], whole, atol=1e-3)


def test_holes_are_interpolated_and_what_is_there_stays():
    levels = make_levels(20)
    there = [index for index in range(2, 27) if index not in (7, 12, 13)]
    whole = complete(levels[:, there], there)
    np.testing.assert_array_equal(whole[:, there], levels[:, there])
    np.testing.assert_allclose(whole[:, 7], (levels[:, 6] + levels[:, 8]) / 2, atol=1e-4)
    np.testing.assert_allclose(whole[:, 13], (levels[:, 11] + 2 * levels[:, 14]) / 3, atol=1e-4)


def test_lin_in_a_name_is_a_weighting_and_no_percentile():
    bands = choose_bands([f"1/3 Octave Leq (Ch1, Lin) {name} Hz [dB]" for name in NAMES])
    assert (bands.weighting, bands.is_weighting_told) == ("Z", True)
    assert not choose_bands(NAMES).is_weighting_told
