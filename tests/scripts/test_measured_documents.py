"""Commands of documents whose figures take hours to make again: scripts take them, and run on less elsewhere."""

import argparse
import importlib
import re
import subprocess
from functools import partial
from pathlib import Path

import pytest
from documented_commands import commands

from audiokit import cli
from audiokit.experiments import experiment_cli
from audiokit.paths import ROOT

DOCUMENTS = ("docs/results.md", "docs/performance.md", "reference_models/README.md", "exp_samplecnn/models/README.md")
COMMANDS = {
    command: document for document in DOCUMENTS for command in commands((ROOT / document).read_text(encoding="utf-8"))
}
OTHER_PYTHON = ("python3 -m venv", "peers/bin/pip")
"""An environment of its own for other people's packages, which `benchmarks/requirements-peers.txt` pins."""

RUN_ON_LESS = {
    "benchmarks/lorient1k.py": "benchmarks/test_lorient1k.py",
    "benchmarks/transcoding_quality.py": "benchmarks/test_transcoding_quality.py",
    "exp_audioconcept/explain.py": "exp_audioconcept/test_audioconcept_readme.py",
    "exp_audioconcept/main_doce_audioconcept.py": "exp_audioconcept/test_audioconcept_readme.py",
    "exp_classif_eval/create_logit_dataset.py": "spectral_transcoder/classification/test_classification_experiment.py",
    "exp_classif_eval/export_classification_results.py": (
        "spectral_transcoder/classification/test_classification_experiment.py"
    ),
    "exp_classif_eval/main_doce_score.py": "spectral_transcoder/classification/test_classification_experiment.py",
    "exp_emvd/create_dataset.py": "exp_emvd/test_create_dataset.py",
    "exp_emvd/create_split_k_fold.py": "exp_emvd/data/test_folds.py",
    "exp_emvd/main_doce_emvd.py": "exp_emvd/test_main_doce_emvd.py",
    "exp_lumen/make_instruments.py": "exp_lumen/test_lumen_readme.py",
    "exp_lumen/run_test.py": "exp_lumen/test_lumen_readme.py",
    "exp_lumen/svm.py": "exp_lumen/test_lumen_readme.py",
    "exp_lumen/train.py": "exp_lumen/test_lumen_readme.py",
    "exp_samplecnn/build_dataset.py": "exp_samplecnn/test_samplecnn_readme.py",
    "exp_samplecnn/eval.py": "exp_samplecnn/test_samplecnn_readme.py",
    "exp_samplecnn/mel_baseline.py": "exp_samplecnn/test_samplecnn_readme.py",
    "exp_samplecnn/predict.py": "exp_samplecnn/test_samplecnn_predict.py",
    "exp_samplecnn/train.py": "exp_samplecnn/test_samplecnn_readme.py",
}
"""A script → the test that runs it on small data."""


README = "{}/README.md"
SCRIPTS = [command for command in COMMANDS if not command.startswith(OTHER_PYTHON)]


class TakenError(Exception):
    """The command line has been read without a complaint."""


def script_of(command):
    """The script, as a path of the checkout, and its arguments as the shell makes them."""
    expanded = subprocess.run(["bash", "-c", f"printf '%s\\0' {command}"], capture_output=True, text=True, check=True)
    _, *words = expanded.stdout.split("\0")[:-1]
    if words[0] == "-m":
        return words[1].replace(".", "/") + ".py", words[2:]
    return words[0], words[1:]


@pytest.fixture
def read_only(monkeypatch):
    """Scripts stop when they have read their command line."""

    def stopping(read):
        def stop(*arguments, **named):
            read(*arguments, **named)
            raise TakenError

        return stop

    for name in ("parse_args", "parse_intermixed_args"):
        monkeypatch.setattr(argparse.ArgumentParser, name, stopping(getattr(argparse.ArgumentParser, name)))


@pytest.mark.usefixtures("read_only")
@pytest.mark.parametrize("command", SCRIPTS)
def test_its_script_takes_it(command, monkeypatch):
    script, arguments = script_of(command)
    module = importlib.import_module(script.removesuffix(".py").removeprefix("benchmarks/").replace("/", "."))
    main = getattr(module, "main", None) or partial(experiment_cli.main, module.EXPERIMENT)
    monkeypatch.setattr("sys.argv", [script, *arguments])
    with pytest.raises(TakenError):
        main()


@pytest.mark.parametrize("command", [command for command in SCRIPTS if "/main_doce_" in command])
def test_its_settings_are_there(command, capsys, tmp_path):
    script, arguments = script_of(command)
    module = importlib.import_module(script.removesuffix(".py").replace("/", "."))
    asked = [argument for argument in arguments if argument not in ("-c", "-d")]
    assert cli.run(partial(experiment_cli.main, module.EXPERIMENT), [*asked, "-l", "--output_path", str(tmp_path)]) == 0
    assert "=" in capsys.readouterr().out


def test_each_script_runs_on_less_in_a_test_or_is_a_benchmark():
    """A test names the script's module, or the README all commands of which it runs names the script."""
    scripts = {script_of(command)[0] for command in SCRIPTS}
    assert set(RUN_ON_LESS) <= scripts
    assert all(script.startswith("benchmarks/") for script in scripts - set(RUN_ON_LESS))
    for script, test in RUN_ON_LESS.items():
        ran = README.format(script.partition("/")[0]) if test.endswith("_readme.py") else f"tests/{test}"
        assert Path(script).stem in (ROOT / ran).read_text(encoding="utf-8")


def test_what_peers_need_is_pinned():
    text = (ROOT / "benchmarks" / "requirements-peers.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert lines and all(re.search("==|^-r ", line) for line in lines)
