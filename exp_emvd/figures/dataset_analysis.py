"""How much of each technique and effect there is in EMVD."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exp_emvd.data.metadata import DURATION, NOT_REPRESENTATIVE

if TYPE_CHECKING:
    import pandas

__all__ = ["SHOWN", "summary", "totals"]

SHOWN = (
    "ClearVoice", "BlackShriek", "DeathGrowl", "HardcoreScream", "GrindInhale", "PigSqueal", "DeepGutturals",
    "TunnelThroat",
)  # fmt: skip
"""In the order of the figure. Two recordings named "Effect" are of none of them."""

CLEAR = "ClearVoice"


def totals(files: pandas.DataFrame, *, all_ranks: bool = False) -> pandas.DataFrame:
    """What there is of each technique and effect.

    Parameters
    ----------
    files
        as `exp_emvd.data.metadata.read_files` gives them.
    all_ranks
        count recordings that do not represent what they should (rank 0) as well. The published figure does not.

    Returns
    -------
    pandas.DataFrame
        a row for each of `SHOWN`: type; seconds; singers, how many; files, how many.
    """
    counted = files if all_ranks else files[files["authors_rank"] != NOT_REPRESENTATIVE]
    found = counted[counted["name"].isin(SHOWN)].groupby("name").agg(
        type=("type", "first"),
        seconds=(DURATION, "sum"),
        singers=("singer_id", "nunique"),
        files=("file_name", "size"),
    )  # fmt: skip
    return found.reindex([name for name in SHOWN if name in found.index])


def summary(counted: pandas.DataFrame) -> str:
    """Lines with all durations, that of clear voices, and each one's share."""
    seconds = counted["seconds"].sum()
    lines = [f"total duration: {seconds:.1f} s in {counted['files'].sum()} recordings"]
    if CLEAR in counted.index:
        lines.append(f"clear voice: {counted.loc[CLEAR, 'seconds']:.1f} s")
    for name, row in counted.iterrows():
        share = 100 * row["seconds"] / seconds
        lines.append(
            f"{name}: {row['seconds']:.1f} s ({share:.1f} %), {row['files']} recordings by {row['singers']} singers"
        )
    return "\n".join(lines)
