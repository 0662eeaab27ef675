"""Collectors against the sandbox: honest outcomes, polite manners, no personal data."""

import json
from collections.abc import AsyncIterator

import httpx2
import pytest

from integrations.sdk import MemoryStore
from properties import sandbox
from properties.collectors import (
    Access,
    Breaker,
    Collected,
    Collector,
    CollectRequest,
    Outcome,
    load_profiles,
    profile_of,
)
from properties.collectors.links import read_link
from properties.normalise import PropertyType, Trade, normalise_advert, regions
from properties.sandbox_data.world import box_of, regions_covered

PLATFORMS = ("naver", "zigbang", "zigbang_apt", "dabang", "kb", "peterpan", "serve", "daangn")


@pytest.fixture
async def client() -> AsyncIterator[httpx2.AsyncClient]:
    sandbox.switches.__init__()
    transport = httpx2.ASGITransport(app=sandbox.app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://sandbox") as http:
        yield http
    sandbox.switches.__init__()


def request_for(code: str = "", **changes: object) -> CollectRequest:
    region = code or max(regions_covered())
    known = regions().get(region)
    fields = {
        "region_code": region,
        "region_name": known.name if known else "",
        "property_types": (PropertyType.APARTMENT, PropertyType.VILLA),
        "box": box_of(region[:5] + "00000"),
        **changes,
    }
    return CollectRequest(**fields)


async def collect(client: httpx2.AsyncClient, platform: str, store: MemoryStore | None = None, **changes) -> Collected:
    collector = Collector(
        profile_of(platform),
        client,
        store or MemoryStore(),
        base_url=f"http://sandbox/{platform}",
        allowed=changes.pop("allowed", True),
        requests_per_second=20.0,
        check_robots=False,
    )
    return await collector.collect(request_for(**changes))


@pytest.mark.parametrize("platform", PLATFORMS)
async def test_every_platform_is_read_into_usable_listings(client: httpx2.AsyncClient, platform: str) -> None:
    code = "1165000000" if platform != "zigbang" else ""
    covered = sorted(regions_covered())
    for region in [code] if code else covered[:1]:
        result = await collect(client, platform, code=region[:5] + "00000")

    assert result.outcome is Outcome.COMPLETE, result.reason
    assert result.adverts
    for raw in result.adverts:
        listing = normalise_advert(raw)
        assert listing.trade in (Trade.SALE, Trade.JEONSE, Trade.MONTHLY)
        assert listing.amount
        assert listing.exclusive_m2
        assert not any("suspect" in flag for flag in listing.flags), (listing.flags, raw.fields)


async def test_shops_are_read_page_by_page(client: httpx2.AsyncClient) -> None:
    result = await collect(client, "nemo", property_types=(PropertyType.SHOP,))

    assert (result.outcome, len(result.adverts), result.requests) == (Outcome.COMPLETE, 30, 2)


async def test_rows_without_a_dong_are_asked_for_dong_by_dong(client: httpx2.AsyncClient) -> None:
    result = await collect(client, "naver", code="1165000000")

    codes = {normalise_advert(raw).region_code for raw in result.adverts}
    assert len(codes) > 3
    assert all(code.startswith("11650") and not code.endswith("00000") for code in codes)


async def test_without_a_legal_basis_nothing_is_requested(client: httpx2.AsyncClient) -> None:
    result = await collect(client, "naver", allowed=False)

    assert (result.outcome, result.requests) == (Outcome.REFUSED, 0)
    assert "legal basis" in result.reason


def test_private_portals_are_off_by_default() -> None:
    assert {profile.access for profile in load_profiles().values()} <= {Access.NEEDS_BASIS, Access.LINK_ONLY}
    assert all(profile.terms_note for profile in load_profiles().values())
    assert max(profile.requests_per_second for profile in load_profiles().values()) <= 0.5


@pytest.mark.parametrize("kind", ["429", "403", "abuse", "challenge"])
async def test_a_block_is_not_an_empty_result_and_opens_the_breaker(client: httpx2.AsyncClient, kind: str) -> None:
    store = MemoryStore()
    await client.post("/__faults__", json={"site": "naver", "kind": kind})

    first = await collect(client, "naver", store)
    calls = sandbox.switches.calls["naver"]
    second = await collect(client, "naver", store)

    assert first.outcome is Outcome.BLOCKED and not first.may_mark_gone
    assert second.outcome is Outcome.BLOCKED and "resting" in second.reason
    assert sandbox.switches.calls["naver"] == calls


async def test_a_block_in_the_middle_keeps_what_came_before_but_proves_nothing(client: httpx2.AsyncClient) -> None:
    await client.post("/__faults__", json={"site": "naver", "kind": "429", "after": 1})

    result = await collect(client, "naver", code="1165000000")

    assert result.adverts
    assert (result.outcome, result.may_mark_gone) == (Outcome.BLOCKED, False)


@pytest.mark.parametrize("kind", ["cut", "retired", "500", "empty_page"])
async def test_a_broken_answer_is_a_failure_with_a_reason(client: httpx2.AsyncClient, kind: str) -> None:
    await client.post("/__faults__", json={"site": "naver", "kind": kind})

    result = await collect(client, "naver")

    assert result.outcome in (Outcome.FAILED, Outcome.PARTIAL)
    assert result.reason
    assert not result.may_mark_gone


async def test_one_bad_id_loses_its_batch_only_and_marks_nothing_gone(client: httpx2.AsyncClient) -> None:
    whole = await collect(client, "zigbang")
    await client.post("/__faults__", json={"site": "zigbang", "kind": "one_id_fails"})

    result = await collect(client, "zigbang")

    assert result.outcome is Outcome.PARTIAL
    assert result.missing_ids
    assert len(result.adverts) + len(result.missing_ids) == len(whole.adverts)


async def test_the_page_limit_makes_a_collection_partial(client: httpx2.AsyncClient) -> None:
    result = await collect(client, "naver", code="1165000000", max_pages=1)

    assert result.outcome is Outcome.PARTIAL
    assert "1 pages" in result.reason


async def test_planted_personal_data_reaches_neither_adverts_nor_raw_pages(client: httpx2.AsyncClient) -> None:
    for platform in PLATFORMS:
        result = await collect(client, platform, code="1165000000")
        kept = json.dumps([page.body for page in result.pages], ensure_ascii=False)
        kept += repr([normalise_advert(raw) for raw in result.adverts])

        assert "5555-0142" not in kept, platform
        assert "가나공인중개사" not in kept, platform


async def test_the_cool_down_doubles_on_each_block() -> None:
    now = [1_000_000.0]
    breaker = Breaker(MemoryStore(), "naver", clock=lambda: now[0])

    first = await breaker.blocked("HTTP 429")
    assert first.open_until - now[0] == 1_800
    second = await breaker.blocked("HTTP 429")
    assert second.open_until - now[0] == 3_600
    third = await breaker.blocked("HTTP 429", retry_after=90_000)
    assert third.open_until - now[0] == 90_000


async def test_robots_txt_is_respected(client: httpx2.AsyncClient) -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        assert request.url.path == "/robots.txt"
        return httpx2.Response(200, text="User-agent: *\nDisallow: /")

    async with httpx2.AsyncClient(transport=httpx2.MockTransport(answer)) as http:
        collector = Collector(profile_of("naver"), http, MemoryStore(), base_url="http://naver.test", allowed=True)
        result = await collector.collect(request_for())

    assert (result.outcome, result.robots, result.requests) == (Outcome.REFUSED, "disallowed", 0)


@pytest.mark.parametrize(
    ("link", "platform", "advert_id"),
    [
        ("https://new.land.naver.com/complexes/111?articleNo=2600000001", "naver", "2600000001"),
        ("https://m.land.naver.com/article/info/2600000001", "naver", "2600000001"),
        ("https://www.dabangapp.com/room/6500aaaabbbbccccdddd0001", "dabang", "6500aaaabbbbccccdddd0001"),
        ("https://www.peterpanz.com/house/17000001", "peterpan", "17000001"),
    ],
)
def test_pasted_links_name_their_advert(link: str, platform: str, advert_id: str) -> None:
    found = read_link(link)

    assert found is not None
    assert (found.platform, found.advert_id) == (platform, advert_id)


def test_an_unknown_link_is_not_guessed() -> None:
    assert read_link("https://example.com/house/1") is None
