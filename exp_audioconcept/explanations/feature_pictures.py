"""What an SVM's features add, as shap draws it: waterfall of the song, beeswarm and heat map of all songs."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from audiokit.files import write_whole

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from exp_audioconcept.explanations.contributions import Contributions

__all__ = ["PICTURES", "write_feature_pictures"]

PICTURES = ("waterfall.png", "beeswarm.png", "heatmap.png")

N_SHOWN = 14
"""Features in a waterfall, as in the original."""
N_SHOWN_OF_ALL = 10
DPI = 110
TITLE_GAP = 0.02
"""Of the figure's height, between what shap draws and the title."""


def write_feature_pictures(folder: Path, contributions: Contributions, *, genre: str) -> dict[Path, str]:
    """Write the three pictures: path → what it shows."""
    from shap import plots

    n_songs = len(contributions.songs)
    drawn: dict[str, tuple[Callable[[], object], str]] = {
        "waterfall.png": (
            lambda: plots.waterfall(contributions.song, max_display=N_SHOWN, show=False),
            f"What each feature of the song adds to the decision value of {genre}",
        ),
        "beeswarm.png": (
            lambda: plots.beeswarm(contributions.songs, max_display=N_SHOWN_OF_ALL + 1, show=False),
            f"The same of {n_songs} songs, a dot each: colour is the feature's value",
        ),
        "heatmap.png": (
            lambda: plots.heatmap(contributions.songs, max_display=N_SHOWN_OF_ALL + 1, show=False),
            f"The same, songs side by side, with the decision value of {genre} above",
        ),
    }
    written = {}
    for name, (draw, text) in drawn.items():
        with write_whole(folder / name) as partial:
            partial.write_bytes(_drawn(draw, text))
        written[folder / name] = text
    return written


def _drawn(draw: Callable[[], object], title: str) -> bytes:
    """PNG of what a function of shap draws on pyplot's own figure, which it alone knows."""
    import matplotlib as mpl
    from matplotlib import pyplot as plt

    with mpl.rc_context():
        plt.switch_backend("agg")
        plt.figure()
        try:
            draw()
            figure = plt.gcf()
            top = figure.get_tightbbox().y1 / figure.get_figheight()  # wherever shap has put its axes
            figure.suptitle(title, fontsize=12, parse_math=False, y=top + TITLE_GAP, va="bottom")
            stream = io.BytesIO()
            figure.savefig(stream, format="png", dpi=DPI, bbox_inches="tight")
        finally:
            plt.close("all")
    return stream.getvalue()
