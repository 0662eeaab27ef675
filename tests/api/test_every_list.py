"""Every list of the document keeps the habits of lists: cursors, orders, filters and sparse rows."""

from __future__ import annotations

from collections.abc import Callable
from json import loads
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from rest_framework.test import APIClient

from portal.api.docs import FILE
from tests.api.lists import LISTS, World, address
from tests.people import make_owner

Api = Callable[..., APIClient]
ROWS = 5
PAGING = {"cursor", "limit", "ordering", "fields"}
#: Filters whose value must name something that exists.
NAMING = {"platform"}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    found: dict[str, Any] = loads(FILE.read_bytes())
    return found


def _template(path: str) -> str:
    """The path of the document for a path of `LISTS`."""
    for name in ("workflow", "trigger", "workspace"):
        path = path.replace(f"{{{name}}}", f"{{{name}_id}}")
    return f"/api/v1/{path.replace('the-server', '{slug}').replace('the-flow', '{workflow_id}')}"


def _resolved(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    for part in (*schema.get("allOf", ()), *schema.get("oneOf", ())):
        if part.get("type") != "null":
            return _resolved(document, part)
    return schema


class Asker:
    """One list with some rows, and what the document says about it."""

    def __init__(self, document: dict[str, Any], api: Api, path: str) -> None:
        owner = make_owner()
        self.document, world = document, World(owner)
        self.client, self.url = api(owner), address(world, path)
        for _row in range(ROWS):
            LISTS[path](world)
        operation = document["paths"][_template(path)]["get"]
        self.parameters = {part["name"]: part for part in operation["parameters"] if part["in"] == "query"}

    def ask(self, **query: Any) -> Any:
        return self.client.get(f"{self.url}?{urlencode(query)}")

    def rows(self, **query: Any) -> list[dict[str, Any]]:
        answer = self.ask(**query)
        assert answer.status_code == 200, (query, answer.content)
        found: list[dict[str, Any]] = answer.json()["results"]
        return found

    def refusal(self, **query: Any) -> str:
        """The field that a refusal names."""
        answer = self.ask(**query)
        assert answer.status_code == 422, (query, answer.content)
        assert answer["Content-Type"] == "application/problem+json"
        assert answer.json()["code"] == "invalid"
        return str(answer.json()["problems"][0]["field"])


@pytest.fixture(params=LISTS)
def asker(db: None, request: pytest.FixtureRequest, document: dict[str, Any], api: Api) -> Asker:
    return Asker(document, api, request.param)


def test_the_habits_of_a_list(asker: Asker) -> None:
    _pages_hold_each_row_once_and_lead_back(asker)
    _orders_reverse(asker)
    _filters_narrow(asker)
    _rows_are_cut(asker)
    _mistakes_name_their_field(asker)


def _pages_hold_each_row_once_and_lead_back(asker: Asker) -> None:
    whole = asker.rows(limit=200)
    assert len(whole) >= ROWS
    pages = [asker.ask(limit=2).json()]
    while pages[-1]["next"]:
        pages.append(asker.client.get(pages[-1]["next"]).json())
    assert [row for page in pages for row in page["results"]] == whole
    assert pages[0]["previous"] is None and len(pages) > 2
    assert asker.client.get(pages[-1]["previous"]).json()["results"] == pages[-2]["results"]


def _orders_reverse(asker: Asker) -> None:
    names = [name for name in asker.parameters.get("ordering", {}).get("schema", {}).get("enum", []) if name[0] != "-"]
    for name in names:
        up, down = asker.rows(ordering=name, limit=200), asker.rows(ordering=f"-{name}", limit=200)
        assert up == down[::-1], name
        if up and name in up[0]:
            values = [str(row[name]) for row in up if row[name] is not None]
            if not any(value.isdigit() for value in values):
                assert values == sorted(values), name


def _filters_narrow(asker: Asker) -> None:
    everything = len(asker.rows(limit=200))
    for name, parameter in asker.parameters.items():
        if name in PAGING:
            continue
        schema = _resolved(asker.document, parameter["schema"])
        if "enum" in schema:
            for value in schema["enum"]:
                rows = asker.rows(**{name: value})
                assert all(row.get(name, value) == value for row in rows), (name, value)
        elif schema.get("format") == "uuid":
            assert asker.rows(**{name: uuid4()}) == [], name
        elif schema.get("format") == "date-time":
            either = asker.rows(**{name: "1999-01-01T00:00:00Z"}), asker.rows(**{name: "2999-01-01T00:00:00Z"})
            assert [] in either, name
        elif schema.get("type") == "string" and "format" not in schema and name not in NAMING:
            assert asker.rows(**{name: "zzqx"}) == [], name
        elif schema.get("type") == "boolean":
            assert len(asker.rows(**{name: "true"})) <= everything


def _rows_are_cut(asker: Asker) -> None:
    names = list(asker.rows(limit=1)[0])[:2]
    assert [list(row) for row in asker.rows(fields=",".join(names), limit=2)] == [names, names]


def _mistakes_name_their_field(asker: Asker) -> None:
    assert asker.refusal(nonsense="1") == "nonsense"
    assert asker.refusal(fields="nonsense") == "fields"
    assert asker.refusal(cursor="nonsense") == "cursor"
    assert [asker.refusal(limit=size) for size in (0, 201, "x")] == ["limit"] * 3
    if "ordering" in asker.parameters:
        assert asker.refusal(ordering="nonsense") == "ordering"
    for name, parameter in asker.parameters.items():
        schema = _resolved(asker.document, parameter["schema"])
        is_checked = "enum" in schema or schema.get("format") in ("uuid", "date-time", "date")
        if name not in PAGING and (is_checked or schema.get("type") in ("integer", "number", "boolean")):
            assert asker.refusal(**{name: "nonsense"}) == name
