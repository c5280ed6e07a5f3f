"""The original's networks: as many parameters, the same spectrograms and logits."""

import numpy as np
import pytest
import torch

from audiokit.errors import UserError
from exp_audioconcept.networks.cnn import CNN
from exp_audioconcept.networks.folding import fold_normalisations
from exp_audioconcept.networks.kinds import NETWORKS, create_network, n_samples
from exp_audioconcept.networks.mel import FRONT_END
from exp_audioconcept.networks.vggish import VGGish

LONGEST = 641655


def sounds(length):
    """Two sounds as `golden/README.md` makes them."""
    t = np.arange(length) / 22050
    noise = np.random.RandomState(7).standard_normal(LONGEST)[:length]
    sweep = 0.3 * np.sin(2 * np.pi * (110 * t + 40 * t**2))
    first = sweep + 0.1 * np.sin(2 * np.pi * 3000 * t) * (np.floor(2 * t) % 2) + 0.02 * noise
    return torch.from_numpy(np.stack([first, 0.5 * first[::-1]]).astype(np.float32))


def fill(network):
    """Weights by the same recipe, tensor by tensor."""
    state = {name: tensor for name, tensor in network.state_dict().items() if "num_batches" not in name}
    for number, (name, tensor) in enumerate(state.items()):
        values = np.random.RandomState(number).standard_normal(tuple(tensor.shape))
        if name.endswith("running_var"):
            values = 1 + np.abs(0.1 * values)
        elif name.endswith(("running_mean", "bias")):
            values = 0.05 * values
        elif tensor.ndim == 1:
            values = 1 + 0.1 * values
        else:
            values = values * np.sqrt(2 / np.prod(tensor.shape[1:]))
        tensor.copy_(torch.from_numpy(values.astype(np.float32)))
    return network.eval(), [f"{name} {tuple(tensor.shape)}" for name, tensor in state.items()]


def parameters(network):
    return sum(parameter.numel() for parameter in network.parameters())


def test_the_networks_have_as_many_parameters_as_the_original_s(no_memory):
    assert parameters(CNN(10)) == 40_124
    assert parameters(VGGish(10)) == 134_308_812


@pytest.mark.parametrize("kind", ["cnn", pytest.param("vggish", marks=pytest.mark.slow)])
def test_spectrograms_and_logits_are_the_original_s(shared, kind):
    with np.load(shared / "golden" / "golden_audioconcept.npz") as file:
        expected = {key.removeprefix(f"{kind}_"): file[key] for key in file if key.startswith(f"{kind}_")}
        if kind == "vggish":
            expected["long_logits"] = file["vggish_long_logits"]
    network, names = fill({"cnn": CNN, "vggish": VGGish}[kind](10))
    assert names == expected["state"].tolist()
    waveform = sounds(n_samples({"cnn": 29.1, "vggish": 3.96}[kind]))
    with torch.no_grad():
        mel = network.mel(waveform)
        assert mel.shape == tuple(expected["mel_shape"])
        np.testing.assert_allclose(mel[..., ::16], expected["mel_db"], atol=1e-3)
        for length, key in ((None, "logits"), (LONGEST, "long_logits")):
            if key in expected:
                heard = sounds(length)[:1] if length else waveform
                wanted = expected[key][: len(heard)]
                largest = np.abs(wanted).max(axis=1, keepdims=True)
                np.testing.assert_allclose(network(heard).numpy() / largest, wanted / largest, atol=1e-4)


def test_one_second_has_44_frames_and_silence_is_at_minus_100_db():
    mel = FRONT_END(torch.zeros(1, 22050))
    assert mel.shape == (1, 44, 128)
    assert mel.eq(-100).all()


@pytest.mark.parametrize(("seconds", "is_heard"), [(16.6, False), (16.8, True), (33.4, True), (33.6, False)])
def test_the_cnn_hears_16_7_to_33_4_seconds_and_says_so(seconds, is_heard):
    if is_heard:
        network = create_network("CNN", 10, length=n_samples(seconds)).eval()
        assert network(torch.zeros(1, n_samples(seconds))).shape == (1, 10)
    else:
        with pytest.raises(UserError, match=r"from 16.7 to 33.4 s.*--adaptive"):
            create_network("CNN", 10, length=n_samples(seconds))


@pytest.mark.parametrize(("kind", "seconds"), [("CNN", 4.2), ("CNN", 40), ("CNN2", 3.96), ("CNN2", 29.1)])
def test_an_adaptive_pool_hears_other_lengths(kind, seconds):
    network = create_network(kind, 4, length=n_samples(seconds), adaptive=True).eval()
    assert network(torch.zeros(1, n_samples(seconds))).shape == (1, 4)


def test_the_second_cnn_hears_short_sounds():
    length = n_samples(NETWORKS["CNN2"].seconds)
    assert create_network("CNN2", 10, length=length).eval()(torch.zeros(2, length)).shape == (2, 10)


@pytest.mark.parametrize(("kind", "seconds"), [("CNN", 17), ("CNN2", 3.96)])
def test_a_network_with_folded_normalisations_tells_the_same(kind, seconds):
    network, _ = fill(create_network(kind, 3, length=n_samples(seconds)))
    heard = sounds(n_samples(seconds))
    with torch.no_grad():
        expected = network(heard).numpy()
        folded = fold_normalisations(network)
        found = folded(heard).numpy()
    assert sum(isinstance(module, torch.nn.BatchNorm2d) for module in folded.modules()) == 1  # that of the input
    np.testing.assert_allclose(found, expected, atol=1e-5 * np.abs(expected).max())
