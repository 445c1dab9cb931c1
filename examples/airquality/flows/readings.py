"""Readings of fine dust (PM2.5) and what makes one valid."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TextIO

# The highest value, in micrograms a cubic metre, that the sensors can measure.
SENSOR_LIMIT = 1000.0


@dataclass(frozen=True)
class Reading:
    """One station's PM2.5 at one time, in micrograms a cubic metre."""

    station: str
    at: datetime
    pm25: float


class Invalid(ValueError):
    """A row that is no reading, and why."""


def parse(row: dict[str, str]) -> Reading:
    """Make a reading of a row with the columns station, time and pm25."""
    station = (row.get("station") or "").strip()
    if not station:
        raise Invalid("no station")
    try:
        at = datetime.fromisoformat(row.get("time") or "")
    except ValueError as e:
        raise Invalid(f"time {row.get('time')!r} is not in ISO 8601") from e
    try:
        pm25 = float(row.get("pm25") or "")
    except ValueError as e:
        raise Invalid(f"pm25 {row.get('pm25')!r} is no number") from e
    if not 0 <= pm25 <= SENSOR_LIMIT:
        raise Invalid(f"pm25 {pm25} is outside 0 to {SENSOR_LIMIT:g}")
    return Reading(station, at, pm25)


def read(file: TextIO) -> Iterator[dict[str, str]]:
    """Yield the rows of a CSV file with a header."""
    yield from csv.DictReader(file)


def clean(rows: Iterable[dict[str, str]]) -> tuple[list[Reading], list[str]]:
    """Split rows into readings and the reasons why others are none.

    A station's second reading for the same time is dropped as a repetition.
    """
    readings: dict[tuple[str, datetime], Reading] = {}
    problems = []
    for number, row in enumerate(rows, start=1):
        try:
            reading = parse(row)
        except Invalid as e:
            problems.append(f"row {number}: {e}")
            continue
        readings.setdefault((reading.station, reading.at), reading)
    return list(readings.values()), problems
