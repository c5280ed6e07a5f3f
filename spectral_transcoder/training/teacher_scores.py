"""What a teacher hears in datasets, in its own Mel spectrograms and through `tcn`: targets, kept as files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from tqdm import tqdm

from audiokit.errors import UserError
from audiokit.experiments.plan import Setting
from audiokit.files import sha256, write_whole
from audiokit.learning.inference import quicken
from audiokit.paths import REFERENCE_MODELS
from audiokit.storage.origins import is_current, noting
from spectral_transcoder.datasets.chunk_dataset import THIRD_OCTAVE, open_chunks
from spectral_transcoder.datasets.dataset_files import dataset_paths, joined_modalities
from spectral_transcoder.hearing import BESIDE_TAGGER
from spectral_transcoder.training.evaluation import Evaluated, evaluate_student, evaluate_teacher
from spectral_transcoder.training.experiment_files import SPLITS, ExperimentFiles
from spectral_transcoder.training.settings import stored_name
from spectral_transcoder.transcoders.store import find_transcoders, load_transcoder
from teachers.registry import load_teacher

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from spectral_transcoder.transcoders.store import StoredTranscoder
    from teachers.registry import Teacher

__all__ = ["TeacherScores"]


@dataclass(frozen=True)
class TeacherScores:
    """Scores of the chunks of a setting's dataset, (n_chunks, n_labels) in [0, 1], by the setting's teacher.

    Of several datasets that are one, they lie one behind the other as the datasets do; those of each are kept, too.
    """

    files: ExperimentFiles
    """Of the experiment, with the folder of the datasets."""

    models: Path
    """Folder of pretrained weights."""

    teacher_weights: Path | None = None
    """A checkpoint of the teacher in place of the one below `models`."""

    device: str = "cpu"

    def compute(self, setting: Setting) -> None:
        """Hear all splits in the teacher's own Mel spectrograms: what the oracle leaves."""
        parts = _parts(setting)
        if len(parts) == 1:
            teacher = self.teacher(setting)
            array = stored_name("mel", setting["classifier"])
            for split in SPLITS:
                scores = self._heard(setting, split, array, lambda mel: evaluate_teacher(teacher, mel))
                self.files.save("evaluation", setting, f"logit_{split}", scores)
            return
        for part in parts:
            if not self.files.is_done(part):
                with self.files.noting(part):
                    self.compute(part)
        for split in SPLITS:
            scores = np.concatenate([self.own(part, split) for part in parts])
            self.files.save("evaluation", setting, f"logit_{split}", scores)

    def own(self, setting: Setting, split: str) -> np.ndarray:
        """Scores of a split, as they have been computed.

        Raises
        ------
        UserError
            where they are missing, or of another dataset or other weights than are here now.
        """
        oracle = _oracle(setting)
        path = self.files.path("evaluation", oracle, f"logit_{split}")
        if not self.files.is_done(oracle):
            selector = f"reference/transcoder=oracle+dataset={oracle['dataset']}+classifier={oracle['classifier']}"
            fault = "not whole, or of another dataset or teacher" if path.is_file() else "missing"
            raise UserError(f"the teacher's scores are {fault} ({path}): compute -s '{selector}' -c first")
        return np.load(path)

    def through_transcoder(self, setting: Setting, split: str) -> np.ndarray:
        """Scores of a split through `tcn`, kept for other trainings beside one of the same weights.

        Raises
        ------
        UserError
            as `transcoder`.
        """
        classifier = setting["classifier"]
        stored = self.transcoder(setting)
        scores = []
        for part in _parts(setting):
            name = f"transcoded_{sha256(stored.weights)[:12]}_{classifier}_{part['dataset']}_{split}.npy"
            path = self.files.root / "evaluation" / name
            origins = self.files.origins(part)
            note = path.with_name(f"{path.stem}_made_of.json")
            if not is_current([path], note, origins):
                print(f"{classifier} hears {part['dataset']} ({split}) through {BESIDE_TAGGER}")
                with noting(note, origins):
                    heard = self._heard(part, split, THIRD_OCTAVE, self._hearing_through(stored, setting))
                    with write_whole(path) as partial:
                        np.save(partial, heard, allow_pickle=False)
            scores.append(np.load(path))
        return np.concatenate(scores)

    def transcoder(self, setting: Setting) -> StoredTranscoder:
        """The `tcn` that taggers of the setting's teacher are trained beside.

        Raises
        ------
        UserError
            where there is none for the teacher.
        """
        classifier = setting["classifier"]
        folders = [self.models / "reference_models", REFERENCE_MODELS]
        stored = find_transcoders(classifier, folders).get(BESIDE_TAGGER)
        if stored is None:
            raise UserError(
                f"there is no {BESIDE_TAGGER} for {classifier} in {folders[-1]}: train taggers with beside=0"
            )
        return stored

    def teacher(self, setting: Setting) -> Teacher:
        """The setting's teacher."""
        teacher = load_teacher(setting["classifier"], weights=self.teacher_weights, folder=self.models)
        return teacher.to(torch.device(self.device))

    def quick_teacher(self, setting: Setting) -> Teacher:
        """The teacher with its normalisations folded, for gradients to pass."""
        teacher = self.teacher(setting)
        quicken(teacher.network)
        return teacher

    def _hearing_through(self, stored: StoredTranscoder, setting: Setting) -> Callable[[torch.Tensor], Evaluated]:
        device = torch.device(self.device)
        transcoder, teacher = load_transcoder(stored).to(device), self.quick_teacher(setting)
        return lambda levels: evaluate_student(lambda batch: teacher.scores(transcoder(batch)), levels, device=device)

    def _heard(
        self, setting: Setting, split: str, array: str, evaluate: Callable[[torch.Tensor], Evaluated]
    ) -> np.ndarray:
        """Scores of an array of one dataset, some chunks at a time."""
        (path,) = dataset_paths(self.files.data, setting["dataset"])
        scores = []
        with (
            open_chunks(path) as dataset,
            tqdm(
                total=dataset.n_chunks(split), desc=f"{setting['dataset']}, {split}", unit="s", leave=None, disable=None
            ) as bar,
        ):
            for block in dataset.blocks(split, array):
                scores.append(evaluate(block).scores)
                bar.update(len(block))
        return np.concatenate(scores)


def _oracle(setting: Setting) -> Setting:
    """The setting that leaves the teacher's scores."""
    factors = {"ts": 0, "step": "evaluate", "transcoder": "oracle"}
    return Setting("reference", factors | {name: setting[name] for name in ("dataset", "classifier")})


def _parts(setting: Setting) -> list[Setting]:
    """Settings of the datasets one by one."""
    return [setting.replace(dataset=modality) for modality in joined_modalities(setting["dataset"])]
