"""Draw the house: packages as rooms on floors, and who imports whom.

Written beside this file: `architecture.csv`, how often modules of a package import modules of another, and the picture
of it, `architecture.svg`. A test says when they are out of date.
"""

from __future__ import annotations

import argparse
import csv
import math
import re
import sys
import tomllib
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from audiokit import cli
from audiokit.files import write_whole
from audiokit.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw_house", "read_floors", "read_imports"]

FOLDER = Path(__file__).parent
ROOM_WIDTH, ROOM_HEIGHT = 0.84, 0.64
"""Of a column and a floor."""

COLUMN_INCHES, FLOOR_INCHES = 1.5, 2.2
COUNT_DISTANCE = 0.13
"""Of an arrow's count from its room, in columns and floors."""

LONG_NAME = 14
"""Letters from which on a name takes two lines."""

COLOURS = ("#dcedc8", "#fff2cc", "#d9e6f7", "#f7dcd9", "#e6dcf2")
"""Of the floors, from the ground."""


def read_floors() -> list[list[str]]:
    """Packages of each floor, the ground floor first, as import-linter's first contract has them."""
    rules = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    floors = [re.findall(r"\w+", text) for text in rules["contracts"][0]["layers"]]
    return [[name for name in floor if name in rules["root_packages"]] for floor in reversed(floors)]


def read_imports(packages: Sequence[str]) -> dict[tuple[str, str], int]:
    """(importing package, imported package) → number of imports of a module by a module, in alphabetical order.

    What is imported for type hints only counts, too; what is imported by name (`importlib`) does not.
    """
    import grimp

    graph = grimp.build_graph(*packages, cache_dir=None)
    between = Counter(
        (module.partition(".")[0], imported.partition(".")[0])
        for module in graph.modules
        for imported in graph.find_modules_directly_imported_by(module)
    )
    return {pair: between[pair] for pair in sorted(between) if pair[0] != pair[1]}


def folders_of(package: str) -> list[str]:
    """Packages in a package."""
    return sorted(path.parent.name for path in (ROOT / package).glob("*/__init__.py"))


def draw_house(floors: Sequence[Sequence[str]], imports: Mapping[tuple[str, str], int]) -> Figure:
    """Draw each package in a column of its own, so that nothing stands between it and the ground floor."""
    from audiokit.reports.figures import new_figure

    ground, teachers, each_teacher, systems, experiments = floors
    # In this order no arrow passes behind a room.
    columns = [*reversed(systems), *experiments, *teachers, *each_teacher]
    figure = new_figure(COLUMN_INCHES * len(columns), FLOOR_INCHES * len(floors), layout=None)
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, len(columns)), ylim=(0, len(floors)))
    axes.set_axis_off()
    floor_of = {name: floor for floor, names in enumerate(floors) for name in names}
    places = {name: (column + 0.5, floor_of[name] + 0.5) for column, name in enumerate(columns)}
    for pair, count in imports.items():
        _draw_imports(axes, places, pair, count)
    for name, place in places.items():
        _draw_room(axes, name, place, ROOM_WIDTH, COLOURS[floor_of[name]])
    for name in ground:
        _draw_room(axes, name, (len(columns) / 2, 0.5), len(columns) - 1 + ROOM_WIDTH, COLOURS[0])
    return figure


def _draw_room(axes: Axes, name: str, centre: tuple[float, float], width: float, colour: str) -> None:
    from matplotlib.patches import Rectangle

    x, y = centre
    corner = (x - width / 2, y - ROOM_HEIGHT / 2)
    axes.add_patch(Rectangle(corner, width, ROOM_HEIGHT, facecolor=colour, edgecolor="#444444", zorder=2))
    is_wide = width > ROOM_WIDTH
    title = name if is_wide or len(name) < LONG_NAME else name.replace("_", "_\n", 1)
    text = (", " if is_wide else "\n").join(folders_of(name))
    top = {"xy": (x, y + ROOM_HEIGHT / 2), "textcoords": "offset points", "ha": "center", "va": "top", "zorder": 3}
    axes.annotate(title, xytext=(0, -5), fontsize=10, weight="bold", **top)
    axes.annotate(text, xytext=(0, -9 - 13 * len(title.splitlines())), fontsize=7.5, color="#333333", **top)


def _draw_imports(axes: Axes, places: Mapping[str, tuple[float, float]], pair: tuple[str, str], count: int) -> None:
    """An arrow down to the room that is imported from, with the count at its start."""
    importer, imported = pair
    x, y = places[importer]
    end_x, end_y = places.get(imported, (x, 0.5))
    if end_x != x:
        x += 0.25 * (1 if end_x > x else -1)
    start, end = (x, y - ROOM_HEIGHT / 2), (end_x, end_y + ROOM_HEIGHT / 2)
    arrow = {"arrowstyle": "-|>", "color": "#666666", "linewidth": 0.7 + count / 60, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", end, start, arrowprops=arrow, zorder=1)
    along = COUNT_DISTANCE / math.dist(start, end)
    place = (start[0] + along * (end[0] - start[0]), start[1] + along * (end[1] - start[1]))
    box = {"facecolor": "white", "edgecolor": "none", "pad": 0.8}
    axes.text(*place, str(count), ha="center", va="center", fontsize=7.5, bbox=box, zorder=4)


def write_imports(path: Path, imports: Mapping[tuple[str, str], int]) -> None:
    """Write a CSV file with the columns importer, imported and imports."""
    with write_whole(path) as partial, open(partial, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("importer", "imported", "imports"))
        writer.writerows((*pair, count) for pair, count in imports.items())


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the list and the picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=FOLDER, help="folder for both files (%(default)s)")
    options = parser.parse_args(arguments)
    from matplotlib import rc_context

    floors = read_floors()
    imports = read_imports([name for floor in floors for name in floor])
    write_imports(options.output / "architecture.csv", imports)
    figure = draw_house(floors, imports)
    # The same file each time: no date, and no random names.
    picture = options.output / "architecture.svg"
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "house"}), write_whole(picture) as partial:
        figure.savefig(partial, format="svg", metadata={"Date": None})
    print(picture)
    return 0


if __name__ == "__main__":
    sys.exit(cli.run(main))
