"""Notes of what a download became."""

import pytest

from audiokit.download.manifests import Manifest, read_manifest

MANIFEST = Manifest(checksum="md5:00", kept=False, files={"audio/a.wav": 3, "meta.csv": 0})


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "audio").mkdir()
    (tmp_path / "audio" / "a.wav").write_bytes(b"abc")
    (tmp_path / "meta.csv").touch()
    return tmp_path


def test_a_manifest_is_read_as_it_was_written(tmp_path):
    MANIFEST.write(tmp_path / "set.zip.json")
    assert read_manifest(tmp_path / "set.zip.json") == MANIFEST
    assert MANIFEST.size == 3


def test_files_of_the_right_sizes_are_there(folder):
    assert MANIFEST.holds(folder)


def test_a_missing_file_is_noticed(folder):
    (folder / "meta.csv").unlink()
    assert not MANIFEST.holds(folder)


def test_a_file_of_another_size_is_noticed(folder):
    (folder / "audio" / "a.wav").write_bytes(b"ab")
    assert not MANIFEST.holds(folder)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"checksum": null}', "\xff"])
def test_a_damaged_manifest_is_none(tmp_path, text):
    (tmp_path / "set.json").write_text(text, encoding="latin-1")
    assert read_manifest(tmp_path / "set.json") is None


def test_a_missing_manifest_is_none(tmp_path):
    assert read_manifest(tmp_path / "set.json") is None
