"""Transcoders and students: the paper's checkpoints, the original architectures, and what they are made of."""

import pytest
import torch
from recipe import fill
from torch.testing import assert_close

from audiokit.learning.checkpoints import read_tensors
from pann.mel import FRONT_END as PANN
from pann.teacher import PannTeacher
from spectral_transcoder.pinv import Pinv
from spectral_transcoder.transcoders.cnn import CNNPinv
from spectral_transcoder.transcoders.mlp import MLP, MLPPinv
from spectral_transcoder.transcoders.students import EfficientNetStudent, SelfStudent
from yamnet.mel import FRONT_END as YAMNET
from yamnet.teacher import YamnetTeacher

FRONT_ENDS = {"pann": PANN, "yamnet": YAMNET}
each_front_end = pytest.mark.parametrize("name", FRONT_ENDS)
N_LABELS = {"pann": 527, "yamnet": 521}

CNN_SETTING = "dataset=full+dilation=1+epoch=200+kernel_size=5+learning_rate=-3+nb_channels=64+nb_layers=5"
CHECKPOINTS = {
    "cnn_pann_logits": f"classifier=PANN+{CNN_SETTING}+prop_logit=100+step=train+transcoder=cnn_pinv+ts=1_model",
    "cnn_pann_mels": f"classifier=PANN+{CNN_SETTING}+step=train+transcoder=cnn_pinv+ts=0_model",
    "cnn_yamnet_logits": f"classifier=YamNet+{CNN_SETTING}+prop_logit=100+step=train+transcoder=cnn_pinv+ts=1_model",
}


def levels(*shape):
    """From 40 to 80 dB."""
    return 40 + 40 * torch.rand(*shape, generator=torch.Generator().manual_seed(0))


def n_parameters(module):
    return sum(parameter.numel() for parameter in module.parameters())


@pytest.fixture
def pinv_matrices():
    """They are kept, and cannot be computed without memory."""
    for front_end in FRONT_ENDS.values():
        Pinv(front_end)


# The original's numbers


# The networks amplify the rounding of PINV: the original itself differs by 1e-3 between one example and a batch.
@pytest.mark.parametrize("key", CHECKPOINTS)
def test_the_checkpoints_of_the_paper_give_its_mels(shared, recording, key):
    model = CNNPinv(FRONT_ENDS[key.split("_")[1]])
    model.load_state_dict(read_tensors(shared / "weights" / "paper_transcoders" / CHECKPOINTS[key]))
    with torch.no_grad():
        mel = model.eval()(recording["tho_db"].float())
    assert_close(mel, recording[key], rtol=0, atol=7e-3)


@each_front_end
@pytest.mark.parametrize(
    ("kernel_size", "n_layers", "dilation", "n_channels"), [(3, 1, 0, 4), (3, 3, 1, 4), (5, 3, 2, 4), (5, 5, 3, 4)]
)
def test_cnns_are_built_like_the_original(birds, recipe_outputs, name, kernel_size, n_layers, dilation, n_channels):
    model = CNNPinv(
        FRONT_ENDS[name], kernel_size=kernel_size, n_layers=n_layers, dilation=dilation, n_channels=n_channels
    )
    with torch.no_grad():
        mel = fill(model)(birds["tho_db"].float())
    expected = recipe_outputs[f"cnn_{name}_k{kernel_size}_l{n_layers}_d{dilation}_c{n_channels}"]
    assert_close(mel, expected, rtol=0, atol=2e-4)


@each_front_end
@pytest.mark.parametrize(("kind", "prefix"), [(MLP, "mlp"), (MLPPinv, "mlp_pinv")])
def test_mlps_are_built_like_the_original(birds, recipe_outputs, name, kind, prefix):
    model = fill(kind(FRONT_ENDS[name], hidden_1=7, hidden_2=5))
    with torch.no_grad():
        mel = model(birds["tho_db"].float())
    assert_close(mel, recipe_outputs[f"{prefix}_{name}"], rtol=0, atol=5e-5)


def test_efficientnets_are_built_like_the_original(birds, recipe_outputs):
    student = fill(EfficientNetStudent(variant="b0", n_labels=527), linear_factor=0.02)
    third_octave_db = birds["tho_db"].float()
    with torch.no_grad():
        image = student.image(third_octave_db)
        raw = student.model(image)
        scores = student(third_octave_db)
    assert_close(image, recipe_outputs["effnet_b0_input_nearest"], rtol=0, atol=0)
    assert_close(raw, recipe_outputs["effnet_b0_raw"], rtol=0, atol=1e-4)
    assert_close(scores, recipe_outputs["effnet_b0_clamped"], rtol=0, atol=1e-4)


# What they are made of


@each_front_end
@pytest.mark.parametrize(
    ("kernel_size", "n_layers", "n_channels", "expected"),
    [(3, 1, 16, 305), (3, 1, 64, 1217), (3, 3, 16, 2625), (3, 3, 64, 38145), (3, 5, 16, 7265), (3, 5, 64, 112001),
     (5, 1, 16, 497), (5, 1, 64, 1985), (5, 3, 16, 4353), (5, 3, 64, 63489), (5, 5, 16, 12065), (5, 5, 64, 186497)],
)  # fmt: skip
def test_cnns_have_the_papers_numbers_of_parameters(name, kernel_size, n_layers, n_channels, expected):
    model = CNNPinv(FRONT_ENDS[name], kernel_size=kernel_size, n_layers=n_layers, n_channels=n_channels)
    assert n_parameters(model) == expected


MLP_SIZES = [
    (MLP, "pann", 6594764, 19724764, 6841364, 20371364),
    (MLP, "yamnet", 6274444, 18764444, 6521044, 19411044),
    (MLPPinv, "pann", 7217964, 20347964, 8710964, 22240964),
    (MLPPinv, "yamnet", 6865644, 19355644, 8294644, 21184644),
]


@pytest.mark.parametrize(("kind", "name", "expected"), [(kind, name, sizes) for kind, name, *sizes in MLP_SIZES])
@pytest.mark.usefixtures("pinv_matrices", "no_memory")
def test_mlps_have_the_papers_numbers_of_parameters(kind, name, expected):
    widths = [(100, 1000), (100, 3000), (300, 1000), (300, 3000)]
    models = [kind(FRONT_ENDS[name], hidden_1=hidden_1, hidden_2=hidden_2) for hidden_1, hidden_2 in widths]
    assert [n_parameters(model) for model in models] == expected


@pytest.mark.parametrize(
    ("variant", "name", "expected"),
    [("b0", "pann", 4682059), ("b0", "yamnet", 4674373), ("b7", "pann", 65135455), ("b7", "yamnet", 65120089)],
)
@pytest.mark.usefixtures("pinv_matrices", "no_memory")
def test_efficientnets_have_the_papers_numbers_of_parameters(variant, name, expected):
    assert n_parameters(EfficientNetStudent(variant=variant, n_labels=N_LABELS[name])) == expected


@pytest.mark.parametrize(("kind", "expected"), [(PannTeacher, 73783247), (YamnetTeacher, 3740425)])
@pytest.mark.usefixtures("pinv_matrices", "no_memory")
def test_the_self_student_trains_all_of_the_teacher_and_no_more(kind, expected):
    assert n_parameters(SelfStudent(kind())) == expected


def test_the_self_student_scores_pinvs_mels_like_the_teacher():
    teacher = YamnetTeacher()
    fill(teacher.network)
    third_octave_db = levels(2, 8, 29)
    with torch.no_grad():
        expected = teacher.scores(Pinv(YAMNET)(third_octave_db))
        scores = SelfStudent(teacher).eval()(third_octave_db)
    assert_close(scores, expected, rtol=0, atol=1e-6)


def test_imagenet_weights_go_everywhere_but_to_the_first_and_the_last_layer():
    student = EfficientNetStudent(variant="b0", n_labels=527)
    before = {key: tensor.clone() for key, tensor in student.model.state_dict().items()}
    imagenet = {key: torch.full_like(tensor, 3) for key, tensor in before.items()}
    imagenet |= {"_conv_stem.weight": torch.ones(32, 3, 3, 3), "_fc.weight": torch.ones(1000, 1280)}
    student.load_imagenet(imagenet | {"_fc.bias": torch.ones(1000)})
    for key, tensor in student.model.state_dict().items():
        kept = key.startswith(("_conv_stem.", "_fc."))
        assert_close(tensor, before[key] if kept else imagenet[key])


# What they compute


@each_front_end
@pytest.mark.parametrize(
    ("kind", "setting", "last"),
    [(CNNPinv, {}, "mod_conv.13"), (MLPPinv, {"hidden_1": 7, "hidden_2": 5}, "output_fc")],
    ids=["cnn", "mlp"],
)
def test_what_the_last_layer_gives_is_taken_off_pinv(name, kind, setting, last):
    model = kind(FRONT_ENDS[name], **setting)
    layer = model.get_submodule(last)
    torch.nn.init.zeros_(layer.weight)
    torch.nn.init.constant_(layer.bias, 3)
    third_octave_db = levels(2, 8, 29)
    with torch.no_grad():
        assert_close(model(third_octave_db), Pinv(FRONT_ENDS[name])(third_octave_db) - 3, rtol=0, atol=1e-5)


@each_front_end
def test_steady_levels_give_a_steady_mel_up_to_the_edges(name):
    model = fill(CNNPinv(FRONT_ENDS[name], n_channels=4))
    with torch.no_grad():
        mel = model(levels(1, 1, 29).expand(1, 8, 29))
    assert_close(mel, mel[:, 50:51].expand_as(mel), rtol=0, atol=1e-3)


def test_a_dilation_of_nought_is_a_dilation_of_one():
    models = [fill(CNNPinv(PANN, dilation=dilation, n_channels=4)) for dilation in (0, 1, 2)]
    with torch.no_grad():
        none, one, two = (model(levels(2, 8, 29)) for model in models)
    assert_close(none, one, rtol=0, atol=0)
    assert (one - two).abs().max() > 0.1


def test_one_layer_means_two_convolutions():
    one, two, three = (CNNPinv(PANN, n_layers=n_layers) for n_layers in (1, 2, 3))
    keys = ["mod_conv.1.weight", "mod_conv.1.bias", "mod_conv.4.weight", "mod_conv.4.bias"]
    assert list(one.state_dict()) == list(two.state_dict()) == keys
    assert len(three.state_dict()) == 6


def test_students_scores_stay_between_nought_and_one():
    student = EfficientNetStudent(variant="b0", n_labels=527)
    torch.nn.init.normal_(student.model._fc.bias, std=10)
    with torch.no_grad():
        scores = student.eval()(levels(1, 8, 29))
    assert scores.min() == 0
    assert scores.max() == 1


# Mixed precision


@each_front_end
def test_pinv_is_in_single_precision_in_the_midst_of_half_precision(name):
    pinv = Pinv(FRONT_ENDS[name])
    with torch.autocast("cpu", torch.bfloat16):
        half = pinv(levels(2, 8, 29))
    assert_close(half, pinv(levels(2, 8, 29)), rtol=0, atol=0)


@each_front_end
def test_half_precision_rounds_the_correction_and_not_the_mel_spectrogram(name):
    torch.manual_seed(0)
    cnn = CNNPinv(FRONT_ENDS[name]).eval()
    with torch.inference_mode():
        correction = cnn.pinv(levels(2, 8, 29)) - cnn(levels(2, 8, 29))
        with torch.autocast("cpu", torch.bfloat16):
            half = cnn(levels(2, 8, 29))
        error = (cnn(levels(2, 8, 29)) - half).abs().max()
    assert 0 < error < 0.02 * correction.abs().max()
