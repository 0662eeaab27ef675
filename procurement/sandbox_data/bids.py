"""Invented bidding: when which notice of which kind is put up, changed, opened and won."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

from procurement.sandbox_data.pools import CLASSES, INDUSTRIES, Agency, Company, agency, draw, supplier

_ORIGIN = date(2021, 1, 1).toordinal()
KINDS = {"Thng": 12, "Servc": 10, "Cnstwk": 8, "Frgcpt": 1, "Etc": 2}
_KIND_NAMES = {"Thng": "물품", "Servc": "용역", "Cnstwk": "공사", "Frgcpt": "외자", "Etc": "기타"}
_SUBJECTS = {
    "Thng": tuple(f"{kind.name} 구매" for kind in CLASSES),
    "Servc": ("정보시스템 유지관리 용역", "통합관제센터 운영 용역", "청소 용역", "학술연구 용역", "홈페이지 개편 용역"),
    "Cnstwk": ("도로 포장 보수공사", "청사 전기설비 개선공사", "하수관로 정비공사", "어린이공원 조성공사"),
    "Frgcpt": ("전자현미경 구매", "질량분석기 도입"),
    "Etc": ("매점 사용수익허가", "폐자원 매각"),
}
_METHODS = ("제한경쟁", "일반경쟁", "수의계약", "지명경쟁")


@dataclass(frozen=True, slots=True)
class NoticeEvent:
    """One notice in one of its orders."""

    day: date
    kind: str
    number: int
    order: int
    first_day: date

    @property
    def seed(self) -> int:
        return draw("notice", self.kind, self.first_day.isoformat(), self.number)

    @property
    def notice_no(self) -> str:
        offset = list(KINDS).index(self.kind) * 200
        return f"R{self.first_day:%y}BK{(self.first_day.toordinal() - _ORIGIN) * 1000 + offset + self.number:08d}"

    @property
    def order_text(self) -> str:
        return f"{self.order:03d}"

    @property
    def title(self) -> str:
        subjects = _SUBJECTS[self.kind]
        return f"{self.first_day.year}년 {self.demander.name} {subjects[self.seed % len(subjects)]}"

    @property
    def kind_name(self) -> str:
        return _KIND_NAMES[self.kind]

    @property
    def method(self) -> str:
        return _METHODS[self.seed % len(_METHODS)]

    @property
    def demander(self) -> Agency:
        return agency(self.seed // 11)

    @property
    def price(self) -> int:
        scale = {"Cnstwk": 20, "Servc": 6, "Frgcpt": 12}.get(self.kind, 2)
        return (self.seed % 90 + 10) * scale * 1_000_000

    @property
    def industry(self) -> tuple[str, str]:
        return INDUSTRIES[self.seed // 13 % len(INDUSTRIES)]

    @property
    def is_region_limited(self) -> bool:
        return self.seed % 3 == 0

    @property
    def item_class(self) -> int:
        return self.seed % len(CLASSES)

    @property
    def published(self) -> datetime:
        return datetime(self.day.year, self.day.month, self.day.day, 9 + self.seed % 8, self.seed // 8 % 60)

    @property
    def closes(self) -> datetime:
        """The change of a notice moves the end of bidding by two days."""
        at = self.first_day + timedelta(days=7 + self.seed % 8 + 2 * self.order)
        return datetime(at.year, at.month, at.day, 10 + self.seed % 7)

    @property
    def opening(self) -> datetime:
        return self.closes + timedelta(hours=1)

    @property
    def is_last(self) -> bool:
        return self.order == 1 or not self.is_changed

    @property
    def is_changed(self) -> bool:
        return self.seed % 10 == 0

    @property
    def fails(self) -> bool:
        return self.seed % 17 == 3

    @property
    def bidders(self) -> int:
        return self.seed // 3 % 38 + 2

    def winner(self) -> Company:
        return supplier(self.seed // 5)

    @property
    def rate(self) -> float:
        return round(87.7 + self.seed // 19 % 10_000 / 1000, 3)


@lru_cache(maxsize=3000)
def notices(day: date, kind: str) -> tuple[NoticeEvent, ...]:
    """Notices put up on a day: new ones, and changes of notices two days old."""
    found: list[NoticeEvent] = []
    for first_day, order in ((day, 0), (day - timedelta(days=2), 1)):
        count = KINDS[kind] if first_day.weekday() < 5 else (1 if kind == "Thng" else 0)
        for number in range(count):
            event = NoticeEvent(day, kind, number, order, first_day)
            if order == 0 or event.is_changed:
                found.append(event)
    return tuple(found)


def notices_between(start: date, end: date, kind: str) -> Iterator[NoticeEvent]:
    day = start
    while day <= end:
        yield from notices(day, kind)
        day += timedelta(days=1)


@lru_cache(maxsize=3000)
def opened(day: date, kind: str) -> tuple[NoticeEvent, ...]:
    """Notices (last order only) whose bids are opened on a day."""
    around = notices_between(day - timedelta(days=18), day, kind)
    return tuple(event for event in around if event.is_last and event.opening.date() == day)


def opened_between(start: date, end: date, kind: str) -> Iterator[NoticeEvent]:
    day = start
    while day <= end:
        yield from opened(day, kind)
        day += timedelta(days=1)


def find_notice(notice_no: str) -> list[NoticeEvent]:
    """All orders of a notice of the invented world; none for another number."""
    digits = notice_no[5:]
    if len(notice_no) != 13 or notice_no[3:5] != "BK" or not digits.isdigit():
        return []
    days, rest = divmod(int(digits), 1000)
    kind_index, number = divmod(rest, 200)
    if kind_index >= len(KINDS) or not 0 <= days < 20_000:
        return []
    kind, first_day = list(KINDS)[kind_index], date.fromordinal(_ORIGIN + days)
    candidates = [*notices(first_day, kind), *notices(first_day + timedelta(days=2), kind)]
    return [event for event in candidates if event.notice_no == notice_no and event.number == number]
