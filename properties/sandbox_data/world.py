"""Adverts of the sandbox, drawn once from real complexes; every day a few prices change and a few adverts end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from hashlib import blake2b

from properties.dedup.advert import Advert
from properties.dedup.generator import Generator
from properties.normalise.regions import prefix_of

SEED, SHARE, ADVERTS = 20_261, 0.03, 2_400
EPOCH = date(2026, 11, 1)


@dataclass(frozen=True, slots=True)
class Shown:
    """One advert as it stands on a day."""

    advert: Advert
    number: int
    leaf: str
    confirmed: date


@lru_cache(maxsize=1)
def _drawn() -> tuple[tuple[Advert, ...], dict[str, str]]:
    generator = Generator(SEED, share=SHARE)
    adverts = tuple(advert for advert, _ in generator.adverts(ADVERTS))
    return adverts, {item.region: item.leaf for item in generator.complexes}


def _share(text: str) -> float:
    return int.from_bytes(blake2b(text.encode(), digest_size=4).digest(), "big") / 2**32


def regions_covered() -> dict[str, str]:
    """Region codes with adverts, and their dong names."""
    return dict(_drawn()[1])


def box_of(region_code: str) -> tuple[float, float, float, float] | None:
    """South, west, north, east around the adverts of a region code prefix; None when there are none."""
    prefix = prefix_of(region_code)
    points = [
        (advert.latitude or 0, advert.longitude or 0)
        for advert in _drawn()[0]
        if advert.region_code.startswith(prefix) and advert.latitude
    ]
    if not points:
        return None
    latitudes, longitudes = [point[0] for point in points], [point[1] for point in points]
    return min(latitudes) - 0.002, min(longitudes) - 0.002, max(latitudes) + 0.002, max(longitudes) + 0.002


def adverts_of(platform: str, day: date) -> Iterator[Shown]:
    """Adverts of one platform on a day."""
    adverts, leaves = _drawn()
    age = max((day - EPOCH).days, 0)
    for advert in adverts:
        if advert.platform != platform:
            continue
        number = int(advert.key.split(":")[1])
        begins = int(_share(f"begin{number}") * 25) - 20
        ends = begins + 10 + int(_share(f"end{number}") * 90)
        if not begins <= age < ends:
            continue
        price = advert.price
        for week in range(max(begins, 0) // 7, age // 7 + 1):
            if price and _share(f"cut{number}:{week}") < 0.06:
                step = 10 if price < 5_000 else 100
                price = max(
                    step, int(price * (0.975 if _share(f"sign{number}:{week}") < 0.8 else 1.015)) // step * step
                )
        confirmed = date.fromordinal(EPOCH.toordinal() + max(begins, age - age % 7 - 3))
        yield Shown(replace(advert, price=price), number, leaves[advert.region_code], confirmed)


def complex_number(advert: Advert) -> str:
    """The number under which the stand-ins know a complex."""
    return str(100_000 + int(_share(f"{advert.region_code}{advert.name[:2]}") * 900_000))
