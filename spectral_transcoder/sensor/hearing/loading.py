"""A teacher, a transcoder and taggers from their files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from audiokit.devices import can_mix_precision
from audiokit.errors import UserError
from audiokit.learning.inference import quicken
from audiokit.paths import ROOT
from spectral_transcoder.hearing import BESIDE_TAGGER, FOR_SENSORS, beside_tagger_in_sensors, find_tagger, load_tagger
from spectral_transcoder.listening.generate import prepare, transcoder_folders
from spectral_transcoder.sensor.hearing.listener import TAGGER
from spectral_transcoder.sensor.hearing.predictor import BLOCK_SECONDS, Predictor
from spectral_transcoder.transcoders.store import find_transcoders, load_transcoder
from spectral_transcoder.transcoders.tagger import frames_in_a_second
from teachers.registry import find_weights, module_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from spectral_transcoder.transcoders.store import StoredTranscoder

__all__ = ["PREFERRED_TEACHERS", "has_tagger_by_default", "load_predictor"]

PREFERRED_TEACHERS = ("mn04_as", "YamNet", "mn10_as", "PANN")
"""The first whose weights are at hand is the default: quick ones come first, for there are years to go through."""

PREFERRED_TRANSCODERS = (FOR_SENSORS, "tcn", "cnn_logits", "cnn_mels", "pinv")

WITHOUT_TAGGER = frozenset({"mn04_as"})
"""Teachers who hear annotated sensors no better with their tagger, which is for recordings (docs/results.md)."""


def load_predictor(
    teacher: str | None = None,
    transcoder: str | None = None,
    *,
    teacher_weights: Path | None = None,
    models: Path = ROOT,
    device: str = "auto",
    block_seconds: int = BLOCK_SECONDS,
    mixed_precision: bool = False,
    foreground: bool = False,
) -> Predictor:
    """Load a teacher and a transcoder.

    Parameters
    ----------
    teacher
        name; by default the first of `PREFERRED_TEACHERS` whose weights are there.
    transcoder
        name; by default the tagger for the cadence of the levels, where there is one and the teacher hears sensors
        better with it, else the first of tcn_sensors, tcn, cnn_logits, cnn_mels and pinv that is there. Where there is
        none for the cadence, `tagger` is `tcn_sensors` or `tcn`.
    teacher_weights
        a checkpoint, in place of the one below `models`.
    models
        folder that `download_pretrained_models.py --output` was given.
    device
        auto, cpu, cuda …
    block_seconds
        of a row of scores, whole seconds.
    mixed_precision
        compute in bfloat16 where the device has it, see `Listener`.
    foreground
        score voices and birds by what stands out of the background.

    Raises
    ------
    UserError
        where the teacher's weights are missing, or there is no such transcoder or device.
    """
    models = Path(models)
    name = teacher or next((name for name in PREFERRED_TEACHERS if find_weights(name, models)), PREFERRED_TEACHERS[0])
    stored = find_transcoders(name, transcoder_folders(models))
    beside = beside_tagger_in_sensors(stored)
    taggers = _wanted_taggers(name, transcoder, models) if beside in stored else {}
    if transcoder == TAGGER and not taggers:
        raise UserError(f"no tagger for {name} is here: name another transcoder, or a teacher that has one")
    wanted = _wanted_transcoders(transcoder, stored, beside)
    loaded = prepare(teacher=name, teacher_weights=teacher_weights, transcoders=wanted, models=models, device=device)
    if loaded.teacher is None:
        raise UserError(_no_weights(name))
    at_hand = dict(loaded.transcoders)
    if not transcoder and beside in stored and beside not in at_hand:
        at_hand[beside] = load_transcoder(stored[beside]).to(loaded.device)
    if taggers:
        at_hand[TAGGER] = at_hand[beside]
    chosen = transcoder or next(name for name in PREFERRED_TRANSCODERS if name in at_hand)
    return Predictor(
        quicken(loaded.teacher),
        quicken(at_hand[chosen]),
        chosen,
        loaded.device,
        mixed_precision=mixed_precision and can_mix_precision(loaded.device),
        beside_tagger=beside,
        transcoders=loaded.transcoders,
        taggers={n_frames: load_tagger(stored, loaded.device) for n_frames, stored in taggers.items()},
        block_seconds=block_seconds,
        foreground=foreground,
        notes=tuple(loaded.notes) if chosen == "pinv" and not transcoder else (),
    )


def has_tagger_by_default(teacher: str) -> bool:
    """Whether sensors are heard with the tagger for a teacher, where there is one and nothing else is said."""
    return teacher not in WITHOUT_TAGGER


def _no_weights(teacher: str) -> str:
    return (
        f"the weights of {teacher} are missing, and without them there are no tags: get them with "
        f"python3 download_pretrained_models.py --only {module_of(teacher).download_name(teacher)}"
    )


def _wanted_taggers(teacher: str, transcoder: str | None, models: Path) -> dict[int, StoredTranscoder]:
    """Taggers to be heard, as far as they are here, by the frames in a second of the levels that they take."""
    if not (has_tagger_by_default(teacher) if transcoder is None else transcoder == TAGGER):
        return {}
    folders = transcoder_folders(models)
    found = {frames_in_a_second(cadence): find_tagger(teacher, cadence, folders) for cadence in ("fast", "slow")}
    return {n_frames: stored for n_frames, stored in found.items() if stored}


def _wanted_transcoders(transcoder: str | None, stored: Collection[str], beside: str) -> list[str] | None:
    """Names of the transcoders to load; None: those by which sound is made."""
    if transcoder == TAGGER:
        # What is for sensors is no pleasure to listen to.
        return [*([BESIDE_TAGGER] if BESIDE_TAGGER in stored else []), beside]
    return [transcoder] if transcoder else None
