"""Batch scripts: their text, what they do with signals, the folder they lie in, and how they are submitted."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from audiokit.errors import UserError
from audiokit.experiments.slurm.files import find_scripts, is_untouched, write_scripts
from audiokit.experiments.slurm.scripts import Job, Site, array_script, job_script, time_limit_s
from audiokit.experiments.slurm.submission import sbatch_command, submit_all

PATIENCE = 300
"""Seconds that a shell gets, on a busy machine."""

JOB_TEXT = """\
#!/bin/bash
#SBATCH --job-name=cnn_PANN
#SBATCH --nodes=1
#SBATCH --ntasks-per-node=1
#SBATCH --gres=gpu:1
#SBATCH --cpus-per-task=10
#SBATCH --hint=nomultithread
#SBATCH --time=20:00:00
#SBATCH --output=/work/logs/%x_%j.out

set -eo pipefail
cd /work
set -ux

command=(python3 train.py -s cnn/classifier=PANN -c -S)

# In the background, since bash heeds signals only while it waits. A signal ends the wait, not the command: wait again.
pass_on() {
    signalled=yes
    kill -s "$1" "${!-}" 2>/dev/null || true
}
trap 'pass_on TERM' TERM
"${command[@]}" &
signalled=yes
while [[ $signalled ]]; do
    signalled=
    status=0
    wait "$!" || status=$?
done

exit "$status"
"""

ARRAY_TEXT = """\
#!/bin/bash
#SBATCH --job-name=models
#SBATCH --array=1-2%4
#SBATCH --partition=gpu_p13
#SBATCH --account=abc@v100
#SBATCH --qos=qos_gpu-t3
#SBATCH --nodes=1
#SBATCH --ntasks-per-node=1
#SBATCH --gres=gpu:2
#SBATCH --cpus-per-task=8
#SBATCH --mem=40G
#SBATCH '--constraint=v100&32g'
#SBATCH --time=1-12
#SBATCH '--output=/work/my logs/100%%/%x_%A_%a.out'
#SBATCH --requeue
#SBATCH --signal=B:USR1@120
#SBATCH --open-mode=append
#SBATCH --mail-type=END
#SBATCH --exclusive

set -eo pipefail
module load pytorch-gpu/py3/1.12.1
source "my env/bin/activate"
cd '/my work'
set -ux

case "$SLURM_ARRAY_TASK_ID" in
    1) # one
        command=(python3 train.py -s 'it'"'"'s')
        ;;
    2) # two
        command=(python3 train.py -s two)
        ;;
esac

# In the background, since bash heeds signals only while it waits. A signal ends the wait, not the command: wait again.
pass_on() {
    signalled=yes
    kill -s "$1" "${!-}" 2>/dev/null || true
}
warned=
trap 'warned=yes; pass_on USR1' USR1
trap 'pass_on TERM' TERM
"${command[@]}" &
signalled=yes
while [[ $signalled ]]; do
    signalled=
    status=0
    wait "$!" || status=$?
done

# 130: it has saved where it was. 138 and 143: the signal has ended it where there was nothing to save.
if [[ $warned && $status =~ ^(130|138|143)$ ]]; then
    if (( ${SLURM_RESTART_COUNT:-0} < 7 )); then
        scontrol requeue "${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID"
    else
        echo "error: requeued 7 times and still not done" >&2
    fi
fi

exit "$status"
"""


# Text


def test_the_text_of_a_job():
    job = Job("cnn_PANN", ["python3", "train.py", "-s", "cnn/classifier=PANN", "-c", "-S"])
    assert job_script(job, Site(logs=Path("/work/logs")), folder=Path("/work")) == JOB_TEXT


def test_the_text_of_an_array_with_all_that_a_site_may_want():
    site = Site(
        partition="gpu_p13",
        account="abc@v100",
        qos="qos_gpu-t3",
        time="1-12",
        gpus=2,
        cpus=8,
        memory="40G",
        constraint="v100&32g",
        hint="",
        extra=("mail-type=END", "--exclusive"),
        modules=("pytorch-gpu/py3/1.12.1",),
        setup=('source "my env/bin/activate"',),
        logs=Path("/work/my logs/100%"),
        requeue=True,
        warning_s=120,
        most_requeues=7,
    )
    jobs = [Job(name, ["python3", "train.py", "-s", argument]) for name, argument in (("one", "it's"), ("two", "two"))]
    assert array_script("models", jobs, site, folder=Path("/my work"), at_once=4) == ARRAY_TEXT


def test_an_array_is_not_throttled_by_itself():
    assert "#SBATCH --array=1-3\n" in array_script("all", [Job("one", ["true"])] * 3, Site(), folder=Path("/"))


def test_no_gpu_is_asked_for_where_none_is_wanted():
    assert "gres" not in job_script(Job("one", ["true"]), Site(gpus=0), folder=Path("/"))


@pytest.mark.parametrize("requeue", [False, True])
@pytest.mark.parametrize("name", ["plain", "with space", "it's $HOME", '"quoted"; # and $(more)'])
def test_bash_can_read_every_script(tmp_path, name, requeue):
    site = Site(partition=name, setup=("true",), modules=(name,), logs=tmp_path / name, requeue=requeue)
    job = Job(name, [name, name])
    for text in (job_script(job, site, folder=tmp_path / name), array_script(name, [job] * 2, site, folder=tmp_path)):
        subprocess.run(["bash", "-n"], input=text, text=True, check=True)


@pytest.mark.parametrize("field", ["partition", "time", "extra", "modules", "setup"])
def test_line_breaks_are_refused(field):
    value = "a\nrm -r" if field in ("partition", "time") else ("a\nrm -r",)
    with pytest.raises(UserError, match="a line break in"):
        Site(**{field: value})


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30", 1800), ("30:10", 1810), ("20:00:00", 72000), ("1-12", 129600), ("1-12:30", 131400), ("2-0:0:5", 172805),
     ("", None), ("UNLIMITED", None)],
)  # fmt: skip
def test_times_are_read_as_slurm_does(text, seconds):
    assert time_limit_s(text) == seconds


@pytest.mark.parametrize("text", ["soon", "20h", "1-", "1:2:3:4", "-5"])
def test_what_is_no_time_is_refused(text):
    with pytest.raises(UserError, match="no time"):
        Site(time=text)


def test_a_warning_must_leave_time_to_work():
    Site(time="10", requeue=True)
    Site(time="5")
    with pytest.raises(UserError, match="a time of 6 leaves none before the warning, 300 s"):
        Site(time="6", requeue=True)


# What a script does


STUB = """\
saved() { echo "$1" >> told; sleep 0.3; echo saved >> told; exit STATUS; }
trap 'saved USR1' USR1
trap 'saved TERM' TERM
touch ready
while :; do sleep 0.02; done
"""
"""A command that takes a while to save when it is asked to stop."""


class Cluster:
    """A folder to run scripts in, with a `scontrol` that writes down what it is asked for."""

    def __init__(self, folder):
        self.folder = folder
        scontrol = folder / "bin" / "scontrol"
        scontrol.parent.mkdir()
        scontrol.write_text(f'#!/bin/bash\necho "$@" >> "{folder}/asked"\n')
        scontrol.chmod(0o755)
        self.environment = os.environ | {"PATH": f"{scontrol.parent}:{os.environ['PATH']}", "SLURM_JOB_ID": "17"}

    def start(self, text, **variables):
        (self.folder / "script").write_text(text)
        return subprocess.Popen(
            ["bash", "script"],
            cwd=self.folder,
            env=self.environment | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def signal(self, text, number, **variables):
        """Status after a signal has reached the script, and what was told."""
        (self.folder / "ready").unlink(missing_ok=True)
        process = self.start(text, **variables)
        deadline = time.monotonic() + PATIENCE
        while not (self.folder / "ready").exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(number)
        _, error = process.communicate(timeout=PATIENCE)
        return process.returncode, error

    def lines(self, name):
        path = self.folder / name
        return path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def cluster(tmp_path):
    return Cluster(tmp_path)


def stub(cluster, *, status=130, requeue=True, **site):
    """Script that runs the stub."""
    job = Job("stub", ["bash", "-c", STUB.replace("STATUS", str(status))])
    return job_script(job, Site(requeue=requeue, **site), folder=cluster.folder)


@pytest.mark.parametrize("requeue", [False, True])
@pytest.mark.parametrize("status", [0, 3, 130])
def test_the_status_is_that_of_the_command(cluster, status, requeue):
    text = job_script(Job("end", ["bash", "-c", f"exit {status}"]), Site(requeue=requeue), folder=cluster.folder)
    process = cluster.start(text)
    process.communicate()
    assert process.returncode == status
    assert cluster.lines("asked") == []


def test_arguments_arrive_as_they_are(cluster):
    arguments = ["it's", "a b", "$HOME", '"', "\\", "*", "#", "é", "a\nb", ""]
    text = job_script(Job("print", ["printf", r"%s\0", *arguments]), Site(), folder=cluster.folder)
    assert cluster.start(text).communicate()[0].split("\0") == [*arguments, ""]


def test_setup_comes_before_the_command_and_must_work(cluster):
    site = Site(setup=("greeting=$unset_variable$(echo hello)", "export greeting"))
    command = ["bash", "-c", 'echo "$greeting from $PWD"']
    assert cluster.start(job_script(Job("hi", command), site, folder=cluster.folder)).communicate()[0] == (
        f"hello from {cluster.folder}\n"
    )
    process = cluster.start(job_script(Job("hi", command), Site(modules=("no_such",)), folder=cluster.folder))
    assert process.communicate()[0] == ""
    assert process.returncode != 0


def test_before_the_limit_the_command_saves_and_the_job_is_queued_again(cluster):
    assert cluster.signal(stub(cluster), signal.SIGUSR1)[0] == 130
    assert cluster.lines("told") == ["USR1", "saved"]
    assert cluster.lines("asked") == ["requeue 17"]


def test_a_command_that_the_warning_kills_is_queued_again(cluster):
    command = ["bash", "-c", "touch ready; exec sleep 20"]
    text = job_script(Job("deaf", command), Site(requeue=True), folder=cluster.folder)
    assert cluster.signal(text, signal.SIGUSR1)[0] == 138
    assert cluster.lines("asked") == ["requeue 17"]


@pytest.mark.parametrize("status", [0, 1])
def test_what_has_ended_or_failed_is_not_queued_again(cluster, status):
    assert cluster.signal(stub(cluster, status=status), signal.SIGUSR1)[0] == status
    assert cluster.lines("told") == ["USR1", "saved"]
    assert cluster.lines("asked") == []


@pytest.mark.parametrize("requeue", [False, True])
def test_a_job_that_is_cancelled_or_preempted_saves_and_leaves_the_queue_to_slurm(cluster, requeue):
    assert cluster.signal(stub(cluster, requeue=requeue), signal.SIGTERM)[0] == 130
    assert cluster.lines("told") == ["TERM", "saved"]
    assert cluster.lines("asked") == []


def test_a_job_is_not_queued_again_for_ever(cluster):
    text = stub(cluster, most_requeues=3)
    assert cluster.signal(text, signal.SIGUSR1, SLURM_RESTART_COUNT="2")[0] == 130
    assert cluster.lines("asked") == ["requeue 17"]
    status, error = cluster.signal(text, signal.SIGUSR1, SLURM_RESTART_COUNT="3")
    assert status == 130
    assert "error: requeued 3 times and still not done" in error
    assert cluster.lines("asked") == ["requeue 17"]


def test_each_task_of_an_array_has_its_command_and_is_queued_again_alone(cluster):
    jobs = [Job(str(n), ["bash", "-c", f"echo {n} >> task; {STUB.replace('STATUS', '130')}"]) for n in (1, 2, 3)]
    text = array_script("array", jobs, Site(requeue=True), folder=cluster.folder)
    # The number of one task is that of the array.
    variables = {"SLURM_ARRAY_JOB_ID": "17", "SLURM_ARRAY_TASK_ID": "3"}
    assert cluster.signal(text, signal.SIGUSR1, **variables)[0] == 130
    assert cluster.lines("task") == ["3"]
    assert cluster.lines("asked") == ["requeue 17_3"]


# The folder of scripts


def names(paths):
    return [path.name for path in paths]


def test_scripts_of_an_earlier_call_are_replaced(tmp_path):
    folder = tmp_path / "slurms"
    assert names(write_scripts(folder, {"00.slurm": "old\n", "01.slurm": "old\n"})) == ["00.slurm", "01.slurm"]
    assert all(map(is_untouched, find_scripts(folder)))
    (folder / "notes.txt").touch()
    write_scripts(folder, {"00.slurm": "new\n"})
    assert names(find_scripts(folder)) == ["00.slurm"]
    assert (folder / "00.slurm").read_text().startswith("new\n# SHA-256 of the lines above")
    assert (folder / "notes.txt").exists()


@pytest.mark.parametrize("change", ["edit", "append", "foreign"])
def test_scripts_that_somebody_has_edited_or_added_stop_the_writing(tmp_path, change):
    (path,) = write_scripts(tmp_path, {"00.slurm": "old\n"})
    written = path.read_text()
    changed = {"edit": written.replace("old", "mine"), "append": written + "mine\n", "foreign": "mine\n"}[change]
    path.write_text(changed)
    with pytest.raises(UserError, match=r"00.slurm was edited or put there by somebody: move it away") as caught:
        write_scripts(tmp_path, {"01.slurm": "new\n"})
    assert "\n" not in str(caught.value)
    assert names(find_scripts(tmp_path)) == ["00.slurm"]
    assert path.read_text() == changed


# Submission


def test_commands_of_sbatch():
    assert sbatch_command(Path("a.slurm")) == ["sbatch", "--parsable", "a.slurm"]
    assert sbatch_command(Path("a.slurm"), after="5") == [
        "sbatch", "--parsable", "--dependency=afterok:5", "--kill-on-invalid-dep=yes", "a.slurm",
    ]  # fmt: skip


def fake_sbatch(folder, text):
    program = folder / "bin" / "sbatch"
    program.parent.mkdir()
    program.write_text(f"#!/bin/bash\n{text}\n")
    program.chmod(0o755)
    return str(program.parent)


def test_numbers_come_back_without_the_cluster(tmp_path, monkeypatch):
    folder = fake_sbatch(tmp_path, "echo '41;north'")
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    assert submit_all(Path("a"), []) == {Path("a"): "41"}


def test_without_slurm_it_is_told_so(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match="there is no sbatch here: run this on a login node"):
        submit_all(Path("a"), [Path("b")])


def test_a_script_that_is_half_written_is_not_submitted(tmp_path):
    (tmp_path / "00.4711.part.slurm").write_text("#!/bin/bash\nrm -r")
    (tmp_path / "00.slurm").touch()
    assert names(find_scripts(tmp_path)) == ["00.slurm"]
