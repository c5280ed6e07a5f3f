"""Teachers: where their weights lie, and what all of them promise."""

import csv
import re

import pytest
import torch
from recipe import fill
from torch.testing import assert_close

from audiokit.errors import UserError
from efficientat.teacher import EfficientatTeacher
from pann.teacher import PannTeacher
from teachers.audioset import audioset_labels
from teachers.registry import find_weights, front_end_of, load_teacher, teacher_names
from yamnet.network import YAMNet
from yamnet.teacher import YamnetTeacher

OFFICIAL_FILES = {
    "PANN": "pann/ResNet38_mAP=0.434.pth",
    "YamNet": "yamnet/yamnet.pth",
    "mn04_as": "efficientat/mn04_as_mAP_432.pt",
}
FAMILIES = {
    "PANN": (PannTeacher, 0.003),
    "YamNet": (YamnetTeacher, 1),
    "mn04_as": (lambda: EfficientatTeacher("mn04_as"), 0.1),
}
"""What makes each teacher, and the factor by which the recipe's linear layers do not saturate its scores."""


def checkpoint_of(shapes, values=0.01):
    """A state dict of the given shapes that takes no room: each tensor repeats one number."""
    return {key: torch.tensor(values).expand(shape) for key, shape in shapes.items()}


def shapes_of(network):
    return {key: tensor.shape for key, tensor in network.state_dict().items()}


@pytest.fixture(scope="module", params=FAMILIES)
def teacher(request):
    """A teacher with weights to which all inputs matter, as `load_teacher` would hand it out."""
    create, linear_factor = FAMILIES[request.param]
    teacher = create().requires_grad_(False)
    fill(teacher.network, linear_factor=linear_factor)
    return teacher.eval()


@pytest.fixture(scope="module")
def mel(teacher):
    """Two seconds of two sounds that grow louder, as the teacher hears them."""
    noise = torch.randn(2, 2 * teacher.sample_rate, generator=torch.Generator().manual_seed(0))
    return teacher.mel(noise * torch.logspace(-4, 0, noise.shape[1]) * torch.tensor([[1], [0.01]]))


# What all promise


def test_scores_are_probabilities_one_for_each_label(teacher, mel):
    scores = teacher.scores(mel)
    assert scores.shape == (2, len(teacher.labels))
    assert scores.min() >= 0
    assert scores.max() <= 1
    assert (scores[0] - scores[1]).abs().mean() > 0.01


def test_scores_pass_gradients_to_the_mel_and_none_to_the_weights(teacher, mel):
    mel = mel.clone().requires_grad_()
    teacher.scores(mel).sum().backward()
    assert mel.grad.isfinite().all()
    assert mel.grad.abs().sum(dim=(1, 2)).min() > 0
    assert not any(parameter.requires_grad for parameter in teacher.parameters())


def test_scores_of_a_batch_are_those_of_its_members(teacher, mel):
    singles = torch.cat([teacher.scores(one[None]) for one in mel])
    assert_close(teacher.scores(mel), singles, rtol=0, atol=1e-5)


def test_scores_of_chunks_are_those_of_the_recording_that_they_were_cut_from(teacher, mel):
    n_frames = teacher.front_end.chunk_frames
    chunks = torch.stack([mel[0, :n_frames], mel[0, 100 : 100 + n_frames]])
    expected = teacher.scores(mel[:1, : 100 + n_frames])[0]
    assert_close(teacher.chunk_scores(chunks), expected, rtol=0, atol=1e-5)


def test_chunks_of_several_recordings_are_scored_as_those_of_each(teacher, mel):
    chunks = torch.stack([mel[:, :96], mel[:, 40:136]], dim=1) if teacher.name == "YamNet" else mel[:, None, :101]
    singles = torch.stack([teacher.chunk_scores(one) for one in chunks])
    assert_close(teacher.chunk_scores(chunks), singles, rtol=0, atol=1e-5)


def test_the_front_end_is_known_without_the_weights(teacher):
    assert front_end_of(teacher.name) is teacher.front_end
    assert teacher.sample_rate == teacher.front_end.sample_rate == (16000 if teacher.name == "YamNet" else 32000)


def test_the_embedding_is_what_the_last_layer_sees(teacher, mel):
    n_frames = 96 if teacher.name == "YamNet" else mel.shape[1]
    embeddings = teacher.embeddings(mel[:, :n_frames])
    assert embeddings.shape == (2, {"PANN": 2048, "YamNet": 1024, "mn04_as": 384}[teacher.name])
    scores = teacher.network.classify(embeddings).sigmoid()
    assert_close(scores, teacher.scores(mel[:, :n_frames]), rtol=0, atol=1e-5)


def test_embeddings_of_a_batch_are_those_of_its_members(teacher, mel):
    singles = torch.cat([teacher.embeddings(one[None]) for one in mel])
    assert_close(teacher.embeddings(mel), singles, rtol=0, atol=1e-5 * singles.abs().max().item())


# YAMNet's patches


def test_yamnet_scores_are_the_mean_over_patches():
    teacher = YamnetTeacher()
    fill(teacher.network)
    mel = torch.randn(2, 399, 64, generator=torch.Generator().manual_seed(0)) + torch.arange(399)[:, None] / 100
    with torch.no_grad():
        singles = [teacher.scores(mel[:, start : start + 96]) for start in (0, 100, 200, 300)]
        assert (singles[0] - singles[3]).abs().mean() > 0.01
        assert_close(teacher.scores(mel), torch.stack(singles).mean(dim=0), rtol=0, atol=1e-6)
        assert_close(teacher.scores(mel[:, :395]), torch.stack(singles[:3]).mean(dim=0), rtol=0, atol=1e-6)


def test_the_yamnet_embedding_is_the_mean_over_patches():
    teacher = YamnetTeacher()
    fill(teacher.network)
    mel = torch.randn(2, 299, 64, generator=torch.Generator().manual_seed(0)) + torch.arange(299)[:, None] / 100
    with torch.no_grad():
        singles = torch.stack([teacher.embeddings(mel[:, start : start + 96]) for start in (0, 100, 200)])
        tolerance = 1e-6 * singles.abs().max().item()
        assert (singles[0] - singles[2]).abs().max() > 100 * tolerance
        assert_close(teacher.embeddings(mel), singles.mean(dim=0), rtol=0, atol=tolerance)


@pytest.mark.parametrize("hear", [YamnetTeacher.scores, YamnetTeacher.embeddings])
def test_less_than_a_patch_is_refused(hear):
    with pytest.raises(UserError, match=r"96 Mel frames .* got 95"):
        hear(YamnetTeacher(), torch.zeros(1, 95, 64))


# Labels


def test_labels_are_those_of_audioset(shared):
    def read(path, column):
        with open(path, encoding="utf-8", newline="") as file:
            return tuple(row[column] for row in csv.DictReader(file))

    assert audioset_labels() == read(shared / "specs" / "labels_pann.csv", "label")
    assert YamnetTeacher().labels == read(shared / "specs" / "labels_yamnet.csv", "label")
    assert YamnetTeacher().labels == read(shared / "weights" / "yamnet" / "yamnet_class_map.csv", "display_name")


def test_yamnet_lacks_six_labels_of_audioset():
    labels, fewer = audioset_labels(), YamnetTeacher().labels
    assert (len(labels), labels[0], labels[111], labels[526]) == (527, "Speech", "Bird", "Field recording")
    assert [index for index, label in enumerate(labels) if label not in fewer] == [1, 2, 12, 32, 33, 277]


# Loading


@pytest.mark.parametrize("name", ["YamNet", "mn04_as"])
def test_real_weights_are_found_and_loaded_strictly(shared, name):
    teacher = load_teacher(name, folder=shared / "weights")
    stored = torch.load(shared / "weights" / OFFICIAL_FILES[name], weights_only=True)
    loaded = teacher.network.state_dict()
    assert list(loaded) == list(stored)
    for key, tensor in stored.items():
        assert_close(loaded[key], tensor, rtol=0, atol=0)


def test_the_official_pann_checkpoint_is_loaded_without_its_own_front_end(state_dict_shapes, tmp_path):
    path = tmp_path / OFFICIAL_FILES["PANN"]
    path.parent.mkdir()
    torch.save({"iteration": 0, "model": checkpoint_of(state_dict_shapes("resnet38"))}, path)
    teacher = load_teacher("PANN", folder=tmp_path)
    assert all((tensor == 0.01).all() for tensor in teacher.network.parameters())


@pytest.mark.parametrize("suffix", ["pth", "safetensors"])
def test_bare_state_dicts_are_loaded_from_anywhere_frozen_and_for_use(tmp_path, suffix):
    path = tmp_path / f"mine.{suffix}"
    weights = {key: torch.full(shape, 0.5) for key, shape in shapes_of(YAMNet()).items()}
    if suffix == "pth":
        torch.save(weights, path)
    else:
        from safetensors.torch import save_file

        save_file(weights, path)
    teacher = load_teacher("YamNet", weights=path)
    assert all((tensor == 0.5).all() for tensor in teacher.parameters())
    assert not any(tensor.requires_grad for tensor in teacher.parameters())
    assert not any(module.training for module in teacher.modules())


@pytest.mark.parametrize("precision", [torch.float64, torch.float16, torch.bfloat16], ids=str)
def test_weights_in_another_precision_are_turned_to_single(tmp_path, precision):
    path = tmp_path / "weights.pth"
    torch.save({key: torch.full(shape, 0.5, dtype=precision) for key, shape in shapes_of(YAMNet()).items()}, path)
    teacher = load_teacher("YamNet", weights=path)
    assert {tensor.dtype for tensor in teacher.parameters()} == {torch.float32}
    assert teacher.scores(torch.zeros(1, 96, 64)).isfinite().all()


@pytest.mark.parametrize(
    ("present", "expected"),
    [(["pth", "h5", "tflite"], "pth"), (["h5", "tflite"], "h5"), (["tflite"], "tflite")],
    ids=lambda value: "+".join(value),
)
def test_float_weights_of_yamnet_come_before_quantised_ones(tmp_path, present, expected):
    (tmp_path / "yamnet").mkdir()
    for suffix in present:
        (tmp_path / "yamnet" / f"yamnet.{suffix}").touch()
    assert find_weights("YamNet", tmp_path) == tmp_path / "yamnet" / f"yamnet.{expected}"


@pytest.mark.parametrize("name", OFFICIAL_FILES)
def test_missing_weights_are_named_with_the_command_that_gets_them(tmp_path, name):
    assert find_weights(name, tmp_path) is None
    expected = re.escape(str(tmp_path / OFFICIAL_FILES[name]))
    with pytest.raises(UserError, match=rf"{name} are missing \({expected}\).*download_pretrained_models\.py --only"):
        load_teacher(name, folder=tmp_path)
    with pytest.raises(UserError, match=r"missing .*nowhere"):
        load_teacher(name, weights=tmp_path / "nowhere.pth")


def test_unknown_teachers_are_refused_with_a_list_of_the_known():
    with pytest.raises(UserError, match=r"'VGGish': choose one of PANN, YamNet, mn01_as, .*mn40_as"):
        load_teacher("VGGish")


def test_each_teacher_can_be_asked_for_by_name():
    assert {"PANN", "YamNet", "mn04_as", "mn10_as"} < set(teacher_names())
    assert len(set(teacher_names())) == len(teacher_names()) == 2 + 19
    assert {front_end_of(name).sample_rate for name in teacher_names()} == {16000, 32000}
