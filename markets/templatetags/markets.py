"""Words and figures of the market pages."""

from __future__ import annotations

import re
from typing import Any

from django import template
from django.utils.translation import get_language
from django.utils.translation import gettext as _

register = template.Library()


@register.filter
def won_short(value: int | float | None) -> str:
    """Won in the units people read: 조 and 억 in Korean, trillion and million in English."""
    if value is None:
        return "–"
    sign, size = ("−" if value < 0 else ""), abs(value)
    if (get_language() or "").startswith("ko"):
        if size >= 1_000_000_000_000:
            return f"{sign}{size / 1_000_000_000_000:,.2f}조"
        if size >= 100_000_000:
            return f"{sign}{size / 100_000_000:,.0f}억"
        return f"{sign}{size:,.0f}원"
    if size >= 1_000_000_000_000:
        return f"{sign}₩{size / 1_000_000_000_000:,.2f}tn"
    if size >= 1_000_000_000:
        return f"{sign}₩{size / 1_000_000_000:,.1f}bn"
    return f"{sign}₩{size / 1_000_000:,.1f}m"


@register.filter
def percent(value: float | None) -> str:
    """A figure that already is per cent."""
    return "–" if value is None else f"{value:,.1f} %"


@register.filter
def share(value: float | None) -> str:
    """A fraction as per cent."""
    return "–" if value is None else f"{value * 100:,.1f} %"


@register.filter
def figure(value: float | None, field: str = "") -> str:
    """A rule's figure: won in short for amounts, otherwise with separators and no needless decimals."""
    if value is None:
        return "–"
    if field in {"trading_value", "market_cap", "net_amount"}:
        return won_short(value)
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.2f}"


@register.filter
def check_name(value: str) -> str:
    """A part of the state report in the reader's language."""
    return {
        "sign-in": _("Sign-in"),
        "ranking": _("Ranking call"),
        "calendar": _("Calendar"),
        "symbol files": _("Symbol files"),
        "cache": _("Cache"),
    }.get(value, value)


@register.filter
def session_name(value: str) -> str:
    """The market's state in the reader's language."""
    return {
        "pre_open": _("before the open"),
        "open": _("open"),
        "closing_auction": _("closing auction"),
        "after_hours": _("after hours"),
        "closed": _("closed"),
        "holiday": _("closed today"),
    }.get(value, value)


@register.filter
def kind_name(value: str) -> str:
    """The sort of a finding in the reader's language."""
    return {
        "unexplained": _("beyond the price move"),
        "with_price_move": _("with a price move"),
    }.get(value, value)


@register.filter
def measure_name(value: str) -> str:
    """A measure of the detector in the reader's language."""
    return {
        "market_adjusted_score": _("Score, price taken out"),
        "volume_score": _("Score, price left in"),
        "z_score_20": _("z-score, 20 sessions"),
        "times_mean_5": _("Times the 5-session mean"),
        "times_mean_20": _("Times the 20-session mean"),
        "times_bollinger_upper": _("Times the upper Bollinger band"),
    }.get(value, value)


@register.filter
def cause_name(value: str) -> str:
    """A cause in the reader's language; the figures in it stay."""
    fixed: dict[str, Any] = {
        "cause unknown": _("cause unknown"),
        "at the daily upper price limit": _("at the daily upper price limit"),
        "at the daily lower price limit": _("at the daily lower price limit"),
        "trading resumed after a halt": _("trading resumed after a halt"),
        "listed within the last 20 sessions": _("listed within the last 20 sessions"),
        "new 52-week high": _("new 52-week high"),
        "new 52-week low": _("new 52-week low"),
        "volatility interruption today": _("volatility interruption today"),
        "designated as short-term overheated": _("designated as short-term overheated"),
        "under administrative supervision": _("under administrative supervision"),
        "designated: investment caution": _("designated: investment caution"),
        "designated: investment warning": _("designated: investment warning"),
        "designated: investment risk": _("designated: investment risk"),
    }
    if value in fixed:
        return str(fixed[value])
    if match := re.fullmatch(r"price moved (\S+) %", value):
        return _("price moved %(percent)s %%") % {"percent": match[1]}
    if match := re.fullmatch(r"the whole market trades (\S+) times its usual value", value):
        return _("the whole market trades %(times)s times its usual value") % {"times": match[1]}
    return value
