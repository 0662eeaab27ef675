"""What the market room stores: snapshots, symbols, history, retention; and its REST API."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from markets import services
from markets.models import DailyBar, Snapshot, Symbol
from markets.signals import snapshot_taken
from portal.workspaces.roles import Role
from tests.people import join, make_owner

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(db):
    return make_owner()


@pytest.fixture
def api(owner):
    """`api("get", "tools/…")`: the status and the body as the owner gets them."""
    return caller_of(owner.user)


def caller_of(user):
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")

    def call(method, path, data=None, **extra):
        options = {"content_type": "application/json"} if method != "get" else {}
        answer = getattr(client, method)(f"/api/v1/markets/{path}", data, **options, **extra)
        return answer.status_code, (answer.json() if answer.content else None)

    return call


def test_a_snapshot_is_kept_once_for_one_upstream_moment(upstream, owner):
    heard = []
    snapshot_taken.connect(lambda sender, snapshot, **extra: heard.append(snapshot.pk), weak=False, dispatch_uid="test")
    try:
        first = services.snapshot_take(owner.workspace)
        second = services.snapshot_take(owner.workspace)
    finally:
        snapshot_taken.disconnect(dispatch_uid="test")

    assert first.pk == second.pk and heard == [first.pk]
    kept = Snapshot.objects.get()
    assert (len(kept.answer["rows"]), kept.data_date) == (30, date(2025, 2, 11))


def test_symbols_are_stored_and_updated_in_place(upstream, owner):
    count = services.symbols_refresh(owner.workspace)
    again = services.symbols_refresh(owner.workspace)

    assert count == again == Symbol.objects.count() == 259
    samsung = Symbol.objects.get(code="005930")
    assert (samsung.name, samsung.market, samsung.sector_medium, samsung.origin) == (
        "삼성전자",
        "KOSPI",
        "0013",
        "sandbox",
    )


def test_history_is_stored_without_duplicates(upstream, owner):
    codes = ["005930", "000660", "196170"]
    first = services.history_refresh(owner.workspace, codes)
    services.history_refresh(owner.workspace, codes)

    assert first["stocks"] == 3 and first["failed"] == 0
    assert DailyBar.objects.count() == first["bars"] > 150
    bar = DailyBar.objects.get(code="005930", date=date(2025, 2, 11))
    assert (bar.close, bar.trading_value) == (55700, 1_370_657_724_557)


def test_a_stock_without_history_is_counted_as_failed(upstream, owner):
    result = services.history_refresh(owner.workspace, ["005930", "999999"])

    assert (result["stocks"], result["failed"]) == (1, 1)


def test_old_rows_go(upstream, owner):
    snapshot = services.snapshot_take(owner.workspace)
    Snapshot.objects.filter(pk=snapshot.pk).update(taken_at=timezone.now() - timedelta(days=15))

    assert services.old_rows_prune()["snapshots"] == 1
    assert not Snapshot.objects.exists()


def test_every_tool_answers_over_rest(upstream, api):
    status, tools = api("get", "tools")
    assert status == 200
    needed = {"find_symbol": "?query=삼성전자", "get_price_history": "?code=005930"}

    for tool in tools["results"]:
        status, answer = api("get", f"tools/{tool['name']}{needed.get(tool['name'], '')}")
        assert status == 200, (tool["name"], answer)
        assert answer["as_of"]


def test_lists_and_numbers_come_from_the_query_string(upstream, api):
    status, answer = api("get", "tools/get_volume_ranking?market=KOSPI&count=5&exclude=preferred&exclude=etf")

    assert status == 200
    assert (answer["market"], len(answer["rows"])) == ("KOSPI", 5)


@pytest.mark.parametrize(
    ("path", "status", "word"),
    [
        ("tools/get_volume_ranking?count=1000", 422, "count"),
        ("tools/get_volume_ranking?colour=red", 422, "colour"),
        ("tools/drop_tables", 404, "get_volume_ranking"),
        ("tools/get_price_history?code=999999", 422, "999999"),
    ],
)
def test_refusals_are_problems_with_a_remedy(upstream, api, path, status, word):
    got, body = api("get", path)

    assert got == status
    assert word in str(body)


def test_an_upstream_failure_is_503(upstream, api, monkeypatch):
    monkeypatch.setattr("markets.kis.client.RETRIES", 0)
    upstream.switch({"html_503": -1})

    status, body = api("get", "tools/get_volume_ranking")

    assert status == 503
    assert body["code"] == "kis_not_json" and body["retryable"] is True


def test_rules_over_rest(upstream, api):
    rule = {"name": "New", "tool": "get_unusual_volume", "condition": "new_entry"}
    status, made = api("post", "rules", rule)
    assert status == 201

    assert api("post", "rules", rule)[0] == 409
    assert api("patch", f"rules/{made['id']}", {"is_active": False})[1]["is_active"] is False
    assert len(api("get", "rules")[1]["results"]) == 1
    assert api("delete", f"rules/{made['id']}")[0] == 204
    assert api("get", f"rules/{made['id']}")[0] == 404


def test_a_wrong_rule_names_its_fields(upstream, api):
    rule = {"name": "x", "tool": "get_volume_ranking", "condition": "above", "field": "colour", "params": {"count": 0}}

    status, body = api("post", "rules", rule)

    assert status == 422
    assert {problem["field"] for problem in body["problems"]} == {"field", "threshold", "params.count"}


def test_viewers_and_strangers_over_rest(upstream, api, owner):
    _, rule = api("post", "rules", {"name": "New", "tool": "get_volume_ranking", "condition": "new_entry"})
    viewer, stranger = caller_of(join(owner.workspace, Role.VIEWER).user), caller_of(make_owner().user)

    assert viewer("get", "rules")[0] == 200
    assert viewer("post", "rules", {"name": "b", "tool": "get_volume_ranking", "condition": "new_entry"})[0] == 403
    assert stranger("get", f"rules/{rule['id']}")[0] == 404
    assert stranger("get", "rules")[1]["results"] == []


def test_the_watch_sleeps_while_the_market_is_closed(upstream, owner, monkeypatch):
    from markets import tasks

    called = []
    monkeypatch.setattr(tasks.take_snapshot, "delay", lambda *args: called.append(args))
    monkeypatch.setattr(tasks, "workspaces_with_market_data", lambda: [owner.workspace])
    monkeypatch.setattr(tasks.timezone, "now", lambda: timezone.datetime.fromisoformat("2026-11-21T11:00:00+09:00"))
    tasks.watch()
    assert not called

    monkeypatch.setattr(tasks.timezone, "now", lambda: timezone.datetime.fromisoformat("2026-11-20T11:00:00+09:00"))
    tasks.watch()
    assert called == [(str(owner.workspace.pk),)]
