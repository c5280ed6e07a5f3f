"""Settings are computed in order, skipped, continued and written down, in one process or in several."""

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from toy_experiment import PLANS, toy

from audiokit.errors import UserError
from audiokit.experiments import jobs, journal
from audiokit.experiments.computing import compute
from audiokit.experiments.experiment import Metric, plan_and_step
from audiokit.experiments.jobs import (
    compute_in_processes,
    job_environments,
    setting_command,
    visible_gpus,
)
from audiokit.experiments.selection import select

SCRIPT = Path(__file__).with_name("toy_experiment.py")
ONE = "deep/model=cnn+dataset=town+rate=-3"
TWO = "deep/model=cnn+dataset=town"
PATIENCE = 300
"""Seconds that processes get to start in, on a busy machine."""


def outputs(folder):
    return sorted(path.stem for path in folder.glob("*.npy"))


def journals(folder):
    return sorted(path.stem for path in (folder / "settings").glob("*.json"))


def names(settings):
    return sorted(map(str, settings))


# One process


def test_settings_are_computed_in_their_order(tmp_path, capsys):
    settings = select(TWO, PLANS)
    assert compute(toy(tmp_path), settings) == []
    told = [line.split(": ")[1] for line in capsys.readouterr().err.splitlines() if "deep: " in line]
    assert told == [str(setting) for setting in settings]
    assert outputs(tmp_path) == journals(tmp_path) == names(settings)
    trained, _, measured, _ = (np.load(tmp_path / f"{setting}.npy") for setting in settings)
    assert trained == len(str(settings[0]))
    assert measured.mean() == pytest.approx(trained / 100, abs=0.01)


def test_what_made_a_result_is_written_beside_it(tmp_path):
    (setting, _) = select(ONE, PLANS)
    compute(replace(toy(tmp_path), options={"paper": True, "root": tmp_path}), [setting])
    facts = json.loads(journal.journal_path(tmp_path, setting).read_text())
    assert facts["plan"] == "deep"
    assert facts["setting"] == dict(setting)
    assert facts["options"] == {"paper": True, "root": str(tmp_path)}
    assert facts["versions"]["python"] == sys.version.split()[0]
    assert facts["versions"]["numpy"] == np.__version__
    assert 0 <= facts["duration_s"] < 60
    assert facts["date"].startswith("20")


def test_the_commit_is_that_of_the_code_if_any(tmp_path, monkeypatch):
    commit = journal._commit.__wrapped__
    monkeypatch.setattr(journal, "ROOT", tmp_path)
    assert commit() is None
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b"]
    for command in (["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "x"]):
        subprocess.run([*git, *command], cwd=tmp_path, check=True)
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert commit() == head.stdout.strip()
    monkeypatch.setenv("PATH", "")
    assert commit() is None


def test_what_is_done_is_skipped(tmp_path):
    settings = select(TWO, PLANS)
    compute(toy(tmp_path), settings[:2])
    before = {path: path.stat().st_mtime_ns for path in tmp_path.glob("*.npy")}
    compute(toy(tmp_path), settings, skip=True)
    assert outputs(tmp_path) == names(settings)
    assert all(path.stat().st_mtime_ns == date for path, date in before.items())
    compute(toy(tmp_path), settings[:2])
    assert all(path.stat().st_mtime_ns > date for path, date in before.items())


def test_the_first_failure_stops_and_keeps_what_is_finished(tmp_path):
    settings = select(TWO, PLANS)
    with pytest.raises(UserError, match="no sound today"):
        compute(toy(tmp_path, fail=str(settings[1])), settings)
    assert outputs(tmp_path) == journals(tmp_path) == [str(settings[0])]
    with pytest.raises(ZeroDivisionError):
        compute(toy(tmp_path, crash=str(settings[1])), settings)


def test_detached_goes_on_after_failures(tmp_path, capsys):
    settings = select("deep/dataset=town+step=train", PLANS)
    failed = compute(toy(tmp_path, fail="cnn+rate=-3", crash="mlp+rate=-4"), settings, detached=True)
    assert failed == [settings[0], settings[3]]
    assert outputs(tmp_path) == journals(tmp_path) == names(settings[1:3])
    told = capsys.readouterr().err
    assert "error: no sound today" in told
    assert "Traceback" in told
    assert "ZeroDivisionError: a fault of ours" in told


# What cannot be computed


def without(text):
    """What settings with this text in them lack."""
    return lambda setting: f"there is no sound for {text}" if text in str(setting) else ""


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_settings_that_lack_something_are_left_out_with_a_line(tmp_path, capsys, n_jobs):
    settings = select("deep/model=cnn+step=train", PLANS)
    experiment = replace(toy(tmp_path), lacks=without("dataset=park"))
    assert compute(experiment, settings, jobs=n_jobs, arguments=["--root", str(tmp_path)]) == []
    assert outputs(tmp_path) == names(setting for setting in settings if setting["dataset"] == "town")
    told = [line for line in capsys.readouterr().err.splitlines() if "left out" in line]
    assert told == ["left out (2 of 4 settings): there is no sound for dataset=park"]


def test_each_reason_is_told_once(tmp_path, capsys):
    settings = select("deep/step=train", PLANS)
    first, second = without("dataset=park"), without("rate=-4")
    experiment = replace(toy(tmp_path), lacks=lambda setting: first(setting) or second(setting))
    compute(experiment, settings)
    told = [line for line in capsys.readouterr().err.splitlines() if "left out" in line]
    assert told == [
        "left out (2 of 8 settings): there is no sound for rate=-4",
        "left out (4 of 8 settings): there is no sound for dataset=park",
    ]
    assert len(outputs(tmp_path)) == 2


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_where_all_settings_lack_something_that_is_an_error(tmp_path, capsys, n_jobs):
    experiment = replace(toy(tmp_path), lacks=without("dataset=town"))
    with pytest.raises(UserError, match=r"^there is no sound for dataset=town$"):
        compute(experiment, select(TWO, PLANS), jobs=n_jobs, detached=True)
    assert not capsys.readouterr().err
    assert not outputs(tmp_path)


def test_where_nothing_is_lacking_nothing_is_told(tmp_path, capsys):
    compute(replace(toy(tmp_path), lacks=without("dataset=sea")), select(ONE, PLANS))
    assert "left out" not in capsys.readouterr().err
    assert len(outputs(tmp_path)) == 2


# Several processes


def test_processes_give_the_same_numbers_as_one(tmp_path):
    settings = select(TWO, PLANS)
    compute(toy(tmp_path / "one"), settings)
    arguments = ["--root", str(tmp_path / "two"), "--paper"]
    assert compute(toy(tmp_path / "two"), settings, jobs=2, arguments=arguments) == []
    assert outputs(tmp_path / "two") == journals(tmp_path / "two") == names(settings)
    for setting in settings:
        np.testing.assert_array_equal(*(np.load(tmp_path / folder / f"{setting}.npy") for folder in ("one", "two")))
    options = json.loads(journal.journal_path(tmp_path / "two", settings[0]).read_text())["options"]
    assert options["paper"] is True


def test_what_processes_have_to_say_is_told_once(tmp_path, capsys):
    settings = select(TWO, PLANS)
    compute(toy(tmp_path), settings, jobs=2, arguments=["--root", str(tmp_path)])
    told = capsys.readouterr().err
    assert told.count("nobody's voice is here: a random one is trained") == 1
    assert [told.count(setting.heading) for setting in settings] == [1] * len(settings)
    (tmp_path / "tenor").touch()
    compute(toy(tmp_path), settings, jobs=2, arguments=["--root", str(tmp_path), "--voice", str(tmp_path / "tenor")])
    assert "nobody's voice" not in capsys.readouterr().err


def test_a_failing_process_stops_the_others_from_starting(tmp_path):
    settings = select("deep/dataset=town", PLANS)
    arguments = ["--root", str(tmp_path), "--crash", "cnn+rate=-3+step=train"]
    with pytest.raises(UserError, match=r"step=train failed with status 1: ZeroDivisionError: a fault of ours \(see "):
        compute(toy(tmp_path), settings, jobs=2, arguments=arguments)
    # The other process finishes what it has in hand, and may have begun the next before the failure was seen.
    in_hand, begun = (setting.identifier() for setting in settings[1:3])
    assert in_hand in outputs(tmp_path)
    assert set(outputs(tmp_path)) <= {in_hand, begun}
    assert "Traceback" in (tmp_path / "logs" / f"{settings[0]}.log").read_text()


def test_processes_skip_and_are_detached_as_one_is(tmp_path, capsys):
    settings = select("deep/dataset=town+step=train", PLANS)
    compute(toy(tmp_path), settings[:2])
    arguments = ["--root", str(tmp_path), "--fail", "mlp+rate=-3"]
    failed = compute(toy(tmp_path), settings, jobs=2, skip=True, detached=True, arguments=arguments)
    assert failed == [settings[2]]
    assert outputs(tmp_path) == names([*settings[:2], settings[3]])
    assert len(list((tmp_path / "logs").iterdir())) == 2
    assert "failed with status 1: no sound today: come back tomorrow (see" in capsys.readouterr().err


def test_stages_do_not_overlap(tmp_path, monkeypatch):
    script = tmp_path / "nothing.py"
    script.touch()
    events = []

    class Pool(jobs.Pool):
        def start(self, setting):
            events.append(setting)
            super().start(setting)

        def wait(self):
            ended = super().wait()
            events.extend(f"{job.setting} ended" for job in ended)
            return ended

    monkeypatch.setattr(jobs, "Pool", Pool)
    settings = select("deep/model=cnn+dataset=town", PLANS)
    compute(replace(toy(tmp_path), script=script), settings, jobs=3)
    trained, measured = settings[:2], settings[2:]
    assert events[:2] == trained
    assert sorted(events[2:4]) == sorted(f"{setting} ended" for setting in trained)
    assert events[4:6] == measured
    assert plan_and_step(trained[0]) == plan_and_step(trained[1]) != plan_and_step(measured[0])


def needs(setting):
    return [setting.replace(step="train")] if setting["step"] == "metric" else []


def test_with_needs_a_setting_waits_for_nothing_else(tmp_path):
    first, second, measured, last = settings = select(TWO, PLANS)
    experiment = replace(toy(tmp_path), needs=needs)
    # In stages the first measurement would come after the second training, which takes a minute.
    arguments = ["--root", str(tmp_path), "--hang", str(second)]
    with ThreadPoolExecutor() as pool:
        computing = pool.submit(compute, experiment, settings, jobs=2, detached=True, arguments=arguments)
        deadline = time.monotonic() + PATIENCE
        while len(list(tmp_path.glob("*.npy")) + list(tmp_path.glob("hanging"))) < 3 and time.monotonic() < deadline:
            time.sleep(0.02)
        assert outputs(tmp_path) == names([first, measured])
        os.kill(int((tmp_path / "hanging").read_text()), signal.SIGKILL)
    assert computing.result() == [second, last]


def test_what_needs_a_failure_is_left_out_and_what_is_done_is_not(tmp_path, capsys):
    settings = select(TWO, PLANS)
    (tmp_path / f"{settings[2]}.npy").touch()
    arguments = ["--root", str(tmp_path), "--fail", "step=train"]
    failed = compute_in_processes(
        replace(toy(tmp_path), needs=needs), settings, jobs=1, skip=True, detached=True, arguments=arguments
    )
    assert failed == [settings[0], settings[1], settings[3]]
    assert f"error: {settings[3]} is left out, for it needs {settings[1]}" in capsys.readouterr().err


def test_settings_that_need_each_other_are_a_fault_of_the_program(tmp_path):
    experiment = replace(toy(tmp_path), needs=lambda setting: [setting])
    with pytest.raises(RuntimeError, match="these settings need each other"):
        compute_in_processes(experiment, select(ONE, PLANS), jobs=1)


def test_the_command_of_a_setting_can_be_run_by_hand(tmp_path):
    (setting, _) = select(ONE, PLANS)
    command = setting_command(toy(tmp_path), setting, ["--root", str(tmp_path)])
    assert command[-2:] == ["deep/step=train+model=cnn+dataset=town+rate=-3", "-c"]
    assert command[:-3] == [sys.executable, str(SCRIPT), "--root", str(tmp_path)]


def test_processes_share_cores_and_gpus(monkeypatch):
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "CUDA_VISIBLE_DEVICES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(jobs, "_n_cores", lambda: 16)
    monkeypatch.setattr(jobs, "visible_gpus", lambda: ["0", "1", "2"])
    environments = job_environments(5)
    assert [environment["CUDA_VISIBLE_DEVICES"] for environment in environments] == ["0", "1", "2", "0", "1"]
    assert {environment["OMP_NUM_THREADS"] for environment in environments} == {"3"}
    assert all(environment["PATH"] == os.environ["PATH"] for environment in environments)
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.setattr(jobs, "visible_gpus", lambda: ["0"])
    (environment, *_) = job_environments(40)
    assert environment["OMP_NUM_THREADS"] == "7"
    assert environment["MKL_NUM_THREADS"] == "1"
    assert "CUDA_VISIBLE_DEVICES" not in environment


def test_gpus_are_those_that_the_user_leaves_visible(tmp_path, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2, 5")
    assert visible_gpus() == ["2", "5"]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert visible_gpus() == []
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\necho 0\necho 1\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    assert visible_gpus() == ["0", "1"]
    tool.write_text("#!/bin/sh\necho no driver\nexit 9\n")
    assert visible_gpus() == []
    monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))
    assert visible_gpus() == []


# Ctrl-C


def is_running(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize(
    ("n_jobs", "number"), [(1, signal.SIGINT), (2, signal.SIGINT), (2, signal.SIGTERM), (2, signal.SIGHUP)]
)
def test_an_interruption_keeps_what_is_finished_and_leaves_no_process(tmp_path, n_jobs, number):
    first, second, *_ = map(str, select(TWO, PLANS))  # of one stage: none but the second can be under way
    command = [
        sys.executable,
        SCRIPT,
        "--root",
        tmp_path,
        "--hang",
        second,
        "-s",
        TWO,
        "-c",
        str(n_jobs),
    ]
    # A shell's background jobs, and nohup's, ignore some signals, and hand that on.
    process = subprocess.Popen(
        [*map(str, command)],
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(number, signal.SIG_DFL),
    )
    deadline = time.monotonic() + PATIENCE
    journal_of_first = tmp_path / "settings" / f"{first}.json"
    while not ((tmp_path / "hanging").exists() and journal_of_first.exists()) and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(number)
    _, told = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert told.strip().endswith("stopped: what was finished is kept; run the same command again to go on")
    assert outputs(tmp_path) == journals(tmp_path) == [first]
    assert not is_running(int((tmp_path / "hanging").read_text()))


# Metrics


def test_metrics_go_by_name_or_number(tmp_path):
    experiment = toy(tmp_path)
    assert experiment.metric("hits") is experiment.metric("1") is experiment.metrics[1]
    for wrong in ("2", "miss", "-1", ""):
        with pytest.raises(UserError, match=rf"no metric '{wrong}' in toy: choose among error \(0\), hits \(1\)"):
            experiment.metric(wrong)


def test_headings_tell_the_unit_and_the_better_direction():
    assert Metric("error", lambda setting: None).heading == "error\N{NO-BREAK SPACE}↓"
    metric = Metric("hits", lambda setting: None, title="top-1", direction="higher", percent=True)
    assert metric.heading == "top-1 (%)\N{NO-BREAK SPACE}↑"


def test_of_two_processes_that_compute_one_setting_the_second_waits_and_takes_it_as_it_is(tmp_path, capsys):
    experiment = toy(tmp_path)
    (setting, _) = select(ONE, PLANS)
    runs = []

    def run_slowly(setting):
        runs.append(setting)
        time.sleep(0.3)
        experiment.run(setting)

    slow = replace(experiment, run=run_slowly)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: compute(slow, [setting]), range(2)))
    assert len(runs) == 1
    assert "another process is making" in capsys.readouterr().err
    compute(slow, [setting])  # asked for when it is done, it is made anew
    assert len(runs) == 2
    assert not list(tmp_path.rglob("*.lock"))
