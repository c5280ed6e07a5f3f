"""The comparison from recordings to the printed tables, with a small network for each transcoder."""

import csv
import re
from collections import Counter

import numpy as np
import pytest
import torch
import transcoding_quality
import yaml
from audio_fixtures import SMALL_TCN, save_transcoders, save_yamnet, scene, write
from quality.evaluation_sets import find_set
from quality.heard_seconds import hear
from safetensors.torch import save_file

from audiokit import cli
from spectral_transcoder.datasets.chunk_features import ChunkFeatures
from spectral_transcoder.pinv import Pinv
from spectral_transcoder.training import metrics
from spectral_transcoder.transcoders.store import (
    TranscoderSettings,
    build_transcoder,
    find_transcoders,
    load_transcoder,
)
from teachers.registry import load_teacher

N_CLASSES = 3
TARGETS = (0, 1, 10)
"""Of ESC-10's classes, dog, rooster and rain."""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Models, eighteen clips of ESC-10 in three folds, and three other recordings."""
    folder = tmp_path_factory.mktemp("quality")
    save_transcoders(save_yamnet(folder))
    for fold in (1, 2, 3):
        for number in range(6):
            name = f"{fold}-{10 * fold + number}-A-{TARGETS[number % N_CLASSES]}.wav"
            write(folder / "esc" / name, scene(1.5 + number % 2, seed=10 * fold + number))
    for number in range(3):
        write(folder / "street" / f"street_{number}.flac", scene(1 + number, seed=number))
    write(folder / "street" / "short.wav", scene(0.5))
    return folder


def train(folder, seed, *heard):
    """Leave a tcn with random weights that was trained on some recordings."""
    torch.manual_seed(seed)
    settings = SMALL_TCN | {"mels_type": "YamNet", "name": "tcn", "training_recordings": "heard.csv"}
    folder.mkdir(parents=True)
    network = build_transcoder(TranscoderSettings(**SMALL_TCN, mels_type="YamNet"))
    save_file(network.state_dict(), folder / "tcn.safetensors")
    (folder / "tcn.yaml").write_text(yaml.safe_dump(settings))
    (folder / "heard.csv").write_text("\n".join(["recording", *map(str, heard)]))


def run(place, folder, *options):
    """Status of the command, with the models of the place."""
    arguments = [*map(str, folder if isinstance(folder, list) else [folder])]
    arguments += ["--teachers", "YamNet", "--models", str(place), *map(str, options)]
    return cli.run(transcoding_quality.main, arguments)


def measured(place, folder, tmp_path, *options):
    """Figures by transcoder and measure."""
    assert run(place, folder, "--csv", tmp_path / "all.csv", *options) == 0
    with open(tmp_path / "all.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {(row["transcoder"], row["measure"]): float(row["value"]) for row in rows}, rows


def by_hand(place, folder, *, transcoder, match="*"):
    """Scores of the teacher and through a transcoder, and the recording of each second."""
    teacher = load_teacher("YamNet", folder=place)
    heard = hear(find_set(place / folder, match=match).recordings, ChunkFeatures(["YamNet"]))
    with torch.inference_mode():
        mel = transcoder(heard.arrays["third_octave"])
        expected, scores = (teacher.scores(one).numpy() for one in (heard.arrays["mel_yamnet"], mel))
    mel_mse = (mel - heard.arrays["mel_yamnet"]).square().mean(dim=(1, 2)).numpy()
    return expected, scores, mel_mse, heard.files


def test_figures_are_those_of_the_networks(place, tmp_path):
    found, rows = measured(place, place / "street", tmp_path, "--transcoders", place / "reference_models")
    transcoders = {
        name: load_transcoder(stored)
        for name, stored in find_transcoders("YamNet", [place / "reference_models"]).items()
    }
    for title, transcoder in {"PINV": Pinv(load_teacher("YamNet", folder=place).front_end), **transcoders}.items():
        expected, scores, mel_mse, files = by_hand(place, "street", transcoder=transcoder)
        assert len(files) == 1 + 2 + 3
        assert found[title, "BCE"] == pytest.approx(metrics.logit_bce(expected, scores, files).mean(), rel=1e-5)
        assert found[title, "KL"] == pytest.approx(metrics.logit_kl(expected, scores, files).mean(), rel=1e-4)
        assert found[title, "Mel MSE, seconds"] == pytest.approx(mel_mse.mean(), rel=1e-5)
        agree = 100 * metrics.same_top_class(expected, scores, files).mean()
        assert found[title, "same top class (%)"] == pytest.approx(agree)
    assert {row["recordings"] for row in rows} == {"3"}
    assert {row["transcoder"] for row in rows} == {"teacher itself", "PINV", *transcoders}


def test_the_teacher_itself_is_the_ceiling(place, tmp_path):
    found, _ = measured(place, place / "street", tmp_path)
    itself = {measure: value for (title, measure), value in found.items() if title == "teacher itself"}
    assert all(value == 100 for measure, value in itself.items() if "%" in measure)
    assert itself["KL"] == itself["Mel MSE"] == itself["KL, seconds"] == 0
    assert 0 < itself["BCE"] <= found["PINV", "BCE"]


def test_a_table_for_each_set_is_printed_and_written(place, tmp_path, capsys):
    folders = [place / "street", place / "esc"]
    assert run(place, folders, "--transcoders", place / "reference_models", "--markdown", tmp_path / "all.md") == 0
    printed = capsys.readouterr().out
    assert (tmp_path / "all.md").read_text(encoding="utf-8").strip() == printed.strip()
    street, esc = (text for text in re.split(r"(?=YamNet, )", printed) if text)
    assert street.startswith("YamNet, street: 3 recordings, 6 seconds (left out, as silent or shorter than one: 1); ")
    assert esc.startswith("YamNet, esc: 18 recordings, 27 seconds; classes of ESC-10; ")
    assert "head (%)" in esc and "head (%)" not in street
    for text in (street, esc):
        lines = [line for line in text.splitlines() if line.startswith("|")]
        assert len({line.count("|") for line in lines}) == 1
        assert [line.split(" | ")[0].strip("| ") for line in lines[2:]] == [
            "teacher itself", "PINV", "cnn_logits", "cnn_mels", "tcn",
        ]  # fmt: skip


def test_the_heading_tells_what_who_always_says_the_same_would_reach(place, capsys):
    teacher = load_teacher("YamNet", folder=place)
    expected, _, _, files = by_hand(place, "esc", transcoder=Pinv(teacher.front_end))
    (label, n_most), *_ = Counter(metrics.top_class(expected, files).tolist()).most_common()
    assert run(place, place / "esc", "--transcoders", place / "reference_models") == 0
    assert f"; {100 * n_most / 18:.3g} % are {teacher.labels[label]} to the teacher\n" in capsys.readouterr().out


# Overlap


def folds_of(place):
    return {fold: [one.source for one in find_set(place / "esc", match=f"{fold}-*").recordings] for fold in (1, 2, 3)}


def test_a_cross_validation_is_one_row_of_what_each_did_not_hear(place, tmp_path):
    folds = folds_of(place)
    for fold, unheard in folds.items():
        heard = [source for sources in folds.values() if sources is not unheard for source in sources]
        train(tmp_path / f"fold{fold}", fold, *heard)
    folders = [tmp_path / f"fold{fold}" for fold in folds]
    found, rows = measured(place, place / "esc", tmp_path, "--transcoders", *folders)
    assert {row["transcoder"] for row in rows} == {"teacher itself", "PINV", "tcn (3 trainings)"}
    values = []
    for fold, folder in zip(folds, folders, strict=True):
        network = load_transcoder(find_transcoders("YamNet", [folder])["tcn"])
        expected, scores, _, files = by_hand(place, "esc", transcoder=network, match=f"{fold}-*")
        values.append(metrics.logit_bce(expected, scores, files))
    assert found["tcn (3 trainings)", "BCE"] == pytest.approx(np.concatenate(values).mean(), rel=1e-5)
    assert len({round(value.mean(), 9) for value in values}) == 3
    assert ("tcn (3 trainings)", "head (%)") in found


def test_what_was_trained_on_is_an_error_before_anything_is_measured(place, tmp_path, capsys):
    train(tmp_path / "mine", 0, *folds_of(place)[1])
    assert run(place, [place / "street", place / "esc"], "--transcoders", tmp_path / "mine") == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith(
        "error: tcn for YamNet was trained on 6 of the 18 recordings of esc, the first of them 1-10"
    )
    assert told.err.count("\n") == 1


def test_or_it_is_left_out_and_the_row_says_so(place, tmp_path):
    folds = folds_of(place)
    train(tmp_path / "mine", 0, *folds[1], *folds[2])
    options = ("--transcoders", tmp_path / "mine", "--leave_out_heard")
    found, rows = measured(place, place / "esc", tmp_path, *options)
    title = "tcn (6 of 18 recordings)"
    network = load_transcoder(find_transcoders("YamNet", [tmp_path / "mine"])["tcn"])
    expected, scores, _, files = by_hand(place, "esc", transcoder=network, match="3-*")
    assert found[title, "BCE"] == pytest.approx(metrics.logit_bce(expected, scores, files).mean(), rel=1e-5)
    assert (title, "groups (%)") in found
    assert (title, "head (%)") not in found  # of one fold
    assert {row["recordings"] for row in rows if row["transcoder"] == "PINV"} == {"18"}


def test_where_nothing_is_left_the_row_is_empty(place, tmp_path, capsys):
    train(tmp_path / "mine", 0, *(source for sources in folds_of(place).values() for source in sources))
    assert run(place, place / "esc", "--transcoders", tmp_path / "mine", "--leave_out_heard") == 0
    (line,) = (line for line in capsys.readouterr().out.splitlines() if "tcn" in line)
    assert set(line.split(" | ")[2:]) == {"–", "– |"}


# What can go wrong


@pytest.mark.parametrize(
    ("folders", "options", "message"),
    [
        (["nowhere"], [], "there is no folder .*nowhere"),
        (["street"], ["--match", "5-*"], r"no recordings in .*street are called 5-\*"),
        (["street"], ["--match", "short*"], "street: no recording has a whole second that is not silent"),
        (["street"], ["--teachers", "mn04_as"], "the weights of mn04_as are missing"),
        (["street"], ["--teachers", "VGGish"], "unknown teacher 'VGGish'"),
        (["street"], ["--teachers", "YamNet", "mn04_as", "--teacher_weights", "a.pth"], "--teacher_weights is of one"),
    ],
)
def test_what_a_user_can_mend_is_told_in_one_line(place, capsys, folders, options, message):
    assert run(place, [place / folder for folder in folders], *options) == 1
    told = capsys.readouterr().err
    assert re.match(f"error: .*{message}", told)
    assert told.count("\n") == 1
