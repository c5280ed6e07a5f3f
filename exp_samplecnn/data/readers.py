"""Lists of a dataset by the name of its task."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exp_samplecnn.data.dcase import read_dcase
from exp_samplecnn.data.magnatagatune import read_magnatagatune
from exp_samplecnn.data.speech_commands import read_speech_commands

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from exp_samplecnn.data.clips import Clips

__all__ = ["READERS"]

READERS: dict[str, Callable[[Path], Clips]] = {
    "mtt": read_magnatagatune,
    "scd": read_speech_commands,
    "dcs": read_dcase,
}
"""Name of the task → what reads its lists, given the folder `raw`."""
