"""Networks as ONNX files, for devices that have no PyTorch."""

from __future__ import annotations

import logging
import warnings
from typing import TYPE_CHECKING

import torch

from audiokit.errors import UserError
from audiokit.files import write_whole
from spectral_transcoder.third_octave import N_BANDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from torch import nn

__all__ = ["INPUT", "OUTPUT", "export_onnx", "random_levels", "write_onnx"]

INPUT, OUTPUT = "third_octave", "mel"
N_FRAMES = 8
"""Third-octave frames of a second."""

CHECKED_BATCHES = (1, 3, 64)
CHECKED_LEVELS_DB = (-60.0, 60.0)
LARGEST_DIFFERENCE = 1e-4


def export_onnx(transcoder: nn.Module, path: Path) -> float:
    """Write a transcoder, and compare what ONNX Runtime makes of the file with what PyTorch makes of the transcoder.

    The file has an input `third_octave`, (batch, 8, 29) levels in dB, and an output `mel`,
    (batch, chunk_frames, n_mels) on the teacher's log scale, float32 both; `batch` is any number.

    Parameters
    ----------
    transcoder
        in eval mode, on the CPU.

    Returns
    -------
    float
        The largest difference, absolute or, of values above 1, relative.

    Raises
    ------
    UserError
        as `write_onnx` does.
    """
    examples = [random_levels(n_items) for n_items in CHECKED_BATCHES]
    return write_onnx(transcoder, path, outputs=(OUTPUT,), examples=examples, dynamic=("batch",))


def write_onnx(
    network: nn.Module,
    path: Path,
    *,
    outputs: Sequence[str],
    examples: Sequence[torch.Tensor],
    dynamic: Sequence[str],
    metadata: Mapping[str, str] | None = None,
) -> float:
    """Write a network that takes third octaves, and compare ONNX Runtime's numbers with PyTorch's on examples.

    Parameters
    ----------
    network
        in eval mode, on the CPU; gives a tensor, or a tuple of as many as there are names.
    outputs
        their names.
    examples
        of the input `third_octave`, float32; the second is traced.
    dynamic
        names of the first dimensions, which are any number.
    metadata
        texts to leave in the file.

    Returns
    -------
    float
        The largest difference, absolute or, of values above 1, relative.

    Raises
    ------
    UserError
        where onnx, onnxscript or onnxruntime is not installed, or the difference is more than 1e-4; the file is then
        not written.
    """
    try:
        import onnxruntime
        import onnxscript  # noqa: F401
    except ImportError as error:
        raise UserError("ONNX needs three packages: pip install onnx onnxscript onnxruntime") from error
    with torch.no_grad():
        # Before the export, whose tensors without values would stay in the caches of what a first call keeps.
        expected = [_as_tuple(network(levels)) for levels in examples]
        program = _traced(network, examples[1], outputs, dynamic)
    program.model.metadata_props.update(metadata or {})
    with write_whole(path) as partial:
        program.save(partial)
        session = onnxruntime.InferenceSession(partial, providers=["CPUExecutionProvider"])
        difference = max(
            _difference(torch.from_numpy(found), wanted)
            for levels, tensors in zip(examples, expected, strict=True)
            for found, wanted in zip(session.run(list(outputs), {INPUT: levels.numpy()}), tensors, strict=True)
        )
        if not difference <= LARGEST_DIFFERENCE:
            raise UserError(
                f"{path} is not written: ONNX Runtime's {' and '.join(outputs)} differ by {difference:.2g} from "
                f"PyTorch's, more than {LARGEST_DIFFERENCE:g}; try another version of onnxruntime"
            )
    return difference


def random_levels(*shape: int) -> torch.Tensor:
    """Levels to try networks on, (*shape, 8, 29) in dB; the same for the same shape."""
    lowest, highest = CHECKED_LEVELS_DB
    generator = torch.Generator().manual_seed(shape[0])
    return lowest + (highest - lowest) * torch.rand(*shape, N_FRAMES, N_BANDS, generator=generator)


def _as_tuple(given: torch.Tensor | tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
    return given if isinstance(given, tuple) else (given,)


def _traced(network: nn.Module, levels: torch.Tensor, outputs: Sequence[str], dynamic: Sequence[str]):
    # It tells of every operator of other packages that it does not know.
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.onnx.export(
            network,
            (levels,),
            input_names=[INPUT],
            output_names=list(outputs),
            dynamic_shapes=({place: torch.export.Dim(name, min=1) for place, name in enumerate(dynamic)},),
            dynamo=True,
            verbose=False,
        )


def _difference(found: torch.Tensor, expected: torch.Tensor) -> float:
    return float(((found - expected).abs() / expected.abs().clamp(min=1)).max())
