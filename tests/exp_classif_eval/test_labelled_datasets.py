"""Datasets as the experiment sees them: clips, labels, groups of labels, and what is held out when."""

import csv
import os
import shutil
from collections import Counter
from dataclasses import replace

import numpy as np
import pandas
import pytest
from classification_fixtures import SONYC, URBAN, write_sonyc, write_table, write_urbansound8k

from audiokit.errors import UserError
from audiokit.labels.labelled_dataset import Clip
from audiokit.sound.recording_path import recording_path
from exp_classif_eval import labelled_datasets as package
from exp_classif_eval.labelled_datasets import dataset_named, labelled_datasets
from teachers.audioset import audioset_labels
from teachers.registry import labels_of

DATASETS = labelled_datasets().values()


@pytest.fixture(scope="module")
def urban(tmp_path_factory):
    return write_urbansound8k(tmp_path_factory.mktemp("urban"))


@pytest.fixture(scope="module")
def esc(tmp_path_factory):
    """The tables of ESC-50."""
    folder = tmp_path_factory.mktemp("esc")
    classes = dataset_named("ESC-50").classes
    rows = [
        [f"{1 + take % 5}-{100 * number + take}-A-{number}.wav", 1 + take % 5, number, name]
        for number, name in enumerate(classes)
        for take in range(40)
    ]
    write_table(folder / "ESC-50/meta/esc50.csv", [["filename", "fold", "target", "category"], *rows])
    return folder


# The datasets there are


def test_the_papers_datasets_come_first():
    assert list(labelled_datasets())[:2] == ["SONYC-UST", "URBAN-SOUND-8K"]
    assert {"ESC-10", "ESC-50"} <= labelled_datasets().keys()


def test_unknown_datasets_are_refused_with_the_known_ones():
    with pytest.raises(UserError, match="unknown dataset 'FSD50K': choose one of SONYC-UST, URBAN-SOUND-8K, ESC-10"):
        dataset_named("FSD50K")


@pytest.mark.parametrize("dataset", DATASETS, ids=lambda dataset: dataset.name)
@pytest.mark.parametrize("teacher", ["PANN", "YamNet", "mn04_as"])
def test_all_labels_of_the_groups_exist_and_each_teacher_knows_some_of_each_class(dataset, teacher):
    groups = dataset.label_groups()
    assert groups.keys() <= set(audioset_labels())
    known = {groups[label] for label in labels_of(teacher) if label in groups}
    assert known == set(dataset.classes)


@pytest.mark.parametrize(
    ("dataset", "file", "suffix", "start"),
    [(SONYC, "sub_classes_sonyc_ust", "_presence", 1), (URBAN, "sub_classes_urbansound8k", "", 0)],
    ids=["SONYC-UST", "URBAN-SOUND-8K"],
)
def test_the_papers_groups_are_those_of_its_spreadsheets(shared, dataset, file, suffix, start):
    with open(shared / "specs" / f"{file}.csv", encoding="utf-8", newline="") as table:
        rows = list(csv.DictReader(table))
    # Scores are attached by position, and the order is AudioSet's: one sheet has a wrong name, of no group.
    published = {
        label: dataset.classes[int(row["group_index"]) - start]
        for label, row in zip(audioset_labels(), rows, strict=True)
        if row["group_index"] != "-1"
    }
    assert dataset.label_groups() == published
    assert all(row["group_name"] in ("None", *(f"{name}{suffix}" for name in dataset.classes)) for row in rows)


@pytest.mark.parametrize(
    ("dataset", "teacher", "counts"),
    [
        (SONYC, "PANN", (8, 2, 22, 2, 14, 146, 29, 3)),
        (SONYC, "YamNet", (8, 2, 22, 2, 14, 145, 26, 3)),
        (URBAN, "PANN", (1, 4, 1, 1, 1, 1, 1, 1, 4, 146)),
        (URBAN, "YamNet", (1, 4, 1, 1, 1, 1, 1, 1, 4, 145)),
    ],
)
def test_the_papers_groups_have_as_many_labels_as_published(dataset, teacher, counts):
    groups = dataset.label_groups()
    found = Counter(groups[label] for label in labels_of(teacher) if label in groups)
    assert tuple(found[name] for name in dataset.classes) == counts


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([("Dog barking", "dog")], "labels that do not exist: Dog barking"),
        ([("Dog", "hound")], "classes that do not exist: hound"),
        ([("Dog", "dog")], "has no labels for rooster, rain"),
    ],
)
def test_wrong_groups_are_told(tmp_path, rows, reason):
    path = write_table(tmp_path / "groups.csv", [("label", "group"), *rows])
    with pytest.raises(UserError, match=rf"groups\.csv {reason}|groups\.csv holds {reason}"):
        replace(dataset_named("ESC-10"), groups=path).label_groups()


# Clips


def test_clips_of_urbansound8k_last_a_second_at_least(urban):
    clips = URBAN.find_clips(urban)
    assert len(clips) == 30
    assert clips[11] == Clip("2001-1-0-0.wav", "2", frozenset({"1_car_horn"}))
    assert not [clip.name for clip in clips if clip.name.startswith(("1010", "2010", "3010"))]
    table = pandas.read_csv(urban / "URBAN-SOUND-8K/metadata/UrbanSound8K_recalculated.csv")
    assert table["duration"].tolist()[:3] == pytest.approx([1.2, 1.7, 1.0], abs=1e-4)
    targets = URBAN.targets(clips)
    assert np.array_equal(targets, np.tile(np.eye(10), (3, 1)))
    assert targets.dtype == np.float32


def test_measured_durations_are_taken_where_they_are(urban, tmp_path):
    source = urban / "URBAN-SOUND-8K/metadata"
    table = pandas.read_csv(source / "UrbanSound8K.csv").assign(duration=1.0)
    table.loc[3:, "duration"] = 0.999
    (tmp_path / "URBAN-SOUND-8K/metadata").mkdir(parents=True)
    table.to_csv(tmp_path / "URBAN-SOUND-8K/metadata/UrbanSound8K_recalculated.csv", index=False)
    assert len(URBAN.find_clips(tmp_path)) == 3


@pytest.fixture
def in_folds(urban, tmp_path):
    """UrbanSound8K as its makers pack it: audio/fold1/… below UrbanSound8K."""
    folder = tmp_path / "UrbanSound8K"
    shutil.copytree(urban / "URBAN-SOUND-8K", folder, ignore=shutil.ignore_patterns("*_recalculated.csv"))
    with open(folder / "metadata/UrbanSound8K.csv", newline="", encoding="utf-8") as file:
        folds = {row["slice_file_name"]: row["fold"] for row in csv.DictReader(file)}
    for name, fold in folds.items():
        place = folder / "audio" / f"fold{fold}"
        place.mkdir(exist_ok=True)
        (folder / "audio" / name).rename(place / name)
    return tmp_path


def test_urbansound8k_is_read_as_it_is_unpacked(urban, in_folds):
    clips = URBAN.find_clips(in_folds)
    assert clips == URBAN.find_clips(urban)
    audio = URBAN.folder_in(in_folds) / "audio"
    assert {recording_path(audio, clip.name) for clip in clips} == {
        audio / f"fold{clip.fold}" / clip.name for clip in clips
    }


def test_a_part_of_urbansound8k_is_read_and_measured_anew_when_there_is_more(in_folds):
    audio = URBAN.folder_in(in_folds) / "audio"
    (audio / "fold2").rename(in_folds / "elsewhere")
    assert {clip.fold for clip in URBAN.find_clips(in_folds)} == {"1", "3"}
    assert not list(audio.parent.glob("metadata/*_recalculated.csv"))
    (in_folds / "elsewhere").rename(audio / "fold2")
    assert {clip.fold for clip in URBAN.find_clips(in_folds)} == {"1", "2", "3"}
    assert len(list(audio.parent.glob("metadata/*_recalculated.csv"))) == 1


@pytest.mark.parametrize("change", ["recordings", "folds"])
def test_a_table_of_urbansound8k_that_has_changed_is_measured_anew(urban, in_folds, change):
    table = URBAN.folder_in(in_folds) / "metadata" / "UrbanSound8K.csv"
    rows = pandas.read_csv(table)
    part = rows[rows["fold"] < 3] if change == "recordings" else rows.assign(fold=1)
    part.to_csv(table, index=False)
    before = URBAN.find_clips(in_folds)
    assert before != URBAN.find_clips(urban)
    assert URBAN.find_clips(in_folds) == before  # as they were measured
    rows.to_csv(table, index=False)
    os.utime(table, (0, 0))  # one that comes from elsewhere may be older
    assert URBAN.find_clips(in_folds) == URBAN.find_clips(urban)


def test_the_classes_of_urbansound8k_are_those_of_its_table(shared):
    table = pandas.read_csv(shared / "data/metadata/UrbanSound8K.csv")
    names = {f"{number}_{name}" for number, name in zip(table["classID"], table["class"], strict=True)}
    assert URBAN.classes == tuple(sorted(names))
    assert set(URBAN.folds) == set(table["fold"].astype(str))


def test_esc_10_is_a_part_of_esc_50(esc):
    part, whole = (dataset_named(name).find_clips(esc) for name in ("ESC-10", "ESC-50"))
    assert (len(part), len(whole)) == (400, 2000)
    assert set(part) < set(whole)
    assert Counter(clip.fold for clip in part) == dict.fromkeys("12345", 80)
    assert part[0] == Clip("1-0-A-0.wav", "1", frozenset({"dog"}))


def test_the_layout_fixture_of_esc_50_is_understood(shared, tmp_path):
    name = "1-104089-A-22.wav"
    (tmp_path / "ESC-50/audio").mkdir(parents=True)
    shutil.copy(shared / "data/layout_fixtures/esc50/audio" / name, tmp_path / "ESC-50/audio")
    rows = [["filename", "fold", "target", "category", "esc10", "src_file", "take"],
            [name, 1, 22, "clapping", False, 104089, "A"]]  # fmt: skip
    write_table(tmp_path / "ESC-50/meta/esc50.csv", rows)
    assert dataset_named("ESC-50").find_clips(tmp_path) == [Clip(name, "1", frozenset({"clapping"}))]


# What is missing


@pytest.mark.parametrize("dataset", DATASETS, ids=lambda dataset: dataset.name)
def test_datasets_that_are_missing_are_told_with_what_gets_them(dataset, tmp_path):
    with pytest.raises(UserError, match=f"{dataset.name} is not in .*download_datasets.py, or give --audio_dataset"):
        dataset.find_clips(tmp_path)


@pytest.mark.parametrize(
    ("dataset", "table"), [(SONYC, "annotations.csv"), (dataset_named("ESC-10"), "meta/esc50.csv")]
)
@pytest.mark.parametrize(
    ("content", "reason"), [(None, "is missing"), ("", "are not those of"), ("a,b\n1,2\n", "are not those of")]
)
def test_tables_that_are_missing_or_others_are_told_in_a_line(dataset, table, content, reason, tmp_path):
    path = dataset.folder_in(tmp_path) / table
    path.parent.mkdir(parents=True, exist_ok=True)
    if content is not None:
        path.write_text(content)
    with pytest.raises(UserError, match=reason) as caught:
        dataset.find_clips(tmp_path)
    assert "\n" not in str(caught.value)


def test_empty_tables_and_unknown_classes_are_told(tmp_path):
    dataset = dataset_named("ESC-10")
    (tmp_path / "ESC-50").mkdir()
    with pytest.raises(UserError, match="name no recording of ESC-10"):
        replace(dataset, read_clips=lambda folder: []).find_clips(tmp_path)
    wolf = Clip("a.wav", "1", frozenset({"wolf"}))
    with pytest.raises(UserError, match="hold classes that ESC-10 has not: wolf"):
        replace(dataset, read_clips=lambda folder: [wolf]).find_clips(tmp_path)


# Rounds


def test_each_fold_that_is_there_is_held_out_once():
    folds = ["1", "3", "3", "10", "1"]
    rounds = URBAN.rounds(folds)
    assert [one.name for one in rounds] == ["1", "3", "10"]
    assert [one.evaluate.tolist() for one in rounds] == [
        [True, False, False, False, True], [False, True, True, False, False], [False, False, False, True, False],
    ]  # fmt: skip
    assert all(np.array_equal(one.train, ~one.evaluate) for one in rounds)
    assert URBAN.missing_folds(folds) == ["2", "4", "5", "6", "7", "8", "9"]
    assert URBAN.evaluated(folds).all()


def test_sonyc_is_trained_and_judged_by_its_splits_and_validate_is_not_used():
    folds = ["test", "train", "validate", "train"]
    (one,) = SONYC.rounds(folds)
    assert one.train.tolist() == [False, True, False, True]
    assert one.evaluate.tolist() == SONYC.evaluated(folds).tolist() == [True, False, False, False]
    assert SONYC.missing_folds(folds) == []


@pytest.mark.parametrize(
    ("dataset", "folds", "wanted"),
    [
        (URBAN, ["2", "2"], "two folds at least are needed, and only 2 is there"),
        (SONYC, ["train", "validate"], "train and test are needed, and only train, validate is there"),
        (SONYC, ["test"], "train and test are needed, and only test is there"),
        (URBAN, ["11"], "two folds at least are needed, and only 11 is there"),
    ],
)
def test_where_there_is_nothing_to_train_or_judge_by_it_is_told(dataset, folds, wanted):
    with pytest.raises(UserError, match=wanted):
        dataset.rounds(folds)


def test_without_training_any_fold_will_do():
    assert URBAN.evaluated(["2", "2"]).tolist() == [True, True]
    assert SONYC.evaluated(["test", "validate"]).tolist() == [True, False]
    with pytest.raises(UserError, match="test is needed, and only train is there"):
        SONYC.evaluated(["train"])


NEW_DATASET = """
from audiokit.labels.labelled_dataset import Clip
from audiokit.sound.recording_path import recording_path
from spectral_transcoder.classification.grouped_dataset import GroupedDataset

DATASETS = (
    GroupedDataset(
        name="BEACH",
        classes=("gull", "wave"),
        read_clips=lambda folder: [Clip("a.wav", "1", frozenset({"gull"})), Clip("b.wav", "2", frozenset({"wave"}))],
        groups=None,
        folds=("1", "2"),
    ),
)
"""


def test_a_new_dataset_is_one_small_file(tmp_path, monkeypatch):
    (tmp_path / "beach_of_a_test.py").write_text(NEW_DATASET)
    (tmp_path / "BEACH").mkdir()
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])
    found = labelled_datasets.__wrapped__()
    assert found.keys() == labelled_datasets().keys() | {"BEACH"}
    assert found["BEACH"].targets(found["BEACH"].find_clips(tmp_path)).tolist() == [[1, 0], [0, 1]]


def test_clips_of_sonyc_have_any_number_of_classes(tmp_path):
    clips = SONYC.find_clips(write_sonyc(tmp_path))
    assert len(clips) == 18
    assert {clip.fold for clip in clips} == {"train", "validate", "test"}
    targets = SONYC.targets(clips)
    assert set(targets.sum(axis=1)) > {1, 2, 3}
    assert [frozenset(np.array(SONYC.classes)[row == 1]) for row in targets] == [clip.classes for clip in clips]
