"""doce's flags, as the paper's README documents them."""

import csv
import io
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import toy_experiment
from toy_experiment import EXPERIMENT, PLANS, main

from audiokit import cli, paths
from audiokit.experiments import experiment_cli
from audiokit.experiments.selection import select

SCRIPT = Path(toy_experiment.__file__)
DEEP = "deep/model=cnn"


@pytest.fixture
def run(tmp_path, capsys):
    """`run(*arguments)` gives the status, and what was told on stdout and stderr."""

    def call(*arguments):
        status = cli.run(main, ["--root", str(tmp_path), *arguments])
        return (status, *capsys.readouterr())

    return call


@pytest.fixture
def computed(run):
    """The same, where DEEP and the reference are computed."""
    assert run("-s", f"{DEEP},reference/", "-c")[0] == 0
    return run


def lines(text):
    """Rows of a table on a terminal, as cells."""
    return [line.split() for line in text.splitlines() if "─" not in line]


def read(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


# Looking around


def test_help_names_every_flag():
    told = subprocess.run([sys.executable, SCRIPT, "--help"], capture_output=True, text=True, check=True).stdout
    for flag in ("-s", "-c", "-d", "-e", "-l", "-p", "-P", "-S", "-R", "-D", "--yes", "--paper", "selections:"):
        assert flag in told


def test_help_is_quick_since_heavy_packages_wait():
    code = (
        "import sys, time\n"
        "from toy_experiment import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'doce', 'matplotlib', 'numpy', 'pandas', 'scipy', 'torch', 'tqdm'}\n"
        "print(time.process_time(), *heavy & sys.modules.keys(), file=sys.stderr)\n"
    )
    command = [sys.executable, "-c", code]
    told = [
        subprocess.run(command, cwd=SCRIPT.parent, capture_output=True, text=True, check=True).stderr.split()
        for _ in range(3)
    ]
    assert all(len(line) == 1 for line in told)
    # Processor time, since the wall clock depends on who else is at work.
    assert min(float(seconds) for (seconds,) in told) < 0.3


def test_without_anything_to_do_the_choices_are_listed(run, capsys):
    with pytest.raises(SystemExit) as ended:
        run("-s", "deep/")
    assert ended.value.code == 2
    assert "nothing to do: give -c, -d, -e, -l, -p, -P or -R" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["-c", "0"], ["-c", "many"], ["--peper", "-l"], ["-l", "deep/"]])
def test_options_that_do_not_exist_are_refused(run, arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        run(*arguments)
    assert ended.value.code == 2
    assert "error:" in capsys.readouterr().err


def test_identifiers_are_listed_a_line_each(run):
    status, told, _ = run("-s", "deep/rate=-3+step=train", "-l")
    assert status == 0
    assert told.splitlines() == [str(setting) for setting in select("deep/rate=-3+step=train", PLANS)]
    assert len(run("-l")[1].splitlines()) == sum(map(len, PLANS.values()))


def test_plans_are_shown_with_factors_modalities_and_sizes(run):
    told = run("-p")[1]
    assert "0 reference: 2 settings\n" in told
    assert "1 deep: 16 settings\n" in told
    assert ["1", "model", "cnn,", "mlp"] in lines(told)
    assert ["3", "rate", "-3,", "-4"] in lines(told)
    told = run("-p", "-s", "deep/rate=-3")[1]
    assert "1 deep: 16 settings, 8 selected\n" in told
    assert "reference" not in told


@pytest.mark.parametrize("selection", ["shallow/", "deep/rate=-5", "deep/size=3", "deep/rate", "{'rate'"])
def test_a_wrong_selection_is_told_in_one_line(run, selection):
    status, told, error = run("-s", selection, "-l")
    assert (status, told) == (1, "")
    assert error.startswith("error: ")
    assert error.count("\n") == 1


# Computing


def test_compute_progress_and_skip(run, tmp_path):
    assert run("-s", DEEP, "-P")[1] == "deep  0 of 8 done\n"
    assert run("-s", f"{DEEP}+step=train", "-c", "-P")[1] == "deep  4 of 4 done\n"
    dates = {path: path.stat().st_mtime_ns for path in tmp_path.glob("*.npy")}
    assert run("-s", DEEP, "-c", "-S", "-P")[1] == "deep  8 of 8 done\n"
    assert all(path.stat().st_mtime_ns == date for path, date in dates.items())
    assert run("-P")[1].splitlines() == [
        "reference   0 of  2 done",
        "deep        8 of 16 done",
        "in all      8 of 18 done",
    ]


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_what_was_made_with_other_options_is_left_out_and_told(run, tmp_path, monkeypatch, jobs):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "alto").touch()
    assert run("-s", DEEP, "-c", "--voice", "alto")[0] == 0
    same = run("-s", DEEP, "-c", jobs, "-S", "--voice", str(tmp_path / "alto"))[2]
    other = run("-s", DEEP, "-c", jobs, "-S", "--voice", "alto", "--paper")[2]
    assert "other options" not in same
    reason = "4 settings were made with other options (paper was False, is True) and left as that is"
    assert f"{reason}: leave out -S to do it again\n" in other
    for journal in tmp_path.glob("settings/*train*.json"):
        journal.write_text("{}")  # as somebody else would write it
    assert "other options" not in run("-s", DEEP, "-c", jobs, "-S", "--paper")[2]


def test_the_experiment_s_own_options_reach_it(run, tmp_path):
    assert run("-s", f"{DEEP}+step=train", "-c", "--paper")[0] == 0
    journals = list((tmp_path / "settings").iterdir())
    assert len(journals) == 4
    assert all('"paper": true' in path.read_text() for path in journals)


def test_several_jobs_get_the_experiment_s_own_options(run, tmp_path):
    assert run("-s", f"{DEEP}+dataset=town+step=train", "-c", "2", "--paper", "-P")[:2] == (0, "deep  2 of 2 done\n")
    assert all('"paper": true' in path.read_text() for path in (tmp_path / "settings").iterdir())


def test_a_failure_ends_with_status_one(run):
    status, _, error = run("-s", f"{DEEP}+step=train", "-c", "--fail", "town+model=cnn+rate=-4")
    assert status == 1
    assert error.endswith("error: no sound today: come back tomorrow\n")
    assert run("-s", DEEP, "-P")[1] == "deep  1 of 8 done\n"


def test_detached_reports_failures_at_the_end(run):
    status, told, error = run("-s", f"{DEEP}+step=train", "-c", "-D", "-P", "--fail", "dataset=town")
    assert (status, told) == (1, "deep  2 of 4 done\n")
    failed = select("deep/model=cnn+step=train+dataset=town", PLANS)
    assert error.endswith("error: 2 of 4 settings failed:\n" + "".join(f"  {setting}\n" for setting in failed))


# Removing


def test_outputs_are_removed_after_a_question(computed, tmp_path, monkeypatch):
    questions = []
    monkeypatch.setattr("builtins.input", lambda question: questions.append(question) or "y")
    status, told, _ = computed("-s", f"{DEEP}+step=metric", "-R", "-P")
    assert (status, told) == (0, "8 outputs removed\ndeep  0 of 4 done\n")
    assert questions == [f"remove 8 outputs from {tmp_path}? [y/N] "]
    assert computed("-s", f"{DEEP},reference/", "-P")[1].splitlines()[-1] == "in all      6 of 10 done"
    assert computed("-s", f"{DEEP}+step=metric", "-R")[1] == "0 outputs removed\n"
    assert len(questions) == 1


@pytest.mark.parametrize("answer", ["", "n", "yeah"])
def test_anything_but_yes_removes_nothing(computed, answer, monkeypatch):
    monkeypatch.setattr("builtins.input", lambda question: answer)
    status, told, error = computed("-s", DEEP, "-R")
    assert (status, told, error) == (1, "", "error: nothing was removed: answer y, or add --yes\n")
    assert computed("-s", DEEP, "-P")[1] == "deep  8 of 8 done\n"


def test_scripts_remove_without_a_question(computed, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert computed("-s", DEEP, "-R")[0] == 1
    assert computed("-s", DEEP, "-R", "--yes")[:2] == (0, "16 outputs removed\n")


def test_folders_are_removed_with_all_that_is_in_them(computed, tmp_path):
    folder = tmp_path / "folds"
    (folder / "deeper").mkdir(parents=True)
    (folder / "deeper" / "file").touch()

    def with_a_folder(experiment, options):
        return replace(toy_experiment.configure(experiment, options), outputs=lambda setting: [folder])

    arguments = ["--root", str(tmp_path), "-s", "reference/", "-R", "--yes"]
    assert experiment_cli.main(replace(EXPERIMENT, configure=with_a_folder), arguments) == 0
    assert not folder.exists()


# Displaying


@pytest.mark.parametrize(
    ("display", "columns"),
    [
        (["-d"], {"mean", "error", "hits"}),
        (["-d", "[0]"], {"mean", "error"}),
        (["-d", "0"], {"mean", "error"}),
        (["-d", "error"], {"mean", "error"}),
        (["-d", "[1]"], {"hits"}),
        (["-d", "[0,1]"], {"mean", "error", "hits"}),
        (["-d", "1, 0"], {"mean", "error", "hits"}),
        (["-d", "hits,error"], {"mean", "error", "hits"}),
    ],
)
def test_metrics_are_chosen_by_number_or_name(computed, display, columns):
    status, told, _ = computed("-s", DEEP, *display)
    assert status == 0
    header = told.split("─\n")[1]
    assert {"mean", "error", "hits"} & set(header.split()) == columns
    assert "model cnn" in told.splitlines()[0]
    assert len([row for row in lines(told) if row[0] in ("town", "park")]) == 4


def test_results_are_those_of_the_step_metric_whatever_was_selected(computed):
    told = {computed("-s", f"{DEEP}{step}", "-d")[1] for step in ("", "+step=train", "+step=metric")}
    assert len(told) == 1
    assert "step" not in told.pop()


def test_settings_without_a_result_are_counted_apart(computed):
    told = computed("-s", "deep/rate=-3", "-d")[1]
    assert "mlp" not in told
    assert told.endswith("2 settings have no result yet\n")


def test_results_that_are_older_than_what_they_are_made_of_are_left_out(computed, tmp_path):
    for trained in tmp_path.glob("dataset=town*step=train*"):
        os.utime(trained)
    told = computed("-s", DEEP, "-d")[1]
    assert "dataset park" in told
    assert "town" not in told
    stale = "2 results are left out, older than what they are made of, or not whole: compute them again with -c"
    assert told.endswith(f"{stale}\n")
    assert computed("-s", f"{DEEP}+dataset=town", "-d") == (1, "", f"error: {stale}\n")
    assert [row[0] for row in lines(computed("-s", DEEP, "-c", "-S", "-d")[1])].count("town") == 2


def test_without_any_result_it_is_told_what_to_do(run):
    for arguments in (["-d"], ["-e", "x.csv"]):
        status, told, error = run("-s", DEEP, *arguments)
        assert (status, told) == (1, "")
        assert "none of the selected settings has a result yet: compute them with -c" in error


@pytest.mark.parametrize("display", ["rate:0", "rate:error", "rate:[0]"])
def test_a_factor_gives_a_column_for_each_of_its_modalities(computed, display, tmp_path):
    told = computed("-d", display, "-e", "pivot.csv")[1]
    assert told.startswith("mean error: model cnn\n")
    assert "2 results are left out, since they have no rate" in told
    rows = read(tmp_path / "export" / "pivot.csv")
    assert [row["dataset"] for row in rows] == ["town", "park"]
    computed("-s", "deep/dataset=town", "-d", "-e", "plain.csv")
    means = {row["rate"]: row["error"] for row in read(tmp_path / "export" / "plain.csv")}
    assert {name: rows[0][name] for name in means} == means


@pytest.mark.parametrize(
    ("display", "message"),
    [
        ("2", "no metric '2' in toy: choose among error (0), hits (1)"),
        ("[0,miss]", "no metric 'miss' in toy"),
        ("size:0", "no factor 'size' in toy: choose among step, model, dataset, rate"),
        ("rate:", "'rate:' needs one metric: give its name or number after the colon, as in rate:0"),
        ("rate:7", "no metric '7'"),
    ],
)
def test_wrong_metrics_are_told_before_anything_is_computed(run, display, message, tmp_path):
    status, told, error = run("-s", DEEP, "-c", "-d", display)
    assert (status, told) == (1, "")
    assert message in error
    assert not list(tmp_path.iterdir())


# Exporting


@pytest.mark.parametrize("suffix", [".png", ".pdf", ".html", ".tex", ".csv"])
def test_tables_go_into_the_folder_for_exports(computed, suffix, tmp_path):
    path = tmp_path / "export" / f"results{suffix}"
    assert computed("-s", DEEP, "-e", path.name)[:2] == (0, f"{path}\n")
    assert path.stat().st_size > 100
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_names_with_a_folder_go_where_they_say(computed, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert computed("-s", DEEP, "-e", "./here.csv")[0] == 0
    assert computed("-s", DEEP, "-e", str(tmp_path / "a" / "b" / "there.csv"))[0] == 0
    assert (tmp_path / "here.csv").exists()
    assert (tmp_path / "a" / "b" / "there.csv").exists()


def test_by_default_the_folder_for_exports_is_that_of_the_checkout():
    assert EXPERIMENT.export == paths.EXPORT


def test_display_and_export_go_together(computed):
    told = computed("-s", DEEP, "-d", "[0]", "-e", "x.csv")[1]
    assert "mean" in told
    assert told.splitlines()[-1].endswith("x.csv")


@pytest.mark.parametrize("name", ["results", "results.xls", "results.v2"])
def test_unknown_formats_are_told_before_anything_is_computed(run, name, tmp_path):
    status, _, error = run("-s", DEEP, "-c", "-e", name)
    assert status == 1
    assert f"cannot write a table as {name}: let its name end with .png, .pdf, .html, .tex, .csv" in error
    assert not list(tmp_path.iterdir())


def test_a_place_that_cannot_be_written_is_told_in_one_line(computed, tmp_path):
    (tmp_path / "file").touch()
    status, _, error = computed("-s", DEEP, "-e", str(tmp_path / "file" / "x.csv"))
    assert status == 1
    assert "error: cannot write" in error
    assert error.count("\n") == 1
