"""Any GraphQL API: queries and mutations."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel

from integrations.connectors.http.auth import HttpCredential, deliver, sign
from integrations.sdk import (
    Connector,
    Context,
    FieldProblem,
    InvalidParams,
    Param,
    Rejected,
    Text,
    Unavailable,
    Upstream,
    error_for_status,
    read_json,
)
from integrations.sdk.http import require_address

graphql = Connector(
    "graphql",
    title=Text("GraphQL", "그래프QL"),
    description=Text("Sends queries and mutations to any GraphQL API.", "GraphQL API에 질의와 변경을 보냅니다."),
    auth=HttpCredential,
    upstream=Upstream(key="graphql", base_url_env="GRAPHQL_BASE_URL", live="", sandbox="/graphql"),
    group="web",
    docs_url="https://graphql.org/learn/serving-over-http/",
)

Url = Annotated[str, Param("Address of the endpoint", "엔드포인트 주소", title="URL", min_length=1, max_length=4000)]
Document = Annotated[
    str, Param("The GraphQL document", "GraphQL 문서", widget="code", min_length=1, max_length=100_000)
]
Variables = Annotated[dict[str, Any], Param("Variables of the document", "문서의 변수")]
Operation = Annotated[str | None, Param("Name of the operation, when there are several", "연산 이름", advanced=True)]


class GraphResult(BaseModel):
    """The data. `complete` is false when the service left out parts; `errors` say which."""

    data: dict[str, Any]
    errors: list[str] = []
    complete: bool = True


@graphql.action(
    title=Text("Query", "질의"),
    description_ko="값을 읽는 GraphQL 질의를 보냅니다.",
    needs_credential=False,
    timeout=60,
    example={"url": "/", "query": "query($n: Int!) { items(first: $n) { id name } }", "variables": {"n": 2}},
)
async def query(
    ctx: Context,
    url: Url,
    query: Document,
    variables: Variables = {},  # noqa: B006
    operation: Operation = None,
) -> GraphResult:
    """Sends a query that changes nothing."""
    if _kind(query, operation) != "query":
        problem = FieldProblem("query", "This document changes data.", "Use the action Mutate.")
        raise InvalidParams("A query must not change anything.", problems=[problem])
    return await _send(ctx, url, query, variables, operation)


@graphql.action(
    title=Text("Mutate", "변경"),
    description_ko="값을 바꾸는 GraphQL 변경을 보냅니다.",
    effect="write",
    needs_credential=False,
    timeout=60,
    example={"url": "/", "query": 'mutation { addItem(name: "새 것") { id name } }'},
)
async def mutate(
    ctx: Context,
    url: Url,
    query: Document,
    variables: Variables = {},  # noqa: B006
    operation: Operation = None,
) -> GraphResult:
    """Sends a mutation."""
    return await _send(ctx, url, query, variables, operation)


def _kind(document: str, operation: str | None) -> str:
    """`query`, `mutation` or `subscription`: what would run. `InvalidParams` when the document cannot be read."""
    from graphql import GraphQLSyntaxError, OperationDefinitionNode, parse

    try:
        definitions = parse(document, max_tokens=20_000).definitions
    except GraphQLSyntaxError as error:
        line = error.locations[0].line if error.locations else 1
        problem = FieldProblem("query", f"Line {line}: {error.message}", "Correct the document.")
        raise InvalidParams("The GraphQL document cannot be read.", problems=[problem]) from None
    operations = [one for one in definitions if isinstance(one, OperationDefinitionNode)]
    chosen = [one for one in operations if operation is None or (one.name and one.name.value == operation)]
    if len(chosen) != 1:
        problem = FieldProblem("operation", "It is not clear which operation to run.", "Name one of the document.")
        raise InvalidParams("The operation is not clear.", problems=[problem])
    return chosen[0].operation.value


async def _send(ctx: Context, url: str, document: str, variables: dict[str, Any], operation: str | None) -> GraphResult:
    if _kind(document, operation) == "subscription":
        problem = FieldProblem("query", "Subscriptions are not supported.", "Use a query.")
        raise InvalidParams("Subscriptions cannot be sent.", problems=[problem])
    body: dict[str, Any] = {"query": document, "variables": variables}
    if operation:
        body["operationName"] = operation
    accept = "application/graphql-response+json, application/json;q=0.9"
    request = ctx.http.build_request("POST", require_address(url, ctx.upstream.base_url), json=body)
    request.headers["Accept"] = accept
    sign(ctx, request)
    response = await deliver(ctx, request)
    service = request.url.host
    try:
        answer = read_json(response, service=service)
    except Unavailable:
        if response.status_code >= 400:
            raise error_for_status(response.status_code, service=service, headers=response.headers) from None
        raise
    errors = _errors(answer)
    if response.status_code >= 400 and response.status_code not in (400, 422):
        raise error_for_status(
            response.status_code, service=service, headers=response.headers, detail="; ".join(errors)
        )
    data = answer.get("data") if isinstance(answer, dict) else None
    if isinstance(data, dict):
        return GraphResult(data=data, errors=errors, complete=not errors)
    if errors:
        raise Rejected(f"{service} refuses the document: {'; '.join(errors)[:800]}", code="graphql_error")
    if response.status_code >= 400:
        raise error_for_status(response.status_code, service=service, headers=response.headers)
    raise Unavailable(f"{service} did not answer as GraphQL does.", code="broken_answer", remedy="Check the address.")


def _errors(answer: Any) -> list[str]:
    found = answer.get("errors") if isinstance(answer, dict) else None
    if not isinstance(found, list):
        return []
    texts = []
    for one in found:
        if isinstance(one, dict):
            path = ".".join(str(part) for part in one.get("path") or [])
            texts.append(f"{path}: {one.get('message', '')}" if path else str(one.get("message", "")))
    return texts
