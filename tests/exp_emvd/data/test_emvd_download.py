"""EMVD comes from a record of which only the record knows the files, and goes where the experiments look."""

import json
from hashlib import md5
from types import SimpleNamespace

import pytest
from archive_fixtures import tar_bytes, tree
from http_fixtures import Site, serve

from audiokit.download import fetching
from audiokit.download.audio_datasets import read_catalogue, select
from audiokit.download.dataset_download import describe, download_datasets
from exp_emvd.places import AUDIO, FILES, FOLDER

RECORDS = "/records/8406322/files/"
LIST = "/api/records/8406322"
CATALOGUE = {"EMVD": read_catalogue()["EMVD"]}
SINGING = {"EMVD/audio/Singer1_a.wav": b"RIFF1", "EMVD/audio/Singer2_b.wav": b"RIFF2"}
TABLES = {"somewhere/metadata_files.csv": b"a", "metadata_singers.csv": b"b"}
ARCHIVES = {
    "EMVD_audio.tar.xz": tar_bytes(SINGING, compression="xz"),
    "EMVD_metadata.tar.xz": tar_bytes(TABLES, compression="xz"),
    "licence.txt": b"see there",
}
LAID_OUT = {
    "audio/Singer1_a.wav": b"RIFF1",
    "audio/Singer2_b.wav": b"RIFF2",
    "metadata_files.csv": b"a",
    "metadata_singers.csv": b"b",
    "licence.txt": b"see there",
}


def listed(files):
    return [
        {"key": name, "size": len(data), "checksum": f"md5:{md5(data, usedforsecurity=False).hexdigest()}"}
        for name, data in files.items()
    ]


@pytest.fixture
def mirror(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(fetching, "time", SimpleNamespace(sleep=lambda _: None))
    sites = {f"{RECORDS}{name}": Site(data) for name, data in ARCHIVES.items()}
    sites[LIST] = Site(json.dumps({"files": listed(ARCHIVES)}).encode())
    with serve(sites) as url:
        yield SimpleNamespace(url=url, sites=sites)


def get(mirror, output, **options):
    options = {"base_url": mirror.url, "catalogue": CATALOGUE, "progress": False} | options
    return download_datasets(["emvd"], output, **options)


def files(output):
    return {name: data for name, data in tree(output / "EMVD").items() if not name.startswith("downloads/")}


def test_all_that_the_record_lists_arrives_where_the_experiments_look(mirror, tmp_path):
    assert get(mirror, tmp_path).ready == ["EMVD"]
    assert files(tmp_path) == LAID_OUT
    assert AUDIO.relative_to(FOLDER.parent).as_posix() == "EMVD/audio"
    assert FILES.relative_to(FOLDER.parent).as_posix() == "EMVD/metadata_files.csv"


def test_a_second_run_asks_nobody(mirror, tmp_path):
    get(mirror, tmp_path)
    report = get(mirror, tmp_path, base_url="http://127.0.0.1:1")
    assert (report.ready, report.failures) == (["EMVD"], {})


def test_a_second_run_mends_what_is_missing_and_no_more(mirror, tmp_path):
    get(mirror, tmp_path)
    for site in mirror.sites.values():
        site.asked.clear()
    (tmp_path / "EMVD" / "metadata_files.csv").unlink()
    get(mirror, tmp_path)
    assert [path for path, site in mirror.sites.items() if site.asked] == [f"{RECORDS}EMVD_metadata.tar.xz"]
    assert files(tmp_path) == LAID_OUT


def test_what_is_here_is_told_before_and_after(mirror, tmp_path):
    def state():
        return describe(CATALOGUE.values(), tmp_path).splitlines()[1].split()[1]

    assert state() == "no"
    get(mirror, tmp_path)
    assert state() == "yes"
    (tmp_path / "EMVD" / "licence.txt").unlink()
    assert "2 of 3 files" in describe(CATALOGUE.values(), tmp_path)


def test_without_the_list_nothing_is_downloaded(mirror, tmp_path):
    del mirror.sites[LIST]
    assert "8406322: the server answered 404" in get(mirror, tmp_path).failures["EMVD"]
    assert files(tmp_path) == {}


@pytest.mark.parametrize("name", ["../evil.txt", "/etc/evil", "a\\b.txt", ".hidden"])
def test_a_name_that_leads_elsewhere_is_refused(mirror, tmp_path, name):
    mirror.sites[LIST].body = json.dumps({"files": listed({name: b"evil"})}).encode()
    assert "which is no name of a file" in get(mirror, tmp_path / "inner").failures["EMVD"]
    assert not list(tmp_path.rglob("*evil*"))


def test_an_archive_that_leads_elsewhere_is_refused_and_deleted(mirror, tmp_path):
    evil = tar_bytes({"../../evil.wav": b"evil"}, compression="xz")
    mirror.sites[f"{RECORDS}EMVD_audio.tar.xz"].body = evil
    mirror.sites[LIST].body = json.dumps({"files": listed(ARCHIVES | {"EMVD_audio.tar.xz": evil})}).encode()
    assert "would lie outside of its folder" in get(mirror, tmp_path / "inner").failures["EMVD"]
    assert not list(tmp_path.rglob("evil*"))


def test_it_is_not_downloaded_unless_it_is_named():
    assert "EMVD" not in [dataset.name for dataset in select(None, read_catalogue())]
