"""Reads adverts out of a platform's answer with its profile. Personal fields never leave this module."""

from __future__ import annotations

import re
from typing import Any

from properties.collectors.profile import FieldSpec, Profile, Rows, lists_at, walk
from properties.normalise.listing import RawAdvert

#: Platforms add and rename fields: a raw page may lack one too many, but never keep a person.
_PERSONAL = re.compile(
    r"realtor|rltr|broker|agen(?:t|cy)|seller|landlord|중개|대표자|담당|휴대|전화|연락|phone|tel(?:no|num|ephone)|e-?mail"
    r"|(?:user|member|nick|owner|staff|contact)_?(?:name|nm|no|id)|cell|mobile",
    re.IGNORECASE,
)


def rows_of(answer: Any, rows: Rows) -> list[dict[str, Any]]:
    """Row dictionaries of one answer. Rows of a group carry `@group` (id-bearing main row) beside their own values."""
    found: list[dict[str, Any]] = []
    for path in rows.paths:
        value = answer if path == "@" else walk(answer, path)
        for item in value if isinstance(value, list) else []:
            if not isinstance(item, dict):
                continue
            if not rows.main:
                found.append(item)
                continue
            main = walk(item, rows.main)
            if not isinstance(main, dict):
                continue
            others = [other for other in walk(item, rows.others) or [] if isinstance(other, dict)]
            found.append({**main, "@group": main} if others else main)
            found.extend({**_merged(main, other), "@group": main} for other in others if other != main)
    return found


def has_rows(answer: Any, rows: Rows) -> bool:
    """Whether the answer has a place for rows, be it empty: one without is of another form, not an empty one."""
    return any(isinstance(answer, list) if path == "@" else lists_at(answer, path) for path in rows.paths)


def count_of(answer: Any, rows: Rows) -> int:
    """How many items the platform counts in an answer; a group of adverts of one unit is one."""
    lists = [answer if path == "@" else walk(answer, path) for path in rows.paths]
    return sum(len(found) for found in lists if isinstance(found, list))


def _merged(base: dict[str, Any], top: dict[str, Any]) -> dict[str, Any]:
    result = dict(base)
    for key, value in top.items():
        if isinstance(value, dict) and isinstance(result.get(key), dict):
            result[key] = _merged(result[key], value)
        else:
            result[key] = value
    return result


def _value(spec: str | FieldSpec, row: dict[str, Any], variables: dict[str, Any]) -> Any:
    if isinstance(spec, str):
        return variables.get(spec[1:]) if spec.startswith("@") else walk(row, spec)
    value: Any
    if spec.template:
        pieces = {name: walk(row, name) for name in re.findall(r"\{([^}@]+)\}", spec.template)}
        if any(piece in (None, "") for piece in pieces.values()):
            return None
        value = re.sub(r"\{@(\w+)\}", lambda found: str(variables.get(found[1], "")), spec.template)
        value = re.sub(r"\{([^}]+)\}", lambda found: str(pieces.get(found[1], "")), value)
    else:
        value = walk(row, spec.path) if spec.path else spec.const
    if spec.regex and value is not None:
        match = re.search(spec.regex, str(value))
        value = match[1] if match else None
    if spec.values and value is not None:
        value = spec.values.get(str(value), value)
    if spec.prefix and value is not None:
        values = value if isinstance(value, list) else [value]
        return tuple(f"{spec.prefix}{item}" for item in values)
    return value


def advert_of_row(profile: Profile, row: dict[str, Any], variables: dict[str, Any]) -> RawAdvert | None:
    """The raw advert of one row; None when the row has no id (it is not an advert)."""
    identifier = walk(row, profile.id_field)
    if identifier in (None, ""):
        return None
    if isinstance(identifier, list):
        identifier = identifier[0]
    fields = {name: _value(spec, row, variables) for name, spec in profile.fields.items()}
    fields = {name: value for name, value in fields.items() if value is not None}
    group = row.get("@group")
    if isinstance(group, dict) and (leader := walk(group, profile.id_field)):
        fields["group_key"] = str(leader)
    if profile.url:
        fields["url"] = profile.url.replace("{id}", str(identifier))
    return RawAdvert(
        platform=profile.origin or profile.key,
        platform_id=str(identifier),
        fields=fields,
        money_unit=profile.money_unit,
        location_precision=profile.location_precision,
        utc_dates=profile.utc_dates,
    )


def without_personal(data: Any, names: tuple[str, ...]) -> Any:
    """The answer without personal fields at any depth, the profile's and whatever sounds like one: what may be kept."""
    if isinstance(data, dict):
        return {
            key: without_personal(value, names)
            for key, value in data.items()
            if key not in names and not _PERSONAL.search(key)
        }
    if isinstance(data, list):
        return [without_personal(item, names) for item in data]
    return data
