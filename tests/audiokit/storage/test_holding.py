"""What one process is making, no other touches: it waits, or ends with a line; and kills leave nothing half."""

import csv
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import soundfile
from audio_fixtures import save_yamnet, scene, write

import generate_audio
from audiokit.errors import UserError
from audiokit.files import write_whole
from audiokit.storage.holding import hold, remove_parts
from exp_train_model import create_mel_tho_dataset, make_scenes

ROOT = Path(generate_audio.__file__).parent


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    return save_yamnet(tmp_path_factory.mktemp("models"))


# Holding


def test_a_place_that_is_held_is_refused_in_one_line(tmp_path):
    place = tmp_path / "a.h5"
    with hold(place), pytest.raises(UserError, match=r"^another process is making .*a\.h5: wait for it, or end it$"):
        hold(place).__enter__()


def test_the_second_waits_and_says_so_until_the_first_is_through(tmp_path, capsys):
    order = []

    def second():
        with hold(tmp_path / "a", wait=True):
            order.append("second")

    with hold(tmp_path / "a"):
        waiting = threading.Thread(target=second)
        waiting.start()
        told = ""
        while "\n" not in told:
            told += capsys.readouterr().err
            time.sleep(0.01)
        order.append("first")
    waiting.join()
    assert order == ["first", "second"]
    assert told + capsys.readouterr().err == f"another process is making {tmp_path}/a: waiting for it\n"


def test_other_places_are_free_and_nothing_is_left(tmp_path):
    with hold(tmp_path / "a"), hold(tmp_path / "b"), hold(tmp_path / ("é" * 120)):
        assert len(os.listdir(tmp_path)) == 3
    assert os.listdir(tmp_path) == []


def test_many_that_want_one_place_have_it_one_after_the_other(tmp_path):
    inside, most = [], []

    def take():
        for _ in range(20):
            with hold(tmp_path / "a", wait=True):
                inside.append(1)
                most.append(len(inside))
                inside.pop()

    threads = [threading.Thread(target=take) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(most), max(most)) == (100, 1)


def test_a_place_is_free_when_its_process_was_killed(tmp_path):
    code = (
        f"import sys, time; from pathlib import Path; from audiokit.storage.holding import hold\n"
        f"with hold(Path({str(tmp_path / 'a')!r})): print('held', flush=True); time.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=ROOT)
    assert process.stdout.readline() == b"held\n"
    with pytest.raises(UserError):
        hold(tmp_path / "a").__enter__()
    process.kill()
    process.wait()
    with hold(tmp_path / "a"):
        pass
    assert os.listdir(tmp_path) == []


def test_part_files_have_their_process_in_their_name_and_are_swept_by_who_holds_the_place(tmp_path):
    for name in ("a.4711.part.csv", "a.b.4711.part.csv", "b.4711.part.csv", "a.part.csv", "a.csv"):
        (tmp_path / name).touch()
    remove_parts(tmp_path / "a.csv")
    assert sorted(os.listdir(tmp_path)) == ["a.b.4711.part.csv", "a.csv", "a.part.csv", "b.4711.part.csv"]
    remove_parts(tmp_path)
    assert sorted(os.listdir(tmp_path)) == ["a.csv", "a.part.csv"]
    with write_whole(tmp_path / "a.csv") as partial:
        assert partial.name == f"a.{os.getpid()}.part.csv"
        partial.touch()


# Two of each script at once, and kills


def contents(folder):
    """All that is made: sounds as their samples, for their headers tell the time, and all but pictures as bytes."""
    read = {".wav": lambda path: soundfile.read(path)[0].tobytes()}
    return {
        str(path.relative_to(folder)): read.get(path.suffix, Path.read_bytes)(path)
        for path in folder.rglob("*")
        if path.suffix in {".wav", ".csv", ".flac", ".html"}
    }


def command(script, *arguments):
    return [sys.executable, str(script), *map(str, arguments)]


def generating(models, recordings, output):
    options = ("--models", models, "--teacher", "YamNet", "--transcoders", "pinv", "--iterations", 1)
    return command(generate_audio.__file__, *recordings, *options, "--output", output)


def making_scenes(recordings, output):
    options = ("--scenes", 2, "--workers", 1, "--seed", 3)
    return command(make_scenes.__file__, recordings[0].parent, *options, "--output", output)


def making_a_dataset(recordings, output):
    options = ("--dataset_name", "a", "--teachers", "YamNet", "--workers", 1, "--train_ratio", 1)
    ratios = ("--valid_ratio", 0, "--eval_ratio", 0)
    script = create_mel_tho_dataset.__file__
    return command(script, "--audio_dataset_path", recordings[0].parent, *options, *ratios, "--output_path", output)


@pytest.fixture(scope="module")
def recordings(tmp_path_factory):
    folder = tmp_path_factory.mktemp("in")
    return [write(folder / f"{name}.wav", scene(3, seed=seed)) for seed, name in enumerate("ab")]


def run(arguments):
    return subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, check=False)


def at_once(arguments, *, apart):
    """Status and complaints of two runs, the second begun a little later."""
    first = subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    time.sleep(apart)
    second = run(arguments)
    _, complaints = first.communicate(timeout=300)
    return (first.returncode, complaints), (second.returncode, second.stderr)


def test_two_that_generate_at_once_make_what_one_makes(tmp_path, models, recordings):
    assert run(generating(models, recordings, tmp_path / "one")).returncode == 0
    for status, complaints in at_once(generating(models, recordings, tmp_path / "two"), apart=0.3):
        assert (status, "Traceback" in complaints) == (0, False)
    assert contents(tmp_path / "two") == contents(tmp_path / "one")
    assert all(".part" not in path.name and ".lock" not in path.name for path in (tmp_path / "two").rglob("*"))


def test_two_that_make_a_dataset_at_once_make_it_once(tmp_path, recordings):
    outcomes = at_once(making_a_dataset(recordings, tmp_path), apart=0.3)
    assert 0 in [status for status, _ in outcomes]
    for status, complaints in outcomes:
        assert status == 0 or "another process is making" in complaints
        assert "Traceback" not in complaints
    assert (
        run(making_a_dataset(recordings, tmp_path)).stdout == f"{tmp_path}/a/a.h5 (train 6, valid 0, eval 0 seconds)\n"
    )
    assert os.listdir(tmp_path / "a") == ["a.h5"]


def test_two_that_make_scenes_at_once_make_what_one_makes(tmp_path, recordings):
    assert run(making_scenes(recordings, tmp_path / "one")).returncode == 0
    outcomes = at_once(making_scenes(recordings, tmp_path / "two"), apart=0.3)
    assert [status for status, _ in outcomes] == [0, 0]
    assert contents(tmp_path / "two") == contents(tmp_path / "one")


def killed(arguments, after):
    """Run until a moment, then kill."""
    process = subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(after)
    process.send_signal(signal.SIGKILL)
    process.wait()


def test_generating_that_is_killed_at_random_ends_as_undisturbed(tmp_path, models, recordings):
    draw = random.Random(5)
    start = time.monotonic()
    assert run(generating(models, recordings, tmp_path / "one")).returncode == 0
    seconds = time.monotonic() - start
    for _ in range(2):
        killed(generating(models, recordings, tmp_path / "two"), draw.uniform(0.3, 1) * seconds)
        for page in (tmp_path / "two").rglob("index.html"):
            assert page.read_text(encoding="utf-8").rstrip().endswith("</html>")
    assert run(generating(models, recordings, tmp_path / "two")).returncode == 0
    assert contents(tmp_path / "two") == contents(tmp_path / "one")
    assert {path.name for path in (tmp_path / "two").rglob("*")} == {
        path.name for path in (tmp_path / "one").rglob("*")
    }
    with open(tmp_path / "two/a/tags.csv", encoding="utf-8", newline="") as file:
        assert len(list(csv.DictReader(file))) == 521
    assert soundfile.info(tmp_path / "two/a/a_original.wav").duration == 3
