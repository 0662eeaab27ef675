"""Customers: ways to work and school, drawn areas, what just missed, periodic notices, and their pages."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from portal.notifications.models import Event
from properties.matching import fit, just_missed
from properties.models import Listing, Match, Requirement
from properties.notices import tell_daily
from properties.places import find_place
from properties.services import match_listings, requirement_create

OFFICE = {"place": "강남역", "latitude": 37.498, "longitude": 127.0276}


def wish(**fields) -> SimpleNamespace:
    base = {
        "trade": "sale", "property_types": [], "region_codes": [], "centre": None, "polygon": None, "price_min": None,
        "price_max": None, "rent_max": None, "area_min": None, "area_max": None, "floor_min": None, "directions": [],
        "rooms_min": None, "commute": None, "school": None,
    }  # fmt: skip
    return SimpleNamespace(**{**base, **fields})


def offer(**fields) -> SimpleNamespace:
    base = {
        "trade": "sale", "property_type": "apartment", "region_code": "1165010100", "price": 120_000, "rent": None,
        "exclusive_m2": 84.9, "floor": 12, "floor_band": "", "direction": "S", "rooms": 3, "latitude": 37.484,
        "longitude": 127.0,
    }  # fmt: skip
    return SimpleNamespace(**{**base, **fields})


@pytest.mark.parametrize(
    ("field", "limits", "position", "expected"),
    [
        ("commute", {"minutes": 30}, {}, True),  # 2.9 km away: about 17 minutes
        ("commute", {"minutes": 30}, {"latitude": 37.9}, False),  # 45 km
        ("commute", {"minutes": 30}, {"latitude": None}, None),
        ("school", {"metres": 600}, {"latitude": 37.4975, "longitude": 127.0262}, True),
        ("school", {"metres": 600}, {}, False),
        ("school", {"metres": 600}, {"longitude": None}, None),
    ],
)
def test_ways_decide_and_an_unknown_place_is_no_silent_pass(field, limits, position, expected):
    result = fit(wish(**{field: {**OFFICE, **limits}}), offer(**position))

    assert result.is_match is (expected is not False)
    assert (field in result.reasons) is (expected is True)
    assert (f"{field}_unknown" in result.misses) is (expected is None)


def test_a_shorter_way_scores_higher():
    near, far = offer(latitude=37.497), offer(latitude=37.45)
    looking = wish(commute={**OFFICE, "minutes": 60})

    assert fit(looking, near).score > fit(looking, far).score


def test_what_misses_by_one_condition_is_named():
    looking = wish(price_max=125_000, rooms_min=3)
    offers = [offer(), offer(price=130_000), offer(rooms=2), offer(price=130_000, rooms=2)]

    assert sorted(row.failed for row in just_missed(looking, offers, 10)) == ["price", "rooms"]


def test_an_unknown_condition_beside_a_failed_one_still_counts_once():
    (row,) = just_missed(wish(price_max=100_000, rooms_min=3), [offer(rooms=None)], 10)

    assert row.failed == "price" and "rooms_unknown" in row.fit.misses


@pytest.fixture
def homes(workspace) -> list[Listing]:
    now = timezone.now()
    rows = [
        Listing(
            workspace=workspace, cluster_key=f"own:{number}", trade="sale", property_type="apartment",
            title=f"가나{number}단지", region_code="1165010100", price=110_000 + number * 10_000, exclusive_m2=84.9,
            latitude=37.48 + number / 100, longitude=127.0, first_seen=now, last_seen=now,
        )
        for number in range(4)
    ]  # fmt: skip
    return Listing.objects.bulk_create(rows)


@pytest.fixture
def browser(owner, workspace) -> Client:
    client = Client()
    client.force_login(owner)
    return client


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("37.5, 127.03", (37.5, 127.03)),
        ("가나2단지", (37.5, 127.0)),
        ("999, 999", None),
        ("없는 단지", None),
    ],
)
def test_places_are_found_by_name_or_position(workspace, homes, text, expected):
    found = find_place(workspace, text)

    assert found == (pytest.approx(expected) if expected else None)


def test_a_region_stands_for_its_middle(workspace):
    latitude, longitude = find_place(workspace, "서울특별시 서초구")

    assert 37.4 < latitude < 37.55 and 126.9 < longitude < 127.2


def form(**fields) -> dict:
    return {"customer": "김고객", "trade": "sale", **fields}


def test_the_page_takes_ways_a_radius_and_a_drawn_area(browser, homes):
    square = [[37.475, 126.99], [37.475, 127.01], [37.495, 127.01], [37.495, 126.99]]
    answer = browser.post(
        reverse("properties:customer-new"),
        form(
            near="가나0단지", radius_m="3000", commute_place="37.498, 127.0276", commute_minutes="40",
            polygon=json.dumps(square), notify="daily", property_types=["apartment"],
        ),
    )  # fmt: skip

    assert answer.status_code == 302, answer.content.decode()[:2000]
    stored = Requirement.objects.get()
    assert stored.centre["radius_m"] == 3000 and stored.commute["minutes"] == 40 and stored.polygon == square
    assert {match.listing.title for match in stored.matches.all()} == {"가나0단지", "가나1단지"}
    assert "drawn_area" in stored.matches.first().reasons and "commute" in stored.matches.first().reasons


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"near": "가나0단지"}, "limit"),
        ({"commute_place": "어딘가", "commute_minutes": "30"}, "not known"),
        ({"polygon": "[[1,2],[3,4]]"}, "corners"),
        ({"polygon": "alert(1)"}, "corners"),
        ({"polygon": "[[999,2],[3,4],[5,6]]"}, "corners"),
    ],
)
def test_half_a_wish_is_explained(browser, homes, fields, text):
    answer = browser.post(reverse("properties:customer-new"), form(**fields))

    assert answer.status_code == 422 and text in answer.content.decode()
    assert not Requirement.objects.exists()


def test_a_customers_page_shows_matches_and_what_missed(browser, actor, homes):
    looking = requirement_create(actor, customer="박손님", trade="sale", price_max=125_000)

    page = browser.get(reverse("properties:customer-detail", args=[looking.pk])).content.decode()

    assert "가나0단지" in page and "Just missed" in page and "가나3단지" in page
    browser.post(reverse("properties:customer-end", args=[looking.pk]))
    looking.refresh_from_db()
    assert not looking.is_active and match_listings(looking.workspace) == []


def test_daily_notices_wait_and_are_told_once(actor, homes, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        requirement_create(actor, customer="매일", trade="sale", notify="daily")
        requirement_create(actor, customer="즉시", trade="sale", notify="instant")
        requirement_create(actor, customer="안함", trade="sale", notify="never")
    assert {event.title_ko.split()[0] for event in Event.objects.filter(topic="properties.match")} == {"즉시"}

    assert tell_daily() == 1
    assert tell_daily() == 0

    assert Event.objects.filter(topic="properties.match", title_ko__startswith="매일").count() == 1
    assert Match.objects.filter(requirement__customer="안함", notified_at=None).count() == len(homes)


def test_rest_takes_ways_too(browser, homes):
    body = {"customer": "김", "trade": "sale", "school": {**OFFICE, "metres": 800}}

    answer = browser.post(reverse("properties-api-requirements"), body, content_type="application/json")

    assert answer.status_code == 201, answer.content
    assert Requirement.objects.get().school["metres"] == 800
