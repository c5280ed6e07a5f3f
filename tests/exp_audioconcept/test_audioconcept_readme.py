"""Commands of the experiment's README: its scripts take them, and where they are run."""

import importlib
import re
import shlex
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "exp_audioconcept" / "README.md").read_text(encoding="utf-8")
COMMANDS = [line for block in re.findall(r"```\n(.*?)```", README, flags=re.DOTALL) for line in block.splitlines()]
RUN_BY = {
    "dataset": "test_genre_scripts.py",
    "features": "test_genre_scripts.py",
    "train": "test_genre_training.py",
    "evaluate": "test_genre_training.py",
    "predict": "test_genre_prediction.py",
    "explain": "test_explain.py",
}
"""Scripts and the tests that run them, with data of their own."""


@pytest.mark.parametrize("command", [command for command in COMMANDS if " -m " in command])
def test_a_script_takes_the_command_and_a_test_runs_it(command):
    _, _, module, *arguments = shlex.split(command)
    script = module.rpartition(".")[2]
    importlib.import_module(module).parse(arguments)
    assert f"{script}.main" in (Path(__file__).parent / RUN_BY[script]).read_text()


@pytest.mark.parametrize("target", re.findall(r"make -C exp_audioconcept (\w+)", README))
def test_the_makefile_has_the_target(target):
    makefile = (ROOT / "exp_audioconcept" / "Makefile").read_text()
    assert re.search(rf"^{target}:.*##", makefile, flags=re.MULTILINE)


def test_every_link_leads_somewhere():
    for link in re.findall(r"\]\(([^)#]+)", README):
        assert (ROOT / "exp_audioconcept" / link).exists(), link
