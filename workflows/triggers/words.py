"""Plain words for schedules, English and Korean: "every weekday at 9:30", "매주 월요일 오전 9시", "15분마다".

The parser knows the forms listed in docs/users/triggers.md and refuses everything else: a schedule that was
guessed wrong is worse than one that was not understood.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

DayRule = Literal["every", "workdays", "market"]
_DAYS_EN = {
    "sunday": 0, "monday": 1, "tuesday": 2, "wednesday": 3, "thursday": 4, "friday": 5, "saturday": 6,
    "sun": 0, "mon": 1, "tue": 2, "tues": 2, "wed": 3, "thu": 4, "thur": 4, "thurs": 4, "fri": 5, "sat": 6,
}  # fmt: skip
_DAYS_KO = "일월화수목금토"
_TIME_EN = re.compile(r"\bat\s+(?P<hour>\d{1,2})(?::(?P<minute>\d{2}))?\s*(?P<half>am|pm|a\.m\.|p\.m\.)?(?=\s|$|,)")
_WORD_TIME_EN = {"at noon": (12, 0), "at midnight": (0, 0)}
_TIME_KO = re.compile(
    r"(?P<half>오전|오후|아침|저녁|밤|낮|새벽)?\s*(?P<hour>\d{1,2})(?:\s*시(?:\s*(?P<part>\d{1,2})\s*분|\s*(?P<half_past>반))?|:(?P<minute>\d{2}))(?:에)?"
)


@dataclass(frozen=True, slots=True)
class Understood:
    """A cron expression, and on which days it counts."""

    cron: str
    days: DayRule = "every"


class NotUnderstood(ValueError):
    """The words name no schedule that the parser knows."""


def understand(text: str) -> Understood:
    """The schedule in a sentence; raises `NotUnderstood`."""
    plain = " ".join(text.strip().lower().rstrip(".").split())
    found = _korean(plain) if re.search(r"[가-힣]", plain) else _english(plain)
    if found is None:
        raise NotUnderstood(text)
    return found


def _english(text: str) -> Understood | None:
    if match := re.fullmatch(r"every (?:(\d{1,2}) )?(minutes?|hours?)", text):
        return _every(int(match[1] or 1), match[2].rstrip("s"))
    if text in {"hourly", "every full hour"}:
        return Understood("0 * * * *")
    if match := re.fullmatch(r"every hour at (?:minute )?:?(\d{1,2})", text):
        return Understood(f"{int(match[1])} * * * *") if int(match[1]) < 60 else None
    time, rest = _time_english(text)
    if time is None:
        return None
    minute, hour = time[1], time[0]
    if rest in {"every day", "daily", "each day"}:
        return Understood(f"{minute} {hour} * * *")
    if rest in {"every weekday", "on weekdays", "weekdays", "monday to friday", "every monday to friday"}:
        return Understood(f"{minute} {hour} * * 1-5")
    if rest in {"every workday", "on workdays", "every business day", "on business days", "workdays", "business days"}:
        return Understood(f"{minute} {hour} * * *", "workdays")
    if rest in {"every trading day", "on trading days", "every market day", "on market days", "trading days"}:
        return Understood(f"{minute} {hour} * * *", "market")
    if rest in {"every weekend", "on weekends", "weekends"}:
        return Understood(f"{minute} {hour} * * 0,6")
    if match := re.fullmatch(
        r"(?:every month )?on the (\d{1,2})(?:st|nd|rd|th)?(?: of every month| of each month)?", rest
    ):
        return _monthly(int(match[1]), hour, minute)
    if match := re.fullmatch(r"(?:monthly|every month)(?: on day (\d{1,2}))?", rest):
        return _monthly(int(match[1] or 1), hour, minute)
    names = [
        name for name in re.split(r"\s*,\s*(?:and\s+)?|\s+and\s+|\s+", re.sub(r"^(every|on|each) ", "", rest)) if name
    ]
    numbers = [_DAYS_EN.get(name) or _DAYS_EN.get(name.removesuffix("s")) for name in names]
    days = [_DAYS_EN.get(name, number) for name, number in zip(names, numbers, strict=True)]
    if days and all(number is not None for number in days):
        return Understood(f"{minute} {hour} * * {','.join(str(n) for n in sorted({n for n in days if n is not None}))}")
    return None


def _time_english(text: str) -> tuple[tuple[int, int] | None, str]:
    for words, time in _WORD_TIME_EN.items():
        if text.endswith(words) or f"{words} " in text:
            return time, " ".join(text.replace(words, " ").split())
    match = _TIME_EN.search(text)
    if match is None:
        return None, text
    hour, minute = int(match["hour"]), int(match["minute"] or 0)
    half = (match["half"] or "").replace(".", "")
    if half and not 1 <= hour <= 12:
        return None, text
    if half == "pm" and hour < 12:
        hour += 12
    if half == "am" and hour == 12:
        hour = 0
    if hour > 23 or minute > 59:
        return None, text
    return (hour, minute), " ".join((text[: match.start()] + text[match.end() :]).replace(",", " , ").split()).strip(
        " ,"
    )


def _every(count: int, unit: str) -> Understood | None:
    """Only steps that divide the hour or the day: others would be uneven at its end."""
    whole = 60 if unit == "minute" else 24
    if count < 1 or count >= whole or whole % count:
        return None
    if unit == "minute":
        return Understood("* * * * *" if count == 1 else f"*/{count} * * * *")
    return Understood("0 * * * *" if count == 1 else f"0 */{count} * * *")


def _monthly(day: int, hour: int, minute: int) -> Understood | None:
    return Understood(f"{minute} {hour} {day} * *") if 1 <= day <= 31 else None


def _korean(text: str) -> Understood | None:
    if match := re.fullmatch(r"(\d{1,2})\s*(분|시간)\s*(?:마다|간격|간격으로)", text):
        return _every(int(match[1]), "minute" if match[2] == "분" else "hour")
    if match := re.fullmatch(r"(?:매시간|매시|한 시간마다)(?:\s*(\d{1,2})분(?:에)?)?", text):
        return Understood(f"{int(match[1] or 0)} * * * *") if int(match[1] or 0) < 60 else None
    if text in {"매분", "1분마다"}:
        return Understood("* * * * *")
    time, rest = _time_korean(text)
    if time is None:
        return None
    hour, minute = time
    rest = rest.removesuffix("에").strip()
    if rest in {"매일", "날마다"}:
        return Understood(f"{minute} {hour} * * *")
    if rest in {"평일", "평일마다", "매 평일", "주중"}:
        return Understood(f"{minute} {hour} * * 1-5")
    if rest in {"영업일", "영업일마다", "매 영업일", "근무일", "근무일마다"}:
        return Understood(f"{minute} {hour} * * *", "workdays")
    if rest in {"거래일", "거래일마다", "매 거래일", "장이 열리는 날", "개장일"}:
        return Understood(f"{minute} {hour} * * *", "market")
    if rest in {"주말", "주말마다"}:
        return Understood(f"{minute} {hour} * * 0,6")
    if match := re.fullmatch(r"(?:매월|매달)\s*(\d{1,2})일(?:에)?", rest):
        return _monthly(int(match[1]), hour, minute)
    if match := re.fullmatch(r"(?:매주\s*)?((?:[일월화수목금토](?:요일)?[\s,·과와]*)+)(?:마다|에)?", rest):
        letters = re.findall(r"[일월화수목금토]", match[1].replace("요일", ""))
        return Understood(
            f"{minute} {hour} * * {','.join(str(n) for n in sorted({_DAYS_KO.index(c) for c in letters}))}"
        )
    return None


def _time_korean(text: str) -> tuple[tuple[int, int] | None, str]:
    for words, time in (("정오", (12, 0)), ("자정", (0, 0))):
        if words in text:
            return time, text.replace(words, " ").strip()
    matches = list(_TIME_KO.finditer(text))
    if len(matches) != 1:
        return None, text
    match = matches[0]
    hour = int(match["hour"])
    minute = 30 if match["half_past"] else int(match["part"] or match["minute"] or 0)
    half = match["half"]
    if half in {"오후", "저녁", "밤", "낮"} and hour < 12:
        hour += 12
    if half in {"오전", "새벽", "아침"} and hour == 12:
        hour = 0
    if hour > 23 or minute > 59:
        return None, text
    return (hour, minute), " ".join((text[: match.start()] + " " + text[match.end() :]).split())
