"""How triggers are set up that listen to services, to this product and to other runs."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from integrations.sdk import Param, Text
from workflows.triggers.config_base import Bursts, TriggerConfig


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
