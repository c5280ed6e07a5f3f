"""The confusion matrix of an experiment, as a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audiokit.files import make_folder
from audiokit.reports.figures import save
from exp_emvd.figures.drawing import confusion_heat_map

if TYPE_CHECKING:
    from pathlib import Path

    from exp_emvd.evaluation.measures import Measures

__all__ = ["write_confusions"]


def write_confusions(measures: Measures, folder: Path, *, name: str, paper: bool = False) -> Path:
    """Write `confusion_matrix_multiclass.pdf`; gives its path.

    Parameters
    ----------
    name
        of the experiment, `t_multiclass` or `t_multiclass_by_singer`.
    paper
        draw shares of what is predicted, as the original does, in place of shares of what is sung.
    """
    shares = measures.precisions if paper else measures.recalls
    titles = ("predicted", "sung") if paper else ("sung", "taken for")
    path = make_folder(folder) / f"confusion_matrix_{name.removeprefix('t_')}.pdf"
    save(confusion_heat_map(shares, measures.labels, rows=titles[0], columns=titles[1]), path)
    return path
