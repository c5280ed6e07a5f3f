"""How well presence is told on clips with what people heard in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tqdm import tqdm

from audiokit.errors import UserError
from sensors.clips import GROUPS, WAYS, clip_scores, read_clips
from sensors.measures import PUBLISHED, measure, table_of, write_shipped
from sensors.probabilities import brier_scores, brier_table
from spectral_transcoder.sensor import load_predictor
from spectral_transcoder.sensor.presence import thresholds, unheard
from teachers.label_groups import group_members
from teachers.registry import find_weights

if TYPE_CHECKING:
    import argparse

__all__ = ["print_tables"]


def print_tables(options: argparse.Namespace) -> None:
    """Print both tables, and write what is shipped with `--write`.

    Raises
    ------
    UserError
        for a file that holds no clips, an unknown way, or a teacher without weights.
    """
    clips = read_clips(options.file)
    ways = options.ways or list(WAYS)
    if unknown := set(ways) - set(WAYS):
        raise UserError(f"unknown way {min(unknown)!r}: choose among {', '.join(WAYS)}")
    missing = [name for name in options.teachers if not find_weights(name, options.models)]
    if missing:
        raise UserError(f"the weights of {', '.join(missing)} are not below {options.models}: --models or --teachers")
    rows, of_probabilities = [], {}
    pairs = [(teacher, transcoder) for teacher in options.teachers for transcoder in options.transcoders]
    for teacher, transcoder in tqdm(pairs, unit="model", disable=None):
        name, _, front = transcoder.partition("+")
        predictor = load_predictor(teacher, name, models=options.models, device="cpu", foreground=bool(front))
        members = group_members(predictor.labels, thresholds.PRESENCE_LABELS)
        for way in ways:
            scores = clip_scores(predictor, [members[group] for group in GROUPS], *WAYS[way](clips))
            rows.append(measure(scores, clips, teacher=teacher, transcoder=transcoder, way=way))
            of_probabilities[rows[-1].title] = brier_scores(scores, clips)
    print(table_of([*PUBLISHED, *rows]))
    print(f"\n{brier_table(of_probabilities)}")
    if options.write:
        write_shipped(rows, name=options.file.stem, chosen=thresholds.CHOSEN, heard=unheard.MEASURED)
        print(f"{thresholds.CHOSEN} and {unheard.MEASURED}")
