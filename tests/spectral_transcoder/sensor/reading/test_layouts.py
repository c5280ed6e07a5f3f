"""Layouts of level meters and of tools: names of bands, weightings, times, and what is refused with its reason."""

import json
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from sensor_fixtures import NAMES

from audiokit.errors import UserError
from spectral_transcoder.sensor.bands.choosing import choose_bands
from spectral_transcoder.sensor.bands.weighting import weights
from spectral_transcoder.sensor.levels.sources import Reading
from spectral_transcoder.sensor.reading.opening import open_levels
from spectral_transcoder.sensor.times.clock import text_of

START = datetime(2024, 5, 13, 12)
FIRST = "2024-05-13 12:00:00.000"
LEVELS = np.array([[70 - 1.1 * band + 0.1 * (row % 5) for band in range(29)] for row in range(40)])


def stamp(row, form="%Y-%m-%d %H:%M:%S", hop=1):
    return (START + timedelta(seconds=hop * row)).strftime(form)


def rows_of(times, *, levels=LEVELS, form="{:.4f}"):
    """Rows of a table: the cells of the times of each, then its levels."""
    return [[*times(row), *map(form.format, levels[row])] for row in range(len(levels))]


@pytest.fixture
def write(tmp_path):
    def write(header, rows, *, above="", separator=","):
        lines = [separator.join(map(str, row)) for row in [header, *rows]]
        path = tmp_path / "a.csv"
        path.write_text(above + "\n".join(lines) + "\n", encoding="utf-8")
        return path

    return write


def check(path, *, first=FIRST, cadence=1, **how):
    source = open_levels(path, Reading(**how))
    pieces = list(source.pieces())
    np.testing.assert_allclose(np.concatenate([piece.levels for piece in pieces]), LEVELS, atol=1e-3)
    assert text_of(pieces[0].times[0], source.clock) == first
    assert (source.cadence or source.hop_seconds) == cadence
    return source


BAND_NAMES = {
    "LZeq31_5": lambda name: "LZeq" + name.replace(".", "_"),
    "1/3 oct 31.5 Hz [dB]": "1/3 oct {} Hz [dB]".format,
    "LZeq(31.5Hz)": "LZeq({}Hz)".format,
    "31.5_Hz, 1.25_kHz": lambda name: f"{name}_Hz" if float(name) < 1000 else f"{float(name) / 1000:g}_kHz",
    "Ch 1 31.5 Hz": "Ch 1 {} Hz".format,
    "Ch1 31.5 Hz": "Ch1 {} Hz".format,
    "mic1_31_5": lambda name: "mic1_" + name.replace(".", "_"),
    "thirdoct_31.5_LZeq_dB": "thirdoct_{}_LZeq_dB".format,
    "Leq 1s 31.5": "Leq 1s {}".format,
}


@pytest.mark.parametrize("way", BAND_NAMES)
def test_other_numbers_in_names_are_no_frequencies(way):
    names = [BAND_NAMES[way](name) for name in NAMES]
    assert choose_bands(["time", *names, "LAeq"]).columns == tuple(range(1, 30))


def test_a_comma_within_quoted_names_does_not_hide_the_number():
    assert choose_bands(["time", *(f"LZeq,{name}" for name in NAMES)]).columns == tuple(range(1, 30))


WEIGHTED = ["A_{}Hz", "{}Hz_A", "{} Hz A-wtd", "LAF,{}", "{}Hz (dBA)", "LpA {} Hz", "Leq A {}", "leq_a_{}", "A-{}Hz"]


@pytest.mark.parametrize("pattern", WEIGHTED)
def test_a_letter_is_a_weighting(pattern):
    assert choose_bands([pattern.format(name) for name in NAMES]).weighting == "A"


def test_letters_of_channels_are_no_weightings():
    with pytest.raises(UserError, match="'A_20' and 'B_20' are both the band of 20 Hz"):
        choose_bands([f"{channel}_{name}" for channel in "AB" for name in NAMES])


@pytest.mark.parametrize("pattern", ["Spectrum A {}", "SPL A {} Hz", "Octave-C {}"])
def test_a_letter_that_could_be_a_weighting_is_asked_about(pattern):
    names = [pattern.format(name) for name in NAMES]
    with pytest.raises(UserError, match="may be weighted by their names: say which weighting they have"):
        choose_bands(names)
    assert choose_bands(names, weighting="A").weighting == "A"
    assert choose_bands(names, weighting="Z").weighting == "Z"


PLACES = [
    "channel A {} Hz", "Microphone A {}Hz", "mic. a {} Hz", "Ch. A {} Hz", "Input A {} Hz", "Station C {} Hz",
    "Site A2 {} Hz", "Point A - {} Hz", "C1 {} Hz", "{}Hz_A1", "PA1_{}", "Nivel a {} Hz", "f_c {} Hz", "{} Hz @20 °C",
    "{}Hz a.u.", "Leq C1 {} Hz", "Lp_A1_{}", "LZFt {} Hz", "{} Hz (dB ré 20 µPa)",
]  # fmt: skip


@pytest.mark.parametrize("pattern", PLACES)
def test_letters_of_places_channels_and_units_are_no_weightings(pattern):
    assert choose_bands([pattern.format(name) for name in NAMES]).weighting == "Z"


def test_maxima_of_some_seconds_each_are_no_mean_levels():
    with pytest.raises(UserError, match="and these are max levels"):
        choose_bands([f"LAFT5 {name}" for name in NAMES])


ABOVE = {
    "of the bands and of another level": (["Weighting: A", "1/3 Octave Weighting: Lin"], "Z", True),
    "of a peak and of the bands": (["Peak weighting: C", "1/3 Octave, Z"], "Z", True),
    "of the overall level, then of the bands": (["Broadband weighting: A", "Spectrum weighting: Z"], "Z", True),
    "of both in one line": (["Spectrum LZeq (unweighted); total A-weighted"], "Z", True),
    "of a peak alone": (["Peak weighting: C"], "Z", False),
    "of nothing else": (["Weighting: A"], "A", True),
    "of averages as well": (["Spectrum: 1/3 octave, A-weighted, linear averaging"], "A", True),
    "of the microphone as well": (["RTA spectrum, A-weighted, flat response microphone"], "A", True),
    "of all of the spectrum": (["Overall A-weighted third octave spectrum"], "A", True),
    "of all bands": (["Global: A-weighted third-octave bands"], "A", True),
    "of a room": (["Location: Band C room"], "Z", False),
    "of a street": (["Location of spectrum: C. de Mayo"], "Z", False),
    "of a probe": (["1/3 octave C1 probe"], "Z", False),
    "of bands of other letters": (["Bands: A and B"], "Z", False),
    "of a person": (["Husband A. Smith"], "Z", False),
}


@pytest.mark.parametrize("of", ABOVE)
def test_what_is_said_of_the_bands_counts(of):
    lines, weighting, is_told = ABOVE[of]
    for preamble in (lines, lines[::-1]):
        bands = choose_bands(NAMES, preamble=tuple(preamble))
        assert (bands.weighting, bands.is_weighting_told) == (weighting, is_told)


def test_lines_that_contradict_each_other_are_asked_about():
    preamble = ("Spectrum, A-weighted", "Octave weighting: Z")
    with pytest.raises(UserError, match="A and Z-weighting: say which the bands have by --weighting"):
        choose_bands(NAMES, preamble=preamble)
    assert choose_bands(NAMES, preamble=preamble, weighting="Z").weighting == "Z"


@pytest.mark.parametrize(
    "above",
    ["Spectrum: 1/3 octave, A-weighted\n", "# levels in dBA\n", "Unit,dB(A)\n", "# RTA LOG Results LAeq_dt\n\n"],
    ids=["in words", "comment", "unit", "set"],
)
def test_weightings_above_the_table_are_undone(write, above):
    levels = LEVELS + weights("A")
    source = check(write(["time", *NAMES], rows_of(lambda row: [stamp(row)], levels=levels), above=above))
    assert "A-weighted" in source.description


def test_a_level_above_the_table_is_no_unit(write):
    source = check(write(["time", *NAMES], rows_of(lambda row: [stamp(row)]), above="Calibration,94.0 dB(A)\n"))
    assert "taken for unweighted" in source.description


TIMES = {
    "digits": (["Time"], lambda row: [stamp(row, "%Y%m%d%H%M%S")]),
    "digits with T": (["Time"], lambda row: [stamp(row, "%Y%m%dT%H%M%S")]),
    "digits apart": (["Date", "Time"], lambda row: [stamp(row, "%Y%m%d"), stamp(row, "%H%M%S")]),
    "date of digits": (["Date", "Time"], lambda row: [stamp(row, "%Y%m%d"), stamp(row, "%H:%M:%S")]),
    "six columns": (
        ["Year", "Month", "Day", "Hour", "Minute", "Second"],
        lambda row: stamp(row, "%Y %m %d %H %M %S").split(),
    ),
    "date once": (["Date", "Time"], lambda row: ["" if row else stamp(row, "%d.%m.%Y"), stamp(row, "%H:%M:%S")]),
    "Spanish afternoon": (["Hora"], lambda row: [stamp(row, "%d/%m/%Y %I:%M:%S") + " p. m."]),
    "AM and PM": (["Date", "Time"], lambda row: [stamp(row, "%m/%d/%Y"), stamp(row, "%I:%M:%S %p")]),
}


@pytest.mark.parametrize("way", TIMES)
def test_times_are_written_in_more_ways(write, way):
    names, times = TIMES[way]
    check(write([*names, *NAMES], rows_of(times)))


def test_a_date_that_is_told_once_goes_on_past_midnight(write):
    late = START.replace(hour=23, minute=59, second=50)
    rows = rows_of(lambda row: ["" if row else "2024-05-13", (late + timedelta(seconds=row)).strftime("%H:%M:%S")])
    source = check(write(["Date", "Time", *NAMES], rows), first="2024-05-13 23:59:50.000")
    times = np.concatenate([piece.times for piece in source.pieces()])
    np.testing.assert_allclose(np.diff(times), 1)


def test_two_dates_are_successive_where_rows_go_on_through_midnight(write):
    late = datetime(2024, 1, 5, 23, 59, 50)  # written 01/05 and 01/06: also 1 May and 1 June
    rows = rows_of(lambda row: [f"{late + timedelta(seconds=row - (row == 3)):%m/%d/%Y %H:%M:%S}"])  # set back once
    source = open_levels(write(["time", *NAMES], rows))
    assert text_of(next(source.pieces()).times[0], source.clock) == "2024-01-05 23:59:50.000"


def test_elapsed_times_are_no_times_of_the_day_of_a_date_beside_them(write):
    rows = rows_of(lambda row: ["2024-05-13", f"{timedelta(seconds=row)}"])
    check(write(["Date", "Elapsed Time", *NAMES], rows), first="0.000 s")


@pytest.mark.parametrize("n_first", [20, 1200])
def test_the_first_days_of_two_months_are_not_taken_for_successive_days(write, n_first):
    days = (datetime(2024, 5, 1, 12), datetime(2024, 6, 1, 12))
    rows = [
        [f"{day + timedelta(seconds=second):%d/%m/%Y %H:%M:%S}", *NAMES]
        for day, n_seconds in zip(days, (n_first, 20), strict=True)
        for second in range(n_seconds)
    ]
    with pytest.raises(UserError, match=r"01/05/2024 can be 01 May 2024 .* or 05 January 2024"):
        open_levels(write(["time", *NAMES], rows))


@pytest.mark.parametrize(
    ("begins", "goes_back_after", "is_told"), [("02:30", None, True), ("02:59", 60, False), ("01:59", None, False)]
)
def test_a_file_that_begins_in_the_hour_that_comes_twice_is_told_of(write, begins, goes_back_after, is_told):
    start = datetime.fromisoformat(f"2024-10-27T{begins}")
    times = [
        start + timedelta(seconds=row - 3600 * (goes_back_after is not None and row >= goes_back_after))
        for row in range(120)
    ]
    rows = [[f"{time:%Y-%m-%d %H:%M:%S}", *LEVELS[row % len(LEVELS)]] for row, time in enumerate(times)]
    source = open_levels(write(["time", *NAMES], rows), Reading(zone="Europe/Paris"))
    seconds = np.concatenate([piece.times for piece in source.pieces()])
    assert set(np.diff(seconds)) == {1}
    assert any("comes twice when clocks are put back" in note for note in source.notes) == is_told


def test_words_behind_a_zone_above_the_table_do_not_matter(write):
    above = "Time Zone:,UTC+02:00 (Europe - Central)\n"
    check(write(["time", *NAMES], rows_of(lambda row: [stamp(row)]), above=above), first="2024-05-13 10:00:00.000Z")


def test_cells_may_have_their_unit(write):
    check(write(["time", *NAMES], rows_of(lambda row: [stamp(row)], form="{:.4f} dB")))


@pytest.mark.parametrize("orient", ["columns", "index", "split", "records", "table"])
def test_all_that_pandas_writes_as_json(tmp_path, orient):
    table = pd.DataFrame(LEVELS, columns=NAMES, index=pd.date_range(START, periods=40, freq="1s", name="time"))
    table = table.reset_index() if orient == "records" else table
    table.to_json(tmp_path / "a.json", orient=orient, date_format="iso")
    first = f"{FIRST}Z" if orient == "table" and "Z" in (tmp_path / "a.json").read_text() else FIRST
    check(tmp_path / "a.json", first=first)


def test_sets_of_bands_within_records_keep_their_names(tmp_path):
    sets = {"LZmax": LEVELS + 9, "LZeq": LEVELS}
    lines = [
        {"time": stamp(row)} | {name: dict(zip(NAMES, levels[row], strict=True)) for name, levels in sets.items()}
        for row in range(len(LEVELS))
    ]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, lines)))
    assert "LZeq" in check(tmp_path / "a.jsonl").description


REFUSED = {
    "numbered columns": (
        ["time", *(f"band_{number}" for number in range(29))], rows_of(lambda row: [stamp(row)]), "no column is named",
    ),
    "twelfths": (
        ["time", *(f"{20 * 2 ** (step / 12):.1f}" for step in range(112))],
        [[stamp(row), *[50] * 112] for row in range(40)], "no column is named by a third-octave band",
    ),
    "long": (
        ["time", "frequency", "level"],
        [[stamp(row), name, LEVELS[row, band]] for row in range(40) for band, name in enumerate(NAMES)],
        r"has a row for each band \(column 2\): a row for each frame is needed",
    ),
    "lying": (
        ["Hz", *map(stamp, range(40))], [[name, *LEVELS[:, band]] for band, name in enumerate(NAMES)],
        r"has a row for each band \(column 1\)",
    ),
    "no header": (
        [stamp(0), *LEVELS[0]], rows_of(lambda row: [stamp(row)]), "no column is named by a third-octave band",
    ),
    "few bands": (
        ["time", *NAMES[10:15]], [[stamp(row), *LEVELS[row, 10:15]] for row in range(40)],
        "only the bands of 200, 250, 315, 400, 500 Hz have levels, and at least 10 of 29 are needed",
    ),
    "a date in words": (
        ["Date", "Time", *NAMES], rows_of(lambda row: ["Monday the 13th", stamp(row, "%H:%M:%S")]),
        "the column 'Date': times such as 'Monday the 13th' cannot be read",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_what_would_be_read_wrongly_is_refused(write, what):
    header, rows, message = REFUSED[what]
    with pytest.raises(UserError, match=message):
        open_levels(write(header, rows))
