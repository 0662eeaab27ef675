"""The MCP tools against the sandbox: typed answers, honest about source, total and what is missing, short enough."""

from __future__ import annotations

import csv
import io
import json
from datetime import date, datetime, timedelta

import pytest

from integrations.sdk import Context, FileRef, MissingCredential, Rejected, Site
from procurement.connector import naramarket
from procurement.g2b.calendar import SEOUL
from procurement.keys import NaramarketKey
from procurement.paging import tokens_of
from procurement.sandbox import SANDBOX_KEY
from procurement.sandbox_data import bids
from procurement.sandbox_data.pools import item
from procurement.sandbox_data.products import events_between

NOW = datetime(2026, 11, 20, 12, tzinfo=SEOUL)
YESTERDAY = date(2026, 11, 19)


@pytest.fixture
def ctx(http, store, monkeypatch, tmp_path):
    monkeypatch.setattr("procurement.desk.seoul_now", lambda: NOW)
    monkeypatch.setattr("procurement.crawl_tool.crawls_folder", lambda: tmp_path)
    key = NaramarketKey.model_validate({"service_key": SANDBOX_KEY})
    return Context(
        http=http, credential=key, store=store, upstream=Site("http://sandbox.test", "sandbox"), workspace_id="w1"
    )


@pytest.fixture
def call(ctx):
    async def run(tool, **params):
        return await naramarket.actions[tool].invoke(ctx, params)

    return run


async def everything(call, tool, **params):
    """All items by following the cursor."""
    items, cursor, answers = [], None, 0
    while True:
        answer = await call(tool, cursor=cursor, **params)
        items += answer["items"]
        cursor, answers = answer["next_cursor"], answers + 1
        assert answers < 200
        if cursor is None:
            return items, answers


async def test_the_list_of_a_category_holds_exactly_that_category(call):
    items, answers = await everything(call, "crawl_list", category="데스크톱컴퓨터", days_back=7, count=20)
    start = YESTERDAY - timedelta(days=6)
    expected = [
        event.key for event in events_between(start, YESTERDAY) if item(event.item).kind.name == "데스크톱컴퓨터"
    ]
    assert [(one["contract_no"], one["line_no"]) for one in items] == expected
    assert answers > 1


async def test_answers_say_where_they_come_from_and_of_when(call):
    answer = await call("search_shopping_mall_products", keyword="A", days_back=3, count=5)
    assert answer["source"] == "getShoppingMallPrdctInfoList"
    assert answer["mode"] == "sandbox"
    assert answer["as_of"].startswith("2026-11-20T12:00")
    assert answer["period"] == "2026-11-17..2026-11-19"
    assert answer["returned"] == 5 < answer["total"]
    assert answer["items"][0]["price"] is None or isinstance(answer["items"][0]["price"], int)


async def test_an_unfiltered_product_search_is_refused(call):
    with pytest.raises(Rejected, match="keyword or a category"):
        await call("search_shopping_mall_products")


@pytest.mark.parametrize("cursor", ["nonsense", "WzAsMCwiYWJjIl0", "%%%"])
async def test_a_foreign_cursor_is_refused(call, cursor):
    with pytest.raises(Rejected, match="cursor"):
        await call("crawl_list", category="책상", cursor=cursor)


@pytest.mark.parametrize(
    ("tool", "params"),
    [
        ("crawl_list", {"category": "데스크톱컴퓨터", "days_back": 365, "count": 100}),
        ("search_bid_notices", {"kinds": ["goods", "works", "services"], "days_back": 60, "count": 100}),
        ("get_recent_bid_announcements", {"days_back": 60, "count": 100}),
        ("search_awards", {"days_back": 90, "count": 100}),
        ("search_contracts", {"days_back": 90, "count": 100}),
        ("search_pre_specifications", {"days_back": 90, "count": 100}),
        ("search_suppliers", {"name": "주식", "months": 12, "count": 100}),
        ("get_price_history", {"category": "책상", "months": 36}),
        ("list_categories", {"query": ""}),
        ("get_successful_bids_by_business_type", {"days_back": 31, "count": 100}),
        (
            "call_shopping_mall_api",
            {
                "operation": "getShoppingMallPrdctInfoList",
                "parameters": {"inqryDiv": "1", "inqryBgnDate": "20261101", "inqryEndDate": "20261110"},
                "num_rows": 100,
            },
        ),
    ],
)
async def test_the_largest_answers_stay_below_the_limit_of_clients(call, tool, params):
    answer = await call(tool, **params)
    assert tokens_of(json.dumps(answer, ensure_ascii=False)) < 25_000
    assert answer.get("returned", 1) > 0
    if answer.get("total") and answer["returned"] < answer["total"] and "next_cursor" in answer:
        assert answer["next_cursor"] or "Cut to" in " ".join(answer["incomplete"])


async def test_rows_cut_for_length_are_given_by_the_next_call(call):
    all_at_once, _ = await everything(call, "search_bid_notices", days_back=14, count=100)
    few_at_a_time, _ = await everything(call, "search_bid_notices", days_back=14, count=7)
    assert [one["notice_no"] for one in few_at_a_time] == [one["notice_no"] for one in all_at_once]
    assert len(all_at_once) > 100


async def test_notices_are_filtered_by_price_region_industry_and_deadline(call):
    items, _ = await everything(
        call, "search_bid_notices", still_open=True, price_min=50_000_000, price_max=120_000_000, region="11", count=50
    )
    assert items
    for one in items:
        assert 50_000_000 <= one["estimated_price"] <= 120_000_000
        assert datetime.fromisoformat(one["closes"]) > NOW
    everywhere, _ = await everything(
        call, "search_bid_notices", still_open=True, price_min=50_000_000, price_max=120_000_000, count=50
    )
    assert len(everywhere) > len(items)
    licensed, _ = await everything(call, "search_bid_notices", industry="전기", count=50)
    all_of_them, _ = await everything(call, "search_bid_notices", count=50)
    assert 0 < len(licensed) < len(all_of_them)


async def test_todays_notices_are_found_but_none_of_the_future(call):
    items, _ = await everything(call, "search_bid_notices", days_back=2, count=50)
    published = [datetime.fromisoformat(one["published"]) for one in items]
    assert any(at.date() == NOW.date() for at in published)
    assert max(published) <= NOW


async def test_a_notice_with_its_changes_limits_and_attachments(call):
    changed = next(
        event
        for day in range(5, 40)
        for event in bids.notices(date(2026, 11, 1) - timedelta(days=day), "Thng")
        if event.order == 1 and event.is_region_limited
    )
    answer = await call("get_bid_notice", notice_no=changed.notice_no)
    assert answer["orders"] == ["000", "001"]
    assert answer["notice"]["order"] == "001"
    assert answer["notice"]["kind"] == "Thng"
    assert answer["changes"][0]["item"] == "입찰마감일시"
    assert answer["regions"] == [changed.demander.region[1]]
    assert answer["licences"]
    assert [one["name"] for one in answer["attachments"]][-1].startswith("제안요청서")
    assert answer["incomplete"] == []
    first = await call("get_bid_notice", notice_no=changed.notice_no, order="0", kind="goods")
    assert first["notice"]["order"] == "000"


async def test_a_recorded_notice_reads_as_printed_in_the_guide(call):
    answer = await call("get_bid_notice", notice_no="R25BK00940072", kind="goods")
    assert answer["notice"]["title"] == "스키장 고객용 전자 물품보관함 구매"
    assert answer["notice"]["estimated_price"] == 205_550_000
    assert len(answer["attachments"]) == 2


async def test_an_unknown_notice_is_said_to_be_unknown(call):
    with pytest.raises(Rejected, match="no notice") as caught:
        await call("get_bid_notice", notice_no="R26BK99999999")
    assert caught.value.remedy


async def test_a_part_that_fails_is_named_not_left_empty(call, world):
    event = next(event for event in bids.notices(date(2026, 10, 21), "Thng"))
    world.faults = [{"kind": "02", "operation": "getBidPblancListInfoLicenseLimit", "times": 9}]
    answer = await call("get_bid_notice", notice_no=event.notice_no, kind="goods")
    assert answer["licences"] == []
    assert "licences" in answer["incomplete"][0]


async def test_opening_award_and_bids_of_a_notice(call):
    event = next(event for event in bids.opened(date(2026, 11, 12), "Servc") if not event.fails)
    answer = await call("get_opening_result", notice_no=event.notice_no)
    assert answer["bidders"] == event.bidders
    assert [one["rank"] for one in answer["bids"]] == list(range(1, min(event.bidders, 50) + 1))
    assert answer["award"]["winner_no"] == event.winner().business_no
    assert answer["opening"]["leader"] == event.winner().name.replace("&lt;", "<").replace("&gt;", ">")
    assert "박낙찰" not in json.dumps(answer, ensure_ascii=False)


async def test_a_notice_not_opened_yet_has_no_result_and_says_why(call):
    event = bids.notices(NOW.date(), "Thng")[0]
    answer = await call("get_opening_result", notice_no=event.notice_no)
    assert answer["opening"] is None
    assert "before the opening" in answer["incomplete"][0]


async def test_awards_of_one_winner(call):
    event = next(event for event in bids.opened(date(2026, 11, 10), "Thng") if not event.fails)
    items, _ = await everything(call, "search_awards", winner_no=event.winner().business_no, days_back=60)
    assert event.notice_no in {one["notice_no"] for one in items}
    assert {one["winner_no"] for one in items} == {event.winner().business_no}


async def test_successful_bids_leave_the_other_bidders_out(call):
    items, _ = await everything(call, "get_successful_bids_by_business_type", business_type="works", days_back=4)
    expected = [
        event.notice_no
        for event in bids.opened_between(date(2026, 11, 17), NOW.date(), "Cnstwk")
        if not event.fails and event.opening <= NOW.replace(tzinfo=None)
    ]
    assert sorted(one["notice_no"] for one in items) == sorted(expected)


async def test_price_history_counts_each_line_once_in_its_newest_revision(call):
    from procurement.sandbox_data.products import deliveries_between, delivery_row

    answer = await call("get_price_history", product_id="20000007", months=12)
    latest = {}
    for event in deliveries_between(YESTERDAY - timedelta(days=360), YESTERDAY):
        if event.item == 1:
            latest[(event.request_no, event.line)] = max(
                latest.get((event.request_no, event.line), event), event, key=lambda one: one.order
            )
    lines = [event for event in latest.values() if event.quantity]
    assert answer["deliveries"] == len(lines) > 10
    assert sum(point["amount"] for point in answer["months"]) == sum(
        int(delivery_row(one)["prdctAmt"]) for one in lines
    )
    assert answer["first_price"] and answer["change_percent"] is not None


async def test_products_side_by_side(call):
    answer = await call("compare_products", product_ids=["20000000", "20000007"])
    assert all(len(values) == 2 for values in answer["attributes"].values())
    assert len(answer["products"]) == 2


async def test_repeated_attributes_are_kept_in_order(call):
    answer = await call("get_detailed_attributes", product_id="23657020")
    assert len(answer["attributes"]) == 9
    assert answer["attributes"][0] == {
        "product_id": "23657020",
        "name": "장식품크기(가로)",
        "value": "13",
        "unit": "mm",
    }
    with pytest.raises(Rejected, match="no attributes"):
        await call("get_detailed_attributes", product_id="99999999")


async def test_suppliers_are_gathered_per_business_number(call):
    answer = await call("search_suppliers", name="한빛테크", months=3)
    assert answer["total"] == len({one["business_no"] for one in answer["items"]})
    assert all("한빛테크" in one["name"] for one in answer["items"])
    first = await call("search_suppliers", name="한빛", months=3, count=2)
    second = await call("search_suppliers", name="한빛", months=3, count=2, cursor=first["next_cursor"])
    assert first["items"][0] != second["items"][0]


async def test_a_service_called_directly_shows_no_officials(call):
    parameters = {"bidNtceBgnDt": "202611180000", "bidNtceEndDt": "202611182359"}
    answer = await call(
        "call_public_data_standard_api", operation="getDataSetOpnStdBidPblancInfo", parameters=parameters
    )
    assert answer["returned"] == 20
    assert "김나라" not in json.dumps(answer, ensure_ascii=False)
    with pytest.raises(Rejected, match="does not belong"):
        await call("call_shopping_mall_api", operation="getDataSetOpnStdBidPblancInfo")
    with pytest.raises(Rejected, match="no parameter"):
        await call("call_shopping_mall_api", operation="getDlvrReqInfoList", parameters={"serviceKey": "x"})


async def test_server_info_counts_calls(call):
    await call("crawl_list", category="책상", days_back=2)
    answer = await call("server_info")
    used = {one["operation"]: one["used"] for one in answer["quotas"]}
    assert used["getShoppingMallPrdctInfoList"] == 1
    assert answer["newest_stable_day"] == "2026-11-19"
    assert set(answer["tools"]) == set(naramarket.actions)


async def test_statistics_of_a_year(call):
    answer = await call("get_procurement_statistics_by_year", year=2025)
    assert answer["rows"][0]["bssYear"] == "2025"
    with pytest.raises(Rejected, match="not happened"):
        await call("get_procurement_statistics_by_year", year=2090)


async def test_crawl_to_a_file_reports_progress_and_goes_on_where_it_stopped(call, ctx, world):
    seen = []

    async def progress(done, total, message):
        seen.append((done, total))

    ctx.progress_sink = progress
    params = {"category": "캐비닛", "total_days": 120, "attributes": "none", "filename": "cabinets"}
    part = await call("crawl_to_file", max_windows=2, **params)
    assert part["stopped"] == "windows"
    assert part["remaining_days"] == 60
    assert part["next_anchor_end_date"] == "2026-09-20"
    calls = sum(world.calls.values())
    whole = await call("crawl_to_file", **params)
    assert whole["incomplete"] == []
    # Two windows were fetched before; at most a prefetched page is asked again.
    assert sum(world.calls.values()) - calls <= 4
    content = await ctx.files.read(FileRef.model_validate(whole["file"]))
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    assert whole["file"]["name"] == "cabinets.csv"
    assert len(rows) == whole["total_products"] > 0
    assert seen[-1][0] == seen[-1][1]


async def test_a_file_name_that_is_a_path_is_refused(call):
    with pytest.raises(Rejected, match="path separator"):
        await call("crawl_to_file", category="책상", filename="../../etc/passwd")


async def test_the_connection_test_proves_the_key(ctx, http, store):
    assert naramarket.test_function is not None
    await naramarket.test_function(ctx)
    wrong = NaramarketKey.model_validate({"service_key": "invalid-key-0000"})
    with pytest.raises(Exception, match="not registered"):
        await naramarket.test_function(Context(http=http, credential=wrong, store=store))
    with pytest.raises((MissingCredential, Rejected)):
        await naramarket.actions["crawl_list"].invoke(Context(http=http, store=store), {"category": "책상"})


def test_every_tool_is_described_in_both_languages():
    for action in naramarket.actions.values():
        assert action.title.en != action.title.ko
        assert any("가" <= letter <= "힣" for letter in action.description.ko)
        for name, schema in action.input_schema["properties"].items():
            assert schema.get("x-description-ko") or schema.get("description"), (action.name, name)
