"""Words that recognisers get wrong, of speech and of sounds that are made of its third octaves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from scipy.fft import dct

from audiokit.errors import UserError
from audiokit.paths import REFERENCE_MODELS
from audiokit.sound.audio import load
from spectral_transcoder.inversion import mel_to_audio
from spectral_transcoder.pinv import Pinv
from spectral_transcoder.third_octave import SAMPLE_RATE, third_octave
from spectral_transcoder.transcoders.store import find_transcoders, load_transcoder
from teachers.registry import front_end_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from audiokit.sound.mel import MelFrontEnd

TEACHER = "YamNet"
"""Whose 64 Mel bands at 16 kHz the sounds are made of."""

SPEECH = "speech itself"
N_STRETCHES, N_CEPSTRA = 16, 12
"""What recognisers of words have long seen: the spectrum's envelope, some times in a word."""

AT_ONCE = 50
N_RESAMPLED = 2000


@dataclass(frozen=True)
class Words:
    """Spoken words, a second each."""

    sounds: dict[int, torch.Tensor]
    """Sample rate → (n_words, sample_rate)."""

    labels: NDArray[np.str_]
    speakers: NDArray[np.str_]


def read_words(folder: Path, *, per_speaker: int, rates: Sequence[int]) -> Words:
    """The first takes of each word by each speaker that last a second at most.

    Raises
    ------
    UserError
        where there are none.
    """
    paths = []
    for word in sorted(path for path in folder.glob("*") if path.is_dir()):
        takes: dict[str, list[Path]] = {}
        for path in sorted(word.glob("*_nohash_*.wav")):
            takes.setdefault(path.name.split("_")[0], []).append(path)
        paths += [path for of_speaker in takes.values() for path in of_speaker[:per_speaker]]
    if not paths:
        raise UserError(f"{folder} holds no words: name a folder of <word>/<speaker>_nohash_<k>.wav")
    sounds = {rate: torch.stack([_one_second(load(path, sample_rate=rate), rate) for path in paths]) for rate in rates}
    labels = np.array([path.parent.name for path in paths])
    return Words(sounds, labels, np.array([path.name.split("_")[0] for path in paths]))


def _one_second(sound: NDArray[np.float32], rate: int) -> torch.Tensor:
    """From where it begins to be loud, a second, with silence behind it."""
    loud = np.flatnonzero(np.abs(sound) > 0.05 * np.abs(sound).max())
    cut = sound[max(0, (loud[0] if len(loud) else 0) - rate // 50) :][:rate]
    return torch.from_numpy(np.pad(cut, (0, rate - len(cut))))


@torch.inference_mode()
def kinds_of_sound(words: Words, front_end: MelFrontEnd, tcn: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Each kind of sound of the words, (n_words, n_samples) at the front end's rate."""
    own = words.sounds[front_end.sample_rate]
    levels = third_octave(words.sounds[SAMPLE_RATE])
    mel = front_end(own)
    n_frames = mel.shape[1]
    pinv = Pinv(front_end, n_frames=n_frames)(levels.float())
    transcoded = torch.nn.functional.pad(tcn(levels.float()).mT, (0, n_frames - front_end.chunk_frames), "replicate").mT

    def audible(log_mel: torch.Tensor, exponent: int) -> torch.Tensor:
        parts = [
            mel_to_audio(part, front_end, n_samples=own.shape[1], exponent=exponent) for part in log_mel.split(AT_ONCE)
        ]
        return torch.cat(parts)

    return {
        SPEECH: own,
        "the teacher's Mel spectrogram": audible(mel, front_end.exponent),
        "PINV": audible(pinv, 2),
        "tcn": audible(transcoded, front_end.exponent),
    }


def recogniser_inputs(sounds: torch.Tensor, front_end: MelFrontEnd) -> NDArray[np.float32]:
    """What a recogniser sees: cepstra of successive stretches of a word, less their mean over the word.

    (n_words, n_samples) → (n_words, N_STRETCHES · N_CEPSTRA)
    """
    mel = front_end(sounds)[:, : front_end.chunk_frames].numpy()
    cepstra = dct(mel, axis=2, norm="ortho")[:, :, 1 : N_CEPSTRA + 1]
    cepstra -= cepstra.mean(axis=1, keepdims=True)
    stretches = np.array_split(cepstra, N_STRETCHES, axis=1)
    return np.concatenate([stretch.mean(axis=1) for stretch in stretches], axis=1)


def word_errors(
    kinds: Mapping[str, torch.Tensor], words: Words, front_end: MelFrontEnd, tested: Sequence[str]
) -> dict[str, tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
    """Which of the tested words are taken for others: by a recogniser of speech, and by one of this kind of sound."""
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    is_tested = np.isin(words.speakers, tested)
    seen = {kind: recogniser_inputs(sounds, front_end) for kind, sounds in kinds.items()}

    def trained_on(kind: str):
        machine = make_pipeline(StandardScaler(), SVC(C=10))
        return machine.fit(seen[kind][~is_tested], words.labels[~is_tested])

    of_speech = trained_on(SPEECH)
    return {
        kind: tuple(
            machine.predict(values[is_tested]) != words.labels[is_tested] for machine in (of_speech, trained_on(kind))
        )
        for kind, values in seen.items()
    }


def interval(wrong: NDArray[np.bool_]) -> str:
    """Percentage and its 95 % bootstrap interval over words."""
    random = np.random.default_rng(0)
    means = [wrong[random.integers(len(wrong), size=len(wrong))].mean() for _ in range(N_RESAMPLED)]
    low, high = np.percentile(means, (2.5, 97.5))
    return f"{100 * wrong.mean():.1f} ({100 * low:.1f}–{100 * high:.1f})"


def print_table(folder: Path, *, models: Path, takes: int, tested: Sequence[str]) -> None:
    """Print the table."""
    front_end = front_end_of(TEACHER)
    tcn = load_transcoder(find_transcoders(TEACHER, [models / "reference_models", REFERENCE_MODELS])["tcn"])
    words = read_words(folder, per_speaker=takes, rates=(front_end.sample_rate, SAMPLE_RATE))
    found = word_errors(kinds_of_sound(words, front_end, tcn), words, front_end, tested)
    n_tested = int(np.isin(words.speakers, tested).sum())
    print(f"{n_tested} words by {' and '.join(tested)}, {len(words.labels) - n_tested} by others to train on\n")
    print("| words that are wrong (%) | recogniser of speech | of the same kind of sound |\n|---|---:|---:|")
    for kind, (by_speech, by_kind) in found.items():
        print(f"| {kind} | {interval(by_speech)} | {interval(by_kind)} |")
