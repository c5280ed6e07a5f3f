"""Whatever disturbs a script, what it leaves is whole, and the same command ends as if nothing had been.

Kills at moments that are drawn, two of the same command within a second, and a reader that goes away. The commands are
those that make files of people's own recordings and levels; each uses what the others of its kind use.
"""

import os
import random
import re
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from audio_fixtures import save_yamnet, scene, write
from broken_recordings import write_broken
from dataset_fixtures import make
from sensor_fixtures import make_levels, write_npy
from undisturbed import contents, killed_after, start, status_of

import generate_audio
import predict_third_octave
from audiokit.labels import prediction
from audiokit.labels.clip_store_creation import StoredClip, create_clip_store
from audiokit.paths import ROOT
from audiokit.reports.figures import new_figure
from audiokit.sound.audio import load
from audiokit.storage.row_arrays import RowArray
from exp_train_model import make_scenes
from spectral_transcoder.datasets import scenes
from spectral_transcoder.datasets.dataset_recipe import Recipe
from spectral_transcoder.datasets.dataset_split import Ratios

N_KILLS = 6
"""Of each command."""

COMMANDS = ["generate", "tag", "predict", "scenes", "dataset", "store"]
TWICE_IS_REFUSED = {"dataset", "store"}
"""Commands of which the second may end with a line in place of waiting."""


class Loudness:
    """Hears how loud it is, in place of a network."""

    name, labels = "loudness", ("quiet", "loud")
    sample_rate, length, hop, context, normalise = 8000, 4000, 2000, 0, True

    def __call__(self, pieces):
        loud = np.abs(pieces).mean(axis=1)
        return np.stack([1 - loud, loud], axis=1)


class Peaks:
    """The peak of each second, in place of what a network sees."""

    arrays: ClassVar = {"peak": RowArray((1,), "full scale")}

    def n_rows(self, n_samples, sample_rate):
        return n_samples // sample_rate

    def __call__(self, path):
        time.sleep(0.05)
        samples = load(path, sample_rate=8000, normalise=False)
        return {"peak": np.abs(samples[: len(samples) // 8000 * 8000].reshape(-1, 8000)).max(axis=1, keepdims=True)}

    def description(self):
        return {"peaks": 1}


@pytest.fixture
def commands(tmp_path, monkeypatch):
    """Name of a command → a function of an output folder that runs it and gives its exit status."""
    monkeypatch.setattr(scenes, "SceneRecipe", partial(scenes.SceneRecipe, seconds=1))
    for place in (
        "spectral_transcoder.listening.figures.spectrogram_figure",
        "spectral_transcoder.listening.generate.spectrogram_figure",
        "spectral_transcoder.sensor.tagging.sensor_figure",
        "audiokit.labels.prediction.scores_figure",
    ):
        monkeypatch.setattr(place, lambda *_, **__: new_figure(1, 1))
    monkeypatch.setattr("spectral_transcoder.sensor.prediction.SECONDS_HELD", 5)
    models = ["--models", str(save_yamnet(tmp_path / "models"))]
    sounds = [write(tmp_path / f"in/{number}.wav", scene(2, seed=number)) for number in range(3)]
    levels = write_npy(tmp_path / "levels.npy", make_levels(8 * 20))
    names = [str(path) for path in sounds]
    recipe = Recipe(ratios=Ratios(1, 0, 0), teachers=("YamNet",))

    def generate(output):
        options = ["--transcoders", "pinv", "--teacher", "YamNet", "--iterations", "1", "--output", str(output)]
        return generate_audio.main([*names[:2], *models, *options])

    def tag(output):
        options = ["--teacher", "YamNet", "--transcoder", "pinv", "--device", "cpu", "--output", str(output)]
        return predict_third_octave.main([str(levels), *models, *options])

    def predict(output):
        return prediction.predict_all(Loudness(), names, output)

    def make_some_scenes(output):
        return make_scenes.main([str(tmp_path / "in"), "--output", str(output), "--scenes", "3", "--workers", "1"])

    def dataset(output):
        return 0 if make(tmp_path / "in", output, recipe=recipe, workers=1)[1].is_complete else 1

    def store(output):
        output.mkdir(exist_ok=True)
        clips = [StoredClip(path, path.name) for path in sounds]
        columns = {"length": [2] * len(clips)}
        return 0 if create_clip_store(output / "a.h5", clips, Peaks(), columns=columns, workers=1).is_complete else 1

    made = (generate, tag, predict, make_some_scenes, dataset, store)
    return dict(zip(COMMANDS, made, strict=True))


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_that_is_killed_at_random_ends_as_undisturbed(tmp_path, commands, name):
    command, draw = commands[name], random.Random(name)
    begun = time.monotonic()
    assert status_of(start(partial(command, tmp_path / "one"))) == 0
    seconds = time.monotonic() - begun
    for _ in range(N_KILLS):
        killed_after(partial(command, tmp_path / "two"), draw.uniform(0, 0.9) * seconds)
    assert status_of(start(partial(command, tmp_path / "two"))) == 0
    assert contents(tmp_path / "two") == contents(tmp_path / "one")


@pytest.mark.parametrize("name", COMMANDS)
def test_two_of_a_command_at_once_make_what_one_makes_and_both_end(tmp_path, commands, name):
    command = partial(commands[name], tmp_path / "two")
    assert status_of(start(partial(commands[name], tmp_path / "one"))) == 0
    both = [start(command)]
    time.sleep(0.1)
    both.append(start(command))
    statuses = [status_of(process) for process in both]
    assert set(statuses) <= ({0, 1} if name in TWICE_IS_REFUSED else {0})
    assert 0 in statuses
    assert contents(tmp_path / "two") == contents(tmp_path / "one")


# Broken recordings: generate_audio.py and create_mel_tho_dataset.py are in test_one_bad_file.py


def test_of_thirty_broken_recordings_each_is_heard_or_told(tmp_path, capsys):
    broken = write_broken(tmp_path / "in", 30, seed=23)
    whole = write(tmp_path / "whole.wav", scene(1))
    names = [str(path) for path in (*broken, whole)]
    status = prediction.predict_all(Loudness(), names, tmp_path / "out")
    told = capsys.readouterr().err
    refused = set(re.findall(r"^error: .*?(\d\d)\.\w+", told, re.MULTILINE))
    done = {path.parent.name for path in (tmp_path / "out").rglob("index.html")}
    assert done.isdisjoint(refused)
    assert done | refused == {path.stem for path in broken} | {"whole"}
    assert status == (1 if refused else 0)
    assert len(refused) > 3
    assert not [path for path in (tmp_path / "out").rglob("*") if ".part" in path.name or ".lock" in path.name]


def test_of_thirty_broken_recordings_a_store_has_those_that_can_be_read(tmp_path):
    paths = [*write_broken(tmp_path / "in", 30, seed=29), write(tmp_path / "whole.wav", scene(1))]
    clips = [StoredClip(path, path.name) for path in paths]
    summary = create_clip_store(tmp_path / "a.h5", clips, Peaks(), columns={}, workers=1, skip_errors=True)
    assert summary.is_complete
    empty = [note for note in summary.notes if " has 0 of the " in note]
    assert summary.n_clips + len(summary.unreadable) + len(summary.short) + len(empty) == len(paths)
    assert all(name in reason for name, reason in summary.unreadable.items())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.h5", "in", "whole.wav"]


# Every script there is


def scripts():
    """All that people call, as git knows them."""
    found = subprocess.run(
        ["git", "grep", "-l", "cli.run(", "--", "*.py"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return sorted(name for name in found.stdout.split() if not name.startswith(("audiokit", "tests", "benchmarks")))


def printing_to(descriptor, *command):
    return subprocess.run(
        [sys.executable, *command], cwd=ROOT, stdout=descriptor, stderr=subprocess.PIPE, text=True, check=False
    )


def test_no_script_minds_a_reader_that_goes_away():
    """As with `script.py --help | head -1`."""
    assert len(scripts()) > 40
    for name in scripts():
        reader, writer = os.pipe()
        os.close(reader)
        done = printing_to(writer, name, "--help")
        os.close(writer)
        assert (name, done.stderr) == (name, "")
        assert done.returncode in (0, 141)


@pytest.mark.parametrize(
    "command", [["download_pretrained_models.py", "--list"], ["exp_train_model/main_doce_training.py", "-p"]]
)
def test_lists_that_nobody_reads_to_the_end_are_no_error(command):
    reader, writer = os.pipe()
    os.close(reader)
    done = printing_to(writer, *command)
    os.close(writer)
    assert (done.stderr, done.returncode) == ("", 141)


def test_where_the_disk_is_full_even_a_list_ends_with_a_line():
    if not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full")
    with open("/dev/full", "w") as full:
        done = printing_to(full, "download_pretrained_models.py", "--list")
    assert done.stderr == "error: the disk is full (while writing): free some space and run again\n"
    assert done.returncode == 1
