"""The REST API as the requirement names it: bodies, scopes, files that stay inside, events that resume."""

from __future__ import annotations

import asyncio
import json

import pytest
from asgiref.sync import sync_to_async
from django.test import Client

from portal.common.loops import forget
from procurement import jobs, worker
from procurement.api.events import stream
from procurement.models import CrawlEvent, CrawlJob

CATEGORY = "캐비닛"


def client_of(user):
    client = Client()
    client.force_login(user)
    return client


def post(client, path, body, **headers):
    return client.post(f"/api/v1/{path}", json.dumps(body), content_type="application/json", headers=headers)


@pytest.fixture
def api(people, upstream, sent):
    return client_of(people.owner)


@pytest.fixture
def working(monkeypatch, upstream):
    """Jobs are done at once, as by a very fast worker."""
    monkeypatch.setattr("procurement.jobs.send", worker.run_job)


def test_health_needs_no_sign_in(db):
    answer = Client().get("/api/v1/health")
    assert answer.status_code == 200
    assert answer.json()["checks"] == {"database": "ok", "redis": "ok", "worker": "failed"}
    assert answer.json()["upstream"] == "sandbox"


def test_server_info_names_tools_and_categories(api):
    body = api.get("/api/v1/server/info").json()
    assert {"crawl_list", "get_detailed_attributes", "server_info"} <= set(body["tools"])
    assert "데스크톱컴퓨터" in body["categories"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", "server/info"),
        ("post", "crawl/list"),
        ("post", "crawl/csv"),
        ("post", "files/save"),
        ("get", "crawl/jobs"),
        ("get", "procurement/notices"),
    ],
)
def test_everything_else_needs_a_sign_in(db, method, path):
    answer = getattr(Client(), method)(f"/api/v1/{path}")
    assert answer.status_code == 401
    assert answer.json()["code"] == "not_authenticated"


def test_a_page_of_products(api, upstream):
    answer = post(api, "crawl/list", {"category": "데스크톱컴퓨터", "num_rows": 50})
    body = answer.json()
    assert answer.status_code == 200, body
    assert body["success"] and body["current_page"] == 1 and body["mode"] == "sandbox"
    assert {row["dtilPrdctClsfcNoNm"] for row in body["items"]} == {"데스크톱컴퓨터"}
    assert len(body["items"]) + body["filtered_out"] == min(50, body["total_count"])
    assert post(api, "crawl/list", {"category": "데스크톱컴퓨터", "num_rows": 5000}).status_code == 422


def test_an_upstream_error_is_a_problem_with_a_remedy(api, upstream):
    upstream.faults = [{"kind": "gateway_key_30.xml", "times": 9}]
    answer = post(api, "crawl/list", {"category": CATEGORY})
    assert answer.status_code == 424
    assert answer.json()["code"] == "g2b_key_refused"
    assert "활용신청" in answer.json()["remedy"]


def test_a_crawl_that_ends_in_time_is_answered_whole(api, working, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        answer = post(
            api, "crawl/csv", {"category": CATEGORY, "total_days": 40, "output_csv": "out.csv", "wait_sec": 0}
        )
    job = CrawlJob.objects.get(pk=answer.json()["job_id"])
    assert answer.status_code == 202
    assert job.status == "succeeded"
    from procurement.api.views import csv_report

    body = csv_report(job, [])
    assert body["success"] and not body["incomplete"]
    assert body["windows_processed"] == 2
    assert body["covered_days"] == 40
    assert body["remaining_days"] == 0
    content = b"".join(api.get(body["download_url"]))
    assert content.startswith(b"\xef\xbb\xbf")
    assert content.count(b"\r\n") >= body["total_products"]


@pytest.mark.django_db(transaction=True)
def test_a_request_waits_for_the_end_of_its_crawl(people, upstream, monkeypatch):
    import threading

    from django.db import connections

    def work(job_id):
        worker.run_job(job_id)
        connections.close_all()

    threads: list[threading.Thread] = []

    def send(job_id):
        threads.append(threading.Thread(target=work, args=(job_id,)))
        threads[-1].start()

    monkeypatch.setattr("procurement.jobs.send", send)
    answer = post(client_of(people.owner), "crawl/csv", {"category": CATEGORY, "total_days": 20, "wait_sec": 50})
    # The answer comes before the worker has told people; the database is emptied after the test.
    threads[0].join(30)
    assert answer.status_code == 200
    assert answer.json()["status"] == "succeeded"
    assert answer.json()["incomplete"] is False


def test_a_crawl_that_takes_longer_is_answered_with_its_job(api, sent):
    answer = post(api, "crawl/csv", {"category": CATEGORY, "total_days": 40, "wait_sec": 0})
    body = answer.json()
    assert answer.status_code == 202
    assert body["incomplete"] and body["status"] == "queued" and body["remaining_days"] == 40
    assert body["events_url"].endswith("/events")
    assert api.get(f"/api/v1/crawl/jobs/{body['job_id']}").json()["windows_total"] == 2


def test_the_plan_shows_the_cost_before_anything_starts(api, upstream):
    body = post(api, "crawl/plan", {"category": CATEGORY, "total_days": 90, "attributes": "json"}).json()
    assert body["windows"] == 3
    assert body["rows"] > 300
    assert body["attribute_calls"] == body["rows"]
    assert body["page_calls_left"] == 999
    assert sum(upstream.calls.values()) == 1


def test_a_viewer_reads_and_does_not_write(people, upstream, sent):
    client = client_of(people.viewer)
    assert post(client, "crawl/list", {"category": CATEGORY}).status_code == 200
    for path, body in (("crawl/csv", {"category": CATEGORY}), ("files/save", {"products": [{}], "filename": "a"})):
        answer = post(client, path, body)
        assert answer.status_code == 403
        assert answer.json()["details"]["permission"] == "data:write"
    assert sent == []


def test_a_stranger_sees_no_job_file_or_event(people, api, sent, working, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        job = jobs.create_job(people.actor, CATEGORY, total_days=5)
    stranger = client_of(people.stranger)
    for path in ("", "/file", "/events"):
        assert stranger.get(f"/api/v1/crawl/jobs/{job.pk}{path}").status_code == 404
    assert post(stranger, f"crawl/jobs/{job.pk}/cancel", {}).status_code == 404
    assert stranger.get("/api/v1/crawl/jobs").json()["results"] == []


@pytest.mark.parametrize("name", ["../../evil.csv", "/tmp/evil.csv", "a/b.csv", "..\\x.csv", "x.exe", ".env"])
def test_path_tricks_in_file_names_are_refused(api, name):
    answer = post(api, "files/save", {"products": [{"a": 1}], "filename": name})
    assert answer.status_code == 422
    assert answer.json()["remedy"]


def test_path_tricks_in_folders_are_refused(api):
    answer = post(api, "files/save", {"products": [{"a": 1}], "filename": "a.csv", "directory": "../other"})
    assert answer.status_code == 422


def test_products_are_saved_and_can_be_fetched(api):
    rows = [{"name": "=1+1", "price": -5}, {"name": "책상", "late": None}]
    body = post(api, "files/save", {"products": rows, "filename": "desks.csv"}).json()
    assert body["success"] and body["count"] == 2
    content = b"".join(api.get(body["download_url"])).decode("utf-8-sig")
    assert content == "name,price,late\r\n'=1+1,-5,\r\n책상,,\r\n"
    body = post(api, "files/save", {"products": rows, "filename": "desks.json"}).json()
    assert json.loads(b"".join(api.get(body["download_url"]))) == rows


def test_pause_resume_and_cancel(people, api, sent):
    job = jobs.create_job(people.actor, CATEGORY, total_days=5)
    assert post(api, f"crawl/jobs/{job.pk}/pause", {}).json()["status"] == "paused"
    assert post(api, f"crawl/jobs/{job.pk}/pause", {}).status_code == 409
    assert post(api, f"crawl/jobs/{job.pk}/resume", {}).json()["status"] == "queued"
    assert post(api, f"crawl/jobs/{job.pk}/cancel", {}).json()["status"] == "cancelled"


def read(lines):
    """(id, event) of server-sent lines."""
    found = []
    for line in lines:
        parts = dict(part.split(": ", 1) for part in line.decode().strip().split("\n") if not part.startswith(":"))
        if parts:
            found.append((int(parts["id"]), parts["event"]))
    return found


@pytest.mark.django_db(transaction=True)
async def test_events_are_numbered_resume_and_end_with_done(people, upstream, sent):
    job = await sync_to_async(jobs.create_job)(people.actor, CATEGORY, total_days=60, window_days=20)
    seen: list[bytes] = []

    async def listen() -> None:
        async for line in stream(job.pk, 0):
            seen.append(line)

    listener = asyncio.create_task(listen())
    while not seen:
        await asyncio.sleep(0.01)
    await sync_to_async(worker.run_job)(job.pk)
    await asyncio.wait_for(listener, 10)
    whole = read(seen)
    assert [number for number, _ in whole[:-1]] == list(range(1, len(whole)))
    assert [kind for _, kind in whole][:2] == ["queued", "started"]
    assert [kind for _, kind in whole][-2:] == ["succeeded", "done"]
    # A reader who comes back with the last number it saw gets the rest, and nothing twice.
    rest = [line async for line in stream(job.pk, 3)]
    assert read(rest) == whole[3:]
    assert await sync_to_async(CrawlEvent.objects.filter(job=job).count)() == len(whole) - 1
    if (open_hub := forget("hub")) is not None:
        await open_hub.close()
    if (redis := forget("redis")) is not None:
        await redis.aclose()
