"""Files as people have them, with the faults that were reported: the right value, or the one right sentence.

Every band has a level of its own (70 dB at 20 Hz, 1.1 dB less each band up), so that a wrong mapping shows.
"""

import csv
import gzip
import io
import json
import zipfile
from datetime import datetime, timedelta
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
from sensor_fixtures import NAMES, write_h5

from audiokit.errors import UserError
from spectral_transcoder.sensor.levels.frames import frames
from spectral_transcoder.sensor.levels.offset import automatic_offset
from spectral_transcoder.sensor.levels.quality import Quality
from spectral_transcoder.sensor.levels.sources import Reading
from spectral_transcoder.sensor.reading.finding import find_levels
from spectral_transcoder.sensor.reading.opening import open_levels
from spectral_transcoder.sensor.results.excerpt import read_excerpt
from spectral_transcoder.sensor.times.clock import Clock, text_of

HEADER = ["time", *NAMES]
LEVELS = np.array([[70 - 1.1 * band + 0.1 * (row % 5) for band in range(29)] for row in range(480)])


def stamp(row, *, hop=0.125, form="%Y-%m-%dT%H:%M:%S.%f", start=datetime(2024, 5, 1, 12)):
    return (start + timedelta(seconds=hop * row)).strftime(form)[: -3 if form.endswith("%f") else None]


def table(n_rows=480, **options):
    return [[stamp(row, **options), *(f"{level:.1f}" for level in LEVELS[row])] for row in range(n_rows)]


def text_of_rows(header, rows, *, separator=",", quoting=csv.QUOTE_MINIMAL):
    text = io.StringIO()
    csv.writer(text, delimiter=separator, lineterminator="\n", quoting=quoting).writerows([header, *rows])
    return text.getvalue()


@pytest.fixture
def write(tmp_path):
    """Write a text, or a table; gives the path."""

    def write(content, *rows, name="a.csv", encoding="utf-8", **options):
        text = content if isinstance(content, str) else text_of_rows(content, *rows, **options)
        path = tmp_path / name
        path.write_bytes(text.encode(encoding))
        return path

    return write


def read(path, **how):
    """The source, its levels and times, and the lines on what was found."""
    source = open_levels(path, Reading(**how))
    quality = Quality()
    pieces = list(frames(source, quality))
    levels = np.concatenate([piece.levels for piece in pieces])
    return source, levels, np.concatenate([piece.times for piece in pieces]), quality.lines(source.hop_seconds)


def check(path, *, n_rows=480, first="2024-05-01 12:00:00.000", **how):
    """A file is read as it was meant, without a word about quality."""
    source, levels, times, lines = read(path, **how)
    np.testing.assert_allclose(levels, LEVELS[:n_rows], atol=1e-4)
    assert text_of(times[0], source.clock) == first
    assert lines == []
    return source


def refusal(path, **how):
    with pytest.raises(UserError) as caught:
        read(path, **how)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_p01_decimal_commas_between_commas_are_refused_with_the_line(write):
    lines = "\n".join([",".join(HEADER), *(",".join(cell.replace(".", ",") for cell in row) for row in table())])
    assert "line 2: the row has 60 cells, and the header 30" in refusal(write(lines))


def test_p03_a_comma_before_milliseconds_is_refused_with_the_line(write):
    rows = [",".join([stamp(row, hop=1).replace(".", ","), *cells[1:]]) for row, cells in enumerate(table(60))]
    assert "line 2: the row has 31 cells, and the header 30" in refusal(write("\n".join([",".join(HEADER), *rows])))


@pytest.mark.parametrize("names", [NAMES, [f"1/3 LZeq {name}" for name in NAMES]])
def test_p06_quoted_names_and_levels_with_commas(write, names):
    rows = [[cells[0], *(cell.replace(".", ",") for cell in cells[1:])] for cells in table()]
    check(write(["time", *(name.replace(".", ",") for name in names)], rows))


def test_p07_a_weighted_bands_are_told_and_undone(write):
    source, levels, _, _ = read(write(["time", *(f"LAeq_{name}Hz" for name in NAMES)], table()))
    assert source.notes[0].startswith("the bands (LAeq) are A-weighted")
    np.testing.assert_allclose(levels[0, [0, 17, 28]], [70 + 50.45, 51.3, 39.2 + 4.32], atol=0.01)


def test_p09_thousands_have_separators(write):
    check(write(["time", *(f"{float(name):,g} Hz" for name in NAMES)], table(), separator=";"))


@pytest.mark.parametrize(
    "name, zone",
    [("", ""), ("Timestamp (UTC)", "Z"), ("_time", ""), ("leq_utc", "Z"), ("Zeit", ""), ("datetime_utc", "Z")],
)
def test_p10_times_are_found_by_their_cells(write, name, zone):
    path = write([name, *NAMES], table(60, hop=1))
    assert check(path, n_rows=60, first=f"2024-05-01 12:00:00.000{zone}").hop_seconds == 1
    check(path, n_rows=60, first=f"2024-05-01 12:00:00.000{zone}", time_column=name)


def test_p11_a_zone_of_two_digits(write):
    rows = [[f"{cells[0].replace('T', ' ')}+02", *cells[1:]] for cells in table()]
    check(write(HEADER, rows), first="2024-05-01 10:00:00.000Z")


@pytest.mark.parametrize("zone, tail", [(None, "+02:00"), ("Europe/Paris", ""), ("+02", "")])
@pytest.mark.parametrize("start", ["2024-05-01T12:00:10", "2024-05-01T10:00:10Z", "2024-05-01 12:00:10+02"])
def test_p13_an_excerpt_begins_on_the_clock_of_the_file(write, zone, tail, start):
    rows = [[f"{stamp(row, hop=1)}{tail}", *["80.0" if 10 <= row < 20 else "60.0"] * 29] for row in range(60)]
    levels, first = read_excerpt(open_levels(write(HEADER, rows), Reading(zone=zone)), start, 10)
    assert text_of(first, Clock.UTC) == "2024-05-01 10:00:10.000Z"
    assert (levels == 80).all()


@pytest.mark.parametrize("hop, n_frames", [(0.1, 384), (0.02, 76), (0.0625, 240), (0.25, 960)])
def test_p14_other_cadences_in_hdf5_are_brought_to_125_ms(tmp_path, hop, n_frames):
    path = write_h5(tmp_path / "a.h5", fast_125ms=LEVELS, time=1714564800 + hop * np.arange(480))
    source, levels, times, _ = read(path, time_column="time")
    assert source.notes == (f"levels every {hop * 1000:g} ms are brought to 125 ms: mean energy over each frame",)
    assert len(levels) == n_frames
    np.testing.assert_allclose(times, 1714564800 + 0.125 * np.arange(n_frames), atol=1e-6)
    energy = (10 ** (levels.astype(float) / 10)).mean(axis=0)
    covered = round(n_frames * 0.125 / hop)
    np.testing.assert_allclose(energy, (10 ** (LEVELS[:covered] / 10)).mean(axis=0), rtol=2e-3)


def test_p31_an_archive_of_arrays_is_told(tmp_path):
    np.savez(tmp_path / "a.npz", LEVELS)
    (tmp_path / "a.npz").rename(tmp_path / "a.npy")
    assert "is an archive of arrays (.npz)" in refusal(tmp_path / "a.npy")


@pytest.mark.parametrize("asked", [None, "index"])
def test_p33_an_unnamed_index_of_parquet_is_the_time(tmp_path, asked):
    pytest.importorskip("pyarrow")
    times = pd.to_datetime(1714564800 + 0.125 * np.arange(480), unit="s")
    pd.DataFrame(LEVELS, columns=NAMES, index=times).to_parquet(tmp_path / "a.parquet")
    check(tmp_path / "a.parquet", time_column=asked)


@pytest.mark.parametrize("cell", ["---", "-.-", "<LO", "Overload", "45.2*", ""])
def test_p36_a_cell_that_is_no_level_is_a_gap_of_its_frame(write, cell):
    rows = table()
    rows[100][5] = cell
    _, levels, _, lines = read(write(HEADER, rows))
    assert lines == ["1 of 480 frames with levels that are no numbers: gaps"]
    assert np.isnan(levels[100]).all()
    np.testing.assert_allclose(np.delete(levels, 100, axis=0), np.delete(LEVELS, 100, axis=0), atol=1e-4)


def test_p37_a_row_of_units_belongs_to_the_header(write):
    check(write(HEADER, [["", *["dB"] * 29], *table()]))


def test_p39_nul_bytes_are_passed_over_with_their_line(write):
    _, levels, _, lines = read(write(text_of_rows(HEADER, table()) + "\0" * 4096))
    assert len(levels) == 480
    assert lines == ["1 of 481 rows cannot be read: gaps (line 482: it has NUL bytes)"]


@pytest.mark.parametrize("n_letters", range(1, 110, 7))
def test_p40_a_last_row_that_is_cut_is_passed_over(write, n_letters):
    cut = ",".join(table(1)[0])[:n_letters]
    _, levels, _, lines = read(write(text_of_rows(HEADER, table()) + cut))
    np.testing.assert_allclose(levels, LEVELS, atol=1e-4)
    assert len(lines) == 1
    assert "line 482: it is cut off" in lines[0]


def test_p42_where_a_clock_was_put_back_the_overlap_is_passed_over(write):
    rows = [[stamp(row if row < 240 else row - 2), *cells[1:]] for row, cells in enumerate(table())]
    _, levels, _, lines = read(write(HEADER, rows))
    np.testing.assert_allclose(levels, np.delete(LEVELS, [240, 241], axis=0), atol=1e-4)
    assert lines == [
        "2 of 480 frames not later than one before, 2024-05-01 12:00:29.750 comes after 2024-05-01 12:00:29.875 at "
        "line 242: passed over"
    ]


def test_p43_a_file_that_cannot_be_read_to_its_end_counts_for_no_offset(write):
    rows = [[stamp(row), *["90.0"] * 29] for row in range(480)]
    bad = write([*HEADER], [*rows[:200], [*rows[200], "1"], *rows[201:]], name="bad.csv")
    good = write(HEADER, [[stamp(row), *["60.0"] * 29] for row in range(480)], name="good.csv")
    offset = automatic_offset(open_levels(path) for path in (bad, good))
    assert offset == pytest.approx(-60 - 10 * np.log10(29), abs=0.01)
    with pytest.raises(UserError, match=r"bad\.csv, line 202: the row has 31 cells"):
        automatic_offset([open_levels(bad)])


def test_p48_date_and_time_apart(write):
    check(write(["Date", "Time", *NAMES], [["2024-05-01", cells[0][11:], *cells[1:]] for cells in table()]))


def test_p49_columns_that_nobody_needs_may_have_any_names(write):
    check(write([*HEADER, "", "", "x", "x"], [[*cells, "", "", "1", "2"] for cells in table()]))


def test_p50_decimal_commas_that_the_first_row_does_not_show(write):
    rows = [[cells[0], *(cell.replace(".", ",") for cell in cells[1:])] for cells in table()]
    rows[0][1:] = [cell[:-2] for cell in rows[0][1:]]
    _, levels, _, _ = read(write(HEADER, rows, separator=";"))
    np.testing.assert_allclose(levels[0], np.floor(LEVELS[0] + 1e-6), atol=1e-4)
    np.testing.assert_allclose(levels[1:], LEVELS[1:], atol=1e-4)


def test_p52_times_of_hdf5_may_be_text(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["fast_125ms"] = LEVELS
        file.create_dataset("time", data=[f"{stamp(row)}Z" for row in range(480)], dtype=h5py.string_dtype())
    check(tmp_path / "a.h5", time_column="time", first="2024-05-01 12:00:00.000Z")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "cp1252", "utf-8-sig"])
def test_p57_texts_have_many_encodings(write, encoding):
    names = ["time", *(f"{name} Hz (dB ré 20 µPa)" for name in NAMES)]
    check(write(names, table(), separator=";", encoding=encoding))


def test_p58_hidden_files_and_folders_are_passed_over(tmp_path):
    for name in ("a.csv", "._a.csv", ".ipynb_checkpoints/a-checkpoint.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    assert find_levels([tmp_path]) == [(tmp_path / "a.csv", Path())]


# Beyond the cases


def test_a_row_with_a_cell_too_many_is_an_error_with_its_line(write):
    rows = table()
    rows[200].insert(3, "1.0")
    assert "line 202: the row has 31 cells, and the header 30" in refusal(write(HEADER, rows))


def test_too_many_rows_that_cannot_be_read_are_refused_up_to_an_option(write):
    rows = [cells if index % 10 else cells[:7] for index, cells in enumerate(table())]
    path = write(HEADER, rows)
    assert "48 of 480 rows cannot be read (line 2: it is cut off" in refusal(path)
    _, levels, _, lines = read(path, unreadable=0.2)
    assert len(levels) == 432
    assert lines[0].startswith("48 of 480 rows cannot be read: gaps")


def test_headers_that_come_again_and_starts_and_stops_are_no_frames(write):
    rows = table()
    rows[240:240] = [HEADER, [stamp(240), *[""] * 29]]
    _, levels, _, lines = read(write(HEADER, rows))
    np.testing.assert_allclose(levels, LEVELS, atol=1e-4)
    assert lines == ["2 rows without levels: passed over"]


def test_a_header_of_three_storeys(write):
    header = [["", *["LZeq"] * 29, *["LZFmax"] * 29], ["Time", *NAMES, *NAMES], ["", *["[dB]"] * 58]]
    rows = [[cells[0], *cells[1:], *["99"] * 29] for cells in table()]
    preamble = "Meter;1234\nTime Zone: UTC+01:00\n\n"
    lines = preamble + "\n".join(";".join(row) for row in [*header, *rows])
    source = check(write(lines, name="a.txt"), first="2024-05-01 11:00:00.000Z")
    assert source.notes == ("of several sets of bands (LZFmax, LZeq), LZeq is taken",)


@pytest.mark.parametrize(
    "form, day", [("%d/%m/%Y %H:%M:%S.%f", 25), ("%m/%d/%Y %H:%M:%S.%f", 25), ("%d.%m.%Y %H:%M:%S.%f", 1)]
)
def test_day_and_month_are_told_by_the_dates_themselves(write, form, day):
    path = write(HEADER, table(form=form, start=datetime(2024, 5, day, 12)))
    check(path, first=f"2024-05-{day:02} 12:00:00.000")


def test_ambiguous_dates_are_refused_with_both_readings_and_read_when_told(write):
    path = write(HEADER, table(form="%d/%m/%Y %H:%M:%S.%f"))
    assert "05 January 2024 (month first)" in refusal(path)
    assert "01 May 2024 (day first)" in refusal(path)
    check(path, date_order="dmy")


def test_dates_that_only_the_end_of_a_file_makes_clear(write):
    rows = table(form="%d/%m/%Y %H:%M:%S.%f", start=datetime(2024, 5, 1, 23, 59, 30))
    check(write(HEADER, rows), first="2024-05-01 23:59:30.000")


@pytest.mark.parametrize("zone, utc", [("Europe/Paris", "10:00"), ("+05:30", "06:30"), ("utc", "12:00")])
def test_a_zone_may_be_given(write, zone, utc):
    assert check(write(HEADER, table()), zone=zone, first=f"2024-05-01 {utc}:00.000Z").clock is Clock.UTC


@pytest.mark.parametrize("start", [datetime(2024, 10, 27, 2, 59, 30), datetime(2024, 3, 31, 1, 59, 30)])
def test_the_change_of_clocks_leaves_no_gap(write, start):
    """In autumn 02:59:59 is followed by 02:00:00, in spring 01:59:59 by 03:00:00."""
    change = -1 if start.month == 10 else 1
    rows = table(start=start)
    for row in range(240, 480):
        rows[row][0] = stamp(row, start=start + timedelta(hours=change))
    _, _, times, lines = read(write(HEADER, rows), zone="Europe/Paris")
    np.testing.assert_allclose(np.diff(times), 0.125, atol=1e-5)
    assert lines == []


def test_sensors_in_a_column_are_series_of_their_own(write):
    rows = [[name, *cells] for cells in table(160) for name in ("north", "south")]
    source = open_levels(write(["sensor", *HEADER], rows))
    pieces = list(source.pieces())
    assert source.series_names == {0: "north", 1: "south"}
    for number in (0, 1):
        levels = np.concatenate([piece.levels for piece in pieces if piece.series == number])
        np.testing.assert_allclose(levels, LEVELS[:160], atol=1e-4)


def test_records_of_json_in_all_forms(tmp_path):
    records = [dict(zip(HEADER, [cells[0], *map(float, cells[1:])], strict=True)) for cells in table()]
    lists = {name: [record[name] for record in records] for name in HEADER}
    features = {"type": "FeatureCollection", "features": [{"geometry": None, "properties": each} for each in records]}
    for name, text in {
        "array.json": json.dumps(records),
        "lines.jsonl": "\n".join(map(json.dumps, records)),
        "lists.json": json.dumps(lists, indent=1),
        "features.geojson": json.dumps(features, indent=1),
    }.items():
        (tmp_path / name).write_text(text)
        check(tmp_path / name)
        (tmp_path / f"{name}.gz").write_bytes(gzip.compress(text.encode()))
        check(tmp_path / f"{name}.gz")


def test_a_cut_line_of_json_is_a_gap(tmp_path):
    records = [json.dumps(dict(zip(HEADER, cells, strict=True))) for cells in table()]
    records[100] = records[100][:50]
    (tmp_path / "a.jsonl").write_text("\n".join(records))
    _, levels, _, lines = read(tmp_path / "a.jsonl")
    np.testing.assert_allclose(levels, np.delete(LEVELS, 100, axis=0), atol=1e-4)
    assert "record 101: it is no JSON, or is cut off" in lines[0]


def test_workbooks_have_a_series_a_sheet(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.append(["no levels here"])
    for title in ("first", "second"):
        sheet = book.create_sheet(title)
        sheet.append(["Measured by", "someone"])
        sheet.append(["", *(f"Lfeq {name} Hz  (1/3) [dB]" for name in NAMES)])
        for row in range(240):
            sheet.append([datetime(2024, 5, 1, 12) + timedelta(seconds=row / 8), *LEVELS[row]])
    book.save(tmp_path / "a.xlsx")
    source, levels, times, _ = read(tmp_path / "a.xlsx")
    np.testing.assert_allclose(levels, np.tile(LEVELS[:240], (2, 1)), atol=1e-4)
    assert source.series_names == {0: "first", 1: "second"}
    assert text_of(times[239], source.clock) == "2024-05-01 12:00:29.875"


def test_archives_are_read_from_within(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("meta.txt", "nothing of interest")
        archive.writestr("../b.csv", text_of_rows(HEADER, table()))
    check(tmp_path / "a.zip")
    assert {path.name for path in tmp_path.iterdir()} == {"a.zip"}


def test_compressed_tables(tmp_path):
    whole = gzip.compress(text_of_rows(HEADER, table()).encode())
    (tmp_path / "a.csv.gz").write_bytes(whole)
    check(tmp_path / "a.csv.gz")
    (tmp_path / "a.csv.gz").write_bytes(whole[:-200])
    assert "the compressed data are damaged or cut off" in refusal(tmp_path / "a.csv.gz")


def test_the_days_of_a_dump_are_read_one_after_the_other(tmp_path):
    records = np.zeros(480, [("epoch", "<i8"), *((name, "<f4") for name in NAMES)])
    records["epoch"] = 1714564800000 + 125 * np.arange(480)
    for band, name in enumerate(NAMES):
        records[name] = LEVELS[:, band]
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["2024_05/01/fast_125ms"] = records[:200]
        file["2024_05/02/fast_125ms"] = records[200:]
    check(tmp_path / "a.h5", first="2024-05-01 12:00:00.000Z")


@pytest.mark.parametrize("name", ["a.csv", "a.txt", "a.tsv"])
@pytest.mark.parametrize("separator", [";", ",", "\t", "|"])
def test_any_separator_and_all_quoted(write, name, separator):
    check(write(HEADER, table(), name=name, separator=separator, quoting=csv.QUOTE_ALL))


@pytest.mark.parametrize(
    "times",
    [
        [45413.5 + row / 8 / 86400 for row in range(480)],
        [f"{stamp(row, form='%d-%b-%Y %I:%M:%S.%f')} PM" for row in range(480)],
        [1714564800 + row / 8 for row in range(480)],
        [1714564800000 + 125 * row for row in range(480)],
    ],
    ids=["Excel", "names and PM", "epoch s", "epoch ms"],
)
def test_times_of_any_kind_in_any_column(write, times):
    zone = "Z" if times[0] == 1714564800 or times[0] == 1714564800000 else ""
    rows = [[*cells[1:], time] for cells, time in zip(table(), times, strict=True)]
    check(write([*NAMES, "when"], rows), first=f"2024-05-01 12:00:00.000{zone}")


def test_a_dated_time_is_better_than_one_since_the_beginning(write):
    rows = [[stamp(row, hop=1, form="%d/%m/%Y %H:%M:%S.%f", start=datetime(2024, 5, 13, 12)), f"00:00:{row:02}",
             *cells[1:]] for row, cells in enumerate(table(60))]  # fmt: skip
    check(write(["Start Time", "Elapsed Time", *NAMES], rows), n_rows=60, first="2024-05-13 12:00:00.000")


def test_a_zone_above_the_table_is_no_part_of_the_header(write):
    lines = "Time Zone;Europe/Paris\n" + text_of_rows(HEADER, table(), separator=";")
    check(write(lines), first="2024-05-01 10:00:00.000Z")


def test_milliseconds_from_the_beginning_are_known_by_their_name(write):
    rows = [[125 * row, *cells[1:]] for row, cells in enumerate(table())]
    check(write(["t_ms", *NAMES], rows), first="0.000 s")


def test_two_rows_a_second_with_whole_seconds_are_refused_and_repeated_rows_are_not(write):
    rows = [[cells[0][:19], *cells[1:]] for cells in table(hop=0.5)]
    assert "rows have the time of the row before: times need parts" in refusal(write(HEADER, rows))
    rows = [cells for cells in table(60, hop=1) for _ in range(2)]
    _, levels, _, lines = read(write(HEADER, rows))
    np.testing.assert_allclose(levels, LEVELS[:60], atol=1e-4)
    assert lines == ["60 of 120 frames with the time of the one before: passed over"]


def test_a_report_without_times_is_no_time_history(write):
    rows = [[name, *cells[1:]] for name, cells in zip(("LZeq", "LZFmax", "LZFmin"), table(3), strict=True)]
    assert "its rows are LZeq, LZFmax, LZFmin of one time: a time history is needed" in refusal(
        write(["Band", *NAMES], rows)
    )


def test_a_weighting_above_the_table_is_that_of_the_bands_where_there_are_no_other_levels(write):
    table_of_bands = "Weighting;A\n\n" + text_of_rows(HEADER, table(), separator=";")
    source, levels, _, _ = read(write(table_of_bands))
    assert source.notes == ("the bands (levels) are A-weighted: the weighting of IEC 61672-1 is taken off",)
    np.testing.assert_allclose(levels[0, 0], 70 + 50.45, atol=0.01)


def test_a_weighting_above_the_table_is_told_where_it_may_be_that_of_the_overall_level(write):
    rows = [[*cells, "55"] for cells in table()]
    source = check(write("Weighting;A\n\n" + text_of_rows([*HEADER, "LAeq"], rows, separator=";")))
    assert source.notes == (
        "'Weighting;A' may be said of the bands, which are taken for unweighted: --weighting if it is",
    )


def test_sheets_without_times_are_passed_over_beside_those_with(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.title = "Summary"
    book.active.append(["", *map(float, NAMES)])
    book.active.append(["Leq", *LEVELS[0]])
    sheet = book.create_sheet("Time History")
    sheet.append(["Time", *map(float, NAMES)])
    for row in range(60):
        sheet.append([datetime(2024, 5, 1, 12) + timedelta(seconds=row), *LEVELS[row]])
    book.save(tmp_path / "a.xlsx")
    source = check(tmp_path / "a.xlsx", n_rows=60)
    assert source.notes == ("the sheet 'Summary' is passed over: it has no times",)


@pytest.mark.parametrize("zone", ["", "Z"])
def test_lists_without_times_lie_between_the_ends_that_the_document_tells(tmp_path, zone):
    ends = {"date_start": f"{stamp(0)}{zone}", "date_end": f"{stamp(480)}{zone}"}
    lists = {name: LEVELS[:, band].tolist() for band, name in enumerate(NAMES)}
    (tmp_path / "a.json").write_text(json.dumps(ends | lists))
    check(tmp_path / "a.json", first=f"2024-05-01 12:00:00.000{zone}")
