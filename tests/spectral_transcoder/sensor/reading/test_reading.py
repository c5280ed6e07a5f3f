"""Levels come out of every format as they went in, and what is none is refused in a line."""

import gzip
import io
import json
import sys
import zipfile

import numpy as np
import pandas as pd
import pytest
from sensor_fixtures import (
    NAMES,
    START,
    make_levels,
    make_table,
    make_times,
    write_csv,
    write_h5,
    write_npy,
)

from audiokit.errors import UserError
from spectral_transcoder.sensor.formats import lines, text
from spectral_transcoder.sensor.levels import sources
from spectral_transcoder.sensor.levels.frames import frames
from spectral_transcoder.sensor.levels.quality import Quality
from spectral_transcoder.sensor.levels.sources import Reading
from spectral_transcoder.sensor.reading.finding import find_levels
from spectral_transcoder.sensor.reading.opening import open_levels
from spectral_transcoder.sensor.times.clock import Clock

NOON = pd.Timestamp(START, tz="UTC").timestamp()
N_FRAMES = 100


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch):
    """Several pieces, of a size that divides nothing."""
    monkeypatch.setattr(sources, "PIECE_FRAMES", 37)
    monkeypatch.setattr(lines, "BLOCK_BYTES", 2000)


def read(source):
    pieces = list(source.pieces())
    return (
        np.concatenate([piece.levels for piece in pieces]),
        np.concatenate([piece.times for piece in pieces]),
        np.concatenate([np.full(len(piece.times), piece.series) for piece in pieces]),
    )


def write_parquet(path, table):
    pytest.importorskip("pyarrow")
    table.to_parquet(path, index=False)
    return path


def write_records(path, levels):
    """Levels as records, each a line, in an array, or as features of GeoJSON; compressed where the name says so."""
    stamps = make_times(len(levels)).strftime("%Y-%m-%dT%H:%M:%S.%f")
    records = [
        {"time": stamp, **dict(zip(NAMES, row, strict=True))}
        for stamp, row in zip(stamps, levels.tolist(), strict=True)
    ]
    if ".geojson" in path.name:
        text = json.dumps({"features": [{"geometry": {"type": "Point"}, "properties": record} for record in records]})
    else:
        text = "\n".join(map(json.dumps, records)) if ".jsonl" in path.name else json.dumps(records)
    path.write_bytes(gzip.compress(text.encode()) if path.name.endswith(".gz") else text.encode())
    return path


def write_structured(path, levels):
    """Levels as an array of records."""
    records = np.zeros(len(levels), [("epoch", "<i8"), *((name, "<f4") for name in NAMES)])
    records["epoch"] = 1000 * NOON + 125 * np.arange(len(levels))
    for name, column in zip(NAMES, levels.T, strict=True):
        records[name] = column
    return write_npy(path, records) if path.suffix == ".npy" else write_h5(path, **{"2024_05/01/fast_125ms": records})


def write_workbook(path, levels):
    pytest.importorskip("openpyxl")
    make_table(levels, make_times(len(levels))).to_excel(path, index=False)
    return path


def write_zip(path, levels):
    table = make_table(levels, make_times(len(levels)))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("folder/a.csv", table.to_csv(index=False))
        archive.writestr("readme.txt", "what nobody needs")
    return path


WRITERS = {
    "a.npy": lambda path, levels: write_npy(path, levels),
    "double.npy": lambda path, levels: write_npy(path, levels.astype(np.float64)),
    "fortran.npy": lambda path, levels: write_npy(path, np.asfortranarray(levels)),
    "a.h5": lambda path, levels: write_h5(path, fast_125ms=levels),
    "A.HDF5": lambda path, levels: write_h5(path, fast_125ms=levels),
    "a.csv": lambda path, levels: write_csv(path, make_table(levels, make_times(len(levels)))),
    "no_time.csv": lambda path, levels: write_csv(path, make_table(levels)),
    "tabs.csv": lambda path, levels: write_csv(path, make_table(levels, make_times(len(levels))), sep="\t"),
    "french.csv": lambda path, levels: write_csv(
        path, make_table(levels, make_times(len(levels))), sep=";", decimal=",", encoding="utf-8-sig"
    ),
    "crlf.csv": lambda path, levels: write_csv(
        path, make_table(levels, make_times(len(levels))), lineterminator="\r\n", quoting=2
    ),
    "utf16.txt": lambda path, levels: write_csv(
        path, make_table(levels, make_times(len(levels))), sep="\t", encoding="utf-16"
    ),
    "a.csv.gz": lambda path, levels: write_csv(path, make_table(levels, make_times(len(levels)))),
    "a.parquet": lambda path, levels: write_parquet(path, make_table(levels, make_times(len(levels)))),
    "a.xlsx": write_workbook,
    "a.json": write_records,
    "a.json.gz": write_records,
    "a.jsonl": write_records,
    "a.jsonl.gz": write_records,
    "a.geojson": write_records,
    "records.npy": write_structured,
    "records.h5": write_structured,
    "a.zip": write_zip,
}
"""Every format, and some habits."""


@pytest.mark.parametrize("name", WRITERS)
def test_every_format_gives_the_levels_back(tmp_path, name):
    levels = make_levels(N_FRAMES)
    source = open_levels(WRITERS[name](tmp_path / name, levels))
    found, times, series = read(source)
    np.testing.assert_array_equal(found, levels)
    assert found.dtype == np.float32
    np.testing.assert_allclose(np.diff(times), 0.125, atol=1e-6)
    assert not series.any()
    assert source.hop_seconds == 0.125
    assert source.n_frames is None or source.n_frames == pytest.approx(N_FRAMES, rel=0.1)
    # Once more, as for the automatic offset.
    np.testing.assert_array_equal(read(source)[0], levels)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
@pytest.mark.parametrize("step", [0.125, 1])
def test_times_tell_the_cadence(tmp_path, suffix, step):
    table = make_table(make_levels(20), make_times(20, step=step))
    write = write_csv if suffix == "csv" else write_parquet
    source = open_levels(write(tmp_path / f"a.{suffix}", table))
    assert source.hop_seconds == step
    assert source.clock is Clock.LOCAL
    assert read(source)[1] == pytest.approx(NOON + step * np.arange(20), abs=1e-5)


EPOCH = NOON + 0.125 * np.arange(20)
WAYS_TO_WRITE_TIMES = {
    "seconds": (EPOCH, Clock.UTC),
    "milliseconds": ((EPOCH * 1000).round().astype(int), Clock.UTC),
    "microseconds": ((EPOCH * 1e6).round().astype(int), Clock.UTC),
    "nanoseconds": ((EPOCH * 1e6).round().astype(int) * 1000, Clock.UTC),
    "zone": (make_times(20, zone="UTC").tz_convert("Europe/Paris"), Clock.UTC),
    "Z": (make_times(20).strftime("%Y-%m-%dT%H:%M:%S.%fZ"), Clock.UTC),
    "blank": (make_times(20).strftime("%Y-%m-%d %H:%M:%S.%f"), Clock.LOCAL),
}


@pytest.mark.parametrize("way", WAYS_TO_WRITE_TIMES)
def test_times_are_read_however_they_are_written(tmp_path, way):
    times, clock = WAYS_TO_WRITE_TIMES[way]
    source = open_levels(write_csv(tmp_path / "a.csv", make_table(make_levels(20), times)))
    assert source.clock is clock
    assert read(source)[1] == pytest.approx(EPOCH, abs=2e-6)


def test_small_numbers_are_seconds_from_the_beginning(tmp_path):
    source = open_levels(write_csv(tmp_path / "a.csv", make_table(make_levels(20), 7 + 0.125 * np.arange(20))))
    assert source.clock is Clock.BEGINNING
    assert read(source)[1] == pytest.approx(7 + 0.125 * np.arange(20))


def test_fewer_bands_leave_the_others_to_their_neighbours(tmp_path):
    levels = make_levels(20)
    source = open_levels(write_csv(tmp_path / "a.csv", make_table(levels, make_times(20))[["time", *NAMES[5:25]]]))
    found, *_ = read(source)
    np.testing.assert_array_equal(found[:, 5:25], levels[:, 5:25])
    assert np.isfinite(found).all()
    assert source.notes == (
        "20 of 29 bands (63 to 5000 Hz): 20, 25, 31.5, 40, 50, 6300, 8000, 10000, 12500 Hz continued by the slope of "
        "their neighbours, and in no level",
    )
    assert source.measured_bands(0) == slice(5, 25)


@pytest.mark.parametrize("nothing", [0, np.nan])
def test_bands_without_levels_at_the_beginning_are_there(tmp_path, monkeypatch, nothing):
    monkeypatch.setattr(text, "SAMPLE_ROWS", 20)
    levels = make_levels(60)
    levels[:25, 28] = nothing
    levels[:, 27] = nothing
    levels[50, 27] = 40  # for all others the frame would be a gap
    path = write_csv(tmp_path / "a.csv", make_table(levels, make_times(60)))
    source = open_levels(path)
    assert source.notes == (
        "in the bands of 10000 Hz nothing was measured",
        "28 of 29 bands (20 to 12500 Hz): 10000 Hz interpolated",
    )
    found, *_ = read(source)
    np.testing.assert_array_equal(found[:, 28], levels[:, 28])
    # What comes once can be looked at only as it comes.
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(path.read_bytes())))
    source = open_levels("-")
    assert len(read(source)[0]) == 60
    assert [note for note in source.notes if "has levels from" in note] == [
        f"'{name}' has levels from line {line} on; it is left out, having had none before"
        for name, line in (("12500", 27), ("10000", 52))
    ]


@pytest.mark.parametrize("value", [0, -99.9])
@pytest.mark.parametrize("kind", ["csv", "A-weighted", "npy"])
def test_rows_with_a_placeholder_in_all_bands_are_gaps(tmp_path, value, kind):
    levels = make_levels(80)
    levels[20:30] = value
    levels[40, 1:] = value  # one band has a level
    if kind == "npy":
        source = open_levels(write_npy(tmp_path / "a.npy", levels))
    else:
        names = NAMES if kind == "csv" else [f"LAeq {name}" for name in NAMES]
        source = open_levels(write_csv(tmp_path / "a.csv", make_table(levels, make_times(80), names=names)))
    quality = Quality()
    found = np.concatenate([piece.times for piece in frames(source, quality)])
    assert list(np.rint((found - found[0]) * 8)) == [*range(20), *range(30, 80)]
    assert quality.lines(0.125)[0] == "10 rows with the same placeholder in all bands, such as 0: gaps"


@pytest.mark.parametrize("shape", [(7, 16), (3, 100), (1, 90), (40, 3), (0, 8), (4, 0)])
@pytest.mark.parametrize("kind", ["npy", "h5"])
def test_chunks_are_series_of_their_own(tmp_path, shape, kind):
    levels = make_levels(int(np.prod(shape))).reshape(*shape, 29)
    path = tmp_path / f"a.{kind}"
    source = open_levels(write_npy(path, levels) if kind == "npy" else write_h5(path, fast_125ms=levels))
    assert source.is_chunked
    assert source.n_frames == np.prod(shape)
    if not source.n_frames:
        assert not sum(len(piece.times) for piece in source.pieces())
        return
    found, times, series = read(source)
    np.testing.assert_array_equal(found, levels.reshape(-1, 29))
    np.testing.assert_array_equal(series, np.repeat(np.arange(shape[0]), shape[1]))
    np.testing.assert_allclose(times, 0.125 * np.arange(len(found)))


def test_arrays_have_the_time_that_is_given_for_their_start(tmp_path):
    source = open_levels(write_npy(tmp_path / "a.npy", make_levels(40)), Reading(start=f"{START}Z", cadence="slow"))
    assert source.clock is Clock.UTC
    assert read(source)[1] == pytest.approx(NOON + np.arange(40))


@pytest.mark.parametrize("time", ["elapsed", "of day", "elapsed in HDF5", "of chunks"])
def test_times_without_a_date_count_from_the_start_that_is_given(tmp_path, time):
    levels, elapsed = make_levels(120), 30 + 0.125 * np.arange(120)
    reading, expected = Reading(start="2024-03-01T06:00:00Z"), elapsed - 30
    if time == "elapsed in HDF5":
        path = write_h5(tmp_path / "a.h5", fast_125ms=levels, elapsed=elapsed)
    elif time == "of chunks":
        path = write_h5(tmp_path / "a.h5", fast_125ms=levels.reshape(3, 40, 29), begins=np.array([7.0, 107.0, 207.0]))
        reading = Reading(start=reading.start, time_column="begins")
        expected = (np.array([[0.0], [100.0], [200.0]]) + 0.125 * np.arange(40)).ravel()
    else:
        stamps = elapsed if time == "elapsed" else make_times(120).strftime("%H:%M:%S.%f")
        path = write_csv(tmp_path / "a.csv", make_table(levels).assign(time=stamps))
    source = open_levels(path, reading)
    assert source.clock is Clock.UTC
    assert read(source)[1] == pytest.approx(pd.Timestamp(reading.start).timestamp() + expected)


def test_a_start_is_passed_over_where_times_have_dates(tmp_path):
    path = write_csv(tmp_path / "a.csv", make_table(make_levels(40), make_times(40)))
    source = open_levels(path, Reading(start="2020-01-01"))
    assert "its times have dates: --start is passed over" in source.notes
    assert read(source)[1][0] == NOON
    with pytest.raises(UserError, match="'yesterday' cannot be read"):
        open_levels(path, Reading(start="yesterday"))


def write_two_sensors(path, *, n_first, n_second, step):
    first = make_table(make_levels(n_first), make_times(n_first, step=1)).assign(sensor="a")
    second = make_table(make_levels(n_second), make_times(n_second, step=step)).assign(sensor="b")
    return write_csv(path, pd.concat([first, second]).sort_values("time", kind="stable"))


def test_without_times_the_rows_of_each_sensor_are_successive(tmp_path):
    rows = make_table(make_levels(100)).assign(sensor=["a", "b"] * 50)
    source = open_levels(write_csv(tmp_path / "a.csv", rows), Reading(start=f"{START}Z"))
    _, times, series = read(source)
    for number in (0, 1):
        assert times[series == number] == pytest.approx(NOON + 0.125 * np.arange(50))


def test_sensors_of_one_file_have_one_cadence(tmp_path, monkeypatch):
    monkeypatch.setattr(lines, "BLOCK_BYTES", 1 << 20)
    path = tmp_path / "a.csv"
    assert open_levels(write_two_sensors(path, n_first=60, n_second=59, step=1)).hop_seconds == 1
    # The first rows are of a sensor of which there are too few to tell.
    assert open_levels(write_two_sensors(path, n_first=1, n_second=59, step=0.125)).hop_seconds == 0.125
    for step, n_second, told in ((0.125, 480, "b: 0.125 s, a: 1 s"), (5, 40, "a: 1 s, b: 5 s")):
        with pytest.raises(UserError, match=rf"sensors have other cadences \({told}\): put each into a file"):
            open_levels(write_two_sensors(path, n_first=60, n_second=n_second, step=step))


def test_a_sensor_that_loses_frames_has_no_other_cadence(tmp_path, monkeypatch):
    monkeypatch.setattr(lines, "BLOCK_BYTES", 1 << 20)
    times = make_times(200, step=1)
    lost = np.random.default_rng(0).random(200) < 0.6
    table = make_table(make_levels(200), times)
    rows = pd.concat([table.assign(sensor="a"), table[~lost].assign(sensor="b")])
    source = open_levels(write_csv(tmp_path / "a.csv", rows.sort_values("time", kind="stable")))
    assert (source.hop_seconds, len(read(source)[0])) == (1, 200 + (~lost).sum())


def test_datasets_of_hdf5_files_go_by_name(tmp_path):
    levels = make_levels(50)
    path = write_h5(tmp_path / "a.h5", slow_1s=levels, **{"sensor/epoch": NOON + np.arange(50)})
    source = open_levels(path, Reading(dataset="slow_1s", time_column="sensor/epoch"))
    found, times, _ = read(source)
    np.testing.assert_array_equal(found, levels)
    assert source.hop_seconds == 1
    assert source.clock is Clock.UTC
    assert times == pytest.approx(NOON + np.arange(50))
    assert open_levels(path).hop_seconds == 1  # the only one with levels
    write_h5(path, slow_1s=levels, other=levels)
    with pytest.raises(UserError, match=r"no dataset 'fast_125ms': it has other \(50, 29\), slow_1s \(50, 29\)"):
        open_levels(path)


def test_chunks_of_hdf5_files_may_have_a_time_each(tmp_path):
    starts = NOON + np.array([0, 600, 1200])
    path = write_h5(tmp_path / "a.h5", fast_125ms=make_levels(240).reshape(3, 80, 29), start=starts)
    _, times, _ = read(open_levels(path, Reading(time_column="start")))
    assert times == pytest.approx((starts[:, None] + 0.125 * np.arange(80)).ravel())


def test_the_standard_input_is_read_once(tmp_path, monkeypatch):
    levels = make_levels(N_FRAMES)
    content = make_table(levels, make_times(N_FRAMES)).to_csv(index=False).encode()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    source = open_levels("-")
    assert source.n_frames is None
    assert not source.can_be_read_again
    found, times, _ = read(source)
    np.testing.assert_array_equal(found, levels)
    assert times[0] == NOON


# What is refused


def not_an_array(path):
    path.write_text("no array at all")


REFUSED = {
    "turned.npy": (lambda path: write_npy(path, make_levels(40).T), r"\(29, 40\).*transpose it"),
    "bands.npy": (lambda path: write_npy(path, np.zeros((40, 31))), r"\(40, 31\), where the last number should be 29"),
    "one.npy": (lambda path: write_npy(path, np.zeros(29)), r"the shape \(29,\)"),
    "text.npy": (lambda path: write_npy(path, np.array([["a"] * 29])), "holds no numbers"),
    "objects.npy": (lambda path: write_npy(path, np.array([{}], dtype=object)), "is damaged or no .npy file"),
    "not.npy": (not_an_array, "is damaged or no .npy file"),
    "not.h5": (not_an_array, "is damaged or no HDF5 file"),
    "not.csv": (not_an_array, "no column is named by a third-octave band"),
    "not.parquet": (not_an_array, "is damaged or no parquet file"),
    "not.txt": (not_an_array, "no column is named by a third-octave band"),
    "not.wav": (not_an_array, r"no format that is known: \.npy"),
    "not.xlsx": (not_an_array, "is damaged or no workbook"),
    "not.zip": (not_an_array, "is damaged or no zip archive"),
    "not.json": (lambda path: path.write_text('{"a": '), "is damaged or no JSON"),
    "empty.csv": (lambda path: path.touch(), "no column is named by a third-octave band"),
    "header.csv": (lambda path: path.write_text(",".join(NAMES) + "\n"), "has no rows"),
    "coarse.csv": (
        lambda path: write_csv(path, make_table(make_levels(40), make_times(40).floor("s"))),
        "times need parts of seconds",
    ),
    "half.csv": (
        lambda path: write_csv(path, make_table(make_levels(40), make_times(40, step=0.5))),
        "rows are 0.5 s apart: levels every 0.125 s .* from 0.02 to 0.25 s",
    ),
    "backwards.csv": (
        lambda path: write_csv(path, make_table(make_levels(40), make_times(40)[::-1])),
        "sort the rows by time",
    ),
    "either.csv": (
        lambda path: write_csv(path, make_table(make_levels(40), make_times(40).strftime("%m/%d/%Y %H:%M:%S.%f"))),
        r"05/01/2024 can be 05 January 2024 \(day first\) or 01 May 2024 \(month first\): say which by --date_order",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_holds_no_levels_is_refused_by_name(tmp_path, name):
    make, message = REFUSED[name]
    if name.endswith(".parquet"):
        pytest.importorskip("pyarrow")
    make(tmp_path / name)
    with pytest.raises(UserError, match=message) as caught:
        open_levels(tmp_path / name)
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_cadence_that_times_contradict_is_refused(tmp_path):
    path = write_csv(tmp_path / "a.csv", make_table(make_levels(40), make_times(40, step=1)))
    with pytest.raises(UserError, match="1 s apart, which is not the fast cadence"):
        open_levels(path, Reading(cadence="fast"))


def test_parquet_without_its_package_is_a_line(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    (tmp_path / "a.parquet").touch()
    with pytest.raises(UserError, match="needs the package pyarrow: pip install pyarrow"):
        open_levels(tmp_path / "a.parquet")


# Folders


def test_folders_are_searched_and_our_own_tables_passed_over(tmp_path):
    folder = tmp_path / "data"
    for name in (
        "b/2.csv",
        "b/1.npy",
        "a.h5",
        "b/1_scores.csv",
        "b/1_summary.h5",
        "b/1_settings.json",
        ".hidden/4.csv",
        "._a.csv",
        "b/notes.md",
        "out/3.csv",
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    found = find_levels([folder, folder / "a.h5", "-"], output=folder / "out")
    assert [(str(path).removeprefix(f"{folder}/"), str(below)) for path, below in found] == [
        ("a.h5", "."),
        ("b/1.npy", "b"),
        ("b/2.csv", "b"),
        ("a.h5", "."),
        ("-", "."),
    ]


def test_names_of_nothing_are_refused(tmp_path):
    with pytest.raises(UserError, match=r"no file or folder .*missing\.csv"):
        find_levels([tmp_path / "missing.csv"])
    with pytest.raises(UserError, match="there are no levels in the folder"):
        find_levels([tmp_path])


def test_what_is_mapped_does_not_stay_mapped(tmp_path, monkeypatch):
    """Else the memory in use would grow with the file."""
    path = write_npy(tmp_path / "a.npy", make_levels(N_FRAMES))
    opened = []
    load = np.load
    monkeypatch.setattr(np, "load", lambda *args, **kwargs: opened.append(args) or load(*args, **kwargs))
    pieces = list(open_levels(path).pieces())
    assert len(pieces) == 3
    assert len(opened) == 2 + len(pieces)
    assert all(piece.levels.base is None or not isinstance(piece.levels.base, np.memmap) for piece in pieces)
