"""The page with which people ask, without a line of JavaScript."""

from __future__ import annotations

from html import escape
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

from exp_lumen.instruments import INSTRUMENTS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["form_page"]


def form_page(
    models: Sequence[str],
    *,
    chosen: str = "",
    answers: Mapping[str, Mapping[str, int]] | None = None,
    trouble: str = "",
) -> str:
    """HTML.

    Parameters
    ----------
    models
        that can be chosen.
    chosen
        before.
    answers
        to show, by name of the recording.
    trouble
        that kept the recordings from being heard.
    """
    template = Template(Path(__file__).with_name("form.html").read_text(encoding="utf-8"))
    return template.substitute(
        models="\n".join(_option(name, is_chosen=name == chosen) for name in models),
        trouble=f'<p class="trouble">{escape(trouble)}</p>' if trouble else "",
        answers=_table(answers) if answers else "",
    )


def _option(name: str, *, is_chosen: bool) -> str:
    return f"<option{' selected' if is_chosen else ''}>{escape(name)}</option>"


def _table(answers: Mapping[str, Mapping[str, int]]) -> str:
    """A row a recording, a column an instrument."""
    head = "".join(f"<th>{escape(instrument.name)}</th>" for instrument in INSTRUMENTS)
    rows = "\n".join(
        f"<tr><th>{escape(name)}</th>{''.join(map(_cell, answer.values()))}</tr>" for name, answer in answers.items()
    )
    return f'<div class="wide"><table>\n<tr><th></th>{head}</tr>\n{rows}\n</table></div>'


def _cell(decided: int) -> str:
    return '<td class="plays">plays</td>' if decided else "<td>·</td>"
