"""The catalogue of published datasets, and how their archives are laid out here."""

from pathlib import PurePosixPath

import pytest

from audiokit.download.archives import is_archive
from audiokit.download.audio_datasets import read_catalogue, select
from audiokit.errors import UserError

TAU = "TAU-urban-acoustic-scenes-2020-mobile-development"
CATALOGUE = read_catalogue()
UNCHECKED = {
    ("MagnaTagATune", "annotations_final.csv"),  # each value of it is looked at before it is used
    ("MagnaTagATune", "mp3.zip"),  # a zip checks each of its files
    ("DCASE2017-task4", "groundtruth_weak_label_evaluation_set.csv"),
    ("DCASE2017-task4", "DCASE_2017_testing_set_audio_files.zip"),
    ("DCASE2017-task4", "DCASE_2017_training_set_audio_files.zip"),
}
"""Files whose checksums nobody has published."""


def test_the_default_is_what_the_paper_needs():
    assert [dataset.name for dataset in select(None, CATALOGUE)] == ["TAU", "URBAN-SOUND-8K", "SONYC-UST"]
    assert select([], CATALOGUE) == select(None, CATALOGUE)


def test_names_of_datasets_and_of_folders_are_resolved():
    assert [dataset.name for dataset in select(["esc-50", "TAU", TAU, "ESC-50"], CATALOGUE)] == ["ESC-50", "TAU"]


def test_an_unknown_name_is_refused():
    with pytest.raises(UserError, match=r"no dataset 'ESC': there are EMVD, .*TAU, URBAN-SOUND-8K, SONYC-UST, ESC-50"):
        select(["TAU", "ESC"], CATALOGUE)


@pytest.mark.parametrize(
    ("name", "inside", "place"),
    [
        ("TAU", f"{TAU}/audio/airport-barcelona-0-0-a.wav", "audio/airport-barcelona-0-0-a.wav"),
        ("TAU", f"{TAU}/evaluation_setup/fold1_train.csv", "evaluation_setup/fold1_train.csv"),
        ("TAU", f"{TAU}/meta.csv", "meta.csv"),
        ("URBAN-SOUND-8K", "UrbanSound8K/audio/fold10/100648-1-0-0.wav", "audio/100648-1-0-0.wav"),
        ("URBAN-SOUND-8K", "UrbanSound8K/metadata/UrbanSound8K.csv", "metadata/UrbanSound8K.csv"),
        ("URBAN-SOUND-8K", "UrbanSound8K/audio/fold1/.DS_Store", None),
        ("URBAN-SOUND-8K", "UrbanSound8K/audio/fold1/._100648-1-0-0.wav", None),
        ("SONYC-UST", "audio-3/00_000066.wav", "audio/00_000066.wav"),
        ("SONYC-UST", "audio/00_000066.wav", "audio/00_000066.wav"),
        ("SONYC-UST", "__MACOSX/00_000066.wav", None),
        ("ESC-50", "ESC-50-master/audio/1-104089-A-22.wav", "audio/1-104089-A-22.wav"),
        ("ESC-50", "ESC-50-master/meta/esc50.csv", "meta/esc50.csv"),
        ("ESC-50", "ESC-50-master/.github/settings.yml", None),
    ],
)
def test_archives_are_laid_out_as_the_experiments_expect(name, inside, place):
    assert CATALOGUE[name].place(PurePosixPath(inside)) == (place and PurePosixPath(place))


def test_everything_can_be_checked():
    for dataset in CATALOGUE.values():
        for file in dataset.files:
            if file.checksum:
                kind, _, digest = file.checksum.partition(":")
                assert len(digest) == {"md5": 32, "sha256": 64}[kind]
            elif (dataset.name, file.name) not in UNCHECKED:
                assert file.url.startswith("https://")
                assert dataset.record or (file.recordings and file.holds)


def test_the_files_are_those_of_the_records():
    n_files = {"EMVD": 0, "TAU": 18, "URBAN-SOUND-8K": 1, "SONYC-UST": 21, "ESC-50": 1}
    assert {name: len(CATALOGUE[name].files) for name in n_files} == n_files
    names = [file.name for dataset in CATALOGUE.values() for file in dataset.files]
    assert len(set(names)) == len(names)
    sonyc = [file.name for file in CATALOGUE["SONYC-UST"].files]
    assert [name for name in sonyc if not is_archive(name)] == ["annotations.csv", "dcase-ust-taxonomy.yaml"]
    assert CATALOGUE["TAU"].files[0].url == (f"https://zenodo.org/records/3819968/files/{TAU}.audio.1.zip?download=1")
