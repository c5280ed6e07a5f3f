"""Transcoders as ONNX files, for devices that have no PyTorch."""

from __future__ import annotations

import logging
import warnings
from typing import TYPE_CHECKING

import torch

from audiokit.errors import UserError
from audiokit.files import write_whole
from spectral_transcoder.third_octave import N_BANDS

if TYPE_CHECKING:
    from pathlib import Path

    from torch import nn

__all__ = ["INPUT", "OUTPUT", "export_onnx"]

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
        where onnx, onnxscript or onnxruntime is not installed, or the difference is more than 1e-4; the file is then
        not written.
    """
    try:
        import onnxruntime
        import onnxscript  # noqa: F401
    except ImportError as error:
        raise UserError("ONNX needs three packages: pip install onnx onnxscript onnxruntime") from error
    examples = [_levels(n_items) for n_items in CHECKED_BATCHES]
    with torch.no_grad():
        # Before the export, whose tensors without values would stay in the caches of what a first call keeps.
        expected = [transcoder(levels) for levels in examples]
        program = _traced(transcoder, examples[1])
    with write_whole(path) as partial:
        program.save(partial)
        session = onnxruntime.InferenceSession(partial, providers=["CPUExecutionProvider"])
        difference = max(
            _difference(torch.from_numpy(session.run([OUTPUT], {INPUT: levels.numpy()})[0]), mel)
            for levels, mel in zip(examples, expected, strict=True)
        )
        if not difference <= LARGEST_DIFFERENCE:
            raise UserError(
                f"{path} is not written: ONNX Runtime's Mel spectrograms differ by {difference:.2g} from PyTorch's, "
                f"more than {LARGEST_DIFFERENCE:g}; try another version of onnxruntime"
            )
    return difference


def _levels(n_items: int) -> torch.Tensor:
    lowest, highest = CHECKED_LEVELS_DB
    generator = torch.Generator().manual_seed(n_items)
    return lowest + (highest - lowest) * torch.rand(n_items, N_FRAMES, N_BANDS, generator=generator)


def _traced(transcoder: nn.Module, levels: torch.Tensor):
    # It tells of every operator of other packages that it does not know.
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.onnx.export(
            transcoder,
            (levels,),
            input_names=[INPUT],
            output_names=[OUTPUT],
            dynamic_shapes=({0: torch.export.Dim("batch", min=1)},),
            dynamo=True,
            verbose=False,
        )


def _difference(found: torch.Tensor, expected: torch.Tensor) -> float:
    return float(((found - expected).abs() / expected.abs().clamp(min=1)).max())
