"""Trained transcoders on disk: ours in `reference_models/`, the paper's where the download leaves them.

A trained transcoder is two files: weights (`.safetensors`, or the paper's `<identifier>_model`) and a YAML file of
settings with the paper's keys beside them (`<stem>.yaml`, or `<identifier>_model_settings.yaml`). The settings may name
a third, `training_recordings`: a CSV file beside them whose column `recording` lists what it was trained on.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING

import yaml

from audiokit.errors import UserError
from audiokit.files import make_folder, write_whole
from audiokit.learning.checkpoints import load_state_dict, read_tensors
from audiokit.paths import REFERENCE_MODELS, ROOT
from spectral_transcoder.transcoders.cnn import CNNPinv
from spectral_transcoder.transcoders.mlp import MLP, MLPPinv
from spectral_transcoder.transcoders.students import EfficientNetStudent, SelfStudent
from spectral_transcoder.transcoders.tagger import Tagger
from spectral_transcoder.transcoders.tcn import TCNPinv
from teachers.registry import labels_of, module_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    import torch
    from torch import nn

__all__ = [
    "SEARCHED_FOLDERS",
    "StoredTranscoder",
    "TranscoderSettings",
    "build_transcoder",
    "find_transcoders",
    "load_transcoder",
    "read_recordings",
    "save_transcoder",
    "short_name",
]

SEARCHED_FOLDERS = (REFERENCE_MODELS, ROOT / "paper_transcoders")
"""Ours come before the paper's."""

MODEL_TYPES = ("cnn_pinv", "tcn_pinv", "mlp", "mlp_pinv", "self", "effnet_b0", "effnet_b7", "tagger")
PAPER_SETTINGS_SUFFIX = "_model_settings.yaml"
TRAINING_RECORDINGS = "training_recordings"
RECORDING = "recording"
"""Key of the settings."""


@dataclass(frozen=True)
class TranscoderSettings:
    """What a settings file says of the network, under the paper's keys."""

    model_type: str
    """cnn_pinv, tcn_pinv, mlp, mlp_pinv, self, effnet_b0, effnet_b7 or tagger"""

    mels_type: str
    """Name of the teacher: PANN, YamNet, mn04_as …"""

    cnn_kernel_size: int | None = None
    cnn_dilation: int | None = None
    cnn_nb_layers: int | None = None
    cnn_nb_channels: int | None = None
    tcn_nb_layers: int | None = None
    tcn_nb_channels: int | None = None
    mlp_hl_1: int | None = None
    mlp_hl_2: int | None = None
    cadence: str | None = None
    """Of the levels that a tagger takes: fast or slow."""

    share: float | None = None
    """Of a tagger's logits in their mean with those of the teacher through `tcn`; None or 1: it speaks alone."""

    @property
    def gives_mel(self) -> bool:
        """Whether the output is a Mel spectrogram, not scores."""
        return self.model_type in ("cnn_pinv", "tcn_pinv", "mlp", "mlp_pinv")


@dataclass(frozen=True)
class StoredTranscoder:
    """A trained transcoder that lies on disk."""

    name: str
    """cnn_logits, cnn_mels …"""

    settings: TranscoderSettings
    weights: Path
    recordings: Path | None = None
    """List of what it was trained on."""

    @cached_property
    def training_recordings(self) -> frozenset[str]:
        """Recordings that it was trained on, see `read_recordings`; none where there is no list.

        Raises
        ------
        UserError
            where the list is missing or none.
        """
        return read_recordings(self.recordings) if self.recordings else frozenset()


def build_transcoder(settings: TranscoderSettings) -> nn.Module:
    """Network with random weights.

    Raises
    ------
    UserError
        for an unknown type of model or teacher.
    """
    teacher_module = module_of(settings.mels_type)
    front_end = teacher_module.front_end(settings.mels_type)
    match settings.model_type:
        case "cnn_pinv":
            return CNNPinv(
                front_end,
                kernel_size=settings.cnn_kernel_size,
                dilation=settings.cnn_dilation,
                n_layers=settings.cnn_nb_layers,
                n_channels=settings.cnn_nb_channels,
            )
        case "tcn_pinv":
            return TCNPinv(front_end, n_channels=settings.tcn_nb_channels, n_layers=settings.tcn_nb_layers)
        case "mlp" | "mlp_pinv":
            network = MLP if settings.model_type == "mlp" else MLPPinv
            return network(front_end, hidden_1=settings.mlp_hl_1, hidden_2=settings.mlp_hl_2)
        case "self":
            return SelfStudent(teacher_module.create(settings.mels_type))
        case "effnet_b0" | "effnet_b7":
            n_labels = len(teacher_module.create(settings.mels_type).labels)
            return EfficientNetStudent(variant=settings.model_type.removeprefix("effnet_"), n_labels=n_labels)
        case "tagger":
            return Tagger(
                n_labels=len(labels_of(settings.mels_type)),
                cadence=settings.cadence,
                n_channels=settings.tcn_nb_channels,
                n_layers=settings.tcn_nb_layers,
            )
    raise UserError(f"unknown type of transcoder {settings.model_type!r}: {', '.join(MODEL_TYPES)}")


def find_transcoders(teacher: str, folders: Sequence[Path] = SEARCHED_FOLDERS) -> dict[str, StoredTranscoder]:
    """Trained transcoders for a teacher by name; what is in an earlier folder goes before the same name later."""
    found: dict[str, StoredTranscoder] = {}
    for folder in folders:
        for stored in _stored_in(folder):
            if stored.settings.mels_type == teacher:
                found.setdefault(stored.name, stored)
    return found


def load_transcoder(stored: StoredTranscoder) -> nn.Module:
    """Network with its trained weights, in eval mode.

    Raises
    ------
    UserError
        where the weights are damaged or not those of this network.
    """
    try:
        transcoder = build_transcoder(stored.settings)
    except (TypeError, ValueError, RuntimeError) as error:
        raise UserError(
            f"the settings beside {stored.weights} make no network ({error}): download both again"
        ) from error
    load_state_dict(transcoder, read_tensors(stored.weights), stored.weights)
    return transcoder.eval().requires_grad_(False)


def read_recordings(path: Path) -> frozenset[str]:
    """Column `recording` of a CSV file, as `soundscapes.recording_names` calls them.

    Raises
    ------
    UserError
        where the file or the column is missing.
    """
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            if RECORDING not in (rows.fieldnames or ()):
                raise UserError(f"{path} lists no recordings: it needs the column {RECORDING}")
            return frozenset(row[RECORDING] for row in rows)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"cannot read the recordings in {path} ({error}): name a csv file in UTF-8") from error


def save_transcoder(
    folder: Path,
    name: str,
    state_dict: Mapping[str, torch.Tensor],
    settings: Mapping[str, object],
    *,
    recordings: Collection[str] = (),
) -> Path:
    """Write weights and settings as ours lie in `reference_models/`.

    Parameters
    ----------
    folder
        that is made where it is not there; files are called `<teacher>_<name>`.
    name
        by which `find_transcoders` and the pages call it.
    settings
        fields of `TranscoderSettings`, and whatever else a reader may want to know.
    recordings
        what it was trained on, as `read_recordings` gives it; none: there is no list.

    Returns
    -------
    Path
        of the weights.
    """
    from safetensors.torch import save

    weights = make_folder(folder) / f"{settings['mels_type']}_{name}.safetensors"
    if recordings:
        copied = weights.with_name(f"{weights.stem}_recordings.csv")
        settings = {**settings, TRAINING_RECORDINGS: copied.name}
        with write_whole(copied) as partial, open(partial, "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow([RECORDING])
            writer.writerows([name] for name in sorted(recordings))
    # Settings before weights: without these beside them they are passed over.
    with write_whole(weights.with_suffix(".yaml")) as partial:
        partial.write_text(yaml.safe_dump({"name": name, **settings}, sort_keys=False), encoding="utf-8")
    with write_whole(weights) as partial:
        partial.write_bytes(save({key: tensor.contiguous() for key, tensor in state_dict.items()}))
    return weights


def _stored_in(folder: Path) -> Iterator[StoredTranscoder]:
    for path in sorted(folder.glob("*.yaml")):
        if path.name.endswith(PAPER_SETTINGS_SUFFIX):
            identifier = path.name.removesuffix(PAPER_SETTINGS_SUFFIX)
            weights = path.with_name(f"{identifier}_model")
            name = short_name(identifier)
        else:
            weights = path.with_suffix(".safetensors")
            name = ""
        if weights.is_file():
            content = _read_yaml(path)
            name = name or content.get("name", path.stem)
            listed = content.get(TRAINING_RECORDINGS)
            recordings = path.parent / str(listed) if listed else None
            yield StoredTranscoder(name, _settings(content, path), weights, recordings)


def short_name(identifier: str) -> str:
    """Short name, such as cnn_mels, for an identifier such as `classifier=PANN+…+transcoder=cnn_pinv+ts=0`."""
    factors = dict(factor.split("=", 1) for factor in identifier.split("+") if "=" in factor)
    if factors.get("transcoder") == "tcn_pinv":
        return "tcn"
    if factors.get("transcoder") == "tagger":
        return "tagger_slow" if factors.get("cadence") == "slow" else "tagger"
    if factors.get("transcoder") != "cnn_pinv":
        return factors.get("transcoder", identifier)
    if factors.get("ts") != "1":
        return "cnn_mels"
    return "cnn_logits" if factors.get("prop_logit", "100") == "100" else "cnn_hybrid"


def _settings(content: dict, path: Path) -> TranscoderSettings:
    try:
        return TranscoderSettings(**{field.name: content.get(field.name) for field in fields(TranscoderSettings)})
    except TypeError as error:
        raise UserError(f"{path} is no settings file of a transcoder ({error})") from error


def _read_yaml(path: Path) -> dict:
    """Read a settings file; the paper's hold Python tuples, which are read as lists and nothing else is."""
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), _TupleLoader)  # noqa: S506 - a SafeLoader
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is damaged: {str(error).splitlines()[0]}; download it again") from error
    if not isinstance(content, dict) or not {"model_type", "mels_type"} <= content.keys():
        raise UserError(f"{path} is no settings file of a transcoder: model_type and mels_type are missing")
    return content


class _TupleLoader(yaml.SafeLoader):
    pass


_TupleLoader.add_constructor("tag:yaml.org,2002:python/tuple", yaml.SafeLoader.construct_yaml_seq)
