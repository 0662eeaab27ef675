"""The transaction client: complete months, honest errors, codes across reforms."""

import io
from collections.abc import AsyncIterator
from datetime import date

import httpx2
import pytest

from integrations.sdk import AuthError, RateLimited, Rejected, Unavailable
from properties import sandbox
from properties.collectors.buildings import BuildingClient, register_params
from properties.collectors.molit import Molit, read_deal
from properties.collectors.tables import read_table
from properties.normalise import Trade, normalise_advert


@pytest.fixture
async def http() -> AsyncIterator[httpx2.AsyncClient]:
    sandbox.switches.__init__()
    transport = httpx2.ASGITransport(app=sandbox.app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://sandbox/molit") as client:
        yield client
    sandbox.switches.__init__()


async def test_a_month_is_read_completely(http: httpx2.AsyncClient) -> None:
    month = await Molit(http, sandbox.SANDBOX_KEY).month("apartment_sale", "11680", "202103")

    assert month.total == len(month.deals) == 171
    assert not month.is_provisional
    assert all(deal.trade is Trade.SALE and deal.price and deal.region_code for deal in month.deals)


async def test_the_key_may_be_given_encoded(http: httpx2.AsyncClient) -> None:
    month = await Molit(http, "molit%2BSandbox%2FKey0%3D%3D").month("apartment_sale", "11680", "202103")

    assert month.total == 171


async def test_rents_tell_jeonse_from_monthly(http: httpx2.AsyncClient) -> None:
    month = await Molit(http, sandbox.SANDBOX_KEY).month("apartment_rent", "11680", "202103")

    assert {deal.trade for deal in month.deals} == {Trade.JEONSE, Trade.MONTHLY}


async def test_an_empty_month_is_asked_again_under_former_codes(http: httpx2.AsyncClient) -> None:
    month = await Molit(http, sandbox.SANDBOX_KEY).month("apartment_sale", "12210", "202608")

    assert month.total == 0
    assert month.tried == ("12210", "29110")


@pytest.mark.parametrize(
    ("fault", "error"),
    [("22", RateLimited), ("30", AuthError), ("31", AuthError), ("12", Rejected), ("html", Unavailable),
     ("cut", Unavailable), ("500", Unavailable), ("99", Unavailable)],
)  # fmt: skip
async def test_an_error_is_never_an_empty_month(http: httpx2.AsyncClient, fault: str, error: type[Exception]) -> None:
    await http.post("http://sandbox/__faults__", json={"site": "molit", "kind": fault})

    with pytest.raises(error):
        await Molit(http, sandbox.SANDBOX_KEY).month("apartment_sale", "11680", "202103")


async def test_fewer_rows_than_announced_is_an_error(http: httpx2.AsyncClient) -> None:
    await http.post("http://sandbox/__faults__", json={"site": "molit", "kind": "short"})

    with pytest.raises(Unavailable, match="announced"):
        await Molit(http, sandbox.SANDBOX_KEY).month("apartment_sale", "11680", "202103")


async def test_the_register_tells_the_buildings_of_a_lot(http: httpx2.AsyncClient) -> None:
    client = BuildingClient(http, sandbox.SANDBOX_KEY)

    found = await client.titles("1165010700100200043")

    assert found and all(item.purpose == "공동주택" and item.households for item in found)
    assert await client.titles("1165010700199990000") == []


async def test_complexes_of_a_district_are_listed_completely(http: httpx2.AsyncClient) -> None:
    found = await BuildingClient(http, sandbox.SANDBOX_KEY).complexes("11650")

    assert len(found) > 100
    assert len({item.code for item in found}) == len(found)


@pytest.mark.parametrize("fault", ["22", "html", "cut", "short", "500"])
async def test_an_error_of_the_register_is_never_an_empty_answer(http: httpx2.AsyncClient, fault: str) -> None:
    await http.post("http://sandbox/__faults__", json={"site": "molit", "kind": fault})

    with pytest.raises((RateLimited, Unavailable)):
        await BuildingClient(http, sandbox.SANDBOX_KEY).complexes("11650")


def test_a_mountain_lot_is_asked_for_as_one() -> None:
    assert register_params("1168010100200120003")["platGbCd"] == "1"


def test_old_element_names_and_cancellations_are_understood() -> None:
    deal = read_deal(
        "apartment_sale",
        {
            "거래금액": " 82,500",
            "년": "2021",
            "월": "3",
            "일": "5",
            "법정동": " 역삼동",
            "아파트": "가나",
            "전용면적": "84.97",
            "지역코드": "11680",
            "층": "12",
            "해제여부": "O",
            "해제사유발생일": "21.04.02",
        },
    )

    assert deal is not None
    assert (deal.price, deal.region_code, deal.cancelled_on) == (82_500, "1168010100", date(2021, 4, 2))


def test_a_csv_with_a_preface_and_korean_headers_is_imported() -> None:
    header = "번호,거래유형,단지명,동,층,가격,전용면적(㎡),비고"
    text = f"매물 목록\n\n{header}\n7,매매,가나래미,103동,12/25,12억 3000,84.97,010-1234-5678\n"

    table = read_table(text.encode("cp949"), "own.csv", source="own")
    listing = normalise_advert(table.adverts[0])

    assert (listing.platform_id, listing.price, listing.building_dong, listing.floor) == ("7", 123_000, "103", 12)
    assert "1234" not in listing.description


def test_a_workbook_is_imported_and_unknown_columns_are_named() -> None:
    from openpyxl import Workbook

    book = Workbook()
    book.active.append(["거래유형", "단지명", "보증금", "월세", "전용", "색깔"])
    book.active.append(["월세", "가나래미", "5000", "60", "59.9", "파랑"])
    buffer = io.BytesIO()
    book.save(buffer)

    table = read_table(buffer.getvalue(), "own.xlsx", source="own")
    listing = normalise_advert(table.adverts[0])

    assert (listing.deposit, listing.rent) == (5_000, 60)
    assert table.ignored_columns == ["색깔"]


def test_a_table_without_a_header_says_what_to_do() -> None:
    table = read_table(b"1,2,3\n4,5,6\n", "x.csv", source="own")

    assert not table.adverts
    assert "header" in table.problems[0]
