"""The market pages over the real tools: what they show, whom they let in, and what they say when KIS fails."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from markets.models import Alert, AlertRule
from portal.workspaces.roles import Role
from tests.people import join, make_owner

pytestmark = pytest.mark.django_db

PAGES = ["board", "symbol-search", "sectors", "flows", "unusual", "alerts", "health"]


@pytest.fixture
def owner(db):
    return make_owner()


@pytest.fixture
def page(client_of, owner):
    """`page("board", market="KOSPI")`: the page's text as the owner sees it."""

    def get(name, *args, status=200, **query):
        answer = client_of(owner.user).get(reverse(f"markets:{name}", args=args), query)
        assert answer.status_code == status, answer.content[:400]
        return answer.content.decode()

    return get


@pytest.fixture
def client_of():
    def sign_in(user):
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return sign_in


@pytest.mark.parametrize("name", PAGES)
def test_every_page_opens_in_both_languages(upstream, client_of, owner, name):
    for language in ("en", "ko"):
        client = client_of(owner.user)
        answer = client.get(reverse(f"markets:{name}"), headers={"Accept-Language": language})
        assert answer.status_code == 200
        assert "style=" not in answer.content.decode()


@pytest.mark.parametrize("name", PAGES)
def test_strangers_are_sent_to_sign_in(db, name):
    answer = Client().get(reverse(f"markets:{name}"))

    assert answer.status_code == 302
    assert "login" in answer["Location"]


def test_the_board_shows_the_ranking_with_its_source(upstream, page):
    text = page("board")

    assert text.index("삼성전자") < text.index("한화오션")
    assert "KIS Open API sandbox" in text and "20 rows, complete" in text
    assert "Recorded figures of 2025-02-11" in text


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ({"market": "KOSDAQ"}, "레인보우로보틱스"),
        ({"sort": "cap"}, "SK하이닉스"),
        ({"sort": "change"}, "라온피플"),
        ({"sector": "0013"}, "삼성전자"),
    ],
)
def test_the_board_follows_its_filters(upstream, page, query, name):
    assert name in page("board", **query)


def test_unknown_filter_values_fall_back_instead_of_failing(upstream, page):
    assert "삼성전자" in page("board", market="NASDAQ", count="7000", venue="X", sort="'")


def test_an_upstream_failure_is_told_and_no_empty_table_shown(upstream, page, monkeypatch):
    monkeypatch.setattr("markets.kis.client.RETRIES", 0)
    upstream.switch({"html_503": -1})

    text = page("board")

    assert "cannot be had just now" in text and "maintenance" in text
    assert "No stock fits" not in text


def test_curves_come_as_json(upstream, client_of, owner):
    answer = client_of(owner.user).get(reverse("markets:board-sparks"), {"codes": "005930,000660,<script>"})

    values = answer.json()["values"]
    assert set(values) == {"005930", "000660"}
    assert len(values["005930"]) == 20


def test_a_search_that_fits_one_stock_opens_it(upstream, client_of, owner):
    answer = client_of(owner.user).get(reverse("markets:symbol-search"), {"q": "ㅅㅅㅈㅈ"})
    assert "삼성전자우" in answer.content.decode()

    answer = client_of(owner.user).get(reverse("markets:symbol-search"), {"q": "005930"})
    assert answer["Location"] == reverse("markets:symbol-detail", args=["005930"])


def test_the_symbol_page_has_figures_and_unusual_days(upstream, page):
    text = page("symbol-detail", "300120")

    assert "라온피플" in text and 'id="price-figure"' in text and 'id="value-figure"' in text
    assert "beyond the price move" in text
    assert re.search(r'"candlestick"', text)


@pytest.mark.parametrize("code", ["999999", "12", "ABCDEFGHIJ"])
def test_an_unknown_stock_is_not_found(upstream, page, code):
    page("symbol-detail", code, status=404)


def test_sectors_flows_and_findings_show_their_figures(upstream, page):
    assert "전기·전자" in page("sectors", market="KOSPI")
    assert "한화에어로스페이스" in page("flows")
    assert "asked one by one" in page("flows", investor="program")
    assert "라온피플" in page("unusual")
    assert "Sign" in page("health") or "sign-in" in page("health")


def make_rule(client, **form):
    data = {"name": "Large", "tool": "get_volume_ranking", "condition": "above", "field": "trading_value",
            "threshold": "1000000000000", "market": "ALL"} | form  # fmt: skip
    return client.post(reverse("markets:rule-create"), data, follow=True)


def test_a_rule_is_made_switched_and_removed_by_form(upstream, client_of, owner):
    client = client_of(owner.user)
    assert "watches from the next minute" in make_rule(client).content.decode()
    rule = AlertRule.objects.get()

    client.post(reverse("markets:rule-switch", args=[rule.pk]), {"active": "0"})
    rule.refresh_from_db()
    assert rule.is_active is False

    client.post(reverse("markets:rule-delete", args=[rule.pk]))
    assert not AlertRule.objects.exists()


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"threshold": "many"}, "must be a number"),
        ({"threshold": ""}, "figure is needed"),
        ({"field": "colour"}, "no such figure"),
        ({"tool": "rm"}, "no such tool"),
        ({"quiet_from": "25:99"}, "quiet hours must be times"),
    ],
)
def test_a_rule_that_cannot_work_is_refused_with_the_reason(upstream, client_of, owner, form, words):
    assert words in make_rule(client_of(owner.user), **form).content.decode()
    assert not AlertRule.objects.exists()


def test_viewers_read_but_do_not_write(upstream, client_of, owner):
    viewer = join(owner.workspace, Role.VIEWER)
    client = client_of(viewer.user)

    assert client.get(reverse("markets:board")).status_code == 200
    assert make_rule(client).status_code == 403
    assert not AlertRule.objects.exists()


def test_other_workspaces_rules_do_not_exist_for_a_stranger(upstream, client_of, owner):
    make_rule(client_of(owner.user))
    rule = AlertRule.objects.get()
    stranger = client_of(make_owner().user)

    assert stranger.post(reverse("markets:rule-delete", args=[rule.pk])).status_code == 404
    assert rule.name not in stranger.get(reverse("markets:alerts")).content.decode()


def test_a_rule_fires_once_is_held_and_told_on_the_page(upstream, client_of, owner):
    from markets import services

    make_rule(client_of(owner.user))
    rule = AlertRule.objects.get()

    first = services.rule_look(rule.pk)
    again = services.rule_look(rule.pk, now=timezone.now() + timedelta(hours=3))

    assert {alert.stock_name for alert in first} == {"삼성전자", "한화에어로스페이스"}
    assert again == []
    assert "한화에어로스페이스" in client_of(owner.user).get(reverse("markets:alerts")).content.decode()


def test_a_failing_upstream_fires_nothing_and_is_noted_at_the_rule(upstream, client_of, owner, monkeypatch):
    from markets import services

    monkeypatch.setattr("markets.kis.client.RETRIES", 0)
    make_rule(client_of(owner.user), condition="new_entry", threshold="")
    rule = AlertRule.objects.get()
    services.rule_look(rule.pk)
    memory = AlertRule.objects.get().memory
    upstream.switch({"html_503": -1})
    from markets.cache import PROCESS

    PROCESS.drop()
    empty_shared_cache()

    assert services.rule_look(rule.pk) == []
    rule.refresh_from_db()
    assert "maintenance" in rule.problem
    assert rule.memory == memory
    assert not Alert.objects.exists()


def empty_shared_cache():
    """Forget the shared answers, as after five minutes and an hour without the upstream."""
    import redis
    from django.conf import settings

    with redis.Redis.from_url(settings.REDIS_URL) as server:
        for key in server.scan_iter("*cache:*"):
            server.delete(key)
