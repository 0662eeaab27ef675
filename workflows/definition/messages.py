"""The words of every finding, by its code: message and remedy in English and Korean."""

from __future__ import annotations

from typing import Any, NamedTuple

from integrations.sdk.text import Text
from workflows.definition.issues import Issue, Severity


class Words(NamedTuple):
    """Templates for `str.format`: the message and what to do about it."""

    en: str
    ko: str
    remedy_en: str
    remedy_ko: str


MESSAGES: dict[str, Words] = {
    "too_many_nodes": Words(
        "The workflow has {count:,} nodes; at most {limit:,} are allowed.",
        "노드가 {count:,}개입니다. 최대 {limit:,}개까지 쓸 수 있습니다.",
        "Move a part into a sub-workflow.",
        "일부를 하위 워크플로로 옮기세요.",
    ),
    "no_nodes": Words("The workflow has no nodes.", "노드가 없습니다.", "Add a node.", "노드를 추가하세요."),
    "inputs_not_object": Words(
        "The inputs must be of type object.",
        "입력은 object 형식이어야 합니다.",
        "Describe the inputs as a JSON Schema object.",
        "입력을 JSON Schema 객체로 적으세요.",
    ),
    "bad_inputs": Words(
        "This is not JSON Schema: {detail}",
        "올바른 JSON Schema가 아닙니다: {detail}",
        "Describe the inputs as a JSON Schema object.",
        "입력을 JSON Schema 객체로 적으세요.",
    ),
    "bad_default": Words(
        "The default does not fit: {detail}",
        "기본값이 맞지 않습니다: {detail}",
        "Change the default or the type.",
        "기본값이나 형식을 바꾸세요.",
    ),
    "cycle": Words(
        "These nodes wait for one another: {nodes}.",
        "노드들이 서로를 기다립니다: {nodes}.",
        "Remove an edge, or use a Loop node.",
        "연결 하나를 지우거나 반복 노드를 쓰세요.",
    ),
    "duplicate_id": Words(
        "Two nodes are called `{name}`.",
        "`{name}` 노드가 둘 이상입니다.",
        "Rename one of them.",
        "하나의 이름을 바꾸세요.",
    ),
    "bad_id": Words(
        "A node's name is a letter followed by letters, digits and underscores, at most 64.",
        "노드 이름은 영문자로 시작하고 영문자, 숫자, 밑줄만 쓰며 64자 이하입니다.",
        "Rename the node.",
        "노드 이름을 바꾸세요.",
    ),
    "reserved_id": Words(
        "`{name}` already means something in expressions.",
        "`{name}`은(는) 식에서 이미 쓰는 이름입니다.",
        "Choose another name.",
        "다른 이름을 고르세요.",
    ),
    "unknown_action": Words(
        "There is no action `{action}`.",
        "`{action}` 동작이 없습니다.",
        "Choose an action from the catalogue.",
        "목록에서 동작을 고르세요.",
    ),
    "dangling_edge": Words(
        "The edge's `{end}` is `{name}`, which is not a node of this graph.",
        "연결의 `{end}`이(가) 이 그래프에 없는 `{name}`입니다.",
        "Remove the edge or choose a node.",
        "연결을 지우거나 노드를 고르세요.",
    ),
    "duplicate_edge": Words(
        "`{source}` is connected to `{target}` twice.",
        "`{source}`와(과) `{target}`이(가) 두 번 연결되었습니다.",
        "Remove one of the edges.",
        "연결 하나를 지우세요.",
    ),
    "unknown_port": Words(
        "`{source}` has no port `{port}`.",
        "`{source}` 노드에 `{port}` 출구가 없습니다.",
        "Ports: {ports}. The error port needs the policy `branch`.",
        "출구: {ports}. error 출구는 오류 정책이 branch일 때 있습니다.",
    ),
    "unreachable": Words(
        "`{name}` can never run: nothing leads to it.",
        "`{name}` 노드에 이르는 길이 없어 실행되지 않습니다.",
        "Connect it to a port that is taken, or remove it.",
        "지나가는 출구에 연결하거나 지우세요.",
    ),
    "missing_body": Words(
        "This node has nothing to repeat.",
        "반복할 내용이 없습니다.",
        "Put nodes into its body.",
        "본문에 노드를 넣으세요.",
    ),
    "unexpected_body": Words(
        "`{action}` has no body.", "`{action}` 동작에는 본문이 없습니다.", "Remove the body.", "본문을 지우세요."
    ),
    "too_deep": Words(
        "Bodies may be nested {limit} levels deep.",
        "본문은 {limit}단계까지 겹칠 수 있습니다.",
        "Use a sub-workflow.",
        "하위 워크플로를 쓰세요.",
    ),
    "ignored_retry": Words(
        "Flow nodes are not tried again; the nodes inside them are.",
        "흐름 노드는 재시도하지 않습니다. 안의 노드가 재시도합니다.",
        "Set the retry on the nodes inside.",
        "안의 노드에 재시도를 지정하세요.",
    ),
    "missing_param": Words(
        "`{name}` is required.",
        "`{name}` 값이 필요합니다.",
        "Give a value or an expression.",
        "값이나 식을 넣으세요.",
    ),
    "one_of_two": Words(
        "Give either `{first}` or `{second}`.",
        "`{first}`와(과) `{second}` 중 하나만 넣으세요.",
        "Fill in exactly one of them.",
        "둘 중 하나만 채우세요.",
    ),
    "unknown_param": Words(
        "`{action}` has no parameter `{name}`.",
        "`{action}` 동작에 `{name}` 매개변수가 없습니다.",
        "Parameters: {known}.",
        "매개변수: {known}.",
    ),
    "type_mismatch": Words(
        "This gives {given}, but {wanted} is needed.",
        "이 값의 형식은 {given}인데 {wanted} 형식이 필요합니다.",
        "Choose another field or convert the value.",
        "다른 필드를 고르거나 값을 바꾸세요.",
    ),
    "bad_value": Words(
        "This value does not fit: {detail}",
        "값이 맞지 않습니다: {detail}",
        "Expected: {wanted}.",
        "필요한 형식: {wanted}.",
    ),
    "bad_expression": Words(
        "{detail} (at character {position})",
        "식을 읽을 수 없습니다: {detail} ({position}번째 글자)",
        "{remedy}",
        "식을 고치세요.",
    ),
    "not_upstream": Words(
        "`{name}` does not run before this node.",
        "`{name}` 노드는 이 노드보다 먼저 실행되지 않습니다.",
        "Connect `{name}` to this node.",
        "`{name}` 노드를 이 노드에 연결하세요.",
    ),
    "inside_body": Words(
        "`{name}` is inside another body.",
        "`{name}` 노드는 다른 본문 안에 있습니다.",
        "Use the output of the node around it.",
        "그 본문을 가진 노드의 결과를 쓰세요.",
    ),
    "unknown_reference": Words(
        "There is no `{name}`.", "`{name}`이(가) 없습니다.", "Known here: {known}.", "쓸 수 있는 이름: {known}."
    ),
    "unknown_field": Words(
        "`{path}`: `{before}` has no `{part}`.",
        "`{path}`: `{before}`에 `{part}`이(가) 없습니다.",
        "Fields there: {known}.",
        "있는 필드: {known}.",
    ),
}

#: Findings that share a code with another but need words of their own.
_CODE_OF = {"inputs_not_object": "bad_inputs", "inside_body": "not_upstream", "one_of_two": "missing_param"}


def finding(key: str, node: str = "", place: str = "", severity: Severity = "error", **values: Any) -> Issue:
    """The issue with these words; `values` fill the templates."""
    words = MESSAGES[key]
    return Issue(
        code=_CODE_OF.get(key, key),
        severity=severity,
        node=node,
        field=place,
        message=Text(words.en.format(**values), words.ko.format(**values)),
        remedy=Text(words.remedy_en.format(**values), words.remedy_ko.format(**values)),
    )
