"""Templates of the house: the first steps, and the ones that measurements use."""

from __future__ import annotations

from integrations.sdk import Text
from integrations.sdk.template import Template, TemplateTool
from workflows.ready_templates import READY

ECHO = Template(
    key="echo",
    title=Text("Echo", "에코"),
    description=Text(
        "The smallest server there is: one node that gives back the text it gets.",
        "받은 텍스트를 그대로 돌려주는 노드 하나짜리 가장 작은 서버입니다.",
    ),
    audience=Text("Developers", "개발자"),
    sample_input={"text": "Hello"},
    go_live=Text("It needs no outside service: deploy it as it is.", "외부 서비스가 필요 없습니다. 그대로 배포하세요."),
    icon="echo",
    is_featured=False,
    tools=(
        TemplateTool(
            name="echo",
            title=Text("Echo", "에코"),
            description="Give back the text unchanged. Useful to check that the connection works.",
            definition={
                "schema_version": 1,
                "inputs": {
                    "type": "object",
                    "properties": {"text": {"type": "string", "description": "Any text", "maxLength": 100_000}},
                    "required": ["text"],
                    "additionalProperties": False,
                },
                "nodes": [
                    {
                        "id": "echo",
                        "action": "text.echo",
                        "title": "Echo",
                        "params": {"text": "{{ input.text }}"},
                        "position": {"x": 0, "y": 0},
                    }
                ],
                "edges": [],
                "output": {"text": "{{ echo.text }}"},
            },
        ),
    ),
)


def _branch(name: str, action: str, y: int) -> dict[str, object]:
    return {
        "id": name,
        "action": action,
        "title": name.capitalize(),
        "params": {"text": "{{ input.text }}"},
        "position": {"x": 0, "y": y},
    }


FAN3 = Template(
    key="fan3",
    title=Text("Three branches", "세 갈래"),
    description=Text(
        "Three nodes work on one text at the same time; a fourth joins what they found.",
        "노드 세 개가 한 텍스트를 동시에 처리하고 네 번째 노드가 결과를 합칩니다.",
    ),
    audience=Text("Developers", "개발자"),
    sample_input={"text": "Hello"},
    go_live=Text("It needs no outside service: deploy it as it is.", "외부 서비스가 필요 없습니다. 그대로 배포하세요."),
    icon="fan",
    is_featured=False,
    tools=(
        TemplateTool(
            name="fan3",
            title=Text("Three branches", "세 갈래"),
            description="Work on a text in three parallel branches (echo, upper case, length) and join the results.",
            definition={
                "schema_version": 1,
                "inputs": {
                    "type": "object",
                    "properties": {"text": {"type": "string", "description": "Any text", "maxLength": 100_000}},
                    "required": ["text"],
                    "additionalProperties": False,
                },
                "nodes": [
                    _branch("same", "text.echo", 0),
                    _branch("upper", "text.upper", 120),
                    _branch("size", "text.length", 240),
                    {
                        "id": "join",
                        "action": "text.echo",
                        "title": "Join",
                        "params": {"text": "{{ same.text }} / {{ upper.text }} / {{ size.characters }}"},
                        "position": {"x": 320, "y": 120},
                    },
                ],
                "edges": [
                    {"from": "same", "to": "join"},
                    {"from": "upper", "to": "join"},
                    {"from": "size", "to": "join"},
                ],
                "output": {"text": "{{ join.text }}", "length": "{{ size.characters }}"},
            },
        ),
    ),
)

TEMPLATES = [*READY, ECHO, FAN3]
