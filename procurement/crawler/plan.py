"""What a crawl is to fetch: its windows, and how many calls they will cost, before the first call is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Literal, Self

from procurement.g2b.calendar import Window, newest_stable_day, seoul_today, windows_back
from procurement.g2b.client import LARGEST_PAGE
from procurement.g2b.errors import BadRequest
from procurement.g2b.operations import Operation, operation

PRODUCTS = "getShoppingMallPrdctInfoList"
ATTRIBUTES = "getPrdctIndvAtrbInfoList02"
WindowStatus = Literal["pending", "done", "unstable", "incomplete", "failed"]
AttributeMode = Literal["none", "json", "columns"]


@dataclass(frozen=True, slots=True)
class CrawlSpec:
    """One question over many days. `exact` filters rows after the upstream's substring match."""

    start: date
    end: date
    operation: str = PRODUCTS
    params: Mapping[str, str] = field(default_factory=dict)
    exact: Mapping[str, str] = field(default_factory=dict)
    window_days: int | None = None
    page_size: int = LARGEST_PAGE
    attributes: AttributeMode = "none"

    @classmethod
    def of_category(
        cls,
        category: str,
        *,
        total_days: int = 365,
        window_days: int = 30,
        anchor: date | None = None,
        attributes: AttributeMode = "none",
        page_size: int = LARGEST_PAGE,
        now: datetime | None = None,
    ) -> Self:
        """Shopping-mall registrations of one 세부품명, from the anchor day (newest stable day) backwards."""
        if total_days < 1:
            raise BadRequest("total_days must be at least 1.")
        end = anchor or newest_stable_day(now)
        if end > seoul_today(now):
            raise BadRequest(f"anchor_end_date {end} lies in the future.", remedy="Use a day up to today, Seoul time.")
        # The name filter is a substring match: 데스크톱컴퓨터 would bring 산업용데스크톱컴퓨터, too.
        return cls(
            start=end - timedelta(days=total_days - 1),
            end=end,
            params={"inqryDiv": "1", "dtilPrdctClsfcNoNm": category},
            exact={"dtilPrdctClsfcNoNm": category},
            window_days=window_days,
            page_size=page_size,
            attributes=attributes,
        )

    @property
    def asked(self) -> Operation:
        return operation(self.operation)

    @property
    def days(self) -> int:
        return (self.end - self.start).days + 1


@dataclass(slots=True)
class WindowState:
    """How far one window is. `unstable` was read while its days could still change: it is read again."""

    window: Window
    status: WindowStatus = "pending"
    total: int | None = None
    rows: int = 0
    pages: int = 0
    page_size: int = 0
    attempts: int = 0
    error: str = ""
    error_code: str = ""

    @property
    def key(self) -> str:
        return f"{self.window.start:%Y%m%d}-{self.window.end:%Y%m%d}"

    @property
    def is_open(self) -> bool:
        return self.status != "done"

    def as_dict(self) -> dict[str, Any]:
        return {
            "start": self.window.start.isoformat(),
            "end": self.window.end.isoformat(),
            "status": self.status,
            "total": self.total,
            "rows": self.rows,
            "pages": self.pages,
            "page_size": self.page_size,
            "attempts": self.attempts,
            "error": self.error,
            "error_code": self.error_code,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        window = Window(date.fromisoformat(data["start"]), date.fromisoformat(data["end"]))
        return cls(window, **{name: value for name, value in data.items() if name not in ("start", "end")})

    def split(self) -> list[WindowState]:
        """Two windows of half the days, newer first."""
        return [WindowState(half) for half in self.window.halves()]


def plan_windows(spec: CrawlSpec, now: datetime | None = None) -> list[WindowState]:
    """The windows from newest to oldest; days that can still change get windows of their own."""
    stable = newest_stable_day(now)
    parts = [(spec.start, min(spec.end, stable))] if spec.start <= stable else []
    if spec.end > stable:
        parts.insert(0, (max(spec.start, stable + timedelta(days=1)), spec.end))
    return [
        WindowState(window)
        for start, end in parts
        for window in windows_back(start, end, spec.asked.span, spec.window_days)
    ]


def is_stable(window: Window, now: datetime | None = None) -> bool:
    return window.end <= newest_stable_day(now)


@dataclass(frozen=True, slots=True)
class Estimate:
    """Calls a crawl will cost per operation, against what is left today. Retries come on top."""

    windows: int
    page_calls: int
    attribute_calls: int
    page_calls_left: int
    attribute_calls_left: int
    rows: int | None

    @property
    def days_needed(self) -> int:
        """Days of quota, counting what is left today as the first."""
        return max(
            _days(self.page_calls, self.page_calls_left), _days(self.attribute_calls, self.attribute_calls_left), 1
        )

    @property
    def fits_today(self) -> bool:
        return self.page_calls <= self.page_calls_left and self.attribute_calls <= self.attribute_calls_left


def _days(needed: int, left: int, daily: int = 1000) -> int:
    return 1 if needed <= left else 1 + -(-(needed - left) // daily)


def estimate(
    spec: CrawlSpec,
    states: list[WindowState],
    *,
    rows_per_day: float | None = None,
    page_calls_left: int = 1000,
    attribute_calls_left: int = 1000,
) -> Estimate:
    """Windows × pages + one call per product with attributes. `rows_per_day` comes from a sample; None: unknown."""
    open_windows = [state for state in states if state.is_open]
    rows = None if rows_per_day is None else round(sum(state.window.days for state in open_windows) * rows_per_day)
    pages = sum(max(1, -(-round(state.window.days * (rows_per_day or 0)) // spec.page_size)) for state in open_windows)
    attributes = (rows or 0) if spec.attributes != "none" else 0
    return Estimate(len(open_windows), pages, attributes, page_calls_left, attribute_calls_left, rows)
