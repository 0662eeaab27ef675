"""Every collector against every fault: nothing that went wrong may look like an empty or a complete answer."""

from collections.abc import AsyncIterator
from functools import cache

import httpx2
import pytest

from integrations.sdk import MemoryStore
from properties import sandbox
from properties.collectors import Access, Collected, Collector, CollectRequest, Outcome, load_profiles, profile_of
from properties.collectors import collector as module
from properties.normalise import PropertyType, normalise_advert
from properties.sandbox_data.world import adverts_of, box_of, complex_number

ISSUED = {
    "naver", "naver_mobile", "naver_fin", "zigbang", "zigbang_apt", "dabang", "kb", "peterpan", "serve", "hogangnono",
    "nemo", "daangn",
}  # fmt: skip
LINKED = {"asil", "disco", "r114", "darwin"}
COLLECTED = sorted(key for key, profile in load_profiles().items() if profile.collectable)
REGION = "1165000000"
#: What each fault must become. `part_page` shortens the answer as a caught or tired server does.
FAULTS = {
    "429": {Outcome.BLOCKED},
    "403": {Outcome.BLOCKED},
    "abuse": {Outcome.BLOCKED},
    "challenge": {Outcome.BLOCKED},
    "slow": {Outcome.FAILED},
    "cut": {Outcome.FAILED},
    "retired": {Outcome.FAILED},
    "500": {Outcome.FAILED},
    "changed": {Outcome.FAILED},
}


@pytest.fixture
async def client() -> AsyncIterator[httpx2.AsyncClient]:
    sandbox.switches.__init__()
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=sandbox.app), base_url="http://sandbox") as http:
        yield http
    sandbox.switches.__init__()


@cache
def busiest_complexes(platform: str) -> tuple[str, ...]:
    """Numbers of the complexes with most adverts in the region."""
    counts: dict[str, int] = {}
    for row in adverts_of(platform, sandbox.switches.today()):
        if row.advert.region_code.startswith(REGION[:5]) and row.advert.is_complex and row.advert.name:
            number = complex_number(row.advert)
            counts[number] = counts.get(number, 0) + 1
    return tuple(sorted(counts, key=lambda number: -counts[number])[:3])


def request_of(platform: str) -> CollectRequest:
    profile = profile_of(platform)
    kinds = tuple(kind for kind in PropertyType if kind.value in profile.property_codes)
    by_complex = all(step.per == "complex" for step in profile.steps.values())
    world = "zigbang" if platform == "hogangnono" else "naver"
    return CollectRequest(
        region_code=REGION,
        region_name="서울특별시 서초구",
        property_types=kinds[:1],
        box=box_of(REGION),
        complex_ids=busiest_complexes(world) if by_complex else (),
    )


async def collect(client: httpx2.AsyncClient, platform: str, store: MemoryStore | None = None) -> Collected:
    return await Collector(
        profile_of(platform),
        client,
        store or MemoryStore(),
        base_url=f"http://sandbox/{platform}",
        allowed=True,
        requests_per_second=20.0,
        check_robots=False,
        sleep=instantly,
    ).collect(request_of(platform))


async def instantly(seconds: float) -> None:
    """The pace is tested elsewhere."""


def test_every_platform_of_the_list_has_its_collector_or_its_link() -> None:
    profiles = load_profiles()

    assert set(COLLECTED) == ISSUED
    assert {key for key, profile in profiles.items() if profile.access is Access.LINK_ONLY} == LINKED
    assert all(profiles[key].id_in_url or profiles[key].home for key in LINKED)


@pytest.mark.parametrize("platform", COLLECTED)
async def test_without_a_fault_it_is_complete_and_usable(client: httpx2.AsyncClient, platform: str) -> None:
    result = await collect(client, platform)

    assert result.outcome is Outcome.COMPLETE, result.reason
    listings = [normalise_advert(raw) for raw in result.adverts]
    assert listings and all(item.trade and item.exclusive_m2 for item in listings)
    assert len({(item.platform, item.platform_id) for item in listings}) == len(listings)
    kept = "".join(page.body for page in result.pages) + repr(listings)
    assert "5555-0142" not in kept and "가나공인중개사" not in kept


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("platform", COLLECTED)
async def test_a_fault_is_told_and_marks_nothing_gone(
    client: httpx2.AsyncClient, platform: str, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if fault == "slow":
        monkeypatch.setattr(module, "REQUEST_SECONDS", 0.05)
    sandbox.switches.faults.append({"site": platform, "kind": fault})
    store = MemoryStore()

    result = await collect(client, platform, store)
    calls = sandbox.switches.calls[platform]

    assert result.outcome in FAULTS[fault]
    assert not result.adverts and not result.may_mark_gone
    assert result.reason and result.remedy
    if result.outcome is Outcome.BLOCKED:
        again = await collect(client, platform, store)
        assert again.outcome is Outcome.BLOCKED and "resting" in again.reason
        assert sandbox.switches.calls[platform] == calls, "a blocked platform is left alone"


@pytest.mark.parametrize("fault", ["empty_page", "part_page"])
@pytest.mark.parametrize("platform", [key for key in COLLECTED if profile_of(key).steps[next(iter(
    profile_of(key).steps))].paging.kind != "none"])  # fmt: skip
async def test_a_short_page_loses_nothing_or_says_so(client: httpx2.AsyncClient, platform: str, fault: str) -> None:
    whole = await collect(client, platform)
    sandbox.switches.faults.append({"site": platform, "kind": fault, "times": 1})

    result = await collect(client, platform)

    if len(result.adverts) == len(whole.adverts):
        # Asked on from the row it had: nothing is missing.
        assert result.outcome is Outcome.COMPLETE
        return
    assert result.outcome in (Outcome.PARTIAL, Outcome.FAILED), (result.outcome, len(result.adverts))
    assert not result.may_mark_gone and result.reason


@pytest.mark.parametrize("platform", COLLECTED)
async def test_a_fault_in_the_middle_keeps_what_came_before(client: httpx2.AsyncClient, platform: str) -> None:
    whole = await collect(client, platform)
    if whole.requests < 3:
        pytest.skip("the stand-in answers this region in one page")
    sandbox.switches.faults.append({"site": platform, "kind": "429", "after": whole.requests - 1})

    result = await collect(client, platform)

    assert result.outcome is Outcome.BLOCKED
    assert result.adverts and not result.may_mark_gone


async def test_one_bad_id_loses_only_its_batch(client: httpx2.AsyncClient) -> None:
    whole = await collect(client, "zigbang")
    sandbox.switches.faults.append({"site": "zigbang", "kind": "one_id_fails"})

    result = await collect(client, "zigbang")

    assert (result.outcome, result.may_mark_gone) == (Outcome.PARTIAL, False)
    assert len(result.adverts) + len(result.missing_ids) == len(whole.adverts)


@pytest.mark.parametrize("platform", ["naver_fin", "hogangnono"])
async def test_complexes_that_nobody_named_are_not_an_empty_answer(client: httpx2.AsyncClient, platform: str) -> None:
    collector = Collector(profile_of(platform), client, MemoryStore(), allowed=True, check_robots=False)

    result = await collector.collect(CollectRequest(REGION, box=box_of(REGION)))

    assert (result.outcome, result.requests) == (Outcome.REFUSED, 0)
    assert "complex" in result.reason


@pytest.mark.parametrize("platform", [key for key in COLLECTED if any(
    step.needs() & module.BOX_WORDS for step in profile_of(key).steps.values())])  # fmt: skip
async def test_a_region_without_a_known_box_is_refused(client: httpx2.AsyncClient, platform: str) -> None:
    kinds = tuple(kind for kind in PropertyType if kind.value in profile_of(platform).property_codes)
    collector = Collector(profile_of(platform), client, MemoryStore(), allowed=True, check_robots=False)

    result = await collector.collect(CollectRequest("5011000000", property_types=kinds))

    assert (result.outcome, result.requests) == (Outcome.REFUSED, 0)


async def test_each_kind_is_asked_where_the_platform_takes_one_at_a_time(client: httpx2.AsyncClient) -> None:
    wish = request_of("dabang")
    both = CollectRequest(REGION, property_types=(PropertyType.APARTMENT, PropertyType.VILLA), box=wish.box)
    collector = Collector(
        profile_of("dabang"), client, MemoryStore(), base_url="http://sandbox/dabang", allowed=True,
        requests_per_second=20.0, check_robots=False, sleep=instantly,
    )  # fmt: skip

    result = await collector.collect(both)

    types = {normalise_advert(raw).property_type for raw in result.adverts}
    assert PropertyType.APARTMENT in types and len(types) > 1
    assert result.scope.property_types == (PropertyType.APARTMENT, PropertyType.VILLA)
