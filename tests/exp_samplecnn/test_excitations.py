"""What squeeze and excitation do, by label and depth."""

import numpy as np
import pytest
import torch
from samplecnn_fixtures import small_task, word_store

from audiokit import cli
from audiokit.errors import UserError
from exp_samplecnn import plot_excitations
from exp_samplecnn.data.standardisation import Standardisation
from exp_samplecnn.evaluation.excitations import clip_excitations, label_means, spread_over_labels
from exp_samplecnn.learning.model_files import ModelSettings, write_model


@pytest.fixture
def store(tmp_path, monkeypatch):
    small_task(monkeypatch)
    return word_store(tmp_path, n_clips=4)


def network(store, block):
    torch.manual_seed(0)
    return ModelSettings("scd", store.task.labels, block=block).network().eval()


@pytest.mark.parametrize("block", ["se", "rese2"])
def test_excitations_are_means_over_the_segments_of_a_clip(store, block):
    model = network(store, block)
    found = clip_excitations(model, store, "val", standardisation=Standardisation(0, 0.5), batch_size=7)
    assert [part.shape for part in found] == [(2, 128), (2, 128), (2, 256), (2, 512)]
    rows = store.rows_of("val")
    sound = torch.from_numpy(store.segments[rows] / np.float32(32767)) / 0.5
    seen = []
    model.block2.ex1.register_forward_hook(lambda _, __, logits: seen.append(logits.sigmoid()))
    with torch.inference_mode():
        model(sound)
    expected = seen[0].reshape(2, 10, 256).mean(dim=1)
    np.testing.assert_allclose(found[2], expected, rtol=1e-4)


def test_networks_without_excitation_are_refused(store):
    with pytest.raises(UserError, match="has no excitation"):
        clip_excitations(network(store, "res1"), store, "val", standardisation=Standardisation())


def test_means_are_of_the_clips_that_have_a_label():
    excitations = np.array([[0.0, 1], [0.5, 0.5], [1, 0]])
    targets = np.array([[1, 0, 0], [1, 1, 0], [0, 1, 0]])
    means = label_means(excitations, targets)
    np.testing.assert_allclose(means[:2], [[0.25, 0.75], [0.75, 0.25]])
    assert np.isnan(means[2]).all()
    assert spread_over_labels(means) == pytest.approx(0.25)


def test_picture_and_arrays_are_written(store, tmp_path):
    settings = ModelSettings("scd", store.task.labels)
    write_model(tmp_path / "m.safetensors", settings, network(store, "se").state_dict())
    options = ["scd", tmp_path / "m.safetensors", "--data-dir", tmp_path / "data", "--device", "cpu"]
    assert cli.run(plot_excitations.main, [str(option) for option in options]) == 0
    assert (tmp_path / "evaluation" / "excitations.png").stat().st_size > 10_000
    with np.load(tmp_path / "evaluation" / "excitations.npz") as arrays:
        assert arrays["block3"].shape == (2, 512)
