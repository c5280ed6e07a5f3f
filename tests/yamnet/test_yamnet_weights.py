"""YAMNet from each published form of its weights, against the runtime and the files that these are made for."""

from types import SimpleNamespace

import h5py
import numpy as np
import pytest
import soundfile
import soxr
import torch
from torch.testing import assert_close

from audiokit.errors import UserError
from teachers.registry import load_teacher
from yamnet.network import BATCH_NORM_EPSILON, YAMNet
from yamnet.weights import read_keras, read_tflite, read_weights

pytestmark = pytest.mark.filterwarnings("ignore:.*experimental_preserve_all_tensors")

PATCH_SAMPLES = 15600
"""0.975 s at 16 kHz: what the TFLite files take."""


def units(network):
    """Convolutions in the order of execution."""
    yield network.layer1.fused
    for number in range(2, 15):
        layer = network.get_submodule(f"layer{number}")
        yield from (layer.depthwise_conv, layer.pointwise_conv)


# TFLite


@pytest.fixture(scope="module")
def clips(shared):
    """The middle of every fourth clip of ESC-10, at 16 kHz."""
    cuts = []
    for path in sorted((shared / "data" / "esc10").glob("*.ogg"))[::4]:
        wave, rate = soundfile.read(path, dtype="float32")
        wave = soxr.resample(wave, rate, 16000)
        start = (len(wave) - PATCH_SAMPLES) // 2
        cuts.append(wave[start : start + PATCH_SAMPLES])
    return cuts


class LiteRT:
    """A TFLite file in its own runtime."""

    def __init__(self, path, resolver="AUTO"):
        litert = pytest.importorskip("ai_edge_litert.interpreter")
        self.interpreter = litert.Interpreter(
            str(path),
            num_threads=1,
            experimental_op_resolver_type=litert.OpResolverType[resolver],
            experimental_preserve_all_tensors=True,
        )
        self.interpreter.allocate_tensors()
        self.tensors = {tensor["index"]: tensor for tensor in self.interpreter.get_tensor_details()}

    def run(self, clip):
        """Scores, (521,)."""
        entry, exit_ = self.interpreter.get_input_details()[0], self.interpreter.get_output_details()[0]
        self.interpreter.set_tensor(entry["index"], clip.reshape(entry["shape"]))
        self.interpreter.invoke()
        return self.values(exit_["index"])[0]

    def values(self, index):
        """A tensor of the last run."""
        return torch.from_numpy(self.interpreter.get_tensor(index).copy())

    def image(self, index):
        """An image of the last run in float, channels first, and its quantisation step, 0 for none."""
        step, zero = self.tensors[index]["quantization"]
        image = self.values(index).float().permute(0, 3, 1, 2)
        return ((image - zero) * step, step) if step else (image, 0)

    def convolutions(self):
        """Input image, output image, and quantisation step of the output, of each convolution in the last run."""
        for operator in self.interpreter._get_ops_details():
            if operator["op_name"] in ("CONV_2D", "DEPTHWISE_CONV_2D"):
                yield self.image(operator["inputs"][0])[0], *self.image(operator["outputs"][0])


# Index of the float patch in each graph. The first gives it away as its second output, the second quantises it.
TFLITE_FILES = {"yamnet_int8.tflite": 89, "yamnet_classification_tfhub.tflite": 27}


@pytest.fixture(scope="module", params=TFLITE_FILES)
def tflite(request, shared, clips):
    """One TFLite file, as LiteRT runs it, and our scores of LiteRT's patches."""
    path = shared / "weights" / "yamnet" / request.param
    litert = LiteRT(path)
    theirs, patches = [], []
    for clip in clips:
        theirs.append(litert.run(clip))
        patches.append(litert.values(TFLITE_FILES[request.param]).reshape(96, 64))
    teacher = load_teacher("YamNet", weights=path)
    ours = torch.cat([teacher.scores(part) for part in torch.stack(patches).split(25)])
    return SimpleNamespace(name=request.param, path=path, teacher=teacher, ours=ours, theirs=torch.stack(theirs))


def test_each_convolution_gives_what_litert_gives_for_the_same_input(tflite, clips):
    litert = LiteRT(tflite.path, "BUILTIN_WITHOUT_DEFAULT_DELEGATES")  # the delegates keep their images to themselves
    for clip in clips[::40]:
        litert.run(clip)
        for unit, (image, expected, step) in zip(units(tflite.teacher.network), litert.convolutions(), strict=True):
            if not step and unit.conv.kernel_size == (1, 1):
                # Where images are float and weights are not, LiteRT rounds the images to 8 bits as it goes.
                rounding = image.max() / 127
                image = (image / rounding).round() * rounding
            # Images that are stored in 8 bits can be half a step off, and some of the int32 biases a bit more.
            tolerance = 0.65 * step if step else 1e-6 * expected.max().item()
            assert_close(unit(image), expected, rtol=0, atol=tolerance)


def test_scores_of_real_clips_are_those_of_litert(tflite):
    # All that is left is the rounding of images in LiteRT. Measured: 0.024 and 7e-5; 0.065 and 4e-4.
    largest, mean = (0.03, 1e-4) if tflite.name == "yamnet_int8.tflite" else (0.1, 5e-4)
    difference = (tflite.ours - tflite.theirs).abs()
    assert difference.max() < largest
    assert difference.mean() < mean


def test_top_classes_of_real_clips_are_those_of_litert(tflite):
    theirs_of_our_best = tflite.theirs.gather(1, tflite.ours.argmax(dim=1, keepdim=True)).squeeze(1)
    # The int8 graph has 256 scores to give, so that several classes may be at the top.
    assert (theirs_of_our_best == tflite.theirs.amax(dim=1)).double().mean() >= 0.95


def test_the_quantised_file_gives_the_weights_of_the_original_conversion(shared, golden):
    weights = read_tflite(shared / "weights" / "yamnet" / "yamnet_int8.tflite")
    expected = golden("yamnet_dequantised_state_dict")
    assert list(weights) == list(expected)
    for key, tensor in weights.items():
        assert_close(tensor, expected[key].to(tensor.dtype), rtol=1e-6, atol=1e-6)


# PyTorch port


def test_the_port_and_the_quantised_file_are_the_same_network_but_for_8_bits(shared):
    port, quantised = (
        read_weights(shared / "weights" / "yamnet" / name) for name in ("yamnet.pth", "yamnet_int8.tflite")
    )
    assert list(port) == list(quantised)
    for key, tensor in port.items():
        half_a_step = tensor.abs().max().item() / 254
        assert_close(quantised[key], tensor, rtol=0, atol=1.01 * half_a_step + 1e-6)


# Keras


def fold(weights, unit):
    """Kernel and bias with the batch normalisation worked in."""
    batch_norm = {key: weights[f"{unit}.bn.{key}"] for key in ("weight", "bias", "running_mean", "running_var")}
    scale = batch_norm["weight"] / (batch_norm["running_var"] + BATCH_NORM_EPSILON).sqrt()
    kernel = weights[f"{unit}.conv.weight"] * scale[:, None, None, None]
    return kernel, batch_norm["bias"] - batch_norm["running_mean"] * scale


# All the layers that the Keras file holds are exact in `yamnet.pth`; only layers 7 to 10, 13 and 14 went through int8.
@pytest.mark.parametrize("layer", range(1, 7))
def test_keras_layers_are_those_of_the_port(shared, layer):
    folder = shared / "weights" / "yamnet"
    keras, port = read_keras(folder / "keras_layers_1_to_6.h5"), read_weights(folder / "yamnet.pth")
    for name in ["fused"] if layer == 1 else ["depthwise_conv", "pointwise_conv"]:
        (kernel, bias), (expected_kernel, expected_bias) = (fold(w, f"layer{layer}.{name}") for w in (keras, port))
        assert_close(kernel, expected_kernel, rtol=0, atol=1e-6 * expected_kernel.abs().max().item())
        assert_close(bias, expected_bias, rtol=0, atol=1e-6)


@pytest.fixture
def network():
    """A YAMNet with random weights and statistics."""
    torch.manual_seed(0)
    network = YAMNet().eval()
    for unit in units(network):
        torch.nn.init.normal_(unit.bn.bias)
        torch.nn.init.normal_(unit.bn.running_mean)
        torch.nn.init.uniform_(unit.bn.running_var, 0.5, 2)
    return network


def write_keras(network, path, dense="dense"):
    """Write the file that Keras would write of Google's network: each name twice, channels last, no gamma."""
    with h5py.File(path, "w") as file:

        def write(layer, weight, tensor):
            file[f"{layer}/{layer}/{weight}:0"] = tensor.detach().numpy()

        for name, unit in network.named_modules():
            if not hasattr(unit, "bn"):
                continue
            layer = name.replace(".", "/").replace("fused", "conv")
            kernel, order = ("kernel", (2, 3, 1, 0))
            if unit.conv.groups > 1:
                kernel, order = ("depthwise_kernel", (2, 3, 0, 1))
            write(layer, kernel, unit.conv.weight.permute(order))
            write(f"{layer}/bn", "beta", unit.bn.bias)
            write(f"{layer}/bn", "moving_mean", unit.bn.running_mean)
            write(f"{layer}/bn", "moving_variance", unit.bn.running_var)
        write(dense, "kernel", network.classifier.weight.T)
        write(dense, "bias", network.classifier.bias)


@pytest.mark.parametrize("dense", ["dense", "logits"])
def test_a_whole_keras_file_gives_the_network_that_it_was_made_of(tmp_path, network, dense):
    path = tmp_path / "yamnet.h5"
    write_keras(network, path, dense)
    with h5py.File(path) as file:
        assert "layer1/conv/layer1/conv/kernel:0" in file
        assert "layer2/depthwise_conv/bn/layer2/depthwise_conv/bn/beta:0" in file
    loaded = load_teacher("YamNet", weights=path).network.state_dict()
    for key, tensor in network.state_dict().items():
        assert_close(loaded[key], tensor, rtol=0, atol=0)


def test_a_keras_file_without_some_layers_is_refused(shared):
    path = shared / "weights" / "yamnet" / "keras_layers_1_to_6.h5"
    with pytest.raises(UserError, match=r"keras_layers_1_to_6\.h5 does not hold the weights.*layer7"):
        load_teacher("YamNet", weights=path)


def test_a_keras_file_of_something_else_is_refused(tmp_path):
    path = tmp_path / "other.h5"
    with h5py.File(path, "w") as file:
        file["block1_conv1/kernel:0"] = np.zeros((3, 3, 3, 64))
    with pytest.raises(UserError, match=r"other\.h5 holds no layer of YAMNet"):
        load_teacher("YamNet", weights=path)
