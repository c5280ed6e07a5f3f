"""Files are whole or absent, and folders are tried before there is anything to lose."""

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from audiokit.errors import UserError
from audiokit.files import make_folder, sha256, whole_files, write_whole


def test_a_file_takes_its_name_when_it_is_whole(tmp_path):
    path = tmp_path / "song.wav"
    with write_whole(path) as partial:
        partial.write_text("do re mi")
        assert not path.exists()
        assert (partial.parent, partial.suffix) == (path.parent, path.suffix)
    assert path.read_text() == "do re mi"
    assert os.listdir(tmp_path) == ["song.wav"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, OSError])
@pytest.mark.parametrize("old", [None, "old"])
def test_an_error_leaves_what_was_there_and_nothing_else(tmp_path, error, old):
    path = tmp_path / "song.wav"
    if old:
        path.write_text(old)

    def fail():
        with write_whole(path) as partial:
            partial.write_text("do re")
            raise error

    with pytest.raises(error):
        fail()
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == ({"song.wav": old} if old else {})


def test_a_whole_file_takes_the_place_of_the_old_one(tmp_path):
    path = tmp_path / "song.wav"
    path.write_text("old")
    with write_whole(str(path)) as partial:
        partial.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"


def test_a_block_that_writes_nothing_is_an_error_and_keeps_the_old_file(tmp_path):
    path = tmp_path / "song.wav"
    path.write_text("old")
    with pytest.raises(FileNotFoundError), write_whole(path):
        pass
    assert path.read_text() == "old"


def test_what_was_left_half_written_is_no_whole_file(tmp_path):
    names = ["b.npy", "a.npy", "c.part.npy", "d.12.party.npy"]
    for name in names:
        (tmp_path / name).touch()
    with write_whole(tmp_path / "e.npy") as partial, write_whole(tmp_path / "f") as without_suffix:
        partial.touch()
        without_suffix.touch()
        assert [path.name for path in whole_files(tmp_path.iterdir())] == sorted(names)


@pytest.mark.parametrize("name", ["", "folder", "pipe", "link"])
def test_nothing_but_a_file_is_written_over(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    os.mkfifo("pipe")
    os.symlink(os.devnull, "link")
    kinds = {path: path.lstat().st_mode for path in tmp_path.iterdir()}
    with pytest.raises(UserError, match=r"is a (folder|pipe or a device): give the path of a file"), write_whole(name):
        pass
    assert {path: path.lstat().st_mode for path in tmp_path.iterdir()} == kinds


def test_folders_are_made_with_their_parents_and_left_empty(tmp_path):
    path = tmp_path / "a" / "b"
    assert make_folder(str(path)) == path
    assert make_folder(path) == path
    assert os.listdir(path) == []


def test_a_folder_can_be_made_by_several_at_once(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        paths = list(pool.map(make_folder, [tmp_path / "a" / "b"] * 400))
    assert set(paths) == {tmp_path / "a" / "b"}
    assert os.listdir(tmp_path / "a" / "b") == []


@pytest.mark.parametrize("below", ["", "inside", "deep/inside"])
def test_a_folder_that_cannot_be_made_is_refused_by_its_name(tmp_path, below):
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(UserError, match=rf"cannot write to the folder {file / below} \(.+\)"):
        make_folder(file / below)


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is read-only for the administrator")
def test_a_folder_that_is_read_only_is_refused_by_its_name(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(UserError, match=f"cannot write to the folder {tmp_path} "):
        make_folder(tmp_path)


def test_checksums_are_those_of_the_content(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(bytes(range(256)) * 5000)
    assert sha256(path) == hashlib.sha256(path.read_bytes()).hexdigest()
    path.write_bytes(b"abc")
    assert sha256(path) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
