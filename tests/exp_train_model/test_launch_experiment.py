"""The training experiment launched: which settings in which order, as processes here, as jobs on a cluster."""

import csv
import os
import re
import shlex
import subprocess
import sys
from dataclasses import replace

import pytest

from audiokit import cli
from audiokit.experiments.own_arguments import own_arguments
from audiokit.experiments.selection import select
from audiokit.paths import ROOT
from exp_train_model.experiment_sizes import EXPERIMENT_SIZES, TABLE_MODELS, size_settings, trainings
from exp_train_model.launch_experiment import launch_exp_py, launch_exp_slurms, slurms_create
from exp_train_model.main_doce_training import add_arguments, configure, deciding
from exp_train_model.plans import needs, training_plans

PLANS = training_plans(datasets=["tiny"])
SCRIPTS = ROOT / "exp_train_model" / "launch_experiment"


def settings(size, classifiers=("YamNet", "PANN"), dataset="full"):
    return size_settings(size, PLANS, dataset=dataset, classifiers=classifiers, epoch=200)


# Which settings


@pytest.mark.parametrize(("size", "count"), [("restricted", 38), ("detailed", 1034)])
def test_settings_come_in_the_order_of_the_paper(shared, size, count):
    with open(shared / "specs" / f"plan_{size}_settings.csv", newline="", encoding="utf-8") as file:
        expected = [row["identifier"] for row in csv.DictReader(file)]
    if size == "restricted":
        # The name under which the paper's tables look for the same network.
        expected = [name.replace("dilation=0", "dilation=1") for name in expected]
    assert [str(setting) for setting in settings(size)] == expected
    assert len(expected) == count


def test_the_models_of_the_tables_are_all_that_restricted_trains():
    assert EXPERIMENT_SIZES["restricted"] == ("reference/transcoder=oracle", *TABLE_MODELS)
    assert [len(trainings(settings(size))) for size in EXPERIMENT_SIZES] == [10, 342]


TAGGER = "tagger/cadence=fast+beside=1+balance=1+epoch=1+learning_rate=-3+schedule=cosine+averaging=1+seed=0"


@pytest.mark.parametrize("size", EXPERIMENT_SIZES)
def test_what_a_setting_needs_is_a_setting_that_comes_before_it(size):
    before = set()
    for setting in settings(size, ("YamNet",)):
        assert before.issuperset(needs(setting))
        before.add(setting)


@pytest.mark.parametrize(
    ("selection", "needed"),
    [
        ("reference/transcoder=oracle+step=evaluate", []),
        ("reference/transcoder=oracle+step=metric", ["oracle evaluate"]),
        ("reference/transcoder=pinv+step=evaluate", []),
        ("reference/transcoder=pinv+step=metric", ["pinv evaluate", "oracle evaluate"]),
        ("mlp/transcoder=mlp+step=train+epoch=1+learning_rate=-3+hidden1=100+hidden2=1000", []),
        ("hybridts/step=train+epoch=1+learning_rate=-3+dilation=1+prop_logit=100", ["oracle evaluate"]),
        ("ts/transcoder=self+step=train+epoch=1+learning_rate=-3", ["oracle evaluate"]),
        ("ts/transcoder=self+step=evaluate+epoch=1+learning_rate=-3", ["self train"]),
        ("ts/transcoder=self+step=metric+epoch=1+learning_rate=-3", ["self evaluate", "oracle evaluate"]),
        (f"{TAGGER}+step=train", ["oracle evaluate"]),
    ],
)
def test_what_a_setting_needs(selection, needed):
    (setting,) = select(f"{selection}+dataset=full+classifier=PANN", PLANS)
    assert [f"{other['transcoder']} {other['step']}" for other in needs(setting)] == needed


# Options that are passed on


def test_the_experiment_s_own_options_are_passed_on(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    given = ["--data_path", "here", "--paper", "--datasets", "a", "b", "--patience", "3", "--device", "auto"]
    options = launch_exp_py.parse([*given, "--jobs", "3", "--epoch", "10"])
    passed = own_arguments(add_arguments, options)
    assert passed == ["--data_path", str(tmp_path / "here"), "--datasets", "a", "b", "--paper", "--patience", "3"]
    again = launch_exp_py.parse(passed)
    assert {**vars(again), "jobs": 3, "epoch": 10} == {**vars(options), "data_path": tmp_path / "here"}


@pytest.mark.parametrize(
    ("selection", "options"),
    [
        (f"{TAGGER}+step=train", {"batch_size", "minutes", "mixed_precision", "paper", "patience", "start_from"}),
        (f"{TAGGER}+step=evaluate", {"paper"}),
        ("reference/transcoder=pinv+step=evaluate", set()),
        (f"{TAGGER}+step=metric", set()),
    ],
)
def test_results_depend_on_few_of_them(selection, options):
    (setting,) = select(f"{selection}+dataset=full+classifier=PANN", PLANS)
    assert set(deciding(setting)) == options
    assert options <= vars(launch_exp_py.parse([])).keys()


# Processes here


STAND_IN = """\
import os, sys
from pathlib import Path

arguments = sys.argv[1:]
root = Path(arguments[arguments.index("--output_path") + 1])
pairs = dict(pair.split("=") for pair in arguments[arguments.index("-s") + 1].partition("/")[2].split("+"))
name = "+".join(f"{factor}={pairs[factor]}" for factor in sorted(pairs))
with open(root / "order", "a") as file:
    file.write(name + "\\n")
if os.environ.get("FAIL") and all(word in name for word in os.environ["FAIL"].split()):
    sys.exit("error: no sound today")
(root / f"{name}.done").touch()
"""
"""Writes down which setting it was run for, and that this one is done."""


class Launcher:
    """The script, with a stand-in for the experiment's own."""

    def __init__(self, root, capsys):
        self.root, self.capsys = root, capsys
        self.arguments = ["--output_path", str(root), "--dataset", "tiny", "--classifiers", "YamNet", "--device", "cpu"]
        self.settings = settings("restricted", ("YamNet",), "tiny")

    def is_done(self, setting):
        return (self.root / f"{setting}.done").exists()

    def __call__(self, *arguments):
        status = cli.run(launch_exp_py.main, [*self.arguments, *arguments])
        return (status, *self.capsys.readouterr())

    def order(self):
        """Settings that were run since the last question."""
        path = self.root / "order"
        names = path.read_text().splitlines() if path.exists() else []
        path.unlink(missing_ok=True)
        return names

    def named(self, *words):
        return [str(setting) for setting in self.settings if all(word in str(setting) for word in words)]


@pytest.fixture
def launch(tmp_path, capsys, monkeypatch):
    script = tmp_path / "stand_in.py"
    script.write_text(STAND_IN)
    root = tmp_path / "results"
    root.mkdir()
    launcher = Launcher(root, capsys)

    def configured(experiment, options):
        return replace(configure(experiment, options), script=script, is_done=launcher.is_done)

    monkeypatch.setattr(launch_exp_py, "configure", configured)
    return launcher


def test_all_settings_are_computed_in_order_and_only_once(launch):
    status, told, _ = launch()
    assert (status, told) == (0, f"19 settings are done, in {launch.root}\n")
    assert launch.order() == launch.named()
    assert all(map(launch.is_done, launch.settings))
    assert launch()[0] == 0
    assert launch.order() == []


def test_a_failure_stops_only_what_needs_it_and_is_reported(launch, monkeypatch):
    monkeypatch.setenv("FAIL", "step=train prop_logit")
    status, told, error = launch("--jobs", "2")
    assert (status, told) == (1, "")
    failed = launch.named("prop_logit")
    assert [step.split("step=")[1].split("+")[0] for step in failed] == ["train", "evaluate", "metric"]
    assert sorted(launch.order()) == sorted(set(launch.named()) - set(failed[1:]))
    assert f"{failed[0]} failed with status 1: no sound today (see " in error
    assert f"error: {failed[1]} is left out, for it needs {failed[0]}\n" in error
    assert error.endswith("error: 3 of 19 settings failed:\n" + "".join(f"  {name}\n" for name in failed))

    monkeypatch.delenv("FAIL")
    assert launch()[0] == 0
    assert launch.order() == failed


def test_without_the_teacher_s_scores_only_what_does_not_need_them_is_computed(launch, monkeypatch):
    monkeypatch.setenv("FAIL", "oracle step=evaluate")
    assert launch("--jobs", "2")[0] == 1
    computed = set(launch.order())
    assert computed == {
        *launch.named("step=evaluate", "oracle"),
        *launch.named("step=evaluate", "=pinv+"),
        *launch.named("step=train", "cnn_pinv", "ts=0"),
        *launch.named("step=evaluate", "cnn_pinv", "ts=0"),
    }


def test_a_dry_run_prints_the_commands_of_what_is_left(launch):
    status, told, error = launch("--dry_run", "--paper")
    assert (status, error) == (0, "0 of 19 settings are done\n")
    commands = [shlex.split(line) for line in told.splitlines()]
    assert [select(command[command.index("-s") + 1], PLANS) for command in commands] == [[s] for s in launch.settings]
    own = ["--output_path", str(launch.root), "--datasets", "tiny", "--device", "cpu", "--paper"]
    assert commands[0][2:-3] == own
    assert launch.order() == []
    subprocess.run(commands[0], check=True)
    _, left, error = launch("--dry_run", "--paper")
    assert (left, error) == (told.partition("\n")[2], "1 of 19 settings are done\n")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--classifiers", "Yamnet"], "no modality 'Yamnet' of the factor classifier in reference"),
        (["--epoch", "7"], "no modality '7' of the factor epoch in cnn: choose among 1, 10, 100, 200"),
        (["--device", "abacus"], "there is no device 'abacus' here"),
    ],
)
@pytest.mark.parametrize("dry", [[], ["--dry_run"]])
def test_what_does_not_exist_is_told_in_one_line(launch, arguments, reason, dry):
    status, told, error = launch(*arguments, *dry)
    assert (status, told) == (1, "")
    assert reason in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("name", ["launch_exp_py", "slurms_create", "launch_exp_slurms"])
def test_scripts_run_from_the_root_of_the_checkout(name):
    command = [sys.executable, f"exp_train_model/launch_experiment/{name}.py", "--help"]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "--dry_run" in told or "--requeue" in told


# Jobs for a cluster


NAMES = [
    "00_reference", "01_cnn_PANN", "02_cnn_YamNet", "03_hybridts_YamNet", "04_hybridts_PANN", "05_self_YamNet",
    "06_self_PANN", "07_effnet_b0_YamNet", "08_effnet_b0_PANN", "09_effnet_b7_YamNet", "10_effnet_b7_PANN",
]  # fmt: skip
"""The original's order."""


@pytest.fixture
def create(tmp_path, capsys):
    def call(*arguments):
        status = cli.run(slurms_create.main, ["--output", str(tmp_path / "slurms"), *arguments])
        return (status, *capsys.readouterr())

    return call


def commands(text):
    """What the script runs, as words; a selection as settings."""
    found = [shlex.split(line) for line in re.findall(r"command=\((.*)\)", text)]
    return [(words[: words.index("-s")], select(words[words.index("-s") + 1], PLANS), words[-2:]) for words in found]


def scripts(folder):
    return {path.stem: path.read_text() for path in sorted(folder.glob("*.slurm"))}


def test_a_script_for_the_reference_and_for_each_model_and_teacher(create, tmp_path):
    status, told, error = create("--python", "python3", "--data_path", "data")
    texts = scripts(tmp_path / "slurms")
    assert (status, list(texts)) == (0, NAMES)
    assert told.splitlines() == [str(tmp_path / "slurms" / f"{name}.slurm") for name in NAMES]
    assert error == (
        "next: python3 exp_train_model/launch_experiment/launch_exp_slurms.py "
        f"--folder {shlex.quote(str(tmp_path / 'slurms'))}\n"
    )
    assert (tmp_path / "slurms" / "logs").is_dir()
    own = ["python3", "exp_train_model/main_doce_training.py", "--data_path", os.path.abspath("data")]
    computed = []
    for name, text in texts.items():
        ((program, selected, flags),) = commands(text)
        assert (program, flags) == (own, ["-c", "-S"])
        assert f"#SBATCH --job-name={name[3:]}\n" in text
        steps = [setting["step"] for setting in selected]
        assert steps == (["evaluate"] * 4 + ["metric"] * 4 if "reference" in name else ["train", "evaluate", "metric"])
        computed += selected
    assert len(computed) == 38
    assert set(computed) == set(settings("restricted"))


def test_an_array_in_place_of_many_scripts(create, tmp_path):
    assert create("--arrays", "--at_once", "4", "--classifiers", "YamNet", "PANN", "--requeue")[0] == 0
    texts = scripts(tmp_path / "slurms")
    assert list(texts) == ["00_reference", "01_models"]
    assert "#SBATCH --array=1-10%4\n" in texts["01_models"]
    assert re.findall(r"\d+\) # (\w+)", texts["01_models"]) == [name[3:] for name in NAMES[1:]]
    assert len(commands(texts["01_models"])) == 10
    assert all("#SBATCH --requeue\n" in text for text in texts.values())


def test_the_detailed_experiment_has_a_name_for_each_model(create, tmp_path):
    assert create("--experiment_size", "detailed")[0] == 0
    texts = scripts(tmp_path / "slurms")
    assert len(texts) == 1 + 342
    assert next(iter(texts)) == "000_reference"
    assert "342_effnet_b7_PANN_learning_rate=-5" in texts
    assert len({name[4:] for name in texts}) == len(texts)
    selected = [setting for text in texts.values() for _, found, _ in commands(text) for setting in found]
    assert len(selected) == 1034
    assert set(selected) == set(settings("detailed"))


def test_a_dataset_and_teachers_of_one_s_own(create, tmp_path):
    assert create("--dataset", "tiny", "--classifiers", "mn04_as", "--epoch", "10")[0] == 0
    texts = scripts(tmp_path / "slurms")
    assert len(texts) == 6
    for text in texts.values():
        ((program, selected, _),) = commands(text)
        assert program[-2:] == ["--datasets", "tiny"]
        assert {(s["dataset"], s["classifier"], s.get("epoch", 10)) for s in selected} == {("tiny", "mn04_as", 10)}


def test_scripts_are_replaced_unless_one_was_edited(create, tmp_path):
    assert create()[0] == create("--classifiers", "YamNet")[0] == 0
    texts = scripts(tmp_path / "slurms")
    assert len(texts) == 6
    path = tmp_path / "slurms" / "00_reference.slurm"
    path.write_text(path.read_text().replace("20:00:00", "10:00:00"))
    status, told, error = create()
    assert (status, told) == (1, "")
    assert "00_reference.slurm was edited or put there by somebody" in error
    assert scripts(tmp_path / "slurms").keys() == texts.keys()


# Submission


FAKE_SBATCH = """\
#!/bin/bash
printf '%s\\n' "$*" >> FOLDER/calls
[[ $* == *REFUSED* ]] && { printf 'sbatch: error: Invalid qos\\nsbatch: error: no\\n' >&2; exit 1; }
echo $(( 100 + $(wc -l < FOLDER/calls) ))
"""


@pytest.fixture
def submit(tmp_path, capsys, monkeypatch):
    """`submit(*arguments, refuse=…)` gives status, stdout and stderr; `submit.calls()` what sbatch was called with."""
    program = tmp_path / "bin" / "sbatch"
    program.parent.mkdir()
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")

    def call(*arguments, refuse="nothing at all"):
        program.write_text(FAKE_SBATCH.replace("FOLDER", str(tmp_path)).replace("REFUSED", refuse.replace(" ", "_")))
        program.chmod(0o755)
        status = cli.run(launch_exp_slurms.main, ["--folder", str(tmp_path / "slurms"), *arguments])
        return (status, *capsys.readouterr())

    def calls():
        path = tmp_path / "calls"
        return path.read_text().splitlines() if path.exists() else []

    call.calls = calls
    return call


def test_all_jobs_wait_for_the_reference(create, submit, tmp_path):
    create()
    paths = [tmp_path / "slurms" / f"{name}.slurm" for name in NAMES]
    status, told, error = submit()
    assert status == 0
    after = "--dependency=afterok:101 --kill-on-invalid-dep=yes"
    assert submit.calls() == [f"--parsable {paths[0]}", *(f"--parsable {after} {path}" for path in paths[1:])]
    assert told.splitlines() == [f"{number}\t{path}" for number, path in enumerate(paths, start=101)]
    numbers = [str(number) for number in range(101, 112)]
    assert error.splitlines() == [
        f"to look at them: squeue --jobs={','.join(numbers)}",
        f"to cancel all: scancel {' '.join(numbers)}",
    ]


def test_a_dry_run_prints_commands_that_a_shell_can_run(create, submit, tmp_path):
    create("--arrays")
    status, told, _ = submit("--dry_run")
    assert (status, submit.calls()) == (0, [])
    assert len(told.splitlines()) == 2
    subprocess.run(["bash", "-euc", told], check=True)
    printed = submit.calls()
    (tmp_path / "calls").unlink()
    submit()
    assert submit.calls() == printed


def test_what_is_submitted_when_one_is_refused_is_told(create, submit):
    create()
    status, told, error = submit(refuse="02_cnn")
    assert (status, told) == (1, "")
    assert "sbatch refused " in error
    assert "02_cnn_YamNet.slurm: sbatch: error: Invalid qos sbatch: error: no; submitted before: " in error
    assert "00_reference.slurm as 101, 01_cnn_PANN.slurm as 102; to cancel: scancel 101 102\n" in error
    assert error.count("\n") == 1
    assert len(submit.calls()) == 3


def test_nothing_is_submitted_where_the_reference_is_refused(create, submit):
    create()
    status, _, error = submit(refuse="reference")
    assert status == 1
    assert error.startswith("error: sbatch refused ")
    assert "submitted before" not in error
    assert len(submit.calls()) == 1


def test_a_folder_without_scripts_is_told(create, submit, tmp_path):
    status, _, error = submit()
    assert (status, submit.calls()) == (1, [])
    assert "slurms has no .slurm files: write them with slurms_create.py" in error
    create()
    (tmp_path / "slurms" / "00_reference.slurm").unlink()
    assert "slurms has 0 scripts *_reference.slurm, not one" in submit()[2]


def test_a_machine_without_slurm_is_told(create, submit, monkeypatch, tmp_path):
    create()
    monkeypatch.setenv("PATH", str(tmp_path))
    status, _, error = submit()
    assert (status, error) == (1, "error: there is no sbatch here: run this on a login node of the cluster\n")
