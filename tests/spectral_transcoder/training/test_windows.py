"""Seconds are trained on in windows, which other microphones would have heard otherwise."""

import numpy as np
import pytest
import torch

from spectral_transcoder.third_octave import CENTRE_FREQUENCIES
from spectral_transcoder.training.losses import TaggerObjective
from spectral_transcoder.training.windows import Microphones, in_windows, runs_of_seconds, unheard_bands, window_rows
from spectral_transcoder.transcoders.tagger import Tagger
from teachers.registry import front_end_of

YAMNET, PANN, EFFICIENTAT = map(front_end_of, ("YamNet", "PANN", "mn04_as"))
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
        cut = Microphones(EFFICIENTAT, slow_share=0)(batch)
        n_seconds = cut["scores"].shape[1]
        lengths.add(n_seconds)
        starts = [s for s in range(11 - n_seconds) if torch.equal(batch["scores"][:, s : s + n_seconds], cut["scores"])]
        response = cut["third_octave"] - batch["third_octave"][:, starts[0] : starts[0] + n_seconds]
        torch.testing.assert_close(response, response[:, :1, :1].expand_as(response), rtol=0, atol=1e-4)
        assert 1 < response.std() < 20
    assert lengths == {1, 2, 5, 10}


def test_bands_beyond_all_mel_bands_are_unheard():
    # YAMNet's Mel bands are from 125 Hz to 7.5 kHz, PANN's from 50 Hz to 14 kHz.
    assert unheard_bands(YAMNET) == (8, 2)
    assert CENTRE_FREQUENCIES[[7, 27]].round().tolist() == [100, 10000]
    assert unheard_bands(PANN) == (4, 0)
    assert unheard_bands(EFFICIENTAT) == (0, 0)


def test_a_microphone_may_lose_what_the_teacher_does_not_hear(batch):
    torch.manual_seed(0)
    still = Microphones(YAMNET, gain_db=0, colour_db=0, slow_share=0)
    changes = [still(batch | {"third_octave": torch.zeros(6, 10, 8, 29)})["third_octave"][:, 0, 0] for _ in range(100)]
    response = torch.cat(changes)
    assert response[:, 8:27].abs().max() == 0
    low, high = response[:, :8], response[:, 27:]
    assert (low.diff(dim=1) >= 0).all(), "the lowest bands are lost first, all by the same amount"
    assert set(high.unique().tolist()) == {-100, 0}
    assert (high.diff(dim=1) <= 0).all(), "the highest first"
    for share in ((low != 0).any(dim=1), (high != 0).any(dim=1)):
        assert share.float().mean().item() == pytest.approx(0.5, abs=0.06)


def test_some_windows_have_the_levels_of_slower_meters():
    levels = 40 + 20 * torch.rand(600, 10, 8, 29, generator=torch.Generator().manual_seed(0))
    torch.manual_seed(0)
    slower = Microphones(EFFICIENTAT, gain_db=0, colour_db=0, slow_share=0.4)
    cut = slower({"third_octave": levels, "second": torch.arange(10).expand(600, 10)})
    power, found = (10 ** (array / 10) for array in (levels[:, cut["second"][0]], cut["third_octave"]))
    torch.testing.assert_close(found.mean(dim=2), power.mean(dim=2), rtol=1e-3, atol=0)

    def whole_windows(n_joined):
        means = power.unflatten(2, (-1, n_joined)).mean(dim=3).repeat_interleave(n_joined, dim=2)
        return (found / means - 1).abs().amax(dim=(1, 2, 3)) < 1e-3

    for n_joined, share in ((1, 0.6), (2, 0.2), (8, 0.2)):
        assert whole_windows(n_joined).float().mean().item() == pytest.approx(share, abs=0.05)


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


def test_beside_a_transcoder_the_mean_of_both_is_to_be_right(batch):
    tagger = Tagger(n_labels=5, n_channels=8, n_layers=1).eval()
    logits = tagger(batch["third_octave"].flatten(1, 2)).detach()
    wanted = logits + 1
    objective = TaggerObjective(score_weight=30.0, order_weight=0.5, share=0.25)
    batch |= {"scores": wanted.sigmoid()}
    # A quarter of its own logits and three of those 4/3 higher are 1 higher in all.
    right = objective(tagger, batch | {"transcoded": (logits + 4 / 3).sigmoid()})
    entropy = torch.distributions.Bernoulli(logits=wanted).entropy().mean().item()
    assert right["joined"].item() == pytest.approx(30 * entropy, rel=1e-4)
    wrong = objective(tagger, batch | {"transcoded": (logits - 1).sigmoid()})
    assert wrong["joined"] > 1.01 * right["joined"]
    assert right["loss"].item() == pytest.approx((objective(tagger, batch)["loss"] + right["joined"]).item())
