"""MagnaTagATune, Speech Commands and DCASE 2017 come from a server on this machine to where build_dataset.py looks."""

import io
from dataclasses import replace
from hashlib import sha256
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
import soundfile
from archive_fixtures import locked_zip_bytes, tar_bytes, tree, zip_bytes
from audio_fixtures import noise
from http_fixtures import Site, serve
from samplecnn_fixtures import write_dcase, write_magnatagatune, write_speech_commands

from audiokit import cli
from audiokit.download import fetching
from audiokit.download.audio_datasets import read_catalogue
from audiokit.download.dataset_download import download_datasets
from audiokit.download.transfer import CHUNK
from audiokit.paths import ROOT
from exp_samplecnn import build_dataset
from exp_samplecnn.data.dcase import FOLDERS
from exp_samplecnn.data.segment_store import SegmentStore
from exp_samplecnn.tasks import TASKS

TAGGED = {"0/a-0-29.mp3": ["rock"], "c/b-0-29.mp3": ["loud"], "d/c-0-29.mp3": ["guitar", "rock"]}
SOUNDS = {
    "training": [(f"t{number}_0.000_10.000.wav", "Car") for number in range(6)],
    "testing": [("u_0.000_10.000.wav", "Bus")],
    "evaluation": [("e_0.000_10.000.wav", "Car"), ("e_0.000_10.000.wav", "Truck")],
}


def wav(seed, seconds, rate=22050):
    """A sound file, as bytes."""
    buffer = io.BytesIO()
    soundfile.write(buffer, noise(round(seconds * rate), seed=seed), rate, format="WAV")
    return buffer.getvalue()


class Hosts:
    """All hosts in one: sites by path, the catalogue with the checksums of what they have, and where it goes."""

    def __init__(self, folder):
        self.output = folder / "here"
        catalogue = read_catalogue(ROOT / "exp_samplecnn" / "audio_datasets.toml")
        write_magnatagatune(folder / "mtt", TAGGED, seconds=0)
        write_speech_commands(folder / "scd", n_clips=4)
        write_dcase(folder / "dcs", SOUNDS)
        self.mp3 = zip_bytes({name: wav(number, 3) for number, name in enumerate(TAGGED)})
        tar = tar_bytes({f"./{name}": data for name, data in tree(folder / "scd").items()})
        self.zips = {
            f"DCASE_2017_{name}_set_audio_files.zip": locked_zip_bytes(
                {
                    f"{FOLDERS[name]}/Y{file}": wav(number, 1, 4000)
                    for number, (file, _) in enumerate(dict(rows).items())
                },
                f"DCASE_2017_{name}_set",
            )
            for name, rows in SOUNDS.items()
        }
        third = len(self.mp3) // 3
        bodies = {
            "annotations_final.csv": (folder / "mtt" / "annotations_final.csv").read_bytes(),
            "mp3.zip.001": self.mp3[:third],
            "mp3.zip.002": self.mp3[third : 2 * third],
            "mp3.zip.003": self.mp3[2 * third :],
            "speech_commands_v0.02.tar.gz": tar,
            **tree(folder / "dcs"),
            **self.zips,
        }
        self.bodies = bodies
        self.sites = {}
        self.catalogue = {name: self._with_hosts(dataset) for name, dataset in catalogue.items()}

    def _with_hosts(self, dataset):
        files = []
        for file in dataset.files:
            for piece in file.pieces if file.url else ():
                self.sites[urlsplit(piece.url).path] = Site(self.bodies[piece.name])
            checksum = file.checksum and f"sha256:{sha256(self.bodies[file.name]).hexdigest()}"
            files.append(replace(file, checksum=checksum, size=file.size and len(self.bodies[file.name])))
        return replace(dataset, files=tuple(files))

    def site(self, part):
        """The site with `part` in its path."""
        (found,) = [site for path, site in self.sites.items() if part in path]
        return found

    def get(self, name, **options):
        """Download a dataset, and give what kept it from coming."""
        options = {"base_url": self.url, "catalogue": self.catalogue, "progress": False} | options
        return download_datasets([name], self.output, **options).failures.get(name, "")

    def put(self, *names):
        """Put files where people are told to put those that have no address."""
        downloads = self.output / "data" / "dcs" / "raw" / "downloads"
        downloads.mkdir(parents=True, exist_ok=True)
        for name in names:
            (downloads / name).write_bytes(self.bodies[name])

    def store(self, dataset):
        """The store that build_dataset.py makes of what came."""
        data = self.output / "data"
        assert cli.run(build_dataset.main, [dataset, "--data-dir", str(data), "--workers", "1"]) == 0
        return SegmentStore.open(data / dataset / "segments.h5", dataset)


@pytest.fixture
def hosts(tmp_path, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(fetching, "time", SimpleNamespace(sleep=lambda _: None))
    hosts = Hosts(tmp_path)
    with serve(hosts.sites) as hosts.url:
        yield hosts


def test_magnatagatune_comes_in_three_parts(hosts):
    assert hosts.get("MagnaTagATune") == ""
    raw = hosts.output / "data" / "mtt" / "raw"
    assert {"annotations_final.csv", *(f"mp3/{name}" for name in TAGGED)} <= set(tree(raw))
    assert sorted(path.name for path in (raw / "downloads").iterdir()) == ["annotations_final.csv.json", "mp3.zip.json"]
    assert hosts.store("mtt").names != []


def test_a_part_goes_on_where_its_connection_dropped(hosts):
    site = hosts.site("mp3.zip.002")
    assert len(site.body) > CHUNK
    site.drops = [CHUNK]
    assert hosts.get("MagnaTagATune") == ""
    assert site.asked == [None, f"bytes={CHUNK}-"]


def test_parts_that_are_here_are_not_fetched_again(hosts):
    last = hosts.site("mp3.zip.003")
    last.statuses = [404]
    assert "mp3.zip.003" in hosts.get("MagnaTagATune")
    assert hosts.get("MagnaTagATune") == ""
    assert [len(hosts.site(f"mp3.zip.00{part}").asked) for part in (1, 2, 3)] == [1, 1, 2]


def test_parts_of_which_one_is_another_file_are_refused(hosts):
    hosts.site("mp3.zip.002").body = bytes(len(hosts.site("mp3.zip.002").body))
    assert "mp3.zip is damaged" in hosts.get("MagnaTagATune")
    assert not (hosts.output / "data" / "mtt" / "raw" / "mp3").exists()


def test_speech_commands_keeps_its_folders(hosts):
    assert hosts.get("SpeechCommands") == ""
    raw = hosts.output / "data" / "scd" / "raw"
    assert {"no/s0_nohash_0.wav", "testing_list.txt", "validation_list.txt"} <= set(tree(raw))
    assert hosts.store("scd").task.labels == ("no", "yes")


def test_speech_commands_is_checked(hosts):
    hosts.site("speech_commands").body += b"more"
    assert "is not the file expected" in hosts.get("SpeechCommands")


def test_what_dcase_hands_out_by_itself_is_asked_for_in_one_line(hosts):
    failure = hosts.get("DCASE2017-task4")
    assert failure.startswith(
        "groundtruth_weak_label_evaluation_set.csv, DCASE_2017_testing_set_audio_files.zip, "
        "DCASE_2017_training_set_audio_files.zip have no address that is known here: get them from https://github.com/"
    )
    assert f"put them into {hosts.output}/data/dcs/raw/downloads, and run again" in failure
    raw = hosts.output / "data" / "dcs" / "raw"
    assert (raw / FOLDERS["evaluation"] / "Ye_0.000_10.000.wav").is_file()


def test_dcase_s_archives_are_opened_by_their_published_passwords(hosts):
    hosts.put("groundtruth_weak_label_evaluation_set.csv", *(name for name in hosts.zips if "eval" not in name))
    assert hosts.get("DCASE2017-task4") == ""
    store = hosts.store("dcs")
    assert set(store.splits) == {"train", "val", "test"}
    heard = store.targets[store.names.index("e_0.000_10.000.wav")]
    assert [TASKS["dcs"].labels[number] for number in heard.nonzero()[0]] == ["Car", "Truck"]
    for site in hosts.sites.values():
        site.asked.clear()
    assert hosts.get("DCASE2017-task4") == ""
    assert not any(site.asked for site in hosts.sites.values())


def test_an_archive_with_another_password_is_refused_and_stays(hosts):
    name = "DCASE_2017_training_set_audio_files.zip"
    hosts.bodies[name] = locked_zip_bytes({"a.wav": wav(0, 0.1)}, "something else")
    hosts.put(name)
    assert f"{name} has another password than the one that is published" in hosts.get("DCASE2017-task4")
    assert (hosts.output / "data" / "dcs" / "raw" / "downloads" / name).is_file()
