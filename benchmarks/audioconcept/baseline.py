"""AudioConcept as its original does it: features by librosa one by one, and the front end anew for every batch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import librosa
import numpy as np
import soundfile
import torch
from torch.nn import functional

from exp_audioconcept.networks.cnn import CNN
from exp_audioconcept.networks.mel import FRONT_END
from exp_audioconcept.song_features.extraction import SAMPLE_RATE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["OriginalEpoch", "plain_features", "torchaudio_mel"]


def plain_features(y: NDArray[np.float32], *, edges: str = "reflect") -> NDArray[np.float64]:
    """The 58 numbers of a song, feature by feature, by librosa; edges are mirrored, or "constant" for zeros."""
    sr, beyond = SAMPLE_RATE, {"pad_mode": edges}
    harmonic, percussive = librosa.effects.hpss(y, **beyond)
    arrays = [
        librosa.feature.chroma_stft(y=y, sr=sr, **beyond),
        librosa.feature.rms(y=y, **beyond),
        librosa.feature.spectral_centroid(y=y, sr=sr, **beyond),
        librosa.feature.spectral_bandwidth(y=y, sr=sr, **beyond),
        librosa.feature.spectral_rolloff(y=y, sr=sr, **beyond),
        librosa.feature.zero_crossing_rate(y),
        harmonic,
        percussive,
    ]
    onsets = librosa.onset.onset_strength(y=y, sr=sr, aggregate=np.median, **beyond)
    tempo = librosa.beat.beat_track(onset_envelope=onsets, sr=sr)[0]
    mfcc = librosa.feature.mfcc(y=y, sr=sr, **beyond)
    pairs = [[a.mean(dtype=np.float64), a.astype(np.float64).var()] for a in (*arrays, *mfcc)]
    return np.array([len(y), *np.ravel(pairs[:8]), *np.ravel(tempo), *np.ravel(pairs[8:])])


def torchaudio_mel(waveform: torch.Tensor, bank: torch.Tensor) -> torch.Tensor:
    """What torchaudio's MelSpectrogram and AmplitudeToDB do, (n, n_samples) → (n, 128, n_frames), dB.

    Parameters
    ----------
    bank : (513, 128)
    """
    window = torch.hann_window(FRONT_END.win_length)
    spectrum = torch.stft(
        waveform, FRONT_END.n_fft, FRONT_END.hop_length, window=window, pad_mode="reflect", return_complex=True
    )
    mel = torch.matmul(spectrum.abs().pow(2).transpose(-1, -2), bank).transpose(-1, -2)
    return 10 * torch.log10(mel.clamp(min=1e-10))


class OriginalEpoch:
    """Epochs of the CNN on windows that are read and transformed each time."""

    def __init__(self, paths: Sequence[Path], genres: Sequence[int], *, length: int, batch_size: int) -> None:
        self.paths, self.genres = list(paths), torch.as_tensor(genres)
        self.length, self.batch_size = length, batch_size
        self.network = CNN(int(self.genres.max()) + 1).train()
        self.bank = torch.from_numpy(FRONT_END.filterbank(sample_rate=SAMPLE_RATE, n_fft=FRONT_END.n_fft))
        self.optimizer = torch.optim.Adam(self.network.parameters(), lr=5e-3, weight_decay=5e-4)

    def __call__(self) -> None:
        """Go through all songs once; the first and the last are looked at before and after."""
        self._look()
        self._train()
        self._look()

    def _look(self) -> None:
        self.network.eval()
        sound = torch.from_numpy(np.stack([self._window(self.paths[member]) for member in (0, -1)]))
        with torch.no_grad():
            self.network.classify(torchaudio_mel(sound, self.bank))

    def _train(self) -> None:
        self.network.train()
        order = torch.randperm(len(self.paths))
        for members in order.split(self.batch_size):
            sound = torch.from_numpy(np.stack([self._window(self.paths[member]) for member in members]))
            sound += 0.002 * torch.randn_like(sound)
            self.optimizer.zero_grad()
            logits = self.network.classify(torchaudio_mel(sound, self.bank))
            functional.cross_entropy(logits, self.genres[members], label_smoothing=0.15).backward()
            torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
            self.optimizer.step()

    def _window(self, path: Path) -> NDArray[np.float32]:
        sound, _ = soundfile.read(path, dtype="float32")
        start = np.random.default_rng().integers(len(sound) - self.length + 1)
        return sound[start : start + self.length]
