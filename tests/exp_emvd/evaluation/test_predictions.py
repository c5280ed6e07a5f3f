"""Files of predictions: the published ones are read, ours hold scores besides."""

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiokit.errors import UserError
from exp_emvd.evaluation.predictions import (
    Predictions,
    chunk_name,
    pooled,
    read_predictions,
    recording_name,
    write_predictions,
)
from exp_emvd.tasks import TASKS

LABELS = ("ClearVoice", "DistortedVoice")


def predictions(n=3, *, scores=True, recording="Singer1_Möngke.wav"):
    return Predictions(
        np.array([chunk_name(recording, number) for number in range(n)]),
        np.full(n, LABELS[0]),
        np.full(n, LABELS[1]),
        np.tile(np.array([0.25, 0.75], np.float32), (n, 1)) if scores else None,
        LABELS if scores else (),
        {"experiment": "t_binary", "paper": False, "seed": 3} if scores else {},
    )


@pytest.mark.parametrize("name", ["t_multiclass", "t_binary"])
def test_the_published_files_are_read(shared, name):
    splits = read_predictions(shared / "data" / "emvd" / f"{name}.h5")
    assert [len(split.truths) for split in splits.values()] == [1305, 1281, 1285, 1272]
    everything = pooled(splits)
    assert len(np.unique([recording_name(chunk) for chunk in everything.audio_names])) == 760
    assert everything.scores is None


@pytest.mark.parametrize("scores", [True, False])
def test_what_is_written_is_read(tmp_path, scores):
    path = tmp_path / "outputs" / "t_binary.h5"
    write_predictions(path, {0: predictions(scores=scores)})
    (read,) = read_predictions(path).values()
    for name in ("audio_names", "truths", "predicted"):
        np.testing.assert_array_equal(getattr(read, name), getattr(predictions(), name))
    assert read.labels == predictions(scores=scores).labels
    assert (read.scores is None) == (not scores)
    assert read.trained_with == predictions(scores=scores).trained_with


def test_the_layout_is_that_of_the_original(shared, tmp_path):
    path = tmp_path / "t_binary.h5"
    write_predictions(path, {0: predictions()})
    with h5py.File(path) as ours, h5py.File(shared / "data" / "emvd" / "t_binary.h5") as theirs:
        expected = theirs["split0/inference"]
        for name in ("audio_name", "groundtruth", "inference"):
            assert ours["split0/inference"][name].dtype == expected[name].dtype == np.dtype("S200")
        assert set(ours["split0/inference"]) - set(expected) == {"scores"}


def test_splits_are_in_the_order_of_their_numbers_and_what_was_there_is_gone(tmp_path):
    path = tmp_path / "t_binary.h5"
    write_predictions(path, {3: predictions(2)})
    write_predictions(path, {10: predictions(4), 2: predictions(5)})
    assert [(number, len(split.truths)) for number, split in read_predictions(path).items()] == [(2, 5), (10, 4)]


def test_scores_are_pooled_where_all_splits_have_them():
    other = {"n": 3, "recording": "Singer2.wav"}
    assert len(pooled({0: predictions(2), 1: predictions(**other)}).scores) == 5
    assert pooled({0: predictions(2), 1: predictions(**other, scores=False)}).scores is None


def test_a_recording_votes_in_one_split_alone():
    with pytest.raises(UserError, match="split0 and split4 both predict Singer1_Möngke"):
        pooled({0: predictions(), 3: predictions(recording="Singer2.wav"), 4: predictions()})


@given(st.text(min_size=1), st.integers(0, 10**6))
def test_a_recording_may_have_any_underscores_in_its_name(name, number):
    assert recording_name(chunk_name(name, number)) == name


def test_older_files_with_other_names_of_groups_are_read(tmp_path):
    path = tmp_path / "old.h5"
    write_predictions(path, {0: predictions()})
    with h5py.File(path, "a") as file:
        file.move("split0", "split_k_3")
    assert list(read_predictions(path)) == [3]


@pytest.mark.parametrize(
    ("scores", "task", "told"),
    [
        (True, "t_binary", None),
        (False, "t_binary", None),
        (True, "t_multiclass", "t_multiclass knows no DistortedVoice"),
        (False, "s_classif", "s_classif knows no ClearVoice"),
    ],
)
def test_predictions_of_another_experiment_are_refused(tmp_path, scores, task, told):
    write_predictions(tmp_path / "t.h5", {0: predictions(scores=scores)})
    if told is None:
        assert len(read_predictions(tmp_path / "t.h5", TASKS[task])[0].truths) == 3
    else:
        with pytest.raises(UserError, match=f"t.h5 holds predictions of another experiment than {task} .{told}"):
            read_predictions(tmp_path / "t.h5", TASKS[task])


def test_experiments_with_the_same_labels_are_told_apart_by_what_was_written_down(tmp_path):
    singer = np.array(["1"])
    sung = Predictions(np.array(["a.wav___0"]), singer, singer, trained_with={"experiment": "s_classif_no_distorsion"})
    write_predictions(tmp_path / "t.h5", {0: sung})
    with pytest.raises(UserError, match=r"another experiment than s_classif \(of s_classif_no_distorsion\)"):
        read_predictions(tmp_path / "t.h5", TASKS["s_classif"])


def damaged(path):
    path.write_bytes(b"\x89HDF\r\n\x1a\nno more")


def without_splits(path):
    with h5py.File(path, "w") as file:
        file["mels"] = [1]


def without_truths(path):
    write_predictions(path, {0: predictions()})
    with h5py.File(path, "a") as file:
        del file["split0/inference/groundtruth"]


def of_other_lengths(path):
    write_predictions(path, {0: predictions()})
    with h5py.File(path, "a") as file:
        del file["split0/inference/scores"]
        file["split0/inference/scores"] = np.zeros((2, 2))
        file["split0/inference/scores"].attrs["labels"] = list(LABELS)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda path: None, "there are no predictions .*t.h5: run the step eval first"),
        (damaged, "t.h5 is damaged or no HDF5 file"),
        (without_splits, "t.h5 holds no group split0"),
        (without_truths, "t.h5 is damaged or holds no predictions .*groundtruth"),
        (of_other_lengths, "the arrays of /split0/inference are empty, or not of one length"),
    ],
)
def test_what_is_wrong_with_a_file_is_told_in_a_line(tmp_path, make, told):
    make(tmp_path / "t.h5")
    with pytest.raises(UserError, match=told) as caught:
        read_predictions(tmp_path / "t.h5")
    assert "\n" not in str(caught.value)


def test_a_name_that_would_be_cut_is_refused_and_nothing_is_left(tmp_path):
    long = Predictions(np.array(["a" * 198 + "___0"]), np.array(["x"]), np.array(["x"]))
    with pytest.raises(UserError, match="longer than the 200 bytes"):
        write_predictions(tmp_path / "t.h5", {0: long})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["a.wav", "a.wav__0", "___0", "a.wav___x"])
def test_what_is_no_chunk_is_refused(name):
    with pytest.raises(UserError, match="is no name of a chunk"):
        recording_name(name)
