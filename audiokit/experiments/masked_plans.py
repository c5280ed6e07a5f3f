"""Parts of plans: settings that are counted or found by name without being made, and made as they are gone through."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from audiokit.experiments.plan import Mask, Modality, Plan, Setting

__all__ = ["MaskedPlans", "n_let_through"]


@dataclass(frozen=True)
class MaskedPlans:
    """Settings of plans that masks let through, in the order of the parts, each setting only once.

    Parameters
    ----------
    parts
        plans, each with a mask; a plan may come several times.
    """

    parts: tuple[tuple[Plan, Mask], ...]

    def counts(self) -> dict[str, int]:
        """Name of the plan → number of its settings, for those that have any, in the order in which they come."""
        masks: dict[str, list[Mask]] = {}
        for plan, mask in self.parts:
            masks.setdefault(plan.name, []).append(mask)
        counts = {name: n_let_through(of_plan) for name, of_plan in masks.items()}
        return {name: count for name, count in counts.items() if count}

    def __len__(self) -> int:
        return sum(self.counts().values())

    def __iter__(self) -> Iterator[Setting]:
        n_parts = Counter(plan.name for plan, _ in self.parts)
        seen: set[Setting] = set()
        for plan, mask in self.parts:
            settings = plan.settings([list(dict.fromkeys(positions)) for positions in mask])
            if n_parts[plan.name] == 1:
                yield from settings
                continue
            for setting in settings:
                if setting not in seen:
                    seen.add(setting)
                    yield setting

    def replaced(self, factor: str, modality: Modality) -> MaskedPlans:
        """What the settings become with one modality of a factor, where their plan has it."""
        return MaskedPlans(tuple((plan, _with(plan, mask, factor, modality)) for plan, mask in self.parts))

    def named(self, identifiers: Collection[str]) -> list[Setting]:
        """Those of the settings that have one of these identifiers, in their order; other names are passed over."""
        places: dict[Setting, tuple[int, list[int]]] = {}
        for number, (plan, mask) in enumerate(self.parts):
            for positions in filter(None, map(plan.positions, identifiers)):
                let_through = [*zip(positions, mask, strict=True)]
                if all(position in of_factor for position, of_factor in let_through):
                    place = [of_factor.index(position) for position, of_factor in let_through]
                    places.setdefault(plan.at(positions), (number, place))
        return sorted(places, key=places.__getitem__)


def _with(plan: Plan, mask: Mask, factor: str, modality: Modality) -> Mask:
    """A mask with one modality in place of those that a factor is let through with, if the plan has it."""
    if modality not in plan.factors.get(factor, ()):
        return mask
    only = [plan.factors[factor].index(modality)]
    return [only if name == factor and let else let for name, let in zip(plan.factors, mask, strict=True)]


def n_let_through(masks: Sequence[Mask]) -> int:
    """Number of settings that at least one of some masks of a plan lets through, each counted once.

    Positions of the outermost factor that the same masks have are counted together, with what those masks have further
    in: as many steps as there are ways in which the masks overlap, however many settings there are.
    """
    if not masks:
        return 0
    if not masks[0]:
        return 1
    positions = {position for mask in masks for position in mask[0]}
    overlaps = Counter(tuple(i for i, mask in enumerate(masks) if position in mask[0]) for position in positions)
    return sum(count * n_let_through([masks[i][1:] for i in overlap]) for overlap, count in overlaps.items())
