"""The built-in flow actions: what they take, give, and through which ports they end."""

from __future__ import annotations

from typing import Any

from integrations.sdk.text import Text
from workflows.definition.catalogue import ActionInfo, Catalogue, SimpleAction
from workflows.definition.model import ERROR, OUT, Node

PREFIX = "flow."
MAX_MAP_ITEMS = 10_000
MAX_LOOP = 1_000

_ANY: dict[str, Any] = {}


def _object(properties: dict[str, Any], required: tuple[str, ...] = ()) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "object", "properties": properties, "additionalProperties": False}
    return schema | ({"required": list(required)} if required else {})


def _described(schema: dict[str, Any], en: str, ko: str) -> dict[str, Any]:
    return schema | {"description": en, "x-description-ko": ko}


_WORKFLOW = _described({"type": "string"}, "The workflow to run", "실행할 워크플로")

_ACTIONS = [
    SimpleAction(
        id="flow.condition",
        title=Text("Condition", "조건"),
        description=Text("Goes on through `true` or `false`.", "참 또는 거짓 쪽으로 나아갑니다."),
        input_schema=_object(
            {"condition": _described(_ANY, "What decides, as an expression", "판단할 식")}, ("condition",)
        ),
        output_schema=_object({"result": {"type": "boolean"}}, ("result",)),
        ports=("true", "false"),
    ),
    SimpleAction(
        id="flow.switch",
        title=Text("Switch", "분기"),
        description=Text(
            "Goes on through the port of the first case that equals the value, else through `default`.",
            "값과 같은 첫 번째 경우의 출구로, 없으면 default로 나아갑니다.",
        ),
        input_schema=_object(
            {
                "value": _described(_ANY, "The value to compare", "비교할 값"),
                "cases": {
                    "type": "array",
                    "minItems": 1,
                    "maxItems": 50,
                    "items": _object({"port": {"type": "string", "minLength": 1}, "equals": _ANY}, ("port", "equals")),
                },
            },
            ("value", "cases"),
        ),
        output_schema=_object({"port": {"type": "string"}, "value": _ANY}, ("port",)),
        ports=("default",),
    ),
    SimpleAction(
        id="flow.map",
        title=Text("For each", "각 항목마다"),
        description=Text(
            "Runs the body, or a workflow, for every item of a list.",
            "목록의 각 항목마다 본문이나 워크플로를 실행합니다.",
        ),
        input_schema=_object(
            {
                "items": _described({"type": "array"}, "The list", "목록"),
                "concurrency": _described(
                    {"type": "integer", "minimum": 1, "maximum": 50, "default": 5}, "At once", "동시 실행 수"
                ),
                "limit": _described(
                    {"type": "integer", "minimum": 1, "maximum": MAX_MAP_ITEMS, "default": 1_000},
                    "A longer list is an error",
                    "이보다 긴 목록은 오류입니다",
                ),
                "on_item_error": _described(
                    {"enum": ["fail", "skip", "collect"], "default": "fail"},
                    "fail: the node fails; skip: leave the item out; collect: null in its place and its error listed",
                    "fail: 노드 실패, skip: 항목 제외, collect: 자리에 null을 두고 오류 목록에 기록",
                ),
                "workflow": _WORKFLOW,
                "input": _described({"type": "object"}, "The workflow's input", "워크플로 입력"),
            },
            ("items",),
        ),
        output_schema=_object(
            {
                "results": {"type": "array"},
                "errors": {
                    "type": "array",
                    "items": _object({"index": {"type": "integer"}, "error": {"type": "object"}}, ("index", "error")),
                },
                "count": {"type": "integer"},
                "failed": {"type": "integer"},
            },
            ("results", "errors", "count", "failed"),
        ),
    ),
    SimpleAction(
        id="flow.loop",
        title=Text("Loop", "반복"),
        description=Text(
            "Runs the body again and again; `item` is what the last round gave.",
            "본문을 반복 실행합니다. item은 직전 회차의 결과입니다.",
        ),
        input_schema=_object(
            {
                "initial": _described(_ANY, "`item` of the first round", "첫 회차의 item"),
                "until": _described(
                    _ANY, "Ends the loop when true; sees `item` and `index` of the round", "참이면 반복을 끝냅니다"
                ),
                "max_rounds": _described(
                    {"type": "integer", "minimum": 1, "maximum": MAX_LOOP}, "Never more rounds than this", "최대 회차"
                ),
                "on_limit": _described(
                    {"enum": ["stop", "fail"], "default": "stop"}, "When the bound is reached", "최대 회차에 이르면"
                ),
            },
            ("max_rounds",),
        ),
        output_schema=_object(
            {"result": _ANY, "rounds": {"type": "integer"}, "completed": {"type": "boolean"}},
            ("result", "rounds", "completed"),
        ),
    ),
    SimpleAction(
        id="flow.merge",
        title=Text("Merge", "합치기"),
        description=Text(
            "Waits for all branches and joins what the taken ones gave.",
            "모든 가지를 기다려 지나온 가지의 결과를 합칩니다.",
        ),
        input_schema=_object(
            {
                "mode": _described(
                    {"enum": ["object", "list", "first"], "default": "object"},
                    "object: by node id; list: in edge order; first: the first taken branch",
                    "object: 노드 이름별, list: 순서대로, first: 지나온 첫 가지",
                )
            }
        ),
        output_schema=_ANY,
    ),
    SimpleAction(
        id="flow.wait",
        title=Text("Wait", "기다리기"),
        description=Text("Waits some seconds or until a moment.", "몇 초 동안 또는 정해진 때까지 기다립니다."),
        input_schema=_object(
            {
                "seconds": {"type": "number", "minimum": 0, "maximum": 31_536_000},
                "until": _described({"type": "string", "format": "date-time"}, "A moment", "시각"),
            }
        ),
        output_schema=_object({"waited_until": {"type": "string"}}, ("waited_until",)),
    ),
    SimpleAction(
        id="flow.subworkflow",
        title=Text("Sub-workflow", "하위 워크플로"),
        description=Text("Runs another workflow and gives its output.", "다른 워크플로를 실행하고 그 결과를 냅니다."),
        input_schema=_object(
            {"workflow": _WORKFLOW, "input": _described({"type": "object"}, "Its input", "입력")}, ("workflow",)
        ),
        output_schema=_ANY,
    ),
    SimpleAction(
        id="flow.stop",
        title=Text("Stop with an error", "오류로 멈추기"),
        description=Text("Ends the run as failed.", "실행을 실패로 끝냅니다."),
        input_schema=_object(
            {"message": {"type": "string", "minLength": 1}, "remedy": {"type": "string"}}, ("message",)
        ),
        output_schema={"type": "null"},
    ),
    SimpleAction(
        id="flow.set",
        title=Text("Set variables", "변수 지정"),
        description=Text("Sets `vars.*` for every later node.", "이후 노드가 쓸 vars.* 값을 지정합니다."),
        input_schema=_object({"values": {"type": "object"}}, ("values",)),
        output_schema={"type": "object"},
    ),
    SimpleAction(
        id="flow.approval",
        title=Text("Approval", "승인"),
        description=Text("Rests until a person decides.", "사람이 결정할 때까지 쉽니다."),
        input_schema=_object(
            {
                "message": _described({"type": "string", "minLength": 1}, "What is to be decided", "결정할 내용"),
                "approvers": _described(
                    {"type": "array", "items": {"type": "string", "x-widget": "people"}},
                    "E-mail addresses of those who may decide; empty: everybody who may run the workflow",
                    "결정할 수 있는 사람의 이메일. 비우면 워크플로를 실행할 수 있는 모두",
                ),
                "email": _described(
                    {
                        "type": "array",
                        "items": {"type": "string", "maxLength": 254, "x-widget": "people"},
                        "maxItems": 50,
                    },
                    "Send a link to decide to these addresses",
                    "결정 링크를 보낼 이메일 주소",
                ),
                "slack": _described(
                    {"type": "string", "maxLength": 80},
                    "Post a link to decide in this Slack channel",
                    "결정 링크를 올릴 Slack 채널",
                ),
                "expires_in": _described(
                    {"type": "number", "minimum": 1, "x-widget": "duration"},
                    "How long people have to decide, stored in seconds; then the run goes on through `expired`",
                    "결정할 수 있는 시간(초 단위로 저장). 지나면 expired 출구로 나아갑니다",
                ),
            },
            ("message",),
        ),
        output_schema=_object(
            {"approved": {"type": "boolean"}, "comment": {"type": "string"}, "by": {"type": "string"}}, ("approved",)
        )
        | {"additionalProperties": True},
        ports=("approved", "rejected", "expired"),
    ),
]

FLOW_ACTIONS: dict[str, SimpleAction] = {action.id: action for action in _ACTIONS}

#: These end only through their own ports, never through `out`.
ROUTERS = frozenset({"flow.condition", "flow.switch", "flow.approval", "flow.stop"})
WITH_BODY = frozenset({"flow.map", "flow.loop"})


def find_action(action_id: str, catalogue: Catalogue) -> ActionInfo | None:
    """The action of a node: built in or from the catalogue."""
    return FLOW_ACTIONS.get(action_id) if action_id.startswith(PREFIX) else catalogue.get(action_id)


def ports_of(node: Node, info: ActionInfo) -> list[str]:
    """Every port an edge may leave the node by."""
    ports = [] if node.action in ROUTERS else [OUT]
    if node.action == "flow.switch":
        cases = node.params.get("cases")
        if isinstance(cases, list):
            ports += [case["port"] for case in cases if isinstance(case, dict) and isinstance(case.get("port"), str)]
    ports += [port for port in info.ports if port not in ports]
    if node.on_error.policy == "branch":
        ports.append(ERROR)
    return ports
