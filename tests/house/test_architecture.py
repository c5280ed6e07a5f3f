"""The picture of the house, and the walk through it, show what is there."""

import csv
import importlib.util
import re

import draw_architecture
import pytest
from draw_architecture import read_floors, read_imports

from audiokit.paths import ROOT

DOCS = ROOT / "docs"
FLOORS = read_floors()
PACKAGES = [name for floor in FLOORS for name in floor]
TEXT = (DOCS / "architecture.md").read_text(encoding="utf-8")
UP_TO_DATE = "run python3 docs/draw_architecture.py"


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """A folder with list and picture as they are now."""
    folder = tmp_path_factory.mktemp("drawn")
    assert draw_architecture.main(["--output", str(folder)]) == 0
    return folder


def texts(path):
    return sorted(re.findall(r">([^<>\n]+)</text>", path.read_text(encoding="utf-8")))


def test_the_stored_list_of_imports_is_that_of_now():
    with open(DOCS / "architecture.csv", newline="", encoding="utf-8") as file:
        stored = {(row["importer"], row["imported"]): int(row["imports"]) for row in csv.DictReader(file)}
    assert stored == read_imports(PACKAGES), UP_TO_DATE


def test_the_picture_shows_the_rooms_and_counts_of_now(drawn):
    shown = texts(DOCS / "architecture.svg")
    assert shown == texts(drawn / "architecture.svg"), UP_TO_DATE
    assert {"audiokit", "teachers", "pann"} <= set(shown)


def test_the_picture_is_the_same_each_time(drawn, tmp_path):
    draw_architecture.main(["--output", str(tmp_path)])
    for name in ("architecture.csv", "architecture.svg"):
        assert (tmp_path / name).read_bytes() == (drawn / name).read_bytes()


def test_every_arrow_leads_down():
    floor_of = {name: number for number, floor in enumerate(FLOORS) for name in floor}
    assert all(floor_of[importer] > floor_of[imported] for importer, imported in read_imports(PACKAGES))


def test_every_room_stands_in_the_table_of_floors():
    table = "\n".join(line for line in TEXT.splitlines() if line.startswith("|"))
    assert {name for name in PACKAGES if f"`{name}`" not in table and not name.startswith("exp_")} == set()


@pytest.mark.parametrize("name", sorted(set(re.findall(rf"`((?:{'|'.join(PACKAGES)})\.[\w.]+)`", TEXT))))
def test_what_the_walk_names_is_there(name):
    try:
        found = importlib.util.find_spec(name)
    except ModuleNotFoundError:
        found = None
    module, _, attribute = name.rpartition(".")
    assert found or hasattr(importlib.import_module(module), attribute)
