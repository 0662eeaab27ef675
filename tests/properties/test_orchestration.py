"""Claims, signs of life, lost workers, fair turns, and what a request brought in all."""

import asyncio
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from portal.common.bridge import run_async
from portal.common.store import RedisStore
from portal.workspaces.services import actor_for, create_workspace
from properties import orchestration, services
from properties.collectors import Breaker
from properties.legal import legal_basis_record, legal_basis_revoke
from properties.models import Advert, Collection
from properties.orchestration import collection_claim, collections_rescue, dispatch_next
from properties.services import collection_run, collection_start
from tests.properties.test_listing_manager import GROUND, raw


@pytest.fixture
def allowed(actor, platforms):
    for platform in ("naver", "zigbang", "zigbang_apt"):
        legal_basis_record(actor, platform=platform, **GROUND)
        run_async(lambda platform=platform: Breaker(RedisStore("properties"), platform).reset())


@pytest.fixture
def sent(monkeypatch) -> list[str]:
    """Ids of the collections handed to workers."""
    found: list[str] = []
    monkeypatch.setattr(orchestration, "send", lambda pk, priority: found.append(str(pk)))
    return found


def start(actor, platform: str = "naver", **options) -> Collection:
    return collection_start(actor, platforms=[platform], areas=["서초구"], **options)[0]


def let_lease_end(task: Collection) -> None:
    Collection.objects.filter(pk=task.pk).update(started_at=timezone.now() - timedelta(minutes=5))


def test_a_collection_is_run_by_one_worker(actor, allowed) -> None:
    task = start(actor)

    assert collection_claim(task.pk) is not None
    assert collection_claim(task.pk) is None
    assert collection_run(task.pk).state == "running", "taken by another: nothing is asked"


def test_a_platform_has_room_for_so_many(actor, allowed) -> None:
    tasks = [start(actor) for _ in range(orchestration.PER_PLATFORM + 1)]

    claims = [collection_claim(task.pk) for task in tasks]

    assert [claim is not None for claim in claims] == [True] * orchestration.PER_PLATFORM + [False]
    assert collection_claim(start(actor, "zigbang").pk) is not None


def test_the_urgent_go_first_and_workspaces_take_turns(actor, allowed, owner, sent) -> None:
    other = actor_for(owner, create_workspace(owner, "Second office"))
    legal_basis_record(other, platform="naver", **GROUND)
    mine = [start(actor) for _ in range(3)]
    theirs, urgent = start(other), start(actor, priority=1)

    dispatch_next("naver")

    assert sent == [str(urgent.pk), str(theirs.pk)]
    assert str(mine[0].pk) not in sent


def test_a_lost_worker_is_replaced_and_comes_back_to_nothing(
    actor, workspace, allowed, sent, django_capture_on_commit_callbacks
) -> None:
    task = start(actor)
    lost = collection_claim(task.pk)
    assert lost is not None
    let_lease_end(task)

    with django_capture_on_commit_callbacks(execute=True):
        assert collections_rescue() == 1
    assert sent[-1:] == [str(task.pk)]
    done = collection_run(task.pk)
    late = services._finish(lost, services.platform_profile("naver"), services.Collected("naver", "complete"))

    assert (done.outcome, done.attempts, late) == ("complete", 2, False)
    assert Collection.objects.get(pk=task.pk).received == done.received > 0


def test_a_living_worker_is_left_alone(actor, allowed, sent) -> None:
    task = start(actor)
    claimed = collection_claim(task.pk)
    assert claimed is not None
    let_lease_end(task)

    async def running() -> int:
        async with orchestration.signs_of_life(claimed):
            return len(await orchestration._alive([claimed]))

    assert asyncio.run(running()) == 1
    assert run_async(lambda: orchestration._alive([claimed])) == set(), "the lease ends with the run"


def test_what_three_workers_did_not_survive_ends_with_a_reason(actor, allowed, sent) -> None:
    task = start(actor)
    for _ in range(orchestration.MAX_ATTEMPTS):
        Collection.objects.filter(pk=task.pk).update(state="queued")
        assert collection_claim(task.pk) is not None
    let_lease_end(task)

    assert collections_rescue() == 1

    task.refresh_from_db()
    assert (task.state, task.outcome) == ("done", "failed")
    assert "lost 3 times" in task.reason and task.remedy


def test_a_lost_message_is_sent_again(actor, allowed, sent) -> None:
    task = start(actor)
    Collection.objects.filter(pk=task.pk).update(created_at=timezone.now() - timedelta(minutes=10))

    assert collections_rescue() == 1
    assert sent == [str(task.pk)]


def test_a_basis_revoked_while_waiting_refuses_the_run(actor, allowed, platforms) -> None:
    task = start(actor)
    legal_basis_revoke(actor, platform="naver")

    done = collection_run(task.pk)

    assert (done.state, done.outcome) == ("done", "refused")
    assert "legal basis" in done.reason and platforms.calls == {}


def test_a_collection_misses_only_what_it_asked_for(actor, workspace, allowed) -> None:
    from properties.intake import take_adverts

    take_adverts(
        workspace,
        [
            raw("zigbang", "villa", property_type="빌라", region_code="1165010700"),
            raw("zigbang", "flat", region_code="1165010700"),
            raw("naver", "short", trade="단기임대", price_text="500/45", region_code="1165010700"),
        ],
    )

    collection_run(start(actor, "zigbang_apt").pk)
    collection_run(start(actor, "naver").pk)

    states = dict(Advert.objects.filter(platform_id__in=["villa", "flat", "short"]).values_list("platform_id", "state"))
    assert states == {"villa": "live", "flat": "missing", "short": "live"}


def test_a_drawn_box_proves_nothing_about_the_region(actor, workspace, allowed) -> None:
    from properties.intake import take_adverts

    take_adverts(workspace, [raw("naver", "elsewhere", region_code="1165010700")])

    done = collection_run(start(actor, box=(37.4, 127.0, 37.41, 127.01)).pk)

    assert done.outcome == "complete"
    assert Advert.objects.get(platform_id="elsewhere").state == "live"


def test_a_request_is_summed_up(client: Client, owner, outsider, actor, allowed) -> None:
    client.force_login(owner)
    answer = client.post(
        "/api/v1/tasks",
        {"type": "collect", "areas": ["서초구"], "platforms": ["naver", "zigbang_apt"], "filters": {}},
        content_type="application/json",
    )
    batch = answer.json()["batch"]
    for task in Collection.objects.filter(batch=batch):
        collection_run(task.pk)

    summary = client.get(f"/api/v1/tasks/batches/{batch}").json()

    assert answer.status_code == 202
    assert (summary["is_done"], summary["outcomes"]) == (True, {"complete": 2})
    assert summary["received"] == sum(task["received"] for task in summary["tasks"]) > 0
    client.force_login(outsider)
    assert client.get(f"/api/v1/tasks/batches/{batch}").status_code == 404


def test_the_status_tells_how_each_collector_fares(client: Client, owner, actor, allowed, platforms) -> None:
    client.force_login(owner)
    platforms.faults.append({"site": "naver", "kind": "429"})
    collection_run(start(actor).pk)
    collection_run(start(actor, "zigbang_apt").pk)
    start(actor, "zigbang")

    agents = {item["platform"]: item for item in client.get("/api/v1/agents/status").json()["agents"]}

    naver = agents["naver"]["health"]
    assert (naver["state"], naver["blocks"]) == ("resting", 1)
    assert naver["resting_until"] and "429" in naver["reason"]
    assert agents["zigbang_apt"]["health"]["state"] == "ready" and agents["zigbang_apt"]["health"]["last_complete"]
    assert agents["zigbang"]["health"]["waiting"] == 1
    assert agents["kb"]["health"]["state"] == "off" and agents["kb"]["capabilities"]["trades"]
