"""Where things lie in a checkout; everything else takes these as defaults of arguments."""

from pathlib import Path

__all__ = ["AUDIO", "AUDIO_GENERATED", "EXPORT", "REFERENCE_MODELS", "RESULTS", "ROOT"]

ROOT = Path(__file__).resolve().parents[1]
AUDIO = ROOT / "audio"
AUDIO_GENERATED = ROOT / "audio_generated"
REFERENCE_MODELS = ROOT / "reference_models"
RESULTS = ROOT / "results"
EXPORT = ROOT / "export"
