"""Work is shared among processes, which end with the one that started them."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch

from audiokit.errors import UserError
from audiokit.storage.worker_start import available_cores
from audiokit.storage.workers import results_in_rounds

HERE = Path(__file__).parent
ROOT = HERE.parents[2]


def environment():
    """Of a process that finds the packages and this module."""
    return os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(HERE)])}


def imported(name):
    return name in sys.modules


def square(number):
    return number**2


def fail(number):
    if number == 3:
        raise OSError(28, "No space left on device", "rows.h5")
    return number


def die(number):
    os.kill(os.getpid(), signal.SIGKILL)


def count_threads(_):
    return torch.get_num_threads()


@dataclass(frozen=True)
class Sleep:
    """Leaves a file with the number of its process, and sleeps."""

    folder: Path

    def __call__(self, _):
        (self.folder / str(os.getpid())).touch()
        time.sleep(600)


def run(function, inputs, workers):
    return [result for results in results_in_rounds(function, inputs, workers=workers) for result in results]


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("count", [0, 1, 100])
def test_every_input_has_its_result(workers, count):
    assert sorted(run(square, range(count), workers)) == [number**2 for number in range(count)]


def test_inputs_are_taken_as_they_are_needed():
    taken = []
    rounds = results_in_rounds(square, (taken.append(number) or number for number in range(100)), workers=2)
    with closing(rounds):
        next(rounds)
        assert len(taken) < 10


@pytest.mark.parametrize("workers", [1, 2])
def test_each_has_one_thread(workers):
    before = torch.get_num_threads()
    assert set(run(count_threads, range(4), workers)) == {1}
    assert torch.get_num_threads() == before


@pytest.mark.parametrize("workers", [1, 2])
def test_errors_come_through_with_all_that_they_tell(workers):
    with pytest.raises(OSError, match="No space left") as caught:
        run(fail, range(10), workers)
    assert (caught.value.errno, caught.value.filename) == (28, "rows.h5")


def test_the_place_of_an_error_in_a_process_is_told():
    with pytest.raises(OSError, match="No space left") as caught:
        run(fail, range(10), 2)
    assert "in fail" in caught.value.__notes__[0]


def test_a_process_that_dies_is_told():
    with pytest.raises(UserError, match=r"exit status -9.*fewer --workers"):
        run(die, range(10), 2)


def started(folder, count):
    """Numbers of the processes that sleep, once there are so many."""
    for _ in range(600):
        numbers = [int(path.name) for path in folder.iterdir()]
        if len(numbers) == count:
            return numbers
        time.sleep(0.05)
    raise TimeoutError(f"{len(numbers)} of {count} processes have started")


def is_alive(number):
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="there is no /proc")
def test_no_process_outlives_the_one_that_started_it_even_in_the_middle_of_an_input(tmp_path):
    # Inputs by the dozen, so that a survivor would go on.
    parent = multiprocessing.get_context("forkserver").Process(target=run, args=(Sleep(tmp_path), range(24), 2))
    parent.start()
    numbers = started(tmp_path, 2)
    assert all(map(is_alive, numbers))
    parent.kill()
    parent.join()
    for _ in range(100):
        if not any(map(is_alive, numbers)):
            return
        time.sleep(0.05)
    raise AssertionError("processes have survived")


def test_leaving_early_ends_the_processes():
    rounds = results_in_rounds(square, range(1000), workers=2)
    next(rounds)
    rounds.close()
    assert not multiprocessing.active_children()


def test_there_is_a_core():
    assert available_cores() >= 1


def test_what_was_begun_before_has_imported_what_the_workers_need():
    code = (
        "import sys\n"
        "from audiokit.storage.worker_start import begin_workers\n"
        "begin_workers(2, 'audiokit.storage.workers', 'tabnanny')\n"
        "assert 'torch' not in sys.modules\n"
        "from audiokit.storage.workers import results_in_rounds\n"
        "from test_workers import imported\n"
        "for found in results_in_rounds(imported, ['tabnanny', 'pyclbr'], workers=2):\n"
        "    print(*found)\n"
    )
    told = subprocess.run([sys.executable, "-c", code], cwd=HERE, env=environment(), capture_output=True, text=True)
    assert (told.returncode, sorted(told.stdout.split())) == (0, ["False", "True"]), told.stderr


def test_nothing_is_begun_for_a_single_worker():
    code = (
        "from audiokit.storage.worker_start import begin_workers\n"
        "from multiprocessing.forkserver import _forkserver\n"
        "begin_workers(1, 'colorsys')\n"
        "print(_forkserver._forkserver_pid)\n"
    )
    told = subprocess.run([sys.executable, "-c", code], env=environment(), capture_output=True, text=True)
    assert (told.stdout, told.stderr) == ("None\n", "")
