"""How often a model is asked for an explanation: as often as its kind can answer in the time that one waits."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Effort", "effort_of"]


@dataclass(frozen=True)
class Effort:
    """What is asked; a model whose passes take longer is asked less."""

    stretches: int = 8
    """Of time that the beats are taken together to, at most."""
    draws: int = 25
    """Sounds that lack some components, in each repetition."""
    cells: tuple[int, int] = (8, 20)
    """Of the spectrogram, along frequency and time, about."""
    integral_steps: int = 32
    """Of integrated gradients."""
    orders: int = 12
    """Drawn by chance, that curves are compared with."""
    curve_steps: int = 10
    """Of deletion and insertion."""


EFFORTS = {
    "SVM": Effort(stretches=3),
    "head": Effort(stretches=6),
    "VGGish": Effort(stretches=4, cells=(4, 10), integral_steps=12, orders=6, curve_steps=5),
}
"""A pass through VGGish takes eighty times as long as one through the CNN, features forty times, YAMNet four times."""


def effort_of(kind: str) -> Effort:
    """Of a kind of model."""
    return EFFORTS.get(kind, Effort())
