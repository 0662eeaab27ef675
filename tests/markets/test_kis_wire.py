"""Units, signs and shapes of KIS wire values, against the figures printed in the portal's own examples."""

from __future__ import annotations

import pytest

from markets.kis import rows, wire
from markets.kis.endpoints import Band, Exclusions, RankBy, Venue, daily_chart_query, volume_rank_query


def test_zero_padded_negative_numbers_are_read():
    assert wire.whole("-00000000000030000") == -30000


@pytest.mark.parametrize("text", ["", "   ", None, "-"])
def test_blank_numbers_are_unknown_and_not_zero(text):
    assert wire.whole(text) is None
    assert wire.real(text) is None


@pytest.mark.parametrize("text", ["12a", "NaN", "Infinity", "1 2"])
def test_nonsense_is_refused_instead_of_guessed(text):
    with pytest.raises(ValueError):
        wire.number(text)


def test_codes_stay_text_with_zeros_and_letters():
    assert [wire.code(code) for code in ("000020", "00088K", "Q520057")] == ["000020", "00088K", "Q520057"]
    with pytest.raises(ValueError):
        wire.code("5930")


@pytest.mark.parametrize(
    ("change", "sign", "expected"),
    [(-300, "5", -300), (300, "5", -300), (300, "2", 300), (-300, "4", -300), (0, "3", 0), (-300, "", -300)],
)
def test_the_sign_is_applied_exactly_once(change, sign, expected):
    assert wire.signed(change, sign) == expected


def test_market_value_is_given_in_won():
    row = rows.MarketCapRow.model_validate(
        {"mksc_shrn_iscd": "005930", "hts_kor_isnm": "삼성전자", "stck_prpr": "72700", "data_rank": "1",
         "lstn_stcn": "5969782550", "stck_avls": "4340032"}
    )  # fmt: skip

    assert row.market_cap == 434_003_200_000_000
    assert abs(row.market_cap - row.price * row.listed_shares) < 100_000_000


def test_sector_amounts_are_won_and_volumes_shares():
    row = rows.SectorRow.model_validate(
        {"bstp_cls_code": "2001", "hts_kor_isnm": "KOSPI200", "acml_vol": "118963", "acml_tr_pbmn": "7078909",
         "prdy_vrss_sign": "2", "bstp_nmix_prdy_ctrt": "1.23"}
    )  # fmt: skip

    assert (row.trading_value, row.volume) == (7_078_909_000_000, 118_963_000)


def test_investor_amounts_are_won():
    row = rows.InvestorDay.model_validate(
        {"stck_bsop_date": "20220113", "frgn_ntby_qty": "797458", "frgn_ntby_tr_pbmn": "102959", "prsn_ntby_qty": ""}
    )

    assert row.foreign_amount == 102_959_000_000
    assert row.individual_quantity is None


def test_program_amounts_are_already_won():
    row = rows.ProgramDay.model_validate({"stck_bsop_date": "20240517", "whol_smtn_ntby_tr_pbmn": "-266814763800"})

    assert row.net_amount == -266_814_763_800


def test_trading_value_of_quotes_is_already_won():
    row = rows.VolumeRankRow.model_validate(
        {"mksc_shrn_iscd": "005930", "hts_kor_isnm": "삼성 전자", "data_rank": "1", "stck_prpr": "65100",
         "prdy_vrss_sign": "5", "prdy_vrss": "-300", "acml_vol": "8958147", "acml_tr_pbmn": "584861890300",
         "vol_inrt": "72.63", "lstn_stcn": "5969782550"}
    )  # fmt: skip

    assert row.trading_value == 584_861_890_300
    assert row.change == -300
    assert abs(row.trading_value / (row.price * row.volume) - 1) < 0.01


def test_the_direction_stands_in_its_own_field_for_the_amount_and_the_percentage():
    """KIS sends some figures with the sign and some without: both mean a fall where the sign field says so."""
    for amount, percent in (("300", "0.46"), ("-300", "-0.46")):
        row = rows.FluctuationRow.model_validate(
            {"stck_shrn_iscd": "005930", "hts_kor_isnm": "삼성전자", "stck_prpr": "65100", "prdy_vrss_sign": "5",
             "prdy_vrss": amount, "prdy_ctrt": percent, "acml_vol": "1", "data_rank": "1"}
        )  # fmt: skip

        assert (row.change, row.change_percent) == (-300, -0.46)


def test_adjusted_prices_are_flag_zero_on_the_chart():
    query = {"code": "005930", "venue": Venue.KRX, "first": "20250101", "last": "20250211"}

    assert daily_chart_query(**query, adjusted=True)["FID_ORG_ADJ_PRC"] == "0"
    assert daily_chart_query(**query, adjusted=False)["FID_ORG_ADJ_PRC"] == "1"


def test_exclusions_become_ten_flags_in_the_documented_places():
    assert Exclusions(etf=True, etn=True).wire() == "0000001100"
    assert Exclusions(preferred=True, spac=True, warned=True).wire() == "1000100001"


def test_an_open_price_band_sends_both_ends():
    query = volume_rank_query(
        scope="0001", venue=Venue.NXT, by=RankBy.TRADING_VALUE, exclude=Exclusions(), band=Band(low=10_000)
    )

    assert query["FID_INPUT_PRICE_1"] == "10000"
    assert int(query["FID_INPUT_PRICE_2"]) > 10_000_000
    assert query["FID_COND_MRKT_DIV_CODE"] == "NX"
    assert all(name == name.upper() for name in query)
