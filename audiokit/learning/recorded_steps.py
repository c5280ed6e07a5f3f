"""Training steps on a GPU as one launch each: recorded once for each shape of batch, then played (CUDA graphs).

A step of a small network is hundreds of kernels of some microseconds, which a processor takes longer to ask for than
the GPU to do. Played, they follow one another by themselves.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

import torch

from audiokit.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Batch = Mapping[str, torch.Tensor]

__all__ = ["RecordedSteps", "make_recordable"]

Result = TypeVar("Result")

N_BEFORE = 3
"""Steps on a shape of batch that are done as usual before one is recorded: optimiser, libraries and memory are ready
then."""


@dataclass
class _OfShape(Generic[Result]):
    """Steps on batches of one shape."""

    n_done: int = 0
    graph: torch.cuda.CUDAGraph | None = None
    batch: dict[str, torch.Tensor] = field(default_factory=dict)
    """Where the recording reads."""

    result: Result | None = None
    """What the recording has left, overwritten by each play."""


class RecordedSteps(Generic[Result]):
    """A function of a batch on a GPU, with the same kernels whatever the batch holds.

    Parameters
    ----------
    step
        batch → tensors on the GPU, in any structure. It must neither wait for the GPU nor draw random numbers
        elsewhere, for what it does apart from its kernels is done once. They are valid until the next step.
    device
        the GPU.
    """

    def __init__(self, step: Callable[[Batch], Result], device: torch.device) -> None:
        self._step = step
        self._device = device
        self._shapes: dict[tuple, _OfShape[Result]] = {}
        self._stream = torch.cuda.Stream(device)

    def __call__(self, batch: Batch) -> Result:
        """Do the step on a batch."""
        with torch.cuda.device(self._device):
            return self._played({name: tensor.to(self._device) for name, tensor in batch.items()})

    def _played(self, batch: Batch) -> Result:
        shape = tuple((name, tensor.shape, tensor.dtype) for name, tensor in batch.items())
        of_shape = self._shapes.setdefault(shape, _OfShape())
        if of_shape.n_done < N_BEFORE:
            of_shape.n_done += 1
            return self._as_usual(batch)
        if of_shape.graph is None:
            self._record(of_shape, batch)
        for name, tensor in of_shape.batch.items():
            tensor.copy_(batch[name])
        of_shape.graph.replay()
        return of_shape.result

    def _as_usual(self, batch: Batch) -> Result:
        """On the stream that records, as PyTorch wants it."""
        self._stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(self._stream):
            result = self._step(batch)
        torch.cuda.current_stream().wait_stream(self._stream)
        return result

    def _record(self, of_shape: _OfShape[Result], batch: Batch) -> None:
        of_shape.batch = {name: tensor.clone() for name, tensor in batch.items()}
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, stream=self._stream):
            of_shape.result = self._step(of_shape.batch)
        of_shape.graph = graph


def make_recordable(optimizer: torch.optim.Optimizer) -> None:
    """Let an optimiser read learning rate and number of steps on the GPU, where recorded steps find what is new.

    Raises
    ------
    UserError
        where it cannot.
    """
    for group in optimizer.param_groups:
        if "capturable" not in group:
            raise UserError(f"{type(optimizer).__name__} does not work with --cuda_graphs: leave them out")
        device = group["params"][0].device
        group["capturable"] = True
        group["lr"] = torch.as_tensor(group["lr"], dtype=torch.float32, device=device)
        for parameter in group["params"]:
            state = optimizer.state.get(parameter, {})
            if "step" in state:
                state["step"] = state["step"].to(device)
