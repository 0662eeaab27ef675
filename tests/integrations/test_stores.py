"""Stores of a workspace: values and rows as kept, exact under many writers, bounded, and invisible to others."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.utils import timezone
from jsonschema import Draft202012Validator

from integrations.models import DataRow, StoredValue
from integrations.registry import registry
from integrations.runtime import run_action
from integrations.sdk import InvalidParams, Rejected
from integrations.stores import tables, values
from integrations.stores.columns import Column, Condition
from integrations.stores.room import StoreFull
from portal.common.errors import Conflict, Invalid, NotFound
from portal.settings.env import env
from tests.people import make_owner

COLUMNS = [
    Column(name="email", required=True),
    Column(name="amount", kind="integer"),
    Column(name="price", kind="number"),
    Column(name="paid", kind="boolean"),
    Column(name="paid_on", kind="date"),
    Column(name="at", kind="datetime"),
    Column(name="extra", kind="json"),
]


@pytest.fixture
def workspace(db):
    return make_owner().workspace


@pytest.fixture
def orders(workspace):
    return tables.create_table(workspace, "orders", COLUMNS)


def where(column, op, value=None):
    return [Condition(column=column, op=op, value=value)]


def emails(table, conditions=(), **options):
    return [row.values["email"] for row in tables.search(table, conditions, **options)]


def test_a_value_is_kept_changed_and_forgotten(workspace):
    assert values.read(workspace, "default", "a") is None
    values.write(workspace, "default", "a", {"n": 1, "글": "값\0"})
    assert values.read(workspace, "default", "a").value == {"n": 1, "글": "값\ufffd"}
    assert values.write(workspace, "default", "a", 2, only_if_absent=True) is None
    values.write(workspace, "default", "a", None)
    assert values.read(workspace, "default", "a").value is None
    assert values.delete(workspace, "default", ["a", "b"]) == 1
    assert values.read(workspace, "default", "a") is None


def test_a_value_with_a_lifetime_is_gone_afterwards_and_swept(workspace):
    values.write(workspace, "default", "a", 1, ttl=60)
    assert values.read(workspace, "default", "a") is not None
    StoredValue.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert values.read(workspace, "default", "a") is None and values.stores(workspace) == []
    assert values.increment(workspace, "default", "a", Decimal(5)).value == 5
    values.write(workspace, "default", "b", 1)
    assert StoredValue.objects.count() == 2


def test_counting_is_exact_and_only_for_numbers(workspace):
    for _ in range(3):
        found = values.increment(workspace, "default", "n", Decimal("0.1"))
    assert found.value == 0.3
    values.write(workspace, "default", "t", "text")
    with pytest.raises(Invalid, match="Only a number"):
        values.increment(workspace, "default", "t", Decimal(1))


def test_keys_and_names_that_cannot_be_used_are_named(workspace):
    for key in ("", "x" * 201, "a\0b", "a\nb"):
        with pytest.raises(Invalid) as caught:
            values.write(workspace, "default", key, 1)
        assert caught.value.problems[0].field == "key"
    with pytest.raises(Invalid, match="store"):
        values.write(workspace, "Not A Name", "a", 1)
    with pytest.raises(Invalid, match="too large"):
        values.write(workspace, "default", "a", "x" * values.MAX_VALUE_BYTES)


def test_values_are_listed_in_order_behind_a_key(workspace):
    for key in ("b", "a1", "a3", "a2"):
        values.write(workspace, "default", key, key)
    assert [row.key for row in values.search(workspace, "default", prefix="a", after="a1")] == ["a2", "a3"]


def test_quotas_of_the_values_hold_and_a_change_in_place_is_still_possible(workspace, monkeypatch):
    monkeypatch.setattr(env(), "store_max_keys", 2)
    values.write(workspace, "default", "a", 1)
    values.write(workspace, "other", "b", 1)
    with pytest.raises(StoreFull, match="2 is the limit"):
        values.write(workspace, "default", "c", 1)
    values.write(workspace, "default", "a", 2)
    monkeypatch.setattr(env(), "store_max_bytes", 10)
    with pytest.raises(StoreFull, match="10 bytes"):
        values.write(workspace, "default", "a", "a longer text")


def test_nobody_reaches_the_values_and_tables_of_another_workspace(workspace, orders):
    values.write(workspace, "default", "a", 1)
    tables.insert(workspace, "orders", [{"email": "a@x"}])
    stranger = make_owner("stranger").workspace
    assert values.read(stranger, "default", "a") is None and values.delete(stranger, "default", ["a"]) == 0
    assert list(values.search(stranger, "default")) == [] and values.usage(stranger).keys == 0
    assert list(tables.tables(stranger)) == [] and tables.usage(stranger) == (0, 0)
    for act in (
        lambda: tables.insert(stranger, "orders", [{"email": "b@x"}]),
        lambda: tables.update(stranger, "orders", [], {"amount": 1}),
        lambda: tables.delete(stranger, "orders", []),
        lambda: tables.delete_table(stranger, "orders"),
    ):
        with pytest.raises(NotFound):
            act()
    theirs = tables.create_table(stranger, "orders", COLUMNS)
    row = DataRow.objects.get()
    assert list(tables.search(theirs, where("id", "eq", str(row.pk)))) == []
    assert tables.delete(stranger, "orders", where("id", "eq", str(row.pk))) == 0
    assert DataRow.objects.count() == 1


def test_rows_are_kept_in_the_type_of_their_columns(workspace, orders):
    [row] = tables.insert(
        workspace,
        "orders",
        [
            {
                "email": "a@x",
                "amount": "3",
                "price": 1.5,
                "paid": "true",
                "paid_on": "2026-03-02",
                "at": "2026-03-02T09:00:00+09:00",
                "extra": {"x": [1]},
            }
        ],
    )
    assert row.values == {
        "email": "a@x",
        "amount": 3,
        "price": 1.5,
        "paid": True,
        "paid_on": "2026-03-02",
        "at": "2026-03-02T00:00:00.000000Z",
        "extra": {"x": [1]},
    }


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ({}, "rows[1].email"),
        ({"email": None}, "rows[1].email"),
        ({"email": "b", "amount": 1.5}, "rows[1].amount"),
        ({"email": "b", "amount": True}, "rows[1].amount"),
        ({"email": "b", "amount": "1e400"}, "rows[1].amount"),
        ({"email": "b", "price": "NaN"}, "rows[1].price"),
        ({"email": "b", "paid": 2}, "rows[1].paid"),
        ({"email": "b", "paid_on": "tomorrow"}, "rows[1].paid_on"),
        ({"email": "b", "at": 5}, "rows[1].at"),
        ({"email": ["b"]}, "rows[1].email"),
        ({"email": "b", "typo": 1}, "rows[1].typo"),
    ],
)
def test_one_wrong_value_refuses_all_rows_and_is_named(workspace, orders, row, field):
    with pytest.raises(Invalid) as caught:
        tables.insert(workspace, "orders", [{"email": "a"}, row])
    assert [problem.field for problem in caught.value.problems] == [field]
    assert DataRow.objects.count() == 0


def test_conditions_compare_by_type(workspace, orders):
    tables.insert(
        workspace,
        "orders",
        [
            {"email": "a", "amount": 9, "paid_on": "2026-03-02", "paid": True},
            {"email": "b", "amount": 10, "paid_on": "2026-11-30", "at": "2026-01-01T00:00:00Z"},
            {"email": "c", "amount": None, "extra": {"k": 1}},
            {"email": "d%"},
        ],
    )
    assert emails(orders, where("amount", "gt", 9)) == ["b"]
    assert emails(orders, where("amount", "lte", 10)) == ["a", "b"]
    assert emails(orders, where("amount", "eq", "9")) == ["a"]
    assert emails(orders, where("amount", "ne", 9)) == ["b", "c", "d%"]
    assert emails(orders, where("amount", "in", [9, 10])) == ["a", "b"]
    assert emails(orders, where("amount", "empty")) == ["c", "d%"]
    assert emails(orders, where("amount", "not_empty")) == ["a", "b"]
    assert emails(orders, where("paid_on", "gte", "2026-10-01")) == ["b"]
    assert emails(orders, where("at", "lt", "2026-01-01T10:00:00+09:00")) == ["b"]
    assert emails(orders, where("paid", "eq", True)) == ["a"]
    assert emails(orders, where("extra", "eq", {"k": 1})) == ["c"]
    assert emails(orders, where("email", "contains", "%")) == ["d%"]
    assert emails(orders, where("email", "starts_with", "d")) == ["d%"]
    assert emails(orders, [*where("amount", "gte", 1), *where("email", "gt", "a")]) == ["b"]
    assert emails(orders, order_by="amount", descending=True) == ["b", "a", "c", "d%"]
    one = DataRow.objects.filter(values__email="c").get()
    assert emails(orders, where("id", "eq", str(one.pk))) == ["c"]


@pytest.mark.parametrize(
    ("condition", "field"),
    [
        (where("nope", "eq", 1), "where[0].column"),
        (where("values) OR 1=1 --", "eq", 1), "where[0].column"),
        (where("amount", "gt", "x"), "where[0].value"),
        (where("amount", "gt", None), "where[0].op"),
        (where("extra", "gt", 1), "where[0].op"),
        (where("id", "eq", "x"), "where[0].value"),
        (where("id", "gt", "x"), "where[0].op"),
    ],
)
def test_a_condition_that_cannot_be_used_is_named(orders, condition, field):
    with pytest.raises(Invalid) as caught:
        list(tables.search(orders, condition))
    assert caught.value.problems[0].field == field


def test_a_hostile_column_name_is_no_column(workspace):
    from pydantic import ValidationError

    for name in ('a"b', "a'b", "a b", "1a", "", "a__gte)", "x" * 65):
        with pytest.raises(ValidationError):
            Column(name=name)
    with pytest.raises(Invalid) as caught:
        tables.create_table(workspace, "t", [Column(name="id")])
    assert "reserved" in caught.value.problems[0].message


def test_upsert_changes_what_agrees_and_inserts_the_rest(workspace, orders):
    tables.insert(workspace, "orders", [{"email": "a", "amount": 1, "paid": True}])
    inserted, updated = tables.upsert(
        workspace, "orders", [{"email": "a", "amount": 2}, {"email": "b"}, {"email": "b", "amount": 5}], ["email"]
    )
    assert (len(inserted), len(updated)) == (1, 1)
    kept = {row.values["email"]: row.values for row in DataRow.objects.all()}
    assert kept == {"a": {"email": "a", "amount": 2, "paid": True}, "b": {"email": "b", "amount": 5}}
    tables.insert(workspace, "orders", [{"email": "a"}])
    with pytest.raises(Conflict, match="more than one"):
        tables.upsert(workspace, "orders", [{"email": "a"}], ["email"])
    with pytest.raises(Invalid) as caught:
        tables.upsert(workspace, "orders", [{"email": "z"}], ["amount"])
    assert caught.value.problems[0].field == "rows[0].amount"


def test_update_and_delete_change_what_meets_the_conditions(workspace, orders):
    tables.insert(workspace, "orders", [{"email": name, "amount": number} for number, name in enumerate("abcd")])
    assert tables.update(workspace, "orders", where("amount", "gte", 2), {"amount": 0, "paid": True}) == 2
    assert sorted(emails(orders, where("amount", "eq", 0))) == ["a", "c", "d"]
    row = DataRow.objects.get(values__email="c")
    assert row.values == {"email": "c", "amount": 0, "paid": True} and row.size > 20
    assert tables.delete(workspace, "orders", where("paid", "eq", True)) == 2
    assert emails(orders) == ["a", "b"]
    with pytest.raises(Invalid):
        tables.update(workspace, "orders", [], {"email": None})
    with pytest.raises(Invalid, match="more than"):
        tables.update(workspace, "orders", [], {"extra": "x" * tables.MAX_ROW_BYTES})
    assert emails(orders) == ["a", "b"] and DataRow.objects.get(values__email="a").values.get("extra") is None
    assert tables.delete_table(workspace, "orders") == 2


def test_a_table_takes_new_optional_columns_and_refuses_other_changes(workspace, orders):
    assert tables.create_table(workspace, "orders", COLUMNS[:2]).pk == orders.pk
    grown = tables.create_table(workspace, "orders", [Column(name="note")])
    assert [column["name"] for column in grown.columns][-1] == "note"
    for wrong in (Column(name="amount", kind="text"), Column(name="must", required=True)):
        with pytest.raises(Conflict, match="other columns"):
            tables.create_table(workspace, "orders", [wrong])


def test_quotas_of_the_tables_hold(workspace, orders, monkeypatch):
    monkeypatch.setattr(env(), "table_max_rows", 2)
    tables.insert(workspace, "orders", [{"email": "a"}, {"email": "b"}])
    with pytest.raises(StoreFull):
        tables.insert(workspace, "orders", [{"email": "c"}])
    tables.upsert(workspace, "orders", [{"email": "a", "amount": 1}], ["email"])
    monkeypatch.setattr(env(), "store_max_bytes", 100)
    with pytest.raises(StoreFull):
        tables.update(workspace, "orders", [], {"extra": "x" * 100})


@pytest.mark.django_db(transaction=True)
def test_many_writers_count_exactly_and_upsert_no_double():
    workspace = make_owner().workspace
    tables.create_table(workspace, "seen", [Column(name="name")])

    def work(_):
        try:
            values.increment(workspace, "default", "n", Decimal(1))
            tables.upsert(workspace, "seen", [{"name": "one"}], ["name"])
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(20)))
    assert values.read(workspace, "default", "n").value == 20
    assert DataRow.objects.count() == 1


@pytest.mark.django_db(transaction=True)
async def test_every_action_works_in_a_workspace_and_in_none_says_so():
    from asgiref.sync import sync_to_async

    workspace = await sync_to_async(lambda: make_owner().workspace)()
    results = {}
    for name in ("key_value", "tables"):
        for action in registry().connectors[name].actions.values():
            with pytest.raises(Rejected, match="runs in none"):
                await run_action(action.id, action.example or {})
            result = await run_action(action.id, action.example or {}, workspace_id=str(workspace.pk))
            Draft202012Validator(action.output_schema).validate(result)
            results[action.id] = result
    assert results["key_value.get"]["value"] == "안녕하세요" and not results["key_value.get"]["found"]
    assert results["key_value.delete"] == {"deleted": 1} and results["key_value.list_values"]["count"] == 1
    assert results["tables.upsert"]["updated"] == 1 and results["tables.query"]["rows"][0]["amount"] == 5
    assert results["tables.update"] == results["tables.delete"] == {"count": 1}
    for action, more in (("update", {"values": {"amount": 1}}), ("delete", {})):
        with pytest.raises(InvalidParams, match="every row"):
            await run_action(f"tables.{action}", {"table": "orders", **more}, workspace_id=str(workspace.pk))
    counted = [run_action("key_value.increment", {"key": "m"}, workspace_id=str(workspace.pk)) for _ in range(5)]
    assert sorted(one["value"] for one in await asyncio.gather(*counted)) == [1, 2, 3, 4, 5]
