"""Seconds are trained on in windows, which other microphones would have heard otherwise."""

import numpy as np
import pytest
import torch

from spectral_transcoder.training.losses import TaggerObjective
from spectral_transcoder.training.windows import Microphones, in_windows, runs_of_seconds, window_rows
from spectral_transcoder.transcoders.tagger import Tagger

FILES = np.array([0, 0, 0, 1, 2, 2, 2, 2, 2])


def test_runs_stay_within_a_recording_and_hold_every_second_once():
    runs = runs_of_seconds(FILES, 2)
    assert [run.tolist() for run in runs] == [[0, 1], [2], [3], [4, 5], [6, 7], [8]]


def test_windows_are_whole():
    assert window_rows(FILES, 2).tolist() == [[0, 1], [4, 5], [6, 7]]
    assert window_rows(FILES, 10).shape == (0, 10)
    split = in_windows({"scores": torch.arange(9.0)[:, None]}, window_rows(FILES, 2))
    assert split["scores"][..., 0].tolist() == [[0, 1], [4, 5], [6, 7]]


@pytest.fixture
def batch():
    generator = torch.Generator().manual_seed(0)
    return {
        "third_octave": 40 + 10 * torch.rand(6, 10, 8, 29, generator=generator),
        "scores": torch.rand(6, 10, 5, generator=generator),
    }


def test_a_microphone_has_one_response_for_a_window_and_leaves_the_scores(batch):
    torch.manual_seed(1)
    lengths = set()
    for _ in range(40):
        cut = Microphones()(batch)
        n_seconds = cut["scores"].shape[1]
        lengths.add(n_seconds)
        starts = [s for s in range(11 - n_seconds) if torch.equal(batch["scores"][:, s : s + n_seconds], cut["scores"])]
        response = cut["third_octave"] - batch["third_octave"][:, starts[0] : starts[0] + n_seconds]
        torch.testing.assert_close(response, response[:, :1, :1].expand_as(response), rtol=0, atol=1e-4)
        assert 1 < response.std() < 20
    assert lengths == {1, 2, 5, 10}


def test_the_loss_is_least_where_the_scores_are_the_teachers(batch):
    tagger = Tagger(n_labels=5, n_channels=8, n_layers=1).eval()
    logits = tagger(batch["third_octave"].flatten(1, 2)).detach()
    objective = TaggerObjective()
    same = objective(tagger, batch | {"scores": logits.sigmoid()})
    other = objective(tagger, batch)
    assert same["order"].item() == pytest.approx(0, abs=1e-4)
    assert other["order"] > 0.01
    entropy = torch.distributions.Bernoulli(logits=logits).entropy().mean()
    assert same["logit"].item() == pytest.approx(entropy.item(), rel=1e-4)
