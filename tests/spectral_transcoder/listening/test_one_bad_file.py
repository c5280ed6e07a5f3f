"""What is wrong with one file, or odd about its name, never costs the others."""

import os
import re
from functools import partial
from pathlib import Path

import pytest
from audio_fixtures import save_yamnet, scene, write
from dataset_fixtures import make
from script_fixtures import files_in, run_script

import generate_audio
from audiokit import cli
from audiokit.errors import Failures, UserError
from audiokit.files import output_stem, readable
from audiokit.reports.figures import new_figure
from exp_train_model import make_scenes
from spectral_transcoder.datasets.dataset_recipe import Recipe
from spectral_transcoder.datasets.dataset_split import Ratios
from spectral_transcoder.listening import figures, generate
from spectral_transcoder.soundscapes import scenes

YAMNET_TO_TRAIN = Recipe(ratios=Ratios(1, 0, 0), teachers=("YamNet",))
NO_UTF8 = b"P29_\xe9.wav".decode("utf-8", "surrogateescape")


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    return save_yamnet(tmp_path_factory.mktemp("models"))


@pytest.fixture
def generated(tmp_path, models, capsys, monkeypatch, no_trained_transcoders):
    """Run generate_audio.py on files; the exit status, and what it printed and complained about."""
    monkeypatch.setattr(figures, "spectrogram_figure", lambda *_, **__: new_figure(1, 1))

    def run(*files):
        options = ["--output", tmp_path / "out", "--models", models, "--transcoders", "pinv", "--iterations", 1]
        return run_script(generate_audio.main, capsys, *options, *files)

    return run


# Names


@pytest.mark.parametrize(
    "name", [NO_UTF8, "🐦" * 55 + ".wav", "é" * 110 + ".wav", "...wav", "..wav", "a\nb.wav", "-a.wav"]
)
def test_recordings_of_any_name_are_done_below_the_output_and_those_behind_them_too(tmp_path, generated, name):
    odd = write(tmp_path / "in/a.wav", scene(1)).rename(tmp_path / "in" / name)
    other = write(tmp_path / "in/other.wav", scene(1))
    before = files_in(tmp_path)
    status, _, complaints = generated(odd, other)
    assert (status, complaints) == (0, "")
    assert all(name.startswith("out/") for name in files_in(tmp_path) - before)
    assert len(list((tmp_path / "out").iterdir())) == 2
    assert len(list((tmp_path / "out").rglob("index.html"))) == 2
    assert not list((tmp_path / "out").rglob("*.part*"))


def test_long_names_are_cut_between_letters_and_stay_different():
    stems = [output_stem(f"{'🐦' * 55}{end}.wav") for end in ("a", "b")]
    assert len(set(stems)) == 2
    assert all(len(os.fsencode(stem)) <= 180 and re.fullmatch("🐦+-[0-9a-f]{8}", stem) for stem in stems)


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("a.wav", "a"),
        ("a.b.wav", "a.b"),
        ("...wav", "...wav"),
        ("..wav", "..wav"),
        (".wav", ".wav"),
        ("x/y..wav", "y."),
    ],
)
def test_what_is_made_of_a_file_is_named_by_it_and_never_leads_to_the_folder_above(name, stem):
    assert output_stem(name) == stem


def test_names_are_told_in_one_line_of_utf8():
    assert readable(NO_UTF8) == "P29_\N{REPLACEMENT CHARACTER}.wav"
    assert readable("a\nb\x1b[31m.wav") == "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}[31m.wav"


def test_a_dataset_is_made_of_recordings_of_any_name(tmp_path):
    for number, name in enumerate((NO_UTF8, "🐦" * 55 + ".wav", "a...wav", "plain.wav")):
        write(tmp_path / "in/a.wav", scene(1, seed=number)).rename(tmp_path / "in" / name)
    assert make(tmp_path / "in", tmp_path, recipe=YAMNET_TO_TRAIN)[1].n_chunks["train"] == 4


# Pipes and devices


def test_pipes_among_recordings_are_left_out_and_never_waited_for(tmp_path, generated, capsys):
    write(tmp_path / "in/a.wav", scene(1))
    os.mkfifo(tmp_path / "in/pipe.wav")
    (tmp_path / "in/device.wav").symlink_to("/dev/zero")
    assert make(tmp_path / "in", tmp_path, recipe=YAMNET_TO_TRAIN)[1].n_chunks["train"] == 1
    told = capsys.readouterr().err
    assert all(f"left out: {tmp_path}/in/{name}.wav is a pipe or a device" in told for name in ("device", "pipe"))
    status, _, complaints = generated(tmp_path / "in/pipe.wav", tmp_path / "in/device.wav", tmp_path / "in/a.wav")
    assert status == 1
    assert complaints.count("is a pipe or a device, not an audio file") == 2
    assert (tmp_path / "out/a/index.html").exists()


# Any error


@pytest.mark.parametrize("error", [ValueError("a\nb"), OSError(5, "Input/output error"), RuntimeError(), KeyError("x")])
def test_whatever_goes_wrong_with_one_recording_is_told_with_its_name(tmp_path, generated, monkeypatch, error):
    files = [write(tmp_path / f"{name}.wav", scene(1)) for name in "ab"]
    real = generate.Source

    def fail(path, front_end):
        if path.stem == "a":
            raise error
        return real(path, front_end)

    monkeypatch.setattr(generate, "Source", fail)
    status, printed, complaints = generated(*files)
    assert status == 1
    assert complaints.count("\n") == 1
    assert complaints.startswith(f"error: cannot do {files[0]}: ")
    assert "out/b/index.html" in printed


@pytest.mark.parametrize("name", ["new\nline.wav", "\udcff.wav", "\x1b[31m.wav"])
def test_whatever_a_file_is_called_its_error_is_one_line_of_letters(name, capsys):
    with Failures().of(name):
        raise UserError(f"{name} is empty")
    (line,) = capsys.readouterr().err.splitlines()
    assert line.isprintable()
    assert line.endswith(".wav is empty")


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), BrokenPipeError(), KeyboardInterrupt()])
def test_what_every_file_would_meet_ends_all(error):
    with pytest.raises(type(error)), Failures().of("a"):
        raise error


# Scenes


@pytest.fixture
def short_scenes(monkeypatch):
    monkeypatch.setattr(scenes, "SceneRecipe", partial(scenes.SceneRecipe, seconds=2))


@pytest.mark.usefixtures("short_scenes")
def test_scenes_are_made_without_the_recordings_that_cannot_be_read(tmp_path, capsys):
    for number in range(3):
        write(tmp_path / f"in/{number}.wav", scene(2, seed=number))
    damaged = write(tmp_path / "in/damaged.flac", scene(2))
    content = damaged.read_bytes()
    damaged.write_bytes(content[:2000] + bytes(500) + content[2500:])
    arguments = [str(tmp_path / "in"), "--output", str(tmp_path / "out"), "--scenes", "6", "--workers", "1"]
    assert cli.run(make_scenes.main, arguments) == 1
    out, complaints = capsys.readouterr()
    assert out == f"{tmp_path}/out (6 scenes of 4 recordings)\n"
    assert complaints.count("left out: ") == complaints.count("\n") == 1
    assert f"cannot read {damaged}" in complaints
    first = {path: path.read_bytes() for path in (tmp_path / "out").glob("*.flac")}
    for path in first:
        path.unlink()
    assert cli.run(make_scenes.main, [*arguments, "--skip_errors"]) == 0
    assert {path: path.read_bytes() for path in first} == first


def test_a_missing_folder_is_still_a_mistake_of_the_command():
    with pytest.raises(UserError, match="there is no folder"):
        make(Path("/nowhere/at/all"), Path("/nowhere"))
