"""What SampleCNN is trained for: tags of music, spoken words, and sounds of traffic."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["SAMPLE_RATE", "TASKS", "Extension", "Task"]

SAMPLE_RATE = 22050
"""Hz, of all segments."""

Extension = Literal["silence", "repeat", "stretch"]
"""How clips that are too short go on; `stretch` is the original's, each sample several times."""


@dataclass(frozen=True)
class Task:
    """A dataset, and what is asked of a network about it."""

    name: str
    """On the command line, and of the dataset's folder."""
    title: str
    """For people."""
    labels: tuple[str, ...]
    """In the order of the network's outputs."""
    seconds: int
    """Of each clip that are heard."""
    segment_samples: int
    n_blocks: int
    one_label: bool
    """Whether labels exclude each other: a softmax in place of sigmoids."""
    threshold: float
    """Score above which a label is taken for present."""
    mean: float
    """Of the samples of the original's training split, full scale being 1; it is taken off, then all is divided by"""
    std: float
    extension: Extension

    @property
    def n_segments(self) -> int:
        """Segments of a clip, side by side; what is left over at its end is not heard."""
        return self.seconds * SAMPLE_RATE // self.segment_samples

    def telling(self, labels: Sequence[str]) -> Task:
        """The same task with labels of one's own."""
        return replace(self, labels=tuple(labels))


MAGNATAGATUNE = Task(
    name="mtt",
    title="MagnaTagATune",
    labels=(
        "choral", "female voice", "metal", "country", "weird", "no voice", "cello", "harp", "beats", "female vocal",
        "male voice", "dance", "new age", "voice", "choir", "classic", "man", "solo", "sitar", "soft", "pop",
        "no vocal", "male vocal", "woman", "flute", "quiet", "loud", "harpsichord", "no vocals", "vocals", "singing",
        "male", "opera", "indian", "female", "synth", "vocal", "violin", "beat", "ambient", "piano", "fast", "rock",
        "electronic", "drums", "strings", "techno", "slow", "classical", "guitar",
    ),
    seconds=29,
    segment_samples=59049,
    n_blocks=9,
    one_label=False,
    threshold=0.5,
    mean=-0.0001650025078561157,
    std=0.1551193743944168,
    extension="repeat",
)  # fmt: skip

SPEECH_COMMANDS = Task(
    name="scd",
    title="Speech Commands",
    labels=(
        "backward", "bed", "bird", "cat", "dog", "down", "eight", "five", "follow", "forward", "four", "go", "happy",
        "house", "learn", "left", "marvin", "nine", "no", "off", "on", "one", "right", "seven", "sheila", "six", "stop",
        "three", "tree", "two", "up", "visual", "wow", "yes", "zero",
    ),
    seconds=1,
    segment_samples=22050,
    n_blocks=8,
    one_label=True,
    threshold=0.5,
    mean=-8.520474e-05,
    std=0.18,
    extension="silence",
)  # fmt: skip

DCASE = Task(
    name="dcs",
    title="DCASE 2017 task 4",
    labels=(
        "Train horn", "Air horn, truck horn", "Car alarm", "Reversing beeps", "Ambulance (siren)",
        "Police car (siren)", "Fire engine, fire truck (siren)", "Civil defense siren", "Screaming", "Bicycle",
        "Skateboard", "Car", "Car passing by", "Bus", "Truck", "Motorcycle", "Train",
    ),
    seconds=10,
    segment_samples=22050,
    n_blocks=8,
    one_label=False,
    threshold=0.1,
    mean=-0.0003320679534226656,
    std=0.20514629781246185,
    extension="repeat",
)  # fmt: skip

TASKS = {task.name: task for task in (MAGNATAGATUNE, SPEECH_COMMANDS, DCASE)}
"""By name."""
