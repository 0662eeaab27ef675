"""How a schedule is set up."""

from __future__ import annotations

import re
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import field_validator

from integrations.sdk import Param, Text
from workflows.triggers import cron, words
from workflows.triggers.config_base import TriggerConfig
from workflows.triggers.slots import Closed, DayRule


class ScheduleConfig(TriggerConfig):
    title = Text("Schedule", "예약")
    about = Text(
        "At fixed times, also with holidays and trading days.", "정해진 시각에, 공휴일과 거래일까지 살펴 실행합니다."
    )

    when: Annotated[
        str,
        Param(
            "Plain words or a cron expression: every weekday at 9:30, 매주 월요일 오전 9시, */15 * * * *",
            "말로 쓰거나 cron 식으로: 평일 오전 9시 30분, 매주 월요일 오전 9시, */15 * * * *",
            title="When",
            title_ko="언제",
            min_length=1,
            max_length=200,
        ),
    ]
    timezone: Annotated[
        str,
        Param(
            "The zone of the clock",
            "시각의 기준 시간대",
            title="Time zone",
            title_ko="시간대",
            advanced=True,
            max_length=64,
        ),
    ] = "Asia/Seoul"
    calendar: Annotated[
        Literal["auto", "every", "workdays", "market"],
        Param(
            "auto: as the words say; every: all days; workdays: no weekends and no Korean holidays; "
            "market: sessions of the Korea Exchange",
            "auto: 말 그대로, every: 모든 날, workdays: 주말·한국 공휴일 제외, market: 한국거래소 개장일",
            title="Days",
            title_ko="날짜",
        ),
    ] = "auto"
    on_closed: Annotated[
        Closed,
        Param(
            "On a closed day: skip it, or run on the next open day",
            "쉬는 날이면 건너뛰거나(skip) 다음 여는 날에 실행(next)",
            title="On closed days",
            title_ko="쉬는 날",
            advanced=True,
        ),
    ] = "skip"
    missed: Annotated[
        Literal["skip", "once", "all"],
        Param(
            "When the product was off: skip what was missed, run once, or run each missed time (100 at most)",
            "꺼져 있는 동안 놓친 실행: 건너뜀(skip), 한 번만(once), 모두(all, 최대 100번)",
            title="Missed runs",
            title_ko="놓친 실행",
            advanced=True,
        ),
    ] = "once"

    @field_validator("timezone")
    @classmethod
    def _zone_exists(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("There is no such time zone. Use a name such as Asia/Seoul.") from None
        return value

    @field_validator("when")
    @classmethod
    def _is_schedule(cls, value: str) -> str:
        read_when(value)
        return value

    def parsed(self) -> tuple[cron.Cron, DayRule]:
        """The cron expression and the calendar that counts."""
        found, rule = read_when(self.when)
        return found, rule if self.calendar == "auto" else self.calendar

    @property
    def understood(self) -> str:
        """The cron expression that the words stand for."""
        text = self.when.strip()
        try:
            return words.understand(text).cron
        except words.NotUnderstood:
            return cron.ALIASES.get(text.lower(), text)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)


def read_when(text: str) -> tuple[cron.Cron, DayRule]:
    """Words or cron; `ValueError` says how to write it."""
    text = text.strip()
    looks_like_cron = text.startswith("@") or bool(re.match(r"[\d*][\d*/,\-]*\s+[\d*]", text))
    if looks_like_cron and not re.search(r"[가-힣]", text):
        return cron.parse(text), "every"
    try:
        understood = words.understand(text)
    except words.NotUnderstood:
        raise ValueError(
            "These words are not clear. Write for example: every weekday at 9:30, every 15 minutes, "
            "매주 월요일 오전 9시, or a cron expression such as 30 9 * * 1-5."
        ) from None
    return cron.parse(understood.cron), understood.days
