"""What is heard in which recording, and what each is for: the lists of the three datasets."""

import numpy as np
import pytest
from samplecnn_fixtures import write_dcase, write_magnatagatune, write_speech_commands

from audiokit.errors import UserError
from exp_samplecnn.data.dcase import read_dcase, validation_rows
from exp_samplecnn.data.magnatagatune import read_magnatagatune
from exp_samplecnn.data.speech_commands import read_speech_commands
from exp_samplecnn.tasks import TASKS

TRAIN_HORN, CAR = TASKS["dcs"].labels[0], TASKS["dcs"].labels[11]


def heard(clips, name):
    """Labels of a clip."""
    return {label for label, given in zip(clips.labels, clips.targets[clips.names.index(name)], strict=True) if given}


def test_the_constants_are_those_of_the_specs():
    assert [len(task.labels) for task in TASKS.values()] == [50, 35, 17]
    assert [task.n_segments for task in TASKS.values()] == [10, 1, 10]
    assert 29 * 22050 - 10 * TASKS["mtt"].segment_samples == 48960
    assert list(TASKS["scd"].labels) == sorted(TASKS["scd"].labels)


def test_clips_of_magnatagatune_are_split_by_folder_and_those_without_a_tag_are_left_out(tmp_path):
    clips = {
        "0/a.mp3": ["rock", "loud"],
        "b/b.mp3": ["guitar"],
        "c/c.mp3": ["slow"],
        "f/d.mp3": ["rock"],
        "1/e.mp3": [],
    }
    read = read_magnatagatune(write_magnatagatune(tmp_path, clips | {"2/f.mp3": ["not rock"]}, seconds=0))
    assert dict(zip(read.names, read.splits, strict=True)) == {
        "0/a.mp3": "train", "b/b.mp3": "train", "c/c.mp3": "val", "f/d.mp3": "test",
    }  # fmt: skip
    assert heard(read, "0/a.mp3") == {"rock", "loud"}
    assert read.paths[0] == tmp_path / "mp3" / "0" / "a.mp3"


def test_a_table_that_lacks_a_tag_is_refused_by_its_name(tmp_path):
    write_magnatagatune(tmp_path, {"0/a.mp3": ["rock"]}, seconds=0, without="guitar")
    with pytest.raises(UserError, match=r"annotations_final.csv has no column guitar"):
        read_magnatagatune(tmp_path)


def test_words_are_folders_in_alphabetical_order_and_lists_tell_what_is_not_trained_on(tmp_path):
    (tmp_path / "_background_noise_").mkdir()
    (tmp_path / "_background_noise_" / "tap.wav").touch()
    read = read_speech_commands(write_speech_commands(tmp_path, ("yes", "no"), n_clips=4, seconds=0.01))
    assert read.labels == ["no", "yes"]
    assert heard(read, "yes/s0_nohash_0.wav") == {"yes"}
    splits = dict(zip(read.names, read.splits, strict=True))
    assert [splits[f"no/s{clip}_nohash_0.wav"] for clip in range(4)] == ["train", "train", "val", "test"]
    assert len(read) == 8


def test_recordings_of_words_may_be_of_any_kind_and_a_folder_without_any_is_named(tmp_path, capsys):
    write_speech_commands(tmp_path, ("yes", "no"), n_clips=4, seconds=0.01)
    for name in ("FIVE/a.WAV", "six/b.flac", "six/._b.flac", "six/notes.txt", "seven/c.m4a"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    read = read_speech_commands(tmp_path)
    assert read.labels == ["FIVE", "no", "six", "yes"]
    assert [name for name in read.names if name[0] in "Fs"] == ["FIVE/a.WAV", "six/b.flac"]
    assert capsys.readouterr().err == f"{tmp_path / 'seven'} holds no recording, so it is no word\n"


def test_a_list_that_names_absent_files_is_refused(tmp_path):
    write_speech_commands(tmp_path, n_clips=3, seconds=0.01)
    with open(tmp_path / "testing_list.txt", "a") as file:
        file.write("no/nobody.wav\nno/nothing.wav\n")
    with pytest.raises(UserError, match=r"names 2 recordings that are not there, no/nobody.wav first"):
        read_speech_commands(tmp_path)


def test_a_recording_in_both_lists_is_refused(tmp_path):
    write_speech_commands(tmp_path, n_clips=3, seconds=0.01)
    with open(tmp_path / "testing_list.txt", "a") as file:
        file.write("no/s1_nohash_0.wav\n")
    with pytest.raises(UserError, match=r"both name no/s1_nohash_0.wav"):
        read_speech_commands(tmp_path)


def test_clips_of_dcase_have_all_labels_of_their_rows_and_a_tenth_is_for_validation(tmp_path):
    training = [(f"t{number}.wav", TRAIN_HORN) for number in range(20)] + [("t0.wav", CAR)]
    lists = {"training": training, "testing": [("u.wav", CAR)], "evaluation": [("e.wav", CAR)]}
    read = read_dcase(write_dcase(tmp_path, lists))
    assert heard(read, "t0.wav") == {TRAIN_HORN, CAR}
    splits = dict(zip(read.names, read.splits, strict=True))
    assert (splits["e.wav"], list(splits.values()).count("val"), len(read)) == ("test", 2, 22)


def test_rows_are_drawn_for_validation_as_pandas_draws_them():
    import pandas

    labels = np.random.default_rng(0).choice(TASKS["dcs"].labels, 500).tolist()
    table = pandas.DataFrame({"label": labels})
    expected = []
    for label in TASKS["dcs"].labels:
        expected += table[table.label == label].sample(frac=0.1, random_state=123).index.tolist()
    assert validation_rows(labels) == expected


def test_a_label_that_there_is_not_is_refused_with_its_row(tmp_path):
    lists = {"training": [("a.wav", CAR)], "testing": [("a.wav", "Tram")], "evaluation": [("a.wav", CAR)]}
    with pytest.raises(UserError, match=r"testing_set.csv, row 1: a.wav \| 0.000 \| 10.000 \| Tram"):
        read_dcase(write_dcase(tmp_path, lists))


def test_missing_recordings_are_counted_and_may_be_left_out(tmp_path):
    read = read_speech_commands(write_speech_commands(tmp_path, n_clips=4, seconds=0.01))
    (tmp_path / "no" / "s0_nohash_0.wav").unlink()
    with pytest.raises(UserError, match=r"1 of 8 recordings are missing, .*no/s0_nohash_0.wav first: mend it"):
        read.present(skip_missing=False, remedy="mend it")
    left, missing = read.present(skip_missing=True, remedy="mend it")
    assert (len(left), missing) == (7, ["no/s0_nohash_0.wav"])


def test_the_order_of_the_store_is_another_one_and_always_the_same(tmp_path):
    read = read_speech_commands(write_speech_commands(tmp_path, n_clips=6, seconds=0.01))
    once, again = read.shuffled(), read.shuffled()
    assert once.names == again.names != read.names
    assert sorted(once.names) == sorted(read.names)
    assert heard(once, "yes/s0_nohash_0.wav") == {"yes"}
