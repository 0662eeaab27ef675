"""Search of stored rows: Korean words with particles, parts of words, no false hits, through the index."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import connection

from procurement import watch
from procurement.collection import store_awards, store_notices
from procurement.g2b.rows import Award, Notice
from procurement.models import Notice as StoredNotice
from procurement.models import SavedSearchMatch
from procurement.search import normalise, pairs, search
from procurement.signals import notices_matched

NOW = datetime(2026, 11, 20, 3, tzinfo=UTC)


def notice(number, title, order="000", **more):
    return Notice(notice_no=number, order=order, kind="Thng", title=title, **more)


@pytest.fixture
def stored(people):
    found = [
        notice("R1", "데스크톱컴퓨터를 구매합니다", estimated_price=100),
        notice("R2", "2026년 노트북컴퓨터 임차", estimated_price=200),
        notice("R3", "컴퓨터 데스크 제작", estimated_price=300),
        notice("R4", "LED 전광판(옥외용) 설치", estimated_price=400),
    ]
    store_notices(people.workspace.pk, found, is_sample=False, as_of=NOW)
    return StoredNotice.objects.for_workspace(people.workspace)


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("컴퓨터", {"R1", "R2", "R3"}),
        ("데스크톱", {"R1"}),
        ("데스크톱컴퓨터", {"R1"}),
        ("컴퓨터 데스크", {"R1", "R3"}),
        ("구매", {"R1"}),
        ("ｌｅｄ", {"R4"}),
        ("옥외용", {"R4"}),
        ("스크컴퓨", set()),
        ("R2", {"R2"}),
        ("%", {"R1", "R2", "R3", "R4"}),
        ("없는말", set()),
    ],
)
def test_words_are_found_whole_or_in_part(stored, query, numbers):
    assert {row.notice_no for row in search(stored, query)} == numbers


def test_pairs_are_of_words_not_across_them():
    assert normalise("ＬＥＤ  전광판(옥외용)") == "led 전광판 옥외용"
    assert pairs("나라 장터") == ["나라", "장터"]
    assert pairs("a") == ["a"]


def test_the_index_serves_a_search(people):
    workspace = people.workspace.pk
    many = [notice(f"N{n}", f"{n}번째 물품 {'특수한말' if n % 97 == 3 else '보통'} 구매") for n in range(400)]
    store_notices(workspace, many, is_sample=False, as_of=NOW)
    with connection.cursor() as cursor:
        # A table of this size is read whole otherwise; what is asked is whether the index can serve it.
        cursor.execute("SET LOCAL enable_seqscan = off")
    found = search(StoredNotice.objects.filter(workspace_id=workspace).order_by(), "특수한말")
    assert "notice_pairs" in search(StoredNotice.objects.order_by(), "특수한말").explain()
    assert found.count() == 5


def test_an_older_order_never_replaces_a_newer_one(people):
    workspace = people.workspace.pk
    store_notices(workspace, [notice("R1", "새 제목", "001")], is_sample=False, as_of=NOW)
    store_notices(workspace, [notice("R1", "옛 제목", "000")], is_sample=False, as_of=NOW)
    (row,) = StoredNotice.objects.for_workspace(workspace)
    assert (row.title, row.order) == ("새 제목", "001")
    store_notices(workspace, [notice("R1", "더 새 제목", "002")], is_sample=False, as_of=NOW)
    (row,) = StoredNotice.objects.for_workspace(workspace)
    assert row.title == "더 새 제목"
    assert {r.notice_no for r in search(StoredNotice.objects.all(), "더")} == {"R1"}


def test_awards_are_kept_once(people):
    award = Award(notice_no="R1", order="000", class_no="1", rebid_no="000", winner="한빛", amount=5)
    for amount in (5, 6):
        store_awards(
            people.workspace.pk, [award.model_copy(update={"amount": amount})], "Thng", is_sample=False, as_of=NOW
        )
    from procurement.models import Award as Stored

    (row,) = Stored.objects.for_workspace(people.workspace)
    assert row.amount == 6


def test_a_saved_search_tells_each_new_notice_once(people, stored, django_capture_on_commit_callbacks):
    told = []
    notices_matched.connect(
        lambda sender, search, notices, **_: told.append([one.notice_no for one in notices]),
        weak=False,
        dispatch_uid="test",
    )
    with django_capture_on_commit_callbacks(execute=True):
        found = watch.create_search(people.actor, "PCs", words="컴퓨터", price_max=250)
    assert told == []
    assert SavedSearchMatch.objects.filter(search=found).count() == 2
    store_notices(
        people.workspace.pk,
        [notice("R9", "컴퓨터 서버 구매", estimated_price=90), notice("R8", "컴퓨터", estimated_price=900)],
        is_sample=False,
        as_of=NOW,
    )
    for _ in range(2):
        with django_capture_on_commit_callbacks(execute=True):
            watch.check_search(found)
    notices_matched.disconnect(dispatch_uid="test")
    assert told == [["R9"]]


def test_collecting_keeps_notices_and_awards_and_checks_searches(people, upstream):
    watch.create_search(people.actor, "open", words="구매")
    counts = watch.collect(people.workspace.pk, days=3)
    assert counts["notices"] > 20
    assert counts["awards"] > 5
    assert counts["matches"] > 0
    again = watch.collect(people.workspace.pk, days=3)
    assert again["matches"] == 0
    assert watch.workspaces_to_collect() == [people.workspace.pk]
