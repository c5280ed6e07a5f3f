"""Train a model of genres, test it on songs that it has not heard, and write both down.

`main` trains as the model's authors found best, `experiment` takes other numbers. A training that was stopped goes on
where it was.
"""

from __future__ import annotations

import argparse
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

from audiokit import cli
from exp_audioconcept import script_options

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from exp_audioconcept.classifiers.learned import Learned
    from exp_audioconcept.classifiers.network.training import NetworkSettings
    from exp_audioconcept.classifiers.testing import Tested

NETWORK_OPTIONS = ("lr", "weight_decay", "label_smoothing", "noise_level", "epochs", "patience")


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="main|experiment")
    for name, text in (("main", "train as found best"), ("experiment", "train with other numbers")):
        command = commands.add_parser(name, help=text, description=text)
        script_options.add_model_options(command)
        script_options.add_length_option(command)
        script_options.add_source_options(command)
        _add_network_options(command, with_numbers=name == "experiment")
    return parser.parse_args(arguments)


def _add_network_options(parser: argparse.ArgumentParser, *, with_numbers: bool) -> None:
    add = parser.add_argument
    if with_numbers:
        add("--lr", type=cli.not_negative, help="learning rate")
        add("--weight-decay", type=cli.not_negative, help="of all weights, in the gradient")
        add("--label-smoothing", type=cli.share, help="share of the wrong genres in the labels (0.15)")
        add("--noise-level", type=cli.not_negative, help="standard deviation of added noise (0.002)")
    add("--epochs", type=cli.positive, help="most epochs of a network (60)")
    add("--patience", type=cli.positive, help="epochs without better accuracy before it stops (15)")
    add("--adaptive", action="store_true", help="let the last pool of a CNN take sounds of other lengths")
    add("--no-augmentation", action="store_true", help="learn from stored spectrograms: faster, of unchanged songs")
    add("--mixed-precision", action="store_true", help="layers in bfloat16: faster, the same but for rounding")
    add("--tensorboard", action="store_true", help="write curves for TensorBoard to exp_audioconcept/runs")
    add("--wandb", action="store_true", help="tell Weights & Biases; WANDB_MODE=offline keeps it here")


def main(arguments: Sequence[str] | None = None) -> int:
    """Train, test and write."""
    options = parse(arguments)
    kind = script_options.named_kind(options)
    length = script_options.length_of(options.audio_length)
    with cli.quick_imports():
        from audiokit.devices import choose_device
        from audiokit.learning.scalars import tensorboard_scalars
        from exp_audioconcept.classifiers.reporting import write_run
        from exp_audioconcept.classifiers.runs import train_and_test
        from exp_audioconcept.classifiers.tracking import tell_wandb, tensorboard_folder

    network = _network_settings(options, kind, length)
    source = script_options.source_of(options)
    path = script_options.model_path(options, kind)
    with ExitStack() as stack:
        curves = tensorboard_folder(kind, network) if options.tensorboard else None
        scalars = stack.enter_context(tensorboard_scalars(curves))
        device = str(choose_device(options.device))
        material = stack.enter_context(
            source.material(kind, network=network, teacher=options.teacher, device=device, scalars=scalars)
        )
        split = options.split or ("published" if options.paper else "auto")
        learned, tested = train_and_test(material, path, split=split, seed=options.seed or 0, teachers=options.teachers)
    told = {name: str(value) for name, value in vars(options).items() if value is not None}
    written = write_run(learned, tested, options.figures_path, options=told)
    if options.wandb:
        tell_wandb(learned, tested)
    _print(learned, tested, [path, *written])
    return 0


def _network_settings(options: argparse.Namespace, kind: str, length: int | None) -> NetworkSettings | None:
    """Settings of a network; what is given counts, also where it is 0."""
    from audiokit.errors import UserError
    from exp_audioconcept.classifiers.network.training import NetworkSettings
    from exp_audioconcept.networks.kinds import NETWORKS, create_network, n_samples

    if kind not in NETWORKS:
        if length is not None:
            raise UserError(f"--audio-length is for networks, and {kind} hears what it always hears: leave it out")
        return None
    usual = NETWORKS[kind]
    given = {name: getattr(options, name, None) for name in NETWORK_OPTIONS}
    given["learning_rate"] = given.pop("lr")
    settings = NetworkSettings(
        **{
            "kind": kind,
            "length": length or n_samples(usual.seconds),
            "learning_rate": usual.learning_rate,
            "weight_decay": usual.weight_decay,
            "augmented": not options.no_augmentation,
            "adaptive": options.adaptive,
            "mixed_precision": options.mixed_precision,
        }
        | {name: value for name, value in given.items() if value is not None}
    )
    import torch

    with torch.device("meta"):  # a length that the network cannot hear is refused before songs are read
        create_network(kind, 2, length=settings.length, adaptive=settings.adaptive)
    return settings


def _print(learned: Learned, tested: Tested, written: Sequence[Path]) -> None:
    if learned.kind == "SVM":
        best = ", ".join(f"{name}={value}" for name, value in learned.told["best_parameters"].items())
        print(f"best of the grid: {best}")
        print(f"accuracy in {learned.told['chosen_by']}: {learned.told['accuracy_where_chosen']:.4f}")
    else:
        print(f"best accuracy on songs to choose by: {learned.told['best_valid_accuracy']:.4f}")
    low, high = tested.interval
    print(
        f"accuracy on {len(tested.truths)} songs that were not heard: {tested.accuracy:.4f} ({low:.3f} to {high:.3f}), "
        f"macro F1 {tested.macro_f1:.4f}; always the most frequent genre: {tested.chance:.3f}"
    )
    print(*written, sep="\n")


if __name__ == "__main__":
    sys.exit(cli.run(main))
