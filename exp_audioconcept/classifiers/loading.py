"""Trained models from their files, and files of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audiokit.errors import UserError
from audiokit.paths import ROOT
from exp_audioconcept.classifiers.model_file import read_model_file, write_model_file

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from exp_audioconcept.classifiers.learned import GenreModel, Learned

__all__ = ["check_genres", "check_length", "load_model", "save_learned"]


def load_model(path: Path, *, teachers: Path = ROOT) -> GenreModel:
    """A model from its file.

    Parameters
    ----------
    teachers
        folder of the teachers' weights, for heads.

    Raises
    ------
    UserError
        where the file is missing, damaged or something else, or the teacher's weights are missing.
    """
    kind, settings, state = read_model_file(path)
    if kind == "SVM":
        from exp_audioconcept.classifiers.svm.model import SvmModel

        return SvmModel.of(settings, state, path)
    if kind == "head":
        from exp_audioconcept.classifiers.head.model import HeadModel
        from exp_audioconcept.songs.embeddings import teacher_of

        return HeadModel.of(settings, state, teacher_of(settings["teacher"], teachers))
    from exp_audioconcept.classifiers.network.model import NetworkModel

    return NetworkModel.of(kind, settings, state, path)


def save_learned(path: Path, learned: Learned) -> Path:
    """Write a model whole; gives the path."""
    write_model_file(path, kind=learned.kind, settings=learned.settings, state=learned.state)
    return path


def check_genres(model: GenreModel, genres: Sequence[str]) -> None:
    """Refuse a model that knows other genres than songs are of.

    Raises
    ------
    UserError
        naming one that differs.
    """
    if tuple(model.genres) == tuple(genres):
        return
    odd = sorted(set(model.genres) ^ set(genres))
    raise UserError(
        f"the model knows {', '.join(model.genres)}, and the songs are of {', '.join(genres)} ({odd[0]} is in one of "
        "them): name the collection that it was trained on with --data, or train another model"
    )


def check_length(model: GenreModel, length: int | None) -> None:
    """Refuse a model that hears another length than is asked for, in samples; None asks for nothing.

    Raises
    ------
    UserError
        naming both lengths.
    """
    if length is not None and length != model.length:
        rate = model.sample_rate
        raise UserError(
            f"the model hears {model.length / rate:.2f} s at once, and --audio-length is {length / rate:.2f} s: leave "
            "it out, for the model knows its own"
        )
