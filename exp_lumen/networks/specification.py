"""What a network is built of: written into its file, so that nobody has to guess it from a name."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING

from audiokit.errors import UserError
from exp_lumen.networks.mels import HOP, N_MELS, SAMPLE_RATE

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["MODELS", "TRANSFORMS", "Specification"]

IMAGE_MODELS = (
    "EFFICIENT_NET_V2_S", "EFFICIENT_NET_V2_M", "EFFICIENT_NET_V2_L",
    "RESNEXT50_32X4D", "RESNEXT101_32X8D", "RESNEXT101_64X4D",
    "CONVNEXT_TINY", "CONVNEXT_SMALL", "CONVNEXT_BASE", "CONVNEXT_LARGE",
    "MOBILENET_V3_LARGE", "MOBNET", "CONVLSTM",
)  # fmt: skip
MODELS = (*IMAGE_MODELS, "AST", "WAV2VEC", "WAV2VEC_CNN", "TEACHER")
IMAGE_TRANSFORMS = ("MEL_SPECTROGRAM", "MFCC", "MULTI_SPECTROGRAM")
TRANSFORMS = (*IMAGE_TRANSFORMS, "AST", "WAV2VEC")

AST_SAMPLES, WAV2VEC_SAMPLES, WAV2VEC_CNN_SAMPLES = 1023 * 160, 160_000, 96_000
TEACHER_SECONDS = 3.0
"""As long as a clip of IRMAS."""


@dataclass(frozen=True)
class Specification:
    """A network; all that decides how its weights are used."""

    model: str
    audio_transform: str = ""
    """What the network takes; what it always takes, for those that are not for images."""
    head: str = "deep"
    hidden: tuple[int, ...] = ()
    """Of the head, two at most, descending."""
    fluffy: bool = False
    image_size: int = 224
    """Frames of a picture, 10 ms each; with `paper` its rows too."""
    paper: bool = False
    """Linear Mel spectrograms, in as many rows as columns."""
    teacher: str = ""
    pretrained: str = ""
    """Folder of weights to begin with; "random" for a teacher without its own."""
    rgb: bool = False
    """Pictures in colours, where they have one channel."""

    def checked(self) -> Specification:
        """The specification with what follows from the rest.

        Raises
        ------
        UserError
            where parts do not fit.
        """
        only = "AST" if self.model == "AST" else "WAV2VEC" if self.model.startswith("WAV2VEC") else ""
        if self.model == "TEACHER" and not self.teacher:
            raise UserError("--model TEACHER needs --teacher NAME, YamNet or mn04_as")
        if only and self.audio_transform not in ("", only):
            raise UserError(f"{self.model} takes --audio-transform {only}, and not {self.audio_transform}")
        if self.model in IMAGE_MODELS and self.audio_transform not in ("", *IMAGE_TRANSFORMS):
            raise UserError(f"{self.model} takes one of {', '.join(IMAGE_TRANSFORMS)}, and not {self.audio_transform}")
        if self.head == "attention" and not (only or self.model == "CONVLSTM"):
            raise UserError(f"{self.model} has no moments that --head attention could weigh: take deep")
        if self.rgb and (self.model not in IMAGE_MODELS or self.audio_transform == "MULTI_SPECTROGRAM"):
            raise UserError("--use-rgb colours pictures of one channel: take it with MEL_SPECTROGRAM or MFCC")
        falls = list(self.hidden) == sorted(self.hidden, reverse=True)
        if len(self.hidden) > 2 or not falls or min(self.hidden, default=1) < 1:
            raise UserError(f"--head-hidden-dim {self.hidden}: give up to two sizes, the larger first")
        if self.image_size < 32:
            raise UserError(f"--image-size {self.image_size} is below 32")
        transform = only or ("" if self.model == "TEACHER" else self.audio_transform or IMAGE_TRANSFORMS[0])
        head = "attention" if self.model == "CONVLSTM" else self.head
        return Specification(**{**self.described(), "hidden": self.hidden, "audio_transform": transform, "head": head})

    @property
    def image_height(self) -> int:
        """Rows of pictures."""
        return self.image_size if self.paper else N_MELS

    @property
    def sample_rate(self) -> int:
        """Of what it hears, Hz."""
        if self.model != "TEACHER":
            return SAMPLE_RATE
        from teachers.registry import front_end_of

        return front_end_of(self.teacher).sample_rate

    @property
    def piece_samples(self) -> int:
        """Samples that it hears at once."""
        if self.model == "TEACHER":
            return round(TEACHER_SECONDS * self.sample_rate)
        own = {"AST": AST_SAMPLES, "WAV2VEC": WAV2VEC_SAMPLES, "WAV2VEC_CNN": WAV2VEC_CNN_SAMPLES}
        return own.get(self.model, (self.image_size - 1) * HOP)

    def described(self) -> dict[str, object]:
        """As JSON has it."""
        return {**asdict(self), "hidden": list(self.hidden)}

    @classmethod
    def of(cls, description: Mapping[str, object]) -> Specification:
        """From what `described` gave.

        Raises
        ------
        ValueError
            where it is none.
        """
        known = {field.name for field in fields(cls)}
        # Files that were written before there was a field have its default.
        if not {*description} <= known or not known - {"rgb"} <= {*description} or description["model"] not in MODELS:
            raise ValueError("no description of a network")
        return cls(**{**description, "hidden": tuple(description["hidden"])})
