"""Levels that tests make for themselves, in every format, and a teacher that is quick."""

import h5py
import numpy as np
import pandas as pd
import torch

from pann.mel import FRONT_END as PANN
from spectral_transcoder.pinv import Pinv
from spectral_transcoder.sensor.prediction import Predictor
from spectral_transcoder.sensor.sources import LevelSource, Piece
from spectral_transcoder.teachers import Teacher
from spectral_transcoder.third_octave import NOMINAL_FREQUENCIES

NAMES = [f"{frequency:g}" for frequency in NOMINAL_FREQUENCIES]
START = "2024-05-01T12:00:00"


def make_levels(n_frames, *, seed=0):
    """Levels of a street, dB SPL, to hundredths: (n_frames, 29) float32."""
    generator = np.random.default_rng(seed)
    slow = np.cumsum(generator.standard_normal((n_frames, 1)), axis=0) * 0.3
    levels = 55 + slow - np.linspace(0, 25, 29) + 4 * generator.standard_normal((n_frames, 29))
    return levels.round(2).astype(np.float32)


def make_times(n_frames, *, step=0.125, zone=None):
    return pd.date_range(START, periods=n_frames, freq=pd.Timedelta(seconds=step), tz=zone)


def make_table(levels, times=None, *, names=NAMES):
    table = pd.DataFrame(levels, columns=names)
    if times is not None:
        table.insert(0, "time", times)
    return table


def write_csv(path, table, **options):
    table.to_csv(path, index=False, **options)
    return path


def write_npy(path, levels):
    np.save(path, levels)
    return path


def write_h5(path, **datasets):
    with h5py.File(path, "w") as file:
        for name, values in datasets.items():
            file[name] = values
    return path


class ToyTeacher(Teacher):
    """Scores that depend on every frame, on their order, and on how many there are."""

    def __init__(self, front_end=PANN, n_labels=4):
        super().__init__()
        self.name = "Toy"
        self.front_end = front_end
        self.labels = tuple(f"label {index}" for index in range(n_labels))
        weights = torch.randn(front_end.n_mels, n_labels, generator=torch.Generator().manual_seed(0))
        self.register_buffer("weights", weights / 50)

    def scores(self, mel):
        n_frames = mel.shape[1]
        ramp = torch.linspace(0.5, 1.5, n_frames, device=mel.device)[:, None] * (1 + n_frames / 5000)
        return ((mel * ramp).mean(dim=1) @ self.weights).sigmoid()


def toy_predictor(**options):
    teacher = ToyTeacher()
    return Predictor(teacher, Pinv(PANN), "pinv", torch.device("cpu"), **options)


class ListSource(LevelSource):
    """A source of pieces that are at hand."""

    name = "the list"
    can_be_read_again = True

    def __init__(self, *pieces, hop_seconds=0.125):
        self.parts = pieces
        self.hop_seconds = hop_seconds
        self.n_frames = sum(len(piece.times) for piece in pieces)

    def pieces(self):
        return iter(self.parts)


def piece(levels, times=None, *, start=0.0, step=0.125, series=0):
    times = start + step * np.arange(len(levels)) if times is None else np.asarray(times, float)
    return Piece(np.asarray(levels, np.float32), times, series)
