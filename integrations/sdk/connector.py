"""Connector and action: a typed async function is the single source of form, validation, tool schema and docs."""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, Any, Generic, Literal, NamedTuple, TypeVar, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError, create_model
from pydantic.fields import FieldInfo
from pydantic_core import PydanticSerializationError

from integrations.sdk.auth import Credential, NoAuth, OAuth2
from integrations.sdk.context import Context, Upstream
from integrations.sdk.errors import InvalidParams
from integrations.sdk.events import EventPage
from integrations.sdk.schema import input_schema_of, output_schema_of, problems_of
from integrations.sdk.text import Text

Effect = Literal["read", "write", "destroy"]
NAME = re.compile(r"[a-z][a-z0-9_]{0,63}\Z")
F = TypeVar("F", bound=Callable[..., Awaitable[Any]])


class Rate(NamedTuple):
    """At most `limit` upstream requests in any sliding window of `per` seconds."""

    limit: int
    per: float


class Option(NamedTuple):
    """One choice of a field whose choices come from the upstream."""

    value: str
    label: str


OptionsFunction = Callable[[Context, str, dict[str, Any]], Awaitable[list[Option]]]


@dataclass(slots=True, eq=False)
class Action(Generic[F]):
    """One typed async function of a connector: a canvas node, a catalogue entry and, if exposed, an MCP tool."""

    connector: Connector
    name: str
    function: F
    title: Text
    description: Text
    effect: Effect = "read"
    cache: float = 0.0
    heavy: bool = False
    timeout: float = 30.0
    idempotent: bool | None = None
    scopes: tuple[str, ...] = ()
    needs_credential: bool = True
    icon: str = ""
    #: Parameters that work against the sandbox: shown in the catalogue, called by the contract tests.
    example: dict[str, Any] | None = None
    params_model: type[BaseModel] = field(init=False)
    result_type: Any = field(init=False)
    options_of: dict[str, OptionsFunction] = field(default_factory=dict)
    _adapter: TypeAdapter[Any] = field(init=False)
    _schemas: dict[str, dict[str, Any]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.params_model, self.result_type = _read_signature(self.name, self.function)
        self._adapter = TypeAdapter(self.result_type)

    @property
    def id(self) -> str:
        return f"{self.connector.id}.{self.name}"

    @property
    def ports(self) -> tuple[str, ...]:
        return ()

    @property
    def input_schema(self) -> dict[str, Any]:
        """JSON Schema 2020-12 of the parameters, always an object."""
        if "input" not in self._schemas:
            self._schemas["input"] = input_schema_of(self.params_model)
        return self._schemas["input"]

    @property
    def output_schema(self) -> dict[str, Any]:
        """JSON Schema 2020-12 of the result, of any type."""
        if "output" not in self._schemas:
            self._schemas["output"] = output_schema_of(self._adapter)
        return self._schemas["output"]

    @property
    def is_idempotent(self) -> bool:
        return self.effect == "read" if self.idempotent is None else self.idempotent

    def options(self, field_name: str) -> Callable[[OptionsFunction], OptionsFunction]:
        """Register the function that lists the choices of a field: `(ctx, query, other_params) -> options`."""
        if field_name not in self.params_model.model_fields:
            raise TypeError(f"{self.id} has no parameter {field_name!r}")

        def register(function: OptionsFunction) -> OptionsFunction:
            self.options_of[field_name] = function
            return function

        return register

    def parse(self, params: dict[str, Any]) -> BaseModel:
        """The typed parameters; `InvalidParams` names each wrong field and its remedy."""
        try:
            return self.params_model.model_validate(params)
        except ValidationError as error:
            problems = problems_of(error, self.input_schema)
            raise InvalidParams(f"{self.title.en}: the parameters do not fit.", problems=problems) from None

    async def invoke(self, ctx: Context, params: dict[str, Any]) -> Any:
        """Validate, call, and return the result as plain JSON data."""
        typed = self.parse(params)
        values = {name: getattr(typed, name) for name in type(typed).model_fields}
        return self.dump(await self.function(ctx, **values))

    def dump(self, result: Any) -> Any:
        """A result as plain JSON data that meets the output schema; `TypeError` when it cannot."""
        try:
            return self._adapter.dump_python(result, mode="json", by_alias=True, warnings="error")
        except PydanticSerializationError:
            # A dictionary where a model is declared is fine, as long as it fits.
            pass
        try:
            return self._adapter.dump_python(self._adapter.validate_python(result), mode="json", by_alias=True)
        except (ValidationError, PydanticSerializationError):
            raise TypeError(f"{self.id} returned a result that does not fit its declared type") from None

    async def __call__(self, ctx: Context, **params: Any) -> Any:
        """Call the plain function, as another action of the same connector would."""
        return await self.function(ctx, **params)


@dataclass(slots=True)
class Trigger:
    """Something that starts workflows: `poll` asks again and again with a cursor, `webhook` is called."""

    connector: Connector
    name: str
    kind: Literal["poll", "webhook"]
    function: Callable[..., Awaitable[Any]]
    title: Text
    description: Text
    params_model: type[BaseModel]
    interval: float = 300.0
    #: Parameters that work against the sandbox.
    example: dict[str, Any] | None = None

    @property
    def id(self) -> str:
        return f"{self.connector.id}.{self.name}"


@dataclass(eq=False)
class Connector:
    """One outside service or capability and its actions."""

    id: str
    title: Text
    description: Text = Text("", "")  # noqa: RUF009
    auth: type[Credential] | OAuth2 = NoAuth
    upstream: Upstream | None = None
    rate: Rate | None = None
    group: str = "tools"
    icon: str = "icon.svg"
    docs_url: str = ""
    #: Pure logic without any upstream: runs anywhere, has no sandbox, leaves nothing behind.
    local: bool = False
    #: Keeps rows of a workspace, so it cannot run outside one (contract tests leave its examples to its own tests).
    in_workspace: bool = False
    #: Speaks a protocol other than HTTP to a server; its own tests run it against a real one.
    dials: bool = False
    actions: dict[str, Action[Any]] = field(default_factory=dict)
    triggers: dict[str, Trigger] = field(default_factory=dict)
    test_function: Callable[[Context], Awaitable[Any]] | None = None
    module: str = ""

    def __init__(
        self,
        id: str,
        *,
        title: Text,
        description: Text,
        auth: type[Credential] | OAuth2 = NoAuth,
        upstream: Upstream | None = None,
        rate: Rate | None = None,
        group: str = "tools",
        icon: str = "icon.svg",
        docs_url: str = "",
        in_workspace: bool = False,
        dials: bool = False,
    ) -> None:
        if not NAME.match(id):
            raise TypeError(f"connector id {id!r} must be lower case letters, digits and underscores")
        self.id, self.title, self.description = id, title, description
        self.auth, self.upstream, self.rate = auth, upstream, rate
        self.group, self.icon, self.docs_url = group, icon, docs_url
        self.in_workspace, self.dials = in_workspace, dials
        self.local = upstream is None and not dials and not in_workspace
        self.actions, self.triggers, self.test_function = {}, {}, None
        caller = inspect.currentframe()
        self.module = caller.f_back.f_globals.get("__name__", "") if caller and caller.f_back else ""

    @cached_property
    def credential_model(self) -> type[Credential]:
        return self.auth.credential if isinstance(self.auth, OAuth2) else self.auth

    @property
    def needs_credential(self) -> bool:
        return self.auth is not NoAuth

    def action(
        self,
        *,
        title: Text | str,
        description: Text | None = None,
        description_ko: str = "",
        effect: Effect = "read",
        cache: float = 0.0,
        heavy: bool = False,
        timeout: float = 30.0,
        idempotent: bool | None = None,
        scopes: tuple[str, ...] = (),
        needs_credential: bool | None = None,
        icon: str = "",
        example: dict[str, Any] | None = None,
    ) -> Callable[[F], Action[F]]:
        """Register a typed async function. Its docstring is the English description unless one is given."""

        def register(function: F) -> Action[F]:
            name = function.__name__
            if not NAME.match(name):
                raise TypeError(f"action name {name!r} must be lower case letters, digits and underscores")
            if name in self.actions:
                raise TypeError(f"{self.id} already has an action {name!r}")
            english = inspect.cleandoc(function.__doc__ or "")
            action = Action(
                connector=self,
                name=name,
                function=function,
                title=title if isinstance(title, Text) else Text(title, title),
                description=description or Text(english, description_ko or english),
                effect=effect,
                cache=cache,
                heavy=heavy,
                timeout=timeout,
                idempotent=idempotent,
                scopes=scopes,
                needs_credential=self.needs_credential if needs_credential is None else needs_credential,
                icon=icon or self.icon,
                example=example,
            )
            self.actions[name] = action
            return action

        return register

    def trigger(
        self,
        *,
        title: Text,
        description_ko: str = "",
        kind: Literal["poll", "webhook"] = "poll",
        interval: float = 300.0,
        example: dict[str, Any] | None = None,
    ) -> Callable[[F], F]:
        """Register a trigger: a poll function `(ctx, **params) -> EventPage` that reads `ctx.cursor`."""

        def register(function: F) -> F:
            model, result = _read_signature(function.__name__, function)
            if kind == "poll" and result is not EventPage:
                raise TypeError(f"{self.id}.{function.__name__} must return EventPage")
            english = inspect.cleandoc(function.__doc__ or "")
            description = Text(english, description_ko or english)
            self.triggers[function.__name__] = Trigger(
                self, function.__name__, kind, function, title, description, model, interval, example
            )
            return function

        return register

    def test(self, function: Callable[[Context], Awaitable[Any]]) -> Callable[[Context], Awaitable[Any]]:
        """Register the cheap call that proves a credential."""
        self.test_function = function
        return function

    def __repr__(self) -> str:
        return f"<Connector {self.id}: {len(self.actions)} actions>"


def _read_signature(name: str, function: Callable[..., Any]) -> tuple[type[BaseModel], Any]:
    """The parameter model and the result type of an action function; the first parameter is the context."""
    if not inspect.iscoroutinefunction(function):
        raise TypeError(f"{name} must be an async function")
    hints = get_type_hints(function, include_extras=True)
    if "return" not in hints:
        raise TypeError(f"{name} must declare its result type")
    fields: dict[str, Any] = {}
    parameters = list(inspect.signature(function).parameters.values())
    for parameter in parameters[1:]:
        if parameter.name not in hints:
            raise TypeError(f"{name}: parameter {parameter.name!r} needs a type")
        annotation, default = hints[parameter.name], parameter.default
        required = default is inspect.Parameter.empty
        fields[parameter.name] = _field(annotation, ... if required else default)
    model = create_model(
        f"{name}_params", __config__=ConfigDict(extra="forbid", arbitrary_types_allowed=False), **fields
    )
    return model, hints["return"]


def _field(annotation: Any, default: Any) -> Any:
    if get_origin(annotation) is Annotated and default is not ...:
        for extra in get_args(annotation)[1:]:
            if isinstance(extra, FieldInfo) and extra.default_factory is not None:
                raise TypeError("give the default in the signature, not in Field()")
    return (annotation, default)
