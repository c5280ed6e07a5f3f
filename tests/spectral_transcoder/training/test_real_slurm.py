"""Trainings on a real SLURM: jobs that depend on each other, and jobs that are stopped in between and go on.

Only on request, for a cluster's queue is not for tests:
`SPECTRAL_TRANSCODER_SLURM=1 pytest tests/spectral_transcoder/training/test_real_slurm.py`.
A one-node installation on one's own machine will do.
"""

import os
import shutil
import subprocess
import sys
import time

import numpy as np
import pytest
import torch
from test_training_experiment import NAME, write_dataset, write_teacher

from audiokit.experiments.slurm.files import write_scripts
from audiokit.experiments.slurm.scripts import Job, Site, array_script, job_script
from audiokit.experiments.slurm.submission import submit, submit_all
from audiokit.paths import ROOT
from exp_train_model.launch_experiment import launch_exp_slurms, slurms_create

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not os.environ.get("SPECTRAL_TRANSCODER_SLURM") or not shutil.which("sbatch"),
        reason="uses a real SLURM: set SPECTRAL_TRANSCODER_SLURM=1 where sbatch works",
    ),
]

COMMON = f"dataset={NAME}+classifier=YamNet"
LONG = {
    "cnn": f"cnn/{COMMON}+kernel_size=3+nb_layers=1+dilation=0+nb_channels=16+learning_rate=-3+epoch=200",
    "hybrid": f"hybridts/{COMMON}+dilation=1+prop_logit=100+learning_rate=-3+epoch=50",
}
"""Trainings that last long enough to be stopped."""

SETUP = ("export OMP_NUM_THREADS=1",)
PATIENCE_S = 500


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with dataset and teacher."""
    folder = tmp_path_factory.mktemp("slurm place")
    write_dataset(folder / "data")
    write_teacher(folder / "models")
    return folder


def folders(place, results):
    return [
        *("--data_path", str(place / "data"), "--models", str(place / "models")),
        *("--output_path", str(place / results), "--device", "cpu"),
    ]


def command(place, results, selection):
    script = str(ROOT / "exp_train_model" / "main_doce_training.py")
    return [sys.executable, script, *folders(place, results), "--datasets", NAME, "-s", selection, "-c", "-S"]


def facts(job):
    """What SLURM says of a job, or of each task of an array."""
    shown = subprocess.run(["scontrol", "-o", "show", "job", job], capture_output=True, text=True, check=True).stdout
    return [dict(word.split("=", 1) for word in line.split() if "=" in word) for line in shown.splitlines()]


def wait_for(condition):
    deadline = time.monotonic() + PATIENCE_S
    while not (found := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.5)
    return found


def ended(job):
    """Facts of a job when all of it has ended."""
    states = ("PENDING", "RUNNING", "COMPLETING", "CONFIGURING", "REQUEUED", "PREEMPTED", "SUSPENDED")
    shown = facts(job)
    return shown if all(fact["JobState"] not in states for fact in shown) else None


def hurry(job):
    """Spare a job that was queued again its rest."""
    wait_for(lambda: any(fact["JobState"] == "PENDING" for fact in facts(job)))
    subprocess.run(["scontrol", "update", f"JobId={job}", "StartTime=now"], check=True)


def results(folder):
    """All that trainings have left but for times."""
    stored = (path for path in folder.rglob("*.npy") if path.parent.name != "duration")
    arrays = {path.relative_to(folder): np.load(path) for path in stored}
    models = {path.relative_to(folder): torch.load(path) for path in (folder / "model").glob("*_model")}
    return arrays, models


def assert_same(first, second):
    for found, expected in zip(results(first), results(second), strict=True):
        assert found.keys() == expected.keys()
        assert len(found) >= 2
    for path, array in results(first)[0].items():
        np.testing.assert_array_equal(array, results(second)[0][path], err_msg=str(path))
    for path, state in results(first)[1].items():
        for name, tensor in state.items():
            assert torch.equal(tensor, results(second)[1][path][name]), f"{path} {name}"


@pytest.mark.timeout(3 * PATIENCE_S)
def test_the_restricted_experiment_in_an_array(place, capsys):
    arguments = [*folders(place, "restricted"), "--dataset", NAME, "--epoch", "1", "--classifiers", "YamNet"]
    site = ["--gpus", "0", "--cpus", "1", "--memory", "2G", "--time", "30", "--requeue", "--arrays", "--setup", *SETUP]
    assert slurms_create.main([*arguments, *site, "--output", str(place / "slurms")]) == 0
    assert launch_exp_slurms.main(["--folder", str(place / "slurms")]) == 0
    reference, array = (line.split("\t")[0] for line in capsys.readouterr().out.splitlines() if "\t" in line)
    (first,) = wait_for(lambda: ended(reference))
    tasks = wait_for(lambda: ended(array))
    assert {fact["JobState"] for fact in (first, *tasks)} == {"COMPLETED"}
    assert len(tasks) == 5
    assert all(fact["StartTime"] >= first["EndTime"] for fact in tasks)
    # The oracle and PINV besides.
    assert len(list((place / "restricted" / "metric").glob("*_ptopafc.npy"))) == 5 + 2
    logs = {path.name for path in (place / "slurms" / "logs").iterdir()}
    assert logs == {f"reference_{reference}.out", *(f"models_{array}_{n}.out" for n in range(1, 6))}


@pytest.mark.timeout(3 * PATIENCE_S)
def test_trainings_that_are_stopped_go_on_to_the_same_numbers(place):
    site = Site(gpus=0, cpus=1, memory="2G", time="30", requeue=True, setup=SETUP, logs=place / "stopped logs")
    site.logs.mkdir()
    oracle = f"reference/{COMMON}"
    jobs = [Job(name, command(place, "stopped", selection)) for name, selection in LONG.items()]
    first, array = write_scripts(
        place / "stopped slurms",
        {
            "00.slurm": job_script(Job("oracle", command(place, "stopped", oracle)), site, folder=ROOT),
            "01.slurm": array_script("long", jobs, site, folder=ROOT),
        },
    )
    number = submit_all(first, [array])[array]
    checkpoints = place / "stopped" / "model"
    stops = {
        # As the scheduler does for a job of higher priority.
        f"{number}_1": ("*ts=0_checkpoint", ["scontrol", "requeue"]),
        # As SLURM warns before the limit: the script alone.
        f"{number}_2": ("*ts=1_checkpoint", ["scancel", "--batch", "--signal=USR1"]),
    }
    for task, (checkpoint, stop) in stops.items():
        wait_for(lambda name=checkpoint: list(checkpoints.glob(name)))
        subprocess.run([*stop, task], check=True)
        hurry(task)
    tasks = wait_for(lambda: ended(number))
    assert [(fact["JobState"], fact["Restarts"], fact["ExitCode"]) for fact in tasks] == [("COMPLETED", "1", "0:0")] * 2
    assert not list(checkpoints.glob("*_checkpoint"))
    logs = [path.read_text() for path in site.logs.glob("long_*.out")]
    assert len(logs) == 2
    assert all(log.count("stopped: what was finished is kept") == 1 for log in logs)

    for selection in (oracle, *LONG.values()):
        environment = os.environ | {"OMP_NUM_THREADS": "1"}
        subprocess.run(command(place, "undisturbed", selection), env=environment, check=True, capture_output=True)
    assert_same(place / "stopped", place / "undisturbed")


@pytest.mark.timeout(PATIENCE_S)
def test_what_depends_on_a_failure_is_not_run(place):
    site = Site(gpus=0, cpus=1, time="30", logs=place / "failed logs")
    site.logs.mkdir()
    texts = {
        "00.slurm": job_script(Job("fails", ["false"]), site, folder=ROOT),
        "01.slurm": job_script(Job("waits", ["touch", str(place / "run")]), site, folder=ROOT),
    }
    first, second = write_scripts(place / "failed slurms", texts)
    number = submit(first)
    dependent = submit(second, after=number)
    assert [fact["JobState"] for fact in wait_for(lambda: ended(number))] == ["FAILED"]
    assert [fact["JobState"] for fact in wait_for(lambda: ended(dependent))] == ["CANCELLED"]
    assert not (place / "run").exists()
