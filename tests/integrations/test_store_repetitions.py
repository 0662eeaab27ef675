"""A write to a store that is repeated happens once, also when both calls arrive together."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from integrations.models import DataRow, StoreReceipt
from integrations.runtime import run_action
from integrations.sdk import Rejected
from integrations.stores import tables, values
from integrations.stores.columns import Column
from integrations.stores.once import KEPT
from portal.common.bridge import run_async
from tests.people import make_owner

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def workspace(transactional_db: None) -> Any:
    return make_owner().workspace


def call(workspace: Any, action: str, *keys: str | None, **params: Any) -> list[Any]:
    """The results of this many calls at the same time."""

    async def together() -> list[Any]:
        calls = (run_action(action, params, workspace_id=str(workspace.pk), idempotency_key=key) for key in keys)
        return list(await asyncio.gather(*calls, return_exceptions=True))

    return run_async(together)


def test_concurrent_duplicates_count_once(workspace: Any) -> None:
    found = call(workspace, "key_value.increment", *["run-1:count"] * 8, key="visits")
    assert [one["value"] for one in found] == [1] * 8
    assert values.read(workspace, "default", "visits").value == 1


def test_other_keys_and_no_key_count_each(workspace: Any) -> None:
    found = call(workspace, "key_value.increment", "a", "b", None, None, key="visits")
    assert sorted(one["value"] for one in found) == [1, 2, 3, 4]


def test_concurrent_duplicates_insert_once(workspace: Any) -> None:
    tables.create_table(workspace, "orders", [Column(name="email", required=True)])
    found = call(workspace, "tables.insert", *["k"] * 5, table="orders", rows=[{"email": "a@example.com"}])
    assert {one["rows"][0]["id"] for one in found} == {str(DataRow.objects.get().pk)}
    assert found[0] == found[4]


def test_a_call_that_failed_may_be_repeated(workspace: Any) -> None:
    (failed,) = call(workspace, "tables.insert", "k", table="orders", rows=[{"email": "a@example.com"}])
    assert isinstance(failed, Rejected) and not StoreReceipt.objects.exists()
    tables.create_table(workspace, "orders", [Column(name="email", required=True)])
    (found,) = call(workspace, "tables.insert", "k", table="orders", rows=[{"email": "a@example.com"}])
    assert found["inserted"] == 1


def test_keys_belong_to_their_workspace_and_action_and_are_forgotten(workspace: Any) -> None:
    other = make_owner("other").workspace
    call(workspace, "key_value.increment", "k", key="visits")
    call(other, "key_value.increment", "k", key="visits")
    tables.create_table(workspace, "orders", [Column(name="email")])
    assert call(workspace, "tables.insert", "k", table="orders", rows=[{"email": "a"}])[0]["inserted"] == 1
    assert values.read(other, "default", "visits").value == 1
    StoreReceipt.objects.update(created_at=timezone.now() - KEPT - timedelta(minutes=1))
    assert call(workspace, "key_value.increment", "k", key="visits")[0]["value"] == 2
    assert StoreReceipt.objects.for_workspace(workspace).count() == 1
