"""What the scripts that launch the training experiment ask for: how much of it, and the experiment's own options."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from audiokit.experiments.own_arguments import own_arguments
from exp_train_model.experiment_sizes import EXPERIMENT_SIZES, TEACHERS, size_settings
from exp_train_model.main_doce_training import add_arguments
from exp_train_model.plans import DATASETS, training_plans

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from audiokit.experiments.plan import Setting

__all__ = ["Launch", "add_launch_arguments"]


def add_launch_arguments(parser: ArgumentParser) -> None:
    """Add the size of the experiment, and the options that are passed on to the experiment."""
    add = parser.add_argument
    add(
        "--exp_type",
        "--experiment_size",
        choices=tuple(EXPERIMENT_SIZES),
        default="restricted",
        help="the models of the paper's tables, or all that it has compared",
    )
    add("--dataset", default="full", help="full, urban, TEST or one of your own")
    add("--epoch", type=int, default=200, help="of training")
    add("--classifiers", nargs="+", default=list(TEACHERS), metavar="NAME", help="teachers")
    add_arguments(parser.add_argument_group("options of the experiment, passed on to main_doce_training.py"))


@dataclass(frozen=True)
class Launch:
    """What is to be computed."""

    size: str
    """Of the experiment."""

    settings: list[Setting]
    """In the paper's order."""

    arguments: list[str]
    """The experiment's own, for its command line."""

    @classmethod
    def read(cls, options: Namespace) -> Launch:
        """What the options ask for; a dataset of one's own is added to `options.datasets`.

        Raises
        ------
        UserError
            where the plans do not have it.
        """
        if options.dataset not in (*DATASETS, *options.datasets):
            options.datasets = [*options.datasets, options.dataset]
        settings = size_settings(
            options.exp_type,
            training_plans(datasets=options.datasets),
            dataset=options.dataset,
            classifiers=options.classifiers,
            epoch=options.epoch,
        )
        return cls(options.exp_type, settings, own_arguments(add_arguments, options))
