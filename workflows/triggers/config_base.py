"""What the configurations of all kinds of triggers share."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, field_validator

from integrations.sdk import Param, Text


class TriggerConfig(BaseModel):
    """What all kinds share."""

    model_config = ConfigDict(extra="forbid")
    title: ClassVar[Text]
    about: ClassVar[Text]
    #: Fields that are sealed with the workspace's key and never shown again.
    secret_fields: ClassVar[tuple[str, ...]] = ()


class Bursts(TriggerConfig):
    """Kinds whose events may come in bursts."""

    debounce_seconds: Annotated[
        float,
        Param(
            "Wait until no newer event has come for so many seconds; only the last one runs",
            "이 시간(초) 동안 새 이벤트가 없을 때까지 기다렸다가 마지막 것만 실행",
            title="Debounce (seconds)",
            title_ko="모아서 실행(초)",
            ge=0,
            le=3600,
            advanced=True,
        ),
    ] = 0
    debounce_key: Annotated[
        str,
        Param(
            "Events with the same value here belong together, for example {{ event.body.id }}",
            "이 값이 같은 이벤트끼리 모음. 예: {{ event.body.id }}",
            title="Together by",
            title_ko="묶는 기준",
            max_length=400,
            advanced=True,
        ),
    ] = ""

    @field_validator("debounce_key")
    @classmethod
    def _is_plain(cls, value: str) -> str:
        check_plain(value, "debounce_key")
        return value


def check_plain(value: Any, field: str) -> None:
    """Raise `ValueError` unless every `{{ … }}` in the value is a plain path that begins with `event`."""
    from workflows.expressions import ExpressionSyntaxError, compile_value

    try:
        compiled = compile_value(value)
    except ExpressionSyntaxError as error:
        raise ValueError(str(error)) from None
    if compiled.needs_sandbox:
        raise ValueError("Only plain paths such as {{ event.body.id }} work here; compute inside the workflow.")
    for parts in compiled.references:
        if parts[0] != "event":
            raise ValueError(f"`{parts[0]}` is not known here: begin with `event`.")
