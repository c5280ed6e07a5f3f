"""The transcoders that come with the project: complete, small, and better than none."""

import pytest
import torch
from quality.multiplications import count_multiplications

from audiokit.paths import REFERENCE_MODELS
from audiokit.sound.audio import load
from spectral_transcoder.hearing import beside_tagger_in_clips, find_tagger, load_tagger
from spectral_transcoder.pinv import Pinv
from spectral_transcoder.third_octave import SAMPLE_RATE, third_octave
from spectral_transcoder.training.evaluation import evaluate_teacher, evaluate_transcoder
from spectral_transcoder.training.losses import score_bce
from spectral_transcoder.transcoders.store import find_transcoders, load_transcoder
from teachers.registry import front_end_of, load_teacher

SHIPPED = {"YamNet": {"tcn", "tcn_sensors"}, "mn04_as": {"tcn", "tcn_clips"}}
"""Transcoders."""

TAGGERS = {"YamNet": {"tagger", "tagger_slow"}, "mn04_as": {"tagger"}}
EACH = [(teacher, name) for teacher, names in SHIPPED.items() for name in sorted(names)]
WEIGHTS = {"YamNet": "yamnet/yamnet.pth", "mn04_as": "efficientat/mn04_as_mAP_432.pt"}
LARGEST = 3_000_000

UNSEEN = "urbansound8k/fold1"
"""Recordings that none of them was trained on, but for a few that their lists name."""

N_CLIPS = 20


@pytest.mark.parametrize("teacher", SHIPPED)
def test_those_of_each_teacher_are_found(teacher):
    assert find_transcoders(teacher, [REFERENCE_MODELS]).keys() == SHIPPED[teacher] | TAGGERS[teacher]


@pytest.mark.parametrize(("teacher", "name"), EACH)
def test_they_are_small_and_give_mel_spectrograms(teacher, name):
    stored = find_transcoders(teacher, [REFERENCE_MODELS])[name]
    assert stored.weights.stat().st_size < LARGEST
    front_end = front_end_of(teacher)
    with torch.inference_mode():
        mel = load_transcoder(stored)(60 * torch.rand(2, 8, 29, generator=torch.Generator().manual_seed(0)))
    assert mel.shape == (2, front_end.chunk_frames, front_end.n_mels)
    assert mel.isfinite().all()


@pytest.fixture(scope="module")
def seconds(shared):
    """Two whole seconds of each of some clips, by sample rate."""
    heard = frozenset().union(
        *(
            stored.training_recordings
            for name in SHIPPED
            for stored in find_transcoders(name, [REFERENCE_MODELS]).values()
        )
    )
    paths = [path for path in sorted((shared / "data" / UNSEEN).glob("*.ogg")) if path.name.split("-")[0] not in heard]
    paths = paths[:: len(paths) // N_CLIPS][:N_CLIPS]

    def at(sample_rate):
        return torch.stack([torch.from_numpy(load(path, sample_rate=sample_rate))[: 2 * sample_rate] for path in paths])

    return {rate: at(rate).reshape(-1, rate) for rate in (16000, 32000)}


@pytest.mark.slow
@pytest.mark.parametrize("teacher_name", SHIPPED)
def test_they_are_better_than_none_on_what_they_have_not_seen(shared, seconds, teacher_name):
    teacher = load_teacher(teacher_name, weights=shared / "weights" / WEIGHTS[teacher_name])
    front_end = teacher.front_end
    split = {
        "third_octave": third_octave(seconds[SAMPLE_RATE]),
        "mel": front_end(seconds[front_end.sample_rate])[:, : front_end.chunk_frames],
    }
    target = torch.from_numpy(evaluate_teacher(teacher, split["mel"]).scores)

    def measured(transcoder):
        evaluated = evaluate_transcoder(transcoder, teacher, split)
        scores = torch.from_numpy(evaluated.scores)
        same_top_class = (scores.argmax(dim=1) == target.argmax(dim=1)).float().mean().item()
        return score_bce(scores, target).item(), evaluated.mel_mse.mean(), same_top_class

    bce, mel_mse, same_top_class = measured(Pinv(front_end))
    found = find_transcoders(teacher_name, [REFERENCE_MODELS])
    bces = {}
    for name in SHIPPED[teacher_name]:
        bces[name], its_mel_mse, its_same_top_class = measured(load_transcoder(found[name]))
        assert bces[name] < 0.7 * bce
        assert its_mel_mse < mel_mse
        assert its_same_top_class > same_top_class + 0.15
    assert bces.get("tcn_clips", 0) < bces["tcn"], "what is for recordings is better there"


@pytest.mark.parametrize("teacher", TAGGERS)
def test_taggers_are_small_and_cost_less_than_half_of_a_transcoder(teacher):
    found = find_transcoders(teacher, [REFERENCE_MODELS])
    assert all(found[name].weights.stat().st_size < LARGEST for name in TAGGERS[teacher])
    second = torch.zeros(1, 8, 29)
    costs = {name: count_multiplications(load_transcoder(found[name]), second) for name in ("tagger", "tcn")}
    assert costs["tagger"] < costs["tcn"] / 2


@pytest.mark.slow
@pytest.mark.parametrize("teacher_name", TAGGERS)
def test_taggers_hear_more_than_the_transcoder_does_alone(shared, seconds, teacher_name):
    teacher = load_teacher(teacher_name, weights=shared / "weights" / WEIGHTS[teacher_name])
    levels = third_octave(seconds[SAMPLE_RATE])
    mel = teacher.front_end(seconds[teacher.sample_rate])[:, : teacher.front_end.chunk_frames]
    found = find_transcoders(teacher_name, [REFERENCE_MODELS])
    transcoder = load_transcoder(found[beside_tagger_in_clips(found)])
    tagger = load_tagger(find_tagger(teacher_name, "fast", [REFERENCE_MODELS]))
    with torch.inference_mode():
        target = teacher.scores(mel)
        transcoded = teacher.scores(transcoder(levels))
        together = tagger.joined(tagger.scores_of_seconds(levels.unflatten(0, (-1, 2))).flatten(0, 1), transcoded)
    assert score_bce(together, target) < score_bce(transcoded, target)
