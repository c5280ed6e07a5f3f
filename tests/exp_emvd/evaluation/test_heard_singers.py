"""What it is worth to have heard a singer before, on the published predictions and where the answer is known."""

import numpy as np
import pandas
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiokit import cli
from audiokit.errors import UserError
from exp_emvd import compare_heard_singers
from exp_emvd.evaluation.heard_singers import chance_of_trend, heard_and_right, tabulate
from exp_emvd.evaluation.predictions import Predictions


def test_of_the_published_predictions_those_of_singers_never_heard_in_a_technique_are_worse(shared, tmp_path, capsys):
    (tmp_path / "outputs").mkdir()
    emvd = shared / "data" / "emvd"
    (tmp_path / "outputs" / "t_multiclass.h5").symlink_to(emvd / "t_multiclass.h5")
    assert cli.run(compare_heard_singers.main, ["--output", str(tmp_path), "--metadata", str(emvd)]) == 0
    told = capsys.readouterr().out.splitlines()
    rows = [line.rsplit(maxsplit=3) for line in told[1:6]]
    assert [int(row[1]) for row in rows] == [9, 80, 216, 409, 46]
    assert rows[0] == ["0", "9", "22.2", "59.9"]
    right = sum(int(row[1]) * float(row[2]) / 100 for row in rows)
    assert right == pytest.approx(569, abs=0.5)
    assert told[-1].endswith("p = 0.0075")


TABLE = pandas.DataFrame(
    {
        "file_name": ["a.wav", "b.wav", "c.wav", "d.wav"],
        "name": ["ClearVoice", "ClearVoice", "DeathGrowl", "DeathGrowl"],
        "singer_id": [1, 1, 1, 2],
        "split0": ["train", "eval", "eval", "train"],
    }
)


def predicted(names, truths, labels):
    return Predictions(np.array([f"{name}___0" for name in names]), np.array(truths), np.array(labels))


def test_counted_is_what_the_same_singer_sings_in_the_same_technique():
    one = predicted(["b.wav", "c.wav"], ["ClearVoice", "DeathGrowl"], ["ClearVoice", "ClearVoice"])
    techniques, counts, right = heard_and_right(TABLE, {0: one})
    assert techniques.tolist() == ["ClearVoice", "DeathGrowl"]
    assert counts.tolist() == [1, 0]
    assert right.tolist() == [True, False]


@pytest.mark.parametrize(
    ("split", "name", "told"),
    [(0, "a.wav", "split0 predicts a.wav, which its folds do not test on"), (3, "b.wav", "the folds have no split3")],
)
def test_predictions_of_other_folds_are_refused(split, name, told):
    with pytest.raises(UserError, match=told):
        heard_and_right(TABLE, {split: predicted([name], ["ClearVoice"], ["ClearVoice"])})


def test_a_trend_is_told_from_none():
    techniques = np.repeat(["ClearVoice", "DeathGrowl"], 40)
    counts = np.tile(np.arange(40), 2)
    assert chance_of_trend(techniques, counts, counts >= 20) < 0.001
    assert chance_of_trend(techniques, counts, counts % 2 == 0) > 0.2


def test_a_technique_that_is_told_better_and_heard_more_makes_no_trend():
    techniques = np.repeat(["ClearVoice", "DeathGrowl"], 40)
    assert chance_of_trend(techniques, np.repeat([9, 1], 40), np.repeat([True, False], 40)) == 1


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 20), st.booleans()), min_size=1, max_size=50))
def test_rows_hold_all_recordings_and_expect_as_many_right_as_there_are(recordings):
    techniques, counts, right = (np.array(column) for column in zip(*recordings, strict=True))
    rows = tabulate(techniques, counts, right)
    assert sum(row.n_recordings for row in rows) == len(recordings)
    assert sum(row.n_recordings * row.right for row in rows) == pytest.approx(right.sum())
    assert sum(row.n_recordings * row.expected for row in rows) == pytest.approx(right.sum())


def test_what_is_missing_is_told(tmp_path, capsys):
    assert cli.run(compare_heard_singers.main, ["--metadata", str(tmp_path)]) == 1
    assert "metadata_files.csv" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        compare_heard_singers.main(["-exp", "s_classif"])
    assert "t_multiclass" in capsys.readouterr().err
