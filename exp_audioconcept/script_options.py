"""Options that several scripts have, each described in one place."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from audiokit import cli
from audiokit.errors import UserError
from audiokit.options import add_device_option, add_skip_errors_option, add_workers_option
from audiokit.paths import ROOT
from exp_audioconcept.places import FEATURES, FIGURES, GTZAN, MODELS

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from exp_audioconcept.classifiers.materials import Source

__all__ = [
    "add_length_option",
    "add_model_options",
    "add_source_options",
    "length_of",
    "model_path",
    "source_of",
]

SPLITS = ("auto", "published", "stratified", "filtered", "grouped")
DEFAULT_MODEL = "SVM"


def add_source_options(parser: ArgumentParser) -> None:
    """Add what tells which songs: `--data`, `--features`, `--groups`, `--split`, `--seed`, `--paper` and others."""
    add = parser.add_argument
    add("--data", type=Path, default=GTZAN, metavar="FOLDER", help="a folder of songs for each genre (%(default)s)")
    add("--features", type=Path, metavar="FILE", help="table of features to take in place of the songs' sound (SVM)")
    add("--groups", type=Path, metavar="FILE", help="table of filename and artist: no artist in two parts")
    add("--split", choices=SPLITS, help="of the songs; by default that of the model, or what suits the songs (auto)")
    add("--seed", type=cli.seed, help="of split and network (0)")
    add("--paper", action="store_true", help="the published SVM's protocol: its split, its search, its features")
    add("--stores", type=Path, default=None, metavar="FOLDER", help="for what is made of the songs once")
    add_workers_option(parser)
    add_skip_errors_option(parser)
    add_device_option(parser)


def add_model_options(parser: ArgumentParser) -> None:
    """Add `MODEL`, `--model-path`, `--teacher` and `--teachers`."""
    add = parser.add_argument
    add("model", nargs="?", default=None, metavar="MODEL", help="SVM, CNN, VGGish, CNN2 or head, in any case (SVM)")
    add("--model", dest="named_model", metavar="MODEL", help="the same")
    add("--model-path", type=Path, metavar="FILE", help="of the model (models/best_MODEL_model.pt)")
    add("--teacher", default="mn04_as", help="what a head stands on: YamNet, mn04_as, PANN … (%(default)s)")
    add("--teachers", type=Path, default=ROOT, metavar="FOLDER", help="of the teachers' weights")
    add("--figures-path", type=Path, default=FIGURES, metavar="FOLDER", help="for figures (%(default)s)")


def add_length_option(parser: ArgumentParser) -> None:
    """Add `--audio-length`."""
    parser.add_argument("--audio-length", metavar="LENGTH", help="CNN (29.1 s), VGG (3.96 s), or seconds")


def length_of(text: str | None) -> int | None:
    """Samples that `--audio-length` stands for; None where it was not given.

    Raises
    ------
    UserError
        where it is neither a name nor a number above 0.
    """
    from exp_audioconcept.networks.kinds import LENGTHS, n_samples

    if text is None:
        return None
    named = {name.lower(): seconds for name, seconds in LENGTHS.items()}
    try:
        seconds = named.get(text.lower()) or float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < 3600:
        raise UserError(f"--audio-length {text} is no length: give CNN, VGG, or seconds")
    return n_samples(seconds)


def named_kind(options: Namespace) -> str:
    """Kind of model that the command line names."""
    from exp_audioconcept.classifiers.learned import kind_of

    return kind_of(options.model or options.named_model or DEFAULT_MODEL)


def model_path(options: Namespace, kind: str) -> Path:
    """File of a model: the one that is named, or the usual one."""
    return options.model_path or MODELS / f"best_{kind}_model.pt"


def source_of(options: Namespace) -> Source:
    """Where the songs come from that the command line names.

    GTZAN's published table is taken where it lies at its place, and `--data` names nothing else.
    """
    from exp_audioconcept.classifiers.materials import Source
    from exp_audioconcept.places import STORES

    table = options.features
    if table is None and options.data == GTZAN and FEATURES.is_file():
        table = FEATURES
    return Source(
        folder=options.data,
        table=table,
        groups=options.groups,
        stores=options.stores or STORES,
        teachers=options.teachers,
        workers=cli.positive(str(options.workers)) if options.workers else None,
        skip_errors=options.skip_errors,
        paper=options.paper,
    )
