"""Trainings that are done or under way, for scripts that make something of them."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from exp_train_model.main_doce_training import add_arguments, training_experiment
from exp_train_model.plans import training_plans
from spectral_transcoder.errors import UserError
from spectral_transcoder.experiments.selection import select

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Mapping

    from spectral_transcoder.experiments.plan import Plan, Setting
    from spectral_transcoder.training.training_experiment import TrainingExperiment

__all__ = ["add_selection_arguments", "begun_trainings"]


def add_selection_arguments(parser: ArgumentParser) -> None:
    """Add the options that say which trainings, and where they are."""
    help_text = "trainings, as for main_doce_training.py; all by default"
    parser.add_argument("-s", "--select", default="", metavar="SELECTION", help=help_text)
    add_arguments(parser)


def begun_trainings(options: Namespace) -> tuple[TrainingExperiment, list[Setting]]:
    """The experiment, and those of the selected trainings that have left a model or a checkpoint.

    Raises
    ------
    UserError
        where there is none.
    """
    training = training_experiment(options)
    plans = training_plans(datasets=options.datasets)
    settings = select(options.select, plans) if options.select else _found(training, plans)
    begun = [setting for setting in settings if setting["step"] == "train" and training.is_begun(setting)]
    if not begun:
        selected = f"among the {len(settings)} settings selected" if options.select else "of the plans"
        raise UserError(
            f"no training in {options.output_path} is {selected}: train one with "
            "python3 exp_train_model/main_doce_training.py -s SELECTION -c, or name its folder with --output_path"
        )
    return training, begun


def _found(training: TrainingExperiment, plans: Mapping[str, Plan]) -> list[Setting]:
    """Settings that trainings in the folder are named by: there are few of them, and half a million in all plans."""
    settings = []
    for identifier in training.begun_identifiers():
        # Files of datasets that are not named now, say, are no training of these plans.
        with suppress(UserError):
            settings += [setting for setting in select(identifier, plans) if setting.identifier() == identifier]
    return settings
