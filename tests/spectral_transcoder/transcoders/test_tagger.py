"""A tagger gives a score for each second of levels, 125 ms or a second apart."""

import pytest
import torch
from torch.testing import assert_close

from spectral_transcoder.hearing import LoadedTagger, find_tagger, join_scores, load_tagger
from spectral_transcoder.transcoders.store import TranscoderSettings, build_transcoder, save_transcoder
from spectral_transcoder.transcoders.tagger import Tagger, as_slow

N_LABELS = 521


def make_levels(n_windows, n_seconds, n_frames=8):
    generator = torch.Generator().manual_seed(0)
    return 30 + 40 * torch.rand(n_windows, n_seconds, n_frames, 29, generator=generator)


def make_tagger(cadence="fast", **sizes):
    torch.manual_seed(0)
    return Tagger(n_labels=7, cadence=cadence, **({"n_channels": 16, "n_layers": 2} | sizes)).eval()


@pytest.mark.parametrize(("cadence", "n_frames"), [("fast", 8), ("slow", 1)])
@pytest.mark.parametrize("n_seconds", [1, 3, 10])
def test_it_gives_a_logit_a_second_for_each_label(cadence, n_frames, n_seconds):
    levels = make_levels(2, n_seconds, n_frames).flatten(1, 2)
    assert make_tagger(cadence)(levels).shape == (2, n_seconds, 7)


def test_slow_levels_are_the_mean_energy_of_a_second():
    levels = make_levels(2, 3)
    expected = 10 * (10 ** (levels.double() / 10)).mean(dim=2).log10()
    assert_close(as_slow(levels.flatten(1, 2)), expected.float(), rtol=0, atol=1e-4)
    assert_close(as_slow(torch.full((1, 8, 29), 50.0)), torch.full((1, 1, 29), 50.0))


def test_a_slow_tagger_takes_levels_of_both_cadences():
    tagger = LoadedTagger(make_tagger("slow"))
    fast = make_levels(2, 4)
    slow = as_slow(fast.flatten(1, 2)).unflatten(1, (4, 1))
    assert_close(tagger.scores_of_seconds(fast), tagger.scores_of_seconds(slow))


def test_it_hears_a_second_in_its_context_and_windows_by_themselves():
    tagger = LoadedTagger(make_tagger())
    windows = make_levels(2, 4)
    whole = tagger.scores_of_seconds(windows)
    assert (whole[:, :1] - tagger.scores_of_seconds(windows[:, :1])).abs().max() > 1e-4
    assert_close(whole[1:], tagger.scores_of_seconds(windows[1:]))
    assert_close(tagger.scores(windows), whole.mean(dim=1))


def test_scores_that_are_joined_have_the_order_of_the_logits_mean_and_the_sum_of_the_scores_mean():
    generator = torch.Generator().manual_seed(0)
    own, transcoded = (1.5 * torch.randn(2, 40, N_LABELS, generator=generator) - 5).sigmoid()
    joined = join_scores(own, transcoded, 0.25)
    assert_close(joined.sum(dim=1), (0.25 * own + 0.75 * transcoded).sum(dim=1))
    raised = joined.logit() - (0.25 * own.logit() + 0.75 * transcoded.logit())
    assert_close(raised, raised[:, :1].expand_as(raised), atol=1e-3, rtol=0)
    assert raised.min() > 0


def test_scores_are_not_changed_where_one_of_two_speaks_alone_or_both_say_the_same():
    own, transcoded = torch.tensor([[0.9, 0.2]]), torch.tensor([[0.5, 0.3]])
    assert_close(join_scores(own, transcoded, 1.0), own)
    assert_close(join_scores(own, transcoded, 0.0), transcoded)
    assert_close(join_scores(own, own, 0.4), own)


def test_scores_of_nothing_and_of_everything_are_joined():
    none, all_of_them = torch.zeros(1, N_LABELS), torch.ones(1, N_LABELS)
    for first, second, expected in ((none, none, 0.0), (all_of_them, all_of_them, 1.0), (none, all_of_them, 0.5)):
        assert_close(join_scores(first, second, 0.5), torch.full((1, N_LABELS), expected), atol=1e-6, rtol=0)


def settings(cadence, **others):
    return TranscoderSettings("tagger", "YamNet", tcn_nb_channels=16, tcn_nb_layers=1, cadence=cadence, **others)


def test_those_that_are_stored_are_found_by_their_cadence(tmp_path):
    for name, cadence, share in (("tagger", "fast", 0.5), ("tagger_slow", "slow", None)):
        of_cadence = settings(cadence, share=share)
        save_transcoder(tmp_path, name, build_transcoder(of_cadence).state_dict(), vars(of_cadence))
    found = {cadence: load_tagger(find_tagger("YamNet", cadence, [tmp_path])) for cadence in ("fast", "slow")}
    assert [tagger.share for tagger in found.values()] == [0.5, 1.0]
    assert [tagger.is_alone for tagger in found.values()] == [False, True]
    assert found["slow"].scores(make_levels(1, 2, 1)).shape == (1, N_LABELS)
    assert find_tagger("mn04_as", "fast", [tmp_path]) is None
