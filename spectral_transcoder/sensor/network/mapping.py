"""Tags of many sensors to tables, pictures and a map: all that `map_sensors.py` does."""

from __future__ import annotations

import hashlib
import json
import sys
from typing import TYPE_CHECKING

from tqdm import tqdm

from audiokit.errors import UserError
from audiokit.files import make_folder, readable, short_stem, write_whole
from audiokit.reports.figures import save
from spectral_transcoder.sensor.many import SOME_LEFT_OUT
from spectral_transcoder.sensor.network.figures import calendar_figure, week_figure
from spectral_transcoder.sensor.network.page import SensorPart, write_map
from spectral_transcoder.sensor.network.places import read_places
from spectral_transcoder.sensor.network.reading import find_records, read_record
from spectral_transcoder.sensor.network.sensors import Network
from spectral_transcoder.sensor.network.tables import month_table, sensor_facts
from spectral_transcoder.sensor.times.zones import parse_zone

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    import pandas as pd

    from spectral_transcoder.sensor.network.places import Place
    from spectral_transcoder.sensor.network.reading import Record
    from spectral_transcoder.sensor.network.sensors import Sensor

__all__ = ["map_sensors"]

MADE_WITH = ("teacher", "transcoder", "weights", "block_seconds", "db_offset", "thresholds", "groups")
"""Settings without which shares of two tables cannot be compared."""


def map_sensors(
    folder: Path, output: Path, *, places: Path | None = None, zone: str | None = None, by_folder: bool = False
) -> int:
    """Gather all tables of tags below a folder; a table that cannot be used does not keep the others from being used.

    Parameters
    ----------
    folder
        that `predict_third_octave.py` wrote to.
    output
        folder for what is made: of each sensor `<sensor>_hours.csv`, `<sensor>_sensor.json` and two pictures; of all
        `all_hours.csv` and `index.html`.
    places
        csv with the columns sensor, latitude, longitude and, optionally, name.
    zone
        whose clock hours are counted by, where tables are in UTC.
    by_folder
        whether sensors are called by their folder, and not by their file.

    Returns
    -------
    int
        0, or `SOME_LEFT_OUT` where a table could not be used.

    Raises
    ------
    UserError
        where no table can be used, or places or the zone cannot be read.
    """
    where = read_places(places) if places else {}
    clock = parse_zone(zone) if zone else None
    settings, unfinished = find_records(folder)
    for table in unfinished:
        print(f"passed over: {table} is not finished: run predict_third_octave.py again", file=sys.stderr)
    records, n_failed = _records(settings)
    groups = list(dict.fromkeys(group for record in records for group in record.groups))
    network = Network(groups, zone=clock, by_folder=by_folder)
    for record in tqdm(records, unit="file", desc="tables", disable=None):
        try:
            network.add(record)
        except UserError as error:
            print(f"error: {error}", file=sys.stderr)
            n_failed += 1
    if silent := sorted(name for name, sensor in network.sensors.items() if not len(sensor.sums.hours)):
        print(f"note: no block has scores of {', '.join(silent)}: left out", file=sys.stderr)
    sensors = [network.sensors[name] for name in sorted(network.sensors) if name not in silent]
    if not sensors:
        raise UserError(f"{folder}: none of its tables tells what was heard when, as told above")
    _tell(records, sensors, where)
    make_folder(output)
    for line in _write(sensors, groups, where, output, zone):
        print(f"  {line}")
    return SOME_LEFT_OUT if n_failed or unfinished else 0


def _records(settings: Iterable[Path]) -> tuple[list[Record], int]:
    """Tables that are whole, and how many are not; why is told."""
    records, n_failed = [], 0
    for path in settings:
        try:
            records.append(read_record(path))
        except UserError as error:
            print(f"error: {error}", file=sys.stderr)
            n_failed += 1
    return records, n_failed


def _tell(records: Sequence[Record], sensors: Sequence[Sensor], where: dict[str, Place]) -> None:
    """What the reader of a map should know."""
    for key in MADE_WITH:
        values = {json.dumps(record.settings.get(key), sort_keys=True) for record in records}
        if len(values) > 1:
            print(f"note: tables were made with {len(values)} different {key}: compare with care", file=sys.stderr)
    names = {sensor.name for sensor in sensors}
    if where and (nowhere := sorted(names - where.keys())):
        print(f"note: no place is given of {', '.join(nowhere)}: not on the map", file=sys.stderr)
    if unknown := sorted(where.keys() - names):
        print(f"note: a place is given, but no table is there of {', '.join(unknown)}", file=sys.stderr)


def _write(
    sensors: Sequence[Sensor], groups: Sequence[str], where: dict[str, Place], output: Path, zone: str | None
) -> list[Path]:
    """All files; their paths."""
    import pandas as pd

    parts, tables, written = [], [], []
    for sensor, stem in zip(sensors, _stems([sensor.name for sensor in sensors]), strict=True):
        facts = sensor_facts(sensor, groups, where.get(sensor.name), zone)
        title = f"{readable(sensor.name)}: share of the time with each source, {facts['clock']}"
        pictures = [output / f"{stem}_calendar.png", output / f"{stem}_week.png"]
        for draw, path in zip((calendar_figure, week_figure), pictures, strict=True):
            save(draw(sensor.sums, groups, title=title), path, dpi=80)
        tables.append(month_table(sensor, groups))
        written += [output / f"{stem}_hours.csv", output / f"{stem}_sensor.json", *pictures]
        _write_table(tables[-1], written[-4])
        with write_whole(written[-3]) as partial:
            partial.write_text(json.dumps(facts, indent=1, allow_nan=False), encoding="utf-8")
        parts.append(SensorPart(facts, pictures))
    written += [output / "all_hours.csv", output / "index.html"]
    _write_table(pd.concat(tables), written[-2])
    write_map(written[-1], parts, groups)
    return written


def _write_table(table: pd.DataFrame, path: Path) -> None:
    with write_whole(path) as partial:
        table.to_csv(partial, index=False, lineterminator="\n")


def _stems(names: Sequence[str]) -> list[str]:
    """Beginnings of file names, each its own, also where letters differ by what file systems do not tell apart."""
    plain = [short_stem("".join(x if x.isalnum() or x in ".-_ " else "-" for x in name)).lstrip(".") for name in names]
    folded = [stem.casefold() for stem in plain]
    return [
        stem if stem and folded.count(stem.casefold()) == 1 and stem.casefold() != "all" else _marked(stem, name)
        for stem, name in zip(plain, names, strict=True)
    ]


def _marked(stem: str, name: str) -> str:
    return f"{stem}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
