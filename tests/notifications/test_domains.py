"""What each domain has to tell ends in the inbox, on the open page, and at the workspace's signed webhook."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.utils import timezone

from markets.models import AlertRule
from markets.services import rule_look
from portal.notifications import deliveries
from portal.notifications.channels.webhook import sign
from portal.notifications.consumers import NotificationConsumer
from portal.notifications.destinations import destination_create
from portal.notifications.models import Channel, Event, Notification
from portal.workspaces.services import Actor
from procurement import watch
from procurement.collection import store_notices
from procurement.g2b.rows import Notice
from procurement.models import CrawlJob
from procurement.signals import crawl_ended
from properties.models import Listing, Match, Requirement
from properties.notices import tell_daily
from properties.services import match_listings
from properties.signals import price_changed
from tests.notifications.conftest import Receiver
from tests.people import make_owner
from timeseries.records import Job
from timeseries.signals import job_ended
from workflows.models import Execution
from workflows.notices import after_failure, tell_failed

HOOK = {"url": "https://hooks.example.com/in"}
ROW = {"code": "005930", "name": "삼성전자", "trading_value": 900_000_000_000}


def a_rule_fires(owner: Actor, patch: pytest.MonkeyPatch) -> None:
    def ask(*_: Any, **__: Any) -> dict[str, Any]:
        return {"rows": [ROW, {**ROW, "code": "000660", "name": "SK하이닉스"}], "as_of": timezone.now().isoformat()}

    patch.setattr("markets.services.ask", ask)
    rule = AlertRule.objects.create(
        workspace=owner.workspace, name="Big", tool="get_volume_ranking", condition="above",
        field="trading_value", threshold=1e11,
    )  # fmt: skip
    rule_look(rule.pk)
    # Still above, so held: nothing new to tell.
    rule_look(rule.pk)


def a_saved_search_matches(owner: Actor, patch: pytest.MonkeyPatch) -> None:
    found = watch.create_search(owner, "PCs", words="컴퓨터")
    fresh = Notice(notice_no="R26BK1", order="000", kind="Thng", title="컴퓨터 구매")
    store_notices(owner.workspace.pk, [fresh], is_sample=True, as_of=timezone.now())
    watch.check_search(found)
    watch.check_search(found)


def a_crawl_ends(owner: Actor, patch: pytest.MonkeyPatch) -> None:
    job = CrawlJob.objects.create(
        workspace=owner.workspace, category="데스크톱컴퓨터", filename="pc.csv", format="csv", created_by=owner.user,
        start=date(2026, 1, 1), end=date(2026, 1, 31), status="succeeded", rows=1234, finished_at=timezone.now(),
    )  # fmt: skip
    crawl_ended.send(sender=CrawlJob, job=job)
    crawl_ended.send(sender=CrawlJob, job=job)


def make_home(owner: Actor, **fields: Any) -> Listing:
    now = timezone.now()
    values = {
        "cluster_key": str(uuid4()),
        "trade": "sale",
        "title": "은마 101동",
        "price": 250_000,
        "exclusive_m2": 84.4,
    }
    return Listing.objects.create(workspace=owner.workspace, first_seen=now, last_seen=now, **values | fields)


def homes_fit_a_customer(owner: Actor, patch: pytest.MonkeyPatch) -> None:
    make_home(owner)
    make_home(owner, title="은마 102동")
    Requirement.objects.create(workspace=owner.workspace, customer="김고객", trade="sale", price_max=300_000)
    match_listings(owner.workspace)
    match_listings(owner.workspace)


def a_watched_price_falls(owner: Actor, patch: pytest.MonkeyPatch) -> None:
    home, other = make_home(owner), make_home(owner, title="아무도 안 보는 집")
    wish = Requirement.objects.create(workspace=owner.workspace, customer="김고객", trade="sale")
    Match.objects.create(workspace=owner.workspace, requirement=wish, listing=home, score=80)
    for listing in (home, other, home):
        price_changed.send(
            sender=None, workspace_id=owner.workspace.pk, listing_id=listing.pk, history_id=uuid4(),
            before={"price": 250_000, "rent": None}, after={"price": 237_500, "rent": None},
        )  # fmt: skip


def make_job(owner: Actor, **fields: Any) -> Job:
    return Job.objects.create(workspace=owner.workspace, requested_by=owner.user, **fields)


def training_fails(owner: Actor, patch: pytest.MonkeyPatch) -> None:
    job = make_job(owner, kind="train_forecasting", label="sales", state="failed", message="The series is too short.")
    job_ended.send_robust(sender=Job, job=job)
    stopped = make_job(owner, kind="train_forecasting", label="other", state="cancelled")
    job_ended.send_robust(sender=Job, job=stopped)


EVENT = {
    "start": 5, "end": 6, "start_at": "2026-01-05T00:00:00Z", "end_at": "2026-01-06T00:00:00Z", "score": 9.1,
    "expected": 100.0, "actual": 300.0, "contributions": {},
}  # fmt: skip


def a_detection_finds(owner: Actor, patch: pytest.MonkeyPatch) -> None:
    for _ in range(2):
        job = make_job(
            owner, kind="detect", state="succeeded", params={"model_name": "sales"}, result={"anomalies": [EVENT]}
        )
        job_ended.send_robust(sender=Job, job=job)


def a_forecast_leaves_the_range(owner: Actor, patch: pytest.MonkeyPatch) -> None:
    answer = {
        "predictions": [[5.0], [9.0]],
        "lower": [4.0, 8.0],
        "upper": [6.0, 10.0],
        "history": {"columns": {"y": [1.0, None, 5.5]}},
    }
    inside = {**answer, "lower": [1.0, 2.0], "upper": [4.0, 9.0]}
    for result in (inside, answer):
        job = make_job(owner, kind="predict", state="succeeded", params={"model_name": "sales"}, result=result)
        job_ended.send_robust(sender=Job, job=job)


def a_server_call_fails(owner: Actor, patch: pytest.MonkeyPatch) -> None:
    error = {"code": "upstream_away", "message": "KIS does not answer.", "node": "rank"}
    asked: list[str] = []
    patch.setattr("portal.celery.app.send_task", lambda name, args, **_: asked.extend(args))
    for source in ("mcp", "mcp", "page"):
        run = Execution.objects.create(
            workspace=owner.workspace, state="failed", source=source, tool="volume_ranking", error=error
        )
        after_failure({"id": run.pk, "source": source})
    assert len(asked) == 2
    patch.undo()
    for identifier in asked:
        tell_failed(identifier)  # type: ignore[arg-type]


CASES: list[tuple[str, Callable[[Actor, pytest.MonkeyPatch], None], str, str]] = [
    ("markets.alert", a_rule_fires, "Big: 2 stocks", "SK하이닉스"),
    ("procurement.match", a_saved_search_matches, "PCs: 1 new bid notice", "컴퓨터 구매"),
    ("procurement.crawl", a_crawl_ends, "Crawl of 데스크톱컴퓨터 is done", "1,234 rows"),
    ("properties.match", homes_fit_a_customer, "2 homes for 김고객", "은마 102동"),
    ("properties.price", a_watched_price_falls, "Price fell 5.0 %: 은마 101동", "₩2,375,000,000"),
    ("timeseries.job", training_fails, "Training of a forecaster failed: sales", "too short"),
    ("timeseries.anomaly", a_detection_finds, "1 anomaly in sales", "expected 100"),
    ("timeseries.forecast", a_forecast_leaves_the_range, "Forecast above all that was seen: sales", "From step 2"),
    ("workflows.run_failed", a_server_call_fails, "volume_ranking failed", "KIS does not answer."),
]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("topic", "act", "title", "part"), CASES, ids=[case[0] for case in CASES])
async def test_news_reach_inbox_page_and_webhook(
    topic: str,
    act: Callable[[Actor, pytest.MonkeyPatch], None],
    title: str,
    part: str,
    sent: list[str],
    receiver: Receiver,
) -> None:
    owner = await sync_to_async(make_owner)()
    _, secret = await sync_to_async(destination_create)(owner, Channel.WEBHOOK, HOOK, personal=False)
    page = WebsocketCommunicator(NotificationConsumer.as_asgi(), "/ws/notifications")
    page.scope["user"] = owner.user
    await page.connect()

    with pytest.MonkeyPatch.context() as patch:
        await sync_to_async(act)(owner, patch)

    frame = await page.receive_json_from(timeout=10)
    await page.disconnect()
    assert (frame["type"], frame["topic"], frame["title"], frame["unread"]) == ("notification", topic, title, 1)
    rows = [row async for row in Notification.objects.filter(user=owner.user).select_related("event")]
    assert [(row.event.title_en, row.event.topic) for row in rows] == [(title, topic)]
    assert part in rows[0].event.body_en and rows[0].event.body_ko
    hooks = [await sync_to_async(deliveries.deliver)(one) for one in sent]
    assert [hook.status for hook in hooks if hook and hook.channel == Channel.WEBHOOK] == ["sent"]
    (request,) = receiver.requests
    body = json.loads(request.content)
    assert body["type"] == topic and body["data"]["title"] == title
    head = request.headers
    assert head["webhook-signature"] == sign(
        secret, head["webhook-id"], int(head["webhook-timestamp"]), request.content
    )


def test_periodic_notices_wait_for_their_hour(owner: Actor, sent: list[str]) -> None:
    make_home(owner)
    Requirement.objects.create(workspace=owner.workspace, customer="박고객", trade="sale", notify="daily")
    Requirement.objects.create(workspace=owner.workspace, customer="말 없는 고객", trade="sale", notify="never")
    match_listings(owner.workspace)
    assert not Event.objects.exists()

    assert tell_daily() == 1
    assert tell_daily() == 0
    assert [event.title_en for event in Event.objects.all()] == ["1 home for 박고객"]
    assert Match.objects.filter(notified_at__isnull=False).count() == 1


def test_a_receiver_that_fails_does_not_harm_its_sender(
    owner: Actor, sent: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    job = make_job(owner, kind="detect", state="succeeded", result={"anomalies": [{"score": "?"}]})

    job_ended.send(sender=Job, job=job)

    assert "could not tell anybody" in caplog.text
    assert not Event.objects.exists()
