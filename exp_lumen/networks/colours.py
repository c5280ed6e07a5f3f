"""Pictures in colours, as networks that were trained on photographs know them."""

from __future__ import annotations

from functools import cache

import torch

__all__ = ["coloured"]

MEANS, DEVIATIONS = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of red, green and blue in ImageNet, by which its networks' inputs are standardised."""

SPAN = 2.0
"""Standard deviations below and above the mean over which the colours reach."""

MAP = "magma"


def coloured(picture: torch.Tensor) -> torch.Tensor:
    """Levels of mean 0 and deviation 1, (batch, 1, rows, n_frames) → (batch, 3, rows, n_frames), dark to bright."""
    shares = (picture.squeeze(1) / SPAN + 1) / 2
    colours = _colours().to(picture)
    places = (shares.clamp(0, 1) * (len(colours) - 1)).round().long()
    return colours[places].movedim(-1, 1)


@cache
def _colours() -> torch.Tensor:
    """The map, (256, 3), standardised."""
    from matplotlib import colormaps

    colours = torch.tensor(colormaps[MAP](range(256)), dtype=torch.float32)[:, :3]
    return (colours - torch.tensor(MEANS)) / torch.tensor(DEVIATIONS)
