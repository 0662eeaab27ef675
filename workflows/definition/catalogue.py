"""What the definition and the engine need to know about actions, and the built-in `flow.*` actions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from integrations.sdk.text import Text

Effect = Literal["read", "write", "destroy"]


class ActionInfo(Protocol):
    """The facts of one action. `cache` and `timeout` are seconds; `ports` are extra ends beside `out`."""

    @property
    def id(self) -> str: ...
    @property
    def title(self) -> Text: ...
    @property
    def input_schema(self) -> dict[str, Any]: ...
    @property
    def output_schema(self) -> dict[str, Any]: ...
    @property
    def effect(self) -> Effect: ...
    @property
    def heavy(self) -> bool: ...
    @property
    def cache(self) -> float: ...
    @property
    def timeout(self) -> float: ...
    @property
    def ports(self) -> Sequence[str]: ...


class Catalogue(Protocol):
    """Where actions are looked up by id."""

    def get(self, action_id: str, /) -> ActionInfo | None: ...


@dataclass(frozen=True, slots=True)
class SimpleAction:
    """An `ActionInfo` written down by hand: flow actions, tests, exported servers."""

    id: str
    title: Text = Text("", "")  # noqa: RUF009
    input_schema: dict[str, Any] = field(default_factory=dict)
    output_schema: dict[str, Any] = field(default_factory=dict)
    effect: Effect = "read"
    heavy: bool = False
    cache: float = 0.0
    timeout: float = 30.0
    ports: tuple[str, ...] = ()
    description: Text = Text("", "")  # noqa: RUF009


class MappingCatalogue:
    """A catalogue over a plain mapping."""

    def __init__(self, actions: Mapping[str, ActionInfo]) -> None:
        self.actions = actions

    def get(self, action_id: str, /) -> ActionInfo | None:
        return self.actions.get(action_id)
