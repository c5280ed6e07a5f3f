"""Which layers of a backbone stay as they are, by the name of the last of them."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from audiokit.errors import UserError

if TYPE_CHECKING:
    from torch import nn

__all__ = ["modules_up_to"]

TOLD = 8
"""Names that are told where one is wrong."""


def modules_up_to(backbone: nn.Module, last: str) -> list[nn.Module]:
    """Modules in their order up to one and with all that it holds; those that hold it too are not among them.

    Parameters
    ----------
    last
        name as in `named_modules`, `model.encoder.stages.1` say; empty for all modules.

    Raises
    ------
    UserError
        where there is none of that name.
    """
    named = dict(backbone.named_modules())
    if not last:
        return list(named.values())
    if last not in named:
        near = get_close_matches(last, named, n=TOLD, cutoff=0.4) or [name for name in named if name][:TOLD]
        raise UserError(f"the backbone has no layer {last}: name one such as {', '.join(near)}")
    names = list(named)
    end = max(index for index, name in enumerate(names) if f"{name}.".startswith(f"{last}."))
    return [named[name] for name in names[: end + 1] if name and not last.startswith(f"{name}.")]
