"""Networks trained on windows of songs, as the original trains them, and the best epoch kept."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional

from audiokit.labels.groups import group_means
from audiokit.learning.keeping import Keeping
from audiokit.learning.optimisation.optimizers import Adam
from audiokit.learning.optimisation.schedules import Plateau
from audiokit.learning.options import TrainingOptions
from audiokit.learning.trainer import Trainer
from exp_audioconcept.networks.kinds import create_network
from exp_audioconcept.networks.mel import FRONT_END
from exp_audioconcept.songs.windows import GENRE, MEL, SONG, SOUND, AllWindows, RandomWindows

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from exp_audioconcept.networks.genre_network import GenreNetwork
    from exp_audioconcept.songs.sound import StoredSongs

__all__ = ["NetworkSettings", "TrainedNetwork", "song_logits", "train_network"]

BATCH_SIZE = 6
EVALUATION_BATCH_SIZE = 16
FACTOR, WAIT, SMALLEST_SHARE = 0.75, 8, 1 / 50
"""Of the learning rate: by what it falls, after how many epochs without better accuracy, and how far."""

LONGEST_GRADIENT = 1.0
LENGTHENING = ("epochs", "patience")
"""Settings that say how long to train, and not how."""


@dataclass(frozen=True)
class NetworkSettings:
    """How a network is trained; the numbers are the original's."""

    kind: str
    length: int
    """Samples that it hears at once."""
    learning_rate: float
    weight_decay: float
    label_smoothing: float = 0.15
    noise_level: float = 0.002
    """Standard deviation of the noise that is added to every waveform; full scale is 1."""
    epochs: int = 60
    patience: int = 15
    augmented: bool = True
    """Learn from changed waveforms, and not from stored spectrograms; without it no noise is added either."""
    adaptive: bool = False
    mixed_precision: bool = False
    """Layers in bfloat16: a step takes half the time on a CPU that has it."""
    seed: int = 0


@dataclass(frozen=True)
class TrainedNetwork:
    """What training leaves."""

    state: Mapping[str, torch.Tensor]
    """Of the epoch with the highest accuracy on the songs to choose by."""
    losses: Mapping[str, Sequence[float]]
    """As `audiokit.learning.options.Trained.losses`, with accuracy_valid and f1_valid."""
    settings: Mapping[str, object]


def train_network(
    settings: NetworkSettings,
    stored: StoredSongs,
    *,
    train: NDArray[np.integer],
    valid: NDArray[np.integer],
    genres: NDArray[np.integer],
    n_genres: int,
    checkpoint: Path,
    device: str = "cpu",
    scalars: Callable[[str, float, int], None] | None = None,
) -> TrainedNetwork:
    """Train, from the checkpoint where there is one.

    Parameters
    ----------
    train, valid
        numbers of songs in the store.
    genres : (n_songs,)
        number of the genre of every song in the store.

    Raises
    ------
    UserError
        where the network cannot hear sounds of this length, and what `Trainer` raises.
    """
    torch.manual_seed(settings.seed)
    network = create_network(settings.kind, n_genres, length=settings.length, adaptive=settings.adaptive)
    heard = AllWindows(stored, valid, genres[valid], length=settings.length, batch_size=EVALUATION_BATCH_SIZE)
    trainer = Trainer(
        network,
        partial(genre_loss, smoothing=settings.label_smoothing),
        {"train": _training_windows(settings, stored, train, genres), "valid": heard},
        _options(settings, device),
        checkpoint=checkpoint,
        augment=partial(add_noise, level=settings.noise_level),
        measure=partial(_measured, source=heard, genres=genres[valid]),
        scalars=scalars,
        identity=_identity(settings, stored, train, valid),
    )
    trained = trainer.train()
    return TrainedNetwork(trained.best_state, trained.losses, asdict(settings))


def _identity(
    settings: NetworkSettings, stored: StoredSongs, train: NDArray[np.integer], valid: NDArray[np.integer]
) -> dict[str, object]:
    """What must be the same where a training goes on, besides the trainer's own options: it may become longer."""
    own = {name: value for name, value in asdict(settings).items() if name not in LENGTHENING}
    return {"recordings": [stored.fingerprint(train), stored.fingerprint(valid)], **own}


def _training_windows(
    settings: NetworkSettings, stored: StoredSongs, train: NDArray[np.integer], genres: NDArray[np.integer]
) -> RandomWindows:
    augment = None
    if settings.augmented:
        from exp_audioconcept.songs.augmentation import augmentation

        augment = augmentation(FRONT_END.sample_rate)
    return RandomWindows(
        stored,
        train,
        genres[train],
        length=settings.length,
        batch_size=BATCH_SIZE,
        seed=settings.seed,
        augment=augment,
    )


def _options(settings: NetworkSettings, device: str) -> TrainingOptions:
    rate = settings.learning_rate
    schedule = Plateau(rate, factor=FACTOR, patience=WAIT, smallest=rate * SMALLEST_SHARE, rises=True)
    return TrainingOptions(
        epochs=settings.epochs,
        schedule=schedule,
        optimizer=Adam(weight_decay=settings.weight_decay),
        keeping=Keeping(
            "accuracy_valid", rises=True, later_of_equals=False, patience=settings.patience, untrained=False
        ),
        seed=settings.seed,
        device=device,
        longest_gradient=LONGEST_GRADIENT,
        mixed_precision=settings.mixed_precision,
    )


def genre_loss(
    network: GenreNetwork, batch: Mapping[str, torch.Tensor], *, smoothing: float
) -> dict[str, torch.Tensor]:
    """Cross entropy with smoothed labels; nothing is smoothed in evaluation."""
    logits = network.classify(batch[MEL]) if MEL in batch else network(batch[SOUND])
    used = smoothing if network.training else 0.0
    return {"loss": functional.cross_entropy(logits, batch[GENRE], label_smoothing=used)}


def add_noise(batch: Mapping[str, torch.Tensor], *, level: float) -> Mapping[str, torch.Tensor]:
    """White noise on the waveforms of a batch; spectrograms stay as they are."""
    if SOUND not in batch or not level:
        return batch
    return {**batch, SOUND: batch[SOUND] + level * torch.randn_like(batch[SOUND])}


def song_logits(network: GenreNetwork, source: AllWindows) -> NDArray[np.float64]:
    """Mean logits of all windows of each song, (n_songs, n_genres)."""
    device = next(network.parameters()).device
    logits, members = [], []
    with torch.inference_mode():
        for batch in source.batches():
            logits.append(network.classify(batch[MEL].to(device)).double().cpu())
            members.append(batch[SONG])
    return group_means(torch.cat(logits).numpy(), torch.cat(members).numpy())


def _measured(network: GenreNetwork, *, source: AllWindows, genres: NDArray[np.integer]) -> dict[str, float]:
    from sklearn.metrics import f1_score

    told = song_logits(network, source).argmax(axis=1)
    return {"accuracy": float(np.mean(told == genres)), "f1": float(f1_score(genres, told, average="macro"))}
