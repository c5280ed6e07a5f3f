"""Where an HDF5 file cannot be written there is an error, not a crash of the process."""

import errno
import resource
from contextlib import contextmanager

import h5py
import numpy as np
import pytest

from audiokit.storage.hdf5_writing import new_hdf5_file


@contextmanager
def no_file_above(n_bytes):
    """Stands in for a full disk: writes beyond fail in the same way."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def write_some(path, n_rows=1000):
    with new_hdf5_file(path) as (file, _):
        for number in range(3):
            rows = np.random.default_rng(number).random((n_rows, 64))
            file.create_dataset(f"packed{number}", data=rows, chunks=(16, 64), compression="gzip")
            file.create_dataset(f"plain{number}", data=rows)
        file["texts"] = ["é" * 50] * n_rows
        file.attrs["date"] = "today"


def test_what_is_written_can_be_read(tmp_path):
    write_some(tmp_path / "a.h5")
    with h5py.File(tmp_path / "a.h5") as file:
        np.testing.assert_array_equal(file["packed2"], file["plain2"])
        assert file["texts"].asstr()[999] == "é" * 50
        assert file.attrs["date"] == "today"


@pytest.mark.parametrize("n_bytes", [0, 100, 10_000, 100_000, 1_000_000, 2_000_000])
def test_a_full_disk_is_an_error_that_names_the_file(tmp_path, n_bytes):
    path = tmp_path / "a.h5"
    with pytest.raises(OSError, match="File too large") as caught, no_file_above(n_bytes):
        write_some(path)
    assert caught.value.errno == errno.EFBIG
    assert str(caught.value.filename) == str(path)
    write_some(path)


def test_the_error_can_be_had_before_the_end(tmp_path):
    seen = []
    full = pytest.raises(OSError, match="File too large")
    with full, no_file_above(1000), new_hdf5_file(tmp_path / "a.h5") as (file, check):
        check()
        file["rows"] = np.zeros(10_000)
        seen.append("written")
        check()
        seen.append("unseen")
    assert seen == ["written"]


def test_other_errors_come_through(tmp_path):
    with pytest.raises(ZeroDivisionError), new_hdf5_file(tmp_path / "a.h5"):
        _ = 1 / 0
