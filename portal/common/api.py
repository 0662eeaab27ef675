"""Small helpers for REST views: bodies parsed by serializers, ETags of drafts, the Idempotency-Key header."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.http import QueryDict
from django.utils import timezone
from rest_framework import serializers
from rest_framework.fields import _UnvalidatedField
from rest_framework.request import Request
from rest_framework.serializers import BaseSerializer

from portal.common.errors import FieldProblem, Invalid, PortalError

S = TypeVar("S", bound=BaseSerializer[Any])
MAX_KEY = 120
_KEY = re.compile(rf"[!-~]{{1,{MAX_KEY}}}")


class PreconditionFailed(PortalError):
    """The thing is not in the state that the caller last saw."""

    code = "precondition_failed"
    status = 412


class PreconditionRequired(PortalError):
    """The caller must say which state it last saw."""

    code = "precondition_required"
    status = 428


def body_of(request: Request, serializer: type[S]) -> dict[str, Any]:
    """The validated body; `Invalid` names each wrong field."""
    if not isinstance(request.data, dict):
        raise Invalid("The body must be a JSON object.", problems=[FieldProblem("", "Send a JSON object.")])
    return checked(serializer, request.data, strict=not isinstance(request.data, QueryDict))


def checked(serializer: type[S], data: dict[str, Any], *, strict: bool = False) -> dict[str, Any]:
    """The validated values; `strict` also refuses JSON of another type, such as 1 for a text."""
    parsed = serializer(data=data)
    known = set(parsed.fields)  # type: ignore[attr-defined]
    if unknown := sorted(set(data) - known):
        names = ", ".join(sorted(known))
        problems = [FieldProblem(name, "This field is not known.", f"Known fields are: {names}.") for name in unknown]
        raise Invalid("The body has unknown fields.", problems=problems)
    if strict and (wrong := list(_wrong_types(parsed, data, ""))):
        raise Invalid("The input is not valid.", problems=wrong)
    parsed.is_valid(raise_exception=True)
    values: dict[str, Any] = parsed.validated_data
    return values


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


#: What JSON value a kind of field takes; the framework itself would turn 1 into "1" and "yes" into true.
_TYPES: tuple[tuple[tuple[type, ...], Callable[[Any], bool], str], ...] = (
    ((serializers.BooleanField,), lambda value: isinstance(value, bool), "true or false"),
    (
        (serializers.IntegerField,),
        lambda value: _is_number(value) and (isinstance(value, int) or value.is_integer()),
        "a whole number",
    ),
    ((serializers.FloatField,), _is_number, "a number"),
    ((serializers.ListField, serializers.ListSerializer), lambda value: isinstance(value, list), "a list"),
    ((serializers.DictField, serializers.Serializer), lambda value: isinstance(value, dict), "an object"),
    ((serializers.JSONField, _UnvalidatedField), lambda value: True, "JSON"),
    ((serializers.Field,), lambda value: isinstance(value, str), "a text"),
)


def _wrong_types(field: Any, value: Any, path: str) -> Iterator[FieldProblem]:
    """Every place where the JSON is of another type than the field takes."""
    if value is None:
        # Whether nothing may be said is the field's own matter.
        return
    is_right, words = next((test, words) for kinds, test, words in _TYPES if isinstance(field, kinds))
    if isinstance(field, serializers.ChoiceField) and not isinstance(value, str | int):
        yield FieldProblem(path, "This is of the wrong type.", "Send one of the choices.")
    elif not is_right(value):
        yield FieldProblem(path, "This is of the wrong type.", f"Send {words}.")
    elif isinstance(field, serializers.Serializer):
        for name, part in field.fields.items():
            if name in value and not part.read_only:
                yield from _wrong_types(part, value[name], f"{path}.{name}".strip("."))
    elif isinstance(field, serializers.ListField | serializers.ListSerializer):
        for place, part in enumerate(value):
            yield from _wrong_types(field.child, part, f"{path}[{place}]")
    elif isinstance(field, serializers.DictField):
        for name, part in value.items():
            yield from _wrong_types(field.child, part, f"{path}.{name}")


def idempotency_key(request: Request) -> str | None:
    """The Idempotency-Key header, bound to its sender."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not _KEY.fullmatch(key):
        problem = FieldProblem("Idempotency-Key", "The key is empty or too long.", f"Use 1 to {MAX_KEY} characters.")
        raise Invalid("The idempotency key cannot be used.", problems=[problem])
    return f"api:{request.user.pk}:{key}"


class FutureTime(serializers.DateTimeField):
    """A moment that is still to come, within the next hundred years."""

    def to_internal_value(self, value: Any) -> datetime:
        moment: datetime = super().to_internal_value(value)
        now = timezone.now()
        if not now < moment < now + timedelta(days=36_525):
            raise serializers.ValidationError("Name a moment in the future.")
        return moment


def etag(revision: int) -> str:
    return f'"{revision}"'


def revision_from(request: Request) -> int:
    """The revision named by If-Match; without it, the caller would overwrite blindly."""
    header = request.headers.get("If-Match", "").strip()
    if not header:
        raise PreconditionRequired(
            "Say which state of the draft you change.", remedy="Send the ETag of the draft you read as If-Match."
        )
    text = header.removeprefix("W/").strip('"')
    if not text.isdigit():
        raise PreconditionFailed("This If-Match names no state of the draft.", remedy="Read the draft again.")
    return int(text)
