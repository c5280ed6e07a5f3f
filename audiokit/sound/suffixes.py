"""Endings of names by which recordings are found in folders."""

from __future__ import annotations

from functools import cache

__all__ = ["audio_suffixes"]

OTHERS = {".aif", ".aifc", ".oga", ".opus", ".snd", ".wave"}
"""Beside those that are names of libsndfile's formats."""


@cache
def audio_suffixes() -> frozenset[str]:
    """Of recordings that can be read, in small letters; raw samples cannot, as nothing tells their rate."""
    import soundfile

    return frozenset({f".{name.lower()}" for name in soundfile.available_formats()} | OTHERS) - {".raw"}
