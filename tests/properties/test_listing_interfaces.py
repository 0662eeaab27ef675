"""REST, GraphQL, pages and the monitor socket: same rules through every door."""

import io
import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from properties.intake import take_adverts
from properties.legal import legal_basis_record
from properties.models import Collection, LegalBasis, Listing, Requirement, ReviewPair
from properties.normalise import RawAdvert
from properties.resolution import resolve_regions

REGION = "1165010100"
PAGES = ("overview", "listing-list", "listing-map", "review", "customers", "collectors", "monitor", "import")


def raw(identifier: str, platform: str = "naver", **fields) -> RawAdvert:
    base = {
        "trade": "매매",
        "property_type": "아파트",
        "complex_name": "가나래미",
        "price_text": "12억 3,000",
        "exclusive": "84.97",
        "floor": "12/25",
        "building_dong": "103동",
        "region_code": REGION,
        "latitude": 37.49,
        "longitude": 127.01,
    }
    return RawAdvert(platform, identifier, {**base, **fields})


@pytest.fixture
def browser(owner, workspace) -> Client:
    client = Client()
    client.force_login(owner)
    return client


@pytest.fixture
def some(workspace) -> list[Listing]:
    take_adverts(
        workspace,
        [
            raw("1"),
            raw("2", price_text="30억", floor="3/25"),
            raw("3", trade="월세", price_text="5000/60", floor="7/25"),
            raw("4", "dabang", building_dong="", floor="중층"),
            raw("5", floor="14/25"),
        ],
    )
    resolve_regions(workspace, [REGION])
    return list(Listing.objects.all())


def graphql(client: Client, query: str, **variables) -> dict:
    answer = client.post(
        reverse("properties-graphql"), {"query": query, "variables": variables}, content_type="application/json"
    )
    assert answer.status_code == 200, answer.content
    return answer.json()


@pytest.mark.parametrize("name", PAGES)
def test_every_page_opens_full_and_empty(browser, name, workspace):
    assert browser.get(reverse(f"properties:{name}")).status_code == 200

    take_adverts(workspace, [raw("1"), raw("2", floor="14/25"), raw("3", "dabang", floor="중층", building_dong="")])
    resolve_regions(workspace, [REGION])

    assert browser.get(reverse(f"properties:{name}")).status_code == 200


@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_detail_page_shows_price_history_and_adverts(browser, some, language):
    listing = Listing.objects.filter(trade="monthly").get()
    browser.cookies["django_language"] = language

    page = browser.get(reverse("properties:listing-detail", args=[listing.pk])).content.decode()

    assert ("5,000만" if language == "ko" else "₩50M") in page
    assert "price-figure" in page


def test_strangers_and_other_workspaces_see_nothing(some, outsider):
    listing = some[0]
    for client in (Client(), Client()):
        assert client.get(reverse("properties:overview")).status_code == 302
    client = Client()
    client.force_login(outsider)

    assert client.get(reverse("properties:listing-detail", args=[listing.pk])).status_code == 404
    assert client.get(reverse("properties-api-listing", args=[listing.pk])).status_code == 404
    assert client.get(reverse("properties-api-listings")).json()["results"] == []


def test_the_table_filters_and_explains_an_empty_result(browser, some):
    page = browser.get(reverse("properties:listing-list"), {"area": "서초구", "price_max": 150_000, "trade": "sale"})
    assert all(row.price <= 150_000 for row in page.context["rows"])
    empty = browser.get(reverse("properties:listing-list"), {"area": "서초구", "price_max": 10})
    assert "price_max" in empty.content.decode()


def test_the_table_is_exported_with_its_conditions_and_no_formulas(browser, workspace):
    from openpyxl import load_workbook

    take_adverts(workspace, [raw("1", complex_name="=1+1 하이츠"), raw("2", price_text="30억", floor="3/25")])
    resolve_regions(workspace, [REGION])

    answer = browser.get(reverse("properties:listing-export"), {"price_max": 200_000})
    book = load_workbook(io.BytesIO(answer.content))
    rows = list(book.worksheets[0].iter_rows(values_only=True))
    about = dict(book.worksheets[1].iter_rows(values_only=True))

    assert len(rows) == 2
    assert rows[1][0] == "=1+1 하이츠" and book.worksheets[0]["A2"].data_type == "s"
    assert rows[1][5] == 123_000
    assert about["price_max"] == "200000"


def test_lists_take_a_fixed_number_of_queries(browser, some, workspace, django_assert_max_num_queries):
    take_adverts(
        workspace, [raw(str(number), price_text=f"{number}억", floor=f"{number}/25") for number in range(6, 25)]
    )
    resolve_regions(workspace, [REGION])

    with django_assert_max_num_queries(14):
        browser.get(reverse("properties:listing-list"))
    with django_assert_max_num_queries(12):
        result = graphql(
            browser,
            "{ properties(first: 50) { id title price area address platform platforms complex { name } "
            "adverts { platform price url } history { at price kind } } }",
        )
    assert len(result["data"]["properties"]) > 15


def test_graphql_answers_the_query_of_the_requirement_document(browser, some):
    result = graphql(
        browser,
        "query Search($area: String!) { properties(area: $area, priceMin: 100000, priceMax: 150000) "
        "{ id title price area address platform } propertiesNote(area: $area) { asOf unapplied emptyReason total } }",
        area="서초구",
    )

    assert {row["price"] for row in result["data"]["properties"]} == {123_000}
    assert result["data"]["propertiesNote"]["total"] == len(some)


@pytest.mark.parametrize(
    "query",
    [
        "{ properties(first: 100000) { id } }",
        "{ " + " ".join(f"a{number}: properties {{ id }}" for number in range(20)) + " }",
        "{ properties { " + "id title " * 600 + "} }",
    ],
)
def test_graphql_refuses_expensive_queries(browser, some, query):
    assert graphql(browser, query)["errors"]


def test_a_task_as_in_the_requirement_document_is_queued(browser, actor, django_capture_on_commit_callbacks):
    legal_basis_record(actor, platform="naver", ground="own_listings", details="Our own adverts, office contract 2026.")
    body = {
        "type": "collect",
        "areas": ["강남구", "서초구"],
        "platforms": ["naver"],
        "filters": {"price_min": 100_000, "area_min": 60},
    }

    answer = browser.post(reverse("properties-api-tasks"), json.dumps(body), content_type="application/json")

    assert answer.status_code == 202, answer.content
    assert [task["region_code"] for task in answer.json()["tasks"]] == ["1168000000", "1165000000"]
    assert any("price_min" in note for note in answer.json()["unapplied"])
    assert Collection.objects.count() == 2


@pytest.mark.parametrize("door", ["rest", "page", "task"])
def test_no_door_opens_a_platform_without_a_basis(browser, actor, door):
    if door == "rest" or door == "task":
        body = {"type": "collect", "areas": ["강남구"], "platforms": ["naver", "zigbang"]}
        answer = browser.post(reverse("properties-api-tasks"), json.dumps(body), content_type="application/json")
        assert answer.status_code == 409
        assert answer.json()["code"] == "no_legal_basis"
    else:
        answer = browser.post(
            reverse("properties:collection-new"), {"platform": ["naver"], "area": "강남구"}, follow=True
        )
        assert "legal basis" in answer.content.decode()
    assert not Collection.objects.exists()


def test_the_status_lists_every_collector(browser, workspace):
    agents = browser.get(reverse("properties-api-agents")).json()["agents"]

    by_name = {agent["platform"]: agent for agent in agents}
    assert by_name["naver"]["enabled"] is False
    assert by_name["asil"]["link_only"] is True
    assert by_name["kb"]["capabilities"]["trades"] == ["sale", "jeonse", "monthly"]


def test_a_basis_is_recorded_on_the_page_and_over_rest(browser, workspace):
    fields = {"platform": "kb", "ground": "written_permission", "details": "Letter of 2026-10-02 by KB, office copy."}
    browser.post(reverse("properties:basis-record"), fields)
    assert LegalBasis.objects.get(platform="kb").recorded_label == "owner@example.test"

    wrong = browser.post(
        reverse("properties-api-legal-bases"),
        {"platform": "naver", "ground": "other", "details": "x"},
        "application/json",
    )
    assert wrong.status_code == 422
    assert browser.delete(reverse("properties-api-revoke", args=["kb"])).status_code == 204
    assert LegalBasis.objects.get(platform="kb").revoked_at


def test_a_viewer_reads_but_does_not_act(viewer, workspace, some):
    client = Client()
    client.force_login(viewer)

    assert client.get(reverse("properties:listing-list")).status_code == 200
    assert client.post(reverse("properties:basis-record"), {"platform": "kb"}).status_code == 403
    assert client.post(reverse("properties:customer-new"), {}).status_code == 403


def test_a_customer_is_added_and_matched_on_the_page(browser, some):
    answer = browser.post(
        reverse("properties:customer-new"),
        {"customer": "김고객", "trade": "sale", "region": "서초구", "price_max": "130000"},
        follow=True,
    )

    assert Requirement.objects.get().matches.count() >= 1
    assert "김고객" in answer.content.decode()


def test_a_wrong_region_of_a_customer_is_explained(browser, some):
    answer = browser.post(reverse("properties:customer-new"), {"customer": "김", "trade": "sale", "region": "역삼동"})

    assert answer.status_code == 422
    assert "강남구" in answer.content.decode()


def test_a_review_is_decided_on_the_page(browser, some):
    pair = ReviewPair.objects.first()
    assert pair is not None

    browser.post(reverse("properties:review-decide"), {"one": pair.one.key, "other": pair.other.key, "same": "0"})

    assert not ReviewPair.objects.filter(pk=pair.pk).exists()


def test_a_table_is_imported_on_the_page(browser, workspace):
    text = "거래유형,단지명,가격,전용면적,층,주소\n매매,나다빌,3억5천,59.9,3층,서울 서초구 방배동 1-1\n"
    file = SimpleUploadedFile("own.csv", text.encode())

    page = browser.post(reverse("properties:import"), {"file": file})

    assert page.status_code == 200
    listing = Listing.objects.get()
    assert (listing.price, listing.is_own, listing.region_code) == (35_000, True, "1165010100")


async def test_the_monitor_socket_refuses_strangers():
    from channels.testing import WebsocketCommunicator
    from django.contrib.auth.models import AnonymousUser

    from properties.consumers import SIGN_IN, MonitorConsumer

    communicator = WebsocketCommunicator(MonitorConsumer.as_asgi(), "/ws/monitor")
    communicator.scope["user"] = AnonymousUser()
    await communicator.connect()

    assert (await communicator.receive_output())["code"] == SIGN_IN
