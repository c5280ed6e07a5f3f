"""A page to listen to, look at and compare what was made of a recording; one file that works from the file system."""

from __future__ import annotations

import base64
import io
import os
from dataclasses import dataclass
from html import escape
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING
from urllib.parse import quote

from audiokit.files import write_whole
from audiokit.sound.audio import Recording
from audiokit.sound.decoding import opened, sample_blocks

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Column", "data_address", "write_page"]

EMBEDDED_SECONDS = 120
"""Sounds up to this length are part of the page; of longer ones it names the wav files beside it."""

FLAC_CHANNELS, FLAC_RATE = 8, 655_350
"""The most that FLAC has, the latter in Hz …"""

PLAYED_RATE = 48_000
"""… and the rate at which the mean of channels is heard of what has more, Hz."""


@dataclass(frozen=True)
class Column:
    """One version of the sound."""

    title: str
    text: str
    sound: Path
    picture: bytes
    """PNG"""

    tags: Sequence[tuple[str, float]]
    """Label and score, the highest first; empty where nothing was at hand to tell."""


def write_page(
    path: Path,
    *,
    title: str,
    maker: str,
    facts: str,
    notes: Sequence[str],
    columns: Sequence[Column],
    picture: Path,
    picture_text: str,
    further_pictures: Sequence[tuple[Path, str]] = (),
) -> None:
    """Write the page.

    Parameters
    ----------
    title
        what the page is about.
    maker
        what made it; a browser's tab shows it after the title.
    facts
        a line on the recording.
    notes
        what the reader should know besides, a line each.
    picture
        PNG that is shown below the columns.
    picture_text
        what it shows, for those who cannot see it.
    further_pictures
        PNGs below it, each with what it shows.
    """
    template = Template(Path(__file__).with_name("page.html").read_text(encoding="utf-8"))
    text = template.substitute(
        title=escape(title),
        maker=escape(maker),
        facts=escape(facts),
        notes=escape("\n".join(notes)),
        columns="\n".join(_column(column) for column in columns),
        figures="\n".join(_figure(*each) for each in [(picture, picture_text), *further_pictures]),
    )
    with write_whole(path) as partial:
        partial.write_text(text, encoding="utf-8")


def _figure(picture: Path, text: str) -> str:
    return f'<figure><img src="{data_address("image/png", picture.read_bytes())}" alt="{escape(text)}"></figure>'


def _column(column: Column) -> str:
    tags = "\n".join(_tag(label, score) for label, score in column.tags)
    return f"""<section>
<h2>{escape(column.title)}</h2>
<p>{escape(column.text)}</p>
<audio controls preload="metadata" src="{_sound_address(column.sound)}"></audio>
<img src="{data_address("image/png", column.picture)}" alt="Spectrogram: {escape(column.title)}">
<ol>
{tags}
</ol>
</section>"""


def _tag(label: str, score: float) -> str:
    style = f"background: linear-gradient(to right, var(--bar) {100 * score:.1f}%, transparent 0)"
    return f'<li style="{style}"><span>{escape(label)}</span><b>{score:.2f}</b></li>'


def _sound_address(path: Path) -> str:
    """The sound as 16-bit FLAC within the page, or its file's name where it is long."""
    import numpy as np
    import soundfile

    found = _samples(path)
    if found is None:
        return quote(os.fsencode(path.name))
    samples, rate = found
    stream = io.BytesIO()
    # What exceeds full scale would be clipped.
    peak = max(1.0, float(np.abs(samples).max(initial=0)))
    soundfile.write(stream, samples / peak, rate, format="FLAC", subtype="PCM_16")
    return data_address("audio/flac", stream.getvalue())


def _samples(path: Path) -> tuple[NDArray[np.float32], int] | None:
    """Samples as FLAC can hold them, (n,) or (n, n_channels), and their rate; None where they are too many."""
    import numpy as np

    blocks, n_samples = [], 0
    with opened(path) as (file, notes):
        rate = file.samplerate
        if file.channels > FLAC_CHANNELS or rate > FLAC_RATE:
            recording = Recording(path, sample_rate=min(rate, PLAYED_RATE))
            is_long = recording.seconds > EMBEDDED_SECONDS
            return None if is_long else (recording.read(normalise=False), recording.sample_rate)
        for block in sample_blocks(path, file, notes):
            blocks.append(block)
            n_samples += len(block)
            if n_samples > EMBEDDED_SECONDS * rate:
                return None
    return np.concatenate(blocks), rate


def data_address(kind: str, content: bytes) -> str:
    """The address of a file of a kind, such as "image/png", that is itself part of a page."""
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"
