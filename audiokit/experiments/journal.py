"""What made a result: a JSON file for each setting that was computed."""

from __future__ import annotations

import json
import platform
import re
import subprocess
from datetime import datetime
from functools import cache
from importlib import metadata
from typing import TYPE_CHECKING

from audiokit.files import make_folder, write_whole
from audiokit.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from audiokit.experiments.plan import Setting

__all__ = ["journal_path", "write_journal"]


def journal_path(root: Path, setting: Setting) -> Path:
    """Where the facts about a setting go, in the folder of the experiment."""
    return root / "settings" / f"{setting.identifier()}.json"


def write_journal(root: Path, setting: Setting, *, seconds: float, options: Mapping[str, object]) -> Path:
    """Write down how a setting was computed.

    Parameters
    ----------
    root
        folder of the experiment.
    setting
    seconds
        that it took.
    options
        of the experiment's command line.

    Returns
    -------
    Path
        of the JSON file: plan, modalities, options, commit of the code (None outside of git), versions, duration, date.
    """
    facts = {
        "plan": setting.plan,
        "setting": dict(setting),
        "options": dict(options),
        "commit": _commit(),
        "versions": _versions(),
        "duration_s": round(seconds, 3),
        "date": datetime.now().astimezone().isoformat(timespec="seconds"),
        "host": platform.node(),
    }
    path = journal_path(root, setting)
    make_folder(path.parent)
    with write_whole(path) as partial:
        partial.write_text(json.dumps(facts, indent=2, default=str) + "\n", encoding="utf-8")
    return path


@cache
def _commit() -> str | None:
    """Commit of the code, with `-dirty` where files differ from it."""
    command = ["git", "--no-optional-locks", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


@cache
def _versions() -> dict[str, str]:
    """Versions of Python and of what this project depends on."""
    versions = {"python": platform.python_version()}
    for requirement in _requirements():
        name = re.match(r"[\w.-]+", requirement).group()
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions


def _requirements() -> list[str]:
    """What the distribution that this package comes with asks for; nothing where it is not installed."""
    package = __name__.partition(".")[0]
    distributions = metadata.packages_distributions().get(package, [])
    return [requirement for name in dict.fromkeys(distributions) for requirement in metadata.requires(name) or []]
