"""Which folder a training goes on in."""

import os

import pytest

from audiokit.errors import UserError
from exp_samplecnn.learning.log_folders import training_folder
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
