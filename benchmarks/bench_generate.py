"""CPU time of `generate_audio.py` as a whole process, start-up included, for PANN with all transcoders.

    python3 benchmarks/bench_generate.py RECORDING --models FOLDER [--repeats 3]

FOLDER holds `paper_transcoders/`. Where it has no PANN weights, random ones of the same size stand in (the scores are
then meaningless, the time is the same). `--paper` inverts as the original does, with the same faster parts around it.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from audiokit.paths import ROOT

ORIGINAL_CPU_SECONDS = 30.0
"""Of the original on the same task (10 s of audio, one thread), measured once on such a machine."""


def models_with_pann(models: Path, folder: Path) -> Path:
    """A folder with the paper's transcoders and PANN weights, real or random."""
    import torch

    from pann.network import ResNet38
    from teachers.registry import find_weights, module_of

    if find_weights("PANN", models):
        return models
    (folder / "paper_transcoders").symlink_to((models / "paper_transcoders").resolve())
    path = folder / module_of("PANN").weight_files("PANN")[0]
    path.parent.mkdir()
    torch.save({"model": ResNet38().state_dict()}, path)
    return folder


def cpu_seconds(command: list[str]) -> float:
    """User and system time of a process, on one thread."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, capture_output=True, env=os.environ | {"OMP_NUM_THREADS": "1"})
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recording", type=Path)
    parser.add_argument("--models", type=Path, default=ROOT)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        models = models_with_pann(options.models, Path(folder))
        command = [
            sys.executable, str(ROOT / "generate_audio.py"), str(options.recording),
            "--teacher", "PANN", "--models", str(models), "--output", folder,
        ]  # fmt: skip
        pairs = [(cpu_seconds(command), cpu_seconds([*command, "--paper"])) for _ in range(options.repeats)]
    print("| | CPU s (median) | original's 30 CPU s / this |\n|---|---|---|")
    for name, seconds in zip(("default", "--paper"), zip(*pairs, strict=True), strict=True):
        median = statistics.median(seconds)
        print(
            f"| {name} | {median:.2f} ({min(seconds):.2f}–{max(seconds):.2f}) | {ORIGINAL_CPU_SECONDS / median:.1f} |"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
