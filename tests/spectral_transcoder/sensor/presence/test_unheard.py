"""Groups that are not heard in levels a second apart are left empty, with the reason."""

import numpy as np
import pytest
from scipy.stats import pearsonr

from spectral_transcoder.sensor.hearing.loading import load_predictor
from spectral_transcoder.sensor.levels.offset import calibrate
from spectral_transcoder.sensor.levels.overall import overall_levels
from spectral_transcoder.sensor.presence.thresholds import PRESENCE_LABELS
from spectral_transcoder.sensor.presence.unheard import LEAST_CORRELATION, unheard_groups
from spectral_transcoder.sensor.results.summary import Summary
from spectral_transcoder.third_octave import FAST, N_BANDS, SLOW
from teachers.label_groups import group_members

GROUPS = ("voice", "birds", "traffic")
N_CLIPS = 15
IN_A_BLOCK = 10


def unheard(transcoder, hop_seconds=SLOW.hop_seconds, teacher="mn04_as"):
    return unheard_groups(GROUPS, teacher=teacher, transcoder=transcoder, hop_seconds=hop_seconds)


def test_nothing_is_left_empty_at_125_ms():
    assert unheard("tcn", FAST.hop_seconds) == {}


def test_a_group_that_goes_against_what_was_there_is_left_empty():
    assert unheard("tcn") == {
        "voice": "its score went with the time of presence by r = -0.68 only, which chance reaches"
    }


def test_what_nobody_has_measured_is_left_empty():
    assert unheard("mine") == dict.fromkeys(GROUPS, "nobody has measured whether it is heard")


def test_the_limit_is_what_chance_exceeds_once_in_twenty():
    random = np.random.default_rng(0)
    found = pearsonr(random.standard_normal((20_000, N_CLIPS)), random.standard_normal((20_000, N_CLIPS)), axis=1)
    assert np.mean(found.statistic > LEAST_CORRELATION) == pytest.approx(0.05, abs=0.005)


def test_empty_columns_keep_their_places_and_the_others_their_values():
    scores = np.array([[0.1, 0.7, 0.4]], np.float32)
    whole = Summary(("Speech", "Bird", "Car"), {name: np.array([n]) for n, name in enumerate(GROUPS)}, n_top=1)
    partial = whole.without({"voice": "no"})
    columns = partial.columns(scores)
    assert list(columns) == list(whole.columns(scores))
    assert np.isnan([columns["voice"], columns["voice_present"]]).all()
    assert all(columns[name] == whole.columns(scores)[name] for name in ("birds", "traffic", "birds_present"))
    np.testing.assert_array_equal(partial.group_scores(scores), scores[:, 1:])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("teacher", "transcoder", "weights"),
    [("mn04_as", "tcn", "efficientat/mn04_as_mAP_432.pt"), ("YamNet", "tagger", "yamnet/yamnet.pth")],
)
def test_what_was_measured_is_found_again(shared, teacher, transcoder, weights):
    clips = np.load(shared / "data/lorient1k/lorient1k_odd.npz")
    levels = clips["slow_1s"].astype(np.float32)
    offset = -np.percentile(overall_levels(levels.reshape(-1, N_BANDS)), 99)
    predictor = load_predictor(teacher, transcoder, teacher_weights=shared / "weights" / weights, device="cpu")
    whole = np.full((len(levels), 5 * IN_A_BLOCK, 1, N_BANDS), np.nan, np.float32)
    whole[:, : levels.shape[1], 0] = calibrate(levels, offset)
    scores = np.stack([predictor.scores_of_blocks(clip.reshape(-1, IN_A_BLOCK, 1, N_BANDS)) for clip in whole])
    left_empty = set(unheard(transcoder, teacher=teacher))
    for group, members in group_members(predictor.labels, PRESENCE_LABELS).items():
        presence = clips["time_of_presence"][:, ["traffic", "voice", "birds"].index(group)]
        found = pearsonr(scores[:, :, members].max(axis=2).mean(axis=1), presence).statistic
        assert (found < LEAST_CORRELATION) == (group in left_empty), group
