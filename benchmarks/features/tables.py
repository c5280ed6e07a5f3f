"""Times of the features: this package, the baseline and other packages side by side."""

from __future__ import annotations

import platform
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import librosa
import numpy as np
import torch
from threadpoolctl import threadpool_limits
from timing import Table, measure

from audiokit.memory import keep_memory
from efficientat.mel import EfficientatMel
from features import baseline
from features.agreement import assert_agreement
from features.peers import FILTER_BANKS, TRANSFORMS, installed_version
from pann.mel import FRONT_END as PANN
from spectral_transcoder.datasets.chunk_extraction import BLOCK_SECONDS
from spectral_transcoder.pinv import Pinv
from spectral_transcoder.third_octave import N_BANDS, third_octave
from yamnet.mel import FRONT_END as YAMNET

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    Task = Callable[[], object]

PINV_BATCH = 64
"""Chunks of one second."""

FRAMES_PER_SECOND = 8
"""Third octaves."""


@dataclass(frozen=True)
class Sound:
    """White noise at the two sample rates."""

    seconds: int

    @property
    def double(self) -> NDArray[np.float64]:
        """At 32 kHz."""
        return 0.1 * np.random.default_rng(0).standard_normal(32000 * self.seconds)

    @property
    def single(self) -> NDArray[np.float32]:
        """At 32 kHz."""
        return self.double.astype(np.float32)

    @property
    def tensor(self) -> torch.Tensor:
        """At 32 kHz, float32."""
        return torch.from_numpy(self.single)

    @property
    def tensor_16k(self) -> torch.Tensor:
        """At 16 kHz, float32."""
        return self.tensor[: 16000 * self.seconds].clone()


def tables(sound: Sound) -> Iterator[Table]:
    """All that is measured."""
    yield third_octave_table(sound)
    yield third_octave_seconds_table(sound)
    yield peer_table(sound)
    yield pann_table(sound)
    yield pann_chunk_table(sound)
    yield yamnet_table(sound)
    yield efficientat_table(sound)
    yield pinv_table("PANN", Pinv(PANN), baseline.pann_pinv())
    yield pinv_table("YAMNet", Pinv(YAMNET), baseline.yamnet_pinv())
    yield front_end_table(sound)


def third_octave_table(sound: Sound) -> Table:
    """Third octaves in our three ways and by the baseline."""
    single, double, tensor = sound.single, sound.double, sound.tensor
    tasks = {
        "ours, NumPy float32": lambda: third_octave(single),
        "ours, PyTorch float32": lambda: third_octave(tensor),
        "ours, NumPy float64": lambda: third_octave(double),
        "baseline": lambda: baseline.third_octave(double),
    }
    title = f"Third octaves, 125 ms, {sound.seconds} s of sound (target: 12 times faster)"
    return Table(title=title, seconds=sound.seconds, reference="baseline", tasks=tasks)


def third_octave_seconds_table(sound: Sound) -> Table:
    """Third octaves of each second by itself: as datasets are made, and in calls of their own."""
    seconds = sound.tensor.reshape(sound.seconds, -1)
    arrays = sound.double.reshape(sound.seconds, -1)
    tasks = {
        f"ours, {BLOCK_SECONDS} at once": lambda: [third_octave(block) for block in seconds.split(BLOCK_SECONDS)],
        "ours, one by one": lambda: [third_octave(second) for second in seconds],
        "baseline, with NumPy's sum": lambda: [baseline.third_octave(second, total=np.sum) for second in arrays],
        "baseline": lambda: [baseline.third_octave(second) for second in arrays],
    }
    title = f"Third octaves, {sound.seconds} seconds, each by itself (target: 12 times faster)"
    return Table(title=title, seconds=sound.seconds, reference="baseline", tasks=tasks)


def peer_table(sound: Sound) -> Table:
    """Third octaves by other packages."""
    noise = sound.single
    tasks: dict[str, Task | None] = {"ours": lambda: third_octave(noise)}
    tasks |= {f"{peer.name}; filter bank": peer.task(noise) for peer in FILTER_BANKS}
    tasks |= {peer.name: peer.task(noise) for peer in TRANSFORMS}
    title = f"Third octaves by other packages, {sound.seconds} s of sound (target: filter banks 100 times slower)"
    return Table(title=title, seconds=sound.seconds, reference="ours", tasks=tasks, compare="time")


def librosa_pann(noise: NDArray[np.float32]) -> NDArray[np.float32]:
    """PANN's log-Mel spectrogram as librosa users write it."""
    power = librosa.feature.melspectrogram(
        y=noise, sr=32000, n_fft=1024, hop_length=320, n_mels=64, fmin=50, fmax=14000
    )
    return librosa.power_to_db(power, amin=1e-10, top_db=None)


def torchlibrosa_pann() -> Callable[[torch.Tensor], torch.Tensor] | None:
    """PANN's own front end; none where torchlibrosa is not installed."""
    if not installed_version("torchlibrosa"):
        return None
    from torchlibrosa.stft import LogmelFilterBank, Spectrogram

    mel = LogmelFilterBank(sr=32000, n_fft=1024, n_mels=64, fmin=50, fmax=14000, ref=1, amin=1e-10, top_db=None)
    return torch.nn.Sequential(Spectrogram(n_fft=1024, hop_length=320), mel)


def pann_tasks(pieces: torch.Tensor) -> dict[str, Task | None]:
    """PANN Mels of each row."""
    arrays = pieces.numpy()
    slow = baseline.PannMel()
    published = torchlibrosa_pann()
    return {
        "ours": lambda: [PANN(piece) for piece in pieces],
        "librosa `melspectrogram`": lambda: [librosa_pann(piece) for piece in arrays],
        "torchlibrosa": published and (lambda: [published(piece[None]) for piece in pieces]),
        "baseline": lambda: [slow(piece) for piece in pieces],
    }


def pann_table(sound: Sound) -> Table:
    """PANN Mels of the whole sound."""
    title = f"PANN Mels, {sound.seconds} s of sound (target: 4 times faster)"
    return Table(title=title, seconds=sound.seconds, reference="baseline", tasks=pann_tasks(sound.tensor[None]))


def pann_chunk_table(sound: Sound) -> Table:
    """PANN Mels a second at a time."""
    chunks = sound.tensor.reshape(sound.seconds, -1)
    title = f"PANN Mels, {sound.seconds} chunks of 1 s one by one (target: 4 times faster)"
    return Table(title=title, seconds=sound.seconds, reference="baseline", tasks=pann_tasks(chunks))


def yamnet_table(sound: Sound) -> Table:
    """YAMNet Mels."""
    waveform, slow = sound.tensor_16k, baseline.YamnetMel()
    tasks = {"ours": lambda: YAMNET(waveform), "baseline": lambda: slow(waveform)}
    title = f"YAMNet Mels, {sound.seconds} s of sound"
    return Table(title=title, seconds=sound.seconds, reference="baseline", tasks=tasks)


def efficientat_table(sound: Sound) -> Table:
    """EfficientAT Mels."""
    waveform, ours, slow = sound.tensor, EfficientatMel(), baseline.EfficientatMel()
    tasks = {"ours": lambda: ours(waveform), "baseline": lambda: slow(waveform)}
    title = f"EfficientAT Mels, {sound.seconds} s of sound"
    return Table(title=title, seconds=sound.seconds, reference="baseline", tasks=tasks)


def pinv_table(teacher: str, ours: Pinv, slow: baseline.Pinv) -> Table:
    """The analytic transcoder."""
    levels = torch.rand(PINV_BATCH, FRAMES_PER_SECOND, N_BANDS, generator=torch.Generator().manual_seed(0)) * 60 - 40
    tasks = {"ours": lambda: ours(levels), "baseline": lambda: slow(levels)}
    title = f"PINV for {teacher}, {PINV_BATCH} chunks of 1 s in a batch (target: 30 times faster)"
    return Table(title=title, seconds=PINV_BATCH, reference="baseline", tasks=tasks)


def front_end_table(sound: Sound) -> Table:
    """All that a file needs before the networks."""
    at_32k, at_16k, double = sound.tensor, sound.tensor_16k, sound.double
    slow_pann, slow_yamnet = baseline.PannMel(), baseline.YamnetMel()
    tasks = {
        "ours": lambda: (third_octave(at_32k), PANN(at_32k), YAMNET(at_16k)),
        "baseline": lambda: (baseline.third_octave(double), slow_pann(at_32k), slow_yamnet(at_16k)),
    }
    title = f"Third octaves, PANN Mels and YAMNet Mels together, {sound.seconds} s (target: 1000 × real time)"
    return Table(title=title, seconds=sound.seconds, reference="baseline", tasks=tasks)


def machine() -> str:
    """One line on where the figures come from."""
    processor = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        models = [line for line in cpuinfo.read_text().splitlines() if line.startswith("model name")]
        processor = models[0].split(":")[1].strip() if models else processor
    return (
        f"{processor}, {platform.system()}, Python {platform.python_version()}, PyTorch {torch.__version__}, "
        f"NumPy {np.__version__}, librosa {librosa.__version__}; CPU time on one thread."
    )


def print_tables(seconds: int, *, repeats: int, only: str) -> None:
    """Print the tables whose title holds `only`."""
    sound = Sound(seconds=seconds)
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    keep_memory()  # as all commands do that work on recordings
    with threadpool_limits(1), torch.inference_mode():
        assert_agreement(Sound(seconds=2).double)
        print(machine(), flush=True)
        for table in tables(sound):
            if only not in table.title:
                continue
            print(f"\n{measure(table, repeats=repeats)}", end="", flush=True)
