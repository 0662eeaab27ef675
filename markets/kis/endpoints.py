"""The KIS endpoints this product calls: path, transaction id, query and row cap (portal workbook of 2026-06)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from markets.kis import rows
from markets.kis.rows import Row

PREFIX = "/uapi/domestic-stock/v1"


class Venue(StrEnum):
    """Where trades happened. Figures of different venues are never mixed in one list."""

    KRX = "KRX"
    NXT = "NXT"

    @property
    def wire(self) -> str:
        return {"KRX": "J", "NXT": "NX"}[self.value]


class RankBy(StrEnum):
    """FID_BLNG_CLS_CODE of volume-rank."""

    AVERAGE_VOLUME = "0"
    VOLUME_GROWTH = "1"
    TURNOVER = "2"
    TRADING_VALUE = "3"
    VALUE_TURNOVER = "4"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One GET endpoint; `cap` is the most rows one answer can hold, None when there is no list cap."""

    path: str
    tr_id: str
    row: type[Row]
    output: tuple[str, ...] = ("output", "Output", "output1")
    cap: int | None = None

    @property
    def url(self) -> str:
        return PREFIX + self.path

    @property
    def name(self) -> str:
        return self.path.rsplit("/", 1)[-1]


VOLUME_RANK = Endpoint("/quotations/volume-rank", "FHPST01710000", rows.VolumeRankRow, cap=30)
MARKET_CAP = Endpoint("/ranking/market-cap", "FHPST01740000", rows.MarketCapRow, cap=30)
FLUCTUATION = Endpoint("/ranking/fluctuation", "FHPST01700000", rows.FluctuationRow, cap=30)
FLOW_RANK = Endpoint("/quotations/foreign-institution-total", "FHPTJ04400000", rows.FlowRankRow, cap=30)
INVESTOR = Endpoint("/quotations/inquire-investor", "FHKST01010900", rows.InvestorDay, cap=30)
PROGRAM_DAILY = Endpoint("/quotations/program-trade-by-stock-daily", "FHPPG04650201", rows.ProgramDay, cap=30)
SECTORS = Endpoint("/quotations/inquire-index-category-price", "FHPUP02140000", rows.SectorRow, ("output2",))
INDEX_DAILY = Endpoint("/quotations/inquire-index-daily-price", "FHPUP02120000", rows.IndexDay, ("output2",), cap=100)
DAILY_CHART = Endpoint(
    "/quotations/inquire-daily-itemchartprice", "FHKST03010100", rows.DailyBar, ("output2",), cap=100
)
PRICE = Endpoint("/quotations/inquire-price", "FHKST01010100", rows.PriceFlags)
MULTI_PRICE = Endpoint("/quotations/intstock-multprice", "FHKST11300006", rows.MultiPriceRow, cap=30)
HOLIDAYS = Endpoint("/quotations/chk-holiday", "CTCA0903R", rows.CalendarDay)


@dataclass(frozen=True, slots=True)
class Exclusions:
    """What volume-rank leaves out, as its ten flags from left to right."""

    warned: bool = False
    administrative: bool = False
    liquidation: bool = False
    unfaithful: bool = False
    preferred: bool = False
    halted: bool = False
    etf: bool = False
    etn: bool = False
    no_credit: bool = False
    spac: bool = False

    def wire(self) -> str:
        flags = (
            self.warned, self.administrative, self.liquidation, self.unfaithful, self.preferred,
            self.halted, self.etf, self.etn, self.no_credit, self.spac,
        )  # fmt: skip
        return "".join("1" if flag else "0" for flag in flags)


@dataclass(frozen=True, slots=True)
class Band:
    """A price band in won, both ends included; None leaves an end open."""

    low: int | None = None
    high: int | None = None

    def wire(self) -> tuple[str, str]:
        # Only both blank or both given are documented, so an open end is sent as an extreme.
        if self.low is None and self.high is None:
            return "", ""
        return str(self.low or 0), str(self.high if self.high is not None else 999_999_999)


def volume_rank_query(
    *, scope: str, venue: Venue, by: RankBy, exclude: Exclusions, band: Band, min_volume: int | None = None
) -> dict[str, str]:
    """`scope` is 0000 (all), 0001 KOSPI, 1001 KOSDAQ, 2001 KOSPI200 or any sector code. Upper case is required here."""
    low, high = band.wire()
    return {
        "FID_COND_MRKT_DIV_CODE": venue.wire,
        "FID_COND_SCR_DIV_CODE": "20171",
        "FID_INPUT_ISCD": scope,
        "FID_DIV_CLS_CODE": "0",
        "FID_BLNG_CLS_CODE": by.value,
        "FID_TRGT_CLS_CODE": "111111111",
        "FID_TRGT_EXLS_CLS_CODE": exclude.wire(),
        "FID_INPUT_PRICE_1": low,
        "FID_INPUT_PRICE_2": high,
        "FID_VOL_CNT": str(min_volume or ""),
        "FID_INPUT_DATE_1": "",
    }


def market_cap_query(*, scope: str, venue: Venue, common_only: bool, band: Band) -> dict[str, str]:
    """The `/ranking/` family is documented in lower case."""
    low, high = band.wire()
    return {
        "fid_cond_mrkt_div_code": venue.wire,
        "fid_cond_scr_div_code": "20174",
        "fid_div_cls_code": "1" if common_only else "0",
        "fid_input_iscd": scope,
        "fid_trgt_cls_code": "0",
        "fid_trgt_exls_cls_code": "0",
        "fid_input_price_1": low,
        "fid_input_price_2": high,
        "fid_vol_cnt": "",
    }


def fluctuation_query(*, scope: str, venue: Venue, falling: bool = False) -> dict[str, str]:
    """Ranked by change against the previous close."""
    return {
        "fid_cond_mrkt_div_code": venue.wire,
        "fid_cond_scr_div_code": "20170",
        "fid_input_iscd": scope,
        "fid_rank_sort_cls_code": "1" if falling else "0",
        "fid_input_cnt_1": "0",
        "fid_prc_cls_code": "1",
        "fid_input_price_1": "",
        "fid_input_price_2": "",
        "fid_vol_cnt": "",
        "fid_trgt_cls_code": "0",
        "fid_trgt_exls_cls_code": "0",
        "fid_div_cls_code": "0",
        "fid_rsfl_rate1": "",
        "fid_rsfl_rate2": "",
    }


def flow_rank_query(*, scope: str, by_amount: bool, selling: bool, group: str) -> dict[str, str]:
    """`group`: 0 all, 1 foreign, 2 institutions, 3 other."""
    return {
        "FID_COND_MRKT_DIV_CODE": "V",
        "FID_COND_SCR_DIV_CODE": "16449",
        "FID_INPUT_ISCD": scope,
        "FID_DIV_CLS_CODE": "1" if by_amount else "0",
        "FID_RANK_SORT_CLS_CODE": "1" if selling else "0",
        "FID_ETC_CLS_CODE": group,
    }


def daily_chart_query(*, code: str, venue: Venue, first: str, last: str, adjusted: bool) -> dict[str, str]:
    """Dates as YYYYMMDD. Here 0 means adjusted; inquire-daily-price uses the same flag the other way round."""
    return {
        "FID_COND_MRKT_DIV_CODE": venue.wire,
        "FID_INPUT_ISCD": code,
        "FID_INPUT_DATE_1": first,
        "FID_INPUT_DATE_2": last,
        "FID_PERIOD_DIV_CODE": "D",
        "FID_ORG_ADJ_PRC": "0" if adjusted else "1",
    }


def multi_price_query(codes: list[str], venue: Venue) -> dict[str, str]:
    """Up to 30 codes, each with its own market field."""
    query: dict[str, str] = {}
    for number, code in enumerate(codes, start=1):
        query[f"FID_COND_MRKT_DIV_CODE_{number}"] = venue.wire
        query[f"FID_INPUT_ISCD_{number}"] = code
    return query
