"""Tables of results as text: for terminals, web pages, LaTeX and spreadsheets."""

from __future__ import annotations

import csv
import html
import re
import string
from pathlib import Path
from typing import TYPE_CHECKING

from audiokit.experiments.tables.sheet import header_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from audiokit.experiments.experiment import Metric
    from audiokit.experiments.significance import Verdict
    from audiokit.experiments.tables.result_table import ResultTable
    from audiokit.experiments.tables.sheet import Cell, Section, Sheet

__all__ = ["as_html", "as_latex", "as_text", "escape_latex", "write_csv"]

BEST_MARK = "◂"
CLOSE_MARK = "*"
BEST_NOTE = f"{BEST_MARK} best"
BOLD, PLAIN = "\x1b[1m", "\x1b[0m"
COLUMN_GAP = "  "

PAGE = Path(__file__).with_name("table.html")

LATEX_SPECIALS = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        **{character: f"\\{character}" for character in "&%$#_{}"},
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
        "↓": r"$\downarrow$",
        "↑": r"$\uparrow$",
        "–": "--",
        "−": "$-$",
        "\N{NO-BREAK SPACE}": "~",
    }
)


def as_text(sheet: Sheet, *, bold: bool = False) -> str:
    """For a terminal; the best result is marked, and bold where ANSI codes are understood."""
    texts = [[_marked(cell) for cell in row] for row in sheet.rows]
    rooms = [max(map(len, column)) for column in zip(*texts, strict=True)]
    header = header_lines(sheet.header, rooms, len)
    widths = [max(map(len, column)) for column in zip(*header, *texts, strict=True)]
    sides = [">" if right else "<" for right in sheet.numeric]
    line = COLUMN_GAP.join(f"{{:{side}{width}}}" for side, width in zip(sides, widths, strict=True))
    rule = "─" * len(line.format(*header[0]))
    lines = [sheet.caption, rule, *(line.format(*titles) for titles in header)]
    for section in sheet.sections:
        lines += [rule, section.heading, *(line.format(*map(_marked, row)) for row in section.rows)]
    lines += [rule, BEST_NOTE if any(cell.best for row in sheet.rows for cell in row) else "", *sheet.notes]
    text = "\n".join(line.rstrip() for line in lines if line)
    return re.sub(rf"\S+{BEST_MARK}", rf"{BOLD}\g<0>{PLAIN}", text) if bold else text


def _marked(cell: Cell) -> str:
    """Text of a cell with its mark; a space in its place keeps the digits of a column below each other."""
    mark = BEST_MARK if cell.best else CLOSE_MARK if cell.close else " "
    return f"{cell.text}{mark}"


def as_html(sheet: Sheet) -> str:
    """A web page of its own; p-values show under the pointer."""
    caption = html.escape(sheet.caption)
    numeric = sheet.numeric
    titles = zip(sheet.header, numeric, strict=True)
    page = string.Template(PAGE.read_text(encoding="utf-8"))
    return page.substitute(
        title=caption or "Results",
        caption=f"<caption>{caption}</caption>" if caption else "",
        header="".join(_html_cell("th", html.escape(title), number=right) for title, right in titles),
        bodies="\n".join(_html_section(section, numeric) for section in sheet.sections),
        notes="\n".join(f'<p class="note">{html.escape(note)}</p>' for note in sheet.notes),
    )


def _html_section(section: Section, numeric: Sequence[bool]) -> str:
    heading = f'<tr><td class="heading" colspan="{len(numeric)}">{html.escape(section.heading)}</td></tr>\n'
    rows = "\n".join(f"<tr>{''.join(map(_html_result, row, numeric))}</tr>" for row in section.rows)
    return f"<tbody>\n{heading if section.heading else ''}{rows}\n</tbody>"


def _html_result(cell: Cell, number: bool) -> str:
    text = html.escape(cell.printed)
    text = f"<b>{text}</b>" if cell.best else f"{text}<sup>*</sup>" if cell.close else text
    hint = "" if cell.p_value is None else f"p = {cell.p_value:.2g}"
    return _html_cell("td", text, number=number, close=cell.close, hint=hint)


def _html_cell(tag: str, content: str, *, number: bool, close: bool = False, hint: str = "") -> str:
    classes = " ".join(name for name, on in (("number", number), ("close", close)) if on)
    attributes = f' class="{classes}"' if classes else ""
    attributes += f' title="{hint}"' if hint else ""
    return f"<{tag}{attributes}>{content}</{tag}>"


def escape_latex(text: str) -> str:
    """Text that LaTeX prints as it stands."""
    return text.translate(LATEX_SPECIALS)


def as_latex(sheet: Sheet) -> str:
    """A `table` with booktabs rules."""
    columns = "".join("r" if right else "l" for right in sheet.numeric)
    lines = [
        r"% needs \usepackage{booktabs} and \usepackage{xcolor}",
        r"\begin{table}",
        r"\centering",
        *([rf"\caption{{{escape_latex(sheet.caption)}}}"] if sheet.caption else []),
        rf"\begin{{tabular}}{{{columns}}}",
        r"\toprule",
        " & ".join(map(escape_latex, sheet.header)) + r" \\",
        *(line for section in sheet.sections for line in _latex_section(section, len(columns))),
        r"\bottomrule",
        r"\end{tabular}",
        *(rf"\par\smallskip {{\footnotesize {escape_latex(note)}}}" for note in sheet.notes),
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


def _latex_section(section: Section, n_columns: int) -> list[str]:
    lines = [r"\midrule"]
    if section.heading:
        lines.append(rf"\multicolumn{{{n_columns}}}{{l}}{{\textit{{{escape_latex(section.heading)}}}}} \\")
    return lines + [" & ".join(map(_latex_cell, row)) + r" \\" for row in section.rows]


def _latex_cell(cell: Cell) -> str:
    text = escape_latex(cell.printed)
    if cell.best:
        return rf"\textbf{{{text}}}"
    return rf"\textcolor{{blue}}{{{text}}}\rlap{{\textsuperscript{{*}}}}" if cell.close else text


def write_csv(table: ResultTable, path: Path) -> None:
    """Write means in full precision, with p-values of the test against the best where there is one."""
    verdicts = {metric: table.verdicts(metric) for metric in table.metrics}
    tested = {metric for metric, column in verdicts.items() if any(verdict.p_value is not None for verdict in column)}
    headings = [title for metric in verdicts for title in _csv_titles(metric, metric in tested)]
    source = ["source"] if table.extra_rows else []
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*source, *table.factors, *headings])
        for index, row in enumerate((*table.rows, *table.extra_rows)):
            name = ["measured" if index < len(table.rows) else table.extra_heading] if source else []
            results = [
                value for metric, column in verdicts.items() for value in _csv_values(column[index], metric in tested)
            ]
            writer.writerow([*name, *(row.factors.get(factor, "") for factor in table.factors), *results])


def _csv_titles(metric: Metric, tested: bool) -> list[str]:
    return [metric.name, f"{metric.name}_p_value"] if tested else [metric.name]


def _csv_values(verdict: Verdict, tested: bool) -> list[str]:
    values = [verdict.mean, verdict.p_value] if tested else [verdict.mean]
    return ["" if value is None else repr(value) for value in values]
