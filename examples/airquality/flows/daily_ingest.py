"""The daily flow: read the sensors' file, clean it, sum it up by station."""

import sys
from collections import defaultdict
from pathlib import Path
from statistics import fmean

from tabulate import tabulate

from flows.index import index
from flows.readings import Reading, clean, read

# Below this share of valid rows a day's file is not to be trusted.
QUALITY_GATE = 0.9


def summarise(readings: list[Reading]) -> list[tuple[str, float, int, str]]:
    """Return (station, mean PM2.5, index, category) by station, the worst first."""
    by_station = defaultdict(list)
    for reading in readings:
        by_station[reading.station].append(reading.pm25)
    means = {station: fmean(values) for station, values in by_station.items()}
    return [
        (station, round(mean, 1), *index(mean))
        for station, mean in sorted(means.items(), key=lambda item: (-item[1], item[0]))
    ]


def run(path: Path) -> int:
    """Run the flow on a file; the exit code is 1 when its quality is too low."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(read(file))
    readings, problems = clean(rows)
    print(tabulate(summarise(readings), headers=["station", "PM2.5", "AQI", "category"]))
    valid = 1 - len(problems) / len(rows) if rows else 0.0
    print(f"\n{len(rows)} rows, {valid:.0%} valid")
    for problem in problems:
        print(f"Validation failed: {problem}")
    return 0 if valid >= QUALITY_GATE else 1


if __name__ == "__main__":
    sys.exit(run(Path(sys.argv[1])))
