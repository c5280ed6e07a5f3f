"""Write batch scripts for SLURM that compute the training experiment; launch_exp_slurms.py submits them.

One computes the teachers' scores, on which the others depend; each of these trains, evaluates and measures one model
with one teacher. They leave out what is done, so that they can be submitted again. Scripts of an earlier call are
replaced, unless somebody has edited one.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from audiokit import cli
from audiokit.experiments.slurm.files import write_scripts
from audiokit.experiments.slurm.options import add_site_arguments, read_site
from audiokit.experiments.slurm.scripts import Job, Site, array_script, job_script
from audiokit.files import make_folder
from audiokit.paths import ROOT
from exp_train_model.launch_experiment.launch_options import Launch, add_launch_arguments
from exp_train_model.launch_experiment.training_jobs import reference_job, training_jobs

if TYPE_CHECKING:
    from collections.abc import Sequence

SLURMS = ROOT / "exp_train_model" / "slurms"
SUBMIT = "exp_train_model/launch_experiment/launch_exp_slurms.py"


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter, allow_abbrev=False
    )
    add_launch_arguments(parser)
    add = parser.add_argument
    add("--output", type=Path, default=SLURMS, metavar="FOLDER", help="for the scripts; what jobs print goes to logs/")
    add("--arrays", action="store_true", help="one job array in place of a job for each model")
    add("--at_once", type=cli.positive, metavar="N", help="jobs of the array that may run at a time")
    add_site_arguments(parser)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the scripts, and say how to go on."""
    options = parse(arguments)
    launch = Launch.read(options)
    site = read_site(options, logs=options.output / "logs")
    reference = reference_job(launch, python=options.python)
    jobs = training_jobs(launch, python=options.python)
    texts = array_texts(reference, jobs, site, options.at_once) if options.arrays else job_texts(reference, jobs, site)
    paths = write_scripts(options.output, texts)
    make_folder(site.logs)
    print("\n".join(map(str, paths)))
    folder = [] if options.output == SLURMS else ["--folder", str(options.output)]
    print(f"next: {shlex.join(['python3', SUBMIT, *folder])}", file=sys.stderr)
    return 0


def job_texts(reference: Job, jobs: Sequence[Job], site: Site) -> dict[str, str]:
    """Name → text of a script for each job, numbered so that the reference comes first."""
    digits = max(2, len(str(len(jobs))))
    return {
        f"{number:0{digits}}_{job.name}.slurm": job_script(job, site, folder=ROOT)
        for number, job in enumerate((reference, *jobs))
    }


def array_texts(reference: Job, jobs: Sequence[Job], site: Site, at_once: int | None) -> dict[str, str]:
    """The same with an array of all jobs but the reference."""
    return job_texts(reference, [], site) | {
        "01_models.slurm": array_script("models", jobs, site, folder=ROOT, at_once=at_once)
    }


if __name__ == "__main__":
    sys.exit(cli.run(main))
