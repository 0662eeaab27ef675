"""Merging capped lists: the proof of certainty holds for any market, and the call budget is kept."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from markets.kis.endpoints import Band
from markets.merge import Part, merge_top


@dataclass(frozen=True)
class Row:
    code: str
    price: int
    worth: int


def upstream(stocks: list[Row], cap: int):
    """A list service that shows only its best `cap` rows."""

    async def fetch(scope: str, band: Band) -> Part[Row]:
        low, high = band.low or 0, band.high if band.high is not None else 10**12
        rows = sorted((row for row in stocks if low <= row.price <= high), key=lambda row: (-row.worth, row.code))
        return Part(scope, band, rows[:cap], len(rows[:cap]) == cap)

    return fetch


stocks_of_any_market = st.lists(st.tuples(st.integers(1, 40), st.integers(0, 60)), min_size=0, max_size=120).map(
    lambda pairs: [Row(f"{number:06d}", price, worth) for number, (price, worth) in enumerate(pairs)]
)


@settings(max_examples=150, deadline=None)
@given(stocks=stocks_of_any_market, count=st.integers(1, 60), budget=st.integers(1, 30), cap=st.integers(2, 10))
def test_certain_ranks_are_the_true_ranks(stocks, count, budget, cap):
    merged = asyncio.run(
        merge_top(upstream(stocks, cap), scopes=["all"], band=Band(), count=count, value=lambda row: row.worth,
                  max_calls=budget)
    )  # fmt: skip

    truth = sorted((row.worth for row in stocks), reverse=True)
    assert [row.worth for row in merged.rows[: merged.certain]] == truth[: merged.certain]
    assert merged.calls <= max(budget, 1)
    if merged.exhausted:
        assert [row.worth for row in merged.rows] == truth[:count]


def test_a_filter_digs_until_enough_rows_fit():
    stocks = [Row(f"{number:06d}", price=number % 97 + 1, worth=1000 - number) for number in range(300)]

    merged = asyncio.run(
        merge_top(upstream(stocks, 30), scopes=["all"], band=Band(), count=20, value=lambda row: row.worth,
                  keep=lambda row: row.worth < 900, max_calls=60)
    )  # fmt: skip

    assert [row.worth for row in merged.rows] == list(range(899, 879, -1))
    assert merged.certain == 20


def test_a_list_of_one_price_stops_with_what_is_certain():
    stocks = [Row(f"{number:06d}", price=5, worth=100 - number) for number in range(50)]

    merged = asyncio.run(
        merge_top(upstream(stocks, 10), scopes=["all"], band=Band(), count=20, value=lambda row: row.worth)
    )

    assert (merged.certain, merged.exhausted, len(merged.rows)) == (10, False, 10)
