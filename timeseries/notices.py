"""What the time-series room tells people: long work that ended, and what detections and forecasts found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from portal.notifications.models import Channel, Event, Mode, Severity
from portal.notifications.publish import notify
from portal.notifications.receivers import hear
from portal.notifications.topics import Topic, Words
from timeseries.records import Job
from timeseries.services.jobs import TRAINING
from timeseries.signals import job_ended

JOB, ANOMALY, FORECAST = "timeseries.job", "timeseries.anomaly", "timeseries.forecast"
TOPICS = [
    Topic(
        JOB,
        Words("Training and imports", "학습과 가져오기"),
        Words("Long work ended or failed.", "오래 걸리는 작업이 끝나거나 실패했습니다."),
    ),
    Topic(
        ANOMALY,
        Words("Anomalies", "이상 탐지"),
        Words("A detection found something unusual.", "탐지에서 이상한 구간을 찾았습니다."),
        severity=Severity.WARNING,
        modes={Channel.EMAIL: Mode.INSTANT},
    ),
    Topic(
        FORECAST,
        Words("Forecasts out of range", "범위를 벗어난 예측"),
        Words(
            "A forecast, with its whole interval, leaves the range of the newest 500 values.",
            "예측 구간 전체가 최근 500개 값의 범위를 벗어났습니다.",
        ),
        severity=Severity.WARNING,
    ),
]
SHOWN = 8
#: Work that people wait for in front of the page says itself how it ended; only the long kinds are news.
LONG = {
    "train_forecasting": Words("Training of a forecaster", "예측 모델 학습"),
    "train_anomaly": Words("Training of a detector", "탐지 모델 학습"),
    "leaderboard": Words("Model comparison", "모델 비교"),
    "import": Words("Import", "가져오기"),
}
assert set(LONG) == set(TRAINING)
#: The same series judged again and again says the same; a new event ends the rest.
REST = timedelta(hours=6)


@hear(job_ended)
def tell_job(job: Job, **_: Any) -> Event | None:
    """Tell who asked; what a person cancelled is no news to them."""
    if job.kind not in LONG or job.state not in ("succeeded", "failed"):
        return None
    what = LONG[job.kind]
    label = f": {job.label}" if job.label else ""
    done = job.state == "succeeded"
    return notify(
        job.workspace_id,
        JOB,
        Words(
            f"{what.en} {'is done' if done else 'failed'}{label}",
            f"{what.ko} {'완료' if done else '실패'}{label}",
        ),
        "" if done else job.message,
        f"/timeseries/jobs/{job.pk}",
        severity=Severity.SUCCESS if done else Severity.WARNING,
        people=[job.requested_by_id] if job.requested_by_id else None,
        dedup_key=f"job:{job.pk}:{job.state}",
        data={"job": str(job.pk), "kind": job.kind, "state": job.state, "label": job.label},
    )


def _series_of(job: Job) -> str:
    """A name for what the job looked at: its data set, model or label."""
    params = job.params
    return str(params.get("dataset") or job.label or params.get("model_name") or params.get("anomaly_model") or "")


def _part(result: Any, name: str) -> Mapping[str, Any] | None:
    """The detection's or forecast's answer, on its own or inside a coordinated one."""
    if not isinstance(result, Mapping):
        return None
    inner = result.get(name)
    if isinstance(inner, Mapping):
        return inner
    return result if ("anomalies" if name == "anomalies" else "predictions") in result else None


@hear(job_ended)
def tell_anomalies(job: Job, **_: Any) -> Event | None:
    """Tell what a detection found; the same events of the same series are told once."""
    answer = _part(job.result, "anomalies")
    found: Sequence[Mapping[str, Any]] = (answer or {}).get("anomalies") or []
    if job.state != "succeeded" or not found or not isinstance(found, Sequence):
        return None
    name, count = _series_of(job), len(found)
    newest = max(found, key=lambda one: int(one.get("end", 0)))

    def line(event: Mapping[str, Any], language: str) -> str:
        first, last = event.get("start_at", event.get("start")), event.get("end_at", event.get("end"))
        stretch = f"{first}" if last in (None, first) else f"{first} – {last}"
        seen, usual = _first(event.get("actual")), _first(event.get("expected"))
        if seen is None or usual is None:
            return f"• {stretch}"
        words = Words(f"{seen:,.4g}, expected {usual:,.4g}", f"{seen:,.4g} (예상 {usual:,.4g})")
        return f"• {stretch}: {words.in_language(language)}"

    def body(language: str) -> str:
        worst = sorted(found, key=lambda one: -float(one.get("score", 0)))[:SHOWN]
        lines = [line(event, language) for event in worst]
        if count > SHOWN:
            lines.append(Words(f"and {count - SHOWN} more", f"외 {count - SHOWN}건").in_language(language))
        return "\n".join(lines)

    of = f" in {name}" if name else ""
    return notify(
        job.workspace_id,
        ANOMALY,
        Words(f"{count} anomal{'ies' if count > 1 else 'y'}{of}", f"{name + ': ' if name else ''}이상 {count}건"),
        Words(body("en"), body("ko")),
        f"/timeseries/jobs/{job.pk}",
        dedup_key=f"anomalies:{job.pk}",
        subject=f"{name}:{newest.get('start_at')}:{newest.get('end_at')}" if name else "",
        cooldown=REST,
        data={"job": str(job.pk), "series": name, "count": count, "anomalies": list(found[:50])},
    )


def _first(value: Any) -> float | None:
    """One figure of an event: of a multivariate one, its first column."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        value = value[0] if value else None
    return float(value) if isinstance(value, int | float) else None


def _observed(answer: Mapping[str, Any]) -> list[float]:
    """The target's values that the answer carries: the newest 500 rows, peaks kept."""
    columns = dict((answer.get("history") or {}).get("columns") or {})
    first = next(iter(columns.values()), [])
    return [float(value) for value in first if isinstance(value, int | float)]


def _column(answer: Mapping[str, Any], name: str) -> list[float]:
    """One bound of the interval; empty when the forecast has none, or one with gaps."""
    values = answer.get(name) or []
    return [float(value) for value in values] if all(isinstance(value, int | float) for value in values) else []


@hear(job_ended)
def tell_forecast(job: Job, **_: Any) -> Event | None:
    """Tell when a forecast leaves the observed range with its whole interval."""
    answer = _part(job.result, "forecast")
    if job.state != "succeeded" or answer is None:
        return None
    seen, lower, upper = _observed(answer), _column(answer, "lower"), _column(answer, "upper")
    if not seen or not lower or len(lower) != len(upper):
        return None
    low, high = min(seen), max(seen)
    above = next((step for step, value in enumerate(lower, 1) if value > high), None)
    below = next((step for step, value in enumerate(upper, 1) if value < low), None)
    if above is None and below is None:
        return None
    name, step = _series_of(job), above or below
    rises = above is not None and (below is None or above <= below)
    edge = high if rises else low
    return notify(
        job.workspace_id,
        FORECAST,
        Words(
            f"Forecast {'above' if rises else 'below'} all that was seen{': ' + name if name else ''}",
            f"예측이 관측 범위를 {'넘어섭니다' if rises else '밑돕니다'}{': ' + name if name else ''}",
        ),
        Words(
            f"From step {step} on the whole interval lies {'above' if rises else 'below'} {edge:,.6g}.",
            f"{step}번째 시점부터 예측 구간 전체가 {edge:,.6g}{'보다 높습니다' if rises else '보다 낮습니다'}.",
        ),
        f"/timeseries/jobs/{job.pk}",
        dedup_key=f"forecast:{job.pk}",
        subject=f"{name}:{'above' if rises else 'below'}" if name else "",
        cooldown=REST,
        data={"job": str(job.pk), "series": name, "step": step, "direction": "above" if rises else "below"},
    )
