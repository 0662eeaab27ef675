"""What a workspace's own connector is made of, as its row keeps it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from integrations.sdk.connector import NAME, Effect

MAX_ACTIONS = 64
NAME_PATTERN = NAME.pattern.replace(r"\Z", "$")


class Parameter(BaseModel):
    """One field of an action and where it goes in the request."""

    model_config = ConfigDict(extra="forbid")

    field: str
    name: str
    place: Literal["path", "query", "header", "cookie", "body"]
    explode: bool = True


class Sign(BaseModel):
    """How the service is signed in to. `name` is the header's or the parameter's."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["none", "header", "query", "cookie", "basic", "bearer", "client_credentials", "oauth"] = "none"
    name: str = ""
    token_url: str = ""
    authorize_url: str = ""
    revoke_url: str = ""
    scopes: list[str] = []
    resource: str = ""
    client_id: str = ""


class OwnAction(BaseModel):
    """One action: the words a person chose for it, and the request or tool behind it."""

    model_config = ConfigDict(extra="forbid")

    #: What it is upstream: `GET /pets/{id}`, or the name of a tool. Kept when words are edited.
    source: str
    name: str = Field(pattern=NAME_PATTERN)
    title: str = Field(min_length=1, max_length=120)
    description: str = Field("", max_length=2000)
    effect: Effect = "read"
    idempotent: bool | None = None
    input_schema: dict[str, Any]
    output_schema: dict[str, Any]
    #: The answer is no record of known fields, so it stands under `result`.
    wraps: bool = False
    #: False where the service does not keep to its own description of answers.
    checks_answer: bool = True
    method: str = ""
    path: str = ""
    parameters: list[Parameter] = []
    body: Literal["none", "json", "form"] = "none"
    #: The field that is the whole body, where its fields are not fields of the action.
    body_field: str = ""
    #: Not in the source any more since the last refresh.
    gone: bool = False


class OwnSpec(BaseModel):
    """A connector's way in and its actions."""

    model_config = ConfigDict(extra="forbid")

    sign: Sign = Sign()
    #: Other ways to sign in that the document offers.
    signs: list[Sign] = []
    actions: list[OwnAction] = Field([], max_length=MAX_ACTIONS)
    #: The tools a server had at the last look, chosen or not.
    tools: list[dict[str, Any]] = []
    transport: Literal["", "http", "sse"] = ""
