"""Which recordings are trained on, chosen by and tested on: as published, and by singer."""

import hashlib

import numpy as np
import pytest
from emvd_fixtures import file_row, write_emvd, write_rows
from hypothesis import given
from hypothesis import strategies as st

from audiokit import cli
from audiokit.errors import UserError
from exp_emvd import create_split_k_fold
from exp_emvd.data.folds import draw_folds, introsort_order, read_folds, split_columns, write_folds
from exp_emvd.data.metadata import is_learned_from, read_files


@pytest.fixture(scope="module")
def emvd(shared):
    return shared / "data" / "emvd"


@pytest.fixture(scope="module")
def files(emvd):
    return read_files(emvd / "metadata_files.csv")


def test_the_published_folds_come_out_to_the_byte(emvd, tmp_path):
    output = tmp_path / "new_split_kfolds.csv"
    arguments = ["-seed", "0", "-n_splits", "4", "--metadata", str(emvd), "--output", str(output)]
    assert cli.run(create_split_k_fold.main, arguments) == 0
    assert output.read_bytes() == (emvd / "split_kfolds.csv").read_bytes()


def test_the_recordings_are_ordered_as_when_the_folds_were_drawn(files):
    used = files[is_learned_from(files)]
    names = used["file_name"].to_numpy()[introsort_order(used["singer_id"].to_numpy())]
    digest = hashlib.sha256("\n".join(names).encode()).hexdigest()
    assert digest == "6e5bd59a27a66a0fc7744f9a31fa24317bb1c9bb20aa3f5a5ba9aa601b905d0f"


@given(st.lists(st.integers(0, 5), max_size=200))
def test_the_order_sorts_any_numbers(keys):
    order = introsort_order(keys)
    assert sorted(order) == list(range(len(keys)))
    assert np.array(keys)[order].tolist() == sorted(keys)


@pytest.mark.parametrize("by_singer", [False, True])
def test_every_recording_is_tested_on_in_one_split(files, by_singer):
    folds = draw_folds(files, n_splits=5, seed=3, by_singer=by_singer)
    columns = split_columns(folds)
    used = is_learned_from(files)
    assert columns == ["split0", "split1", "split2", "split3", "split4"]
    assert ((folds[columns] == "eval").sum(axis=1)[used] == 1).all()
    assert (folds[columns][~used] == "-").all(axis=None)
    for column in columns:
        counts = folds[column][used].value_counts()
        assert counts["train"] / (counts["train"] + counts["valid"]) == pytest.approx(0.7, abs=0.15)


def test_by_singer_no_singer_is_heard_in_two_parts(files):
    folds = draw_folds(files, by_singer=True)
    used = is_learned_from(files)
    for column in split_columns(folds):
        assert (folds[column][used].groupby(files["singer_id"]).nunique() == 1).all()
        techniques = files["name"][folds[column] == "eval"]
        assert techniques.nunique() == 4


def test_the_seed_drives_both_draws(files):
    folds = [draw_folds(files, seed=seed) for seed in (0, 1, 1)]
    for part in ("valid", "eval"):
        members = [fold["file_name"][fold["split0"] == part].tolist() for fold in folds]
        assert members[0] != members[1] == members[2]


@pytest.mark.parametrize("n_splits", [1, 3])
def test_too_few_recordings_for_the_splits_are_told(n_splits, tmp_path):
    rows = [file_row(f"{number}.wav") for number in range(4)]
    files = read_files(write_rows(tmp_path / "files.csv", rows))
    with pytest.raises(UserError, match=f"4 files cannot be split {n_splits} times: give from 2 to 2"):
        draw_folds(files, n_splits=n_splits)


# Reading


@pytest.fixture
def small(tmp_path):
    return write_emvd(tmp_path / "EMVD", n_takes=1, seconds=0.1)


def read(folder):
    return read_folds(read_files(folder / "metadata_files.csv"), folder / "split_kfolds.csv")


def test_what_is_written_is_read(files, tmp_path):
    folds = draw_folds(files, n_splits=3)
    assert read_folds(files, write_folds(folds, tmp_path / "folds.csv")).equals(folds)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("Mid_a_0.wav,train", "Mid_a_0.wav,trian", "line 2: split0 'trian' is no part of a split: give train"),
        ("Singer1_ClearVoice_Mid_a_0.wav,train,valid\n", "", "lacks Singer1_ClearVoice_Mid_a_0.wav: add its row"),
        ("Singer1_DeathGrowl", "Singer1_Yodel", "line 3: file_name 'Singer1_Yodel_Mid_a_0.wav' is not in the table"),
        ("cough.wav,-,-", "cough.wav,-,eval", "takes part in some splits alone"),
        ("split", "fold", "has no column split0"),
    ],
)
def test_what_is_wrong_in_a_table_of_folds_is_told(small, old, new, told):
    path = small / "split_kfolds.csv"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1 if old != "split" else -1))
    with pytest.raises(UserError, match=told):
        read(small)
