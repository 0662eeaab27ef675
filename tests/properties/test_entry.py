"""Listings entered by hand, by link or by table, with addresses made certain on the way."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from integrations.sdk import Unavailable
from properties import addressing, sandbox
from properties.addressing import complete_addresses
from properties.models import Advert, Listing
from properties.normalise import RawAdvert
from properties.sandbox_data.official import juso

WRITTEN = {
    "trade": "sale",
    "property_type": "apartment",
    "price_text": "12억 3,000",
    "address": "서울 서초구 반포동 20-43",
    "complex_name": "반포자이",
    "building_dong": "103동",
    "floor": "12",
    "floor_total": "25",
    "exclusive": "84.97",
    "description": "연락 010-5555-0142",
}


@pytest.fixture
def page(client: Client, owner, workspace, platforms: sandbox.Switches) -> Client:
    client.force_login(owner)
    return client


def road_address() -> tuple[str, str]:
    """A road address that only the search knows, and its dong."""
    row = next(row for row in juso("반포동") if len(juso(row["roadAddrPart1"])) == 1)
    return row["roadAddrPart1"], row["admCd"]


def test_a_listing_is_entered_by_hand(page: Client, workspace) -> None:
    answer = page.post(reverse("properties:listing-new"), WRITTEN)

    listing = Listing.objects.for_workspace(workspace).get()
    assert answer.status_code == 302 and str(listing.pk) in answer["location"]
    assert (listing.price, listing.floor, listing.building_dong, listing.is_own) == (123_000, 12, "103", True)
    assert listing.region_code == "1165010700"
    assert "5555" not in str(Advert.objects.get().facts)


def test_a_pasted_link_names_the_advert_and_nothing_is_fetched(
    page: Client, workspace, platforms: sandbox.Switches
) -> None:
    link = "https://new.land.naver.com/complexes/111?articleNo=2600000001"

    page.post(reverse("properties:listing-new"), {**WRITTEN, "link": link})

    advert = Advert.objects.for_workspace(workspace).get()
    assert (advert.platform, advert.platform_id, advert.url) == ("naver", "2600000001", link)
    assert platforms.calls == {}


def test_a_road_address_is_looked_up(page: Client, workspace) -> None:
    road, code = road_address()

    page.post(reverse("properties:listing-new"), {**WRITTEN, "address": f"{road} 103동 1203호"})

    assert Listing.objects.for_workspace(workspace).get().region_code == code


@pytest.mark.parametrize(
    ("changed", "field"),
    [({"link": "https://example.com/1"}, "link"), ({"price_text": "협의"}, "price_text"),
     ({"address": "어딘가 123"}, "address"), ({"address": "서울 서초구"}, "address")],
)  # fmt: skip
def test_what_is_not_understood_is_said_beside_its_field(page: Client, changed: dict[str, str], field: str) -> None:
    answer = page.post(reverse("properties:listing-new"), {**WRITTEN, **changed})

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert not Advert.objects.exists()


def test_a_table_tells_what_became_of_its_addresses(page: Client, workspace) -> None:
    road, code = road_address()
    head = "거래유형,단지명,가격,전용면적,층,주소"
    table = f"{head}\n매매,반포자이,12억,84.97,3/25,{road}\n매매,없는집,3억,59.9,2,서울 서초구\n"
    file = SimpleUploadedFile("a.csv", table.encode())

    answer = page.post(reverse("properties:import"), {"file": file})

    report = answer.context["addresses"]
    assert (report.found, report.unclear) == (1, ["서울 서초구"])
    assert Advert.objects.for_workspace(workspace).get(region_code=code)


def test_lookups_are_capped_and_a_failing_service_loses_nothing(actor, platforms, monkeypatch) -> None:
    raws = [RawAdvert("own", str(number), {"address": f"서울 서초구 없는로 {number}"}) for number in range(3)]
    monkeypatch.setattr(addressing, "MAX_LOOKUPS", 2)

    async def fail(*args, **kwargs):
        raise Unavailable("The address service has a problem.", remedy="Try again later.")

    kept, report = complete_addresses(actor, raws)
    monkeypatch.setattr(addressing, "run_action", fail)
    same, failed = complete_addresses(actor, raws)

    assert platforms.calls["juso"] == 2 and "first 2" in report.reason
    assert kept == same == raws
    assert "Try again later" in failed.reason


def test_viewers_cannot_enter_listings(client: Client, viewer, workspace) -> None:
    client.force_login(viewer)

    assert client.post(reverse("properties:listing-new"), WRITTEN).status_code == 403
