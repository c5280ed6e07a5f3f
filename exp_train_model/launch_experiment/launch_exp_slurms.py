"""Submit the batch scripts that slurms_create.py has written: the reference, and the others to run after it.

They run only if it ends well. Submit all again to go on with what is left, but not while they are in the queue: two
jobs must not train the same model.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from audiokit import cli
from audiokit.errors import UserError
from audiokit.experiments.slurm.files import find_scripts
from audiokit.experiments.slurm.submission import sbatch_command, submit_all
from exp_train_model.launch_experiment.slurms_create import SLURMS

if TYPE_CHECKING:
    from collections.abc import Sequence


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--folder", type=Path, default=SLURMS, help="that slurms_create.py --output was given")
    parser.add_argument("--dry_run", action="store_true", help="print the commands")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Submit the scripts, and say how to follow the jobs."""
    options = parse(arguments)
    reference, others = scripts(options.folder)
    if options.dry_run:
        print(f"reference=$({shlex.join(sbatch_command(reference))})")
        for script in others:
            # The shell is to put the number in: that one argument stays without quotes.
            print(shlex.join(sbatch_command(script, after="NUMBER")).replace(":NUMBER", ":$reference", 1))
        return 0
    jobs = submit_all(reference, others)
    for script, job in jobs.items():
        print(f"{job}\t{script}")
    numbers = jobs.values()
    print(f"to look at them: squeue --jobs={','.join(numbers)}", file=sys.stderr)
    print(f"to cancel all: scancel {' '.join(numbers)}", file=sys.stderr)
    return 0


def scripts(folder: Path) -> tuple[Path, list[Path]]:
    """The script of the reference in a folder, and the others.

    Raises
    ------
    UserError
        where there is none, or more than one reference.
    """
    found = find_scripts(folder)
    references = [path for path in found if path.stem.endswith("_reference")]
    if len(references) != 1:
        has = f"{len(references)} scripts *_reference.slurm, not one" if found else "no .slurm files"
        raise UserError(f"{folder} has {has}: write them with slurms_create.py, or name another --folder")
    return references[0], [path for path in found if path not in references]


if __name__ == "__main__":
    sys.exit(cli.run(main))
