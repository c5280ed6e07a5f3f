"""Datasets downloaded from a mirror on this machine, which misbehaves, and laid out."""

import csv
import functools
import io
import itertools
import json
import runpy
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from hashlib import md5
from types import SimpleNamespace

import pytest
import soundfile
from archive_fixtures import tar_bytes, tree, zip_bytes
from audio_fixtures import noise
from http_fixtures import Site, serve

from audiokit.download import archives, audio_datasets, dataset_download, local_dataset
from audiokit.download import fetching as download
from audiokit.download.audio_datasets import read_catalogue
from audiokit.download.dataset_download import describe, download_datasets
from audiokit.download.local_dataset import LocalDataset
from audiokit.download.transfer import CHUNK
from audiokit.errors import UserError
from audiokit.paths import ROOT
from spectral_transcoder.datasets.dataset_split import find_audio_dataset, tau_sources

TAU = "TAU-urban-acoustic-scenes-2020-mobile-development"
CATALOGUE = f"""
[TAU]
folder = "{TAU}"
about = "scenes"
record = 1
inner = "{TAU}"
unpacked = 600_000
default = true
files = [
    {{{{ file = "tau.audio.1.zip", checksum = "{{tau1}}" }}}},
    {{{{ file = "tau.audio.2.zip", checksum = "{{tau2}}" }}}},
    {{{{ file = "tau.meta.zip", checksum = "{{meta}}" }}}},
]

[URBAN-SOUND-8K]
folder = "URBAN-SOUND-8K"
about = "clips"
record = 2
inner = "UrbanSound8K"
unpacked = 400_000
default = true
files = [{{{{ file = "UrbanSound8K.tar.gz", checksum = "{{urban}}" }}}}]
durations = {{{{ table = "metadata/UrbanSound8K.csv", name_column = "slice_file_name", output = "metadata/new.csv" }}}}

[SONYC-UST]
folder = "SONYC-UST"
about = "New York"
record = 3
unpacked = 100_000
default = true
files = [ {{{{ file = "annotations.csv" }}}}, {{{{ file = "audio-0.tar.gz" }}}}, {{{{ file = "audio-1.tar.gz" }}}} ]

[ESC-50]
folder = "ESC-50"
about = "noises"
inner = "ESC-50-master"
unpacked = 200_000
[[ESC-50.files]]
file = "ESC-50-master.zip"
url = "https://github.com/karolpiczak/ESC-50/archive/master.zip"
recordings = 2
holds = ["meta/esc50.csv"]
"""
URBAN_TABLE = "slice_file_name,fold,class\n7-1-0-0.wav,1,car_horn\n8-6-1-0.wav,10,gun_shot\n"


def wav(seed, n_samples=40_000, rate=44100):
    """A sound file, as bytes."""
    buffer = io.BytesIO()
    soundfile.write(buffer, noise(n_samples, seed=seed), rate, format="WAV", subtype="PCM_24")
    return buffer.getvalue()


@functools.cache
def archives_of_the_mirror():
    def scene(name, city):
        return f"audio/{name}-{city}-0-0-a.wav"

    train = f"filename\tscene_label\n{scene('airport', 'lyon')}\tairport\n"
    evaluate = f"filename\tscene_label\n{scene('park', 'milan')}\tpark\n"
    urban = {
        "UrbanSound8K/audio/fold1/7-1-0-0.wav": wav(3, 44100),
        "UrbanSound8K/audio/fold10/8-6-1-0.wav": wav(4, 7001, 22050),
        "UrbanSound8K/audio/fold10/.DS_Store": b"?",
        "UrbanSound8K/metadata/UrbanSound8K.csv": URBAN_TABLE.encode(),
        "UrbanSound8K/FREESOUNDCREDITS.txt": b"thanks",
    }
    return {
        "/records/1/files/tau.audio.1.zip": zip_bytes({f"{TAU}/{scene('airport', 'lyon')}": wav(1)}),
        "/records/1/files/tau.audio.2.zip": zip_bytes({f"{TAU}/{scene('park', 'milan')}": wav(2)}),
        "/records/1/files/tau.meta.zip": zip_bytes(
            {f"{TAU}/evaluation_setup/fold1_train.csv": train, f"{TAU}/evaluation_setup/fold1_evaluate.csv": evaluate}
        ),
        "/records/2/files/UrbanSound8K.tar.gz": tar_bytes(urban),
        "/records/3/files/annotations.csv": b"split,audio_filename\ntrain,00_0.wav\ntest,01_0.wav\n",
        "/records/3/files/audio-0.tar.gz": tar_bytes({"audio-0/00_0.wav": wav(5, 4800)}),
        "/records/3/files/audio-1.tar.gz": tar_bytes({"audio-1/01_0.wav": wav(6, 4800)}),
        "/karolpiczak/ESC-50/archive/master.zip": zip_bytes(
            {
                "ESC-50-master/audio/1-1-A-0.wav": wav(7),
                "ESC-50-master/audio/2-2-A-1.wav": wav(8),
                "ESC-50-master/meta/esc50.csv": b"filename,fold\n",
                "ESC-50-master/.gitignore": b"*.pyc",
            }
        ),
    }


LAID_OUT = {
    TAU: {
        "audio/airport-lyon-0-0-a.wav",
        "audio/park-milan-0-0-a.wav",
        "evaluation_setup/fold1_train.csv",
        "evaluation_setup/fold1_evaluate.csv",
    },
    "URBAN-SOUND-8K": {
        "audio/7-1-0-0.wav",
        "audio/8-6-1-0.wav",
        "metadata/UrbanSound8K.csv",
        "metadata/new.csv",
        "FREESOUNDCREDITS.txt",
    },
    "SONYC-UST": {"audio/00_0.wav", "audio/01_0.wav", "annotations.csv"},
}


def checksum(data):
    return f"md5:{md5(data, usedforsecurity=False).hexdigest()}"


class Mirror:
    """The sites of a mirror by path, its address, the catalogue of what it has, and where it goes."""

    def __init__(self, output):
        self.output = output
        self.sites = {path: Site(data) for path, data in archives_of_the_mirror().items()}
        for record in (1, 2, 3):
            self.sites[f"/api/records/{record}"] = Site(json.dumps({"files": self._files(record)}).encode())
        zips = {key: self.site(name).body for key, name in (("tau1", "audio.1"), ("tau2", "audio.2"), ("meta", "meta"))}
        sums = {key: checksum(data) for key, data in (zips | {"urban": self.site("Urban").body}).items()}
        self.toml = CATALOGUE.format(**sums)
        self.catalogue = self.read(self.toml)

    def read(self, toml):
        path = self.output.parent / "catalogue.toml"
        path.write_text(toml)
        return read_catalogue(path)

    def _files(self, record):
        start = f"/records/{record}/files/"
        return [
            {"key": path.removeprefix(start), "size": len(site.body), "checksum": checksum(site.body)}
            for path, site in self.sites.items()
            if path.startswith(start)
        ]

    def site(self, part):
        """The site with `part` in its path."""
        (found,) = [site for path, site in self.sites.items() if part in path]
        return found

    def get(self, *names, **options):
        options = {"base_url": self.url, "catalogue": self.catalogue, "progress": False} | options
        return download_datasets(names or None, self.output, **options)

    def asked(self):
        """Paths of the requests since the last call."""
        paths = [path for path, site in self.sites.items() for _ in site.asked]
        for site in self.sites.values():
            site.asked.clear()
        return paths

    def files(self, folder):
        """Names of the files of a dataset, without those about the download."""
        return {name for name in tree(self.output / folder) if not name.startswith("downloads/")}

    def downloads(self, folder):
        """Names of archives and of unfinished files."""
        names = {path.name for path in (self.output / folder / "downloads").rglob("*") if path.is_file()}
        return {name for name in names if not name.endswith(".json")}

    def is_complete(self):
        return all(self.files(folder) == names for folder, names in LAID_OUT.items())


@pytest.fixture
def mirror(tmp_path, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(download, "time", SimpleNamespace(sleep=lambda _: None))
    mirror = Mirror(tmp_path / "sets")
    with serve(mirror.sites) as mirror.url:
        yield mirror


def test_the_default_datasets_arrive_as_the_experiments_expect_them(mirror):
    report = mirror.get()
    assert report.failures == {}
    assert report.ready == ["TAU", "URBAN-SOUND-8K", "SONYC-UST"]
    assert mirror.is_complete()
    assert sorted(path.name for path in mirror.output.iterdir()) == sorted(LAID_OUT)
    assert tree(mirror.output / "SONYC-UST")["audio/01_0.wav"] == wav(6, 4800)


def test_the_training_experiment_finds_its_recordings(mirror):
    mirror.get("TAU")
    dataset = find_audio_dataset(mirror.output, TAU)
    assert dataset.is_tau
    assert [source.path.is_file() for source in tau_sources(dataset.folder)] == [True, True]


def test_durations_are_measured(mirror):
    mirror.get("URBAN-SOUND-8K")
    with (mirror.output / "URBAN-SOUND-8K" / "metadata" / "new.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["slice_file_name"], row["fold"]) for row in rows] == [("7-1-0-0.wav", "1"), ("8-6-1-0.wav", "10")]
    assert [float(row["duration"]) for row in rows] == [1.0, 7001 / 22050]


def test_a_second_run_asks_nobody_and_changes_nothing(mirror):
    mirror.get("TAU", "URBAN-SOUND-8K", "SONYC-UST", "ESC-50")
    before = {path: path.stat().st_mtime_ns for path in mirror.output.rglob("*") if path.is_file()}
    mirror.asked()
    report = mirror.get("TAU", "URBAN-SOUND-8K", "SONYC-UST", "ESC-50", base_url="http://127.0.0.1:1")
    assert len(report.ready) == 4
    assert mirror.asked() == []
    assert {path: path.stat().st_mtime_ns for path in mirror.output.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("damage", ["gone", "cut"])
def test_a_second_run_mends_what_is_damaged_and_no_more(mirror, damage):
    mirror.get()
    mirror.asked()
    path = mirror.output / TAU / "audio" / "park-milan-0-0-a.wav"
    whole = path.read_bytes()
    path.unlink() if damage == "gone" else path.write_bytes(whole[:100])
    assert mirror.get().failures == {}
    assert path.read_bytes() == whole
    assert mirror.asked() == ["/records/1/files/tau.audio.2.zip"]


def test_durations_are_measured_anew_after_mending(mirror):
    mirror.get()
    table = mirror.output / "URBAN-SOUND-8K" / "metadata" / "new.csv"
    whole = table.read_bytes()
    table.write_bytes(b"old")
    (mirror.output / "URBAN-SOUND-8K" / "audio" / "7-1-0-0.wav").unlink()
    mirror.get()
    assert table.read_bytes() == whole


def test_archives_are_deleted_once_they_are_unpacked(mirror):
    mirror.get()
    assert [mirror.downloads(folder) for folder in LAID_OUT] == [set()] * 3


def test_archives_are_kept_where_that_is_wanted(mirror):
    mirror.get("TAU", keep_archives=True)
    kept = {"tau.audio.1.zip", "tau.audio.2.zip", "tau.meta.zip"}
    assert mirror.downloads(TAU) == kept
    mirror.asked()
    (mirror.output / TAU / "audio" / "park-milan-0-0-a.wav").unlink()
    mirror.get("TAU", keep_archives=True)
    mirror.get("TAU")  # which deletes nothing that was to be kept
    assert mirror.asked() == []
    assert mirror.downloads(TAU) == kept
    assert mirror.files(TAU) == LAID_OUT[TAU]


def test_archives_that_somebody_put_there_are_checked_and_unpacked(mirror):
    downloads = mirror.output / TAU / "downloads"
    downloads.mkdir(parents=True)
    for part in ("tau.audio.1.zip", "tau.audio.2.zip", "tau.meta.zip"):
        (downloads / part).write_bytes(mirror.site(part).body)
    (downloads / "tau.audio.2.zip").write_bytes(b"something else")
    assert mirror.get("TAU").failures == {}
    assert set(mirror.asked()) == {"/api/records/1", "/records/1/files/tau.audio.2.zip"}
    assert mirror.files(TAU) == LAID_OUT[TAU]


def test_dropped_connections_are_resumed(mirror):
    site = mirror.site("Urban")
    site.drops = [CHUNK, CHUNK]
    assert mirror.get("URBAN-SOUND-8K").failures == {}
    assert site.asked == [None, f"bytes={CHUNK}-", f"bytes={2 * CHUNK}-"]


def test_a_server_without_ranges_is_asked_for_all_again(mirror):
    site = mirror.site("Urban")
    site.takes_ranges, site.drops = False, [CHUNK]
    assert mirror.get("URBAN-SOUND-8K").failures == {}
    assert site.sent == [CHUNK, len(site.body)]


def test_redirections_are_followed(mirror):
    mirror.sites["/elsewhere"] = Site(mirror.site("Urban").body)
    mirror.site("Urban").moved_to = "/elsewhere"
    assert mirror.get("URBAN-SOUND-8K").failures == {}
    assert mirror.files("URBAN-SOUND-8K") == LAID_OUT["URBAN-SOUND-8K"]


def test_wrong_bytes_are_said_and_the_other_datasets_go_on(mirror):
    site = mirror.site("audio-1.tar.gz")
    right, site.body = site.body, bytes(reversed(site.body))
    report = mirror.get("SONYC-UST", "TAU")
    assert report.ready == ["TAU"]
    assert list(report.failures) == ["SONYC-UST"]
    assert "audio-1.tar.gz?download=1 is not the file expected" in report.failures["SONYC-UST"]
    assert mirror.downloads("SONYC-UST") == set()
    mirror.asked()
    site.body = right
    assert mirror.get("SONYC-UST").failures == {}
    assert mirror.asked() == ["/records/3/files/audio-1.tar.gz"]
    assert mirror.files("SONYC-UST") == LAID_OUT["SONYC-UST"]


def test_without_the_record_the_published_checksums_of_the_catalogue_serve(mirror):
    del mirror.sites["/api/records/1"]
    assert mirror.get("TAU").failures == {}
    site = mirror.site("Urban")
    del mirror.sites["/api/records/2"]
    site.body = site.body + b"more"
    assert "is not the file expected" in mirror.get("URBAN-SOUND-8K").failures["URBAN-SOUND-8K"]


def test_without_any_checksum_nothing_is_downloaded(mirror):
    del mirror.sites["/api/records/3"]
    assert "/api/records/3: the server answered 404" in mirror.get("SONYC-UST").failures["SONYC-UST"]
    assert mirror.asked() == []


def test_a_record_that_contradicts_the_catalogue_is_not_trusted(mirror):
    record = mirror.sites["/api/records/2"]
    record.body = record.body.replace(checksum(mirror.site("Urban").body).encode(), f"md5:{'0' * 32}".encode())
    assert "lists md5:0000" in mirror.get("URBAN-SOUND-8K").failures["URBAN-SOUND-8K"]
    assert mirror.asked() == ["/api/records/2"]


def test_a_record_that_lacks_a_file_is_said(mirror):
    mirror.sites["/api/records/3"].body = mirror.sites["/api/records/2"].body
    assert "lists no such file" in mirror.get("SONYC-UST").failures["SONYC-UST"]


def test_esc_50_comes_without_length_ranges_or_checksum(mirror):
    site = mirror.site("master.zip")
    site.tells_length, site.takes_ranges = False, False
    assert mirror.get("ESC-50").failures == {}
    assert mirror.files("ESC-50") == {"audio/1-1-A-0.wav", "audio/2-2-A-1.wav", "meta/esc50.csv"}


def test_esc_50_cut_short_is_deleted_and_downloaded_anew(mirror):
    site = mirror.site("master.zip")
    site.tells_length, site.drops = False, [len(site.body) // 2]
    assert "ESC-50-master.zip is damaged" in mirror.get("ESC-50").failures["ESC-50"]
    assert mirror.downloads("ESC-50") == set()
    assert mirror.get("ESC-50").failures == {}


@pytest.mark.parametrize(
    ("lacking", "said"),
    [("2-2-A-1.wav", "holds 1 recordings in place of 2"), ("meta/esc50.csv", "holds no meta/esc50.csv")],
)
def test_esc_50_must_hold_what_is_expected(mirror, lacking, said):
    files = {"audio/1-1-A-0.wav": wav(7), "audio/2-2-A-1.wav": wav(8), "meta/esc50.csv": b"filename,fold\n"}
    chosen = {f"ESC-50-master/{name}": data for name, data in files.items() if lacking not in name}
    mirror.site("master.zip").body = zip_bytes(chosen)
    assert said in mirror.get("ESC-50").failures["ESC-50"]
    assert tree(mirror.output / "ESC-50") == {}


def test_an_evil_archive_leaves_nothing(mirror, tmp_path):
    mirror.site("master.zip").body = zip_bytes({"ESC-50-master/README": b"good", "../../../evil.txt": b"evil"})
    assert "would lie outside of its folder" in mirror.get("ESC-50").failures["ESC-50"]
    assert tree(mirror.output / "ESC-50") == {}
    assert not list(tmp_path.rglob("evil.txt"))


def no_room(monkeypatch, free):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**12, 10**12 - free, free))


def test_a_disk_without_room_is_said_before_anything_begins(mirror, monkeypatch):
    no_room(monkeypatch, 10**6)
    with pytest.raises(UserError, match=r"about 0\.0 GB are still to come to .*, where 0\.0 GB are free: make room"):
        mirror.get()
    assert not [path for path in mirror.asked() if "/files/" in path]


def test_the_room_is_for_the_recordings_and_the_largest_archive(mirror, monkeypatch):
    sizes = [len(mirror.site(name).body) for name in ("audio.1", "audio.2", "meta")]
    no_room(monkeypatch, 600_000 + max(sizes) - 1)
    with pytest.raises(UserError, match="make room"):
        mirror.get("TAU")
    no_room(monkeypatch, 600_000 + sum(sizes) - 1)
    with pytest.raises(UserError, match="make room"):
        mirror.get("TAU", keep_archives=True)
    no_room(monkeypatch, 600_000 + max(sizes))
    assert mirror.get("TAU").failures == {}
    no_room(monkeypatch, 0)
    assert mirror.get("TAU").failures == {}


def test_what_is_begun_needs_less_room(mirror):
    def needs():
        dataset = LocalDataset(mirror.catalogue["TAU"], mirror.output, base_url=mirror.url)
        dataset.ask_record()
        return dataset.bytes_to_unpack(), sum(dataset.bytes_to_download())

    unpacked, packed = needs()
    mirror.site("audio.2").drops = [CHUNK] + [0] * 9
    assert mirror.get("TAU").failures
    recording = len(wav(1))
    assert needs() == (unpacked - recording, packed - len(mirror.site("audio.1").body) - CHUNK)
    unfinished = mirror.output / TAU / "downloads" / "tau.audio.2.zip.files.part" / "audio" / "a.wav"
    unfinished.parent.mkdir(parents=True)
    unfinished.write_bytes(bytes(1000))
    assert needs()[0] == unpacked - recording - 1000


def test_a_disk_that_fills_up_ends_everything_and_loses_nothing(mirror, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(local_dataset, "unpack", full)
        with pytest.raises(OSError, match="No space left"):
            mirror.get()
    mirror.asked()
    assert mirror.get().failures == {}
    assert "/records/1/files/tau.audio.1.zip" not in mirror.asked()


def test_a_folder_that_cannot_be_written_to_is_said(mirror):
    (mirror.output / "URBAN-SOUND-8K").mkdir(parents=True)
    (mirror.output / "URBAN-SOUND-8K" / "audio").write_text("a file")
    failure = mirror.get("URBAN-SOUND-8K").failures["URBAN-SOUND-8K"]
    assert failure.startswith(f"cannot write {mirror.output / 'URBAN-SOUND-8K' / 'audio'}")


def interrupt(*_, **__):
    raise KeyboardInterrupt


STEPS = [
    (local_dataset, "published_files", 0),
    (local_dataset, "published_files", 2),
    (local_dataset, "fetch", 0),
    (local_dataset, "fetch", 4),
    (local_dataset, "unpack", 0),
    (local_dataset, "unpack", 3),
    (archives, "write_whole", 1),
    (archives, "write_whole", 5),
    (local_dataset, "move_files", 0),
    (local_dataset, "move_files", 3),
    (local_dataset, "Manifest", 0),
    (local_dataset, "Manifest", 4),
    (local_dataset, "add_durations", 0),
]
"""Module, what it calls, and how many of the calls go well."""


def test_two_at_once_bring_and_unpack_everything_once(mirror):
    with ThreadPoolExecutor(2) as pool:
        reports = list(pool.map(lambda _: mirror.get(), range(2)))
    assert [report.failures for report in reports] == [{}, {}]
    assert mirror.is_complete()
    assert [mirror.downloads(folder) for folder in LAID_OUT] == [set()] * 3


@pytest.mark.parametrize(("module", "name", "calls"), STEPS)
def test_whatever_step_is_interrupted_the_next_run_completes(mirror, monkeypatch, module, name, calls):
    steps = itertools.chain([getattr(module, name)] * calls, itertools.repeat(interrupt))
    with monkeypatch.context() as patch:
        patch.setattr(module, name, lambda *arguments, **options: next(steps)(*arguments, **options))
        with pytest.raises(KeyboardInterrupt):
            mirror.get()
    assert mirror.get().failures == {}
    assert mirror.is_complete()
    assert [mirror.downloads(folder) for folder in LAID_OUT] == [set()] * 3


def test_an_archive_that_a_killed_run_had_no_time_to_delete_is_deleted(mirror):
    mirror.get("TAU")
    left = mirror.output / TAU / "downloads" / "tau.meta.zip"
    left.write_bytes(mirror.site("meta").body)
    mirror.get("TAU")
    assert not left.exists()


RUN = """
import sys
from audiokit.download.audio_datasets import read_catalogue
from audiokit.download.dataset_download import download_datasets
download_datasets(["URBAN-SOUND-8K"], sys.argv[1], base_url=sys.argv[2], catalogue=read_catalogue(sys.argv[3]))
"""


def test_a_killed_process_is_resumed_in_the_middle_of_a_file(mirror):
    site = mirror.site("Urban")
    site.drops, site.stalls = [2 * CHUNK], [0, 5]
    catalogue = mirror.output.parent / "catalogue.toml"
    killed = subprocess.Popen([sys.executable, "-c", RUN, str(mirror.output), mirror.url, str(catalogue)], cwd=ROOT)
    deadline = time.monotonic() + 300
    while len(site.asked) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    killed.send_signal(signal.SIGKILL)
    assert killed.wait() == -signal.SIGKILL
    site.asked.clear()
    site.stalls.clear()
    assert mirror.get("URBAN-SOUND-8K").failures == {}
    assert site.asked == [f"bytes={2 * CHUNK}-"]
    assert mirror.files("URBAN-SOUND-8K") == LAID_OUT["URBAN-SOUND-8K"]


class Bar:
    """What a bar shows, without a terminal."""

    def __init__(self, name, total, **_):
        self.name, self.total, self.n, self.shown = name, total, 0, []
        bars.append(self)

    def update(self, more):
        self.n += more
        self.shown.append(self.n)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


bars = []


def test_progress_is_shown_over_all_and_of_each_file(mirror, monkeypatch):
    bars.clear()
    for module in (dataset_download, local_dataset):
        monkeypatch.setattr(module, "byte_bar", Bar)
    mirror.site("Urban").drops = [CHUNK]
    mirror.get()
    everything, *unpacking = bars
    assert everything.name == "all"
    assert everything.total == everything.n == sum(len(s.body) for p, s in mirror.sites.items() if "/files/" in p)
    assert everything.shown == sorted(everything.shown)
    assert [bar.name for bar in unpacking][:2] == ["unpacking tau.audio.1.zip", "unpacking tau.audio.2.zip"]
    assert all(0 < bar.n <= bar.total for bar in unpacking)


def test_an_unknown_name_is_refused_before_anything_is_made(mirror):
    with pytest.raises(UserError, match="there is no dataset 'ESC'"):
        mirror.get("ESC")
    assert not mirror.output.exists()


def test_the_table_tells_what_is_here(mirror):
    mirror.get("SONYC-UST")
    (mirror.output / "SONYC-UST" / "annotations.csv").unlink()
    mirror.get("URBAN-SOUND-8K")
    header, tau, urban, sonyc, esc = describe(mirror.catalogue.values(), mirror.output).splitlines()
    assert header.split() == ["name", "default", "here", "GB", "goes", "to", "about"]
    assert tau.split()[:3] == ["TAU", "yes", "no"]
    assert urban.split()[:3] == ["URBAN-SOUND-8K", "yes", "yes"]
    assert "2 of 3 files" in sonyc
    assert esc.split()[:2] == ["ESC-50", "no"]


@pytest.fixture
def script(mirror, monkeypatch):
    """Run the script with the mirror and its catalogue; gives its status."""
    monkeypatch.setattr(audio_datasets, "read_catalogue", lambda: mirror.catalogue)
    monkeypatch.setattr(dataset_download, "read_catalogue", lambda: mirror.catalogue)

    def run(*arguments):
        names = runpy.run_path(str(ROOT / "download_datasets.py"))
        return names["cli"].run(names["main"], ["--output", str(mirror.output), "--base_url", mirror.url, *arguments])

    return run


@pytest.mark.parametrize("names", [["-l", "TAU,ESC-50"], ["--list", "TAU", "ESC-50"], ["-l", "tau, esc-50"]], ids=str)
def test_the_script_takes_names_with_commas_or_blanks(mirror, script, capsys, names):
    assert script(*names) == 0
    assert capsys.readouterr().out == f"in {mirror.output}: TAU, ESC-50\n"
    assert sorted(path.name for path in mirror.output.iterdir()) == ["ESC-50", TAU]


def test_the_script_downloads_the_default_datasets(mirror, script):
    assert script() == 0
    assert mirror.is_complete()


def test_the_script_lists_without_downloading(mirror, script, capsys):
    assert script("--list") == 0
    assert len(capsys.readouterr().out.splitlines()) == 1 + 4
    assert mirror.asked() == []
    assert not mirror.output.exists()


def test_the_script_keeps_archives(mirror, script):
    assert script("--keep_archives", "-l", "ESC-50") == 0
    assert mirror.downloads("ESC-50") == {"ESC-50-master.zip"}


def test_the_script_ends_with_1_and_one_line_when_a_dataset_failed(mirror, script, capsys):
    del mirror.sites["/records/3/files/audio-1.tar.gz"]
    assert script() == 1
    out, err = capsys.readouterr()
    assert out == f"in {mirror.output}: TAU, URBAN-SOUND-8K\n"
    assert err.startswith("failed: SONYC-UST: cannot fetch ")
    assert err.count("\n") == 1


def test_the_script_says_in_one_line_that_there_is_no_room(script, capsys, monkeypatch):
    no_room(monkeypatch, 1000)
    assert script() == 1
    assert capsys.readouterr().err.startswith("error: about 0.0 GB are still to come")


def test_the_script_can_be_interrupted(script, capsys, monkeypatch):
    monkeypatch.setattr(local_dataset, "unpack", interrupt)
    assert script() == 130
    assert "run the same command again to go on" in capsys.readouterr().err
