"""Write batch scripts for SLURM that tag the levels of many sensors, a share of the files in each job, and map them.

Behind `--` stand files and options of predict_third_octave.py, all but --share and --live. Jobs go on with what is
begun, so that scripts can be submitted again; the map comes when all shares have ended well.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import predict_third_octave
from audiokit import cli
from audiokit.errors import UserError
from audiokit.experiments.slurm.files import write_scripts
from audiokit.experiments.slurm.options import add_site_arguments, read_site
from audiokit.experiments.slurm.scripts import Job, array_script, job_script
from audiokit.experiments.slurm.submission import sbatch_command, submit_all
from audiokit.files import make_folder
from audiokit.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence

SLURMS = Path("sensor_slurms")
TAG, MAP = "tag_sensors", "map_sensors"


def parse(arguments: Sequence[str] | None) -> tuple[argparse.Namespace, list[str]]:
    """Read the command line; gives the options, and those of predict_third_octave.py."""
    usage = "%(prog)s [options] -- FILE [FILE ...] --output TAGS_FOLDER [options of predict_third_octave.py]"
    parser = argparse.ArgumentParser(
        usage=usage, description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter, allow_abbrev=False
    )
    add = parser.add_argument
    add("--shares", type=cli.positive, default=10, metavar="N", help="jobs that the files are divided among")
    add("--at_once", type=cli.positive, metavar="N", help="of them may run at a time")
    add("--map", type=Path, metavar="FOLDER", help="for what map_sensors.py makes of all; by default <tags>_map")
    add("--places", type=Path, metavar="FILE", help="for map_sensors.py: csv with sensor, latitude, longitude [, name]")
    add("--zone", help="for map_sensors.py: by whose clock to count hours where tables are in UTC")
    add("--sensor_is", choices=("file", "folder"), default="file", help="for map_sensors.py")
    add("--slurms", type=Path, default=SLURMS, metavar="FOLDER", help="for the scripts; what jobs print goes to logs/")
    add("--submit", action="store_true", help="hand them to SLURM at once")
    add_site_arguments(parser)
    parser.set_defaults(gpus=0, cpus=1, time="4:00:00")
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    divided = arguments.index("--") if "--" in arguments else len(arguments)
    options, passed = parser.parse_args(arguments[:divided]), arguments[divided + 1 :]
    if not passed:
        parser.error("files and options of predict_third_octave.py are to come behind --")
    return options, passed


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the scripts, and say how to go on."""
    options, passed = parse(arguments)
    tagging = predict_third_octave.parse(passed)
    if tagging.share != (1, 1) or tagging.live:
        raise UserError("behind --: shares are numbered here, and --live has no end: leave --share and --live out")
    site = read_site(options, logs=options.slurms / "logs")
    texts = {
        f"{TAG}.slurm": array_script(
            TAG, share_jobs(passed, options), site, folder=Path.cwd(), at_once=options.at_once
        ),
        f"{MAP}.slurm": job_script(map_job(tagging.output, options), site, folder=Path.cwd()),
    }
    tag, gather = write_scripts(options.slurms, texts)
    make_folder(site.logs)
    print(f"{tag}\n{gather}")
    if options.submit:
        for script, job in submit_all(tag, [gather]).items():
            print(f"{job}\t{script}")
    else:
        commands = f"tags=$({shlex.join(sbatch_command(tag))})", shlex.join(sbatch_command(gather, after="NUMBER"))
        print(f"next: {'; '.join(commands).replace(':NUMBER', ':$tags', 1)}", file=sys.stderr)
    return 0


def share_jobs(passed: Sequence[str], options: argparse.Namespace) -> list[Job]:
    """A job for each share of the files."""
    command = [options.python, str(ROOT / "predict_third_octave.py"), *passed, "--share"]
    shares = [f"{number}/{options.shares}" for number in range(1, options.shares + 1)]
    return [Job(f"share {share}", [*command, share]) for share in shares]


def map_job(tags: Path, options: argparse.Namespace) -> Job:
    """The job that gathers the tags of all shares."""
    output = options.map or tags.with_name(f"{tags.name}_map")
    command = [options.python, str(ROOT / "map_sensors.py"), str(tags), "--output", str(output)]
    for name in ("places", "zone"):
        if getattr(options, name) is not None:
            command += [f"--{name}", str(getattr(options, name))]
    return Job(MAP, [*command, "--sensor_is", options.sensor_is])


if __name__ == "__main__":
    sys.exit(cli.run(main))
