"""Recordings laid out as datasets, and what is in the datasets made of them."""

import csv

import h5py
import numpy as np
from audio_fixtures import scene, write

from spectral_transcoder.datasets.chunk_dataset import SPLITS, dataset_path
from spectral_transcoder.datasets.chunk_extraction import create_dataset
from spectral_transcoder.datasets.dataset_recipe import Recipe
from spectral_transcoder.datasets.dataset_split import find_audio_dataset

TAU = "TAU-urban-acoustic-scenes-2020-mobile-development"
CITIES = ("london", "lyon", "milan", "paris", "stockholm", "vienna", "lisbon", "prague", "barcelona", "helsinki")
SCENES = ("airport", "bus", "metro", "park", "street_traffic")


def write_tables(folder, rows):
    """TAU's tables, a fifth of the (name, scene) rows for evaluation."""
    setup = folder / "evaluation_setup"
    setup.mkdir(parents=True, exist_ok=True)
    for name, part in (("fold1_train.csv", rows[len(rows) // 5 :]), ("fold1_evaluate.csv", rows[: len(rows) // 5])):
        with open(setup / name, "w", encoding="utf-8", newline="") as file:
            csv.writer(file, delimiter="\t").writerows([("filename", "scene_label"), *part])
    return folder


def tau_rows(n_files, device="a"):
    names = [(SCENES[n % len(SCENES)], CITIES[n % len(CITIES)], n) for n in range(n_files)]
    return [(f"audio/{scene_}-{city}-{n}-{n}-{device}.wav", scene_) for scene_, city, n in names]


def write_tau(parent, n_files, *, seconds=2, device="a"):
    """A tiny dataset in TAU's layout; gives the folder that it lies in."""
    rows = tau_rows(n_files, device)
    for number, (name, _) in enumerate(rows):
        path = parent / TAU / name
        write(path, scene(seconds, 44100, seed=number), 44100, subtype="PCM_24")
    write_tables(parent / TAU, rows)
    return parent


def make(audio_path, output, *, name="chunks", recipe=None, **options):
    """Make a dataset in this process; gives its path and the summary."""
    path = dataset_path(output, name)
    audio = find_audio_dataset(audio_path, TAU)
    return path, create_dataset(recipe or Recipe(), audio, path, **{"workers": 1} | options)


def content(path):
    """All that a dataset holds but the date, in a form that can be compared."""
    with h5py.File(path) as file:
        found = {"attributes": attributes(file)}
        for split in SPLITS:
            found[f"{split} attributes"] = attributes(file[split])
            for key, array in file[split].items():
                values = array[:]
                found[f"{split}/{key}"] = values.tolist() if array.ndim == 1 else (values.dtype, values.tobytes())
                found[f"{split}/{key} attributes"] = attributes(array)
    return found


def attributes(thing):
    return {
        key: value.tolist() if isinstance(value, np.ndarray | np.generic) else value
        for key, value in thing.attrs.items()
        if key != "date"
    }
