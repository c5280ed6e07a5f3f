"""What people give by mistake: each ends with one line that says what, where and how to mend it, and with no store."""

import json

import numpy as np
import pytest
import soundfile
import torch
from samplecnn_fixtures import (
    small_task,
    word_store,
    write_dcase,
    write_magnatagatune,
    write_sound,
    write_speech_commands,
)

from audiokit import cli
from exp_samplecnn import build_dataset, plot_excitations, predict, train
from exp_samplecnn import eval as evaluation
from exp_samplecnn.learning.model_files import ModelSettings, write_model

CLIPS = {"0/a.mp3": ["rock"], "c/b.mp3": ["loud"], "d/c.mp3": ["slow"]}
ROWS = {
    "training": [("a.wav", "Car"), ("b.wav", "Car")],
    "testing": [("c.wav", "Bus")],
    "evaluation": [("e.wav", "Car")],
}


def refused(capsys, main, *arguments):
    """The line that a command ends with, which is the only one on stderr."""
    assert cli.run(main, [str(argument) for argument in arguments]) == 1
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1, said
    assert said[0].startswith("error: ")
    return said[0]


@pytest.fixture
def build(tmp_path, capsys):
    """Try to make a store of a dataset; gives what is said."""

    def run(dataset, *more):
        said = refused(capsys, build_dataset.main, dataset, "--data-dir", tmp_path, "--workers", 1, *more)
        assert not (tmp_path / dataset / "segments.h5").exists()
        return said

    return run


# Lists of MagnaTagATune


@pytest.fixture
def music(tmp_path):
    return write_magnatagatune(tmp_path / "mtt" / "raw", CLIPS, seconds=0)


def change(path, old, new, count=-1):
    """Replace a text in a file."""
    text = path.read_bytes().decode()
    assert old in text
    path.write_bytes(text.replace(old, new, count).encode())


def test_a_table_that_lacks_a_tag(build, music):
    change(music / "annotations_final.csv", '"guitar"', '"guitars"')
    assert "has no column guitar" in build("mtt")


def test_a_table_with_commas(build, music):
    change(music / "annotations_final.csv", "\t", ",")
    assert "annotations_final.csv" in build("mtt")


def test_a_tag_that_is_neither_given_nor_not(build, music):
    change(music / "annotations_final.csv", '"1"', '"2"', 1)
    assert "is neither 0 nor 1" in build("mtt")


def test_a_clip_twice(build, music):
    change(music / "annotations_final.csv", "c/b.mp3", "0/a.mp3")
    assert "0/a.mp3" in build("mtt")


def test_a_clip_in_a_folder_that_is_of_no_split(build, music):
    change(music / "annotations_final.csv", "c/b.mp3", "x/b.mp3")
    assert "names x/b.mp3, which lies in none of the folders 0 to f" in build("mtt")


def test_recordings_that_are_not_there(build, music):
    assert "3 of 3 recordings are missing" in build("mtt", "--skip-missing")


def test_nothing_but_empty_and_short_recordings(build, tmp_path):
    raw = write_magnatagatune(tmp_path / "mtt" / "raw", CLIPS)
    for name in CLIPS:
        (raw / "mp3" / name).write_bytes(b"")
    write_sound(raw / "mp3" / "0" / "a.wav", 0.2, rate=22050).rename(raw / "mp3" / "0" / "a.mp3")
    assert "none of the 3 recordings can be used" in build("mtt")


# Lists of Speech Commands


@pytest.fixture
def words(tmp_path):
    return write_speech_commands(tmp_path / "scd" / "raw", n_clips=3, seconds=0.1)


def test_a_list_that_names_absent_files(build, words):
    (words / "testing_list.txt").write_text("yes/nobody.wav\n")
    assert "names 1 recordings that are not there, yes/nobody.wav first" in build("scd")


def test_a_list_that_is_missing(build, words):
    (words / "validation_list.txt").unlink()
    assert "there is no" in build("scd")


def test_a_list_that_is_no_text(build, words):
    (words / "validation_list.txt").write_bytes(b"\xff\xfe\x00\xd8")
    assert "is not a list of recordings as text" in build("scd")


def test_a_recording_in_both_lists(build, words):
    (words / "testing_list.txt").write_text((words / "validation_list.txt").read_text())
    assert "both name" in build("scd")


def test_an_empty_list(build, words):
    (words / "testing_list.txt").write_text("\n")
    assert "no recording is left for the split test" in build("scd")


def test_a_single_word(build, tmp_path):
    write_speech_commands(tmp_path / "scd" / "raw", words=("no",))
    assert "has 1 folders of recordings" in build("scd")


def test_a_folder_that_is_not_there(build):
    assert "has 0 folders of recordings" in build("scd")


# Lists of DCASE


def test_a_label_that_there_is_not(build, tmp_path):
    write_dcase(tmp_path / "dcs" / "raw", ROWS | {"testing": [("c.wav", "Tram")]})
    assert "testing_set.csv, row 1: c.wav | 0.000 | 10.000 | Tram" in build("dcs")


def test_a_list_without_tabs(build, tmp_path):
    raw = write_dcase(tmp_path / "dcs" / "raw", ROWS)
    change(raw / "groundtruth_weak_label_training_set.csv", "\t", " ")
    assert "training_set.csv, row 1" in build("dcs")


def test_a_list_of_dcase_that_is_missing(build, tmp_path):
    raw = write_dcase(tmp_path / "dcs" / "raw", ROWS)
    (raw / "groundtruth_weak_label_evaluation_set.csv").unlink()
    assert "groundtruth_weak_label_evaluation_set.csv: get it by download_datasets.py" in build("dcs")


# Trainings


@pytest.fixture
def store(tmp_path, monkeypatch):
    small_task(monkeypatch)
    return word_store(tmp_path, n_clips=4)


@pytest.fixture
def learn(tmp_path, capsys):
    """Try to train; gives what is said."""

    def run(*more):
        said = refused(capsys, train.main, "scd", *more, "--data-dir", tmp_path / "data", "--log-dir", tmp_path / "log")
        assert not list(tmp_path.glob("log/*/final-*"))
        return said

    return run


def test_a_training_without_a_store(learn):
    assert "make it by exp_samplecnn/build_dataset.py scd" in learn()


def test_a_store_that_is_cut_short(learn, store):
    store.path.write_bytes(store.path.read_bytes()[:5000])
    assert "segments.h5" in learn()


def test_a_store_that_is_something_else(learn, store):
    store.path.write_text("clip,word\n")
    assert "segments.h5" in learn()


def test_a_ratio_that_leaves_nothing(learn, store):
    assert "an amplifying ratio of 0.001 leaves the excitation no channel of 128" in learn("--amplifying-ratio", 0.001)


def test_a_name_that_is_a_path(learn, store):
    assert "my/words cannot be the name of a folder" in learn("my/words")


def test_a_device_that_is_not_here(learn, store):
    assert "there is no device 'cuda:9' here" in learn("--device", "cuda:9")


def test_a_learning_rate_that_is_far_too_large(learn, store):
    assert "train with a smaller learning rate" in learn("--lr", 1e30, "--batch-size", 8, "--device", "cpu")


# Models


@pytest.fixture
def model(store, tmp_path):
    torch.manual_seed(0)
    settings = ModelSettings("scd", store.task.labels, block="basic")
    write_model(tmp_path / "m.safetensors", settings, settings.network().state_dict())
    return tmp_path / "m.safetensors"


@pytest.fixture
def judge(tmp_path, capsys):
    """Try to evaluate a model; gives what is said."""
    return lambda path, dataset="scd": refused(
        capsys, evaluation.main, dataset, path, "--data-dir", tmp_path / "data", "--device", "cpu"
    )


def test_weights_of_another_block(judge, model, tmp_path):
    from safetensors.torch import load_file, save_file

    settings = ModelSettings("scd", ("no", "yes"), block="rese2")
    metadata = {"settings": json.dumps(settings.describe())}
    save_file(load_file(model), tmp_path / "other.safetensors", metadata=metadata)
    assert "other.safetensors" in judge(tmp_path / "other.safetensors")


def test_a_model_of_another_dataset(judge, store, tmp_path):
    settings = ModelSettings("dcs", ("Car", "Bus"))
    write_model(tmp_path / "d.safetensors", settings, settings.network().state_dict())
    assert "is trained for dcs, not scd" in judge(tmp_path / "d.safetensors")


def test_a_model_that_is_a_picture(judge, store, tmp_path):
    (tmp_path / "m.safetensors").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    assert "m.safetensors" in judge(tmp_path / "m.safetensors")


def test_a_checkpoint_in_place_of_a_model(judge, store, tmp_path):
    torch.save({"network": {}}, tmp_path / "stage0.checkpoint")
    assert "stage0.checkpoint" in judge(tmp_path / "stage0.checkpoint")


def test_a_training_that_has_not_ended(judge, store, tmp_path):
    (tmp_path / "log").mkdir()
    assert "holds no finished model" in judge(tmp_path / "log")


def test_excitations_of_a_network_without_any(model, tmp_path, capsys):
    said = refused(capsys, plot_excitations.main, "scd", model, "--data-dir", tmp_path / "data", "--device", "cpu")
    assert "this network has no excitation" in said


# Recordings to be listened to


@pytest.fixture
def listen(model, tmp_path, capsys):
    """Try to listen to a recording; gives what is said of it."""

    def run(path, *more):
        options = [path, "--model", model, "--output", tmp_path / "out", "--device", "cpu", *more]
        assert cli.run(predict.main, [str(option) for option in options]) == 1
        (said,) = [line for line in capsys.readouterr().err.splitlines() if "at any time" not in line]
        assert not list(tmp_path.glob("out/*/scores.csv"))
        return said

    return run


def test_a_recording_of_no_bytes(listen, tmp_path):
    (tmp_path / "empty.mp3").write_bytes(b"")
    assert "empty.mp3" in listen(tmp_path / "empty.mp3")


def test_a_recording_that_is_a_table(listen, tmp_path):
    (tmp_path / "table.wav").write_text("start,end\n0,1\n")
    assert "table.wav" in listen(tmp_path / "table.wav")


def test_a_recording_with_samples_that_are_no_numbers(listen, tmp_path):
    soundfile.write(tmp_path / "nan.wav", np.full(30000, np.nan), 22050, subtype="FLOAT")
    assert "nan.wav" in listen(tmp_path / "nan.wav")


def test_a_recording_that_is_not_there(listen, tmp_path):
    assert "no recording" in listen(tmp_path / "nothing.wav")


def test_a_hop_of_nothing(listen, tmp_path):
    assert "a hop of 0.0 s is not from 0.01 to 60" in listen(write_sound(tmp_path / "a.wav", 1), "--hop", 0)
