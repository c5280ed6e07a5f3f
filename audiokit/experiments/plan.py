"""Plans of an experiment: factors, the modalities of each, and the settings that they span."""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING

from audiokit.cli import quick_imports

if TYPE_CHECKING:
    from doce import Factor

__all__ = ["ABSENT", "Mask", "Modality", "Plan", "Setting", "selector"]

Modality = str | int | float

Mask = Sequence[Sequence[int]]
"""For each factor, the positions of the modalities to go through, in that order."""

ABSENT = -99999
"""What a selection gives as modality of a factor that a plan must not have."""

WORD = re.compile(r"[\w.-]+")
"""A modality that can stand in a selection as it is."""

LARGEST_BLOCK = 4096
"""Settings that doce combines at a time: it makes all of them before it gives the first."""


@dataclass(frozen=True)
class Setting(Mapping[str, Modality]):
    """One modality for each factor of a plan: `setting["classifier"]`, `setting.get("kernel_size")`, `dict(setting)`.

    Parameters
    ----------
    plan
        name of the plan that the setting belongs to.
    modalities
        (factor, modality) pairs, or a mapping, in the order of the plan.
    """

    plan: str
    modalities: tuple[tuple[str, Modality], ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "modalities", tuple(dict(self.modalities).items()))

    def __getitem__(self, factor: str) -> Modality:
        return dict(self.modalities)[factor]

    def __iter__(self) -> Iterator[str]:
        return (factor for factor, _ in self.modalities)

    def __len__(self) -> int:
        return len(self.modalities)

    def __str__(self) -> str:
        return self.identifier()

    def replace(self, **changes: Modality) -> Setting:
        """Another setting of the same plan, with other modalities for some factors.

        Raises
        ------
        ValueError
            for a factor that the setting does not have.
        """
        if unknown := changes.keys() - self.keys():
            raise ValueError(f"no factor {', '.join(sorted(unknown))} in {self}")
        return Setting(self.plan, {**self, **changes})

    def identifier(self, **overrides: Modality) -> str:
        """Name for files: `factor=modality` in alphabetical order, joined by `+`.

        Parameters
        ----------
        overrides
            as for `replace`, such as `step="train"` for the name of the file that training has written.
        """
        return "+".join(f"{factor}={modality}" for factor, modality in sorted(self.replace(**overrides).items()))

    @property
    def heading(self) -> str:
        """What is told when the setting is begun with."""
        return f"{self.plan}: {self}"

    @property
    def selector(self) -> str:
        """Text that selects this setting and no other."""
        return selector(self.plan, self)


def selector(plan: str, modalities: Mapping[str, Modality]) -> str:
    """Text that selects the settings of a plan that have these modalities: `plan/factor=modality+factor=modality`.

    As a Python dictionary after the plan where a modality is more than a word.
    """
    if all(WORD.fullmatch(str(modality)) for modality in modalities.values()):
        return f"{plan}/" + "+".join(f"{factor}={modality}" for factor, modality in modalities.items())
    return f"{plan}/{dict(modalities)!r}"


@dataclass(frozen=True)
class Plan:
    """Factors and their modalities; going through it yields every combination, the first factor outermost.

    Parameters
    ----------
    name
    factors
        factor → modalities, each only once; a single modality may stand without a tuple.
    """

    name: str
    factors: Mapping[str, tuple[Modality, ...]]

    def __post_init__(self) -> None:
        factors = {name: _as_tuple(modalities) for name, modalities in self.factors.items()}
        object.__setattr__(self, "factors", factors)

    def __len__(self) -> int:
        return math.prod(map(len, self.factors.values()))

    def __iter__(self) -> Iterator[Setting]:
        return self.settings(self.mask({}))

    def settings(self, mask: Mask) -> Iterator[Setting]:
        """Settings that a mask lets through, made as they are asked for."""
        for block in _blocks(mask):
            for modalities in _combinations(self.factors, block):
                yield Setting(self.name, tuple(zip(self.factors, modalities, strict=True)))

    def at(self, positions: Sequence[int]) -> Setting:
        """The setting of these modalities, one position for each factor."""
        pairs = zip(self.factors.items(), positions, strict=True)
        return Setting(self.name, tuple((factor, modalities[position]) for (factor, modalities), position in pairs))

    def positions(self, identifier: str) -> tuple[int, ...] | None:
        """Positions of the modalities of the setting that has this identifier; None where none has."""
        match = self._identifiers.fullmatch(identifier)
        if match is None:
            return None
        told = dict(zip(sorted(self.factors), match.groups(), strict=True))
        return tuple([*map(str, modalities)].index(told[factor]) for factor, modalities in self.factors.items())

    @cached_property
    def _identifiers(self) -> re.Pattern[str]:
        """What identifiers of the settings look like, with a group for each modality."""
        choices = ((factor, map(re.escape, map(str, self.factors[factor]))) for factor in sorted(self.factors))
        return re.compile(r"\+".join(f"{re.escape(factor)}=({'|'.join(of_factor)})" for factor, of_factor in choices))

    def mask(self, wanted: Mapping[str, Collection[str]]) -> Mask:
        """Mask of the settings that have the wanted modalities, in the order of the plan.

        Parameters
        ----------
        wanted
            factor → modalities as text, since that is how they are compared; factors of other plans are passed over.
        """
        return [
            [i for i, modality in enumerate(modalities) if factor not in wanted or str(modality) in wanted[factor]]
            for factor, modalities in self.factors.items()
        ]


def _as_tuple(modalities: Modality | Iterable[Modality]) -> tuple[Modality, ...]:
    return (modalities,) if isinstance(modalities, Modality) else tuple(dict.fromkeys(modalities))


def _blocks(mask: Mask) -> Iterator[Mask]:
    """Masks that let the same settings through one after the other, few enough of them for doce to begin at once."""
    if math.prod(map(len, mask)) <= LARGEST_BLOCK:
        yield mask
        return
    outermost = next(factor for factor, positions in enumerate(mask) if len(positions) > 1)
    for position in mask[outermost]:
        yield from _blocks([*mask[:outermost], [position], *mask[outermost + 1 :]])


def _combinations(factors: Mapping[str, Sequence[Modality]], mask: Mask) -> Iterator[tuple[Modality, ...]]:
    """Combinations of modalities, by doce."""
    if not all(mask):
        return
    factor = _doce_factor()()
    for name, modalities in factors.items():
        setattr(factor, name, list(modalities))
    # A doce.Factor keeps its place in the loop: each is gone through once, and never shared.
    for setting in factor.mask([[list(positions) for positions in mask]]):
        yield tuple(getattr(setting, name) for name in factors)


@cache
def _doce_factor() -> type[Factor]:
    """Class of doce's plans; its import takes longer than `--help` may."""
    with quick_imports(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # doce 0.1 has escapes in its docstrings that Python warns of
        from doce import Factor
    return Factor
