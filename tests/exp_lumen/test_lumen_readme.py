"""The commands of Lumen's README are taken by the scripts that they name; what these do, the other tests say."""

import importlib
import re
import shlex

import pytest

from audiokit.paths import ROOT

README = (ROOT / "exp_lumen" / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```\n(.*?)```", README, flags=re.DOTALL)
COMMANDS = [line for block in BLOCKS for line in block.splitlines() if "exp_lumen/" in line]


@pytest.mark.parametrize("command", COMMANDS)
def test_its_script_takes_it(command):
    python, script, *options = shlex.split(command)
    assert python == "python3"
    importlib.import_module(f"exp_lumen.{script.removeprefix('exp_lumen/').removesuffix('.py')}").parse(options)


def test_every_script_has_a_command():
    named = {shlex.split(command)[1] for command in COMMANDS}
    scripts = {path for path in ROOT.glob("exp_lumen/*.py") if "__main__" in path.read_text(encoding="utf-8")}
    assert named == {path.relative_to(ROOT).as_posix() for path in scripts}
