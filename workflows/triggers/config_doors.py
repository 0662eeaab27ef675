"""How triggers with an address are set up: webhook, form, e-mail."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator

from integrations.sdk import Param, Text
from workflows.triggers.config_base import Bursts, TriggerConfig

HEADER = re.compile(r"[A-Za-z0-9-]{1,80}\Z")
MAX_BODY = 4 * 1024 * 1024


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
