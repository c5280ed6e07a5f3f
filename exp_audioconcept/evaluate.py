"""Test a trained model on songs that it has not heard: accuracy with its interval, figures by genre, confusions."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from audiokit import cli
from exp_audioconcept import script_options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exp_audioconcept.classifiers.testing import Tested


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    script_options.add_model_options(parser)
    script_options.add_length_option(parser)
    script_options.add_source_options(parser)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Test, print and write."""
    options = parse(arguments)
    kind = script_options.named_kind(options)
    length = script_options.length_of(options.audio_length)
    with cli.quick_imports():
        from audiokit.errors import UserError
        from exp_audioconcept.classifiers.loading import check_length, load_model
        from exp_audioconcept.classifiers.reporting import write_confusion
        from exp_audioconcept.classifiers.runs import test_again

    path = script_options.model_path(options, kind)
    model = load_model(path, teachers=options.teachers)
    if model.kind != kind and options.model_path is None:
        raise UserError(f"{path} holds a {model.kind}, and not a {kind}: train a {kind}")
    check_length(model, length)
    source = script_options.source_of(options)
    with source.material(model.kind, teacher=str(model.settings.get("teacher", ""))) as material:
        tested = test_again(model, material, split=options.split, seed=options.seed)
    _print(tested)
    print(*write_confusion(model.kind, tested, options.figures_path), sep="\n")
    return 0


def _print(tested: Tested) -> None:
    rows = [("genre", "precision", "recall", "F1", "songs")]
    for genre, figures in tested.by_genre().items():
        *shares, songs = figures.values()
        rows.append((genre, *(f"{share:.2f}" for share in shares), f"{songs:.0f}"))
    print(cli.columns(rows))
    low, high = tested.interval
    print(
        f"accuracy {tested.accuracy:.4f} ({low:.3f} to {high:.3f} with 95 %) on {len(tested.truths)} songs, macro F1 "
        f"{tested.macro_f1:.4f}; always the most frequent genre: {tested.chance:.3f}"
    )
    if tested.n_left_out:
        print(f"{tested.n_left_out} songs were left out, for the model has heard them in training")


if __name__ == "__main__":
    sys.exit(cli.run(main))
