"""Labelled recordings laid out as the published datasets, and models that score them."""

import csv

import numpy as np
import torch
from audio_fixtures import noise, save_transcoders, save_yamnet, scene, write
from recipe import fill

from efficientat.teacher import create
from exp_classif_eval.labelled_datasets import dataset_named
from exp_classif_eval.labelled_datasets.sonyc_ust import COLUMNS

URBAN = dataset_named("URBAN-SOUND-8K")
SONYC = dataset_named("SONYC-UST")

URBAN_FORMATS = ((1.2, 44100, 1), (1.7, 22050, 1), (1, 48000, 2))
"""Seconds, sample rate and channels."""


def write_urbansound8k(parent, *, folds=(1, 2, 3), clips_per_fold=10):
    """Clips of all classes in several formats, and one in each fold that is shorter than a second; gives `parent`."""
    folder = parent / "URBAN-SOUND-8K"
    rows = []
    for fold in folds:
        for number in range(clips_per_fold + 1):
            class_id = number % len(URBAN.classes)
            seconds, rate, channels = URBAN_FORMATS[number % 3] if number < clips_per_fold else (0.9, 32000, 1)
            name = f"{1000 * fold + number}-{class_id}-0-0.wav"
            sound = scene(seconds, rate, seed=1000 * class_id + fold)
            write(folder / "audio" / name, np.stack([sound] * channels, axis=1), rate)
            rows.append([name, 1000 * fold, 0, seconds, 1, fold, class_id, URBAN.classes[class_id].partition("_")[2]])
    header = ["slice_file_name", "fsID", "start", "end", "salience", "fold", "classID", "class"]
    write_table(folder / "metadata" / "UrbanSound8K.csv", [header, *rows])
    return parent


SONYC_SPLITS = ("train", "train", "test", "train", "test", "validate")


def write_sonyc(parent, *, n_clips=18):
    """Clips with about two classes each by three annotators and the team, in all splits; gives `parent`."""
    folder = parent / "SONYC-UST"
    generator = np.random.default_rng(0)
    rows = []
    for number in range(n_clips):
        name = f"00_{number:06}.wav"
        write(folder / "audio" / name, scene(1.5, seed=number), subtype="PCM_16")
        present = (generator.random(8) < 0.3) | (np.arange(8) == number % 8)
        split = SONYC_SPLITS[number % len(SONYC_SPLITS)]
        for annotator in (101, 102, 103, 0):
            says = present if annotator == 0 else present ^ (generator.random(8) < 0.1)
            rows.append([split, 1, name, annotator, *says.astype(int)])
    write_table(folder / "annotations.csv", [["split", "sensor_id", "audio_filename", "annotator_id", *COLUMNS], *rows])
    return parent


def write_esc(parent, *, folds=(1, 2)):
    """ESC-10's clips, one of each class in a fold; gives `parent`."""
    classes = dataset_named("ESC-10").classes
    rows = []
    for fold in folds:
        for target, category in enumerate(classes):
            rows.append([f"{fold}-{target}-A-{target}.wav", fold, target, category, True])
            write(parent / "ESC-50" / "audio" / rows[-1][0], scene(1.2, seed=10 * target + fold))
    write_table(parent / "ESC-50" / "meta" / "esc50.csv", [["filename", "fold", "target", "category", "esc10"], *rows])
    return parent


def write_table(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    return path


def save_models(folder):
    """Save a YAMNet, its CNNs and the smallest EfficientAT network, all with random weights; gives `folder`."""
    save_transcoders(save_yamnet(folder))
    path = folder / "efficientat" / "mn01_as_mAP_298.pt"
    path.parent.mkdir()
    torch.save(fill(create("mn01_as").network, linear_factor=0.1).state_dict(), path)
    return folder


def write_clips(folder, n_clips, *, seconds=1):
    """UrbanSound8K with so many clips of white noise in one fold, as quickly as can be; gives `folder`."""
    header = ["slice_file_name", "fold", "classID", "class"]
    rows = [[f"{number}.wav", 1 + number % 2, 0, "air_conditioner"] for number in range(n_clips)]
    for number, (name, *_) in enumerate(rows):
        write(folder / "URBAN-SOUND-8K" / "audio" / name, noise(round(16000 * seconds), seed=number), 16000)
    write_table(folder / "URBAN-SOUND-8K" / "metadata" / "UrbanSound8K.csv", [header, *rows])
    return folder
