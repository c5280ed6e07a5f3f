"""The networks: their sizes, heads and front ends are those of the original or of what it takes them from."""

import numpy as np
import pytest
import torch
from audio_fixtures import scene

from audiokit.errors import UserError
from exp_lumen.instruments import CODES, INSTRUMENTS
from exp_lumen.networks.backbones import MobNet, create_parts
from exp_lumen.networks.colours import coloured
from exp_lumen.networks.conv_lstm import ConvLSTM
from exp_lumen.networks.fbank import KaldiFilterBanks
from exp_lumen.networks.freezing import modules_up_to
from exp_lumen.networks.heads import AttentionHead, DeepHead, Fluffy, create_head
from exp_lumen.networks.mels import LINEAR_MEL, LOG_MEL, MelImage, MfccImage, MultiImage
from exp_lumen.networks.network import InstrumentNetwork
from exp_lumen.networks.specification import Specification

SOUND = torch.from_numpy(scene(2.23, rate=16000))[None, : 223 * 160]


def spec(model, **others):
    return Specification(model=model, **others).checked()


def layers(head):
    return [type(layer).__name__ for layer in head]


def n_parameters(module):
    return sum(parameter.numel() for parameter in module.parameters())


def test_the_deep_head_drops_out_of_hidden_layers_alone():
    assert layers(DeepHead(8, 11)) == ["LayerNorm", "ReLU", "Linear"]
    assert layers(DeepHead(8, 11, (6, 4))) == ["LayerNorm", "ReLU", "Linear", "Dropout"] * 2 + [
        "LayerNorm",
        "ReLU",
        "Linear",
    ]
    assert n_parameters(DeepHead(768, 11)) == 2 * 768 + 768 * 11 + 11


def test_fluffy_has_a_head_for_each_instrument_in_the_order_of_the_labels():
    fluffy = create_head("deep", 8, fluffy=True)
    assert list(fluffy.heads) == list(CODES)
    assert n_parameters(fluffy) == 11 * (2 * 8 + 8 + 1)
    heard = torch.randn(3, 8)
    torch.testing.assert_close(fluffy(heard)[:, 4:5], fluffy.heads["gel"](heard))


def test_attention_weighs_moments_and_the_same_moments_give_the_same_whatever_their_number():
    head = AttentionHead(8, 11).eval()
    moment = torch.randn(2, 1, 8)
    torch.testing.assert_close(head(moment.expand(-1, 7, -1)), head(moment))


@pytest.mark.parametrize(
    ("model", "millions"),
    [("CONVNEXT_TINY", 27.8), ("CONVNEXT_SMALL", 49.5), ("CONVNEXT_BASE", 87.6), ("AST", 86.2), ("WAV2VEC", 94.4)],
)
def test_networks_have_as_many_parameters_as_published(no_memory, model, millions):
    pytest.importorskip("transformers")
    assert n_parameters(InstrumentNetwork(spec(model)).backbone) == pytest.approx(millions * 1e6, rel=0.005)


def test_mobilenet_v3_large_has_its_published_size_and_mobnet_one_for_each_instrument(no_memory):
    network = InstrumentNetwork(spec("MOBILENET_V3_LARGE"))
    assert n_parameters(network.backbone) == pytest.approx(4.2e6, rel=0.03)  # 5.4 M with 1000 classes of pictures
    assert n_parameters(MobNet()) == 11 * n_parameters(network.backbone)


@pytest.mark.parametrize("model", ["CONVLSTM", "MOBILENET_V3_LARGE"])
def test_a_network_gives_a_logit_for_each_instrument(model):
    network = InstrumentNetwork(spec(model)).eval()
    assert network.spec.piece_samples == 223 * 160
    with torch.no_grad():
        logits = network(SOUND.expand(2, -1))
    assert logits.shape == (2, 11)
    torch.testing.assert_close(logits[0], logits[1])


def test_each_of_mobnet_s_networks_answers_for_its_own_instrument():
    network = InstrumentNetwork(spec("MOBNET", image_size=32)).eval()
    with torch.no_grad():
        # Nothing of random weights is relied on: they may give nothing, and heads take off what all features share.
        for own in network.backbone.networks.values():
            *_, weight, bias = own.parameters()
            weight.zero_()
            bias.copy_(torch.linspace(0, 1, len(bias)))
        before = network(SOUND[:, : 31 * 160])
        *_, bias = network.backbone.networks["sax"].parameters()
        bias.copy_(bias.flip(0))
        changed = (network(SOUND[:, : 31 * 160]) != before)[0]
    assert [code for code, is_other in zip(CODES, changed, strict=True) if is_other] == ["sax"]


def test_the_recurrent_network_leaves_every_eighth_frame():
    assert ConvLSTM(n_mels=128)(torch.randn(1, 3, 128, 224)).shape == (1, 28, 64)


def test_mel_spectrograms_are_librosas():
    import librosa

    theirs = librosa.feature.melspectrogram(y=SOUND[0].numpy(), sr=16000, n_fft=400, hop_length=160, n_mels=128)
    np.testing.assert_allclose(LINEAR_MEL(SOUND)[0].T, theirs, rtol=1e-3, atol=1e-6)
    levels = librosa.power_to_db(theirs, top_db=None)
    np.testing.assert_allclose(LOG_MEL(SOUND)[0].T, levels, atol=2e-2)


def test_cepstral_coefficients_are_librosas():
    import librosa

    options = {"n_fft": 400, "hop_length": 160, "n_mels": 128}
    theirs = librosa.feature.mfcc(y=SOUND[0].numpy(), sr=16000, n_mfcc=20, **options)
    ours = MfccImage(height=20).features(SOUND)[0, 0]
    np.testing.assert_allclose(ours, (theirs + 7.3612) / 56.4464, atol=2e-3)


def test_centroid_and_chroma_are_librosas():
    import librosa

    options = {"y": SOUND[0].numpy(), "sr": 16000, "n_fft": 400, "hop_length": 160}
    image = MultiImage(height=128).features(SOUND)[0]
    centroid = (librosa.feature.spectral_centroid(**options)[0] - 1333.4) / 551.86
    np.testing.assert_allclose(image[1, 0], centroid, atol=2e-3)
    chroma = (librosa.feature.chroma_stft(**options, tuning=0.0) - 0.46917) / 0.31212
    np.testing.assert_allclose(image[2, ::11][:12][0], chroma[0], atol=1e-3)


def test_the_transformer_s_input_is_that_of_its_own_extractor():
    extraction = pytest.importorskip("transformers.models.audio_spectrogram_transformer")
    extractor = extraction.ASTFeatureExtractor()
    theirs = extractor(SOUND[0].numpy(), sampling_rate=16000, return_tensors="np")["input_values"][0]
    ours = KaldiFilterBanks()(SOUND)[0].numpy()
    n_frames = 1 + (SOUND.shape[1] - 400) // 160
    np.testing.assert_allclose(ours[:n_frames], theirs[:n_frames], atol=5e-3)
    np.testing.assert_allclose(ours[n_frames:], theirs[n_frames:], atol=1e-4)


def test_the_paper_s_pictures_are_squares_of_repeated_rows():
    image = MelImage(height=224, paper=True)(SOUND)
    assert image.shape == (1, 3, 224, 224)
    mel = (LINEAR_MEL(SOUND)[0].T - 0.413) / 2.582
    torch.testing.assert_close(image[0, 2, 0], mel[0])
    torch.testing.assert_close(image[0, 0, -1], mel[-1])


def test_a_frozen_backbone_does_not_change_in_training():
    network = InstrumentNetwork(spec("CONVLSTM", image_size=64)).freeze().train()
    before = {name: value.clone() for name, value in network.backbone.state_dict().items()}
    network(torch.randn(4, 63 * 160)).sum().backward()
    assert all(parameter.grad is None for parameter in network.backbone.parameters())
    assert all(parameter.grad is not None for parameter in network.head.parameters())
    assert all(torch.equal(before[name], value) for name, value in network.backbone.state_dict().items())
    network.freeze(trains_normalisation=True).train()(torch.randn(4, 63 * 160))
    assert any(not torch.equal(before[name], value) for name, value in network.backbone.state_dict().items())


def test_layers_up_to_one_can_be_frozen_and_those_after_it_trained():
    network = InstrumentNetwork(spec("CONVLSTM", image_size=64)).freeze(up_to="blocks.3").train()
    before = {name: value.clone() for name, value in network.backbone.state_dict().items()}
    network(torch.randn(4, 63 * 160)).sum().backward()
    still = {name for name, parameter in network.backbone.named_parameters() if parameter.grad is None}
    assert still == {"blocks.0.weight", "blocks.0.bias", "blocks.1.weight", "blocks.1.bias"}
    moved = {name for name, value in network.backbone.state_dict().items() if not torch.equal(before[name], value)}
    assert all(name.startswith(("blocks.5", "blocks.9")) for name in moved) and "blocks.5.running_mean" in moved
    assert all(parameter.requires_grad for parameter in network.freeze(frozen=False).parameters())


def test_a_layer_with_all_that_it_holds_is_frozen_but_not_what_holds_it():
    inner = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Linear(2, 2))
    outer = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Sequential(inner, torch.nn.Linear(2, 2)))
    assert modules_up_to(outer, "1.0") == [outer[0], inner, inner[0], inner[1]]
    assert modules_up_to(outer, "1.0.0") == [outer[0], inner[0]]
    with pytest.raises(UserError, match=r"no layer 1\.5: name one such as 1\."):
        modules_up_to(outer, "1.5")


def test_colours_tell_levels_from_dark_to_bright_as_photographs_are_standardised():
    levels = torch.tensor([-9.0, -2, 0, 2, 9]).reshape(1, 1, 1, 5)
    picture = coloured(levels)
    assert picture.shape == (1, 3, 1, 5)
    brightness = picture[0, :, 0].sum(dim=0)
    assert (brightness[1:4].diff() > 0).all()
    torch.testing.assert_close(picture[..., [0, -1]], picture[..., [1, 3]])  # beyond the span nothing changes
    assert picture[0, :, 0, 0].numpy() == pytest.approx([-2.118, -2.036, -1.804], abs=0.1)  # black
    network = InstrumentNetwork(spec("CONVLSTM", image_size=64, rgb=True))
    torch.testing.assert_close(network.front(SOUND), coloured(MelImage(height=128).features(SOUND)))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"model": "AST", "rgb": True}, "colours pictures of one channel"),
        ({"model": "CONVLSTM", "rgb": True, "audio_transform": "MULTI_SPECTROGRAM"}, "colours pictures of one channel"),
        ({"model": "TEACHER"}, "needs --teacher"),
        ({"model": "AST", "audio_transform": "MFCC"}, "AST takes --audio-transform AST"),
        ({"model": "CONVNEXT_TINY", "audio_transform": "WAV2VEC"}, "takes one of MEL_SPECTROGRAM"),
        ({"model": "CONVNEXT_TINY", "head": "attention"}, "no moments"),
        ({"model": "AST", "hidden": (64, 128)}, "the larger first"),
        ({"model": "AST", "image_size": 8}, "below 32"),
    ],
)
def test_parts_that_do_not_fit_are_refused(options, message):
    with pytest.raises(UserError, match=message):
        Specification(**options).checked()


def test_torchvision_that_cannot_be_imported_is_told_with_the_reason(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "torchvision", None)
    with pytest.raises(UserError, match="built by torchvision, which cannot be imported here"):
        create_parts(spec("EFFICIENT_NET_V2_S"))


def test_pretrained_weights_come_from_a_folder_of_this_machine_alone(tmp_path):
    pytest.importorskip("transformers")
    with pytest.raises(UserError, match="holds no weights of a ConvNextModel"):
        create_parts(spec("CONVNEXT_TINY", pretrained=str(tmp_path)))


def test_a_specification_is_the_same_after_json():
    import json

    first = spec("CONVLSTM", hidden=(64, 32), fluffy=True)
    described = json.loads(json.dumps(first.described()))
    assert Specification.of(described) == first
    del described["rgb"]  # as models had it that were written before
    assert Specification.of(described) == first
    with pytest.raises(ValueError, match="no description"):
        Specification.of({"model": "AST"})


def test_the_rows_of_audioset_are_those_of_the_instruments():
    from teachers.audioset import audioset_labels

    labels = audioset_labels()
    named = [labels[instrument.audioset].lower() for instrument in INSTRUMENTS]
    names = [instrument.name for instrument in INSTRUMENTS]
    assert named == [*names[:9], "violin, fiddle", "singing"]


def test_fluffy_is_a_module_of_heads():
    assert isinstance(create_head("deep", 4, fluffy=True), Fluffy)
