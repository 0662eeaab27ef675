"""Parameters with `{{ … }}` in them, compiled once and resolved for every run.

A text that is one `{{ … }}` keeps the type of its value; mixed with other text, values are written into it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from workflows.expressions.code import CodeExpression
from workflows.expressions.errors import ExpressionSyntaxError
from workflows.expressions.paths import Parts, Scope, parse_path, walk
from workflows.expressions.port import Sandbox

MAX_DEPTH = 64


class Value:
    """A compiled parameter. `needs_sandbox` tells whether `resolve_now` suffices."""

    __slots__ = ()
    needs_sandbox = False
    is_literal = False

    @property
    def references(self) -> Iterator[Parts]:
        return iter(())

    def resolve_now(self, scope: Scope) -> Any:
        """The value without a sandbox; only when `needs_sandbox` is false. Raises `MissingPath`."""
        raise NotImplementedError

    async def resolve(self, scope: Scope, sandbox: Sandbox) -> Any:
        """The value; raises `ExpressionError`."""
        return self.resolve_now(scope)


class Literal(Value):
    __slots__ = ("value",)
    is_literal = True

    def __init__(self, value: Any) -> None:
        self.value = value

    def resolve_now(self, scope: Scope) -> Any:
        return self.value


class Path(Value):
    __slots__ = ("parts",)

    def __init__(self, parts: Parts) -> None:
        self.parts = parts

    @property
    def references(self) -> Iterator[Parts]:
        yield self.parts

    def resolve_now(self, scope: Scope) -> Any:
        return walk(self.parts, scope)


class Code(Value):
    __slots__ = ("expression",)
    needs_sandbox = True

    def __init__(self, expression: CodeExpression) -> None:
        self.expression = expression

    @property
    def references(self) -> Iterator[Parts]:
        yield from self.expression.references

    async def resolve(self, scope: Scope, sandbox: Sandbox) -> Any:
        return await self.expression.evaluate(scope, sandbox)


class _Group(Value):
    __slots__ = ("needs_sandbox", "parts")

    def __init__(self, parts: list[Value]) -> None:
        self.parts = parts
        self.needs_sandbox = any(part.needs_sandbox for part in parts)

    @property
    def references(self) -> Iterator[Parts]:
        for part in self.parts:
            yield from part.references

    def build(self, values: list[Any]) -> Any:
        raise NotImplementedError

    def resolve_now(self, scope: Scope) -> Any:
        return self.build([part.resolve_now(scope) for part in self.parts])

    async def resolve(self, scope: Scope, sandbox: Sandbox) -> Any:
        return self.build(
            [
                (await part.resolve(scope, sandbox)) if part.needs_sandbox else part.resolve_now(scope)
                for part in self.parts
            ]
        )


class MixedText(_Group):
    __slots__ = ()

    def build(self, values: list[Any]) -> str:
        return "".join([as_text(value) for value in values])


class ListOf(_Group):
    __slots__ = ()

    def build(self, values: list[Any]) -> list[Any]:
        return values


class ObjectOf(_Group):
    __slots__ = ("keys",)

    def __init__(self, keys: list[str], parts: list[Value]) -> None:
        super().__init__(parts)
        self.keys = keys

    def build(self, values: list[Any]) -> dict[str, Any]:
        return dict(zip(self.keys, values, strict=True))


def as_text(value: Any) -> str:
    """How a value is written into text: text as it is, nothing for null, everything else as JSON."""
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def as_template(text: str) -> str:
    """An expression that may be written with or without its braces, such as an edge's `when`."""
    return text if "{{" in text else f"{{{{ {text} }}}}"


def compile_value(value: Any, _depth: int = 0) -> Value:
    """Compile a parameter of any JSON shape; raises `ExpressionSyntaxError` with its position."""
    if isinstance(value, str):
        return compile_text(value) if "{{" in value else Literal(value)
    if _depth > MAX_DEPTH:
        raise ExpressionSyntaxError(f"The value is nested deeper than {MAX_DEPTH} levels.")
    if isinstance(value, list):
        parts = [compile_value(item, _depth + 1) for item in value]
        return Literal(value) if all(part.is_literal for part in parts) else ListOf(parts)
    if isinstance(value, dict):
        parts = [compile_value(item, _depth + 1) for item in value.values()]
        return Literal(value) if all(part.is_literal for part in parts) else ObjectOf(list(value), parts)
    return Literal(value)


def compile_text(text: str) -> Value:
    """Compile one text that holds at least one `{{ … }}`."""
    pieces: list[Value] = []
    position = 0
    while True:
        opening = text.find("{{", position)
        if opening < 0:
            if position < len(text):
                pieces.append(Literal(text[position:]))
            break
        if opening > position:
            pieces.append(Literal(text[position:opening]))
        closing = _closing(text, opening + 2)
        pieces.append(compile_expression(text[opening + 2 : closing], opening + 2))
        position = closing + 2
    return pieces[0] if len(pieces) == 1 else MixedText(pieces)


def compile_expression(text: str, offset: int = 0) -> Value:
    """Compile what stands between `{{` and `}}`."""
    parts = parse_path(text)
    # Names with leading underscores are refused by the other way, which says so.
    dunder = parts is not None and any(isinstance(part, str) and part.startswith("__") for part in parts)
    if parts is not None and not dunder and not str(parts[0]).startswith("_"):
        return Path(parts)
    return Code(CodeExpression(text, offset))


def _closing(text: str, start: int) -> int:
    """Where the `}}` that ends an expression stands: outside of quotes and brackets."""
    depth, quote, position = 0, "", start
    while position < len(text):
        char = text[position]
        if quote:
            if char == "\\":
                position += 1
            elif text.startswith(quote, position):
                position += len(quote) - 1
                quote = ""
        elif char in "\"'":
            quote = char * 3 if text.startswith(char * 3, position) else char
            position += len(quote) - 1
        elif depth == 0 and text.startswith("}}", position):
            return position
        elif char in "([{":
            depth += 1
        elif char in ")]}":
            depth = max(0, depth - 1)
        position += 1
    raise ExpressionSyntaxError(
        "`{{` is never closed.", position=start - 2, remedy='Close it with }}, or write {{ "{{" }} for the characters.'
    )
