"""The script for a lent machine says how it is used, ends in its time, and leaves what it goes on from."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from audio_fixtures import save_yamnet, scene, write

from audiokit.paths import ROOT
from spectral_transcoder.soundscapes.recording_pack import write_pack

SCRIPT = ROOT / "exp_train_model" / "train_on_device.sh"


def run(*arguments, **settings):
    environment = os.environ | {"PYTHON": sys.executable, "OMP_NUM_THREADS": "1"} | settings
    return subprocess.run(
        ["bash", SCRIPT, *map(str, arguments)], env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture
def pack(tmp_path):
    paths = [write(tmp_path / "recordings" / f"{number}.wav", scene(2, seed=number)) for number in range(2)]
    write_pack([paths], tmp_path / "pack.tar", largest_bytes=10**6)
    return tmp_path / "pack.tar"


def test_without_arguments_it_says_how_it_is_used():
    done = run()
    assert done.returncode == 2
    assert "exp_train_model/train_on_device.sh PACK FOLDER" in done.stdout
    assert "MINUTES (9)" in done.stdout


def test_bash_finds_no_fault_in_it():
    subprocess.run(["bash", "-n", SCRIPT], check=True)


def test_it_ends_in_its_time_and_leaves_no_process(tmp_path, pack):
    models = save_yamnet(tmp_path / "models")
    start = time.monotonic()
    done = run(pack, tmp_path / "out", MINUTES="0.4", SCENES="4", TEACHERS="YamNet", MODELS=str(models), DEVICE="cpu")
    assert done.returncode == 0, done.stderr + _logs(tmp_path / "out")
    assert time.monotonic() - start < 0.4 * 60 + 40
    assert done.stdout.endswith("(ended after 0.4 minutes at most; start again to go on)\n")
    assert (tmp_path / "out" / "log" / "unpack.txt").is_file()
    own = [path for path in Path("/proc").glob("[0-9]*/cmdline") if str(tmp_path / "out") in _command(path)]
    assert own == []


def test_it_ends_at_once_where_no_scenes_can_be_made(tmp_path):
    (tmp_path / "none.tar").write_bytes(b"no archive")
    done = run(tmp_path / "none.tar", tmp_path / "out", MINUTES="2", DEVICE="cpu")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("no scenes could be made: ")
    assert "none.tar" in line
    assert line.endswith(f" (see {tmp_path / 'out'}/log)")


def test_a_python_without_pytorch_is_told_in_one_line(tmp_path, pack):
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho \"ModuleNotFoundError: No module named 'torch'\" >&2\nexit 1\n")
    python.chmod(0o755)
    done = run(pack, tmp_path / "out", PYTHON=str(python))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"{python} has no PyTorch: name one that has with PYTHON\n"


def test_it_ends_at_once_where_scenes_are_too_few_to_be_split(tmp_path, pack):
    models = save_yamnet(tmp_path / "models")
    done = run(pack, tmp_path / "out", MINUTES="5", SCENES="1", TEACHERS="YamNet", MODELS=str(models), DEVICE="cpu")
    assert done.returncode == 1
    assert "no scenes could be made: 1 recordings are too few to be split" in done.stderr


def _logs(folder):
    return "".join(path.read_text() for path in sorted((folder / "log").iterdir()))


def _command(path):
    try:
        return path.read_text()
    except OSError:
        return ""
