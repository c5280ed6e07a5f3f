"""Creation of the training dataset by the original's algorithm and by this package's."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import librosa
import numpy as np
import soundfile
import torch
from threadpoolctl import threadpool_limits
from timing import Table, measure

from features import baseline
from spectral_transcoder.datasets.chunk_dataset import load_split
from spectral_transcoder.datasets.chunk_extraction import create_dataset
from spectral_transcoder.datasets.dataset_recipe import Recipe
from spectral_transcoder.datasets.dataset_split import Ratios, find_audio_dataset, folder_sources

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

SECONDS = 10
RATE = 44100
COPIES = 7
"""How often each recording is there where processes are counted, for their start not to matter."""

RECIPE = Recipe(ratios=Ratios(1, 0, 0))


def write_recordings(folder: Path, count: int) -> None:
    """Noise of which every second is different."""
    for number in range(count):
        generator = np.random.default_rng(number)
        noise = generator.standard_normal(SECONDS * RATE).cumsum()
        noise -= np.linspace(noise[0], noise[-1], len(noise))
        soundfile.write(folder / f"{number}.wav", 0.5 * noise / np.abs(noise).max(), RATE, subtype="PCM_24")


class Original:
    """The original's algorithm."""

    def __init__(self) -> None:
        self.pann = baseline.PannMel()
        self.yamnet = baseline.YamnetMel()

    def __call__(self, path: Path) -> dict[str, NDArray[np.floating]]:
        """Arrays of a recording."""
        high, low = (self.load(path, rate) for rate in (32000, 16000))
        return {
            "third_octave": np.stack([baseline.third_octave(second) for second in high]),
            "mel_pann": np.stack([self.pann(torch.from_numpy(second)).numpy() for second in high]),
            "mel_yamnet": np.stack([self.yamnet(torch.from_numpy(second)).numpy()[:96] for second in low]),
        }

    def load(self, path: Path, rate: int) -> NDArray[np.float32]:
        """Seconds of a recording."""
        waveform, _ = librosa.load(path, sr=rate, mono=True)
        return librosa.util.normalize(waveform).reshape(-1, rate)


def make(folder: Path, *, workers: int) -> Path:
    """Make the dataset anew."""
    path = folder / "dataset" / "dataset.h5"
    shutil.rmtree(path.parent, ignore_errors=True)
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stderr(nowhere):
        create_dataset(RECIPE, find_audio_dataset(folder / "audio", ""), path, workers=workers)
    return path


def assert_agreement(folder: Path) -> None:
    """See that both make the same numbers, dB and natural logarithms."""
    ours = load_split(make(folder, workers=1), "train")
    (source,) = folder_sources(folder / "audio")
    for name, values in Original()(source.path).items():
        np.testing.assert_allclose(ours[name].numpy(), values, atol=2e-3, rtol=0)


def processes_table(folder: Path, counts: Sequence[int]) -> str:
    """Wall time with so many processes, their start included."""
    n_files = len(list((folder / "audio").iterdir()))
    lines = [
        f"### {n_files} recordings of {SECONDS} s, wall time ({os.cpu_count()} cores)\n",
        "| processes | s | recordings/s | × real time |\n|---:|---:|---:|---:|",
    ]
    for workers in counts:
        start = time.perf_counter()
        make(folder, workers=workers)
        seconds = time.perf_counter() - start
        lines.append(f"| {workers} | {seconds:.1f} | {n_files / seconds:.1f} | {n_files * SECONDS / seconds:,.0f} |")
    return "\n".join(lines)


def print_tables(*, n_files: int, repeats: int, workers: Sequence[int]) -> None:
    """Print the tables."""
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name, threadpool_limits(1), torch.inference_mode():
        folder = Path(name)
        (folder / "audio").mkdir()
        write_recordings(folder / "audio", 1)
        assert_agreement(folder)
        write_recordings(folder / "audio", n_files)
        original = Original()
        paths = [source.path for source in folder_sources(folder / "audio")]
        tasks = {"ours": lambda: make(folder, workers=1), "baseline": lambda: [original(path) for path in paths]}
        title = f"{n_files} recordings of {SECONDS} s, CPU time on one core (target: 4 times faster)"
        table = Table(title=title, seconds=n_files * SECONDS, reference="baseline", tasks=tasks)
        print(measure(table, repeats=repeats))
        for copy in range(1, COPIES):
            for path in paths:
                (folder / "audio" / f"{copy}_{path.name}").symlink_to(path)
        print(processes_table(folder, workers))
