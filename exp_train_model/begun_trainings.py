"""Trainings that are done or under way, for scripts that make something of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audiokit.errors import UserError
from audiokit.experiments.selection import selected
from exp_train_model.main_doce_training import add_arguments
from exp_train_model.plans import training_plans
from spectral_transcoder.training.experiment_files import ExperimentFiles

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from audiokit.experiments.plan import Setting

__all__ = ["add_selection_arguments", "begun_trainings"]


def add_selection_arguments(parser: ArgumentParser) -> None:
    """Add the options that say which trainings, and where they are."""
    help_text = "trainings, as for main_doce_training.py; all by default"
    parser.add_argument("-s", "--select", default="", metavar="SELECTION", help=help_text)
    add_arguments(parser)


def begun_trainings(options: Namespace) -> tuple[ExperimentFiles, list[Setting]]:
    """The experiment's files, and those of the selected trainings that have left a model or a checkpoint.

    Raises
    ------
    UserError
        where there is none.
    """
    files = ExperimentFiles(options.output_path)
    plans = training_plans(datasets=options.datasets)
    masked = selected(options.select, plans)
    begun = [
        setting
        for setting in masked.named(files.begun_identifiers())
        if setting["step"] == "train" and files.is_begun(setting)
    ]
    if not begun:
        selection = f"among the {len(masked)} settings selected" if options.select else "of the plans"
        raise UserError(
            f"no training in {options.output_path} is {selection}: train one with "
            "python3 exp_train_model/main_doce_training.py -s SELECTION -c, or name its folder with --output_path"
        )
    return files, begun
