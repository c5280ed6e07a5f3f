"""Write a batch script for SLURM that trains and measures the networks of a plan, each in a job of an array.

A job leaves out what is done, and goes on with what is begun, so that the script can be submitted again.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from audiokit import cli
from audiokit.experiments.own_arguments import own_arguments
from audiokit.experiments.plan import selector
from audiokit.experiments.selection import select
from audiokit.experiments.slurm.files import write_scripts
from audiokit.experiments.slurm.options import add_site_arguments, read_site
from audiokit.experiments.slurm.scripts import Job, array_script
from audiokit.files import make_folder
from audiokit.paths import ROOT
from exp_samplecnn.main_doce_samplecnn import add_arguments
from exp_samplecnn.plans import samplecnn_plans

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SLURMS = ROOT / "exp_samplecnn" / "slurms"
SCRIPT = "exp_samplecnn/main_doce_samplecnn.py"


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    add = parser.add_argument
    add("-s", "--select", default="blocks/", metavar="SELECTION", help="as for main_doce_samplecnn.py (%(default)s)")
    add("--output", type=Path, default=SLURMS, metavar="FOLDER", help="for the script; what jobs print goes to logs/")
    add("--at_once", type=cli.positive, metavar="N", help="jobs of the array that may run at a time")
    add_arguments(parser.add_argument_group("options of the experiment, passed on to main_doce_samplecnn.py"))
    add_site_arguments(parser)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the script, and say how to go on."""
    options = parse(arguments)
    site = read_site(options, logs=options.output / "logs")
    found = list(jobs(options.select, own_arguments(add_arguments, options), python=options.python))
    text = array_script("samplecnn", found, site, folder=ROOT, at_once=options.at_once)
    (path,) = write_scripts(options.output, {"samplecnn.slurm": text})
    make_folder(site.logs)
    print(path)
    print(f"next: sbatch {path}", file=sys.stderr)
    return 0


def jobs(selection: str, arguments: Sequence[str], *, python: str) -> Iterator[Job]:
    """A job for each network of a selection: it is trained, and then measured."""
    for setting in select(selection, samplecnn_plans()):
        if setting["step"] == "train":
            network = {factor: modality for factor, modality in setting.items() if factor != "step"}
            name = "_".join(map(str, network.values()))
            command = [python, SCRIPT, *arguments, "-s", selector(setting.plan, network), "-c", "-S"]
            yield Job(f"{setting.plan}_{name}", command)


if __name__ == "__main__":
    sys.exit(cli.run(main))
