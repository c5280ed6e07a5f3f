"""The command that makes the training dataset."""

import errno
import itertools
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import h5py
import pytest
from audio_fixtures import noise, scene, write
from dataset_fixtures import TAU, content, make, tau_rows, write_tau

from audiokit import cli
from audiokit.storage import row_writer
from exp_train_model import create_mel_tho_dataset
from spectral_transcoder.datasets.dataset_recipe import Recipe
from spectral_transcoder.datasets.dataset_split import Ratios

SCRIPT = Path(create_mel_tho_dataset.__file__)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_tau(tmp_path_factory.mktemp("tau"), 8, seconds=1)


def run(*arguments):
    return cli.run(create_mel_tho_dataset.main, [*map(str, arguments), "--workers", "1"])


def test_by_default_it_makes_what_the_paper_has(folder, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / TAU).symlink_to(folder / TAU)
    assert run() == 0
    path = tmp_path / "spectral_transcoder_data/data/Dcase-Task1-full/Dcase-Task1-full.h5"
    assert capsys.readouterr().out == f"{path.relative_to(tmp_path)} (train 6, valid 1, eval 1 seconds)\n"
    assert content(path) == content(make(folder, tmp_path / "direct")[0])


def test_all_options_arrive(folder, tmp_path):
    options = (
        "--dataset_name mine --dataset_type urban --split_by_city --seed 3 --teachers YamNet mn04_as --float16 "
        "--compress --train_ratio 0.5 --valid_ratio 0.25 --eval_ratio 0.25"
    )
    assert run("--audio_dataset_path", folder, "--output_path", tmp_path, *options.split()) == 0
    recipe = Recipe(
        dataset_type="urban", split_by_city=True, seed=3, teachers=("YamNet", "mn04_as"), float16=True, compress=True,
        ratios=Ratios(0.5, 0.25, 0.25),
    )  # fmt: skip
    assert content(tmp_path / "mine/mine.h5") == content(make(folder, tmp_path / "direct", recipe=recipe)[0])


@pytest.mark.parametrize(
    ("arguments", "by_city"),
    [
        ([], False),
        (["--split_by_city"], True),
        (["--split_by_city", "True"], True),
        (["--split_by_city", "false"], False),
    ],
)
def test_the_flag_for_cities_may_have_a_value_and_false_means_false(folder, tmp_path, arguments, by_city):
    assert run("--audio_dataset_path", folder, "--output_path", tmp_path, *arguments) == 0
    with h5py.File(next(tmp_path.glob("*/*.h5"))) as file:
        assert file.attrs["split_by_city"] == by_city


def test_shards_are_made_and_joined(folder, tmp_path, capsys):
    where = ("--audio_dataset_path", folder, "--output_path", tmp_path)
    for shard in ("1/2", "2/2"):
        assert run(*where, "--shard", shard) == 0
    capsys.readouterr()
    assert run("--output_path", tmp_path, "--merge") == 0
    assert capsys.readouterr().out.endswith("Dcase-Task1-full.h5 (train 6, valid 1, eval 1 seconds)\n")


def test_recordings_that_cannot_be_used_are_told_in_the_end(tmp_path, capsys):
    write_tau(tmp_path, 30, seconds=1)
    for name, _ in tau_rows(25):
        (tmp_path / TAU / name).write_text("no sound")
    where = ("--audio_dataset_path", tmp_path, "--output_path", tmp_path)
    assert run(*where) == 1
    out, err = capsys.readouterr()
    assert not out
    assert err.count("left out: cannot read") == 20
    assert "… and 5 more\nerror:" in err
    assert "is not completed, for 25 recordings cannot be read" in err
    assert "add --skip_errors" in err
    assert run(*where, "--skip_errors") == 0
    out, err = capsys.readouterr()
    assert "seconds)" in out
    assert "… and 5 more" in err


def test_splits_with_nothing_in_them_are_told(tmp_path, capsys):
    for name in "abcd":
        write(tmp_path / "few" / f"{name}.wav", noise(32000))
    assert run("--audio_dataset_path", tmp_path / "few", "--output_path", tmp_path, "--teachers", "YamNet") == 0
    assert "nothing is in valid, and training needs all three splits" in capsys.readouterr().err


def test_short_recordings_are_told(tmp_path, capsys):
    write(tmp_path / "a.wav", noise(100))
    write(tmp_path / "b.wav", noise(32000))
    ratios = ["--train_ratio", "1", "--valid_ratio", "0", "--eval_ratio", "0"]
    assert run("--audio_dataset_path", tmp_path, "--output_path", tmp_path / "out", *ratios) == 0
    assert "a.wav is shorter than a second" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--audio_dataset_path", "nowhere"], "there is no folder nowhere"),
        (["--teachers", "VGGish"], "unknown teacher 'VGGish'"),
        (["--train_ratio", "0.9"], "give three that add up to 1"),
        (["--shard", "17/16"], "there is no shard '17/16'"),
        (["--device", "cuda:77"], "there is no device 'cuda:77'"),
        (["--merge"], "there are no shards"),
    ],
)
def test_mistakes_are_told_in_one_line(folder, tmp_path, monkeypatch, capsys, arguments, told):
    monkeypatch.chdir(folder)
    assert run("--output_path", tmp_path, *arguments) == 1
    out, err = capsys.readouterr()
    assert not out
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert told in err


@pytest.mark.parametrize(
    "arguments", [["--split_by_city", "perhaps"], ["--workers", "0"], ["--dataset_type", "rural"], ["--seed", "x"]]
)
def test_values_that_make_no_sense_are_refused(arguments, capsys):
    with pytest.raises(SystemExit):
        create_mel_tho_dataset.parse(arguments)
    assert arguments[0] in capsys.readouterr().err


def test_a_full_disk_is_told_in_one_line(folder, tmp_path, monkeypatch, capsys):
    where = ("--audio_dataset_path", folder, "--output_path", tmp_path)
    with monkeypatch.context() as patch:
        writes = itertools.count()

        def fill_up(file, rows):
            if next(writes) > 9:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        patch.setattr(row_writer, "_write_all", fill_up)
        assert run(*where) == 1
    err = capsys.readouterr().err
    assert err.startswith("error: the disk is full (")
    assert err.count("\n") == 1
    assert run(*where) == 0


def test_ctrl_c_stops_all_processes_without_a_traceback(tmp_path):
    """Pressed while the processes start: a terminal sends it to each of them."""
    recording = write(tmp_path / "sounds" / "0.wav", scene(60))
    for number in range(1, 100):  # more than can be done before it is pressed
        recording.with_name(f"{number}.wav").symlink_to(recording)
    process = subprocess.Popen(
        [sys.executable, SCRIPT, "--audio_dataset_path", recording.parent, "--output_path", tmp_path, "--workers", "2"],
        cwd=SCRIPT.parents[1],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    while not list(tmp_path.glob("*/*.part/journal")) and process.poll() is None:
        time.sleep(0.01)
    time.sleep(0.3)
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=300)
    assert process.returncode == 130
    told, stopped = err.splitlines()
    assert "is no TAU dataset" in told
    assert stopped.startswith("stopped: ")


def test_help_comes_at_once():
    started = time.monotonic()
    done = subprocess.run([sys.executable, SCRIPT, "--help"], capture_output=True, text=True, check=True)
    assert "--audio_dataset_path" in done.stdout
    assert time.monotonic() - started < 5  # 0.1 s, and what a busy machine adds
