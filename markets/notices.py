"""What the market room tells people: alert rules that fired."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from markets.models import Alert, AlertRule
from markets.signals import rule_fired
from portal.common.clock import SEOUL
from portal.notifications.models import Channel, Event, Mode, Severity
from portal.notifications.publish import notify
from portal.notifications.receivers import hear
from portal.notifications.topics import Topic, Words

ALERT = "markets.alert"
TOPICS = [
    Topic(
        ALERT,
        Words("Stock alerts", "주식 알림"),
        Words("A rule of the market room fired.", "주식 순위의 알림 규칙이 발동했습니다."),
        severity=Severity.WARNING,
        modes={Channel.EMAIL: Mode.INSTANT},
    )
]
SHOWN = 10
FIELDS = {
    "trading_value": Words("trading value (won)", "거래대금(원)"),
    "market_cap": Words("market cap (won)", "시가총액(원)"),
    "price": Words("price (won)", "현재가(원)"),
    "change_percent": Words("change (%)", "등락률(%)"),
    "turnover_percent": Words("turnover (%)", "회전율(%)"),
    "market_share_percent": Words("share of the market (%)", "시장 비중(%)"),
    "change_in_value_percent": Words("growth of trading value (%)", "거래대금 증가율(%)"),
    "net_amount": Words("net purchases", "순매수 금액"),
    "net_quantity": Words("net purchases (shares)", "순매수 수량(주)"),
    "share_percent": Words("share (%)", "비중(%)"),
    "score": Words("score", "점수"),
    "volume_score": Words("volume score", "거래량 점수"),
    "times_usual": Words("times the usual", "평소 대비(배)"),
}


def _figure(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.2f}"


def _line(alert: Alert, field: str, language: str) -> str:
    name = f"{alert.stock_name} ({alert.code})" if alert.code else alert.stock_name
    if alert.value is None:
        return f"{name}: " + Words("new on the list", "순위 신규 진입").in_language(language)
    words = FIELDS.get(field, Words(field, field))
    return f"{name}: {words.in_language(language)} {_figure(alert.value)}"


def _body(rule: AlertRule, alerts: Sequence[Alert], language: str) -> str:
    lines = [_line(alert, rule.field, language) for alert in alerts[:SHOWN]]
    if len(alerts) > SHOWN:
        more = len(alerts) - SHOWN
        lines.append(Words(f"and {more} more", f"외 {more}건").in_language(language))
    as_of = f"{alerts[0].as_of.astimezone(SEOUL):%Y-%m-%d %H:%M} KST"
    lines.append(Words(f"As of {as_of}", f"기준 시각 {as_of}").in_language(language))
    return "\n".join(lines)


@hear(rule_fired)
def tell_alerts(rule: AlertRule, alerts: Sequence[Alert], **_: Any) -> Event | None:
    """One message for one look of a rule. The rule itself keeps cooldown, hysteresis and quiet hours."""
    count = len(alerts)
    one = alerts[0]
    title = (
        Words(f"{rule.name}: {one.stock_name}", f"{rule.name}: {one.stock_name}")
        if count == 1
        else Words(f"{rule.name}: {count} stocks", f"{rule.name}: {count}종목")
    )
    return notify(
        rule.workspace_id,
        ALERT,
        title,
        Words(_body(rule, alerts, "en"), _body(rule, alerts, "ko")),
        f"/markets/symbols/{one.code}/" if count == 1 and len(one.code) == 6 else "/markets/alerts/",
        dedup_key=f"alert:{one.pk}",
        data={
            "rule": {"id": str(rule.pk), "name": rule.name, "tool": rule.tool, "field": rule.field},
            "alerts": [
                {"code": alert.code, "name": alert.stock_name, "value": alert.value, "as_of": alert.as_of.isoformat()}
                for alert in alerts[:100]
            ],
            "count": count,
        },
    )
