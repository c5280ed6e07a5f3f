"""YAMNet weights from each form in which they are published, in the key layout of `yamnet.network`."""

from __future__ import annotations

import math
import re
import struct
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from audiokit.errors import UserError
from audiokit.learning.checkpoints import read_tensors
from audiokit.storage.hdf5_reading import open_hdf5_file
from yamnet.network import BATCH_NORM_EPSILON, N_LABELS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["read_activation_limit", "read_keras", "read_tflite", "read_weights"]

KERAS_DATASET = re.compile(
    r"(?P<layer>layer\d+)/(?P<unit>conv|depthwise_conv|pointwise_conv)/(?:bn/)?"
    r"(?P<kind>kernel|depthwise_kernel|beta|moving_mean|moving_variance):0$"
)
KERAS_CLASSIFIER = re.compile(r"(?:dense|logits)[^/]*/(?P<kind>kernel|bias):0$")
BATCH_NORM_KEYS = {"beta": "bias", "moving_mean": "running_mean", "moving_variance": "running_var"}
N_CONVOLUTIONS = 27


def read_weights(path: Path) -> dict[str, torch.Tensor]:
    """State dict of `YAMNet` from `yamnet.pth` (PyTorch port), `yamnet.h5` (Keras) or a TFLite file."""
    readers = {".h5": read_keras, ".tflite": read_tflite}
    return readers.get(path.suffix, read_tensors)(path)


def read_keras(path: Path) -> dict[str, torch.Tensor]:
    """State dict from Google's `yamnet.h5`, or the layers that such a file holds.

    Raises
    ------
    UserError
        where the file is no HDF5 file or holds no layer of YAMNet.
    """
    state_dict: dict[str, torch.Tensor] = {}
    try:
        with open_hdf5_file(path, remedy="download it again") as file:
            file.visititems(lambda name, item: state_dict.update(_from_keras(name, item)))
    except (OSError, KeyError, RuntimeError) as error:
        raise UserError(f"{path} is damaged or no HDF5 file: download it again") from error
    if not state_dict:
        raise UserError(f"{path} holds no layer of YAMNet: Google's file is called yamnet.h5")
    return state_dict


def _from_keras(name: str, item) -> dict[str, torch.Tensor]:
    """Entries of the state dict that one item of the Keras file stands for."""
    if classifier := KERAS_CLASSIFIER.search(name):
        key = "weight" if classifier["kind"] == "kernel" else "bias"
        return {f"classifier.{key}": torch.from_numpy(item[()].T.copy())}
    match = KERAS_DATASET.search(name)
    if match is None:
        return {}
    unit = f"{match['layer']}.{match['unit']}".replace(".conv", ".fused")
    values = item[()]
    if match["kind"] in BATCH_NORM_KEYS:
        return {f"{unit}.bn.{BATCH_NORM_KEYS[match['kind']]}": torch.from_numpy(values)}
    order = (2, 3, 0, 1) if match["kind"] == "depthwise_kernel" else (3, 2, 0, 1)
    # TensorFlow's batch normalisation has no scale here.
    return {
        f"{unit}.conv.weight": torch.from_numpy(values.transpose(order).copy()),
        f"{unit}.bn.weight": torch.ones(values.shape[order[0]]),
        f"{unit}.bn.num_batches_tracked": torch.tensor(0),
    }


def read_tflite(path: Path) -> dict[str, torch.Tensor]:
    """State dict from a TFLite file of YAMNet, float or quantised.

    Integer weights are turned back into numbers with their scales. Batch normalisation is folded into the weights of
    such files: it becomes an identity with a bias.

    Raises
    ------
    UserError
        where the file is no TFLite file of YAMNet.
    """
    with _tflite_errors(path):
        *convolutions, (classifier, classifier_bias) = [
            [tensor.values() for tensor in layer.constants] for layer in _tflite_layers(path.read_bytes())
        ]
        if len(convolutions) != N_CONVOLUTIONS or classifier.shape[0] != N_LABELS:
            raise ValueError(f"{len(convolutions)} convolutions in place of {N_CONVOLUTIONS}")
    state_dict: dict[str, torch.Tensor] = {}
    for unit, (kernel, bias) in zip(_unit_names(), convolutions, strict=True):
        # (out, height, width, in); depthwise (1, height, width, channels)
        order = (3, 0, 1, 2) if "depthwise" in unit else (0, 3, 1, 2)
        state_dict[f"{unit}.conv.weight"] = torch.from_numpy(kernel.transpose(order).copy())
        state_dict |= {f"{unit}.bn.{key}": tensor for key, tensor in _identity_batch_norm(bias).items()}
    return state_dict | {
        "classifier.weight": torch.from_numpy(classifier),
        "classifier.bias": torch.from_numpy(classifier_bias),
    }


def read_activation_limit(path: Path) -> float:
    """What the network's activations let through at most: 6 in the fully quantised TFLite file, else infinity.

    Raises
    ------
    UserError
        where a TFLite file is damaged.
    """
    if path.suffix != ".tflite":
        return math.inf
    with _tflite_errors(path):
        return _tflite_layers(path.read_bytes())[0].activation_limit()


def _unit_names() -> Iterator[str]:
    yield "layer1.fused"
    for number in range(2, 15):
        yield f"layer{number}.depthwise_conv"
        yield f"layer{number}.pointwise_conv"


def _identity_batch_norm(bias: NDArray[np.float32]) -> dict[str, torch.Tensor]:
    n_channels = len(bias)
    return {
        "weight": torch.ones(n_channels),
        "bias": torch.from_numpy(bias),
        "running_mean": torch.zeros(n_channels),
        "running_var": torch.full((n_channels,), 1 - BATCH_NORM_EPSILON),
        "num_batches_tracked": torch.tensor(0),
    }


@contextmanager
def _tflite_errors(path: Path) -> Iterator[None]:
    """Say what is wrong with a file; flatbuffers has no error of its own for bytes that make no sense."""
    try:
        yield
    except (ValueError, LookupError, TypeError, AttributeError, RuntimeError, struct.error) as error:
        raise UserError(f"{path} is damaged or no TFLite file of YAMNet ({error}): download it again") from error


@dataclass(frozen=True)
class _Constant:
    """A constant tensor of a TFLite model."""

    model: Any
    tensor: Any

    def values(self) -> NDArray[np.float32]:
        """Numbers that the tensor stands for."""
        import tflite

        types = {
            tflite.TensorType.FLOAT32: np.float32,
            tflite.TensorType.INT32: np.int32,
            tflite.TensorType.INT8: np.int8,
            tflite.TensorType.UINT8: np.uint8,
        }
        stored = self.model.Buffers(self.tensor.Buffer()).DataAsNumpy()
        shape = self.tensor.ShapeAsNumpy()
        values = stored.view(types[self.tensor.Type()]).reshape(shape).astype(np.float32)
        quantisation = self.tensor.Quantization()
        if quantisation is None or quantisation.ScaleLength() == 0:
            return values
        # One scale for all, or one for each index of one axis.
        along = [1] * values.ndim
        along[quantisation.QuantizedDimension()] = -1
        scale = quantisation.ScaleAsNumpy().reshape(along).astype(np.float32)
        zero = quantisation.ZeroPointAsNumpy().reshape(along).astype(np.float32)
        return (values - zero) * scale


@dataclass(frozen=True)
class _Layer:
    """A convolution or the classifier of a TFLite model."""

    operator: Any
    constants: tuple[_Constant, _Constant]
    """Kernel and bias."""

    def activation_limit(self) -> float:
        """What the activation that is fused with the layer lets through at most."""
        import tflite

        options = tflite.Conv2DOptions()
        table = self.operator.BuiltinOptions()
        options.Init(table.Bytes, table.Pos)
        return 6.0 if options.FusedActivationFunction() == tflite.ActivationFunctionType.RELU6 else math.inf


def _tflite_layers(content: bytes) -> list[_Layer]:
    """Layers of the network in the order of execution.

    The front end of such files is made of fully connected layers as well; the network starts at the first convolution.
    """
    import tflite

    if not tflite.Model.ModelBufferHasIdentifier(content, 0):
        raise ValueError("no TFLite header")
    model = tflite.Model.GetRootAs(content)
    graph = model.Subgraphs(0)
    operators = [graph.Operators(index) for index in range(graph.OperatorsLength())]
    kinds = [model.OperatorCodes(operator.OpcodeIndex()) for operator in operators]
    codes = [max(kind.BuiltinCode(), kind.DeprecatedBuiltinCode()) for kind in kinds]
    builtin = tflite.BuiltinOperator
    dequantised = {
        operator.Outputs(0): operator.Inputs(0)
        for operator, code in zip(operators, codes, strict=True)
        if code == builtin.DEQUANTIZE
    }
    first = codes.index(builtin.CONV_2D)
    layers = (builtin.CONV_2D, builtin.DEPTHWISE_CONV_2D, builtin.FULLY_CONNECTED)
    return [
        _Layer(
            operator,
            tuple(
                _Constant(model, graph.Tensors(dequantised.get(index, index)))
                for index in (operator.Inputs(1), operator.Inputs(2))
            ),
        )
        for operator, code in zip(operators[first:], codes[first:], strict=True)
        if code in layers
    ]
