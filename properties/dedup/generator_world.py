"""What the generated adverts are drawn from: real complexes of the transaction sample, and how platforms show units."""

from __future__ import annotations

import csv
import gzip
import random
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

SAMPLE = Path(__file__).parent.parent / "data" / "molit_apt_trade_seoul_2021.csv.gz"
PHRASES = (
    *(
        "올수리 로열층",
        "남향 채광 좋은 집",
        "급매 가격조정 가능",
        "역세권 도보 5분",
        "즉시입주 가능합니다",
        "세안고 투자 추천",
    ),
    *(
        "조용하고 깨끗한 집",
        "확장 올수리 샷시 교체",
        "초품아 학군 우수",
        "한강 조망 로얄동",
        "풀옵션 신축급",
        "주인 거주 관리 양호",
    ),
    *(
        "전망 좋은 고층",
        "입주일 협의 가능",
        "주차 편리한 단지",
        "대출 가능 융자 없음",
        "실매물 직접 촬영",
        "공원 인접 산책로",
    ),
    *(
        "시스템에어컨 설치",
        "방 세 개 욕실 두 개",
        "판상형 맞통풍",
        "대단지 커뮤니티 우수",
        "재건축 진행 단지",
        "버스정류장 바로 앞",
    ),
)


@dataclass(frozen=True, slots=True)
class Rates:
    """How often a source misstates a fact (beyond what its platform never shows)."""

    wrong_floor: float = 0.01
    wrong_dong: float = 0.005
    near_direction: float = 0.03
    wrong_direction: float = 0.01
    wrong_total: float = 0.02
    price_equal: float = 0.72
    price_small: float = 0.19  # within 3 %
    price_large: float = 0.07  # 3 to 7 %; the rest is stale or mistyped
    name_variant: float = 0.35
    missing_name: float = 0.04


@dataclass(frozen=True, slots=True)
class Platform:
    """What one platform shows."""

    name: str
    share: float
    exact_floor: float
    dong: float
    direction: float
    totals: bool
    area: str  # decimal, truncated, rounded
    supply: bool
    shifted: bool = False
    groups: float = 0.0


APARTMENT_PLATFORMS = (
    Platform("naver", 0.52, 0.62, 0.9, 0.95, True, "mixed", True, groups=0.5),
    Platform("zigbang", 0.14, 0.35, 0.85, 0.85, True, "decimal", True),
    Platform("kb", 0.12, 0.85, 0.75, 0.85, True, "decimal", True),
    Platform("serve", 0.10, 0.9, 0.3, 0.9, True, "decimal", True),
    Platform("dabang", 0.07, 0.25, 0.0, 0.2, False, "rounded", False, shifted=True),
    Platform("daangn", 0.05, 0.8, 0.1, 0.2, True, "rounded", False),
)
ROOM_PLATFORMS = (
    Platform("naver", 0.28, 0.6, 0.05, 0.9, True, "mixed", True),
    Platform("zigbang", 0.28, 0.75, 0.0, 0.4, True, "decimal", True, shifted=True),
    Platform("dabang", 0.22, 0.7, 0.0, 0.3, False, "decimal", False, shifted=True),
    Platform("peterpan", 0.22, 0.9, 0.0, 0.0, True, "decimal", True, shifted=True),
)


@dataclass(frozen=True, slots=True)
class Plan:
    """One type of unit of a complex."""

    exclusive: float
    supply: float
    price: int
    rooms: int


@dataclass(frozen=True, slots=True)
class Complex:
    """A real complex: what the transactions tell, completed with buildings and plans."""

    name: str
    region: str
    leaf: str
    latitude: float
    longitude: float
    floors: int
    dongs: tuple[str, ...]
    plans: tuple[Plan, ...]
    weight: float


@lru_cache(maxsize=2)
def real_complexes(seed: int) -> tuple[Complex, ...]:
    """Complexes of the transaction sample; plan decimals and buildings are drawn from the seed."""
    chance = random.Random(seed)  # noqa: S311 - reproducible test data, not a secret
    rows: dict[tuple[str, str, str], list[dict[str, str]]] = {}
    with gzip.open(SAMPLE, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            rows.setdefault((row["bjd_code"], row["apt_name"], row["jibun"]), []).append(row)
    found = []
    for (region, name, _), deals in sorted(rows.items()):
        top = max(int(row["floor"]) for row in deals)
        floors = max(top, 4) + chance.choice((0, 0, 1, 2, 3))
        count = max(1, min(24, round(len(deals) ** 0.8 * chance.uniform(0.4, 1.1))))
        plans = []
        by_area: dict[int, list[int]] = {}
        for row in deals:
            by_area.setdefault(int(float(row["area_m2"])), []).append(int(row["price_manwon"]))
        for area, prices in sorted(by_area.items()):
            for _ in range(chance.choice((1, 1, 2, 3)) if len(deals) > 8 else 1):
                exclusive = round(area - 0.5 + chance.randint(1, 99) / 100, 2)
                supply = round(exclusive * chance.uniform(1.25, 1.4), 2)
                plans.append(Plan(exclusive, supply, sorted(prices)[len(prices) // 2], 2 if area < 50 else 3))
        first = chance.choice((101, 101, 101, 1, 201))
        found.append(
            Complex(
                name,
                region,
                deals[0]["umd"],
                float(deals[0]["lat"]),
                float(deals[0]["lon"]),
                floors,
                tuple(str(first + number) for number in range(count)),
                tuple(plans),
                len(deals) ** 0.9,
            )
        )
    return tuple(found)
