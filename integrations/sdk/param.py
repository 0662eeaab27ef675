"""Describing one parameter in both languages."""

from __future__ import annotations

from typing import Any

from pydantic import Field
from pydantic.fields import FieldInfo


def Param(en: str, ko: str, *, title: str | None = None, title_ko: str = "", **options: Any) -> FieldInfo:
    """`Annotated[int, Param("Rows at most", "최대 행 수", ge=1, le=100)]`: the words of a field and its bounds.

    The Korean words travel in the JSON Schema as `x-description-ko` and `x-title-ko`. Further hints for the form:
    `widget="code" | "textarea" | "password" | "date"`, `advanced=True` (folded away), `examples=[…]`.
    """
    extra: dict[str, Any] = {"x-description-ko": ko}
    if title_ko:
        extra["x-title-ko"] = title_ko
    for name in ("widget", "advanced"):
        if name in options:
            extra[f"x-{name}"] = options.pop(name)
    field: FieldInfo = Field(title=title, description=en, json_schema_extra=extra, **options)
    return field
