"""Adverts with known truth, built from real complexes, floors, areas and prices of the transaction sample.

One offer (unit and trade) is entered by one or more offices; every entry shows on its platform and sometimes on others
as a copy. Each platform hides, rounds and misspells in its own way. Rates are stated once, in `Rates`.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

from properties.dedup.advert import Advert
from properties.dedup.generator_world import (
    APARTMENT_PLATFORMS,
    PHRASES,
    ROOM_PLATFORMS,
    Complex,
    Plan,
    Platform,
    Rates,
    real_complexes,
)
from properties.normalise.codes import Direction
from properties.normalise.floors import band_of

RING = [direction.value for direction in (Direction.NORTH, Direction.NORTH_EAST, Direction.EAST, Direction.SOUTH_EAST)]
RING += [direction.value for direction in (Direction.SOUTH, Direction.SOUTH_WEST, Direction.WEST, Direction.NORTH_WEST)]


class Generator:
    """Streams adverts with the true offer of each: (advert, truth)."""

    def __init__(
        self, seed: int, rates: Rates | None = None, *, copies: int = 1, room_share: float = 0.2, share: float = 1.0
    ) -> None:
        self.chance = random.Random(seed)  # noqa: S311 - reproducible test data, not a secret
        self.rates = rates or Rates()
        everything = real_complexes(seed)
        # Fewer complexes for the same number of adverts: more offers of one type side by side, a harder problem.
        chosen = self.chance.sample(range(len(everything)), max(1, int(len(everything) * share)))
        self.complexes = tuple(everything[number] for number in sorted(chosen))
        self.copies = copies  # repeats the complexes under other region codes, for scale
        self.room_share = room_share
        self.serial = 0

    def adverts(self, count: int) -> Iterator[tuple[Advert, str]]:
        """At least `count` adverts, offer by offer; the caller may shuffle them."""
        chance = self.chance
        weights = [item.weight for item in self.complexes]
        cumulative = []
        total = 0.0
        for weight in weights:
            total += weight
            cumulative.append(total)
        made = 0
        offers = 0
        while made < count:
            home = chance.choices(self.complexes, cum_weights=cumulative)[0]
            copy = chance.randrange(self.copies)
            offers += 1
            is_room = chance.random() < self.room_share
            batch = self._room_offer(home, copy, offers) if is_room else self._offer(home, copy, offers)
            for advert in batch:
                yield advert, f"offer-{offers}"
                made += 1

    def _region(self, home: Complex, copy: int) -> str:
        return home.region if not copy else f"{90 + copy // 100:02d}{copy % 100:02d}{home.region[4:]}"

    def _round_price(self, price: float) -> int:
        step = 100 if price < 20_000 else self.chance.choice((500, 1_000, 1_000, 2_500, 5_000))
        return max(step, round(price / step) * step)

    def _terms(self, plan_price: float) -> tuple[str, int, int | None]:
        chance = self.chance
        value = plan_price * chance.uniform(0.9, 1.12)
        trade = chance.choices(("sale", "jeonse", "monthly"), (0.5, 0.28, 0.22))[0]
        if trade == "sale":
            return trade, self._round_price(value), None
        jeonse = value * chance.uniform(0.5, 0.68)
        if trade == "jeonse":
            return trade, self._round_price(jeonse), None
        deposit = self._round_price(jeonse * chance.choice((0.1, 0.2, 0.3, 0.5)))
        rent = max(5, round((jeonse - deposit) * 0.05 / 12 / 5) * 5)
        return trade, deposit, rent

    def _offer(self, home: Complex, copy: int, number: int) -> list[Advert]:
        chance = self.chance
        plan = chance.choice(home.plans)
        dong = chance.choice(home.dongs)
        floor = chance.randint(1, home.floors)
        line = chance.randint(1, 4)
        facing = RING[(sum(map(ord, dong)) + line // 3) % 8 if chance.random() < 0.3 else 3 + line % 3]
        trade, price, rent = self._terms(plan.price)
        adverts: list[Advert] = []
        for _ in range(min(1 + int(chance.expovariate(0.95)), 8)):
            office_price, office_rent = self._shown_price(price, rent)
            text = self._text()
            for platform in self._platforms(APARTMENT_PLATFORMS):
                if chance.random() < 0.1:  # the office forgot to update one site
                    office_price, office_rent = self._shown_price(price, rent)
                terms = (trade, office_price, office_rent)
                main = self._advert(home, copy, plan, dong, floor, facing, terms, platform, number)
                main = replace(main, description=text if chance.random() < 0.75 else self._text())
                adverts.append(main)
                # An entry made in a provider's tool shows on Naver and on the provider's own site.
                if platform.name == "naver" and chance.random() < 0.1:
                    site = next(item for item in APARTMENT_PLATFORMS if item.name == "serve")
                    twin = self._advert(home, copy, plan, dong, floor, facing, terms, site, number)
                    sources = (main.key,) if chance.random() < 0.75 else ()
                    adverts.append(replace(twin, description=main.description, source_keys=sources))
        return adverts

    def _platforms(self, offered: tuple[Platform, ...]) -> list[Platform]:
        count = self.chance.choices((1, 2, 3), (0.62, 0.27, 0.11))[0]
        chosen: list[Platform] = []
        while len(chosen) < count:
            platform = self.chance.choices(offered, [item.share for item in offered])[0]
            if platform not in chosen:
                chosen.append(platform)
        return chosen

    def _text(self) -> str:
        """A description: often empty or a stock phrase that many offices use, sometimes the office's own words."""
        chance = self.chance
        roll = chance.random()
        if roll < 0.2:
            return ""
        phrases = chance.sample(PHRASES, chance.choice((1, 2, 2, 3)))
        if roll < 0.65:
            return ", ".join(phrases[:2])
        return f"{' '.join(phrases)} {chance.randint(1, 40)}분 거리 {chance.choice(PHRASES)} {chance.randint(100, 999)}"

    def _room_offer(self, home: Complex, copy: int, number: int) -> list[Advert]:
        chance = self.chance
        area = round(chance.uniform(16, 62), 2)
        plan = Plan(area, round(area * chance.uniform(1.1, 1.3), 2), 0, 1 if area < 30 else 2)
        floors = chance.randint(3, 6)
        name = chance.choice(
            ("하이츠빌", "그린빌", "대명빌라", "성원주택", "미소빌", "다온하임", "리버빌", "한솔빌라")
        ) + (chance.choice(("", "", "", " A동", " B동")))
        house = Complex(
            name,
            home.region,
            home.leaf,
            home.latitude + chance.uniform(-0.004, 0.004),
            home.longitude + chance.uniform(-0.004, 0.004),
            floors,
            ("",),
            (plan,),
            1.0,
        )
        trade = chance.choices(("monthly", "jeonse", "sale"), (0.6, 0.3, 0.1))[0]
        if trade == "monthly":
            price, rent = chance.choice((300, 500, 1_000, 1_000, 2_000, 3_000, 5_000)), chance.randint(30, 120)
            rent = rent if chance.random() < 0.4 else rent // 5 * 5
        else:
            price, rent = chance.randint(60, 400) * (50 if trade == "jeonse" else 100), None
        floor = chance.choice((-1, *range(1, floors + 1)))
        facing = chance.choice(RING)
        adverts = []
        for _ in range(min(1 + int(chance.expovariate(1.1)), 5)):
            office_price, office_rent = self._shown_price(price, rent)
            text = self._text()
            for platform in self._platforms(ROOM_PLATFORMS):
                terms = (trade, office_price, office_rent)
                advert = self._advert(house, copy, plan, "", floor, facing, terms, platform, number, is_room=True)
                adverts.append(replace(advert, description=text if chance.random() < 0.75 else self._text()))
        return adverts

    def _advert(
        self,
        home: Complex,
        copy: int,
        plan: Plan,
        dong: str,
        floor: int,
        facing: str,
        terms: tuple[str, int, int | None],
        platform: Platform,
        number: int,
        *,
        is_room: bool = False,
    ) -> Advert:
        chance, rates = self.chance, self.rates
        self.serial += 1
        exact = chance.random() < platform.exact_floor or floor < 1
        shown_floor = floor
        if chance.random() < rates.wrong_floor:
            shown_floor = max(1, min(home.floors, floor + chance.choice((-1, 1))))
        total = home.floors
        if chance.random() < rates.wrong_total:
            total += chance.choice((-1, 1))
        total = max(total, shown_floor)
        band = band_of(max(shown_floor, 1), total).value
        shown_dong = dong if dong and chance.random() < platform.dong else None
        if shown_dong and chance.random() < rates.wrong_dong:
            shown_dong = chance.choice(home.dongs)
        direction = facing if chance.random() < platform.direction else None
        if direction:
            roll = chance.random()
            turn = 0
            if roll < rates.wrong_direction:
                turn = chance.choice((2, 3, 4, 5, 6))
            elif roll < rates.wrong_direction + rates.near_direction:
                turn = chance.choice((-1, 1))
            direction = RING[(RING.index(direction) + turn) % 8]
        trade, shown_price, shown_rent = terms
        area_kind = platform.area if platform.area != "mixed" else chance.choice(("decimal", "truncated"))
        exclusive, supply = plan.exclusive, plan.supply
        if area_kind == "truncated":
            exclusive, supply = float(int(exclusive)), float(int(supply))
        elif area_kind == "rounded":
            exclusive, supply = float(round(exclusive)), float(round(supply))
        metres = chance.uniform(30, 100) if platform.shifted else (6.0 if is_room else 0.0)
        name = self._name(home, is_room=is_room)
        grouped = platform.groups and chance.random() < platform.groups
        return Advert(
            key=f"{platform.name}:{self.serial}",
            platform=platform.name,
            trade=trade,
            region_code=self._region(home, copy),
            name=name,
            is_complex=not is_room,
            price=shown_price,
            rent=shown_rent,
            exclusive_m2=exclusive,
            supply_m2=supply if platform.supply and chance.random() < 0.9 else None,
            floor=shown_floor if exact else None,
            band=band if shown_floor > 0 else None,
            floor_total=total if platform.totals else None,
            dong=shown_dong,
            direction=direction,
            rooms=plan.rooms if chance.random() < 0.5 else None,
            latitude=home.latitude + chance.choice((-1, 1)) * metres * chance.uniform(0.4, 0.9) / 111_320,
            longitude=home.longitude + chance.choice((-1, 1)) * metres * chance.uniform(0.4, 0.9) / 88_000,
            group_key=f"{platform.name}:g{number}" if grouped else "",
        )

    def _shown_price(self, price: int, rent: int | None) -> tuple[int, int | None]:
        chance, rates = self.chance, self.rates
        roll = chance.random()
        if roll < rates.price_equal:
            return price, rent
        if roll < rates.price_equal + rates.price_small:
            factor = 1 + chance.choice((-1, 1)) * chance.uniform(0.003, 0.03)
        elif roll < rates.price_equal + rates.price_small + rates.price_large:
            factor = 1 + chance.choice((-1, 1)) * chance.uniform(0.03, 0.07)
        else:
            factor = 1 + chance.choice((-1, 1)) * chance.uniform(0.08, 0.25)
        if rent:
            return price, max(5, round(rent * factor))
        step = 100 if price < 20_000 else 500
        return round(price * factor / step) * step, rent

    def _name(self, home: Complex, *, is_room: bool) -> str:
        chance = self.chance
        if chance.random() < (0.55 if is_room else self.rates.missing_name):
            return ""
        if chance.random() >= self.rates.name_variant:
            return home.name
        name = home.name
        kind = chance.randrange(5)
        if kind == 0:
            return f"{name}아파트" if not is_room else name
        if kind == 1:
            return name.replace("e편한세상", "이편한세상").replace("더샵", "더샾").replace("에스케이", "SK")
        place = home.leaf.removesuffix("동")
        if kind == 2 and not is_room and not name.startswith(place):
            return f"{place}{name}"
        if kind == 3:
            return name.replace("(", " ").replace(")", "") if "~" not in name else name
        return " ".join((name[:2], name[2:])) if len(name) > 3 else name
