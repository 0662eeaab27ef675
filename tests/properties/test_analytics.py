"""Medians, deposit safety, anomalies, forecasts, and the tools over transactions."""

from datetime import UTC, date, datetime

import httpx2
import pytest
from asgiref.sync import async_to_sync
from starlette.applications import Starlette
from starlette.routing import Mount

from integrations.sdk import Context, InvalidParams
from properties import sandbox
from properties.analytics import market
from properties.analytics.anomalies import find_anomalies
from properties.analytics.evaluate import anomalies, hold_out, load
from properties.analytics.forecast import TooLittleHistory, forecast_months
from properties.collectors.molit import Deal
from properties.market_tools import jeonse_safety, list_transactions, market_report
from properties.transactions import MolitKey, month_list


def deal(price: int, day: date = date(2026, 9, 1), **fields) -> Deal:
    base = {"lot": "1", "name": "가나", "exclusive_m2": 84.9, "floor": 5, "built_year": 2000, **fields}
    return Deal("apartment_sale", "11650", "방배동", "1165010100", dealt_on=day, price=price, **base)


def call(action, **params):
    """An action against the sandbox."""

    async def run():
        app = Starlette(routes=[Mount(sandbox.PREFIX, app=sandbox.app)])
        url = "http://sandbox/properties/molit"
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url=url) as http:
            ctx = Context(http=http, credential=MolitKey(service_key=sandbox.SANDBOX_KEY))
            return await action.invoke(ctx, params)

    sandbox.switches.__init__()
    return async_to_sync(run)()


def test_medians_leave_out_cancelled_and_thin_months() -> None:
    deals = [deal(100), deal(110), deal(120), deal(900, cancelled_on=date(2026, 9, 5)), deal(500, date(2026, 8, 1))]

    august, september = market.months(deals)

    assert (august.count, august.median_price) == (1, None)
    assert (september.count, september.median_price) == (3, 110)


def test_deposit_safety_names_its_grounds() -> None:
    sales = [deal(100_000), deal(102_000), deal(98_000)]

    assert market.jeonse_safety(60_000, sales).level == "low"
    assert market.jeonse_safety(75_000, sales).level == "middle"
    risky = market.jeonse_safety(75_000, sales, senior_debt=20_000)
    assert risky.level == "high"
    assert any("insurance" in reason for reason in risky.reasons)
    assert market.jeonse_safety(60_000, sales[:2]).level == "unknown"


def test_unit_errors_stand_out_and_ordinary_spread_does_not() -> None:
    prices = [100.0, 103, 97, 105, 1_000, 10]

    found = {anomaly.row: anomaly.kind for anomaly in find_anomalies(["a"] * 6, prices)}

    assert found == {4: "unit_error", 5: "unit_error"}


def test_the_deal_model_beats_the_last_value_by_a_point() -> None:
    result = hold_out(load())

    assert result["predicted"] > 4_000
    assert result["mape_last_value"] - result["mape_model"] >= 1.0


def test_injected_unit_errors_are_found_and_few_others() -> None:
    result = anomalies(load(), seed=77)

    assert result["recall"] >= 0.9
    assert result["flagged_untouched"] <= 0.01


def test_a_forecast_has_intervals_and_refuses_short_histories() -> None:
    values = [100 * 1.01**number for number in range(36)]

    ahead = forecast_months(values, 3)

    assert all(point.low < point.value < point.high for point in ahead)
    assert values[-1] < ahead[0].value < ahead[2].value < values[-1] * 1.05
    with pytest.raises(TooLittleHistory):
        forecast_months([*values[:23], None], 3)


def test_months_end_with_the_last_complete_one() -> None:
    now = datetime(2026, 1, 15, tzinfo=UTC)

    assert month_list("", 3, now) == ["202510", "202511", "202512"]
    with pytest.raises(InvalidParams):
        month_list("202612", 1, now)


def test_transactions_of_a_dong_are_listed_newest_first() -> None:
    answer = call(list_transactions, region="강남구 역삼동", month="202103", rows=5)

    assert answer["region"].endswith("역삼동")
    assert {row["dong"] for row in answer["items"]} == {"역삼동"}
    days = [row["dealt_on"] for row in answer["items"]]
    assert days == sorted(days, reverse=True)
    assert answer["as_of"] and answer["total"] >= answer["returned"] == 5


def test_an_empty_answer_says_which_condition_was_to_blame() -> None:
    none = call(list_transactions, region="강남구", month="202103", complex_name="없는단지")
    assert "None of 171 deals" in none["empty_reason"]

    nothing = call(list_transactions, region="강남구", month="202001")
    assert "has no deals" in nothing["empty_reason"]


def test_an_ambiguous_region_is_refused_with_suggestions() -> None:
    with pytest.raises(InvalidParams) as caught:
        call(list_transactions, region="중구")

    assert "Did you mean" in caught.value.problems[0].remedy


def test_the_report_has_months_ratio_and_groups_and_says_why_it_does_not_forecast() -> None:
    report = call(market_report, region="강남구", month="202108", months=3)

    assert [row["month"] for row in report["months"]] == ["2021-06", "2021-07", "2021-08"]
    assert 0.4 < report["jeonse_ratio"] < 0.8
    assert report["complexes"][0]["deals"] >= report["complexes"][-1]["deals"]
    assert not report["forecast"] and any("24 are needed" in note for note in report["notes"])


def test_the_safety_tool_compares_with_sales_of_the_same_complex() -> None:
    report = call(
        jeonse_safety, region="서초구", complex_name="반포자이", deposit_manwon=400_000, month="202108", months=6
    )

    assert report["sales"] >= 3
    assert report["risk"] == "high"
    assert report["unapplied"]
