"""A recording's scores are those that its teacher gives it, whatever else is scored along with it."""

import pickle

import numpy as np
import pytest
import torch
from audio_fixtures import noise, save_transcoders, scene, write
from classification_fixtures import save_models
from torch.testing import assert_close

from audiokit.sound.audio import Recording, load
from spectral_transcoder.analysis import GROUND_TRUTH, Source, analyse_as_published
from spectral_transcoder.classification.clip_scores import ClipScorer
from spectral_transcoder.classification.scored_models import find_models
from spectral_transcoder.transcoding import transcode
from teachers.registry import load_teacher

CLIPS = {
    "long.wav": (2.2, 44100, 1),
    "as_long.flac": (2.2, 44100, 1),
    "as_long_too.flac": (2.2, 44100, 1),
    "stereo.wav": (2.2, 44100, 2),
    "second.wav": (1, 32000, 1),
    "slow.ogg": (1.5, 8000, 1),
    "fast.wav": (1.01, 96000, 1),
    "short.wav": (0.3, 22050, 1),
    "tiny.wav": (0.002, 16000, 1),
}
"""Name → seconds, sample rate, channels."""


@pytest.fixture(scope="module")
def audio(tmp_path_factory):
    folder = tmp_path_factory.mktemp("audio")
    for number, (name, (seconds, rate, channels)) in enumerate(CLIPS.items()):
        write(
            folder / name, np.stack([scene(seconds, rate, seed=n) for n in range(number, number + channels)], 1), rate
        )
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return save_models(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module")
def models(folder):
    yamnet, _ = find_models(["YamNet"], ["self", "cnn", "pinv"], folder=folder)
    mobile, _ = find_models(["mn01_as"], ["pinv", "self"], folder=folder)
    return (*yamnet, *mobile)


WIDTHS = {"YamNet/self": 521, "YamNet/cnn": 521, "YamNet/pinv": 521, "mn01_as/pinv": 527, "mn01_as/self": 527}


def by_model(row):
    assert len(row) == sum(WIDTHS.values())
    return dict(zip(WIDTHS, np.split(row, np.cumsum([*WIDTHS.values()])[:-1]), strict=True))


@pytest.fixture(scope="module")
def scored(audio, models):
    """Name → model → scores, of all clips at once."""
    names = [*CLIPS]
    clips = ClipScorer(models, audio)(list(enumerate(names)))
    assert sorted(clip.index for clip in clips) == list(range(len(CLIPS)))
    return {names[clip.index]: by_model(clip.scores) for clip in clips}


def waveform(path, rate):
    """Normalised, and continued with silence to a second."""
    samples = load(path, sample_rate=rate)
    return torch.from_numpy(np.pad(samples, (0, max(0, rate - len(samples)))))


@pytest.mark.parametrize("name", CLIPS)
def test_a_clip_among_others_has_the_scores_that_it_has_alone(audio, models, scored, name):
    (alone,) = ClipScorer(models, audio)([(7, name)])
    assert alone.index == 7
    for model, scores in by_model(alone.scores).items():
        np.testing.assert_allclose(scores, scored[name][model], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", [name for name in CLIPS if name != "tiny.wav"])
@pytest.mark.parametrize("teacher", ["YamNet", "mn01_as"])
def test_scores_are_those_of_the_published_analysis(audio, folder, models, scored, name, teacher):
    own = [model for model in models if model.classifier == teacher]
    transcoders = {model.transcoder: model.load_transcoder() for model in own if model.transcoder != "self"}
    loaded = load_teacher(teacher, folder=folder)
    source = Source(audio / name, loaded.front_end)
    block = analyse_as_published(source, transcoders, teacher=loaded, device=torch.device("cpu"))
    for transcoder, scores in block.scores.items():
        found = scored[name][f"{teacher}/{transcoder}".replace(GROUND_TRUTH, "self")]
        assert_close(torch.from_numpy(found), scores, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", CLIPS)
def test_scores_are_those_of_the_teacher_by_hand(audio, folder, models, scored, name):
    teacher = load_teacher("YamNet", folder=folder)
    own = teacher.scores(teacher.mel(waveform(audio / name, 16000)[None]))[0]
    assert_close(torch.from_numpy(scored[name]["YamNet/self"]), own, rtol=1e-4, atol=1e-6)
    chunks = transcode(models[1].load_transcoder(), waveform(audio / name, 32000))
    assert_close(torch.from_numpy(scored[name]["YamNet/cnn"]), teacher.chunk_scores(chunks), rtol=1e-4, atol=1e-6)


def test_different_clips_and_models_have_different_scores(scored):
    rows = [scores for name in CLIPS for model, scores in scored[name].items() if model.startswith("YamNet")]
    rows = np.array(rows)
    assert np.all((rows > 0) & (rows < 1))
    assert len(np.unique(rows.round(4), axis=0)) == len(rows)


def test_stereo_is_mixed(audio, models, scored, tmp_path):
    mixed = (scene(2.2, 44100, seed=3) + scene(2.2, 44100, seed=4)) / 2
    write(tmp_path / "mono.wav", mixed, 44100)
    (clip,) = ClipScorer(models, tmp_path)([(0, "mono.wav")])
    for model, scores in by_model(clip.scores).items():
        np.testing.assert_allclose(scores, scored["stereo.wav"][model], rtol=1e-3, atol=1e-5)


def test_loudness_does_not_matter(audio, models, scored, tmp_path):
    write(tmp_path / "soft.wav", 0.01 * scene(2.2, 44100, seed=0), 44100)
    (clip,) = ClipScorer(models, tmp_path)([(0, "soft.wav")])
    for model, scores in by_model(clip.scores).items():
        np.testing.assert_allclose(scores, scored["long.wav"][model], rtol=1e-3, atol=1e-5)


def test_silence_has_scores(models, tmp_path):
    write(tmp_path / "silence.wav", np.zeros(40000, np.float32))
    (clip,) = ClipScorer(models, tmp_path)([(0, "silence.wav")])
    assert np.all(np.isfinite(clip.scores))


# As published


def test_on_request_transcoders_hear_the_16_khz_of_yamnet_as_32(audio, folder, models, scored):
    names = ["long.wav", "as_long.flac", "fast.wav"]
    clips = ClipScorer(models, audio, paper=True)(list(enumerate(names)))
    teacher = load_teacher("YamNet", folder=folder)
    for clip in clips:
        name, found = names[clip.index], by_model(clip.scores)
        for model in models[1:3]:
            misread = Recording(audio / name, sample_rate=16000).read()
            chunks = transcode(model.load_transcoder(), torch.from_numpy(misread))
            assert len(chunks) == (2 if "long" in name else 1)  # 1.1 s, as it is heard, of 2.2 s
            expected = teacher.chunk_scores(chunks)
            assert_close(torch.from_numpy(found[model.name]), expected, rtol=1e-4, atol=1e-6)
            assert np.abs(found[model.name] - scored[name][model.name]).max() > 1e-3
        for model in ("YamNet/self", "mn01_as/self", "mn01_as/pinv"):
            np.testing.assert_allclose(found[model], scored[name][model], rtol=1e-4, atol=1e-6)


# What cannot be used, and where it is done


def test_recordings_that_cannot_be_used_do_not_keep_others_from_it(audio, models, scored, tmp_path):
    (tmp_path / "text.wav").write_text("no sound")
    write(tmp_path / "empty.wav", np.zeros(0, np.float32))
    write(tmp_path / "nan.wav", np.full(32000, np.nan, np.float32))
    (tmp_path / "long.wav").symlink_to(audio / "long.wav")
    names = ["text.wav", "long.wav", "missing.wav", "empty.wav", "nan.wav"]
    clips = {names[clip.index]: clip for clip in ClipScorer(models, tmp_path)(list(enumerate(names)))}
    assert clips.keys() == set(names)
    assert clips["long.wav"].problem == ""
    found = by_model(clips["long.wav"].scores)["YamNet/cnn"]
    np.testing.assert_allclose(found, scored["long.wav"]["YamNet/cnn"], rtol=1e-4, atol=1e-6)
    reasons = {"text.wav": "it is a text", "missing.wav": "cannot read", "empty.wav": "0 samples", "nan.wav": "finite"}
    for name, reason in reasons.items():
        assert clips[name].scores is None
        assert reason in clips[name].problem
        assert name in clips[name].problem


def test_a_scorer_can_be_sent_to_another_process(audio, models, scored):
    sent = pickle.loads(pickle.dumps(ClipScorer(models, audio)))  # noqa: S301
    (clip,) = sent([(0, "second.wav")])
    np.testing.assert_allclose(by_model(clip.scores)["YamNet/cnn"], scored["second.wav"]["YamNet/cnn"], rtol=1e-4)


def test_weights_that_have_changed_since_are_read_again(tmp_path):
    write(tmp_path / "a.wav", noise(32000))
    models, _ = find_models(["YamNet"], ["cnn"], folder=save_models(tmp_path))
    (before,) = ClipScorer(tuple(models), tmp_path)([(0, "a.wav")])
    (tmp_path / "reference_models/cnn_mels_YamNet.safetensors").rename(models[0].stored.weights)
    (after,) = ClipScorer(tuple(models), tmp_path)([(0, "a.wav")])
    assert np.abs(before.scores - after.scores).max() > 1e-5


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
def test_a_gpu_gives_the_same(audio, models, scored):
    for clip in ClipScorer(models, audio, device="cuda")(list(enumerate(CLIPS))):
        for model, scores in by_model(clip.scores).items():
            np.testing.assert_allclose(scores, scored[[*CLIPS][clip.index]][model], atol=1e-3)


# Which models there are


def names(found):
    return [model.name for model in found[0]]


def test_models_go_by_teacher_and_then_by_transcoder(folder):
    found = find_models(["mn01_as", "YamNet"], ["pinv", "self", "cnn", "cnn_mels"], folder=folder)
    assert names(found) == [
        "mn01_as/pinv", "mn01_as/self", "YamNet/pinv", "YamNet/self", "YamNet/cnn", "YamNet/cnn_mels",
    ]  # fmt: skip
    assert found[1] == [
        "cnn is left out for mn01_as: no trained one is here",
        "cnn_mels is left out for mn01_as: no trained one is here",
    ]  # fmt: skip
    weights = {model.stored.weights.parent for model in found[0] if model.stored}
    assert weights == {folder / "reference_models"}


def fingerprints(folder):
    return [model.fingerprint() for model in find_models(["YamNet"], ["self", "cnn", "cnn_mels"], folder=folder)[0]]


def test_each_model_has_a_fingerprint_of_its_weights(folder, tmp_path):
    assert len(set(fingerprints(folder))) == 3
    assert fingerprints(folder) == fingerprints(save_models(tmp_path))
    (tmp_path / "yamnet/yamnet.pth").write_bytes(b"others")
    assert not set(fingerprints(folder)) & set(fingerprints(tmp_path))


def test_teachers_without_weights_are_left_out_with_what_gets_them(folder):
    models, notes = find_models(["PANN", "YamNet"], ["self"], folder=folder)
    assert [model.name for model in models] == ["YamNet/self"]
    assert notes == [
        "PANN is left out: its weights are missing. Get them with: "
        "python3 download_pretrained_models.py --only PANN"
    ]  # fmt: skip


def test_a_transcoder_of_ones_own_goes_by_its_name(tmp_path):
    save_models(tmp_path)
    settings = tmp_path / "reference_models/cnn_mels_YamNet.yaml"
    settings.write_text(settings.read_text().replace("cnn_mels", "mycity"))
    found = find_models(["YamNet", "mn01_as"], ["mycity"], folder=tmp_path)
    assert names(found) == ["YamNet/mycity"]
    assert found[0][0].stored.weights == settings.with_suffix(".safetensors")
    assert found[1] == ["mycity is left out for mn01_as: no trained one is here"]


def test_the_papers_transcoder_is_not_scored_twice(tmp_path, monkeypatch):
    monkeypatch.setattr("spectral_transcoder.classification.scored_models.REFERENCE_MODELS", tmp_path / "none")
    save_models(tmp_path)
    save_transcoders(tmp_path / "theirs")
    (tmp_path / "theirs/reference_models").rename(tmp_path / "paper_transcoders")
    both = find_models(["YamNet"], ["self", "cnn", "paper"], folder=tmp_path)
    assert names(both) == ["YamNet/self", "YamNet/cnn", "YamNet/paper"]
    assert both[0][1].stored.weights.parent == tmp_path / "reference_models"
    assert both[0][2].stored.weights.parent == tmp_path / "paper_transcoders"
    papers = find_models(["YamNet"], ["self", "cnn", "paper"], folder=tmp_path, paper=True)
    assert names(papers) == ["YamNet/self", "YamNet/cnn"]
    assert papers[0][1].stored == both[0][2].stored
    assert papers[1] == ["paper is left out for YamNet: it is the same as cnn"]


@pytest.mark.parametrize(
    ("arguments", "options", "reason"),
    [
        ((["VGGish"], ["self"]), {}, "unknown teacher 'VGGish'"),
        ((["YamNet"], ["telepathy"]), {}, "unknown transcoder 'telepathy': choose among self, pinv, cnn, cnn_mels"),
        ((["YamNet", "PANN"], ["self"]), {"teacher_weights": "a.pth"}, "--teacher_weights is of one teacher"),
    ],
)
def test_mistakes_are_told_in_a_line(folder, arguments, options, reason):
    with pytest.raises(Exception, match=reason) as caught:
        find_models(*arguments, folder=folder, **options)
    assert type(caught.value).__name__ == "UserError"
    assert "\n" not in str(caught.value)
