"""What recordings are called in lists of them: by where they come from, as far as the names of files tell."""

from __future__ import annotations

import re

__all__ = ["ESC_NAME", "URBAN_NAME", "recording_name"]

ESC_NAME = re.compile(r"(?P<fold>\d)-(?P<source>\d+)-[A-Z]-(?P<target>\d+)")
"""Of ESC-50 and ESC-10: fold, Freesound's number, take, class: `1-17367-A-10`."""

URBAN_NAME = re.compile(r"(?P<source>\d+)-(?P<target>\d)-\d+-\d+")
"""Of UrbanSound8K: Freesound's number, class, occurrence, slice: `101415-3-0-2`."""


def recording_name(stem: str) -> str:
    """Freesound's number where the name of a file, without suffix, tells it; else that name."""
    found = ESC_NAME.fullmatch(stem) or URBAN_NAME.fullmatch(stem)
    return found["source"] if found else stem
