"""Tables come out as they were written, in every format, whole or not at all."""

import errno

import h5py
import numpy as np
import pandas as pd
import pytest

from audiokit.errors import UserError
from spectral_transcoder.sensor.presence.thresholds import Threshold
from spectral_transcoder.sensor.results.summary import Summary
from spectral_transcoder.sensor.results.tables import FORMATS, check_format, open_table
from spectral_transcoder.sensor.times.clock import Clock

LABELS = ("Speech", "Toot, honk", "Bird")
NOON = pd.Timestamp("2024-05-01T12:00:00", tz="UTC").timestamp()
SCORES = np.array([[0.1, 0.9, 0.3], [np.nan, np.nan, np.nan], [0.5, 0.123456, 0.25]], np.float32)
COLUMNS = {
    "time": NOON + np.array([0, 10, 20.125]),
    "seconds": np.array([10, 3, 9]),
    "level_db": np.array([61.25, np.nan, 70]),
}


def write(path, *, clock=Clock.UTC, pieces=((0, 2), (2, 3)), columns=COLUMNS, scores=SCORES, settings=None):
    with open_table(path, clock=clock, labels=LABELS, settings=settings) as table:
        for start, stop in pieces:
            rows = slice(start, stop)
            part = None if scores is None else scores[rows]
            table.write({name: values[rows] for name, values in columns.items()}, part)


def needs(suffix):
    if suffix == "parquet":
        pytest.importorskip("pyarrow")


def read_frame(path):
    if path.suffix == ".parquet":
        return pd.read_parquet(path)
    return pd.read_csv(path, parse_dates=["time"])


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_tables_have_a_column_for_each_label(tmp_path, suffix):
    needs(suffix)
    path = tmp_path / f"a.{suffix}"
    write(path)
    frame = read_frame(path)
    assert list(frame) == ["time", "seconds", "level_db", *LABELS]
    np.testing.assert_allclose(frame[list(LABELS)], SCORES, atol=6e-6)
    assert frame["time"].dt.tz is not None
    assert list(frame["time"].dt.strftime("%H:%M:%S.%f")) == ["12:00:00.000000", "12:00:10.000000", "12:00:20.125000"]
    np.testing.assert_array_equal(frame["level_db"], COLUMNS["level_db"])


def test_hdf5_has_a_matrix_and_its_labels(tmp_path):
    write(tmp_path / "a.h5", settings={"teacher": "YamNet", "db_offset": -90.0, "audio": ["0", 10]})
    with h5py.File(tmp_path / "a.h5") as file:
        np.testing.assert_array_equal(file["scores"], SCORES)
        assert file["scores"].dtype == np.float32
        assert [label.decode() for label in file["labels"]] == list(LABELS)
        for name, values in COLUMNS.items():
            np.testing.assert_array_equal(file[name], values)
        assert dict(file.attrs) == {
            "time": "seconds since 1970-01-01 UTC", "teacher": "YamNet", "db_offset": -90.0, "audio": '["0", 10]'
        }  # fmt: skip


@pytest.mark.parametrize(
    "clock, first", [(Clock.UTC, "2024-05-01T12:00:00.000Z"), (Clock.LOCAL, "2024-05-01T12:00:00.000")]
)
def test_times_in_csv_are_iso_8601(tmp_path, clock, first):
    write(tmp_path / "a.csv", clock=clock)
    assert (tmp_path / "a.csv").read_text().splitlines()[1].split(",")[0] == first


def test_without_dates_times_are_seconds(tmp_path):
    write(tmp_path / "a.csv", clock=Clock.BEGINNING, columns=COLUMNS | {"time": np.array([0, 10, 20.125])})
    assert list(pd.read_csv(tmp_path / "a.csv")["time"]) == [0, 10, 20.125]


@pytest.mark.parametrize("suffix", FORMATS)
def test_what_fails_leaves_nothing(tmp_path, suffix):
    needs(suffix)
    with (
        pytest.raises(UserError),
        open_table(tmp_path / f"a.{suffix}", clock=Clock.UTC, labels=LABELS) as table,
    ):
        table.write(COLUMNS, SCORES)
        raise UserError("the levels end here")
    assert not list(tmp_path.iterdir())


def test_a_full_disk_leaves_nothing_and_ends_in_order():
    """HDF5 would end the process."""
    with (
        pytest.raises(OSError, match="No space left") as caught,
        open_table_on_full_disk() as table,
    ):
        for _ in range(200):
            table.write({"time": np.zeros(256)}, np.zeros((256, 3), np.float32))
    assert caught.value.errno == errno.ENOSPC


def open_table_on_full_disk():
    from pathlib import Path

    from spectral_transcoder.sensor.results.tables import FORMATS

    if not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full here")
    return FORMATS["h5"](Path("/dev/full"), Clock.UTC, LABELS, {})


def test_formats_that_need_a_package_say_so(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    assert check_format("csv") == "csv"
    with pytest.raises(UserError, match="pip install pyarrow, or --format h5"):
        check_format("parquet")


# The summary

GROUPS = {"voice": np.array([0]), "street": np.array([1, 2])}


def test_the_summary_names_the_highest_and_tells_who_is_present():
    columns = Summary(LABELS, GROUPS, n_top=2, thresholds=dict.fromkeys(GROUPS, Threshold(0.25))).columns(SCORES)
    assert list(columns) == [
        "label_1", "score_1", "label_2", "score_2", "voice", "street", "voice_present", "street_present"
    ]  # fmt: skip
    assert list(columns["label_1"]) == ["Toot, honk", "", "Speech"]
    assert list(columns["label_2"]) == ["Bird", "", "Bird"]
    np.testing.assert_array_equal(columns["score_1"], SCORES[[0, 1, 2], [1, 0, 0]])
    np.testing.assert_array_equal(columns["street"], SCORES[[0, 1, 2], [1, 0, 2]])
    np.testing.assert_array_equal(columns["voice_present"], [0, np.nan, 1])
    np.testing.assert_array_equal(columns["street_present"], [1, np.nan, 1])


def test_without_groups_and_top_labels_there_is_nothing_to_tell():
    assert Summary(LABELS).columns(SCORES) == {}
    assert list(Summary(LABELS, n_top=10).columns(SCORES)) == [
        "label_1", "score_1", "label_2", "score_2", "label_3", "score_3"
    ]  # fmt: skip


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_summary_can_be_written_in_every_format(tmp_path, suffix):
    needs(suffix)
    path = tmp_path / f"a.{suffix}"
    columns = COLUMNS | Summary(LABELS, GROUPS, n_top=1).columns(SCORES)
    write(path, columns=columns, scores=None)
    if suffix == "h5":
        with h5py.File(path) as file:
            assert [name.decode() for name in file["label_1"]] == ["Toot, honk", "", "Speech"]
            np.testing.assert_array_equal(file["voice_present"], [0, np.nan, 1])
        return
    frame = read_frame(path)
    assert list(frame["label_1"].fillna("")) == ["Toot, honk", "", "Speech"]
    if suffix == "csv":
        assert path.read_text().splitlines()[1].endswith(",0,1")
        assert path.read_text().splitlines()[2].endswith(",,")
    assert list(frame["voice_present"].dropna()) == [0, 1]
