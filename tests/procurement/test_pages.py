"""The pages: what each shows, who may see and do what, and that a failure is said on the page."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.test import Client

from procurement import jobs, watch, worker
from procurement.models import Award, CrawlJob, Notice, Product, SavedSearch

PAGES = ["", "awards/", "products/", "crawls/", "searches/"]


@pytest.fixture
def signed_in():
    def sign_in(user):
        client = Client()
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture
def filled(people, upstream, sent):
    """A workspace with collected notices, awards and one finished crawl."""
    watch.collect(people.workspace.pk, days=12)
    job = jobs.create_job(people.actor, "데스크톱컴퓨터", total_days=20)
    worker.run_job(job.pk)
    job.refresh_from_db()
    return job


@pytest.mark.parametrize("page", PAGES)
def test_empty_pages_say_what_to_do_next(people, signed_in, page):
    answer = signed_in(people.owner).get(f"/procurement/{page}")
    assert answer.status_code == 200
    assert 'class="empty"' in answer.content.decode()


@pytest.mark.parametrize("page", PAGES)
def test_pages_need_a_sign_in(db, page):
    answer = Client().get(f"/procurement/{page}")
    assert answer.status_code == 302
    assert "login" in answer["Location"]


def test_notices_are_searched_and_told_to_be_samples(filled, people, signed_in, django_assert_max_num_queries):
    client = signed_in(people.owner)
    title = Notice.objects.for_workspace(people.workspace).first().title
    with django_assert_max_num_queries(25):
        text = client.get("/procurement/", {"q": title.split()[-2]}).content.decode()
    assert title in text
    assert "Sandbox data" in text
    assert "조달청 입찰공고정보" in text
    assert "No notice matches" in client.get("/procurement/", {"q": "없는말입니다"}).content.decode()


def test_a_notice_shows_attachments_changes_and_the_award(filled, people, signed_in):
    client = signed_in(people.owner)
    award = Award.objects.for_workspace(people.workspace).filter(kind="Servc").first()
    notice = Notice.objects.for_workspace(people.workspace).filter(notice_no=award.notice_no).first()
    if notice is None:
        notice = Notice.objects.create(
            workspace=people.workspace, notice_no=award.notice_no, kind="Servc", title=award.title, as_of=award.as_of
        )
    assert notice.title in client.get(f"/procurement/notices/{notice.notice_no}").content.decode()
    text = client.get(f"/procurement/notices/{notice.notice_no}/live").content.decode()
    assert "규격서.pdf" in text
    assert award.winner in text.replace("&lt;", "<").replace("&gt;", ">") or "Winner" in text
    assert "박낙찰" not in text and "김나라" not in text


def test_a_failure_of_the_upstream_is_said_on_the_page(filled, people, signed_in, upstream):
    upstream.faults = [{"kind": "gateway_key_30.xml", "times": 99}]
    product = Product.objects.for_workspace(people.workspace).first()
    text = signed_in(people.owner).get(f"/procurement/products/{product.product_id}/prices").content.decode()
    assert "not registered" in text
    assert "활용신청" in text


def test_products_prices_and_comparison(filled, people, signed_in):
    client = signed_in(people.owner)
    assert "데스크톱컴퓨터" in client.get("/procurement/products/").content.decode()
    ids = list(Product.objects.for_workspace(people.workspace).values_list("product_id", flat=True).distinct()[:2])
    assert client.get(f"/procurement/products/{ids[0]}").status_code == 200
    prices = client.get(f"/procurement/products/{ids[0]}/prices").content.decode()
    assert "운영체제" in prices
    compared = client.get("/procurement/products/compare", {"id": ids}).content.decode()
    assert "CPU" in compared
    assert client.get("/procurement/products/compare", {"id": ids[:1]}).status_code == 302


def test_award_rates_are_drawn(filled, people, signed_in):
    text = signed_in(people.owner).get("/procurement/awards/").content.decode()
    assert 'data-chart="award-figure"' in text
    assert "2026-11" in text


def test_a_crawl_is_planned_started_watched_and_downloaded(people, signed_in, upstream, sent):
    client = signed_in(people.owner)
    form = {"category": "책상", "total_days": 30, "format": "csv", "explode": "none", "filename": ""}
    cost = client.post("/procurement/crawls/plan", form).content.decode()
    assert "allowance" in cost
    answer = client.post("/procurement/crawls/", form)
    job = CrawlJob.objects.get()
    assert answer["Location"] == f"/procurement/crawls/{job.pk}"
    page = client.get(answer["Location"]).content.decode()
    assert f"/api/v1/crawl/jobs/{job.pk}/events" in page
    assert "Pause" in page
    worker.run_job(job.pk)
    state = client.get(f"/procurement/crawls/{job.pk}/state").content.decode()
    assert "Download" in state
    content = b"".join(client.get(f"/procurement/crawls/{job.pk}/file"))
    assert content.startswith(b"\xef\xbb\xbf")


def test_a_wrong_file_name_is_said_in_the_form(people, signed_in, sent):
    form = {"category": "책상", "total_days": 30, "format": "csv", "explode": "none", "filename": "../x"}
    answer = signed_in(people.owner).post("/procurement/crawls/", form)
    assert answer.status_code == 422
    assert "file name" in answer.content.decode()
    assert not CrawlJob.objects.exists()


def test_a_viewer_sees_and_does_not_act(filled, people, signed_in):
    client = signed_in(people.viewer)
    page = client.get(f"/procurement/crawls/{filled.pk}").content.decode()
    assert "Download" in page
    assert "Resume" not in page
    for path in (f"crawls/{filled.pk}/resume", "collect", "searches/"):
        assert client.post(f"/procurement/{path}", {}).status_code == 403


def test_a_stranger_sees_nothing(filled, people, signed_in):
    client = signed_in(people.stranger)
    notice = Notice.objects.for_workspace(people.workspace).first()
    product = Product.objects.for_workspace(people.workspace).first()
    for path in (
        f"crawls/{filled.pk}",
        f"crawls/{filled.pk}/file",
        f"notices/{notice.notice_no}",
        f"products/{product.product_id}",
    ):
        assert client.get(f"/procurement/{path}").status_code == 404
    assert notice.title not in client.get("/procurement/").content.decode()


def test_a_search_is_saved_shown_and_deleted(filled, people, signed_in):
    client = signed_in(people.owner)
    answer = client.post("/procurement/searches/", {"name": "buys", "words": "구매", "is_alerting": "on"})
    found = SavedSearch.objects.get()
    assert answer["Location"] == f"/procurement/searches/{found.pk}"
    assert "구매" in client.get(answer["Location"]).content.decode()
    assert client.post("/procurement/searches/", {"name": "buys", "words": "x"}).status_code == 422
    client.post(f"/procurement/searches/{found.pk}/delete")
    assert not SavedSearch.objects.exists()


def test_times_are_shown_in_seoul(people, signed_in):
    Notice.objects.create(
        workspace=people.workspace,
        notice_no="R1",
        title="t",
        published=datetime(2026, 11, 20, 16, tzinfo=UTC),
        as_of=datetime(2026, 11, 20, 16, tzinfo=UTC),
    )
    assert "2026-11-21 01:00:00 KST" in signed_in(people.owner).get("/procurement/").content.decode()
