"""A workspace's own connector: chosen from a document, named by people, run like any other, seen by nobody else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from integrations.connectors.http.sandbox import SECRET, shop_document
from integrations.models import Connection, WorkspaceConnector
from integrations.own import connectors, services
from integrations.registry import action_for, catalogue, catalogue_of, connectors_of
from integrations.runtime import run_action
from integrations.sdk import AuthError, InvalidParams, Rejected, Unavailable
from integrations.services import create_connection
from portal.common.bridge import run_async
from portal.common.errors import Conflict, Invalid, NotFound, PermissionDenied
from portal.workspaces.models import AuditEntry
from portal.workspaces.roles import Role
from tests.people import join, make_owner
from workflows.services import check_definition

OPERATIONS = ["GET /pets", "POST /pets", "GET /pets/{petId}", "DELETE /pets/{petId}", "GET /report"]


@pytest.fixture
def owner(db: None) -> Any:
    return make_owner()


@pytest.fixture
def shop(owner: Any, sandbox: Any) -> WorkspaceConnector:
    row = services.create_from_document(owner, address="/http/openapi.json")
    return services.add_actions(owner, row, OPERATIONS)


def run(row: WorkspaceConnector, name: str, /, key: str = SECRET, workspace: Any = None, **params: Any) -> Any:
    where = str(workspace or row.workspace_id)
    # Read here: the event loop's own thread would not see what this test has not committed.
    connectors.find(row.key)
    return run_async(lambda: run_action(f"{row.key}.{name}", params, credential={"api_key": key}, workspace_id=where))


def test_a_document_of_the_sandbox_becomes_a_connector(shop: WorkspaceConnector) -> None:
    assert (shop.title, shop.base_url, shop.kind) == ("Pet shop", "/http/shop", "openapi")
    assert [action.name for action in services.spec_of(shop).actions] == [
        "list_pets", "create_pet", "get_pet_by_id", "delete_pet", "get_report",
    ]  # fmt: skip


def test_its_actions_run(shop: WorkspaceConnector) -> None:
    assert run(shop, "list_pets", limit=1)["result"][0]["name"] == "Bori"
    assert run(shop, "list_pets", tag=["cat", "bird"]) == {"result": []}
    assert run(shop, "create_pet", name="Nabi", tags=["cat"])["id"] == 2
    assert run(shop, "get_pet_by_id", petId=2)["name"] == "Nabi"
    assert run(shop, "delete_pet", petId=2) == {"result": None}
    assert run(shop, "get_report") == {"result": "1 pet"}
    with pytest.raises(Rejected, match="does not know this thing"):
        run(shop, "get_pet_by_id", petId=2)
    with pytest.raises(AuthError):
        run(shop, "list_pets", key="wrong")
    with pytest.raises(InvalidParams) as caught:
        run(shop, "get_pet_by_id", petId="two")
    assert caught.value.problems[0].field == "petId"


def test_an_answer_of_another_form_is_an_error_until_the_check_is_off(
    owner: Any, shop: WorkspaceConnector, monkeypatch: pytest.MonkeyPatch
) -> None:
    from integrations.connectors.http import sandbox

    monkeypatch.setitem(sandbox.PETS, 1, {"id": "one", "name": "Bori"})
    with pytest.raises(Unavailable, match="id: This must be of type"):
        run(shop, "get_pet_by_id", petId=1)
    row = services.edit_action(owner, shop, "get_pet_by_id", {"checks_answer": False})
    assert run(row, "get_pet_by_id", petId=1)["id"] == "one"


@pytest.mark.parametrize("sign", [0, 1, 2])
def test_every_way_to_sign_in_of_the_document_works(owner: Any, shop: WorkspaceConnector, sign: int) -> None:
    row = services.edit(owner, shop, sign=sign)
    values = {"client_id": "client", "client_secret": SECRET} if sign == 2 else {"api_key": SECRET}
    connectors.find(row.key)
    found = run_async(
        lambda: run_action(f"{row.key}.list_pets", {}, credential=values, workspace_id=str(row.workspace_id))
    )
    assert found["result"][0]["name"] == "Bori"


def test_words_are_edited_and_kept_through_a_refresh(owner: Any, shop: WorkspaceConnector) -> None:
    words = {"name": "find_pets", "title": "Find pets", "description": "Pets by tag."}
    row = services.edit_action(owner, shop, "list_pets", words)
    row = services.refresh(owner, row)
    found = action_for(f"{row.key}.find_pets", owner.workspace)
    assert (found.title.en, found.description.en) == ("Find pets", "Pets by tag.")
    with pytest.raises(Invalid, match="cannot be made so"):
        services.edit_action(owner, row, "find_pets", {"name": "create_pet"})
    with pytest.raises(Invalid) as caught:
        services.edit_action(owner, row, "find_pets", {"name": "Find Pets!"})
    assert caught.value.problems[0].field == "name"


def test_what_is_gone_from_the_document_is_marked(owner: Any, shop: WorkspaceConnector) -> None:
    document = json.loads(shop_document())
    del document["paths"]["/report"]
    row = services.replace_document(owner, shop, json.dumps(document).encode())
    assert [action.name for action in services.spec_of(row).actions if action.gone] == ["get_report"]


def test_nobody_else_sees_or_runs_it(shop: WorkspaceConnector, owner: Any) -> None:
    stranger = make_owner("stranger")
    identifier = f"{shop.key}.list_pets"
    assert catalogue_of(owner.workspace).get(identifier) is not None
    assert catalogue_of(stranger.workspace).get(identifier) is None
    assert shop.key in connectors_of(owner.workspace) and shop.key not in connectors_of(stranger.workspace)
    assert identifier not in list(catalogue()) and identifier in list(catalogue_of(owner.workspace))
    definition = {"schema_version": 1, "inputs": {"type": "object"}, "nodes": [{"id": "a", "action": identifier}]}
    assert "unknown_action" not in {issue.code for issue in check_definition(definition, owner.workspace)}
    assert "unknown_action" in {issue.code for issue in check_definition(definition, stranger.workspace)}
    with pytest.raises(NotFound):
        run(shop, "list_pets", workspace=stranger.workspace.pk)
    with pytest.raises(NotFound):
        services.get(stranger.workspace, shop.pk)
    with pytest.raises(NotFound):
        create_connection(stranger, shop.key, "Mine", {"api_key": "x"})


def test_viewers_change_nothing(shop: WorkspaceConnector, owner: Any) -> None:
    viewer = join(owner.workspace, Role.VIEWER)
    for change in (
        lambda: services.create_from_document(viewer, address="/http/openapi.json"),
        lambda: services.create_from_server(viewer, address="/mcp_client/"),
        lambda: services.add_actions(viewer, shop, []),
        lambda: services.edit_action(viewer, shop, "list_pets", {}),
        lambda: services.remove_action(viewer, shop, "list_pets"),
        lambda: services.edit(viewer, shop, title="x"),
        lambda: services.refresh(viewer, shop),
        lambda: services.replace_document(viewer, shop, b""),
        lambda: services.delete(viewer, shop),
    ):
        with pytest.raises(PermissionDenied):
            change()


def test_a_stored_secret_does_not_follow_to_another_host(owner: Any, shop: WorkspaceConnector) -> None:
    create_connection(owner, shop.key, "Key", {"api_key": SECRET})
    with pytest.raises(Conflict, match="another one must not get"):
        services.edit(owner, shop, base_url="https://elsewhere.example.com")
    with pytest.raises(Conflict, match="present way to sign in"):
        services.edit(owner, shop, sign=1)
    Connection.objects.all().delete()
    assert (
        services.edit(owner, shop, base_url="https://elsewhere.example.com/").base_url
        == "https://elsewhere.example.com"
    )


def test_two_people_at_once_are_told(owner: Any, shop: WorkspaceConnector) -> None:
    old = services.get(owner.workspace, shop.pk)
    services.edit(owner, shop, title="Shop")
    with pytest.raises(Conflict, match="Somebody else"):
        services.edit(owner, old, title="Other shop")
    services.create_from_document(owner, title="Other shop", content=shop_document().encode())
    with pytest.raises(Conflict, match="this name already"):
        services.edit(owner, services.get(owner.workspace, shop.pk), title="Other shop")


def test_an_uploaded_document_needs_a_base_address(owner: Any, sandbox: Any) -> None:
    row = services.create_from_document(owner, content=shop_document(is_yaml=True).encode())
    row = services.add_actions(owner, row, ["GET /pets"])
    assert row.base_url == ""
    with pytest.raises(Rejected, match="no base address"):
        run(row, "list_pets")
    with pytest.raises(Conflict, match="uploaded"):
        services.refresh(owner, row)


@pytest.mark.parametrize("address", ["", "ftp://example.com/a", "http://127.0.0.1:9/openapi.json", "//evil/x"])
def test_addresses_that_lead_nowhere_good_are_refused(owner: Any, db: None, address: str) -> None:
    with pytest.raises(Exception) as caught:
        services.create_from_document(owner, address=address)
    assert type(caught.value).__name__ in ("Invalid", "Refused")
    assert not WorkspaceConnector.objects.exists()


def test_deleting_takes_its_connections_along(owner: Any, shop: WorkspaceConnector) -> None:
    create_connection(owner, shop.key, "Key", {"api_key": SECRET})
    services.delete(owner, shop)
    assert not Connection.objects.exists() and catalogue_of(owner.workspace).get(f"{shop.key}.list_pets") is None
    verbs = set(AuditEntry.objects.filter(workspace_id=owner.workspace.pk).values_list("verb", flat=True))
    assert {"connector.created", "connector.changed", "connector.deleted"} <= verbs


@pytest.mark.parametrize(
    ("switch", "kind"),
    [
        ({"status": 401}, AuthError),
        ({"status": 403}, AuthError),
        ({"status": 404}, Rejected),
        ({"status": 409}, Rejected),
        ({"status": 429, "retry_after": 7}, Exception),
        ({"status": 500}, Unavailable),
        ({"broken": "json"}, Unavailable),
        ({"broken": "html"}, Unavailable),
        ({"broken": "drop"}, Unavailable),
    ],
)
def test_faults_of_the_service_become_our_errors(
    shop: WorkspaceConnector, sandbox: Any, switch: dict[str, Any], kind: type[Exception]
) -> None:
    from starlette.testclient import TestClient

    web = TestClient(sandbox)
    web.post("/http/__faults__", json={**switch, "path": "/shop"})
    try:
        with pytest.raises(kind) as caught:
            run(shop, "get_pet_by_id", petId=1)
        if switch.get("status") == 429:
            assert caught.value.retry_after == 7  # type: ignore[attr-defined]
    finally:
        web.delete("/http/__faults__")
