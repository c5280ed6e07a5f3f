"""What several annotators say becomes the labels of a clip, by the rule of the paper's code."""

import csv
from collections import Counter

import numpy as np
import pandas
import pytest
from classification_fixtures import SONYC, write_table

from exp_classif_eval.labelled_datasets.sonyc_ust import COLUMNS, aggregate, read_clips

TEAM = 0
"""The annotator whose rows are the consensus; the team's members have negative numbers."""


def table(*rows):
    """Rows of split, clip, annotator, and what is said of the engine; the other classes are absent."""
    header = ["split", "audio_filename", "annotator_id", *COLUMNS]
    return pandas.DataFrame([[*row, *[0] * 7] for row in rows], columns=header)


def engine(*rows):
    """Presence of the engine in each clip."""
    return aggregate(table(*rows))["1_engine_presence"].to_dict()


@pytest.mark.parametrize(
    ("said", "present"),
    [
        ([1, 1, 0], 1),
        ([1, 0, 0], 0),
        ([1, 0], 1),
        ([0, -1, -1], 0),
        ([1, -1, -1], 1),
        ([1, 0, -1], 1),
        ([1, 0, 0, -1, -1], 0),
        ([-1, -1, -1], 1),
        ([-1], 1),
    ],
)
@pytest.mark.parametrize("split", ["train", "validate"])
def test_half_of_those_who_know_decide_and_where_nobody_does_a_class_counts_as_present(split, said, present):
    rows = [(split, "a.wav", annotator, value) for annotator, value in enumerate(said, start=100)]
    assert engine(*rows) == {"a.wav": present}


@pytest.mark.parametrize("consensus", [0, 1])
def test_of_the_test_split_the_consensus_alone_counts(consensus):
    rows = [("test", "a.wav", annotator, 1 - consensus) for annotator in (-2, -1, 7, 8)]
    assert engine(*rows, ("test", "a.wav", TEAM, consensus)) == {"a.wav": consensus}
    assert engine(("test", "a.wav", TEAM, -1), *rows) == {"a.wav": 1}


def test_elsewhere_the_crowd_and_the_team_count_alike():
    rows = [("train", "a.wav", annotator, value) for annotator, value in ((TEAM, 1), (-1, 1), (7, 0), (8, 0))]
    assert engine(*rows) == {"a.wav": 1}
    assert engine(*rows[1:]) == {"a.wav": 0}


def test_clips_of_the_test_split_without_a_consensus_are_left_out():
    found = aggregate(table(("test", "a.wav", 7, 1), ("train", "c.wav", 7, 1), ("test", "b.wav", TEAM, 0)))
    assert found.index.tolist() == ["b.wav", "c.wav"]
    assert found["split"].tolist() == ["test", "train"]


def test_empty_cells_are_unknown():
    assert engine(("train", "a.wav", 1, np.nan), ("train", "a.wav", 2, 0), ("train", "b.wav", 1, np.nan)) == {
        "a.wav": 0, "b.wav": 1,
    }  # fmt: skip


def test_clips_are_read_in_alphabetical_order_with_the_names_of_their_classes(tmp_path):
    header = ["audio_filename", "week", *COLUMNS[::-1], "split", "annotator_id"]
    rows = [["b.wav", 3, 1, *[0] * 6, 1, "train", 5], ["a.wav", 3, *[0] * 8, "test", 0]]
    write_table(tmp_path / "annotations.csv", [header, *rows])
    clips = list(read_clips(tmp_path))
    assert [(clip.name, clip.fold) for clip in clips] == [("a.wav", "test"), ("b.wav", "train")]
    assert [clip.classes for clip in clips] == [frozenset(), {"1_engine", "8_dog"}]


# Real annotations


def counted(rows, name):
    """The rule in whole numbers: as many say yes as no, at least, where yes and no are all that counts."""
    yes, no = ([row[name] for row in rows].count(value) for value in ("1", "0"))
    return int(yes >= no)


def check(path, rows):
    """Compare the clips of a table with the rule, written down once more."""
    by_clip = {}
    for row in rows:
        if row["split"] != "test" or int(row["annotator_id"]) == TEAM:
            by_clip.setdefault(row["audio_filename"], []).append(row)
    clips = list(read_clips(path.parent))
    assert [clip.name for clip in clips] == sorted(by_clip)
    for clip in clips:
        expected = {
            name for name, column in zip(SONYC.classes, COLUMNS, strict=True) if counted(by_clip[clip.name], column)
        }
        assert (clip.fold, clip.classes) == (by_clip[clip.name][0]["split"], expected)
    return clips


def read(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_real_annotations_of_several_annotators(shared, tmp_path):
    rows = [row for number in (1, 2, 3) for row in read(shared / f"data/sonyc_ust/linusng_annotations_{number}.csv")]
    for row in rows:
        # The team has agreed on the clips of one split; on those of one sensor it has said nothing.
        row["split"] = "test" if row["split"] == "validate" or row["sensor_id"] == "1" else "train"
    path = write_table(tmp_path / "annotations.csv", [rows[0].keys(), *(row.values() for row in rows)])
    clips = check(path, rows)
    several = {name for name, count in Counter(row["audio_filename"] for row in rows).items() if count > 1}
    assert len(several & {clip.name for clip in clips if clip.fold == "train"}) > 1000
    assert sum(clip.fold == "test" for clip in clips) == 274
    assert any(row[column] == "" for row in rows for column in COLUMNS)


def test_real_annotations_with_unknowns(shared, tmp_path):
    rows = read(shared / "data/sonyc_ust/makobouzu_tag_annotations.csv")[:12000]
    rows = [{"split": "train", "annotator_id": "1", **row} for row in rows]
    clips = check(write_table(tmp_path / "annotations.csv", [rows[0].keys(), *(row.values() for row in rows)]), rows)
    unknown = sum(set(row[name] for row in rows) >= {"-1"} for name in COLUMNS)
    assert unknown == 8
    assert len(clips) > 2000


def test_the_columns_of_version_2_are_found(shared, tmp_path):
    path = shared / "data/sonyc_ust/v2_annotations_eval_placeholder.csv"
    (tmp_path / "annotations.csv").symlink_to(path)
    rows = read(path)
    clips = check(tmp_path / "annotations.csv", rows)
    assert len(clips) == 669
    assert {len(clip.classes) for clip in clips} == {8}  # all is unknown in this table


def test_the_classes_are_those_of_the_taxonomy(shared):
    rows = read(shared / "data/sonyc_ust/v2_annotations_eval_placeholder.csv")
    assert list(rows[0])[-8:] == COLUMNS
