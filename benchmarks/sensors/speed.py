"""CPU time and memory of `predict_third_octave.py` on a synthetic day, and where the time goes."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import torch

from audiokit.memory import keep_memory
from audiokit.paths import ROOT
from spectral_transcoder.sensor import load_predictor, open_levels
from spectral_transcoder.sensor.hearing.windows import join
from spectral_transcoder.sensor.levels.blocks import divide
from spectral_transcoder.sensor.levels.offset import calibrate
from spectral_transcoder.sensor.levels.overall import overall_levels
from spectral_transcoder.sensor.levels.quality import Quality
from spectral_transcoder.sensor.results.tables import open_table
from spectral_transcoder.sensor.times.clock import Clock
from spectral_transcoder.third_octave import N_BANDS, NOMINAL_FREQUENCIES

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["print_tables", "run_script"]

TEACHERS = ("mn04_as", "YamNet")
FRAMES_PER_HOUR = 8 * 3600


def synthetic_levels(hours: float) -> np.ndarray:
    """Levels of a street, dB SPL: quieter at night, with events and a spectrum that falls, (n_frames, 29) float32."""
    generator = np.random.default_rng(0)
    n_frames = round(hours * FRAMES_PER_HOUR)
    hour = np.arange(n_frames) / FRAMES_PER_HOUR
    level = 50 - 8 * np.cos(2 * np.pi * (hour - 4) / 24)
    events = np.convolve(generator.random(n_frames) < 0.002, 20 * np.hanning(80))[:n_frames]
    spectrum = 6 * np.sin(np.linspace(0, 6, N_BANDS)) - np.linspace(0, 20, N_BANDS)
    noise = 3 * generator.standard_normal((n_frames, N_BANDS))
    return ((level + events)[:, None] + spectrum + noise).astype(np.float32)


def write_file(levels: np.ndarray, path: Path) -> Path:
    """Write levels in the format of the path."""
    if path.suffix == ".npy":
        np.save(path, levels)
        return path
    table = pd.DataFrame(levels.round(2), columns=[f"{frequency:g}" for frequency in NOMINAL_FREQUENCIES])
    table.insert(0, "time", pd.date_range("2024-05-01", periods=len(levels), freq="125ms"))
    write = table.to_csv if path.suffix == ".csv" else table.to_parquet
    write(path, index=False)
    return path


def run_script(path: Path, output: Path, *options: str) -> tuple[float, int]:
    """CPU seconds and largest memory, kB, of a run on one thread."""
    command = [sys.executable, str(ROOT / "predict_third_octave.py"), str(path), "--output", str(output), *options]
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ | {"OMP_NUM_THREADS": "1"}
    )
    memory = 0
    while os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        memory = max(memory, _high_water(process.pid))
        time.sleep(0.2)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(command)} failed")
    return usage.ru_utime + usage.ru_stime, memory


def _high_water(pid: int) -> int:
    # Not what wait4 tells: that counts the memory of this process, from which the other was forked.
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM")), 0)


def cpu_time(task: Callable[[], object]) -> float:
    """CPU seconds of the second of two calls."""
    task()
    start = time.process_time()
    task()
    return time.process_time() - start


def stages(path: Path, models: Path, folder: Path, teacher: str, transcoder: str) -> dict[str, float]:
    """CPU seconds of each stage on a file of levels."""
    predictor = load_predictor(teacher, transcoder, models=models, device="cpu")
    source = open_levels(path)
    blocks = list(divide(source, frames_per_block=80, quality=Quality()))
    levels = np.concatenate([part.levels for part in blocks]).reshape(-1, 8, N_BANDS)
    seconds = calibrate(levels, -90)
    windows = len(seconds) // 10
    chunks = predictor.transcode(seconds)
    mel = join(chunks[: windows * 10].unflatten(0, (windows, 10)), predictor.teacher.front_end)
    scores = np.full((windows, len(predictor.labels)), 0.01234, np.float32)

    def teach() -> None:
        with torch.inference_mode():
            for part in mel.split(4):
                predictor.teacher.scores(part)

    def write() -> None:
        with open_table(folder / "scores.csv", clock=Clock.BEGINNING, labels=predictor.labels) as table:
            table.write({"time": np.arange(windows) * 10.0}, scores)

    return {
        "reading, blocks, gaps": cpu_time(lambda: list(divide(source, frames_per_block=80, quality=Quality()))),
        "calibration, overall level": cpu_time(lambda: (calibrate(levels, -90), overall_levels(levels))),
        "transcoder": cpu_time(lambda: predictor.transcode(seconds)),
        "teacher": cpu_time(teach),
        "table of scores (csv)": cpu_time(write),
    }


def print_tables(models: Path, hours_of_levels: tuple[float, float, float]) -> None:
    """Print whole runs, and stages.

    Parameters
    ----------
    models
        folder of the teachers' weights.
    hours_of_levels
        for the fastest transcoder, those in between, and the paper's.
    """
    torch.set_num_threads(1)
    keep_memory()
    day, some, few = hours_of_levels
    rows = [("mn04_as", "pinv", mixed, day, "npy") for mixed in (False, True)]
    rows += [("mn04_as", "tcn", mixed, some, "npy") for mixed in (False, True)]
    rows += [("mn04_as", "pinv", False, some, kind) for kind in ("npy", "csv", "parquet")]
    rows += [("YamNet", "pinv", mixed, some, "npy") for mixed in (False, True)]
    rows += [(teacher, "cnn_logits", mixed, few, "npy") for teacher in TEACHERS for mixed in (False, True)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print("| teacher, transcoder | levels | CPU s | × real time | memory (MB) |\n|---|---|---:|---:|---:|")
        for number, (teacher, transcoder, mixed, hours, kind) in enumerate(rows):
            path = write_file(synthetic_levels(hours), folder / f"levels.{kind}")
            seconds, memory = run_script(
                path, folder / str(number), "--models", str(models), "--teacher", teacher,
                "--transcoder", transcoder, *(["--mixed_precision"] if mixed else []),
            )  # fmt: skip
            title = f"{teacher}, {transcoder}{', mixed precision' if mixed else ''}"
            speed = f"{hours * 3600 / seconds:,.0f}"
            print(f"| {title} | {hours:g} h, {kind} | {seconds:.1f} | {speed} | {memory / 1000:.0f} |", flush=True)
        print("\n| stage, ms for a minute | mn04_as | YamNet |\n|---|---:|---:|")
        path = write_file(synthetic_levels(few), folder / "levels.npy")
        pinv, cnn = (
            {teacher: stages(path, models, folder, teacher, transcoder) for teacher in TEACHERS}
            for transcoder in ("pinv", "cnn_logits")
        )
        for stage in pinv["YamNet"]:
            kinds = {": pinv": pinv, ": cnn_logits": cnn} if stage == "transcoder" else {"": pinv}
            for kind, found in kinds.items():
                cells = " | ".join(f"{found[teacher][stage] / few / 60 * 1000:.2f}" for teacher in TEACHERS)
                print(f"| {stage}{kind} | {cells} |")
