"""Rough boxes of regions, from the lots of the transaction sample: enough to ask a platform for an area."""

from __future__ import annotations

import csv
import gzip
from functools import lru_cache
from pathlib import Path
from typing import Any

from properties.normalise.regions import prefix_of, regions

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


def find_place(workspace: Any, text: str) -> tuple[float, float] | None:
    """Latitude and longitude of "37.49, 127.01", of a complex among the listings, or of a region's middle."""
    from properties.models import Listing

    parts = text.replace(",", " ").split()
    try:
        latitude, longitude = (float(part) for part in parts)
    except ValueError:
        pass
    else:
        return (latitude, longitude) if 32 <= latitude <= 44 and 123 <= longitude <= 133 else None
    homes = Listing.objects.for_workspace(workspace).filter(title__iexact=text.strip()).exclude(latitude=None)
    row = homes.exclude(longitude=None).values_list("latitude", "longitude").order_by("id").first()
    if row is not None:
        return float(row[0]), float(row[1])
    region = regions().find(text)
    box = box_of_region(region.code) if region else None
    return ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2) if box else None
