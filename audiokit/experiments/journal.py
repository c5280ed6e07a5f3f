"""What made a result: a JSON file for each setting that was computed."""

from __future__ import annotations

import json
import platform
import re
import subprocess
from datetime import datetime
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from audiokit.files import make_folder, whole_files, write_whole
from audiokit.paths import ROOT
from audiokit.storage.journal import differences

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from audiokit.experiments.plan import Setting

__all__ = ["journal_path", "journals", "other_options", "write_journal"]


def journal_path(root: Path, setting: Setting) -> Path:
    """Where the facts about a setting go, in the folder of the experiment."""
    return root / "settings" / f"{setting.identifier()}.json"


def journals(root: Path) -> list[Path]:
    """Of all settings that have been computed in a folder."""
    return whole_files((root / "settings").glob("*.json"))


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


def other_options(path: Path, options: Mapping[str, object], names: Collection[str]) -> str:
    """In which of some options a setting was computed with others; nothing where they are the same or not known.

    Parameters
    ----------
    path
        of the journal.
    options
        that would be computed with.
    names
        of those that count.
    """
    try:
        written = json.loads(path.read_text(encoding="utf-8"))["options"]
        known = [name for name in names if name in written and name in options]
    except (OSError, ValueError, KeyError, TypeError):
        return ""
    before, now = ({name: _comparable(given[name]) for name in known} for given in (written, options))
    return differences(before, now) if before != now else ""


def _comparable(option: object) -> object:
    """An option as JSON has it, but for files and folders, which may be named from here or from the root."""
    text = str(option) if isinstance(option, Path) else option
    return str(Path(text).absolute()) if isinstance(text, str) and Path(text).exists() else text


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
