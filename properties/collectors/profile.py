"""Platform profiles: validated data that tells the generic collector what to ask and how to read the answer."""

from __future__ import annotations

import json
import re
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

FOLDER = Path(__file__).with_name("profiles")


class Access(StrEnum):
    """Whether a platform may be collected at once, after a recorded legal basis, or only linked to."""

    OPEN = "open"
    NEEDS_BASIS = "needs_basis"
    LINK_ONLY = "link_only"


class Part(BaseModel):
    """Base of the profile parts: unknown keys are errors, so that a typing mistake is found at load time."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class FieldSpec(Part):
    """Where one canonical field comes from."""

    path: str = ""
    regex: str = ""
    prefix: str = ""
    template: str = ""
    const: Any = None
    values: dict[str, str] = Field(default_factory=dict)


class Paging(Part):
    """How the next page is asked for, and what says that there is one."""

    kind: Literal["none", "page", "offset", "cursor"] = "none"
    param: str = "page"
    start: int = 1
    size: int = 20
    more: str = ""
    more_is: Any = True
    total: str = ""
    carry: dict[str, str] = Field(default_factory=dict)


class Rows(Part):
    """Where the rows are. `main` and `others` open a group of adverts of one unit; others fill their gaps from main."""

    paths: tuple[str, ...]
    main: str = ""
    others: str = ""


class Step(Part):
    """One request template."""

    method: Literal["GET", "POST"] = "GET"
    path: str
    query: dict[str, Any] = Field(default_factory=dict)
    body: dict[str, Any] | None = None
    paging: Paging = Paging()
    rows: Rows
    per: Literal["region", "trade", "complex"] = "region"
    #: Set on a step that only lists ids; the step named here then fetches that many at once.
    ids: str = ""
    details: str = ""
    batch: int = 10
    #: CSS id (`#data`) of the script element that holds the answer as JSON once a browser has run the page.
    render: str = Field("", pattern=r"^(#[A-Za-z_][\w-]*)?$")

    def needs(self) -> set[str]:
        """Names of the variables that the request is filled with."""
        return set(re.findall(r"\{(\w+)\}", json.dumps([self.path, self.query, self.body])))


class BlockSigns(Part):
    """What shows that the platform refuses us. A block is respected, never worked around."""

    statuses: tuple[int, ...] = (401, 403, 429)
    redirect: str = "error|abuse|captcha|challenge|login"
    text: str = "captcha|자동입력 방지|비정상적인 접근|Access Denied|Just a moment"
    json_equals: dict[str, str] = Field(default_factory=dict)


class Profile(Part):
    """Everything platform-specific, in one file."""

    key: str
    title: str
    title_ko: str
    access: Access
    base_url: str = ""
    base_url_env: str = ""
    home: str = ""
    terms_note: str = ""
    requests_per_second: float = 0.5
    jitter: float = 0.3
    headers: dict[str, str] = Field(default_factory=dict)
    money_unit: Literal["manwon", "won"] = "manwon"
    location_precision: Literal["exact", "complex", "shifted", "unknown"] = "unknown"
    utc_dates: bool = False
    trade_codes: dict[str, str] = Field(default_factory=dict)
    property_codes: dict[str, str] = Field(default_factory=dict)
    steps: dict[str, Step] = Field(default_factory=dict)
    id_field: str = ""
    id_in_url: str = ""
    fields: dict[str, str | FieldSpec] = Field(default_factory=dict)
    url: str = ""
    origin: str = ""
    absent_means_closed: bool = False
    #: Rows do not name their dong: ask dong by dong, so that the question tells it.
    by_dong: bool = False
    blocks: BlockSigns = BlockSigns()
    personal_fields: tuple[str, ...] = ()

    @property
    def collectable(self) -> bool:
        """Whether there is anything to request (a link-only platform has nothing)."""
        return bool(self.steps) and self.access is not Access.LINK_ONLY


@lru_cache(maxsize=1)
def load_profiles() -> dict[str, Profile]:
    """Every profile by key; a broken file is an error at start, not at night."""
    found = {}
    for file in sorted(FOLDER.glob("*.json")):
        profile = Profile.model_validate_json(file.read_text(encoding="utf-8"))
        found[profile.key] = profile
    return found


def profile_of(key: str) -> Profile:
    """One profile; `KeyError` names the ones there are."""
    profiles = load_profiles()
    if key not in profiles:
        raise KeyError(f"There is no platform {key!r}; known are {', '.join(profiles)}.")
    return profiles[key]


def platform_of_link(link: str) -> tuple[Profile, str] | None:
    """Platform and advert id of a pasted link; None when no profile knows its form."""
    for profile in load_profiles().values():
        if profile.id_in_url and (match := re.search(profile.id_in_url, link)):
            return profile, match[1]
    return None


def walk(data: Any, path: str) -> Any:
    """Value at `a.b[].c`; `[]` flattens lists; alternatives are separated by `|`; None when absent."""
    for option in path.split("|"):
        value = _walk(data, option.strip().split("."))
        if value not in (None, "", []):
            return value
    return None


def lists_at(data: Any, path: str) -> bool:
    """Whether any alternative of a path leads to a list, be it empty."""
    return any(isinstance(_walk(data, option.strip().split(".")), list) for option in path.split("|"))


def _walk(value: Any, parts: list[str]) -> Any:
    for position, part in enumerate(parts):
        if part in ("", "@"):
            continue
        name, many = (part[:-2], True) if part.endswith("[]") else (part, False)
        if name == "*" and isinstance(value, dict):
            value = list(value.values())
            many = True
        elif name:
            value = value.get(name) if isinstance(value, dict) else None
        if many:
            rest = parts[position + 1 :]
            items = value if isinstance(value, list) else []
            if not rest:
                return items
            found: list[Any] = []
            for item in items:
                deeper = _walk(item, rest)
                found.extend(deeper if isinstance(deeper, list) else [] if deeper is None else [deeper])
            return found
        if value is None:
            return None
    return value


def fill(template: Any, variables: dict[str, Any]) -> Any:
    """A request template with its `{names}` replaced; a text that is one name alone takes the value's own type."""
    if isinstance(template, dict):
        return {key: fill(value, variables) for key, value in template.items()}
    if isinstance(template, list):
        return [fill(value, variables) for value in template]
    if isinstance(template, str) and "{" in template:
        if match := re.fullmatch(r"\{(\w+)\}", template):
            return variables.get(match[1])
        return re.sub(r"\{(\w+)\}", lambda found: str(variables.get(found[1], "")), template)
    return template
