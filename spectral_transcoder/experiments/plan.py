"""Plans of an experiment: factors, the modalities of each, and the settings that they span."""

from __future__ import annotations

import itertools
import math
import re
import warnings
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

__all__ = ["ABSENT", "Mask", "Modality", "Plan", "Setting", "selector"]

Modality = str | int | float

Mask = Sequence[Sequence[int]]
"""For each factor, the positions of the modalities to go through, in that order."""

ABSENT = -99999
"""What a selection gives as modality of a factor that a plan must not have."""

WORD = re.compile(r"[\w.-]+")
"""A modality that can stand in a selection as it is."""


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
        factor → modalities; a single modality may stand without a tuple.
    """

    name: str
    factors: Mapping[str, tuple[Modality, ...]]

    def __post_init__(self) -> None:
        factors = {name: _as_tuple(modalities) for name, modalities in self.factors.items()}
        object.__setattr__(self, "factors", factors)

    def __len__(self) -> int:
        return math.prod(map(len, self.factors.values()))

    def __iter__(self) -> Iterator[Setting]:
        return iter(self.settings())

    def settings(self, mask: Mask | None = None) -> list[Setting]:
        """Settings that a mask lets through; all without one."""
        mask = self.mask({}) if mask is None else mask
        return [
            Setting(self.name, tuple(zip(self.factors, modalities, strict=True)))
            for modalities in _combinations(self.factors, mask)
        ]

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
    return (modalities,) if isinstance(modalities, Modality) else tuple(modalities)


def _combinations(factors: Mapping[str, Sequence[Modality]], mask: Mask) -> list[tuple[Modality, ...]]:
    """Combinations of modalities in the order of doce's loops, with or without doce."""
    if not all(mask):
        return []
    try:
        return _combinations_by_doce(factors, mask)
    except ImportError:
        return _combinations_by_product(factors, mask)


def _combinations_by_doce(factors: Mapping[str, Sequence[Modality]], mask: Mask) -> list[tuple[Modality, ...]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # doce 0.1 has escapes in its docstrings that Python warns of
        from doce import Factor

    factor = Factor()
    for name, modalities in factors.items():
        setattr(factor, name, list(modalities))
    # A doce.Factor keeps its place in the loop: it is gone through at once, and never shared.
    selected = factor.mask([[list(positions) for positions in mask]])
    return [tuple(getattr(setting, name) for name in factors) for setting in selected]


def _combinations_by_product(factors: Mapping[str, Sequence[Modality]], mask: Mask) -> list[tuple[Modality, ...]]:
    chosen = ([modalities[i] for i in positions] for modalities, positions in zip(factors.values(), mask, strict=True))
    return list(itertools.product(*chosen))
