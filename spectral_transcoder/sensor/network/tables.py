"""Sums of hours to tables and to JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spectral_transcoder.sensor.network.accumulation import (
    DAYS_A_WEEK,
    HOUR_S,
    HOURS_A_DAY,
    SECONDS_WITH_LEVEL,
    HourSums,
    Means,
    add_up,
    calendar_of,
    means,
)
from spectral_transcoder.sensor.presence.indicators import DAY_PARTS, day_evening_night
from spectral_transcoder.sensor.times.clock import Clock, text_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from spectral_transcoder.sensor.network.places import Place
    from spectral_transcoder.sensor.network.sensors import Sensor

__all__ = ["WEEKDAYS", "month_table", "sensor_facts"]

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
HOURS_A_WEEK = HOURS_A_DAY * DAYS_A_WEEK
DECIMALS = 2


def month_table(sensor: Sensor, groups: Sequence[str]) -> pd.DataFrame:
    """A row for each month, day of the week and hour of the day that has scores, in this order.

    Columns: `sensor`, `month` (2024-05), `weekday`, `hour` (0 to 23), `seconds` with scores, `LAeq` (dB as in the
    tables), and for each group `<group>_percent`, its share of the seconds; NaN where nobody knows.
    """
    import pandas as pd

    at = calendar_of(sensor.sums.hours)
    keys, sums = add_up(at.month * HOURS_A_WEEK + at.weekday * HOURS_A_DAY + at.hour, sensor.sums.sums)
    told = means(sums)
    columns = {
        "sensor": sensor.name,
        "month": np.datetime_as_string((keys // HOURS_A_WEEK).astype("datetime64[M]")),
        "weekday": np.array(WEEKDAYS, object)[keys % HOURS_A_WEEK // HOURS_A_DAY],
        "hour": keys % HOURS_A_DAY,
        "seconds": told.seconds,
        "LAeq": told.levels.round(DECIMALS),
    }
    columns |= {f"{name}_percent": values.round(DECIMALS) for name, values in zip(groups, told.percent.T, strict=True)}
    return pd.DataFrame(columns)


def sensor_facts(sensor: Sensor, groups: Sequence[str], place: Place | None, zone: str | None) -> dict[str, object]:
    """What a map shows of a sensor, as JSON has it: place, presence of groups in all, by day, and by hour of the day.

    Shares are in per cent; what nobody knows is None.
    """
    at = calendar_of(sensor.sums.hours)
    days, of_days = add_up(at.day, sensor.sums.sums)
    hours = HourSums(len(groups))
    hours.add(np.arange(HOURS_A_DAY), np.zeros((HOURS_A_DAY, sensor.sums.sums.shape[1])))
    hours.add(at.hour, sensor.sums.sums)
    total = means(sensor.sums.sums.sum(axis=0, keepdims=True))
    return {
        "sensor": sensor.name,
        "name": place.name if place else "",
        "latitude": place.latitude if place else None,
        "longitude": place.longitude if place else None,
        "clock": zone or "UTC" if sensor.clock is Clock.UTC else "clock of the file",
        "first_block": text_of(sensor.spans[0][0], sensor.clock),
        "last_block": text_of(max(last for _, last, _ in sensor.spans), sensor.clock),
        "seconds": float(total.seconds[0]),
        "LAeq": _known(total.levels)[0],
        "Lden": _known(np.array([_lden(hours.sums, len(days))]))[0],
        "percent": {name: _known(values)[0] for name, values in zip(groups, total.percent.T, strict=True)},
        "days": {
            "day": np.datetime_as_string(days.astype("datetime64[D]")).tolist(),
            **_series(means(of_days), groups),
        },
        "hours": {"hour": list(range(HOURS_A_DAY)), **_series(means(hours.sums), groups)},
    }


def _lden(of_hours: np.ndarray, n_days: int) -> float:
    """Lden of all days together from the sums of the hours of the day, (24, n_sums).

    Of day, evening and night, half must be there.
    """
    levels, coverage = [], []
    for first, last, _ in DAY_PARTS:
        part = of_hours[np.arange(first, last) % HOURS_A_DAY].sum(axis=0, keepdims=True)
        levels.append(means(part).levels[0])
        coverage.append(part[0, SECONDS_WITH_LEVEL] / (n_days * (last - first) * HOUR_S))
    return day_evening_night(levels, coverage)


def _series(told: Means, groups: Sequence[str]) -> dict[str, object]:
    percent = {name: _known(values) for name, values in zip(groups, told.percent.T, strict=True)}
    return {"seconds": told.seconds.tolist(), "LAeq": _known(told.levels), "percent": percent}


def _known(values: np.ndarray) -> list[float | None]:
    """Numbers for JSON, which has neither NaN nor infinity."""
    return [round(value, DECIMALS) if np.isfinite(value) else None for value in values.tolist()]
