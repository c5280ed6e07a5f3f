"""Errors of the two third-octave banks on noise and on tones. Means over time are means of power."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from spectral_transcoder.third_octave import (
    CENTRE_FREQUENCIES,
    FAST,
    LOWER_FREQUENCIES,
    N_BANDS,
    NOMINAL_FREQUENCIES,
    SAMPLE_RATE,
    UPPER_FREQUENCIES,
    ThirdOctaveSpec,
    third_octave,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

COLUMNS = (20, 25, 31.5, 40, 63, 125, 250, 1000)
"""Nominal frequencies of the bands that the table shows, Hz."""

N_PHASES = 16

SINE_POWER = 0.5
"""Mean square of a full-scale sine."""

LABEL_WIDTH = 25
CELL_WIDTH = 6


def mean_powers(waveforms: NDArray[np.float64], spec: ThirdOctaveSpec) -> NDArray[np.float64]:
    """Mean square in each band, (29,), over waveforms of one frame each, re full scale."""
    levels = third_octave(waveforms, spec=spec, calibration_db=0)
    return (10 ** (levels / 10)).mean(axis=(0, 1))


def noise_errors(spec: ThirdOctaveSpec) -> NDArray[np.float64]:
    """Error on white noise, (29,), dB."""
    # The samples of white noise are uncorrelated, so its powers add up from those of one impulse at each place.
    impulses = np.eye(spec.frame_length)
    read = spec.frame_length * mean_powers(impulses, spec)
    true = (UPPER_FREQUENCIES - LOWER_FREQUENCIES) / (SAMPLE_RATE / 2)
    return 10 * np.log10(read / true)


@cache
def tone_levels(spec: ThirdOctaveSpec) -> NDArray[np.float64]:
    """What a sine at the centre of each band (rows) reads in each band (columns), (29, 29), dB re its true level."""
    time = np.arange(spec.frame_length) / SAMPLE_RATE
    phases = 2 * np.pi * np.arange(N_PHASES)[:, None] / N_PHASES
    powers = [mean_powers(np.sin(2 * np.pi * centre * time + phases), spec) for centre in CENTRE_FREQUENCIES]
    return 10 * np.log10(np.array(powers) / SINE_POWER)


def tone_errors(spec: ThirdOctaveSpec) -> NDArray[np.float64]:
    """Error on a tone at the centre of the band, (29,), dB."""
    return np.diag(tone_levels(spec))


def neighbour_levels(spec: ThirdOctaveSpec) -> NDArray[np.float64]:
    """Level of a tone in the louder neighbour of its band, (29,), dB re its level in its own band."""
    levels = tone_levels(spec)
    distance = np.abs(np.arange(N_BANDS) - np.arange(N_BANDS)[:, None])
    neighbours = np.where(distance == 1, levels, -np.inf)
    return neighbours.max(axis=1) - np.diag(levels)


def rst_row(label: str, cells: list[str]) -> str:
    """One line of the table."""
    return " ".join([label.ljust(LABEL_WIDTH), *(cell.rjust(CELL_WIDTH) for cell in cells)]).rstrip()


def table() -> str:
    """The table of the docstring of `spectral_transcoder.third_octave`, in its format."""
    rule = rst_row("=" * LABEL_WIDTH, ["=" * CELL_WIDTH] * len(COLUMNS))
    columns = [NOMINAL_FREQUENCIES.index(frequency) for frequency in COLUMNS]
    measures = {
        "white noise": noise_errors,
        "tone at the centre": tone_errors,
        "its neighbour": neighbour_levels,
    }
    lines = [rule, rst_row("band (Hz)", [str(frequency) for frequency in COLUMNS]), rule]
    for label, measure in measures.items():
        for bank in ("cense", "iec"):
            errors = measure(replace(FAST, bank=bank))[columns]
            # Adding zero turns −0.0 into 0.0.
            lines.append(rst_row(f"{label}, {bank}", [f"{round(error, 1) + 0:+.1f}" for error in errors]))
    return "\n".join([*lines, rule])
