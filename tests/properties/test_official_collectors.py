"""LH, Applyhome and the address search: complete answers or honest errors, in the services' own shapes."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date
from typing import Any

import httpx2
import pytest

from integrations.sdk import AuthError, ConnectorError, RateLimited, Rejected, Unavailable
from properties import sandbox
from properties.collectors.official import ApplyhomeClient, JusoClient, LhClient, services
from properties.collectors.official.addresses import search_words
from properties.normalise import regions
from properties.sandbox_official import SANDBOX_JUSO_KEY

DAY = date(2026, 11, 21)


@pytest.fixture
async def http() -> AsyncIterator[httpx2.AsyncClient]:
    sandbox.switches.__init__()
    sandbox.switches.day = DAY
    transport = httpx2.ASGITransport(app=sandbox.app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://sandbox/") as client:
        yield client
    sandbox.switches.__init__()


def at(http: httpx2.AsyncClient, site: str) -> httpx2.AsyncClient:
    http.base_url = f"http://sandbox/{site}"
    return http


async def ask_lh(http: httpx2.AsyncClient, key: str = sandbox.SANDBOX_KEY) -> Any:
    return await LhClient(at(http, "lh"), key).notices(kind="rental")


async def ask_applyhome(http: httpx2.AsyncClient, key: str = sandbox.SANDBOX_KEY) -> Any:
    return await ApplyhomeClient(at(http, "applyhome"), key).notices(kind="apartment", since=date(2026, 1, 1))


async def ask_juso(http: httpx2.AsyncClient, key: str = SANDBOX_JUSO_KEY) -> Any:
    return await JusoClient(at(http, "juso"), key).search("서초구 반포동", limit=1_000)


ASKED: dict[str, Callable[..., Awaitable[Any]]] = {"lh": ask_lh, "applyhome": ask_applyhome, "juso": ask_juso}


async def test_every_page_of_lh_is_read_and_only_open_notices_stay(http: httpx2.AsyncClient) -> None:
    client = LhClient(at(http, "lh"), sandbox.SANDBOX_KEY)

    everything = await client.notices(kind="rental", open_only=False)
    still_open = await client.notices(kind="rental")

    assert len(everything) == 150
    assert len(still_open) == 100 and all(notice.is_open for notice in still_open)
    assert everything[0].published_on == DAY


async def test_a_province_with_former_codes_is_asked_under_each(http: httpx2.AsyncClient) -> None:
    client = LhClient(at(http, "lh"), sandbox.SANDBOX_KEY)

    assert await client.notices(kind="rental", province="전남광주통합특별시") == []
    assert sandbox.switches.calls["lh"] == 3


async def test_rents_in_words_are_unknown_not_zero(http: httpx2.AsyncClient) -> None:
    client = LhClient(at(http, "lh"), sandbox.SANDBOX_KEY)
    notices = await client.notices(kind="rental", province="경기도")

    types = [item for notice in notices[:6] for item in await client.supply(notice)]

    assert all(item.exclusive_m2 and item.supply_m2 and item.offered for item in types)
    rents = {item.rent_won for item in types}
    assert None in rents and 0 not in rents and any(rent and rent >= 50_000 for rent in rents)


async def test_subscription_notices_name_their_dong_and_types(http: httpx2.AsyncClient) -> None:
    client = ApplyhomeClient(at(http, "applyhome"), sandbox.SANDBOX_KEY)

    notices = await client.notices(kind="apartment", since=date(2026, 9, 1), province="서울특별시")
    types = await client.types(notices[0])

    assert notices and min(notice.published_on for notice in notices if notice.published_on) >= date(2026, 9, 1)
    codes = {notice.region_code for notice in notices}
    assert None not in codes and all(regions().get(code or "") for code in codes)
    assert [(item.type, item.exclusive_m2) for item in types] == [("059.9124B", 59.9124), ("084.9715A", 84.9715)]
    assert all(item.top_price and item.top_price >= 40_000 for item in types)


@pytest.mark.parametrize("kind", ["apartment", "officetel", "remainder"])
async def test_every_kind_of_notice_has_its_dates(http: httpx2.AsyncClient, kind: str) -> None:
    client = ApplyhomeClient(at(http, "applyhome"), sandbox.SANDBOX_KEY)

    notices = await client.notices(kind=kind, since=date(2026, 11, 1))

    assert notices and all(notice.opens_on and notice.closes_on for notice in notices)
    assert notices[0].is_open(DAY)


async def test_an_address_leads_to_its_lot(http: httpx2.AsyncClient) -> None:
    client = JusoClient(at(http, "juso"), SANDBOX_JUSO_KEY)

    found = await client.resolve("서울 서초구 반포동 20-43 101동 1203호")

    assert found is not None
    assert found.lot_key == "1165010700100200043"
    assert regions().get(found.region_code)
    assert len(found.building_id) == 25 and len(found.road_id) == 12 and len(found.zip_code) == 5


async def test_words_that_fit_several_lots_resolve_to_none(http: httpx2.AsyncClient) -> None:
    assert await JusoClient(at(http, "juso"), SANDBOX_JUSO_KEY).resolve("서초구 반포동") is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("서초구 반포대로333", "서초구 반포대로 333"),
        ("강남구 테헤란로4길 12", "강남구 테헤란로4길 12"),
        ("역삼동 7-1 <b>select</b> 100%", "역삼동 7-1 b /b 100"),
        ("반포동 20-43 제101동 1203호", "반포동 20-43"),
    ],
)
def test_words_are_written_as_the_search_takes_them(text: str, words: str) -> None:
    assert search_words(text) == words


@pytest.mark.parametrize("site", list(ASKED))
@pytest.mark.parametrize(
    ("fault", "error"),
    [("429", RateLimited), ("limit", (RateLimited, Unavailable)), ("500", Unavailable), ("key", AuthError),
     ("html", Unavailable), ("cut", Unavailable), ("short", Unavailable), ("retired", Rejected), ("moved", Unavailable),
     ("changed", Unavailable)],
)  # fmt: skip
async def test_an_error_is_never_an_empty_answer(
    http: httpx2.AsyncClient, site: str, fault: str, error: type[Exception]
) -> None:
    sandbox.switches.faults.append({"site": site, "kind": fault})

    with pytest.raises(error) as raised:
        await ASKED[site](http)

    assert isinstance(raised.value, ConnectorError) and raised.value.message


@pytest.mark.parametrize("site", list(ASKED))
async def test_a_wrong_key_is_told_as_one(http: httpx2.AsyncClient, site: str) -> None:
    with pytest.raises(AuthError) as raised:
        await ASKED[site](http, key="invalid-key")

    assert "invalid-key" not in str(raised.value)


def test_official_services_are_polite_and_named() -> None:
    assert set(services()) == set(ASKED)
    assert all(service.requests_per_second <= 5 and service.terms_note for service in services().values())
