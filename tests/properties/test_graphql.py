"""GraphQL: few queries for many listings with all they hold, and limits that hold before anything is read."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from properties.desk_models import Photo
from properties.models import Advert, Complex, History, Listing

EVERYTHING = """
{ properties(first: 50) { id title price rent area address platforms platform
    complex { id name aliases }
    adverts { platform price url }
    history { at kind price }
    images { url width height phash copy } } }
"""


@pytest.fixture
def browser(owner, workspace) -> Client:
    client = Client()
    client.force_login(owner)
    return client


@pytest.fixture
def homes(workspace) -> list[Listing]:
    """Fifty listings, each with its complex, two adverts, four changes and four photos."""
    now = timezone.now()
    buildings = Complex.objects.bulk_create(
        Complex(workspace=workspace, region_code="1165010100", name=f"가나{number}", key=f"k{number}")
        for number in range(10)
    )
    homes = Listing.objects.bulk_create(
        Listing(
            workspace=workspace, complex=buildings[number % 10], cluster_key=f"own:{number}", trade="sale",
            title=f"매물 {number}", price=100_000 + number, first_seen=now, last_seen=now,
        )
        for number in range(55)
    )  # fmt: skip
    adverts = Advert.objects.bulk_create(
        Advert(
            workspace=workspace, listing=home, platform=platform, platform_id=str(number), trade="sale",
            price=home.price, first_seen=now, last_seen=now,
        )
        for number, home in enumerate(homes)
        for platform in ("naver", "kb")
    )  # fmt: skip
    History.objects.bulk_create(
        History(workspace=workspace, advert=advert, listing=advert.listing, kind=kind, at=now, price=advert.price)
        for advert in adverts
        for kind in ("new", "price")
    )
    Photo.objects.bulk_create(
        Photo(
            workspace=workspace, advert=advert, url=f"https://photos.example.com/{advert.pk}/{number}.jpg",
            state="done", phash="0123456789abcdef", file={"id": "x", "name": "photo.jpg"} if number else None,
        )
        for advert in adverts
        for number in range(2)
    )  # fmt: skip
    return homes


def ask(browser: Client, query: str, **variables) -> dict:
    answer = browser.post(
        reverse("properties-graphql"), {"query": query, "variables": variables}, content_type="application/json"
    )
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_fifty_listings_with_everything_take_at_most_twelve_queries(browser, homes, django_assert_max_num_queries):
    with django_assert_max_num_queries(12):
        rows = ask(browser, EVERYTHING)["data"]

    assert len(rows["properties"]) == 50
    row = rows["properties"][0]
    assert row["complex"]["name"] and len(row["adverts"]) == 2 and len(row["history"]) == 4
    assert len(row["images"]) == 4 and sorted(bool(image["copy"]) for image in row["images"]) == [
        False,
        False,
        True,
        True,
    ]


def test_one_listing_alone_has_its_photos_and_platforms_too(browser, homes):
    row = ask(browser, f'{{ property(id: "{homes[0].pk}") {{ platforms platform images {{ url copy }} }} }}')["data"]

    assert row["property"]["platforms"] == ["kb", "naver"] and row["property"]["platform"] == "kb"
    assert len(row["property"]["images"]) == 4


def test_more_listings_take_no_more_queries(browser, homes):
    query = "{ properties(first: %s) { id complex { name } adverts { platform } history { at } images { url } } }"
    counts = []
    ask(browser, query % 1)  # what is only read once, such as who asks, is read here
    for first in (5, 50):
        with CaptureQueriesContext(connection) as caught:
            assert len(ask(browser, query % first)["data"]["properties"]) == first
        counts.append(len(caught))

    assert counts[0] == counts[1]


@pytest.mark.parametrize(
    "query",
    [
        # All that may be asked at once with everything, twice over.
        "{ a: properties(first: 100) { ...all } b: properties(first: 100) { ...all } "
        "c: properties(first: 100) { ...all } } "
        "fragment all on PropertyNode { adverts { platform } history { at } images { url } }",
        # A variable counts as the most that it may be.
        "query Q($n: Int!) { a: properties(first: $n) { ...all } b: properties(first: $n) { ...all } "
        "c: properties(first: $n) { ...all } } "
        "fragment all on PropertyNode { adverts { platform } history { at } images { url } }",
    ],
)
def test_a_costly_query_is_refused_before_it_reads(browser, homes, query):
    with CaptureQueriesContext(connection) as caught:
        errors = ask(browser, query, **({"n": 1} if "$n" in query else {}))["errors"]

    assert "objects" in errors[0]["message"] and "first" in errors[0]["message"]
    assert not [row for row in caught.captured_queries if "properties_" in row["sql"]]


def test_a_question_about_the_schema_may_not_go_round_in_circles(browser, homes):
    deep = "{ __schema { types { fields { type { fields { type { fields { type { name } } } } } } } } }"

    assert "introspection" in ask(browser, deep)["errors"][0]["message"].lower()


def test_another_workspace_sees_none_of_it(homes, outsider):
    stranger = Client()
    stranger.force_login(outsider)

    assert ask(stranger, "{ properties { id } }")["data"]["properties"] == []
    assert ask(stranger, f'{{ property(id: "{homes[0].pk}") {{ id }} }}')["data"]["property"] is None
