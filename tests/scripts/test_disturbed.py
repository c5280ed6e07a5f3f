"""Whatever disturbs a script, what it leaves is whole, and the same command ends as if nothing had been.

Kills at moments that are drawn, two of the same command within a second, and a reader that goes away. The commands are
those that make files of people's own recordings and levels; each uses what the others of its kind use.
"""

import os
import subprocess
import sys
import time
from functools import cache, partial
from itertools import count
from pathlib import Path

import pytest
from audio_fixtures import save_yamnet, scene, write
from hypothesis import given, settings
from hypothesis import strategies as st
from people_commands import collecting_commands, listening_commands
from sensor_fixtures import make_levels, write_npy
from sister_scripts import SISTERS
from undisturbed import contents, killed_after, start, status_of

import predict_third_octave
from audiokit.paths import ROOT

N_KILLS, N_TIMES = 2, 2
"""Of each command: until it is whole, and how often that is tried."""

ONE_BY_ONE = ("generate", *SISTERS)
OF_ALL = ("scenes", "dataset", "store")
COMMANDS = ("tag", *ONE_BY_ONE, *OF_ALL)
TWICE_IS_REFUSED = {"dataset", "store"}
"""Commands of which the second may end with a line in place of waiting."""


@pytest.fixture(scope="module")
def commands(tmp_path_factory):
    """Name of a command → a function of an output folder that runs it and gives its exit status."""
    folder = tmp_path_factory.mktemp("commands")
    sounds = [write(folder / f"in/{number}.wav", scene(2, seed=number)) for number in range(3)]
    levels = write_npy(folder / "levels.npy", make_levels(8 * 20))
    options = ["--models", str(save_yamnet(folder / "tagger")), "--teacher", "YamNet", "--transcoder", "pinv"]

    def tag(output):
        return predict_third_octave.main([str(levels), *options, "--device", "cpu", "--output", str(output)])

    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr("spectral_transcoder.sensor.hearing.listener.SECONDS_HELD", 5)
        listening, collecting = listening_commands(folder, monkeypatch), collecting_commands(monkeypatch)
        one_by_one = {name: partial(listening[name], sounds[:2]) for name in ONE_BY_ONE}
        of_all = {name: partial(_status, collecting[name], sounds) for name in OF_ALL}
        yield {"tag": tag, **one_by_one, **of_all}


def _status(command, sounds, output):
    done = command(sounds, output)
    return done if isinstance(done, int) else int(not done.is_complete)


@pytest.fixture(scope="module")
def undisturbed(commands, tmp_path_factory):
    """A function of a command's name: what it leaves, and the seconds that it takes."""

    @cache
    def run(name):
        output = tmp_path_factory.mktemp(name) / "one"
        begun = time.monotonic()
        assert status_of(start(partial(commands[name], output))) == 0
        return contents(output), time.monotonic() - begun

    return run


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    """Folders that are not there yet."""
    parent = tmp_path_factory.mktemp("outputs")
    return (parent / str(number) for number in count())


@pytest.mark.parametrize("name", COMMANDS)
@settings(max_examples=N_TIMES)
@given(moments=st.lists(st.floats(0, 0.9), min_size=N_KILLS, max_size=N_KILLS))
def test_a_command_that_is_killed_at_random_ends_as_undisturbed(commands, undisturbed, outputs, name, moments):
    whole, seconds = undisturbed(name)
    command, output = commands[name], next(outputs)
    for moment in moments:
        killed_after(partial(command, output), moment * seconds)
    assert status_of(start(partial(command, output))) == 0
    assert contents(output) == whole


@pytest.mark.parametrize("name", COMMANDS)
def test_two_of_a_command_at_once_make_what_one_makes_and_both_end(commands, undisturbed, outputs, name):
    output = next(outputs)
    command = partial(commands[name], output)
    both = [start(command), start(command)]
    statuses = [status_of(process) for process in both]
    assert set(statuses) <= ({0, 1} if name in TWICE_IS_REFUSED else {0})
    assert 0 in statuses
    assert contents(output) == undisturbed(name)[0]


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
