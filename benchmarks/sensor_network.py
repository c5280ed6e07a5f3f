"""Two sensors over seven days, from synthetic levels to the map: CPU time, memory, and what kill -9 leaves.

    python3 benchmarks/sensor_network.py week/ --models FOLDER

makes levels of a quay and a square (`sensors/town.py`) in week/levels, a level a second over seven days and, of the
quay, every 125 ms over some hours, tags each file in a process on one thread, maps both, and prints CPU time and the
most memory of a day beside seven. Then it tags some hours again and kills the process at five moments; what the next
runs make of it is compared with the tables of the run that nothing has stopped, byte for byte.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from audiokit import cli
from audiokit.paths import ROOT
from teachers.options import add_models_option

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

TAG = str(ROOT / "predict_third_octave.py")
PLACES = "sensor,latitude,longitude,name\nquay,47.7440,-3.3600,Quay\nsquare,47.7490,-3.3670,Square\n"
KILLED_AT = (1, 300_000, 1_000_000)
"""Bytes of scores after which a run is killed; those of a batch are 126 kB."""


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("folder", type=Path, help="for levels, tags and the map")
    add("--days", type=int, default=7, metavar="N", help="of levels a second apart (default: %(default)s)")
    add("--hours", type=int, default=6, metavar="N", help="of levels every 125 ms (default: %(default)s)")
    add("--teacher", default="mn04_as")
    add_models_option(parser)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables."""
    options = parse(arguments)
    from sensors.speed import run_script
    from sensors.town import write_levels

    how = ["--models", str(options.models), "--teacher", options.teacher, "--zone", "Europe/Paris"]
    levels, tags = options.folder / "levels", options.folder / "tags"
    levels.mkdir(parents=True, exist_ok=True)
    day = write_levels(options.folder / "day" / "quay.csv", place="quay", hours=24, per_second=1)
    hours = write_levels(options.folder / "hours" / "quay.csv", place="quay", hours=options.hours, per_second=8)
    weeks = [
        write_levels(levels / f"{place}.csv", place=place, hours=24 * options.days, per_second=1)
        for place in ("quay", "square")
    ]
    print("| levels | CPU s | × real time | memory (MB) |\n|---|---:|---:|---:|")
    for path, n_hours, title in (
        (day, 24, "1 day, 1 s"),
        (hours, options.hours, f"{options.hours} h, 125 ms"),
        *((path, 24 * options.days, f"{options.days} days, 1 s, {path.stem}") for path in weeks),
    ):
        output = tags if path in weeks else path.parent / "tags"
        seconds, memory = run_script(path, output, *how)
        print(f"| {title} | {seconds:.1f} | {n_hours * 3600 / seconds:,.0f} | {memory / 1000:.0f} |", flush=True)
    (options.folder / "places.csv").write_text(PLACES)
    command = [sys.executable, str(ROOT / "map_sensors.py"), str(tags), "--output", str(options.folder / "map")]
    started = time.perf_counter()
    subprocess.run([*command, "--places", str(options.folder / "places.csv"), "--zone", "Europe/Paris"], check=True)
    print(f"\nmap: {time.perf_counter() - started:.1f} s")
    command = [sys.executable, TAG, str(hours), *how, "--output"]
    for told in kill_and_compare(command, hours.parent / "killed", hours.parent / "tags"):
        print(told, flush=True)
    return 0


def kill_and_compare(command: Sequence[str], output: Path, whole: Path) -> Iterator[str]:
    """Kill a run at five moments, one run after the other, and compare what the sixth leaves; a line for each.

    Parameters
    ----------
    command
        that makes tables, but for their folder.
    output
        their folder; what is in it is deleted.
    whole
        what the command makes of the same when nothing stops it.
    """
    shutil.rmtree(output, ignore_errors=True)
    rows = output / "quay_predicted.part" / "rows"
    for moment, has_come in (
        ("before the first scores", lambda _: rows.parent.is_dir()),
        *((f"behind {more} more bytes of scores", lambda n, more=more: _size(rows) >= n + more) for more in KILLED_AT),
        ("in the end", lambda _: any(output.glob("quay_scores.*"))),
    ):
        n_bytes = _size(rows)
        process = subprocess.Popen([*command, str(output)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not has_come(n_bytes) and process.poll() is None:
            time.sleep(0.01)
        is_done = process.poll() is not None
        process.send_signal(signal.SIGKILL)
        process.wait()
        yield f"killed {moment}{' (it was done)' if is_done else ''}: {_size(rows):,} bytes of scores are there"
    subprocess.run([*command, str(output)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    names = sorted(path.name for path in whole.glob("*.csv"))
    same = [name for name in names if (output / name).read_bytes() == (whole / name).read_bytes()]
    left = [path.name for path in output.glob("*.part*")]
    yield f"of {', '.join(names)}, the same: {', '.join(same) or 'none'}; left behind: {', '.join(left) or 'nothing'}"


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


if __name__ == "__main__":
    sys.exit(cli.run(main))
