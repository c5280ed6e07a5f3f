"""Soundscapes are the same for the same number, have the levels that they should have, and differ."""

import errno
import itertools
import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import soundfile
from audio_fixtures import noise, octave_levels, scene, write

from audiokit import cli
from audiokit.errors import UserError
from exp_train_model import make_scenes
from spectral_transcoder.soundscapes import scenes
from spectral_transcoder.soundscapes.scenes import SceneRecipe, SceneWriter, collections_in, make_scene

RATE = 32000
SHORT = SceneRecipe(seconds=6)
PLAIN = SceneRecipe(
    seconds=6,
    piece_seconds=(1, 1),
    level_db=(0, 0),
    reverberant_share=0,
    noise_db=(-200, -200),
    background_share=0,
    speed=(1, 1),
    colour_db=0,
    overlap=(1, 1),
)
"""Nothing is left to chance but what is drawn."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two collections: one of two recordings, one of a single one."""
    folder = tmp_path_factory.mktemp("sounds")
    write(folder / "street" / "a.wav", scene(3, RATE, seed=1))
    write(folder / "street" / "b.flac", scene(2, 44100, seed=2), 44100)
    write(folder / "park" / "c.wav", scene(9, 16000, seed=3), 16000)
    return folder


@pytest.fixture(scope="module")
def collections(folder):
    return collections_in(list(folder.rglob("*.*")))


@pytest.fixture(autouse=True)
def no_recordings_in_memory():
    scenes._recording.cache_clear()


def alone(folder, name, samples, rate=RATE):
    return collections_in([write(folder / name, samples, rate)])


def rms_db(samples):
    return 10 * np.log10(np.mean(np.square(samples, dtype=np.float64)))


# Which scene


def test_folders_are_collections(folder, collections):
    assert collections == [[folder / "park/c.wav"], [folder / "street/a.wav", folder / "street/b.flac"]]


def test_the_same_number_makes_the_same_scene(collections):
    first = make_scene(collections, SHORT, 3)
    make_scene(collections, SHORT, 4)
    scenes._recording.cache_clear()
    assert np.array_equal(make_scene(collections, SHORT, 3), first)


def test_other_numbers_and_seeds_make_others(collections):
    made = [make_scene(collections, SHORT, number) for number in range(4)]
    made.append(make_scene(collections, replace(SHORT, seed=1), 0))
    correlations = np.abs(np.corrcoef(made))[np.triu_indices(5, 1)]
    assert correlations.max() < 0.5


@pytest.mark.parametrize("number", range(4))
def test_a_scene_has_its_duration_and_a_peak_of_one(collections, number):
    made = make_scene(collections, SHORT, number)
    assert made.shape == (6 * RATE,)
    assert made.dtype == np.float32
    assert np.abs(made).max() == 1


def test_each_folder_is_drawn_as_often(tmp_path, monkeypatch):
    for name in "abcde":
        write(tmp_path / "many" / f"{name}.wav", noise(RATE))
    write(tmp_path / "one" / "f.wav", noise(RATE))
    drawn = []
    recording = scenes._recording
    monkeypatch.setattr(scenes, "_recording", lambda path: drawn.append(path.parent.name) or recording(path))
    made = collections_in(list(tmp_path.rglob("*.wav")))
    make_scene(made, replace(PLAIN, seconds=200), 0)
    assert len(drawn) == 200
    assert 0.4 < np.mean(np.array(drawn) == "one") < 0.6


# One at a time


@pytest.mark.parametrize(("again", "times"), [(0, (0,)), (1, (0, 2.5, 5, 7.5))])
def test_where_recordings_are_alone_each_has_ten_seconds_once_or_again_and_again(tmp_path, again, times):
    recording = scene(2, RATE, seed=5)
    recipe = replace(
        PLAIN, seconds=20, piece_seconds=(2, 2), alone_share=1, again_share=again, pause_seconds=(0.5, 0.5)
    )
    made = make_scene(alone(tmp_path, "a.wav", recording), recipe, 0)
    expected = np.zeros((2, 10 * RATE), np.float32)
    for start in times:
        expected[:, int(start * RATE) :][:, : len(recording)] = recording[: 10 * RATE - int(start * RATE)]
    sounds = np.abs(expected) > 0
    for block, wanted, where in zip(made.reshape(2, -1), expected, sounds, strict=True):
        assert np.corrcoef(block, wanted)[0, 1] > 0.99  # but for the fades
        assert np.abs(block[~where]).max() < 1e-3


def test_a_share_of_the_scenes_has_no_two_recordings_at_once(tmp_path):
    for name, hertz in (("low", 200), ("high", 3000)):
        write(tmp_path / name / "tone.wav", np.sin(2 * np.pi * hertz * np.arange(9 * RATE) / RATE), RATE)
    collections = collections_in(list(tmp_path.rglob("*.wav")))
    recipe = replace(
        PLAIN, seconds=10, piece_seconds=(9, 9), overlap=(0.05, 0.05), alone_share=0.5, pause_seconds=(1, 1)
    )
    both = [np.abs(np.fft.rfft(make_scene(collections, recipe, number)))[[2000, 30000]] for number in range(40)]
    alone_ones = sum(low.min() < 1e-2 * low.max() for low in both)
    assert 12 <= alone_ones <= 28


# Levels


def test_without_chance_a_scene_is_pieces_of_the_recordings(tmp_path):
    recording = scene(1, RATE, seed=5)
    made = make_scene(alone(tmp_path, "a.wav", recording), PLAIN, 0)
    seconds = made.reshape(6, RATE)
    inside = slice(640, RATE - 640)  # but for the fades
    for second in seconds:
        assert np.corrcoef(second[inside], recording[inside])[0, 1] > 0.999
        assert abs(second[0]) < 1e-3
        assert abs(second[-1]) < 1e-3


@pytest.mark.parametrize("level", [-6, -20, -35])
def test_pieces_and_background_have_the_levels_that_they_should_have(tmp_path, level):
    collections = alone(tmp_path, "noise.wav", noise(2 * RATE, seed=1))
    background = replace(PLAIN, background_share=1, background_db=(-10, -10), level_db=(-200, -200))
    piece = replace(PLAIN, background_share=1, background_db=(-200, -200), level_db=(level, level))
    made = {name: make_unscaled(collections, recipe) for name, recipe in (("b", background), ("p", piece))}
    assert np.abs(made["b"]).max() == pytest.approx(10 ** (-10 / 20), rel=0.01)
    assert np.abs(made["p"]).max() == pytest.approx(10 ** (level / 20), rel=0.01)


def make_unscaled(collections, recipe):
    """A scene before it is scaled to a peak of one."""
    kept = []
    coloured = scenes._coloured
    try:
        scenes._coloured = lambda *arguments: kept.append(coloured(*arguments)) or kept[0].copy()
        make_scene(collections, recipe, 0)
    finally:
        scenes._coloured = coloured
    return kept[0]


def test_levels_are_spread_over_their_range(tmp_path):
    collections = alone(tmp_path, "noise.wav", noise(RATE, seed=1))
    made = make_unscaled(collections, replace(PLAIN, seconds=60, level_db=(-30, 0)))
    peaks = 20 * np.log10(np.abs(made.reshape(60, RATE)).max(axis=1))
    assert peaks.max() < 0.01
    assert peaks.min() > -30.01
    assert np.mean(peaks) == pytest.approx(-15, abs=4)
    assert np.std(peaks) == pytest.approx(30 / 12**0.5, abs=2)


@pytest.mark.parametrize(("share", "expected"), [(0, -np.inf), (1, -20)])
def test_a_background_goes_on_below_the_pieces(tmp_path, share, expected):
    collections = alone(tmp_path, "noise.wav", noise(4 * RATE, seed=1))
    recipe = replace(PLAIN, background_share=share, background_db=(-20, -20), overlap=(2, 2))
    made = make_unscaled(collections, recipe)
    gap = made[RATE : 2 * RATE]  # between the first piece and the second
    with np.errstate(divide="ignore"):
        found = rms_db(gap) - rms_db(noise(4 * RATE, seed=1)) + 20 * np.log10(np.abs(noise(4 * RATE, seed=1)).max())
        assert found == pytest.approx(expected, abs=0.5) if share else found < -100


def test_speeds_shift_frequencies(tmp_path):
    tone = np.sin(2 * np.pi * 1000 * np.arange(RATE) / RATE).astype(np.float32)
    collections = alone(tmp_path, "tone.wav", tone)
    for speed in (0.8, 1.25):
        made = make_scene(collections, replace(PLAIN, seconds=1, piece_seconds=(0.7, 0.7), speed=(speed, speed)), 0)
        assert np.argmax(np.abs(np.fft.rfft(made))) == pytest.approx(1000 * speed, abs=2)


def test_a_microphone_colours_the_whole_scene(tmp_path):
    collections = alone(tmp_path, "noise.wav", noise(2 * RATE, seed=1))
    plain = octave_levels(make_unscaled(collections, PLAIN))
    colours = np.array(
        [octave_levels(make_unscaled(collections, replace(PLAIN, colour_db=4, seed=seed))) for seed in range(12)]
    )
    assert np.std(colours - plain) == pytest.approx(4, rel=0.5)
    assert np.abs(colours - plain).max() < 16


@pytest.mark.parametrize(("share", "expected"), [(0, 0), (0.5, 6), (1, 12)])
def test_a_share_of_the_scenes_has_nothing_above_a_frequency(tmp_path, share, expected):
    collections = alone(tmp_path, "noise.wav", noise(3 * RATE, seed=1))
    recipe = replace(PLAIN, seconds=2, cut_share=share, cut_hz=(4000, 9000))
    cutoffs = []
    for number in range(12):
        power = np.square(np.abs(np.fft.rfft(make_scene(collections, recipe, number))))
        cutoffs.append(np.flatnonzero(power > 1e-8 * power.max())[-1] / 2)
        lower = power[: int(2 * cutoffs[-1])].reshape(-1)
        assert np.median(lower[-1000:]) == pytest.approx(np.median(lower[1000:2000]), rel=0.2)
    cut = [cutoff for cutoff in cutoffs if cutoff < 15900]
    assert all(4000 <= cutoff <= 9000 for cutoff in cut)
    assert len(cut) == pytest.approx(expected, abs=3 if 0 < share < 1 else 0)
    assert len(set(cut)) == len(cut)


@pytest.mark.parametrize("seconds", [0.5, 2])
def test_echoes_decay_by_sixty_decibels_in_their_time(tmp_path, seconds):
    click = np.zeros(200, np.float32)
    click[100] = 1
    far = replace(
        PLAIN,
        seconds=3,
        reverberant_share=1,
        reverberation_seconds=(seconds, seconds),
        reverberation_db=(-6, -6),
        overlap=(9000, 9000),
    )
    made = make_scene(alone(tmp_path, "click.wav", click), far, 0)
    blocks = made[200 : 200 + int(0.8 * seconds * RATE)].reshape(8, -1)
    slope = np.polyfit(np.linspace(0, 0.7 * seconds, 8), [rms_db(block) for block in blocks], 1)[0]
    assert slope == pytest.approx(-60 / seconds, rel=0.05)
    assert np.abs(made[200:]).max() == pytest.approx(10 ** (-6 / 20), rel=0.25)
    assert np.abs(made[200 + int(seconds * RATE) :]).max() < 1e-6


# Recordings that are special


def test_recordings_that_are_shorter_than_pieces_are_taken_whole(tmp_path):
    collections = alone(tmp_path, "short.wav", scene(0.3, RATE, seed=5))
    made = make_scene(collections, replace(PLAIN, piece_seconds=(1, 10)), 0)
    pieces = made[: 20 * 9600].reshape(20, 9600)
    assert np.corrcoef(pieces).min() > 0.999
    assert np.all(np.abs(pieces).max(axis=1) > 0.9)


def test_very_short_recordings_make_scenes_too(tmp_path):
    made = make_scene(alone(tmp_path, "click.wav", noise(50)), replace(SHORT, seconds=1), 0)
    assert np.abs(made).max() == 1


def test_a_silent_recording_leaves_the_others(folder, tmp_path):
    silent = write(tmp_path / "silent" / "a.wav", np.zeros(2 * RATE, np.float32))
    collections = collections_in([silent, *folder.rglob("street/*.*")])
    for number in range(4):
        made = make_scene(collections, SHORT, number)
        assert np.all(np.isfinite(made))
        assert np.abs(made).max() == 1


def test_where_all_is_silent_there_is_noise(tmp_path):
    silent = alone(tmp_path, "silent.wav", np.zeros(RATE, np.float32))
    levels = octave_levels(make_scene(silent, replace(SHORT, noise_slope=(-1, -1), colour_db=0), 0))
    assert np.ptp(levels) < 2  # pink noise has as much in each octave
    assert not make_scene(silent, replace(PLAIN, noise_db=(-2000, -2000)), 0).any()


def test_of_long_recordings_only_the_parts_that_sound_are_in_memory(tmp_path, monkeypatch):
    monkeypatch.setattr("audiokit.sound.audio.IN_MEMORY_BYTES", 1000)
    collections = alone(tmp_path, "long.wav", scene(20, 8000, seed=5), 8000)
    recipe = replace(SHORT, background_share=1)
    longest = []
    read = scenes.Recording.read
    monkeypatch.setattr(
        scenes.Recording, "read", lambda self, start, stop: longest.append(stop - start) or read(self, start, stop)
    )
    from_disk = make_scene(collections, recipe, 0)
    assert 0 < max(longest) <= 10 * RATE
    monkeypatch.undo()
    scenes._recording.cache_clear()
    assert np.array_equal(make_scene(collections, recipe, 0), from_disk)


def test_backgrounds_begin_anywhere_and_go_on_from_the_start(tmp_path):
    recording = scene(2, RATE, seed=5)
    collections = alone(tmp_path, "a.wav", recording)
    recipe = replace(PLAIN, background_share=1, background_db=(0, 0), level_db=(-200, -200), seconds=5)
    starts = set()
    for number in range(3):
        made = make_scene(collections, recipe, number)
        correlation = np.fft.irfft(np.fft.rfft(made[: 2 * RATE]) * np.conj(np.fft.rfft(recording)))
        starts.add(int(np.argmax(correlation)))
        expected = np.resize(np.roll(recording, int(np.argmax(correlation))), 5 * RATE)
        np.testing.assert_allclose(made, expected / np.abs(recording).max(), atol=1e-4)
    assert len(starts) == 3


# Files


def run(*arguments):
    return cli.run(make_scenes.main, [*map(str, arguments), "--workers", "1"])


@pytest.fixture
def short_scenes(monkeypatch):
    """Scenes of two seconds, which the command has no option for."""
    monkeypatch.setattr(scenes, "SceneRecipe", partial(SceneRecipe, seconds=2))


@pytest.mark.usefixtures("short_scenes")
def test_the_command_writes_scenes_that_are_recordings_like_others(folder, collections, tmp_path, capsys):
    assert run(folder, "--output", tmp_path, "--scenes", 3, "--seed", 5) == 0
    assert capsys.readouterr().out == f"{tmp_path} (3 scenes of 3 recordings)\n"
    note, *paths = sorted(tmp_path.iterdir())
    assert json.loads(note.read_text())["seed"] == 5
    assert [path.name for path in paths] == ["scene_00000.flac", "scene_00001.flac", "scene_00002.flac"]
    for number, path in enumerate(paths):
        samples, rate = soundfile.read(path, dtype="float32")
        assert (rate, soundfile.info(path).subtype) == (RATE, "PCM_16")
        expected = make_scene(collections, SceneRecipe(seconds=2, seed=5), number)
        np.testing.assert_allclose(samples, expected, atol=2**-15)


@pytest.mark.usefixtures("short_scenes")
def test_scenes_that_are_there_are_not_made_again(folder, tmp_path, monkeypatch):
    assert run(folder, "--output", tmp_path, "--scenes", 2) == 0
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in tmp_path.iterdir()}
    made = []
    make = scenes.make_scene
    monkeypatch.setattr(scenes, "make_scene", lambda *arguments: made.append(arguments[-1]) or make(*arguments))
    assert run(folder, "--output", tmp_path, "--scenes", 4) == 0
    assert made == [2, 3]
    assert before.items() <= {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in tmp_path.iterdir()}.items()


@pytest.mark.usefixtures("short_scenes")
def test_what_was_stopped_goes_on_and_leaves_nothing_behind(folder, tmp_path, monkeypatch, capsys):
    with monkeypatch.context() as patch:
        calls = itertools.count()
        make = scenes.make_scene

        def stop(*arguments):
            if next(calls) == 2:
                raise KeyboardInterrupt
            return make(*arguments)

        patch.setattr(scenes, "make_scene", stop)
        assert run(folder, "--output", tmp_path / "stopped", "--scenes", 4) == 130
    assert len(list((tmp_path / "stopped").glob("scene_*"))) == 2
    assert run(folder, "--output", tmp_path / "stopped", "--scenes", 4) == 0
    assert run(folder, "--output", tmp_path / "whole", "--scenes", 4) == 0
    for number in range(4):
        name = f"scene_{number:05}.flac"
        assert (tmp_path / "stopped" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_scenes_of_another_recipe_do_not_mix(folder, tmp_path, capsys):
    arguments = [str(folder), "--output", str(tmp_path), "--scenes", "1", "--workers", "1"]
    assert cli.run(make_scenes.main, arguments) == 0
    written = (tmp_path / "scene_00000.flac").read_bytes()
    assert cli.run(make_scenes.main, [*arguments, "--seed", "1"]) == 1
    assert "are made otherwise, or of other recordings: name a new folder" in capsys.readouterr().err
    assert (tmp_path / "scene_00000.flac").read_bytes() == written
    assert cli.run(make_scenes.main, arguments) == 0


@pytest.mark.parametrize("is_noted", [True, False])
def test_scenes_of_recordings_that_have_changed_since_do_not_mix(folder, tmp_path, capsys, is_noted):
    recordings = shutil.copytree(folder, tmp_path / "recordings")
    arguments = [str(recordings), "--output", str(tmp_path / "out"), "--scenes", "1", "--workers", "1"]
    assert cli.run(make_scenes.main, arguments) == 0
    note = tmp_path / "out" / "recipe.json"
    made_of = json.loads(note.read_text())
    if not is_noted:  # as notes were before
        del made_of["stamps"]
        note.write_text(json.dumps(made_of))
    assert cli.run(make_scenes.main, arguments) == 0
    os.utime(next(recordings.rglob("*.wav")), (2e9, 2e9))
    assert cli.run(make_scenes.main, arguments) == 1
    assert "are made of recordings that have changed since: name a new folder" in capsys.readouterr().err


def test_scenes_go_on_that_were_begun_before_there_was_a_choice(folder, tmp_path, capsys):
    arguments = [str(folder), "--output", str(tmp_path), "--scenes", "1", "--workers", "1"]
    assert cli.run(make_scenes.main, arguments) == 0
    note = tmp_path / "recipe.json"
    chosen = ("alone_share", "again_share", "cut_share", "cut_hz")
    kept = {name: value for name, value in json.loads(note.read_text()).items() if name not in chosen}
    note.write_text(json.dumps(kept))
    assert cli.run(make_scenes.main, arguments) == 0
    assert cli.run(make_scenes.main, [*arguments, "--alone", "0.5"]) == 1
    assert "are made otherwise" in capsys.readouterr().err


def test_a_full_disk_leaves_no_broken_scene(collections, tmp_path, monkeypatch):
    def fill_up(path, content):
        path.touch()
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", fill_up)
    with pytest.raises(OSError, match="No space left"):
        SceneWriter(collections, replace(SHORT, seconds=1), tmp_path)(0)
    assert list(tmp_path.iterdir()) == []


def test_recordings_that_cannot_be_read_are_told_in_a_line(tmp_path, capsys):
    (tmp_path / "sounds").mkdir()
    (tmp_path / "sounds/a.wav").write_text("no sound")
    assert run(tmp_path / "sounds", "--output", tmp_path / "out", "--scenes", 1) == 1
    out, err = capsys.readouterr()
    assert not out
    assert err.splitlines()[-1].startswith("error: cannot read")
    with pytest.raises(UserError, match="nowhere"):
        make_scenes.main(["nowhere", "--output", str(tmp_path / "out")])


def test_help_comes_at_once():
    started = time.monotonic()
    command = [sys.executable, make_scenes.__file__, "--help"]
    assert "--scenes" in subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert time.monotonic() - started < 5  # 0.1 s, and what a busy machine adds
