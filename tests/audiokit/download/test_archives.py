"""Archives, honest, damaged and evil, unpacked."""

import os
import stat
import tarfile
import zipfile

import pytest
from archive_fixtures import tar_bytes, tree, zip_bytes

from audiokit.download import archives
from audiokit.download.archives import RefusedArchive, is_archive, move_files, unpack

FILES = {"set/a.txt": b"a" * 3_000_000, "set/audio/b.wav": os.urandom(200_000), "set/empty.csv": b""}
SIZES = {name: len(data) for name, data in FILES.items()}
MAKERS = {"set.zip": zip_bytes, "set.tar.gz": tar_bytes, "set.tar.xz": lambda files: tar_bytes(files, compression="xz")}


@pytest.fixture(params=MAKERS)
def make(request, tmp_path):
    """`make(files)` writes an archive of each kind."""

    def write(files):
        path = tmp_path / request.param
        path.write_bytes(MAKERS[request.param](files))
        return path

    return write


def as_it_is(path):
    return path


def test_all_files_are_unpacked(make, tmp_path):
    assert unpack(make(FILES), tmp_path / "out", place=as_it_is) == SIZES
    assert tree(tmp_path / "out") == FILES


def test_files_go_where_the_caller_places_them(make, tmp_path):
    sizes = unpack(make(FILES), tmp_path / "out", place=lambda path: path.name if path.suffix == ".wav" else None)
    assert sizes == {"b.wav": 200_000}
    assert tree(tmp_path / "out") == {"b.wav": FILES["set/audio/b.wav"]}


def test_folders_and_a_leading_dot_are_no_files(tmp_path):
    path = tmp_path / "set.tar.gz"
    path.write_bytes(tar_bytes({"./set": {"type": tarfile.DIRTYPE}, "./set/a.txt": b"a"}))
    assert unpack(path, tmp_path / "out", place=as_it_is) == {"set/a.txt": 1}


def test_the_watcher_is_told_bytes_of_the_archive(make, tmp_path):
    told = []
    archive = make(FILES)
    unpack(archive, tmp_path / "out", place=as_it_is, watch=told.append)
    assert told == sorted(told)
    assert 0.9 * archive.stat().st_size - 500 < told[-1] <= archive.stat().st_size


def test_an_interrupted_call_goes_on_where_it_stopped(make, tmp_path, monkeypatch):
    archive = make(FILES)

    def interrupt(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        unpack(archive, tmp_path / "out", place=as_it_is, watch=interrupt)
    assert set(tree(tmp_path / "out")) == {"set/a.txt"}
    (tmp_path / "out" / "set" / "audio").mkdir()
    (tmp_path / "out" / "set" / "audio" / "b.wav").write_bytes(b"cut short")
    really_write, written = archives.write_whole, []
    monkeypatch.setattr(archives, "write_whole", lambda path: written.append(path.name) or really_write(path))
    assert unpack(archive, tmp_path / "out", place=as_it_is) == SIZES
    assert written == ["b.wav", "empty.csv"]
    assert tree(tmp_path / "out") == FILES


@pytest.mark.parametrize("name", ["../evil.txt", "/evil.txt", "a/../../evil.txt", "..\\evil.txt", "C:\\evil.txt"])
def test_names_that_lead_out_are_refused(make, tmp_path, name):
    archive = make({"good.txt": b"good", name: b"evil"})
    before = set(tmp_path.parent.rglob("*"))
    with pytest.raises(RefusedArchive, match=r"set\.\S+ holds a file that would lie outside of its folder, "):
        unpack(archive, tmp_path / "out", place=as_it_is)
    assert {path.name for path in set(tmp_path.parent.rglob("*")) - before} == {"out", "good.txt"}


@pytest.mark.parametrize("kind", ["SYMTYPE", "LNKTYPE", "CHRTYPE", "BLKTYPE", "FIFOTYPE"])
def test_links_and_devices_in_a_tar_are_refused(tmp_path, kind):
    path = tmp_path / "set.tar.gz"
    path.write_bytes(tar_bytes({"way": {"type": getattr(tarfile, kind), "linkname": "/home"}, "way/evil.txt": b"evil"}))
    with pytest.raises(RefusedArchive, match="holds a link or a device, way"):
        unpack(path, tmp_path / "out", place=as_it_is)
    assert not (tmp_path / "out").exists()


def test_links_in_a_zip_are_refused(tmp_path):
    link = zipfile.ZipInfo("way")
    link.create_system = 3
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    path = tmp_path / "set.zip"
    path.write_bytes(zip_bytes({link: b"/home", "way/evil.txt": b"evil"}))
    with pytest.raises(RefusedArchive, match="holds a link or a device, way"):
        unpack(path, tmp_path / "out", place=as_it_is)
    assert not (tmp_path / "out").exists()


def test_permissions_in_an_archive_do_not_matter(tmp_path):
    path = tmp_path / "set.tar.gz"
    info = tarfile.TarInfo("run.sh")
    info.mode, info.uid = 0o4777, 0
    with tarfile.open(path, "w:gz") as archive:
        archive.addfile(info)
    unpack(path, tmp_path / "out", place=as_it_is)
    assert (tmp_path / "out" / "run.sh").stat().st_mode & 0o7111 == 0


def test_two_files_for_one_place_are_refused(make, tmp_path):
    archive = make({"fold1/a.wav": b"1", "fold2/a.wav": b"2"})
    with pytest.raises(RefusedArchive, match=r"two files for one place, a\.wav"):
        unpack(archive, tmp_path / "out", place=lambda path: path.name)


@pytest.mark.parametrize("keep", [0.5, 0.99])
def test_a_cut_archive_is_refused(make, tmp_path, keep):
    archive = make(FILES)
    os.truncate(archive, int(keep * archive.stat().st_size))
    with pytest.raises(RefusedArchive, match="is damaged"):
        unpack(archive, tmp_path / "out", place=as_it_is)


def test_the_checksums_of_a_zip_are_checked(tmp_path):
    path = tmp_path / "set.zip"
    data = bytearray(zip_bytes({"a.bin": os.urandom(100_000)}))
    data[50_000] ^= 1
    path.write_bytes(data)
    with pytest.raises(RefusedArchive, match=r"damaged \(Bad CRC-32"):
        unpack(path, tmp_path / "out", place=as_it_is)
    assert tree(tmp_path / "out") == {}


@pytest.mark.parametrize("name", ["set.zip", "set.tar.gz", "set.tar"])
def test_what_is_no_archive_is_refused(tmp_path, name):
    (tmp_path / name).write_bytes(b"<!doctype html>")
    with pytest.raises(RefusedArchive, match=f"{name} is damaged") as caught:
        unpack(tmp_path / name, tmp_path / "out", place=as_it_is)
    assert "\n" not in str(caught.value)


def test_a_folder_that_cannot_be_written_to_is_not_the_fault_of_the_archive(make, tmp_path):
    (tmp_path / "out").write_text("a file")
    with pytest.raises(OSError, match="out"):
        unpack(make(FILES), tmp_path / "out", place=as_it_is)


def test_files_are_moved_over_those_that_are_there(tmp_path):
    source, target = tmp_path / "source", tmp_path / "target"
    for folder, data in ((source, b"new"), (target, b"old")):
        (folder / "audio").mkdir(parents=True)
        (folder / "audio" / "a.wav").write_bytes(data)
    (source / "audio" / "left.part.wav").write_bytes(b"unfinished")
    move_files(["audio/a.wav"], source, target)
    assert tree(target) == {"audio/a.wav": b"new"}


def test_archives_are_known_by_their_names():
    assert is_archive("UrbanSound8K.tar.gz")
    assert is_archive("a.zip")
    assert not is_archive("annotations.csv")
