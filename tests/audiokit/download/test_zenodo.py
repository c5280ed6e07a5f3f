"""Lists of the files of a record, against a server on this machine."""

import json
from types import SimpleNamespace

import pytest
from http_fixtures import Site, serve

from audiokit.download import fetching as download
from audiokit.download.zenodo import file_url, published_files
from audiokit.errors import UserError

DIGEST = "0" * 32
RECORD = {
    "id": 7,
    "files": [
        {"id": "…", "key": "a.zip", "size": 10, "checksum": f"md5:{DIGEST}", "links": {"self": "https://…/content"}},
        {"id": "…", "key": "annotations.csv", "size": 20, "checksum": f"md5:{DIGEST}", "links": {}},
    ],
}


@pytest.fixture
def record(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(download, "time", SimpleNamespace(sleep=lambda _: None))
    site = Site(json.dumps(RECORD).encode())
    site.headers["Content-Type"] = "application/json"
    with serve({"/api/records/7": site}) as site.url:
        yield site


def test_sizes_and_checksums_are_listed_by_name(record, tmp_path):
    listed = published_files(7, tmp_path, base_url=record.url)
    assert listed == {"a.zip": (10, f"md5:{DIGEST}"), "annotations.csv": (20, f"md5:{DIGEST}")}


def test_the_list_is_asked_for_once(record, tmp_path):
    for _ in range(2):
        published_files(7, tmp_path, base_url=record.url)
    assert len(record.asked) == 1


@pytest.mark.parametrize(
    "answer",
    [
        b"no JSON",
        b"[]",
        b'{"files": [{"key": "a"}]}',
        b'{"files": {"enabled": true}}',
        json.dumps({"files": [{"key": "a", "size": 1, "checksum": "md5:zz"}]}).encode(),
    ],
)
def test_an_answer_that_is_no_list_is_refused_and_not_kept(record, tmp_path, answer):
    record.body = answer
    with pytest.raises(UserError, match="/api/records/7 is no list of files with sizes and checksums"):
        published_files(7, tmp_path, base_url=record.url)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_record_is_said(record, tmp_path):
    with pytest.raises(UserError, match="404 Not Found"):
        published_files(8, tmp_path, base_url=record.url)


def test_names_in_addresses_are_quoted():
    assert file_url(7, "a b=1.zip") == "https://zenodo.org/records/7/files/a%20b%3D1.zip?download=1"
