"""Where things lie, as in the original: below the root of the checkout."""

from audiokit.paths import ROOT

__all__ = ["AUDIO", "FILES", "FOLDER", "FOLDS", "NEW_FOLDS", "SINGERS", "STORE"]

FOLDER = ROOT / "EMVD"
"""Of the data set."""
AUDIO = FOLDER / "audio"
FILES = FOLDER / "metadata_files.csv"
SINGERS = FOLDER / "metadata_singers.csv"
FOLDS = FOLDER / "split_kfolds.csv"
NEW_FOLDS = ROOT / "new_split_kfolds.csv"
STORE = ROOT / "mel_dataset" / "mel_dataset_kfold.h5"
"""Of chunks; both data sets are this one file."""
