"""No door leads to a private platform without a recorded legal basis, and every record tells who, when and which."""

import pytest
from django.contrib import admin
from django.test import Client, RequestFactory
from django.urls import reverse

from integrations.registry import registry
from portal.accounts.models import User
from portal.workspaces.models import AuditEntry
from properties import models, orchestration, sandbox
from properties.collectors import Access, load_profiles
from properties.errors import NoLegalBasis
from properties.graphql.schema import schema
from properties.legal import legal_basis_record, legal_basis_revoke
from properties.models import Collection, LegalBasis
from properties.services import collection_run, collection_start, collections_repeat

PRIVATE = sorted(
    key for key, profile in load_profiles().items() if profile.access is Access.NEEDS_BASIS and profile.collectable
)
GROUND = {"ground": "written_permission", "details": "Contract of 2026-10-01, signed by both sides."}


def by_page(client: Client, platform: str) -> None:
    answer = client.post(reverse("properties:collection-new"), {"platform": platform, "area": "서초구"}, follow=True)
    assert "legal basis" in answer.content.decode() or "법적 근거" in answer.content.decode()


def by_rest(client: Client, platform: str) -> None:
    body = {"type": "collect", "areas": ["서초구"], "platforms": [platform], "filters": {}}
    answer = client.post("/api/v1/tasks", body, content_type="application/json")
    assert answer.status_code == NoLegalBasis.status, answer.content
    assert "no_legal_basis" in answer.content.decode()


@pytest.mark.parametrize("door", [by_page, by_rest])
def test_starting_is_refused_for_every_private_platform(
    door, client: Client, owner: User, actor, platforms: sandbox.Switches
) -> None:
    client.force_login(owner)

    for platform in PRIVATE:
        door(client, platform)

    assert not Collection.objects.exists()
    assert platforms.calls == {}


def test_services_worker_and_schedule_refuse_too(actor, platforms: sandbox.Switches) -> None:
    for platform in PRIVATE:
        with pytest.raises(NoLegalBasis):
            collection_start(actor, platforms=[platform], areas=["서초구"])
        # A row that came to be some other way is refused by the worker that takes it up.
        task = Collection.objects.create(
            workspace=actor.workspace,
            platform=platform,
            region_code="1165000000",
            request={"trades": ["sale"], "property_types": ["apartment"], "box": None},
            requested_by=actor.user,
        )
        assert collection_run(task.pk).outcome == "refused"

    assert collections_repeat() == 0
    assert platforms.calls == {}


def test_a_batch_is_refused_as_a_whole(actor, platforms: sandbox.Switches) -> None:
    legal_basis_record(actor, platform="naver", **GROUND)

    with pytest.raises(NoLegalBasis):
        collection_start(actor, platforms=["naver", "kb"], areas=["서초구"])

    assert not Collection.objects.exists()


def test_a_rescued_run_asks_for_the_basis_again(actor, platforms: sandbox.Switches) -> None:
    legal_basis_record(actor, platform="naver", **GROUND)
    (task,) = collection_start(actor, platforms=["naver"], areas=["서초구"])
    assert orchestration.collection_claim(task.pk) is not None
    legal_basis_revoke(actor, platform="naver")
    Collection.objects.filter(pk=task.pk).update(state="queued")

    assert collection_run(task.pk).outcome == "refused"
    assert platforms.calls == {}


def test_graphql_only_reads() -> None:
    assert schema.mutation is None and schema.subscription is None


def test_no_tool_of_the_domain_collects() -> None:
    tools = [
        action
        for connector in registry().connectors.values()
        if connector.group == "real-estate"
        for action in connector.actions.values()
    ]

    assert tools
    names = {action.name for action in tools}
    assert not {name for name in names if "collect" in name or "legal" in name or "basis" in name}


def test_the_admin_shows_bases_and_makes_none(db) -> None:
    person = User.objects.create_superuser(email="root@example.test", password="a-long-password-1")
    request = RequestFactory().get("/admin/")
    request.user = person

    for model in (models.LegalBasis, models.Collection):
        page = admin.site._registry[model]
        assert page.has_view_permission(request)
        assert not (page.has_add_permission(request) or page.has_change_permission(request))
        assert not page.has_delete_permission(request)
    listed = admin.site._registry[models.LegalBasis].list_display
    assert {"platform", "ground", "recorded_label", "created_at"} <= set(listed)


@pytest.mark.parametrize("door", ["page", "rest"])
def test_a_record_tells_who_when_and_which_through_every_door(
    door: str, client: Client, owner: User, actor, workspace
) -> None:
    client.force_login(owner)

    for platform in PRIVATE:
        if door == "page":
            client.post(reverse("properties:basis-record"), {"platform": platform, **GROUND})
        else:
            body = {"platform": platform, **GROUND}
            client.post("/api/v1/properties/legal-bases", body, content_type="application/json")

    bases = LegalBasis.objects.for_workspace(workspace)
    assert {basis.platform for basis in bases} == set(PRIVATE)
    assert {(basis.recorded_label, basis.recorded_by) for basis in bases} == {(owner.email, owner)}
    entries = AuditEntry.objects.filter(verb="legal_basis.recorded")
    assert {entry.after["platform"] for entry in entries} == set(PRIVATE)
    shown = client.get(reverse("properties:collectors")).content.decode()
    assert owner.email in shown
    listed = client.get("/api/v1/properties/legal-bases").json()["results"]
    assert all(row["recorded_label"] == owner.email and row["created_at"] and row["ground"] for row in listed)


@pytest.mark.parametrize("door", ["page", "rest"])
def test_who_may_not_record_cannot_open_a_door(door: str, client: Client, viewer: User, workspace) -> None:
    client.force_login(viewer)

    if door == "page":
        answer = client.post(reverse("properties:basis-record"), {"platform": "naver", **GROUND})
    else:
        body = {"platform": "naver", **GROUND}
        answer = client.post("/api/v1/properties/legal-bases", body, content_type="application/json")

    assert answer.status_code == 403
    assert not LegalBasis.objects.exists()


@pytest.mark.parametrize("change", [{"ground": ""}, {"ground": "because"}, {"details": "yes"}])
def test_an_empty_reason_is_no_basis(change: dict[str, str], client: Client, owner: User, workspace) -> None:
    client.force_login(owner)

    client.post(reverse("properties:basis-record"), {"platform": "naver", **GROUND, **change})
    body = {"platform": "naver", **GROUND, **change}
    answer = client.post("/api/v1/properties/legal-bases", body, content_type="application/json")

    assert answer.status_code == 422
    assert not LegalBasis.objects.exists()
