"""Crawl jobs: planned, done once, paused, cancelled, resumed, told line by line; their file and products kept."""

from __future__ import annotations

import csv
import io

import pytest
from django.core.files.storage import default_storage

from integrations.sdk import FileRef
from portal.common.errors import Conflict, PermissionDenied
from portal.workspaces.services import actor_for
from procurement import jobs, storage, worker
from procurement.g2b import BadRequest
from procurement.models import CrawlEvent, CrawlJob, Product, ProductAttributes
from procurement.sandbox_data.pools import item
from procurement.sandbox_data.products import events_between
from procurement.signals import crawl_ended

CATEGORY = "캐비닛"


def rows_of(job):
    with storage.open_file(job.workspace_id, FileRef.model_validate(job.file)) as file:
        return list(csv.DictReader(io.StringIO(file.read().decode("utf-8-sig"))))


@pytest.fixture
def make_job(people, sent, upstream, django_capture_on_commit_callbacks):
    def make(**options):
        options.setdefault("total_days", 60)
        with django_capture_on_commit_callbacks(execute=True):
            return jobs.create_job(people.actor, CATEGORY, **options)

    return make


def test_a_job_ends_with_a_file_products_and_a_story(make_job, sent, upstream):
    job = make_job()
    assert sent == [job.pk]
    ended = []
    crawl_ended.connect(lambda sender, job, **_: ended.append(job.pk), weak=False, dispatch_uid="test")
    worker.run_job(job.pk)
    crawl_ended.disconnect(dispatch_uid="test")
    job.refresh_from_db()
    expected = {event.key for event in events_between(job.start, job.end) if item(event.item).kind.name == CATEGORY}
    assert job.status == "succeeded", job.message
    assert {(row["shopngCntrctNo"], row["shopngCntrctSno"]) for row in rows_of(job)} == expected
    assert job.rows == len(expected) == Product.objects.for_workspace(job.workspace_id).count()
    assert Product.objects.first().is_sample
    story = list(CrawlEvent.objects.filter(job=job).order_by("seq"))
    assert [event.seq for event in story] == list(range(1, len(story) + 1))
    assert (story[0].kind, story[-1].kind) == ("queued", "succeeded")
    assert "progress" in {event.kind for event in story}
    assert ended == [job.pk]
    assert not worker.spool_of(job).folder.exists()
    assert job.report["covered_days"] == 60


def test_a_finished_job_is_not_done_twice(make_job, upstream):
    job = make_job()
    worker.run_job(job.pk)
    calls = sum(upstream.calls.values())
    worker.run_job(job.pk)
    assert sum(upstream.calls.values()) == calls


def test_attributes_are_asked_once_for_all_crawls(make_job, upstream):
    first = make_job(total_days=10, attributes="columns", filename="first")
    worker.run_job(first.pk)
    first.refresh_from_db()
    assert "attr_재질" in rows_of(first)[0]
    asked = upstream.calls["getPrdctIndvAtrbInfoList02"]
    assert asked == ProductAttributes.objects.count() > 0
    second = make_job(total_days=10, attributes="json", filename="second")
    worker.run_job(second.pk)
    assert upstream.calls["getPrdctIndvAtrbInfoList02"] == asked


def test_the_quota_makes_a_job_wait_for_tomorrow(make_job, upstream, django_capture_on_commit_callbacks):
    upstream.quotas = {"getShoppingMallPrdctInfoList": 3}
    job = make_job(total_days=60, window_days=6)
    worker.run_job(job.pk)
    job.refresh_from_db()
    assert job.status == "waiting"
    assert job.resume_at is not None
    # Three of ten windows asked at once are answered; which ones is up to the network, and rows are kept in order.
    assert job.windows_done <= 3
    assert "used up" in job.message
    # Given tomorrow has come, the sweep hands it out and the rest is fetched.
    CrawlJob.objects.filter(pk=job.pk).update(resume_at="2020-01-01T00:00Z")
    assert jobs.due_jobs() == [job.pk]
    upstream.quotas = {}
    from portal.common.hub import sync_client

    sync_client().flushdb()
    worker.run_job(job.pk)
    job.refresh_from_db()
    assert job.status == "succeeded"
    assert [name for name, times in upstream.windows.items() if times > 1 and "p1" not in name] == []


def test_a_failed_window_is_named_and_a_resume_mends_it(make_job, people, upstream, sent):
    upstream.faults = [{"kind": "plain:Forbidden", "begin": "20261021"}]
    job = make_job(total_days=60, window_days=30)
    worker.run_job(job.pk)
    job.refresh_from_db()
    assert job.status == "failed"
    assert "code 20" in job.message
    jobs.resume_job(people.actor, job)
    worker.run_job(job.pk)
    job.refresh_from_db()
    assert job.status == "succeeded"
    assert len(rows_of(job)) == job.rows


def test_limits_of_one_call_leave_a_partial_file_that_can_go_on(make_job, people, upstream):
    job = make_job(total_days=90, window_days=30, max_windows=1)
    worker.run_job(job.pk)
    job.refresh_from_db()
    assert job.status == "succeeded"
    assert job.report["remaining_days"] == 60
    assert "60 days remain" in job.message
    first = job.rows
    jobs.resume_job(people.actor, job)
    worker.run_job(job.pk)
    job.refresh_from_db()
    assert job.report["remaining_days"] == 0
    assert job.rows > first


def test_a_cancelled_job_is_not_done_and_leaves_nothing(make_job, people, upstream):
    job = make_job()
    jobs.cancel_job(people.actor, job)
    worker.run_job(job.pk)
    job.refresh_from_db()
    assert job.status == "cancelled"
    assert sum(upstream.calls.values()) == 0
    with pytest.raises(Conflict):
        jobs.resume_job(people.actor, job)


def test_a_job_paused_while_it_runs_stops_and_keeps_its_place(make_job, people, upstream, monkeypatch):
    job = make_job(total_days=60, window_days=5)
    saved = worker._Observer._save

    def pause_after_three(self, states, message):
        result = saved(self, states, message)
        if sum(not state.is_open for state in states) == 3:
            jobs.pause_job(people.actor, CrawlJob.objects.get(pk=job.pk))
        return result

    monkeypatch.setattr(worker._Observer, "_save", pause_after_three)
    worker.run_job(job.pk)
    job.refresh_from_db()
    assert job.status == "paused"
    assert 3 <= job.windows_done <= 4
    monkeypatch.undo()
    # `undo` also took the frozen clock away; the windows of the job are fixed, so the rest is the same.


def test_a_silent_worker_is_replaced_and_its_late_words_are_ignored(make_job, upstream):
    job = make_job()
    dead = worker.claim(job.pk)
    assert dead is not None
    assert worker.claim(job.pk) is None
    CrawlJob.objects.filter(pk=job.pk).update(heartbeat_at="2020-01-01T00:00Z")
    assert jobs.due_jobs() == [job.pk]
    worker.run_job(job.pk)
    job.refresh_from_db()
    assert job.status == "succeeded"
    worker._end(dead, "failed", "too late")
    job.refresh_from_db()
    assert job.status == "succeeded"


def test_appending_adds_older_days_to_the_same_file(make_job, upstream):
    first = make_job(total_days=20, filename="cabinets")
    worker.run_job(first.pk)
    first.refresh_from_db()
    second = make_job(total_days=40, filename="cabinets", append=True)
    worker.run_job(second.pk)
    second.refresh_from_db()
    keys = [(row["shopngCntrctNo"], row["shopngCntrctSno"]) for row in rows_of(second)]
    assert len(keys) == len(set(keys)) > first.rows
    assert keys[: first.rows] == [(row["shopngCntrctNo"], row["shopngCntrctSno"]) for row in rows_of(first)]


def test_who_may_not_write_may_not_crawl(people, sent, upstream):
    with pytest.raises(PermissionDenied):
        jobs.create_job(actor_for(people.viewer, people.workspace), CATEGORY)


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "a\\b", "..", "x\x00"])
def test_file_names_that_are_paths_are_refused_before_anything_starts(people, sent, upstream, name):
    with pytest.raises(BadRequest):
        jobs.create_job(people.actor, CATEGORY, filename=name)
    assert sent == []


def test_files_of_another_workspace_are_not_there(make_job, people, upstream):
    from portal.common.errors import NotFound
    from portal.workspaces.models import Workspace

    job = make_job(total_days=10)
    worker.run_job(job.pk)
    job.refresh_from_db()
    other = Workspace.objects.exclude(pk=people.workspace.pk).get()
    with pytest.raises(NotFound):
        storage.open_file(other.pk, FileRef.model_validate(job.file))
    assert default_storage.exists(f"workspaces/{job.workspace_id}/files/{job.file['id']}/{job.filename}")
