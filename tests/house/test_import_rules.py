"""The rules of who may import whom, which `make lint` checks, know every package."""

import re
import tomllib

import pytest

from audiokit.paths import ROOT

RULES = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
PACKAGES = {path.parent.name for path in ROOT.glob("*/__init__.py")}
FLOORS, EXPERIMENTS, CIRCLES = RULES["contracts"]


def rooms(contract):
    """Packages on the floors of a contract, each with the number of its floor from the top."""
    return {name: floor for floor, text in enumerate(contract["layers"]) for name in re.findall(r"\w+", text)}


def test_every_package_stands_on_a_floor_and_may_be_in_no_circle():
    assert set(RULES["root_packages"]) == set(CIRCLES["ancestors"]) == PACKAGES
    assert rooms(FLOORS).keys() >= PACKAGES


def test_every_experiment_keeps_apart_from_the_others():
    assert {name for name in PACKAGES if name.startswith("exp_")} <= rooms(EXPERIMENTS).keys()
    assert ":" not in "".join(EXPERIMENTS["layers"] + FLOORS["layers"])  # it would let rooms of a floor import others


@pytest.mark.parametrize("name", sorted(PACKAGES - {"audiokit"}))
def test_the_ground_floor_is_below_everything(name):
    assert rooms(FLOORS)[name] < rooms(FLOORS)["audiokit"]
