"""Every command of SampleCNN's README runs, in its order, on small datasets and small networks."""

import importlib
import re
import shlex
from dataclasses import replace

import numpy as np
import pytest
import soundfile
from samplecnn_fixtures import write_speech_commands

from audiokit import cli
from audiokit.experiments import experiment_cli
from audiokit.paths import ROOT
from exp_samplecnn.tasks import TASKS

README = (ROOT / "exp_samplecnn" / "README.md").read_text(encoding="utf-8")
COMMANDS = [line for block in re.findall(r"```\n(.*?)```", README, flags=re.DOTALL) for line in block.splitlines()]
ELSEWHERE = {
    "python3 download_datasets.py --list SpeechCommands": "test_samplecnn_download.py",
    "python3 exp_samplecnn/predict.py audio/myfile.wav": "test_samplecnn_predict.py",
}


def run(command, folder):
    """Run a command of the README in this process; gives its exit status."""
    script, *arguments = shlex.split(command)[1:]
    module = importlib.import_module(script.removesuffix(".py").replace("/", "."))
    if script.endswith(("slurms_create.py", "predict.py")):
        arguments += ["--output", str(folder / "export")]
    arguments = [str(folder / argument) if argument == "samplecnn.png" else argument for argument in arguments]
    if script.endswith("main_doce_samplecnn.py"):
        own = ["--output_path", folder / "results", "--data_path", folder / "data", "--stages", 1, "--epochs", 1]
        return experiment_cli.main(module.EXPERIMENT, [*arguments, *map(str, own)])
    if script.endswith("train.py"):
        arguments += ["--num-stages", "2", "--epochs", "1"]
    return cli.run(module.main, arguments)


def test_every_command_runs_as_it_stands_there(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(TASKS, "scd", replace(TASKS["scd"], segment_samples=2187, n_blocks=4))
    write_speech_commands(tmp_path / "data" / "scd" / "raw", n_clips=4)
    (tmp_path / "audio").mkdir()
    soundfile.write(tmp_path / "audio" / "myfile.wav", 0.1 * np.random.default_rng(0).standard_normal(44100), 44100)
    for command in COMMANDS:
        if command in ELSEWHERE:
            continue
        found = [path.name for path in tmp_path.glob("log/*-scd-se")]
        status = run(command.replace("DATE-scd-se", found[0] if found else ""), tmp_path)
        assert status == 0, (command, capsys.readouterr().err)
    (folder,) = tmp_path.glob("log/*-scd-se")
    assert {path.name for path in (folder / "evaluation").iterdir()} == {
        "classes.csv", "classes.png", "confusion.png", "excitations.npz", "excitations.png", "scores.csv",
    }  # fmt: skip
    assert len(list(tmp_path.glob("log/*/final-*.safetensors"))) == 3
    assert len(list(tmp_path.glob("results/*/measures.npz"))) == 2
    assert (tmp_path / "samplecnn.png").stat().st_size > 5000
    assert "#SBATCH --array=1-36" in (tmp_path / "export" / "samplecnn.slurm").read_text()


@pytest.mark.parametrize("option", re.findall(r"`(--[\w-]+)", README))
def test_every_option_that_is_named_is_one(option):
    scripts = (ROOT / "exp_samplecnn").glob("*.py")
    known = "\n".join(path.read_text() for path in [*scripts, *(ROOT / "audiokit").rglob("options.py")])
    assert f'"{option}"' in known


def test_the_options_have_the_defaults_that_the_table_names():
    from exp_samplecnn.train import parse

    defaults = vars(parse(["scd"]))
    for names, values in re.findall(r"^\| (`--[^|]*) \| ([^|]+) \|", README, flags=re.MULTILINE):
        options = re.findall(r"--([\w-]+)", names)
        told = [value.strip(" `") for value in values.split(",")]
        for option, value in zip(options, told, strict=True):
            default = defaults[option.replace("-", "_")]
            written = default if isinstance(default, str) else "off" if default is False else f"{default:g}"
            assert value == written
