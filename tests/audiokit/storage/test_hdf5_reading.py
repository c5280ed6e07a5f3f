"""HDF5 files that cannot be opened: one line that says why."""

import subprocess
import sys

import pytest

from audiokit.errors import UserError
from audiokit.storage.hdf5_reading import open_hdf5_file

REMEDY = "copy it again"


WRITER = """
import sys, h5py
with h5py.File(sys.argv[1], "w", libver="latest") as file:
    file.create_dataset("a", data=[1, 2], chunks=True, maxshape=(None,))
    if sys.argv[2] == "swmr":
        file.swmr_mode = True
    print("open", flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("mode", ["alone", "swmr"])
def test_of_a_file_that_another_process_writes_it_is_said_so(tmp_path, mode):
    path = tmp_path / "a.h5"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", WRITER, path, mode], **pipes) as writer:
        assert writer.stdout.readline() == "open\n"
        with pytest.raises(UserError, match=r"a\.h5: another process writes it: wait for it, or set HDF5_USE_FILE"):
            open_hdf5_file(path, remedy=REMEDY)
        writer.communicate()
    with open_hdf5_file(path, remedy=REMEDY) as file:
        assert file["a"][:].tolist() == [1, 2]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"<!DOCTYPE html>", r"\(it is a web page\)"),
        (b"version https://git-lfs.github.com/spec/v1\n", r"\(it is a pointer of Git LFS.*\)"),
        (b"", r"\(it is empty: 0 bytes\)"),
        (b"\x89HDF\r\n\x1a\n" + bytes(50), r"\(.+\)"),
        (b"\x89HDF\r\n\x1a\nno more", r"\(.*bad superblock.*\)"),
    ],
)
def test_what_a_file_is_in_place_of_hdf5_is_said(tmp_path, content, reason):
    path = tmp_path / "a.h5"
    path.write_bytes(content)
    with pytest.raises(UserError, match=rf"a\.h5 is damaged or no HDF5 file {reason}: copy it again$"):
        open_hdf5_file(path, remedy=REMEDY)


def test_of_no_file_it_is_said_that_there_is_none(tmp_path):
    with pytest.raises(UserError, match=r"^there is no .*a\.h5: copy it again$"):
        open_hdf5_file(tmp_path / "a.h5", remedy=REMEDY)
