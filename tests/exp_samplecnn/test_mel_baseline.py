"""The linear model on Mels that networks are compared with."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from samplecnn_fixtures import small_task, word_store

from audiokit import cli
from audiokit.errors import UserError
from audiokit.sound.mel import slaney_filterbank
from exp_samplecnn import mel_baseline
from exp_samplecnn.evaluation.mel_baseline import N_PARTS, fit_linear_model, mel_features
from exp_samplecnn.tasks import TASKS


def test_features_are_log_mels_averaged_over_eight_parts():
    sound = np.random.default_rng(0).standard_normal((2, 22050)).astype(np.float32)
    padded = np.pad(sound.astype(float), ((0, 0), (512, 512)), mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(padded, 1024, axis=1)[:, ::512]
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(1024) / 1024)
    bank = slaney_filterbank(sample_rate=22050, n_fft=1024, n_mels=64, fmin=0, fmax=8000)
    mel = np.log(np.abs(np.fft.rfft(frames * window)) ** 2 @ bank + 1e-6)
    expected = np.concatenate([part.mean(axis=1) for part in np.array_split(mel, N_PARTS, axis=1)], axis=1)
    np.testing.assert_allclose(mel_features(torch.from_numpy(sound)), expected, atol=1e-4)


def test_two_tones_are_told_apart(tmp_path, monkeypatch, capsys):
    small_task(monkeypatch)
    word_store(tmp_path)
    assert cli.run(mel_baseline.main, ["scd", "--data-dir", str(tmp_path / "data")]) == 0
    printed = dict(line.split()[:2] for line in capsys.readouterr().out.splitlines()[1:])
    assert float(printed["argmax"]) == float(printed["rocauc"]) == 1


@pytest.mark.parametrize(
    ("split", "told"),
    [("train", "no clip of yes is left for training"), ("val", "all 2 clips of the validation split")],
)
def test_a_split_without_a_word_that_it_needs_is_refused(tmp_path, monkeypatch, split, told):
    small_task(monkeypatch)
    store = word_store(tmp_path, n_clips=8)
    is_yes = np.array([name.startswith("yes") for name in store.names])
    splits = np.where(is_yes & (store.splits == split), "test", store.splits)
    if split == "val":
        splits[store.names.index("no/s0_nohash_0.wav")] = "val"
    with pytest.raises(UserError, match=told):
        fit_linear_model(replace(store, splits=splits))


def test_labels_that_no_clip_has_in_training_have_one_score_without_a_warning(tmp_path, monkeypatch, recwarn):
    small_task(monkeypatch)
    store = word_store(tmp_path)
    task = replace(store.task.telling(("no", "yes", "maybe")), one_label=False)
    targets = np.pad(store.targets, ((0, 0), (0, 1)))
    model = fit_linear_model(replace(store, task=task, targets=targets), strengths=(1.0,))
    assert model.scores.shape == (2, 3)
    assert model.scores[:, 2].tolist() == [0, 0]
    assert not list(recwarn)


def test_it_takes_several_labels_too(tmp_path, monkeypatch, capsys):
    small_task(monkeypatch)
    monkeypatch.setitem(TASKS, "scd", replace(TASKS["scd"], one_label=False))
    word_store(tmp_path)
    assert cli.run(mel_baseline.main, ["scd", "--data-dir", str(tmp_path / "data")]) == 0
    assert "rocauc" in capsys.readouterr().out
