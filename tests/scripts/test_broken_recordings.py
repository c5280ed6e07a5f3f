"""Recordings that are broken at random places: each is used or told, whatever command is to read it."""

import io
import re
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from audio_fixtures import scene, write
from broken_recordings import broken_recordings, write_broken
from hypothesis import Phase, given, settings
from people_commands import collecting_commands, listening_commands
from sister_scripts import SISTERS

from audiokit import cli
from spectral_transcoder.datasets.chunk_dataset import open_chunks

N_AT_ONCE, N_TIMES = 10, 3
"""Thirty recordings for each command."""

thirty = settings(max_examples=N_TIMES, phases=[Phase.generate])
"""To shrink what fails would take minutes, and the complaint names the recording."""


@pytest.fixture(scope="module")
def listening(tmp_path_factory):
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield listening_commands(tmp_path_factory.mktemp("models"), monkeypatch)


@pytest.fixture(scope="module")
def collecting():
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield collecting_commands(monkeypatch)


def told_by(command):
    """Exit status, and what was complained about; anything but a line is raised."""
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()) as complaints:
        status = cli.run(lambda _: command())
    return status, complaints.getvalue()


def remains(folder):
    """What only a command in the making may leave."""
    return [path for path in folder.rglob("*") if ".part" in path.name or ".lock" in path.name]


@pytest.mark.parametrize("name", ["generate", *SISTERS])
@thirty
@given(broken=broken_recordings(N_AT_ONCE))
def test_each_is_heard_or_told(listening, name, broken):
    with TemporaryDirectory() as folder:
        paths = [*write_broken(Path(folder) / "in", broken), write(Path(folder) / "whole.wav", scene(1))]
        output = Path(folder) / "out"
        status, complaints = told_by(lambda: listening[name](paths, output))
        refused = set(re.findall(r"^error: .*?(\d\d)\.\w+", complaints, re.MULTILINE))
        done = {path.parent.name for path in output.rglob("index.html")}
        assert done.isdisjoint(refused)
        assert done | refused == {path.stem for path in paths}
        assert {path.name for path in output.iterdir()} == done
        assert status == (1 if refused else 0)
        assert not remains(output)


@thirty
@given(broken=broken_recordings(N_AT_ONCE))
def test_a_store_has_those_that_can_be_read(collecting, broken):
    with TemporaryDirectory() as folder:
        paths = [*write_broken(Path(folder) / "in", broken), write(Path(folder) / "in" / "whole.wav", scene(1))]
        with redirect_stderr(io.StringIO()):
            summary = collecting["store"](paths, Path(folder) / "out")
        assert summary.is_complete
        empty = [note for note in summary.notes if " has 0 of the " in note]
        assert summary.n_clips + len(summary.unreadable) + len(summary.short) + len(empty) == len(paths)
        assert all(name in reason for name, reason in summary.unreadable.items())
        assert [path.name for path in (Path(folder) / "out").iterdir()] == ["a.h5"]


@thirty
@given(broken=broken_recordings(N_AT_ONCE))
def test_a_dataset_has_those_that_can_be_read(collecting, broken):
    with TemporaryDirectory() as folder:
        paths = [*write_broken(Path(folder) / "in", broken), write(Path(folder) / "in" / "whole.wav", scene(1))]
        with redirect_stderr(io.StringIO()):
            summary = collecting["dataset"](paths, Path(folder) / "out")
        assert summary.is_complete
        with open_chunks(summary.path) as dataset:
            used = set(dataset.stamps())
        short = {note.split(" ")[0] for note in summary.notes if note.endswith(" is shorter than a second")}
        assert sorted(Path(name).name for name in (*used, *short, *summary.unreadable)) == [path.name for path in paths]
        assert all(Path(name).name in reason for name, reason in summary.unreadable.items())
        assert [path.name for path in summary.path.parent.iterdir()] == [summary.path.name]


@thirty
@given(broken=broken_recordings(N_AT_ONCE))
def test_scenes_are_made_of_those_that_can_be_read(collecting, broken):
    with TemporaryDirectory() as folder:
        paths = [*write_broken(Path(folder) / "in", broken), write(Path(folder) / "in" / "whole.wav", scene(2))]
        status, complaints = told_by(lambda: collecting["scenes"](paths, Path(folder) / "out"))
        assert status == 0
        assert all(line.startswith("left out: ") or ": " in line for line in complaints.splitlines())
        assert len(list((Path(folder) / "out").glob("*.flac"))) == 3
        assert not remains(Path(folder) / "out")
