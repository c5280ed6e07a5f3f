"""Compute the training experiment on this machine, setting by setting, each in a process of its own.

What is done is left out: run the same command again to go on after an interruption or a failure.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from audiokit import cli
from exp_train_model.launch_experiment.launch_options import Launch, add_launch_arguments
from exp_train_model.main_doce_training import EXPERIMENT, configure

if TYPE_CHECKING:
    from collections.abc import Sequence


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter, allow_abbrev=False
    )
    add_launch_arguments(parser)
    parser.add_argument("--jobs", type=cli.positive, default=1, help="processes at once; they share cores and GPUs")
    parser.add_argument("--dry_run", action="store_true", help="print the commands of what is not done")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Compute what is not done; 1 where a setting has failed."""
    options = parse(arguments)
    launch = Launch.read(options)
    from audiokit.experiments.experiment_cli import tell_failed
    from audiokit.experiments.jobs import compute_in_processes, setting_command

    experiment = replace(configure(EXPERIMENT, options), options=vars(options))
    if options.dry_run:
        todo = [setting for setting in launch.settings if not experiment.is_done(setting)]
        for setting in todo:
            print(shlex.join(setting_command(experiment, setting, launch.arguments)))
        print(f"{len(launch.settings) - len(todo)} of {len(launch.settings)} settings are done", file=sys.stderr)
        return 0
    failed = compute_in_processes(
        experiment, launch.settings, jobs=options.jobs, skip=True, detached=True, arguments=launch.arguments
    )
    tell_failed(failed, len(launch.settings))
    if not failed:
        print(f"{len(launch.settings)} settings are done, in {experiment.root}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(cli.run(main))
