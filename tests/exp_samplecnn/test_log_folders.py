"""Which folder a training goes on in."""

import os

import pytest

from audiokit.errors import UserError
from exp_samplecnn.learning.log_folders import RECORDINGS, begin, check_options, training_folder
from exp_samplecnn.learning.model_files import find_model

OPTIONS = {"seed": 0}


def test_a_training_goes_on_until_its_model_has_its_name(tmp_path):
    folder, is_begun = training_folder(tmp_path, "scd-one", OPTIONS)
    assert not is_begun
    (folder / f"final-auc_0.9.{os.getpid()}.part.safetensors").touch()  # of a process that was killed meanwhile
    assert training_folder(tmp_path, "scd-one", OPTIONS) == (folder, True)
    with pytest.raises(UserError, match="holds no finished model"):
        find_model(folder)
    (folder / "final-auc_0.9.safetensors").touch()
    assert find_model(folder).name == "final-auc_0.9.safetensors"


def test_another_training_begins_in_a_folder_of_its_own(tmp_path):
    first, _ = training_folder(tmp_path, "scd-one", OPTIONS)
    second, is_begun = training_folder(tmp_path, "scd-two", OPTIONS)
    assert first != second
    assert not is_begun


@pytest.mark.parametrize("name", ["scd-lr[0.1]", "scd-se*", "scd-what?"])
def test_names_are_taken_letter_by_letter(tmp_path, name):
    training_folder(tmp_path, "scd-se", OPTIONS)
    folder, is_begun = training_folder(tmp_path, name, OPTIONS)
    assert not is_begun
    assert training_folder(tmp_path, name, OPTIONS) == (folder, True)


def test_what_was_not_written_down_of_a_training_is_taken_for_the_same(tmp_path):
    begin(tmp_path, {"model": {"block": "se"}, "training": {"patience": 2, "device": "cuda"}})
    check_options(tmp_path, {RECORDINGS: "4f1c", "training": {"patience": 2}})
    with pytest.raises(
        UserError, match=r"other options \(block was se, is basic; patience was 2, is 3\): use the same"
    ):
        check_options(tmp_path, {"model": {"block": "basic"}, "training": {"patience": 3}})
