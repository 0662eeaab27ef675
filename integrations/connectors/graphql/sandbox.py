"""A small GraphQL API: `items(first)`, `fails` (an error beside data), `secret` (needs the token), `addItem`.

Fault switches: `POST /graphql/__faults__`.
"""

from __future__ import annotations

from typing import Any

from graphql import GraphQLError, build_schema, graphql_sync
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from integrations.sdk.standin import standin

PREFIX = "/graphql"
CREDENTIAL = {"scheme": "bearer", "hosts": "127.0.0.1", "secret": "sandbox-graphql-token"}
SCHEMA = build_schema(
    """
    type Item { id: ID!, name: String! }
    type Query { items(first: Int = 10): [Item!]!, fails: String, secret: String }
    type Mutation { addItem(name: String!): Item! }
    """
)


class Root:
    """The content of the stand-in."""

    def __init__(self) -> None:
        self.rows = [{"id": str(number), "name": f"item {number}"} for number in range(1, 4)]

    def items(self, info: Any, first: int = 10) -> list[dict[str, str]]:
        return self.rows[:first]

    def fails(self, info: Any) -> str:
        raise GraphQLError("this field always fails")

    def secret(self, info: Any) -> str:
        if not info.context["signed"]:
            raise GraphQLError("sign in first")
        return "open"

    def addItem(self, info: Any, name: str) -> dict[str, str]:
        self.rows.append({"id": str(len(self.rows) + 1), "name": name})
        return self.rows[-1]


root = Root()


async def endpoint(request: Request) -> Response:
    body = await request.json()
    signed = request.headers.get("authorization") == f"Bearer {CREDENTIAL['secret']}"
    result = graphql_sync(
        SCHEMA,
        body["query"],
        root,
        context_value={"signed": signed},
        variable_values=body.get("variables"),
        operation_name=body.get("operationName"),
    )
    answer: dict[str, Any] = {}
    if result.errors:
        answer["errors"] = [error.formatted for error in result.errors]
    if result.data is not None:
        answer["data"] = result.data
    # A document that could not run at all is a client error in the new media type.
    return JSONResponse(answer, 200 if "data" in answer else 400)


app = standin([Route("/", endpoint, methods=["POST"])])
