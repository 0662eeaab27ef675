"""Date windows: adjacent, both ends included, within each operation's limit, in Seoul's days."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procurement.crawler import CrawlSpec, plan_windows
from procurement.g2b import BadRequest, newest_stable_day, operation, operations, seoul_today, windows_back
from procurement.g2b.calendar import Span, Window
from procurement.sandbox import _months_later

DAYS = st.dates(date(2023, 1, 1), date(2026, 12, 31))
SPANS = st.sampled_from([Span(), Span(days=1), Span(days=7), Span(months=1), Span(months=12), Span(months=36)])


@given(start=DAYS, length=st.integers(0, 800), span=SPANS, width=st.one_of(st.none(), st.integers(1, 400)))
def test_windows_cover_every_day_once_and_respect_the_limit(start, length, span, width):
    end = start + timedelta(days=length)
    windows = list(windows_back(start, end, span, width))
    days = [window.end - timedelta(days=n) for window in windows for n in range(window.days)]
    assert days == [end - timedelta(days=n) for n in range(length + 1)]
    for window in windows:
        assert width is None or window.days <= width
        if span.days:
            assert window.days <= span.days
        if span.months:
            begin = datetime(window.start.year, window.start.month, window.start.day)
            last = datetime(window.end.year, window.end.month, window.end.day, 23, 59)
            assert last <= _months_later(begin, span.months)


def test_a_month_is_a_calendar_month():
    windows = list(windows_back(date(2026, 1, 15), date(2026, 3, 31), Span(months=1)))
    assert windows == [
        Window(date(2026, 3, 1), date(2026, 3, 31)),
        Window(date(2026, 2, 1), date(2026, 2, 28)),
        Window(date(2026, 1, 15), date(2026, 1, 31)),
    ]


def test_a_period_that_ends_before_it_starts_is_refused():
    with pytest.raises(ValueError, match="ends before"):
        list(windows_back(date(2026, 2, 1), date(2026, 1, 1), Span()))


def test_days_and_minutes_are_written_as_each_operation_wants_them():
    window = Window(date(2026, 9, 1), date(2026, 9, 8))
    period = operation("getShoppingMallPrdctInfoList").period
    assert period and period.params(window) == {"inqryBgnDate": "20260901", "inqryEndDate": "20260908"}
    period = operation("getMASCntrctPrdctInfoList").period
    assert period and period.params(window) == {"rgstDtBgnDt": "202609010000", "rgstDtEndDt": "202609082359"}


def test_limits_of_the_guides():
    limits = {
        "getShoppingMallPrdctInfoList": Span(months=12),
        "getDlvrReqInfoList": Span(months=1),
        "getVntrPrdctOrderDealDtlsInfoList": Span(months=36),
        "getBidPblancListInfoThng": Span(months=1),
        "getDataSetOpnStdScsbidInfo": Span(days=1),
        "getDataSetOpnStdCntrctInfo": Span(days=7),
    }
    assert {name: operation(name).span for name in limits} == limits
    assert len(operations()) == 192


def test_today_is_seouls_day_on_a_host_in_los_angeles(monkeypatch):
    monkeypatch.setenv("TZ", "America/Los_Angeles")
    time.tzset()
    try:
        moment = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)
        assert seoul_today(moment) == date(2026, 11, 21)
        assert newest_stable_day(moment) == date(2026, 11, 20)
        assert CrawlSpec.of_category("책상", total_days=1, now=moment).end == date(2026, 11, 20)
    finally:
        monkeypatch.undo()
        time.tzset()


def test_days_that_can_still_change_get_windows_of_their_own():
    now = datetime(2026, 11, 20, 3, tzinfo=UTC)
    spec = CrawlSpec.of_category("책상", total_days=40, anchor=date(2026, 11, 20), now=now)
    windows = [state.window for state in plan_windows(spec, now)]
    assert windows[0] == Window(date(2026, 11, 20), date(2026, 11, 20))
    assert windows[1].end == date(2026, 11, 19)
    assert sum(window.days for window in windows) == 40


def test_a_future_anchor_is_refused():
    with pytest.raises(BadRequest, match="future"):
        CrawlSpec.of_category("책상", anchor=date(2030, 1, 1), now=datetime(2026, 11, 20, tzinfo=UTC))
