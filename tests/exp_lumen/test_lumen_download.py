"""IRMAS and OpenMIC are laid out as `irmastrain:`, `irmastest:` and `openmic:` take them."""

import io
from dataclasses import replace
from hashlib import md5
from types import SimpleNamespace

import pytest
import soundfile
from archive_fixtures import tar_bytes, zip_bytes
from http_fixtures import Site, serve
from lumen_fixtures import RATE, sound

from audiokit.download import audio_datasets, fetching
from audiokit.download.audio_datasets import read_catalogue
from audiokit.download.dataset_download import download_datasets
from audiokit.paths import ROOT
from exp_lumen.data.sources import labelled_clips
from exp_lumen.instruments import CODES


def recording(code, kind):
    stream = io.BytesIO()
    soundfile.write(stream, sound(code), RATE, format=kind)
    return stream.getvalue()


ARCHIVES = {
    ("IRMAS", "IRMAS-TrainingData.zip"): zip_bytes(
        {
            "IRMAS-TrainingData/README.txt": b"thanks",
            "IRMAS-TrainingData/cla/[cla][cla]0150__1.wav": recording("cla", "wav"),
            "IRMAS-TrainingData/voi/[voi][dru][pop_roc]1035__3.wav": recording("voi", "wav"),
        }
    ),
    ("IRMAS", "IRMAS-TestingData-Part1.zip"): zip_bytes(
        {
            "IRMAS-TestingData-Part1/Part1/01. Flight Time-23.wav": recording("sax", "wav"),
            "IRMAS-TestingData-Part1/Part1/01. Flight Time-23.txt": b"sax\t\r\npia\t\r\n",
        }
    ),
    ("IRMAS", "IRMAS-TestingData-Part2.zip"): zip_bytes(
        {
            "IRMAS-TestingData-Part2/IRTestingData-Part2/Go With the Flow-6.wav": recording("gel", "wav"),
            "IRMAS-TestingData-Part2/IRTestingData-Part2/Go With the Flow-6.txt": b"gel\t\n",
        }
    ),
    ("OpenMIC", "openmic-2018-v1.0.0.tgz"): tar_bytes(
        {
            "openmic-2018/audio/000/000046_3840.ogg": recording("flu", "ogg"),
            "openmic-2018/partitions/split01_train.csv": b"000046_3840\n",
            "openmic-2018/partitions/split01_test.csv": b"",
            "openmic-2018/openmic-2018-aggregated-labels.csv": (
                b"sample_key,instrument,relevance,num_responses\n"
                b"000046_3840,clarinet,0.17105,3\n000046_3840,flute,0.9,3\n"
            ),
        }
    ),
}


@pytest.fixture
def mirror(monkeypatch):
    """Both records in small, and a catalogue with their checksums."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(fetching, "time", SimpleNamespace(sleep=lambda _: None))
    catalogue = read_catalogue(ROOT / "exp_lumen" / "audio_datasets.toml")
    sites = {}
    for name, dataset in list(catalogue.items()):
        files = []
        for file in dataset.files:
            content = ARCHIVES.get((name, file.name))
            if content is not None:
                digest = f"md5:{md5(content, usedforsecurity=False).hexdigest()}"
                files.append(replace(file, checksum=digest))
                sites[f"/records/{dataset.record}/files/{file.name}"] = Site(content)
        catalogue[name] = replace(dataset, files=tuple(files))
    with serve(sites) as url:
        yield {"base_url": url, "catalogue": catalogue, "progress": False}


def labels(text):
    clips = labelled_clips([text], option="--train-paths")
    return {
        clip.path.name: sorted(code for code, label in zip(CODES, clip.labels, strict=True) if label) for clip in clips
    }


def test_irmas_arrives_as_training_and_testing_take_it(mirror, tmp_path):
    assert download_datasets(["irmas"], tmp_path, **mirror).failures == {}
    assert labels(f"irmastrain:{tmp_path}/IRMAS/train") == {
        "[cla][cla]0150__1.wav": ["cla"],
        "[voi][dru][pop_roc]1035__3.wav": ["voi"],
    }
    assert labels(f"irmastest:{tmp_path}/IRMAS/test") == {
        "01. Flight Time-23.wav": ["pia", "sax"],
        "Go With the Flow-6.wav": ["gel"],
    }


def test_openmic_arrives_with_its_own_split(mirror, tmp_path):
    assert download_datasets(["OpenMIC"], tmp_path, **mirror).failures == {}
    assert labels(f"openmic:{tmp_path}/OpenMIC/train") == {"000046_3840.ogg": ["flu"]}


def test_neither_is_downloaded_unless_it_is_named():
    chosen = [dataset.name for dataset in audio_datasets.select(None, read_catalogue())]
    assert not {"IRMAS", "OpenMIC"} & set(chosen)
