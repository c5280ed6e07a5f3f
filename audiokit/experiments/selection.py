"""The language in which a user says which settings are meant.

::

    selection   = alternative *("," alternative)
    alternative = [plan *("+" plan) "/"] [conditions | literal]
    conditions  = factor "=" modalities *("+" factor "=" modalities)
    modalities  = modality *("," modality) | "[" modality *("," modality) "]"

An alternative without a plan goes with the plans of the one before it, at first with all; nothing after the plan means
the whole plan, and nothing at all every plan. Plans go by name or by number, from 0. Modalities are compared as text;
-99999 stands for "the plan does not have this factor". A plan without a factor that is asked for has nothing to offer.
What follows a comma is a further modality unless it looks like an alternative (`factor=`, `plan/` or a bracket).

Literals are written as in Python: a dictionary `{'dataset': 'full', 'epoch': [1, 200]}`; a list of these, each an
alternative; doce's mask, a list of positions of modalities, one for each factor, a list of some or -1 for all, as in
`[0, [1, 2], -1]`; a list of masks; a tuple, one of these for each plan.

Settings come in the order in which the alternatives stand, within one in the order of the plans, and each only once.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from audiokit.errors import UserError
from audiokit.experiments.masked_plans import MaskedPlans
from audiokit.experiments.plan import ABSENT

if TYPE_CHECKING:
    from audiokit.experiments.plan import Mask, Plan, Setting

__all__ = ["select", "selected"]

BRACKETS = "[({"
ALTERNATIVE = re.compile(r"\s*([^=/\[({]*/|[\[({]|[^=+]+=)")
"""How an alternative begins, as opposed to a further modality."""

WITH_PLANS = re.compile(r"(?:([^=/\[({]*)/)?(.*)", re.DOTALL)


def select(selector: str | Mapping | Sequence, plans: Mapping[str, Plan]) -> list[Setting]:
    """Settings that a selector means, all of them made; parameters and errors as for `selected`."""
    return list(selected(selector, plans))


def selected(selector: str | Mapping | Sequence, plans: Mapping[str, Plan]) -> MaskedPlans:
    """What a selector means: settings that are made when they are gone through.

    Parameters
    ----------
    selector
        text in the language of this module, or what its literals stand for.
    plans
        name → plan

    Raises
    ------
    UserError
        where the selector cannot be read, names what does not exist, or means nothing.
    """
    everything = list(plans.values())
    alternatives = _alternatives(selector, plans) if isinstance(selector, str) else [(everything, selector)]
    masked = MaskedPlans(tuple(part for candidates, wanted in alternatives for part in _parts(wanted, candidates)))
    if not len(masked):
        raise UserError(f"no setting has all that {selector!r} asks for: ask for less, or list settings with -l")
    return masked


def _alternatives(text: str, plans: Mapping[str, Plan]) -> Iterator[tuple[list[Plan], Any]]:
    """What each alternative asks for, and the plans that it asks it of."""
    candidates = list(plans.values())
    for part in _texts(text):
        names, wanted = WITH_PLANS.fullmatch(part).groups()
        if names is not None:
            candidates = [_plan(name.strip(), plans) for name in names.split("+")]
        yield candidates, _wanted(wanted.strip(), plans)


def _texts(text: str) -> list[str]:
    """The text of each alternative."""
    parts: list[str] = []
    for part in _split(text, ","):
        if parts and not ALTERNATIVE.match(part):
            parts[-1] += f",{part}"
        else:
            parts.append(part.strip())
    return parts


def _split(text: str, separator: str) -> list[str]:
    """Cut a text at the separators that stand in no brackets."""
    parts, depth = [""], 0
    for character in text:
        depth += (character in BRACKETS) - (character in "])}")
        if character == separator and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return parts


def _plan(name: str, plans: Mapping[str, Plan]) -> Plan:
    if name in plans:
        return plans[name]
    if name.isdecimal() and int(name) < len(plans):
        return list(plans.values())[int(name)]
    raise UserError(f"no plan {name!r}: choose among {_plan_list(plans)}")


def _plan_list(plans: Mapping[str, Plan]) -> str:
    return ", ".join(f"{name} ({number})" for number, name in enumerate(plans))


def _wanted(text: str, plans: Mapping[str, Plan]) -> Any:
    """Read what stands after the plan."""
    if not text:
        return {}
    if text[0] in BRACKETS:
        try:
            return ast.literal_eval(text)
        except (ValueError, SyntaxError):
            raise UserError(f"cannot read the selection {text!r}: write it as in Python, text in quotes") from None
    return dict(_condition(condition, plans) for condition in _split(text, "+"))


def _condition(text: str, plans: Mapping[str, Plan]) -> tuple[str, list[str]]:
    factor, equals, modalities = (part.strip() for part in text.partition("="))
    if not equals:
        raise UserError(
            f"cannot read {text!r} in the selection: write factor=modality, factor=[modality,modality] "
            f"or plan/ for a whole plan, of {_plan_list(plans)}"
        )
    if modalities.startswith("[") and modalities.endswith("]"):
        modalities = modalities[1:-1]
    return factor, [modality.strip(" '\"") for modality in modalities.split(",")]


def _parts(wanted: Any, candidates: Sequence[Plan]) -> list[tuple[Plan, Mask]]:
    """Parts of some plans that have what is wanted: names, positions, alternatives or one thing a plan."""
    match wanted:
        case Mapping():
            return _with_modalities(wanted, candidates)
        case tuple():
            _check_one_each(wanted, candidates)
            return [part for own, plan in zip(wanted, candidates, strict=True) for part in _parts(own, [plan])]
        case [Mapping(), *_]:
            return [part for alternative in wanted for part in _parts(alternative, candidates)]
        case list():
            return [(plan, mask) for plan in candidates for mask in _masks(wanted, plan)]
    raise UserError(f"cannot select by {wanted!r}: give a dictionary, a list of positions, or a list of these")


def _check_one_each(wanted: tuple, candidates: Sequence[Plan]) -> None:
    if len(wanted) != len(candidates):
        raise UserError(
            f"the selection {wanted!r} has {len(wanted)} parts for the {len(candidates)} plans "
            f"{', '.join(plan.name for plan in candidates)}: give one for each, or a list in [] for all plans"
        )


def _with_modalities(wanted: Mapping[str, Any], candidates: Sequence[Plan]) -> list[tuple[Plan, Mask]]:
    texts = {factor: _as_text_set(modalities) for factor, modalities in wanted.items()}
    for factor, modalities in texts.items():
        _check_known(factor, modalities, candidates)
    able = [plan for plan in candidates if all(f in plan.factors or str(ABSENT) in texts[f] for f in texts)]
    return [(plan, plan.mask(texts)) for plan in able]


def _as_text_set(modalities: Any) -> set[str]:
    return set(map(str, modalities)) if isinstance(modalities, list | tuple | set) else {str(modalities)}


def _check_known(factor: str, modalities: set[str], candidates: Sequence[Plan]) -> None:
    """Refuse names that none of the plans has."""
    names = ", ".join(plan.name for plan in candidates)
    having = [plan.factors[factor] for plan in candidates if factor in plan.factors]
    if not having and modalities != {str(ABSENT)}:
        factors = dict.fromkeys(name for plan in candidates for name in plan.factors)
        raise UserError(f"no factor {factor!r} in {names}: choose among {', '.join(factors)}")
    known = dict.fromkeys(str(modality) for part in having for modality in part)
    if unknown := modalities - known.keys() - {str(ABSENT)}:
        raise UserError(
            f"no modality {', '.join(map(repr, sorted(unknown)))} of the factor {factor} in {names}: "
            f"choose among {', '.join(known)}"
        )


def _masks(wanted: list, plan: Plan) -> list[Mask]:
    """Read doce's masks: a list of lists only is several masks, any other is one."""
    several = bool(wanted) and all(isinstance(part, list) for part in wanted)
    return [_mask(mask, plan) for mask in (wanted if several else [wanted])]


def _mask(mask: list, plan: Plan) -> Mask:
    n_factors = len(plan.factors)
    if any(part != -1 for part in mask[n_factors:]):
        raise UserError(f"the mask {mask} is too long for the {n_factors} factors of {plan.name}: shorten it")
    padded = [*mask, *[-1] * n_factors][:n_factors]
    return [_positions(part, factor, plan) for factor, part in zip(plan.factors, padded, strict=True)]


def _positions(part: Any, factor: str, plan: Plan) -> list[int]:
    modalities = plan.factors[factor]
    if part == -1:
        return list(range(len(modalities)))
    positions = part if isinstance(part, list) else [part]
    for position in positions:
        if not isinstance(position, int) or not 0 <= position < len(modalities):
            numbered = ", ".join(f"{number} for {modality}" for number, modality in enumerate(modalities))
            raise UserError(f"no modality at {position!r} of {factor} in {plan.name}: choose among {numbered}")
    return positions
