"""Whether a training is the one that is wanted, asked before it begins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

from audiokit.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["confirm"]


def confirm(config: Mapping[str, object], clips: Mapping[str, Sequence]) -> None:
    """Show what would be trained, and with how many clips, and go on at a y alone.

    Raises
    ------
    UserError
        at any other answer, or where nobody can answer.
    """
    counts = {name: len(kept) for name, kept in clips.items()}
    print(yaml.safe_dump({**config, "clips": counts}, sort_keys=False))
    try:
        answer = input("Train so? [y/N] ")
    except EOFError:
        answer = ""
    if answer.strip().lower() not in ("y", "yes"):
        raise UserError("not confirmed: nothing has been done; answer y, or leave --verify-config away")
