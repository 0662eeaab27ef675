"""When a rule fires: pure decisions over the rows of one look at the market."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

SEOUL = ZoneInfo("Asia/Seoul")


@dataclass(frozen=True, slots=True)
class Rule:
    """The part of an alert rule that decides."""

    condition: str
    field: str = ""
    threshold: float | None = None
    hysteresis_percent: float = 5.0
    cooldown: timedelta = timedelta(minutes=30)
    quiet_from: time | None = None
    quiet_to: time | None = None


@dataclass(slots=True)
class Memory:
    """What a rule remembers: codes that fired and did not fall back yet, when each fired, and the last list."""

    held: set[str] = field(default_factory=set)
    fired: dict[str, datetime] = field(default_factory=dict)
    listed: list[str] | None = None

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Memory:
        return cls(
            held=set(data.get("held", [])),
            fired={code: datetime.fromisoformat(when) for code, when in data.get("fired", {}).items()},
            listed=data.get("listed"),
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "held": sorted(self.held),
            "fired": {code: when.isoformat() for code, when in sorted(self.fired.items())},
            "listed": self.listed,
        }


@dataclass(frozen=True, slots=True)
class Firing:
    """A row that fires, and whether it is quiet time."""

    row: Mapping[str, Any]
    value: float | None
    quiet: bool


def is_quiet(rule: Rule, moment: datetime) -> bool:
    """Whether a moment lies in the rule's quiet hours (Seoul time; they may pass midnight)."""
    if rule.quiet_from is None or rule.quiet_to is None or rule.quiet_from == rule.quiet_to:
        return False
    clock = moment.astimezone(SEOUL).time()
    if rule.quiet_from < rule.quiet_to:
        return rule.quiet_from <= clock < rule.quiet_to
    return clock >= rule.quiet_from or clock < rule.quiet_to


def look(rule: Rule, memory: Memory, rows: Sequence[Mapping[str, Any]], moment: datetime) -> list[Firing]:
    """The rows that fire now; `memory` is changed. The first look at a list only learns who is on it."""
    quiet = is_quiet(rule, moment)
    if rule.condition == "new_entry":
        codes = [str(row["code"]) for row in rows]
        known, memory.listed = memory.listed, codes
        if known is None:
            return []
        fresh = [row for row in rows if row["code"] not in set(known)]
        return [Firing(row, None, quiet) for row in fresh if _cooled(rule, memory, str(row["code"]), moment)]
    return [
        Firing(row, value, quiet)
        for row, value in _over(rule, memory, rows)
        if _cooled(rule, memory, str(row["code"]), moment)
    ]


def _over(rule: Rule, memory: Memory, rows: Sequence[Mapping[str, Any]]) -> list[tuple[Mapping[str, Any], float]]:
    """Rows that newly crossed the threshold. A code stays held until it falls back by the hysteresis."""
    if rule.threshold is None:
        return []
    slack = abs(rule.threshold) * rule.hysteresis_percent / 100
    upwards = rule.condition == "above"
    release = rule.threshold - slack if upwards else rule.threshold + slack
    crossed = []
    for row in rows:
        value = row.get(rule.field)
        if not isinstance(value, int | float) or isinstance(value, bool):
            continue
        code = str(row["code"])
        beyond = value >= rule.threshold if upwards else value <= rule.threshold
        back = value < release if upwards else value > release
        if back:
            memory.held.discard(code)
        if beyond and code not in memory.held:
            memory.held.add(code)
            crossed.append((row, float(value)))
    return crossed


def _cooled(rule: Rule, memory: Memory, code: str, moment: datetime) -> bool:
    """Whether a code may fire again, and note that it does; long past firings are forgotten."""
    last = memory.fired.get(code)
    if last is not None and moment - last < rule.cooldown:
        return False
    kept = max(rule.cooldown, timedelta(days=1))
    memory.fired = {other: when for other, when in memory.fired.items() if moment - when < kept}
    memory.fired[code] = moment
    return True
