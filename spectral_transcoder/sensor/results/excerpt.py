"""The sound of an excerpt of levels: transcoded to a Mel spectrogram, and that inverted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from audiokit.errors import UserError
from audiokit.files import write_whole
from spectral_transcoder.listening.sounds import SoundWriter
from spectral_transcoder.pinv import Pinv
from spectral_transcoder.sensor.levels.frames import frames
from spectral_transcoder.sensor.levels.offset import FLOOR_DB, calibrate
from spectral_transcoder.sensor.levels.quality import Quality
from spectral_transcoder.sensor.times.clock import Clock, parse_time, text_of
from spectral_transcoder.third_octave import N_BANDS
from spectral_transcoder.transcoding import align_chunks

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from torch import nn

    from spectral_transcoder.sensor.hearing.predictor import Predictor
    from spectral_transcoder.sensor.levels.sources import LevelSource

__all__ = ["NoExcerptError", "read_excerpt", "transcoder_for_sound", "write_excerpt"]

PREFERRED_FOR_SOUND = ("cnn_mels", "pinv", "cnn_logits")
"""The first that is at hand: those trained for tags alone are the farthest from the sound."""

SECONDS_AT_ONCE = 10


class NoExcerptError(UserError):
    """A source without any level in the time that is asked for."""


def read_excerpt(source: LevelSource, start: str, n_seconds: int) -> tuple[NDArray[np.float32], float]:
    """Levels of some seconds.

    Parameters
    ----------
    start
        seconds from the first frame, or a date and time where the file has them; without a zone, on the clock of the
        file.

    Returns
    -------
    (n_seconds, frames_per_second, 29), dB as in the file, NaN in gaps; and the time of the first, s

    Raises
    ------
    NoExcerptError
        where there is no level in the excerpt.
    UserError
        where it has a date and the file has none.
    """
    begin, clock = parse_time(start, source.zone)
    is_date = clock is not Clock.BEGINNING
    if is_date and source.clock is Clock.BEGINNING:
        raise UserError(f"{source.name} has no dates: give the beginning of the excerpt in seconds, or --start")
    hop = source.hop_seconds
    frames_per_second = round(1 / hop)
    levels = np.full((n_seconds * frames_per_second, N_BANDS), np.nan, np.float32)
    first: float | None = begin if is_date else None
    last = -np.inf
    series = None
    for piece in frames(source, Quality()):
        series = piece.series if series is None else series
        if not len(piece.times) or (source.is_interleaved and piece.series != series):
            continue
        if first is None:
            first = begin + float(piece.times[0])
        places = np.rint((piece.times - first) / hop)
        inside = (places >= 0) & (places < len(levels))
        levels[places[inside].astype(int)] = piece.levels[inside]
        last = max(last, float(piece.times[-1]))
        if last >= first + n_seconds:
            break
    if np.isnan(levels).all():
        raise NoExcerptError(
            f"{source.name} has no levels in the {n_seconds} s from {start} on; "
            f"what was read ends at {text_of(last, source.clock)}"
        )
    return levels.reshape(n_seconds, frames_per_second, N_BANDS), first


def transcoder_for_sound(predictor: Predictor) -> tuple[str, nn.Module]:
    """Name and network of the best transcoder for sound that is at hand."""
    name = next(name for name in (*PREFERRED_FOR_SOUND, *predictor.transcoders) if name in predictor.transcoders)
    return name, predictor.transcoders[name]


def write_excerpt(
    path: Path, predictor: Predictor, levels: NDArray[np.float32], *, db_offset: float, iterations: int
) -> None:
    """Write the sound of levels as a wav file.

    Parameters
    ----------
    levels : (n_seconds, frames_per_second, 29)
        in dB as in the file; what is NaN becomes silence.
    db_offset
        that makes them dB re full scale.
    iterations
        of Griffin-Lim.
    """
    front_end = predictor.teacher.front_end
    _, transcoder = transcoder_for_sound(predictor)
    exponent = front_end.exponent
    if isinstance(transcoder, Pinv):
        # PINV spreads its frames evenly over a second: as many as there are hops fall on the hops.
        transcoder = Pinv(front_end, n_frames=round(front_end.frame_rate)).to(predictor.device)
        exponent = 2
    seconds = np.nan_to_num(calibrate(levels, db_offset), nan=FLOOR_DB)
    starts = range(0, len(seconds), SECONDS_AT_ONCE)
    with write_whole(path) as partial:
        writer = SoundWriter(
            {"sound": partial},
            front_end,
            exponents={"sound": exponent},
            n_samples=len(seconds) * front_end.sample_rate,
            iterations=iterations,
        )
        with writer:
            for start in starts:
                chunks = predictor.transcode(seconds[start : start + SECONDS_AT_ONCE], transcoder=transcoder)
                writer.add({"sound": align_chunks(chunks, front_end)}, is_last=start == starts[-1])
