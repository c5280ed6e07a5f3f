"""How command lines end."""

import argparse
import errno
import gc
import io
import signal
import subprocess
import sys

import pytest

from audiokit import cli
from audiokit.errors import UserError


def failing(error):
    def main(_):
        raise error

    return main


@pytest.mark.parametrize("status", [0, 3])
def test_the_status_is_that_of_the_script(status, capsys):
    seen = []
    assert cli.run(lambda arguments: seen.append(arguments) or status, ["--output", "x"]) == status
    assert seen == [["--output", "x"]]
    assert capsys.readouterr() == ("", "")


def test_without_arguments_the_script_reads_its_own():
    seen = []
    cli.run(lambda arguments: seen.append(arguments) or 0)
    assert seen == [None]


def test_what_a_user_can_mend_is_told_in_one_line(capsys):
    assert cli.run(failing(UserError("no file birds.wav: give another"))) == 1
    assert capsys.readouterr() == ("", "error: no file birds.wav: give another\n")


def test_an_interruption_is_told_in_one_line(capsys):
    assert cli.run(failing(KeyboardInterrupt())) == 130
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert "run the same command again" in err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_request_to_end_is_an_interruption_and_leaves_no_handler(capsys, number):
    tidied = []

    def main(_):
        try:
            signal.raise_signal(number)
        finally:
            tidied.append(True)

    before = signal.signal(number, signal.SIG_DFL)  # which `nohup` may have changed
    try:
        assert cli.run(main) == 130
        assert signal.getsignal(number) == signal.SIG_DFL
    finally:
        signal.signal(number, before)
    assert tidied
    assert capsys.readouterr().err.count("\n") == 1


def test_after_nohup_a_closed_terminal_ends_nothing():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert cli.run(lambda _: signal.raise_signal(signal.SIGHUP) or 0) == 0
    finally:
        signal.signal(signal.SIGHUP, before)


def test_what_the_system_refuses_with_a_file_is_told_in_one_line(capsys):
    assert cli.run(failing(PermissionError(13, "Permission denied", "a/b.4711.part.csv"))) == 1
    assert capsys.readouterr().err == (
        "error: cannot read or write a/b.csv (Permission denied): mend that and run again\n"
    )
    with pytest.raises(ConnectionError):  # of no file: a fault of the program
        cli.run(failing(ConnectionError("what")))


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT], ids=["full", "quota"])
@pytest.mark.parametrize("name", ["results/song.wav", None])
def test_a_full_disk_is_told_in_one_line(number, name, capsys):
    assert cli.run(failing(OSError(number, "No space left on device", name))) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert "the disk is full" in err
    assert (name or "while writing") in err


@pytest.mark.parametrize("n_lines", [3, 100_000], ids=["less than a buffer", "more than a pipe holds"])
def test_a_reader_that_goes_away_is_no_fault(n_lines):
    code = f"import sys; from audiokit import cli\nsys.exit(cli.run(lambda _: print('line\\n' * {n_lines}) or 0))"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 141


@pytest.mark.parametrize("error", [PermissionError(errno.EACCES, "denied"), ValueError("a fault of ours")], ids=repr)
def test_faults_of_the_program_are_not_hidden(error):
    with pytest.raises(type(error)):
        cli.run(failing(error))


def test_counts_start_at_one(capsys):
    parser = argparse.ArgumentParser()
    parser.add_argument("--jobs", type=cli.positive)
    assert parser.parse_args(["--jobs", "12"]).jobs == 12
    for wrong in ("0", "-3", "1.5", "many"):
        with pytest.raises(SystemExit):
            parser.parse_args([f"--jobs={wrong}"])
        assert wrong in capsys.readouterr().err


def test_seeds_are_whole_numbers_of_32_bits(capsys):
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=cli.seed)
    assert parser.parse_args(["--seed", "4294967295"]).seed == 2**32 - 1
    for wrong in ("-1", "4294967296", "0.5"):
        with pytest.raises(SystemExit):
            parser.parse_args([f"--seed={wrong}"])
        assert wrong in capsys.readouterr().err


def test_amounts_are_above_zero(capsys):
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=cli.above_zero)
    assert parser.parse_args(["--minutes", "0.5"]).minutes == 0.5
    for wrong in ("0", "-3", "inf", "nan", "many"):
        with pytest.raises(SystemExit):
            parser.parse_args([f"--minutes={wrong}"])
        assert wrong in capsys.readouterr().err


def test_numbers_that_may_be_zero_are_finite_and_not_negative(capsys):
    parser = argparse.ArgumentParser()
    parser.add_argument("--start", type=cli.not_negative)
    assert parser.parse_args(["--start", "0"]).start == 0
    for wrong in ("-5", "inf", "nan", "many"):
        with pytest.raises(SystemExit):
            parser.parse_args([f"--start={wrong}"])
        assert wrong in capsys.readouterr().err


def test_garbage_is_searched_for_again_after_imports_that_fail():
    with pytest.raises(ImportError), cli.quick_imports():
        searched_meanwhile = gc.isenabled()
        raise ImportError
    assert not searched_meanwhile
    assert gc.isenabled()


def test_a_terminal_tells_what_there_is_to_wait_for_and_nothing_is_left_of_it(monkeypatch):
    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stderr", terminal)
    with cli.quick_imports():
        assert terminal.getvalue() == "starting ...\r"
    assert terminal.getvalue() == f"starting ...\r{' ' * 12}\r"


def test_a_file_or_another_process_is_told_nothing_of_it(capsys):
    with cli.quick_imports():
        pass
    assert capsys.readouterr() == ("", "")
