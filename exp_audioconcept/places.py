"""Where things lie, as in the original: below the folder of the experiment."""

from audiokit.paths import ROOT

__all__ = ["FEATURES", "FIGURES", "GTZAN", "MODELS", "PROCESSED", "REPORTS", "RUNS", "SAMPLES", "STORES"]

FOLDER = ROOT / "exp_audioconcept"
DATA = FOLDER / "data"
GTZAN = DATA / "raw" / "gtzan"
"""Holds `genres/<genre>/<genre>.NNNNN.wav`."""
SAMPLES = DATA / "raw" / "sample_audio"
FEATURES = DATA / "raw" / "features_30_sec.csv"
"""The published table."""
PROCESSED = DATA / "processed"
STORES = DATA / "interim"
MODELS = FOLDER / "models"
RUNS = FOLDER / "runs"
"""For TensorBoard."""
REPORTS = FOLDER / "reports"
FIGURES = REPORTS / "figures"
