"""The pages of the stores: found, exported harmlessly, deleted by people who may, unknown to everybody else."""

import json

import pytest
from django.urls import reverse

from integrations.models import DataRow, StoredValue
from integrations.stores import tables, values
from integrations.stores.columns import Column
from portal.workspaces.models import AuditEntry
from portal.workspaces.roles import Role
from tests.pages.conftest import client_of
from tests.people import join, make_owner


@pytest.fixture
def owner(db):
    owner = make_owner()
    for number in range(60):
        values.write(owner.workspace, "default", f"key {number:02}", {"number": number})
    values.write(owner.workspace, "other", "=cmd", "=1+1")
    tables.create_table(owner.workspace, "orders", [Column(name="email"), Column(name="amount", kind="integer")])
    rows = [{"email": f"p{number}@example.com", "amount": number} for number in range(60)]
    tables.insert(owner.workspace, "orders", [*rows, {"email": "=HYPERLINK(1)", "amount": -5}])
    return owner


def text_of(response):
    return b"".join(response.streaming_content).decode() if response.streaming else response.content.decode()


def test_values_are_shown_by_store_and_beginning_in_pages(owner):
    client = client_of(owner)
    page = text_of(client.get(reverse("store-values")))
    assert "key 00" in page and "key 49" in page and "key 50" not in page and "61 keys" in page
    assert "key 50" in text_of(client.get(reverse("store-values") + "?page=2"))
    found = text_of(client.get(reverse("store-values") + "?store=default&prefix=key+5"))
    assert "key 51" in found and "key 41" not in found
    assert "No key begins so" in text_of(client.get(reverse("store-values") + "?prefix=zz"))


def test_values_are_exported_without_formulas(owner):
    client = client_of(owner)
    sheet = text_of(client.get(reverse("store-value-export", args=["csv"]) + "?store=other"))
    assert "'=cmd,'=1+1" in sheet
    lines = json.loads(
        text_of(client.get(reverse("store-value-export", args=["json"]) + "?store=default&prefix=key+0"))
    )
    assert len(lines) == 10 and lines[3]["value"] == {"number": 3}
    assert client.get(reverse("store-value-export", args=["exe"])).status_code == 404


def test_rows_are_filtered_ordered_and_exported(owner):
    client = client_of(owner)
    address = reverse("store-table", args=["orders"])
    page = text_of(client.get(address + "?column=amount&op=gte&value=58&order=-amount"))
    assert page.index("p59@") < page.index("p58@") and "p57@" not in page and "2 rows" in page
    export = reverse("store-table-export", args=["orders", "csv"])
    sheet = text_of(client.get(export + "?column=amount&op=lt&value=0"))
    assert "'=HYPERLINK(1),-5" in sheet and len(sheet.splitlines()) == 2
    wrong = client.get(address + "?column=amount&op=gt&value=many")
    assert wrong.status_code == 422 and "integer" in text_of(wrong)
    assert client.get(address + "?order=nope").status_code == 422


def test_an_editor_deletes_and_the_trail_tells(owner):
    client = client_of(owner)
    client.post(reverse("store-value-delete"), {"store": "default", "key": "key 01"})
    assert not StoredValue.objects.filter(key="key 01").exists()
    row = DataRow.objects.get(values__amount=7)
    client.post(reverse("store-row-delete", args=["orders", row.pk]))
    assert not DataRow.objects.filter(pk=row.pk).exists()
    assert client.post(reverse("store-row-delete", args=["orders", row.pk])).status_code == 404
    client.post(reverse("store-table-delete", args=["orders"]))
    assert not DataRow.objects.exists()
    verbs = set(AuditEntry.objects.filter(workspace_id=owner.workspace.pk).values_list("verb", flat=True))
    assert {"value.deleted", "row.deleted", "table.deleted"} <= verbs


def test_a_table_is_made_from_lines_and_wrong_ones_are_named(owner):
    client = client_of(owner)
    made = client.post(reverse("store-table-create"), {"name": "new", "columns": "a text required\nb integer\n"})
    assert made.status_code == 302
    assert tables.columns_of(tables.table_of(owner.workspace, "new"))[0] == Column(name="a", required=True)
    page = client.post(reverse("store-table-create"), {"name": "bad", "columns": "a\nb colour"}, follow=True)
    assert "b colour" in text_of(page) and "line 2" in text_of(page)


def test_a_viewer_reads_and_a_stranger_finds_nothing(owner):
    viewer = client_of(join(owner.workspace, Role.VIEWER))
    assert "key 00" in text_of(viewer.get(reverse("store-values")))
    assert "store-value-delete" not in text_of(viewer.get(reverse("store-values")))
    assert viewer.post(reverse("store-value-delete"), {"store": "default", "key": "key 01"}).status_code == 403
    assert viewer.post(reverse("store-table-delete", args=["orders"])).status_code == 403
    stranger = client_of(make_owner("stranger"))
    assert "key 00" not in text_of(stranger.get(reverse("store-values")))
    assert stranger.get(reverse("store-table", args=["orders"])).status_code == 404
    row = DataRow.objects.first()
    assert stranger.post(reverse("store-row-delete", args=["orders", row.pk])).status_code == 404
    assert DataRow.objects.filter(pk=row.pk).exists()
