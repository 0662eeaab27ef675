"""Rough boxes of regions, from the lots of the transaction sample: enough to ask a platform for an area."""

from __future__ import annotations

import csv
import gzip
from functools import lru_cache
from pathlib import Path

from properties.normalise.regions import prefix_of

SAMPLE = Path(__file__).parent / "data" / "molit_apt_trade_seoul_2021.csv.gz"
MARGIN = 0.003

Box = tuple[float, float, float, float]


@lru_cache(maxsize=1)
def _boxes() -> dict[str, Box]:
    found: dict[str, Box] = {}
    with gzip.open(SAMPLE, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            code, latitude, longitude = row["bjd_code"], float(row["lat"]), float(row["lon"])
            south, west, north, east = found.get(code, (90.0, 180.0, -90.0, -180.0))
            found[code] = min(south, latitude), min(west, longitude), max(north, latitude), max(east, longitude)
    return found


def box_of_region(code: str) -> Box | None:
    """South, west, north, east of a region; None where the sample has no lot (give a box by hand there)."""
    prefix = prefix_of(code)
    boxes = [box for region, box in _boxes().items() if region.startswith(prefix)]
    if not boxes:
        return None
    return (
        min(box[0] for box in boxes) - MARGIN,
        min(box[1] for box in boxes) - MARGIN,
        max(box[2] for box in boxes) + MARGIN,
        max(box[3] for box in boxes) + MARGIN,
    )
