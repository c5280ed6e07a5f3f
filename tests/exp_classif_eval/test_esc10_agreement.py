"""The paper's transcoder on sounds that it was not trained on: a quarter of ESC-10, one second at a time."""

import numpy as np
import pytest
import torch

from audiokit.sound.audio import load
from spectral_transcoder.pinv import Pinv
from spectral_transcoder.third_octave import third_octave
from spectral_transcoder.training import metrics
from spectral_transcoder.training.evaluation import evaluate_teacher, evaluate_transcoder
from spectral_transcoder.transcoders.store import find_transcoders, load_transcoder
from teachers.registry import load_teacher
from yamnet.mel import patches

N_CLIPS, CLIP_SECONDS = 100, 5
EVERY = 4
"""Clips are taken in the order of their names: of all folds and classes."""
TRANSCODER_RATE, TEACHER_RATE = 32000, 16000
QUIET = 1e-4
"""Peak up to which a second is left out as silence, where that of the clip is 1."""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def teacher(shared):
    return load_teacher("YamNet", weights=shared / "weights" / "yamnet" / "yamnet_int8.tflite")


def seconds_of(path, sample_rate):
    """(5, sample_rate) waveforms; a clip's end is filled with zeros."""
    waveform = load(path, sample_rate=sample_rate)
    filled = np.zeros(CLIP_SECONDS * sample_rate, np.float32)
    filled[: len(waveform)] = waveform[: len(filled)]
    return torch.from_numpy(filled).view(CLIP_SECONDS, sample_rate)


@pytest.fixture(scope="module")
def clips(shared, teacher):
    """All seconds that are not silent: third octaves, Mel spectrograms, and the number of the clip of each."""
    paths = sorted((shared / "data" / "esc10").glob("*.ogg"))[::EVERY]
    assert len(paths) == N_CLIPS
    levels, mels, names = [], [], []
    for path in paths:
        wide, narrow = seconds_of(path, TRANSCODER_RATE), seconds_of(path, TEACHER_RATE)
        for second in np.flatnonzero(wide.abs().amax(dim=1) > QUIET):
            levels.append(third_octave(wide[second]))
            mels.append(patches(teacher.mel(narrow[second]))[0])
            names.append(f"{path.stem}_{second}")
    files = metrics.file_numbers(names)
    assert files[-1] == N_CLIPS - 1
    return {"third_octave": torch.stack(levels), "mel": torch.stack(mels)}, files


@pytest.fixture(scope="module")
def teacher_scores(teacher, clips):
    return evaluate_teacher(teacher, clips[0]["mel"]).scores


@pytest.mark.parametrize(
    ("name", "agreement", "cross_entropy", "mel_mse"),
    [("PINV", 6, 0.0691, 3.763), ("cnn_logits", 12, 0.0293, 7.086)],
)
def test_transcoders_agree_with_yamnet_as_measured(
    shared, teacher, clips, teacher_scores, name, agreement, cross_entropy, mel_mse
):
    if name == "PINV":
        transcoder = Pinv(teacher.front_end)
    else:
        stored = find_transcoders("YamNet", [shared / "weights" / "paper_transcoders"])
        transcoder = load_transcoder(stored[name])
    split, files = clips
    # Activations of eight seconds are reused by the allocator, those of 64 are not: a third of the time.
    evaluated = evaluate_transcoder(transcoder, teacher, split, batch_size=8)
    same = metrics.same_top_class(teacher_scores, evaluated.scores, files)
    of_files = [metrics.mean_by_file(scores, files) for scores in (teacher_scores, evaluated.scores)]
    # On another processor the two highest scores of a clip may change places.
    assert 100 * same.mean() == pytest.approx(agreement, abs=100 / N_CLIPS)
    assert metrics.logit_bce(*of_files, np.arange(N_CLIPS)).mean() == pytest.approx(cross_entropy, abs=6e-5)
    assert metrics.mean_by_file(evaluated.mel_mse, files).mean() == pytest.approx(mel_mse, abs=6e-3)
