"""Growth, investors, sectors, unusual volume, symbols and health, through the connector against the sandbox."""

from __future__ import annotations

import asyncio

import pytest

from integrations.sdk import InvalidParams, Unavailable
from markets.connector import kis
from markets.kis.client import Pace
from markets.sandbox import figures
from markets.sandbox.figures import View

call = {name: action.invoke for name, action in kis.actions.items()}


@pytest.fixture(autouse=True)
def _wide_pace(monkeypatch):
    """The limit has its own tests; here the sandbox is asked as fast as it answers."""
    monkeypatch.setattr("markets.kis.client.Pace.__new__.__defaults__", (10_000, 1.0))
    assert Pace() == (10_000, 1.0)


async def test_growth_is_measured_against_earlier_sessions_only(ctx, world):
    answer = await call["get_volume_change_ranking"](ctx, {"base": "previous_session", "count": 10})

    view = View(world.now())
    for row in answer["rows"]:
        past = [bar.amount for bar in view.history(row["code"])]
        assert row["trading_value"] == past[-1]
        assert row["base_value"] == past[-2]
        assert row["change_in_value_percent"] == pytest.approx((past[-1] / past[-2] - 1) * 100, abs=0.01)
    growths = [row["change_in_value_percent"] for row in answer["rows"]]
    assert growths == sorted(growths, reverse=True)


async def test_growth_says_that_it_looked_at_candidates_only(ctx):
    answer = await call["get_volume_change_ranking"](ctx, {})

    assert answer["completeness"]["complete"] is False
    assert answer["completeness"]["candidates"] > 30
    assert any("not every stock" in notice for notice in answer["notices"])


async def test_a_history_that_fails_leaves_its_stock_out_and_says_so(ctx, world, monkeypatch):
    monkeypatch.setattr("markets.kis.client.RETRIES", 0)
    world.switch({"refuse": {"times": 3}, "only": "inquire-daily-itemchartprice"})

    answer = await call["get_volume_change_ranking"](ctx, {"market": "KOSPI"})

    assert any("history of 3 stocks" in notice for notice in answer["notices"])


async def test_when_every_history_fails_the_tool_fails(ctx, world, monkeypatch):
    monkeypatch.setattr("markets.kis.client.RETRIES", 0)
    world.switch({"html_503": -1, "only": "inquire-daily-itemchartprice"})

    with pytest.raises(Unavailable):
        await call["get_volume_change_ranking"](ctx, {})


@pytest.mark.parametrize("investor", ["foreign", "institution"])
async def test_estimated_flows_are_won_signed_and_in_order(ctx, world, investor):
    bought = await call["get_investor_ranking"](ctx, {"investor": investor, "count": 5})
    sold = await call["get_investor_ranking"](ctx, {"investor": investor, "side": "net_sell", "count": 5})

    view = View(world.now())
    for answer, sign in ((bought, 1), (sold, -1)):
        sizes = [sign * row["net_amount"] for row in answer["rows"]]
        assert all(size > 0 for size in sizes) and sizes == sorted(sizes, reverse=True)
        for row in answer["rows"]:
            got, gave = figures.flows(row["code"], view.history(row["code"])[-1])[investor]
            assert row["net_quantity"] == got - gave
            assert row["net_amount"] == pytest.approx((got - gave) * row["price"], abs=500_000)
    assert bought["provisional"] is True


@pytest.mark.parametrize("investor", ["individual", "program"])
async def test_groups_without_a_ranking_are_assembled_and_said_so(ctx, investor):
    answer = await call["get_investor_ranking"](ctx, {"investor": investor, "count": 10})

    assert answer["completeness"]["complete"] is False
    assert answer["completeness"]["candidates"] == 40
    assert answer["rows"] and all(row["net_amount"] > 0 for row in answer["rows"])


async def test_before_the_close_individual_flows_are_yesterdays(ctx, world):
    world.switch({"clock": {"at": "2025-02-11T11:00:00"}})

    answer = await call["get_investor_ranking"](ctx, {"investor": "individual"})

    assert answer["data_date"] == "2025-02-10"
    assert any("after the close" in notice for notice in answer["notices"])


async def test_the_other_venue_has_no_estimated_flows(ctx):
    with pytest.raises(InvalidParams, match="venue"):
        await call["get_investor_ranking"](ctx, {"venue": "NXT"})


async def test_sectors_count_each_stock_once(ctx):
    answer = await call["get_sector_volume_ranking"](ctx, {"market": "KOSPI", "count": 100})

    shares = sum(row["share_percent"] for row in answer["rows"])
    assert 90 < shares <= 100.5
    assert not any(row["aggregate"] for row in answer["rows"])
    assert "0027" not in {row["code"] for row in answer["rows"]}
    assert answer["covered_percent"] == pytest.approx(shares, abs=0.1)


async def test_aggregates_are_marked_when_wanted(ctx):
    answer = await call["get_sector_volume_ranking"](ctx, {"market": "KOSDAQ", "count": 100, "with_aggregates": True})

    marked = {row["code"] for row in answer["rows"] if row["aggregate"]}
    assert {"1001", "1002", "1009"} <= marked


async def test_the_parts_of_finance_leave_a_rest(ctx):
    answer = await call["get_sector_volume_ranking"](ctx, {"market": "KOSPI", "count": 100, "with_aggregates": True})

    lines = {(row["code"], row["aggregate"]): row["trading_value"] for row in answer["rows"]}
    assert lines["0021", False] + lines["0024", False] + lines["0025", False] == lines["0021", True]


async def test_unusual_volume_gives_evidence_and_a_cause(ctx):
    answer = await call["get_unusual_volume"](ctx, {"count": 10})

    assert answer["rows"]
    for row in answer["rows"]:
        assert row["causes"]
        passed = {item["measure"] for item in row["evidence"] if item["passed"]}
        assert passed & {"market_adjusted_score", "volume_score"}
        assert row["kind"] == ("unexplained" if row["score"] >= 3 else "with_price_move")
        assert row["baseline_sessions"] >= 20


async def test_only_unexplained_findings_when_wanted(ctx):
    answer = await call["get_unusual_volume"](ctx, {"with_price_moves": False})

    assert {row["kind"] for row in answer["rows"]} == {"unexplained"}


async def test_symbols_are_found_by_code_name_part_and_initials(ctx):
    for query, code, match in [
        ("005930", "005930", "code"),
        ("삼성전자", "005930", "name"),
        ("ㅅㅅㅈㅈ", "005930", "initials"),
        ("하이닉스", "000660", "part"),
        ("sk하이닉스", "000660", "name"),
    ]:
        answer = await call["find_symbol"](ctx, {"query": query})
        assert (answer["rows"][0]["code"], answer["rows"][0]["match"]) == (code, match)
    assert answer["rows"][0]["sector_name"] == "전기·전자"


async def test_an_unknown_symbol_is_told_how_to_search(ctx):
    answer = await call["find_symbol"](ctx, {"query": "no such company"})

    assert answer["total"] == 0 and "initial consonants" in answer["notices"][0]


async def test_a_malformed_symbol_file_is_an_error_not_no_match(ctx, world):
    world.switch({"malformed_master": True})

    with pytest.raises(Unavailable, match="bytes instead of"):
        await call["find_symbol"](ctx, {"query": "삼성"})


async def test_health_names_what_is_broken(ctx, world, monkeypatch):
    monkeypatch.setattr("markets.kis.client.RETRIES", 0)
    good = await call["health"](ctx, {})
    world.switch({"html_503": -1, "malformed_master": True})
    ctx.store = type(ctx.store)()

    bad = await call["health"](ctx, {})

    assert good["ok"] is True and all(check["ok"] for check in good["checks"])
    failed = {check["name"] for check in bad["checks"] if not check["ok"]}
    assert bad["ok"] is False and {"sign-in"} <= failed


async def test_a_closed_market_is_said_and_its_last_session_shown(client, store, world):
    from datetime import datetime

    from markets.cache import Cache, ProcessCache
    from markets.desk import Desk
    from markets.kis.wire import SEOUL

    world.switch({"market_closed": True, "clock": {"at": "2025-02-11T11:00:00"}})
    day = datetime(2025, 2, 18, 11, 0, tzinfo=SEOUL)
    desk = Desk(client, Cache(store, process=ProcessCache()), mode="live", now=lambda: day, master_url="/common/master")

    moment = await desk.moment()

    assert moment.data_date.isoformat() == "2025-02-11"
    assert any("still shows 2025-02-11" in notice.en for notice in moment.notices)


async def test_a_mixed_request_log_mostly_hits_the_cache_within_the_limit(ctx, world, monkeypatch):
    """A realistic log: few popular questions, many repeats. At least 70 % hits, never over 20 calls in a second."""
    import random

    monkeypatch.setattr("markets.kis.client.Pace.__new__.__defaults__", (5, 0.28))
    world.switch({"per_second": 20})
    questions = [
        ("get_volume_ranking", {"market": market, "count": count})
        for market in ("ALL", "KOSPI", "KOSDAQ")
        for count in (10, 20, 30)
    ] + [
        ("get_market_cap_ranking", {"market": "KOSPI"}),
        ("get_sector_volume_ranking", {}),
        ("find_symbol", {"query": "삼성"}),
    ]
    chance = random.Random(7)
    weights = [1 / (rank + 1) for rank in range(len(questions))]
    log = chance.choices(questions, weights, k=200)

    for start in range(0, len(log), 25):
        await asyncio.gather(*(call[name](ctx, params) for name, params in log[start : start + 25]))
    counters = (await call["health"](ctx, {}))["cache"]

    hits = counters["hit_process"] + counters["hit_shared"] + counters["hit_flight"]
    assert hits / (hits + counters["miss"]) >= 0.70
    assert world.busiest_second <= 20 and not world.refused


async def test_no_secret_is_in_any_answer_or_log_line(ctx, keys):
    lines = []
    ctx.log_sink = lambda level, message, data: lines.append(f"{message} {data}")

    answers = [await call[name](ctx, {}) for name in ("get_volume_ranking", "get_market_cap_ranking", "health")]

    text = repr(answers) + repr(lines)
    assert lines
    assert keys.app_secret.get_secret_value() not in text and keys.app_key.get_secret_value() not in text


async def test_notices_speak_the_callers_language(ctx):
    ctx.language = "ko"

    answer = await call["get_investor_ranking"](ctx, {"investor": "program"})

    assert any("샌드박스에 기록된" in notice for notice in answer["notices"])
    assert not any(notice.isascii() for notice in answer["notices"])
