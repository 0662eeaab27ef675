"""Every list costs as many queries with many rows as with few."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from portal.api.docs import generate
from tests.api.lists import LISTS, World, address

Api = Callable[..., APIClient]
FEW, MANY = 2, 7


def _queries(client: APIClient, url: str) -> tuple[int, int]:
    with CaptureQueriesContext(connection) as caught:
        answer = client.get(url)
    assert answer.status_code == 200, (url, answer.content)
    return len(answer.json()["results"]), len(caught)


@pytest.mark.parametrize("path", LISTS)
def test_a_list_costs_the_same_with_more_rows(db: None, api: Api, path: str) -> None:
    from tests.people import make_owner

    owner = make_owner()
    world, client, make = World(owner), api(owner), LISTS[path]
    url = address(world, path)
    client.get(url)
    for _row in range(FEW):
        make(world)
    few_rows, few = _queries(client, url)
    for _row in range(MANY):
        make(world)
    many_rows, many = _queries(client, url)

    assert many_rows >= few_rows + MANY
    assert many == few
    assert 1 < many <= 8


def test_every_paged_list_is_counted() -> None:
    names = {"{workflow_id}": "{workflow}", "{trigger_id}": "{trigger}", "{workspace_id}": "{workspace}"}
    listed = set()
    for path, methods in generate()["paths"].items():
        content = methods.get("get", {}).get("responses", {}).get("200", {}).get("content", {})
        if "Paginated" in str(content.get("application/json", {}).get("schema", {}).get("$ref", "")):
            short = path.removeprefix("/api/v1/").replace("{slug}", "the-server")
            for name, own in names.items():
                short = short.replace(name, own)
            listed.add(short)
    assert listed - set(LISTS) == set()
