"""How many bytes of samples a sound file promises, how many it has, and how to read it where the promise is broken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from audiokit.sound.lengths.mended_file import Mending

__all__ = ["SampleBytes"]


@dataclass(frozen=True)
class SampleBytes:
    """The samples of a file, in bytes."""

    told: int | None
    """By the header; None where it does not tell."""

    there: int
    """From the first sample to the end of the file or of the samples, whatever comes first."""

    mending: Mending | None = None
    """How to read the file for all samples, and nothing else, to be read; None: as it is."""

    @property
    def is_longer(self) -> bool:
        """Whether the header would have hidden samples."""
        return self.told is not None and self.told < self.there
