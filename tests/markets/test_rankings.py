"""The trading-value and market-value tools: figures, order, filters and honest completeness."""

from __future__ import annotations

import httpx2
import pytest

from integrations.sdk import Context, InvalidParams, Site, Unavailable
from markets.connector import kis
from markets.sandbox.figures import View

VALUE, CAP = kis.actions["get_volume_ranking"], kis.actions["get_market_cap_ranking"]


@pytest.fixture
def truth(world):
    """Every stock the sandbox knows at its present moment."""
    return View(world.now()).quotes()


async def test_the_ranking_is_the_real_order_of_trading_values(ctx, truth):
    answer = await VALUE.invoke(ctx, {})

    expected = sorted((quote for quote in truth if quote.volume), key=lambda quote: -quote.amount)[:20]
    assert [row["code"] for row in answer["rows"]] == [quote.symbol.code for quote in expected]
    assert [row["trading_value"] for row in answer["rows"]] == [quote.amount for quote in expected]
    assert [row["rank"] for row in answer["rows"]] == list(range(1, 21))
    assert answer["rows"][0]["name"] == "삼성전자"


async def test_every_answer_says_when_where_what_and_how_complete(ctx):
    answer = await VALUE.invoke(ctx, {})

    assert answer["data_date"] == "2025-02-11"
    assert answer["as_of"].endswith(("Z", "+00:00"))
    assert (answer["venue"], answer["unit"], answer["market"]) == ("KRX", "KRW", "ALL")
    assert "sandbox" in answer["source"] and any("Recorded" in notice for notice in answer["notices"])
    assert answer["session"] in {"pre_open", "open", "closing_auction", "after_hours", "closed", "holiday"}
    assert answer["completeness"]["complete"] is True


@pytest.mark.parametrize("market", ["ALL", "KOSPI", "KOSDAQ"])
async def test_a_hundred_rows_are_proven_and_not_cut_at_thirty(ctx, truth, market):
    answer = await VALUE.invoke(ctx, {"count": 100, "market": market})

    expected = sorted(
        (quote for quote in truth if market in ("ALL", quote.symbol.market)), key=lambda quote: -quote.amount
    )[:100]
    assert [row["code"] for row in answer["rows"]] == [quote.symbol.code for quote in expected]
    assert answer["completeness"]["certain_to_rank"] == 100
    assert answer["completeness"]["upstream_calls"] > 1


async def test_concentration_uses_the_whole_markets_total(ctx):
    answer = await VALUE.invoke(ctx, {"market": "KOSPI", "count": 10})

    assert answer["market_total"] == 11_023_156_000_000
    listed = sum(row["trading_value"] for row in answer["rows"])
    assert answer["concentration_percent"] == pytest.approx(listed / 11_023_156_000_000 * 100, abs=0.001)


async def test_market_values_are_won_and_in_order(ctx, truth):
    answer = await CAP.invoke(ctx, {"count": 50})

    expected = sorted(truth, key=lambda quote: -quote.market_cap)[:50]
    assert {row["code"] for row in answer["rows"]} == {quote.symbol.code for quote in expected}
    for row, quote in zip(answer["rows"], expected, strict=True):
        assert row["market_cap"] == pytest.approx(quote.market_cap, abs=50_000_000)
    assert answer["rows"][0]["trading_value"] == 1_370_657_724_557


async def test_price_and_market_value_filters_hold_for_every_row_and_lose_none(ctx, truth):
    params = {"price_min": 10_000, "price_max": 60_000, "market_cap_max": 2_000_000_000_000, "count": 40}

    answer = await VALUE.invoke(ctx, params)

    fits = [
        quote
        for quote in truth
        if 10_000 <= quote.price <= 60_000 and quote.market_cap <= 2_000_000_000_000 and quote.volume
    ]
    fits.sort(key=lambda quote: -quote.amount)
    assert [row["code"] for row in answer["rows"]] == [quote.symbol.code for quote in fits[:40]]
    assert answer["completeness"]["complete"] is True


@pytest.mark.parametrize("action", [VALUE, CAP], ids=["value", "cap"])
async def test_a_sector_filter_keeps_only_its_stocks(ctx, truth, action):
    answer = await action.invoke(ctx, {"sector": "0013", "count": 50, "exclude": []})

    electrical = {quote.symbol.code for quote in truth if quote.symbol.is_in("0013")}
    assert {row["code"] for row in answer["rows"]} == electrical
    assert answer["completeness"]["complete"] is True


@pytest.mark.parametrize("action", [VALUE, CAP], ids=["value", "cap"])
@pytest.mark.parametrize("kind", ["preferred", "spac", "halted"])
async def test_an_exclusion_leaves_out_its_kind_only(ctx, truth, action, kind):
    tests = {
        "preferred": lambda quote: quote.symbol.preferred != "0",
        "spac": lambda quote: quote.symbol.is_spac,
        "halted": lambda quote: quote.volume == 0,
    }
    excluded = {quote.symbol.code for quote in truth if tests[kind](quote)}
    band = {"price_max": 6_000} if kind != "preferred" else {"price_min": 20_000}

    everything = await action.invoke(ctx, {"count": 100, "exclude": []} | band)
    without = await action.invoke(ctx, {"count": 100, "exclude": [kind]} | band)

    assert excluded & {row["code"] for row in everything["rows"]}
    assert not excluded & {row["code"] for row in without["rows"]}
    assert without["completeness"]["complete"]


async def test_exchange_traded_products_are_left_out_unless_wanted(ctx, world):
    world.switch({"funds": True})

    with_funds = await VALUE.invoke(ctx, {"exclude": []})
    without = await VALUE.invoke(ctx, {})

    def funds(answer):
        return [row["name"] for row in answer["rows"] if row["name"].startswith(("KODEX", "TIGER", "SOL"))]

    assert funds(with_funds)
    assert not funds(without)


async def test_the_two_venues_are_never_mixed(ctx):
    exchange = await VALUE.invoke(ctx, {"venue": "KRX"})
    alternative = await VALUE.invoke(ctx, {"venue": "NXT"})

    assert (exchange["venue"], alternative["venue"]) == ("KRX", "NXT")
    assert alternative["rows"][0]["trading_value"] < exchange["rows"][0]["trading_value"]
    assert alternative["market_total"] is None


@pytest.mark.parametrize(
    "fault", [{"only_blank_rows": True}, {"html_503": -1}, {"rate_storm": 1.0}, {"refuse": {"times": 9}}]
)
async def test_a_failure_is_never_an_empty_ranking(ctx, world, fault, monkeypatch):
    monkeypatch.setattr("markets.kis.client.RETRIES", 0)
    world.switch({**fault, "only": "volume-rank"})

    with pytest.raises(Exception) as caught:
        await VALUE.invoke(ctx, {})

    assert caught.value.code != "error" and "KIS" in caught.value.message


async def test_a_filter_that_fits_nothing_is_an_honest_empty_list(ctx):
    answer = await VALUE.invoke(ctx, {"price_min": 900_000_000})

    assert answer["rows"] == []
    assert answer["completeness"]["complete"] is True


async def test_a_date_that_cannot_be_confirmed_is_said_so(ctx, world, monkeypatch):
    monkeypatch.setattr("markets.kis.client.RETRIES", 0)
    world.switch({"refuse": {"times": 50}, "only": "inquire-index-daily-price"})

    answer = await VALUE.invoke(ctx, {})

    assert len(answer["rows"]) == 20
    assert any("did not confirm the date" in notice for notice in answer["notices"])
    assert answer["market_total"] is None


async def test_the_sector_filter_of_the_cap_list_needs_the_symbol_file(ctx, world):
    world.switch({"malformed_master": True})

    with pytest.raises(Unavailable, match="symbol file"):
        await CAP.invoke(ctx, {"sector": "0013"})


async def test_exclusions_that_could_not_be_applied_are_named(ctx, world):
    world.switch({"malformed_master": True})

    answer = await CAP.invoke(ctx, {"exclude": ["spac"]})

    assert any("spac could not be applied" in notice for notice in answer["notices"])


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"count": 0}, "count"),
        ({"count": 101}, "count"),
        ({"market": "NASDAQ"}, "market"),
        ({"sector": "13"}, "sector"),
        ({"price_min": 10, "price_max": 5}, "price_max"),
        ({"market": "KOSDAQ", "sector": "0013"}, "sector"),
        ({"exclude": ["bonds"]}, "exclude"),
        ({"limit": 5}, "limit"),
    ],
)
async def test_bad_parameters_name_the_field(ctx, world, params, field):
    with pytest.raises(InvalidParams) as caught:
        await VALUE.invoke(ctx, params)

    assert any(problem.field.startswith(field) for problem in caught.value.problems)
    assert not world.calls


async def test_switching_to_live_changes_only_the_address(keys, world):
    """The same call against a live-mode site: same paths and headers, another base URL, no sandbox notice."""
    from markets.sandbox import make_app

    seen = []

    async def note(request: httpx2.Request) -> None:
        seen.append(str(request.url))

    transport = httpx2.ASGITransport(app=make_app(world))
    base = "https://openapi.koreainvestment.com:9443"
    async with httpx2.AsyncClient(transport=transport, base_url=base, event_hooks={"request": [note]}) as http:
        live = Context(http=http, credential=keys, upstream=Site(base, "live"))
        answer = await VALUE.invoke(live, {})

    assert answer["source"] == "KIS Open API"
    assert all(url.startswith(base) for url in seen)
    assert f"{base}/uapi/domestic-stock/v1/quotations/volume-rank?" in "".join(seen)
