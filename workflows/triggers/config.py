"""What each kind of trigger is set up with; the models give the forms and name every wrong field."""

from __future__ import annotations

import re
from typing import Annotated, Any, ClassVar, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from integrations.sdk import Param, Text
from integrations.sdk.schema import input_schema_of, problems_of
from portal.common.errors import Invalid
from workflows.triggers import cron, words
from workflows.triggers.models import Trigger
from workflows.triggers.slots import Closed, DayRule

Kind = Trigger.Kind
HEADER = re.compile(r"[A-Za-z0-9-]{1,80}\Z")
MAX_BODY = 4 * 1024 * 1024


class TriggerConfig(BaseModel):
    """What all kinds share."""

    model_config = ConfigDict(extra="forbid")
    title: ClassVar[Text]
    about: ClassVar[Text]
    #: Fields that are sealed with the workspace's key and never shown again.
    secret_fields: ClassVar[tuple[str, ...]] = ()


class Bursts(TriggerConfig):
    """Kinds whose events may come in bursts."""

    debounce_seconds: Annotated[
        float,
        Param(
            "Wait until no newer event has come for so many seconds; only the last one runs",
            "이 시간(초) 동안 새 이벤트가 없을 때까지 기다렸다가 마지막 것만 실행",
            title="Debounce (seconds)",
            title_ko="모아서 실행(초)",
            ge=0,
            le=3600,
            advanced=True,
        ),
    ] = 0
    debounce_key: Annotated[
        str,
        Param(
            "Events with the same value here belong together, for example {{ event.body.id }}",
            "이 값이 같은 이벤트끼리 모음. 예: {{ event.body.id }}",
            title="Together by",
            title_ko="묶는 기준",
            max_length=400,
            advanced=True,
        ),
    ] = ""

    @field_validator("debounce_key")
    @classmethod
    def _is_plain(cls, value: str) -> str:
        check_plain(value, "debounce_key")
        return value


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


class WebhookConfig(Bursts):
    title = Text("Webhook", "웹훅")
    about = Text(
        "When another service sends a request to the address.", "다른 서비스가 주소로 요청을 보낼 때 실행합니다."
    )
    secret_fields = ("secret",)

    methods: Annotated[
        list[Literal["GET", "POST", "PUT", "PATCH", "DELETE"]],
        Param("Methods that are accepted", "받을 메서드", title="Methods", title_ko="메서드", min_length=1),
    ] = ["POST"]
    check: Annotated[
        Literal["none", "header", "basic", "hmac", "github", "slack"],
        Param(
            "none: the address itself is the secret; header: a fixed header; basic: user and password; "
            "hmac: SHA-256 signature of the body; github, slack: their own signatures",
            "none: 주소 자체가 비밀, header: 고정 헤더, basic: 사용자·비밀번호, hmac: 본문의 SHA-256 서명, "
            "github·slack: 각 서비스의 서명",
            title="Check of the sender",
            title_ko="보낸 곳 확인",
        ),
    ] = "none"
    secret: Annotated[
        SecretStr | None,
        Param(
            "Value of the header, password, or signing secret",
            "헤더 값, 비밀번호 또는 서명용 비밀",
            title="Secret",
            title_ko="비밀 값",
            widget="password",
        ),
    ] = None
    header: Annotated[
        str,
        Param(
            "Header of the value or signature",
            "값이나 서명이 담긴 헤더",
            title="Header",
            title_ko="헤더",
            advanced=True,
        ),
    ] = "X-Signature"
    user: Annotated[
        str, Param("User for basic", "basic의 사용자", title="User", title_ko="사용자", advanced=True, max_length=120)
    ] = ""
    answer: Annotated[
        Literal["accepted", "result"],
        Param(
            "accepted: 202 at once; result: wait for the run and answer with its output",
            "accepted: 바로 202, result: 실행이 끝나기를 기다려 결과로 응답",
            title="Answer",
            title_ko="응답",
        ),
    ] = "accepted"
    wait_seconds: Annotated[
        float,
        Param(
            "How long to wait for the result",
            "결과를 기다리는 시간(초)",
            title="Wait",
            title_ko="대기(초)",
            ge=1,
            le=55,
            advanced=True,
        ),
    ] = 25
    max_bytes: Annotated[
        int,
        Param(
            "Largest body in bytes",
            "본문 최대 크기(바이트)",
            title="Largest body",
            title_ko="최대 크기",
            ge=0,
            le=MAX_BODY,
            advanced=True,
        ),
    ] = 1024 * 1024
    per_minute: Annotated[
        int,
        Param(
            "Requests a minute at most",
            "분당 최대 요청 수",
            title="Rate",
            title_ko="분당 요청",
            ge=1,
            le=6000,
            advanced=True,
        ),
    ] = 120
    dedupe_header: Annotated[
        str,
        Param(
            "A header with an id of the event; the same id runs once. GitHub and Slack are known already",
            "이벤트 ID가 담긴 헤더. 같은 ID는 한 번만 실행(GitHub·Slack은 자동)",
            title="Event id header",
            title_ko="이벤트 ID 헤더",
            advanced=True,
        ),
    ] = ""

    @field_validator("header", "dedupe_header")
    @classmethod
    def _is_header(cls, value: str) -> str:
        if value and not HEADER.match(value):
            raise ValueError("Use letters, digits and hyphens.")
        return value


class FormConfig(TriggerConfig):
    title = Text("Form", "양식")
    about = Text(
        "A page with the workflow's inputs that people fill in.", "사람들이 워크플로의 입력을 채우는 페이지입니다."
    )

    access: Annotated[
        Literal["members", "public"],
        Param(
            "members: people of this workspace; public: everybody who has the address",
            "members: 이 작업 공간의 구성원, public: 주소를 가진 누구나",
            title="Who may fill it in",
            title_ko="작성 가능한 사람",
        ),
    ] = "members"
    intro: Annotated[
        str,
        Param(
            "Text above the form",
            "양식 위 안내 글",
            title="Introduction",
            title_ko="안내",
            widget="textarea",
            max_length=2000,
        ),
    ] = ""
    thanks: Annotated[
        str,
        Param(
            "Text after sending",
            "보낸 뒤 보여 줄 글",
            title="Thank you",
            title_ko="완료 안내",
            max_length=1000,
            advanced=True,
        ),
    ] = ""
    show_result: Annotated[
        bool, Param("Wait and show the result", "결과를 기다려 보여 줌", title="Show the result", title_ko="결과 표시")
    ] = False
    per_minute: Annotated[
        int,
        Param(
            "Answers a minute at most",
            "분당 최대 제출 수",
            title="Rate",
            title_ko="분당 제출",
            ge=1,
            le=600,
            advanced=True,
        ),
    ] = 30


class EmailConfig(Bursts):
    title = Text("E-mail", "이메일")
    about = Text(
        "When a mail provider hands a mail to the address (raw MIME or the JSON of common inbound services).",
        "메일 서비스가 받은 메일을 주소로 넘길 때 실행합니다(원본 MIME 또는 일반적인 수신 서비스의 JSON).",
    )
    secret_fields = ("secret",)

    senders: Annotated[
        list[Annotated[str, Field(max_length=254)]],
        Param(
            "Only mails from these addresses or domains (example.com); empty: all",
            "이 주소나 도메인(example.com)에서 온 메일만. 비우면 모두",
            title="Senders",
            title_ko="보낸 사람",
            max_length=100,
        ),
    ] = []
    subject: Annotated[
        str,
        Param(
            "Only mails with this in the subject",
            "제목에 이 말이 있는 메일만",
            title="Subject holds",
            title_ko="제목",
            max_length=200,
        ),
    ] = ""
    secret: Annotated[
        SecretStr | None,
        Param(
            "Password that the provider sends (basic authentication); empty: the address is the secret",
            "메일 서비스가 보내는 비밀번호(basic 인증). 비우면 주소 자체가 비밀",
            title="Password",
            title_ko="비밀번호",
            widget="password",
            advanced=True,
        ),
    ] = None


class EventConfig(Bursts):
    title = Text("Event of a service", "서비스 이벤트")
    about = Text("When something new appears in a connected service.", "연결된 서비스에 새 것이 생기면 실행합니다.")

    trigger: Annotated[
        str, Param("Which event", "어떤 이벤트", title="Event", title_ko="이벤트", min_length=3, max_length=130)
    ]
    params: Annotated[dict[str, Any], Param("Its settings", "이벤트 설정", title="Settings", title_ko="설정")] = {}
    connection: Annotated[
        str,
        Param(
            "Connection; empty: the workspace's first",
            "연결(비우면 첫 연결)",
            title="Connection",
            title_ko="연결",
            max_length=64,
        ),
    ] = ""
    every_seconds: Annotated[
        int, Param("How often to look", "확인 간격(초)", title="Interval", title_ko="간격(초)", ge=60, le=86_400)
    ] = 300


class SignalConfig(Bursts):
    title = Text("Event of this product", "제품 안의 이벤트")
    about = Text(
        "When an alert fires, a notice matches, a price changes or a job ends.",
        "알림 발생, 공고 일치, 가격 변동, 작업 종료 때 실행합니다.",
    )

    signal: Annotated[
        Literal["alert_fired", "notices_matched", "price_changed", "matches_found", "anomalies_found", "job_ended"],
        Param(
            "alert_fired: market alert; notices_matched: saved search of procurement; price_changed, matches_found: "
            "listings; anomalies_found, job_ended: time series",
            "alert_fired: 시세 알림, notices_matched: 저장한 공고 검색, price_changed·matches_found: 매물, "
            "anomalies_found·job_ended: 시계열",
            title="Event",
            title_ko="이벤트",
        ),
    ]
    only: Annotated[
        dict[str, str | float | bool],
        Param(
            'Only events whose fields have these values, for example {"code": "005930"}',
            '필드 값이 이와 같은 이벤트만. 예: {"code": "005930"}',
            title="Only when",
            title_ko="조건",
            max_length=10,
        ),
    ] = {}


class AfterConfig(TriggerConfig):
    title = Text("After another workflow", "다른 워크플로 다음")
    about = Text("When a run of another workflow ends.", "다른 워크플로의 실행이 끝나면 실행합니다.")

    workflow: Annotated[
        str,
        Param(
            "The workflow to follow",
            "뒤따를 워크플로",
            title="Workflow",
            title_ko="워크플로",
            min_length=36,
            max_length=36,
        ),
    ]
    when: Annotated[
        Literal["succeeded", "failed", "ended"],
        Param("How it must have ended", "어떻게 끝났을 때", title="When it", title_ko="결과"),
    ] = "succeeded"


class ErrorConfig(TriggerConfig):
    title = Text("When something fails", "실패했을 때")
    about = Text(
        "When a run of these workflows fails; for alarms and repairs.",
        "다른 워크플로의 실행이 실패하면 실행합니다. 알림과 복구에 씁니다.",
    )

    workflows: Annotated[
        list[Annotated[str, Field(min_length=36, max_length=36)]],
        Param(
            "These workflows; empty: all of the workspace",
            "대상 워크플로(비우면 모두)",
            title="Workflows",
            title_ko="워크플로",
            max_length=200,
        ),
    ] = []
    sources: Annotated[
        Literal["automatic", "all"],
        Param(
            "automatic: runs that nobody watched (triggers, MCP, API); all: also runs started on a page",
            "automatic: 사람이 지켜보지 않은 실행(트리거, MCP, API)만, all: 페이지에서 시작한 실행도",
            title="Which runs",
            title_ko="대상 실행",
        ),
    ] = "automatic"


CONFIGS: dict[str, type[TriggerConfig]] = {
    Kind.SCHEDULE: ScheduleConfig,
    Kind.WEBHOOK: WebhookConfig,
    Kind.FORM: FormConfig,
    Kind.EMAIL: EmailConfig,
    Kind.EVENT: EventConfig,
    Kind.SIGNAL: SignalConfig,
    Kind.WORKFLOW: AfterConfig,
    Kind.ERROR: ErrorConfig,
}
#: Kinds that have an address of their own.
WITH_ADDRESS = (Kind.WEBHOOK, Kind.FORM, Kind.EMAIL)


def read_config(kind: str, values: dict[str, Any]) -> TriggerConfig:
    """The typed configuration; `Invalid` names each wrong field."""
    model = CONFIGS[kind]
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise Invalid("The trigger is not set up properly.", problems=problems_of(error, schema_of(kind))) from None


def schema_of(kind: str) -> dict[str, Any]:
    """The form of a kind as JSON Schema, with Korean words as `x-…-ko`."""
    return input_schema_of(CONFIGS[kind])


def check_plain(value: Any, field: str) -> None:
    """Raise `ValueError` unless every `{{ … }}` in the value is a plain path that begins with `event`."""
    from workflows.expressions import ExpressionSyntaxError, compile_value

    try:
        compiled = compile_value(value)
    except ExpressionSyntaxError as error:
        raise ValueError(str(error)) from None
    if compiled.needs_sandbox:
        raise ValueError("Only plain paths such as {{ event.body.id }} work here; compute inside the workflow.")
    for parts in compiled.references:
        if parts[0] != "event":
            raise ValueError(f"`{parts[0]}` is not known here: begin with `event`.")
