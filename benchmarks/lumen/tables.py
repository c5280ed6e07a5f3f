"""Features, inference of a minute, and the making of batches, by librosa's way and by ours."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import soundfile
import torch
from threadpoolctl import threadpool_limits
from timing import Table, cpu_clock, digits, measure, ratio, take_turns

from audiokit.errors import UserError
from exp_lumen.data.clips import LabelledClip
from exp_lumen.data.pieces import SCALE, WaveformPieces, create_clip_rows, open_store
from exp_lumen.evaluation.answering import answer
from exp_lumen.evaluation.model_file import Model
from exp_lumen.networks.mels import LOG_MEL, SAMPLE_RATE
from exp_lumen.networks.network import InstrumentNetwork
from exp_lumen.networks.specification import Specification
from exp_lumen.training.augmentation import DEFAULTS, WAVEFORM_STEPS, create_augmentation
from exp_lumen.training.losses import Objective
from exp_lumen.training.settings import Settings
from exp_lumen.training.stages import sources_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

RATE = 44100
SECONDS = 3.0
"""Of a training clip of IRMAS."""

N_CLIPS = 32
BATCH_SIZE = 16
TOLERANCE_DB = 1e-2


def write_recording(path: Path, seconds: float, *, seed: int = 0) -> Path:
    """Noise in two channels."""
    noise = 0.1 * np.random.default_rng(seed).standard_normal((round(seconds * RATE), 2))
    soundfile.write(path, noise, RATE)
    return path


# Features


def plain_features(path: Path) -> np.ndarray:
    """Log-Mel spectrogram of a recording by librosa alone, (128, n_frames)."""
    import librosa

    sound, _ = librosa.load(path, sr=SAMPLE_RATE, mono=True)
    return plain_mel(librosa.util.normalize(sound))


def plain_mel(sound: np.ndarray) -> np.ndarray:
    """Log-Mel spectrogram by librosa alone, (128, n_frames)."""
    import librosa

    mel = librosa.feature.melspectrogram(y=sound, sr=SAMPLE_RATE, n_fft=400, hop_length=160, n_mels=128)
    return librosa.power_to_db(mel, top_db=None)


def features_tables(folder: Path, repeats: int) -> str:
    """Features of an epoch: from files as the original has them, and from what is stored; and of samples alone."""
    paths = [write_recording(folder / f"{number}.wav", SECONDS, seed=number) for number in range(N_CLIPS)]
    length = round(SECONDS * SAMPLE_RATE)
    store = folder / "store.h5"
    clips = [LabelledClip(path, (0.0,) * 11) for path in paths]
    create_clip_rows(clips, store, WaveformPieces(SAMPLE_RATE, length), workers=1)
    with open_store(store) as opened:
        source = sources_of(opened, opened, Settings(batch_size=BATCH_SIZE))["valid"]

        def stored_features() -> list[torch.Tensor]:
            return [LOG_MEL(batch["sound"]) for batch in source.batches(0)]

        sounds = torch.from_numpy(np.asarray(opened.array("sound")[:], np.float32) / SCALE)
        expected = np.stack([plain_mel(sound) for sound in sounds.numpy()])
        np.testing.assert_allclose(torch.cat(stored_features()).mT, expected, atol=TOLERANCE_DB)
        seconds = N_CLIPS * SECONDS
        epoch = Table(
            title=f"Features of {N_CLIPS} clips of {SECONDS:.0f} s in an epoch (target: 3 times faster)",
            seconds=seconds,
            reference="librosa, from files",
            tasks={
                "librosa, from files": lambda: [plain_features(path) for path in paths],
                "ours, from the store": stored_features,
            },
        )
        alone = Table(
            title=f"Log-Mel spectrograms of the samples of {N_CLIPS} clips alone",
            seconds=seconds,
            reference="librosa",
            tasks={
                "librosa": lambda: [plain_mel(sound) for sound in sounds.numpy()],
                "ours": lambda: [LOG_MEL(batch) for batch in sounds.split(BATCH_SIZE)],
            },
        )
        return measure(epoch, repeats=repeats) + "\n" + measure(alone, repeats=repeats)


# Inference


def teacher_model(name: str) -> Model:
    """A head on a teacher."""
    try:
        network = InstrumentNetwork(Specification("TEACHER", teacher=name).checked())
    except UserError:
        network = InstrumentNetwork(Specification("TEACHER", teacher=name, pretrained="random").checked())
    return Model(network.eval().requires_grad_(False), {"mean": np.full(11, 0.5), "union": np.full(11, 0.5)}, {})


def inference_table(folder: Path, repeats: int) -> str:
    """A minute from its file to its answer."""
    path = write_recording(folder / "minute.wav", 60)
    title = "### A minute of stereo at 44.1 kHz, from the file to the answer (target: 50 times real time)"
    lines = [title, "", "| | CPU s | × real time |", "|---|---:|---:|"]
    tasks = {name: _timed_answer(teacher_model(name), path) for name in ("YamNet", "mn04_as")}
    for name, seconds in take_turns(tasks, repeats=repeats + 1).items():
        median = float(np.median(seconds[1:]))
        lines.append(f"| {name} with a head | {digits(median)} | {digits(60 / median)} |")
    return "\n".join([*lines, ""])


def _timed_answer(model: Model, path: Path) -> Callable[[], float]:
    return lambda: _seconds(lambda: answer(model, [path], progress=False))


# Data for training


def data_table(folder: Path, repeats: int) -> str:
    """What batches cost, read and augmented, and what the step on them does."""
    paths = [write_recording(folder / f"{number}.wav", SECONDS, seed=number) for number in range(N_CLIPS)]
    title = f"### Batches of {BATCH_SIZE} pieces of 3 s in training: their making and the steps on them"
    lines = [title, "", "| | read, ms a piece | augmented, ms | step, ms | data's share |", "|---|---:|---:|---:|---:|"]
    for name, frozen in (("YamNet", True), ("YamNet", False), ("mn04_as", True), ("mn04_as", False)):
        network = teacher_model(name).network.requires_grad_(True).freeze(frozen=frozen).train()
        pieces = WaveformPieces(network.spec.sample_rate, network.spec.piece_samples)
        store = folder / f"{pieces.sample_rate}.h5"
        create_clip_rows([LabelledClip(path, (0.0,) * 11) for path in paths], store, pieces, workers=1)
        with open_store(store) as opened:
            source = sources_of(opened, opened, Settings(batch_size=BATCH_SIZE))["train"]
            costs = np.median([list(_costs(network, source.batches(epoch))) for epoch in range(repeats)], axis=0)
        read, augmented, step = 1000 * costs / N_CLIPS
        share = (read + augmented) / (read + augmented + step)
        what = "head" if frozen else "all of it"
        lines.append(f"| {name}, {what} | {digits(read)} | {digits(augmented)} | {digits(step)} | {share:.0%} |")
    return "\n".join([*lines, ""])


def _costs(network: InstrumentNetwork, batches: Iterator) -> Iterator[float]:
    """CPU seconds of reading, augmenting and training on an epoch."""
    start = cpu_clock()
    read = list(batches)
    yield cpu_clock() - start
    augmentation, _ = create_augmentation(DEFAULTS, probability=0.5, n_sum=3, n_concat=3, noises=None)
    start = cpu_clock()
    augmented = [augmentation(batch) for batch in read]
    yield cpu_clock() - start
    objective = Objective()
    start = cpu_clock()
    for batch in augmented:
        objective(network, batch)["loss"].backward()
    yield cpu_clock() - start


# Augmentation


def augmentation_table(folder: Path, repeats: int) -> str:
    """Steps on the waveforms of a batch: by audiomentations, one after the other, and by ours, all at once."""
    sounds = torch.randn(BATCH_SIZE, round(SECONDS * SAMPLE_RATE), generator=torch.Generator().manual_seed(0)) / 8
    title = f"### Steps on {BATCH_SIZE} waveforms of 3 s at 16 kHz"
    lines = [title, "", "| | audiomentations, ms a piece | ours, ms a piece | faster by |", "|---|---:|---:|---:|"]
    for name, theirs in audiomentations_steps().items():
        ours = WAVEFORM_STEPS[name]
        tasks = {
            "theirs": lambda theirs=theirs: [theirs(sound, SAMPLE_RATE) for sound in sounds.numpy()],
            "ours": lambda ours=ours: ours(sounds),
        }
        timed = {side: lambda task=task: _seconds(task) for side, task in tasks.items()}
        seconds = {side: values[1:] for side, values in take_turns(timed, repeats=repeats + 1).items()}
        medians = [digits(1000 * float(np.median(seconds[side])) / BATCH_SIZE) for side in tasks]
        lines.append(f"| {name} | {' | '.join(medians)} | {ratio(seconds['theirs'], seconds['ours'])} |")
    return "\n".join([*lines, ""])


def audiomentations_steps() -> dict[str, Callable]:
    """Those of its steps that do what ours do, by our names; each is always done."""
    import audiomentations as steps

    return {
        "PITCH": steps.PitchShift(-2, 2, p=1),
        "STRETCH": steps.TimeStretch(0.8, 1.25, p=1),
        "TIMESHIFT": steps.Shift(-0.5, 0.5, p=1),
        "COLOR_NOISE": steps.AddColorNoise(3, 25, p=1),
        "TIME_MASK": steps.TimeMask(max_band_part=0.3, p=1),
    }


def _seconds(task: Callable[[], object]) -> float:
    start = cpu_clock()
    task()
    return cpu_clock() - start


def print_tables(names: Sequence[str], *, repeats: int) -> None:
    """Print tables: `features`, `inference`, `data` and `augmentation`."""
    torch.set_num_threads(1)
    makers = {
        "features": features_tables,
        "inference": inference_table,
        "data": data_table,
        "augmentation": augmentation_table,
    }
    for name in names:
        with tempfile.TemporaryDirectory() as folder, threadpool_limits(1):
            print(makers[name](Path(folder), repeats), flush=True)
