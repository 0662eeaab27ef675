"""Growth, shares and sector sums on the awkward cases: zero base, halts, new listings, overlapping sectors."""

from __future__ import annotations

import pytest

from markets.ranking import (
    Base,
    SectorLine,
    concentration,
    growth,
    industry_remainder,
    is_aggregate,
    percent_from_ratio,
    percent_of,
    turnover,
)


def test_growth_against_the_previous_session():
    result = growth(300, [100, 200], Base.PREVIOUS)

    assert (result.base, result.percent, result.note) == (100, 200.0, "")


def test_a_halt_yesterday_gives_no_infinite_growth():
    result = growth(300, [0, 200, 100], Base.PREVIOUS)

    assert (result.base, result.percent, result.note) == (None, None, "resumed")


def test_a_stock_without_any_past_is_new():
    assert growth(300, [], Base.MEAN_20).note == "new"
    assert growth(300, [], Base.MEAN_20).percent is None


def test_halted_sessions_do_not_dilute_a_mean():
    result = growth(400, [0, 100, None, 300, 200], Base.MEAN_5)

    assert (result.base, result.sessions, result.percent) == (200, 3, 100.0)
    assert result.note == "resumed"


def test_a_median_base_is_not_moved_by_one_surge():
    past = [100] * 19 + [100_000]

    assert growth(200, past, Base.MEDIAN_20).percent == 100.0
    assert growth(200, past, Base.MEAN_20).percent < 0


def test_few_sessions_are_reported():
    assert growth(200, [100, 100, 100], Base.MEAN_20).note == "new"


def test_the_volume_ratio_of_kis_is_not_a_change():
    assert percent_from_ratio(72.63) == -27.37
    assert percent_from_ratio(214.83) == 114.83
    assert percent_from_ratio(None) is None


@pytest.mark.parametrize(("part", "whole"), [(None, 5), (5, None), (5, 0), (5, -1)])
def test_a_share_of_nothing_is_unknown(part, whole):
    assert percent_of(part, whole) is None


def test_shares():
    assert concentration([10, 20], 120) == 25.0
    assert turnover(50, 1000) == 5.0


def test_industries_that_contain_others_are_aggregates_only_beside_them():
    assert is_aggregate("0027", ["0027", "0005"])
    assert not is_aggregate("0027", ["0027", "0016"])
    assert is_aggregate("0001", ["0001"]) and is_aggregate("0002", []) and is_aggregate("1043", [])
    assert not is_aggregate("0013", ["0013", "0027"])


def test_what_the_parts_leave_is_kept():
    rest = industry_remainder([SectorLine("0021", 100), SectorLine("0024", 30), SectorLine("0025", 20)])

    assert rest == {"0021": 50}
