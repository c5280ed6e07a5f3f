"""Traffic, voice and birds: which labels of a teacher belong to the groups."""

import csv
from collections import Counter

import numpy as np
import pytest

from audiokit.errors import UserError
from teachers.audioset import audioset_labels
from teachers.label_groups import group_indices, group_members, read_groups
from yamnet.teacher import YamnetTeacher


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return path


def test_the_papers_groups_have_46_labels_of_audioset():
    groups = read_groups()
    assert Counter(groups.values()) == {"traffic": 9, "voice": 26, "birds": 11}
    assert groups.keys() <= set(audioset_labels())
    assert groups["Car"] == groups["Traffic noise, roadway noise"] == "traffic"
    assert groups["Speech"] == groups["Hubbub, speech noise, speech babble"] == "voice"
    assert groups["Bird"] == groups["Pigeon, dove"] == "birds"


def test_the_papers_groups_are_those_of_its_spreadsheet(shared):
    with open(shared / "specs" / "sub_classes_tvb.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    letters = {"traffic": "t", "voice": "v", "birds": "b"}
    published = {row["label"]: row["group"] for row in rows if row["group"] != "o"}
    assert {label: letters[group] for label, group in read_groups().items()} == published


@pytest.mark.parametrize(("labels", "n"), [(audioset_labels(), 46), (YamnetTeacher().labels, 44)])
def test_indices_point_to_the_labels_of_the_groups_in_their_order(labels, n):
    indices = group_indices(labels)
    assert len(indices) == n
    assert np.all(np.diff(indices) > 0)
    assert {labels[index] for index in indices} == read_groups().keys() & set(labels)


def test_groups_of_ones_own(tmp_path):
    path = write(tmp_path / "mine.csv", 'label,group\n"Rain, heavy",water\nWind,air\nRain,water\n')
    assert read_groups(path) == {"Rain, heavy": "water", "Wind": "air", "Rain": "water"}
    assert group_indices(("Fire", "Rain", "Wind", "Rain, heavy"), path).tolist() == [1, 2, 3]
    assert group_indices(("Fire", "Dog"), path).tolist() == []


@pytest.mark.parametrize("text", ["", "label,group\n", "label\nRain\n", "name,group\nRain,water\n", "Rain,water\n"])
def test_files_without_the_columns_are_refused(tmp_path, text):
    path = write(tmp_path / "mine.csv", text)
    with pytest.raises(UserError, match=r"mine\.csv needs the columns label and group") as caught:
        read_groups(path)
    assert "\n" not in str(caught.value)


def test_members_of_groups_are_those_of_the_teacher():
    labels = YamnetTeacher().labels
    members = group_members(labels)
    assert {group: len(indices) for group, indices in members.items()} == {"voice": 24, "birds": 11, "traffic": 9}
    for group, indices in members.items():
        assert all(read_groups()[labels[index]] == group for index in indices)
    assert sorted(np.concatenate(list(members.values()))) == list(group_indices(labels))


@pytest.mark.parametrize(
    "text, message",
    [
        ("label,group\nSpech,voice\nSpeech,voice\n", r"no labels of AudioSet: 'Spech'; check their spelling"),
        ("label,group\nBattle cry,war\nSpeech,voice\n", r"the teacher has no label of the group war"),
    ],
)
def test_groups_that_mean_nothing_are_refused(tmp_path, text, message):
    with pytest.raises(UserError, match=message):
        group_members(YamnetTeacher().labels, write(tmp_path / "groups.csv", text))


def test_a_missing_file_is_a_line(tmp_path):
    with pytest.raises(UserError, match=r"cannot read the groups in .*none\.csv"):
        read_groups(tmp_path / "none.csv")
