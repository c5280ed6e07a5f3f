"""What tells a training from another one, so that none goes on from the checkpoint of another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audiokit.learning.checkpoints import tensor_digest

if TYPE_CHECKING:
    from audiokit.labels.clip_store import ClipStore
    from exp_lumen.networks.network import InstrumentNetwork
    from exp_lumen.training.augmentation import Augmentation
    from exp_lumen.training.settings import Settings

__all__ = ["training_identity"]


def training_identity(
    network: InstrumentNetwork,
    stores: tuple[ClipStore, ClipStore],
    settings: Settings,
    augmentation: Augmentation | None,
) -> dict[str, object]:
    """What must be the same where a training goes on, as JSON has it.

    Parameters
    ----------
    network
        as it is before training: a head that is trained alone must find the backbone that it was begun with.
    stores
        of training and of validation.
    augmentation
        of batches; that of pictures is the network's.
    """
    pictures = getattr(network.front, "augment", None)
    return {
        "recordings": [store.fingerprint() for store in stores],
        "network": {**network.spec.described(), "weights": tensor_digest(network.state_dict().values())},
        "augmentation": augmentation.description() if augmentation else None,
        "augmentation of pictures": pictures.description() if pictures else None,
        **settings.comparable(),
    }
