"""Songs of a store, whatever is made of them: what they are called, which genre and whom they are of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from exp_audioconcept.songs.store import GENRE, GROUP

if TYPE_CHECKING:
    from collections.abc import Sequence

    from audiokit.labels.clip_store import ClipStore

__all__ = ["StoredMaterial"]


@dataclass(frozen=True)
class StoredMaterial:
    """What all kinds of material that lie in a store have in common."""

    store: ClipStore

    @property
    def names(self) -> Sequence[str]:
        """Of the songs."""
        return self.store.names

    @property
    def genres(self) -> Sequence[str]:
        """Of the songs."""
        return self.store.columns[GENRE].tolist()

    @property
    def groups(self) -> Sequence[str]:
        """Artists, albums or pieces."""
        return self.store.columns[GROUP].tolist()
