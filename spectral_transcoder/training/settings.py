"""What a setting of the training experiment says of its network, its objective and its training."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audiokit.learning.optimisation.schedules import Constant, Cosine
from spectral_transcoder.datasets.chunk_dataset import mel_name
from spectral_transcoder.transcoders.store import TranscoderSettings
from teachers.registry import front_end_of

if TYPE_CHECKING:
    from audiokit.experiments.plan import Setting
    from audiokit.learning.options import Trained

__all__ = [
    "AVERAGING",
    "BATCH_SIZE",
    "LONGEST_GRADIENT",
    "SCHEDULES",
    "SEED",
    "SHARE",
    "batch_size",
    "done_settings",
    "loss_label",
    "network_settings",
    "stored_name",
    "targets",
    "transcoder_settings",
]

SEED = 0
BATCH_SIZE = 64
WINDOWS_IN_A_BATCH = 32
SCHEDULES = {"constant": Constant, "cosine": Cosine}
AVERAGING = 0.998
LONGEST_GRADIENT = 1.0
TCN_SIZES = {"tcn_nb_layers": 4, "tcn_nb_channels": 256}
TAGGER_SIZES = {"tcn_nb_layers": 3, "tcn_nb_channels": 192}
TAGGER_KEYS = ("cadence", "share")
SHARE = 0.4
"""Of a tagger that is trained to be heard beside `tcn`."""

PAPER_CNN_SIZES = {"cnn_kernel_size": 5, "cnn_dilation": 1, "cnn_nb_layers": 5, "cnn_nb_channels": 64}


def batch_size(setting: Setting) -> int:
    """Seconds, or for a tagger windows of up to ten seconds."""
    return WINDOWS_IN_A_BATCH if setting["transcoder"] == "tagger" else BATCH_SIZE


def loss_label(setting: Setting) -> str:
    """What is minimised, for the axis of a figure."""
    if setting["ts"] == 0:
        return "mean squared error of the Mel spectrogram"
    if setting.get("objective") in ("distillation", "likelihood"):
        return {"distillation": "weighted sum of all losses", "likelihood": "negative logarithm of the likelihood"}[
            setting["objective"]
        ]
    if setting["transcoder"] == "tagger":
        return "weighted sum of all losses"
    if setting.get("prop_logit", 100) == 100:
        return "binary cross-entropy of the scores"
    return "weighted sum of both losses"


def network_settings(setting: Setting) -> dict[str, object]:
    """Content of the settings file, under the paper's keys."""
    front_end = front_end_of(setting["classifier"])
    left_out = {"tcn_pinv": TAGGER_KEYS, "tagger": ()}.get(setting["transcoder"], ("tcn_", *TAGGER_KEYS))
    described = {
        key: value for key, value in vars(transcoder_settings(setting)).items() if not key.startswith(tuple(left_out))
    }
    return described | {
        "input_shape": [8, 29] if setting["transcoder"] in ("mlp", "tagger") else [8, 64],
        "output_shape": [front_end.chunk_frames, front_end.n_mels],
        "batch_size": batch_size(setting),
        "epochs": setting["epoch"],
        "settings": {"dataset": setting["dataset"], "plan": setting.plan, "identifier": setting.identifier()},
    }


def done_settings(setting: Setting, trained: Trained, *, batch_size: int) -> dict[str, object]:
    """The same of a training that has been done, which may have had other batches and epochs."""
    return network_settings(setting) | {
        "batch_size": batch_size,
        "epochs": trained.epochs,
        "steps": len(trained.losses["losses_train"]),
        "kept_epoch": trained.kept_epoch,
    }


def transcoder_settings(setting: Setting) -> TranscoderSettings:
    """Architecture of the setting's network."""
    return TranscoderSettings(
        model_type=setting["transcoder"],
        mels_type=setting["classifier"],
        **_sizes(setting),
        mlp_hl_1=setting.get("hidden1"),
        mlp_hl_2=setting.get("hidden2"),
        cadence=setting.get("cadence"),
        share=SHARE if setting.get("beside") else None,
    )


def _sizes(setting: Setting) -> dict[str, int | None]:
    """Of a network: the setting's factors, or where it has none those that the plan `generalise` is about."""
    if setting["transcoder"] == "tcn_pinv":
        return TCN_SIZES
    if setting["transcoder"] == "tagger":
        return TAGGER_SIZES
    if setting.plan == "generalise":
        return PAPER_CNN_SIZES
    factors = ("kernel_size", "dilation", "nb_layers", "nb_channels")
    return {f"cnn_{name}": setting.get(name) for name in factors}


def targets(setting: Setting) -> tuple[str, ...]:
    """What the objective compares with: the Mel spectrogram, the teacher's scores as they are stored, or both.

    A tagger that is trained beside `tcn` compares with what the teacher hears through that besides.
    """
    if setting["ts"] == 0:
        return ("mel",)
    objective = setting.get("objective")
    if setting.get("beside"):
        return ("scores", "transcoded")
    if objective is None:
        return ("scores",) if setting.get("prop_logit", 100) == 100 else ("mel", "scores")
    # What is made anew in each epoch the teacher has not scored yet.
    return ("scores",) if objective == "scores" and not setting.get("augmentation") else ("mel",)


def stored_name(name: str, classifier: str) -> str:
    """Name in the dataset's file."""
    return mel_name(classifier) if name == "mel" else name
