"""Train a network to tell instruments, and tune its thresholds on the validation set.

The options are the original's; --max_epochs of Lightning is --epochs, --accelerator and --devices are --device.
Whatever stops it, the same command with the same --output goes on from there.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from audiokit import cli
from audiokit.options import (
    add_device_option,
    add_mixed_precision_option,
    add_skip_errors_option,
    add_workers_option,
)
from exp_lumen.places import MODELS

if TYPE_CHECKING:
    from collections.abc import Sequence


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    _add_data_options(parser.add_argument_group("data, each TYPE:PATH; types are irmastrain, irmastest, openmic, csv"))
    _add_network_options(parser.add_argument_group("network"))
    _add_training_options(parser.add_argument_group("training"))
    _add_augmentation_options(parser.add_argument_group("augmentation"))
    return parser.parse_args(arguments)


def _add_data_options(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--train-paths", nargs="+", default=[], metavar="TYPE:PATH", required=True)
    add("--val-paths", nargs="+", default=[], metavar="TYPE:PATH")
    add("--train-only-dataset", action="store_true", help="validate with a fifth of the training set, split by song")
    add("--train-override-csvs", nargs="+", default=[], type=Path, metavar="CSV", help="labels by filename, to replace")
    add("--dataset-fraction", type=float, default=1.0, metavar="F", help="of the training set (%(default)s)")
    add("--quick", action="store_true", help="32 clips of each set and two epochs, to see whether it works")
    add("--drop-last", action="store_true", help="leave out the last batch of an epoch where it would be smaller")
    add("--use-weighted-train-sampler", action="store_true", help="draw clips of rare instruments more often")
    add("--stores", type=Path, metavar="FOLDER", help="of prepared recordings, for several trainings (the --output)")
    add_skip_errors_option(group)
    add_workers_option(group)


def _add_network_options(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--model", default="TEACHER", help="CONVNEXT_TINY …, AST, WAV2VEC, CONVLSTM, MOBNET, or TEACHER (%(default)s)")
    add("--teacher", default="", help="with --model TEACHER: YamNet, mn04_as … (YamNet)")
    add("--audio-transform", default="", help="MEL_SPECTROGRAM, MFCC, MULTI_SPECTROGRAM, AST or WAV2VEC")
    add("--paper", action="store_true", help="linear Mel spectrograms stretched to squares, as the original's")
    add("--use-rgb", action="store_true", help="a picture's one channel becomes three by colours")
    add("--image-size", type=cli.positive, default=224, help="frames of a picture, 10 ms each (%(default)s)")
    add("--head", default="deep", choices=("deep", "attention"))
    add("--head-hidden-dim", nargs="*", default=[], type=cli.positive, metavar="N", help="of two hidden layers at most")
    add("--use-fluffy", action="store_true", help="a head for each instrument")
    add("--pretrained", default="", metavar="FOLDER", help="of weights as Hugging Face has them, on this machine")
    add("--ckpt", type=Path, help="model of an earlier training to begin with")


def _add_training_options(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--epochs", type=cli.positive, default=40, help="(%(default)s)")
    add("--batch-size", type=cli.positive, default=4, help="(%(default)s)")
    add("--finetune-head", action=argparse.BooleanOptionalAction, default=True, help="train the head alone at first")
    add("--finetune-head-epochs", type=cli.positive, default=5, help="(%(default)s)")
    add("--head-alone", action="store_true", help="train nothing but the head")
    add("--head-after", default="", metavar="LAYER", help="train what the backbone has after it with the head at first")
    add("--backbone-after", default="", metavar="LAYER", help="never train the backbone up to this layer")
    add("--finetune-train-bn", action="store_true", help="let batch normalisations follow the data meanwhile")
    add("--lr", type=float, default=5e-5, help="(%(default)s)")
    add("--lr-warmup", type=float, default=3e-4, help="of the head at first (%(default)s)")
    add("--lr-onecycle-max", type=float, default=5e-4, help="(%(default)s)")
    schedulers = ("ONECYCLE", "PLATEAU", "COSINEANNEALING", "CONSTANT", "AUTO_LR")
    add("--scheduler", default=schedulers[0], choices=schedulers, help="AUTO_LR finds a rate by a trial (%(default)s)")
    add("--optimizer", default="adamw", choices=("adamw", "adam"))
    add("--weight-decay", type=float, default=1e-2, help="of adamw (%(default)s)")
    loss = ("CROSS_ENTROPY", "CROSS_ENTROPY_POS_WEIGHT", "FOCAL_LOSS")
    add("--loss-function", default=loss[0], choices=loss)
    add("--gamma", type=float, default=2.0, help="of FOCAL_LOSS (%(default)s)")
    add("--add-instrument-loss", type=float, default=0.0, metavar="F", help="factor of the term of families")
    add("--metric", default="VAL_F1", choices=("VAL_F1", "VAL_HAMMING"), help="that decides which epoch is kept")
    help_text = "for all instruments, in place of thresholds tuned on the validation set"
    add("--prediction-threshold", type=float, metavar="T", help=help_text)
    add("--skip-validation", action="store_true", help="validate at the end alone; the last epoch is kept")
    add("--log-per-instrument-metrics", action="store_true", help="F1, precision and recall of each in metrics.csv")
    add("--tensorboard", action="store_true", help="write curves for TensorBoard, too")
    add("--verify-config", action="store_true", help="show what would be trained, and ask")
    add("--aggregation", default="mean", choices=("mean", "union"), help="of pieces; union is the original's")
    add("--early-stopping-metric-patience", type=cli.positive, default=10, help="epochs (%(default)s)")
    add("--seed", type=cli.seed, default=42)
    add("--output", type=Path, metavar="FOLDER", help="(lumen_models/DATE_MODEL)")
    add("--experiment-suffix", default="", help="at the end of that name")
    add_device_option(group)
    add_mixed_precision_option(group)


def _add_augmentation_options(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--augmentations", nargs="*", metavar="NAME", help="in place of the default set; without a name none")
    add("--aug-probability", type=float, default=0.5, help="of each, for each piece (%(default)s)")
    add("--aug-kwargs", nargs="*", default=[], metavar="KEY=N", help="sum_n=3 concat_n=3")
    add("--noises", type=Path, metavar="FOLDER", help="recordings for BACKGROUND_NOISE, ESC-50's say")


def main(arguments: Sequence[str] | None = None) -> int:
    """Train."""
    options = parse(arguments)
    with cli.quick_imports():
        from exp_lumen.training.command import create_run

    path = create_run(options, default_folder=MODELS)
    print(path)
    return 0


if __name__ == "__main__":
    sys.exit(cli.run(main))
