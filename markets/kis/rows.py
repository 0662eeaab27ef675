"""Typed rows of the KIS endpoints. Money is integer won and volumes are shares, whatever the wire used."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field, computed_field

from markets.kis.wire import (
    Code,
    Day,
    HundredMillionWon,
    MillionWon,
    Name,
    RealOrNone,
    ThousandShares,
    Whole,
    WholeOrNone,
    signed,
    whole,
)


class Row(BaseModel):
    """A row read by wire names; fields KIS adds later are ignored."""

    model_config = ConfigDict(populate_by_name=True, extra="ignore", frozen=True)


class Quoted(Row):
    """The part common to every list of stocks. `change` is in won and carries its sign once."""

    code: Code = Field(validation_alias=AliasChoices("mksc_shrn_iscd", "stck_shrn_iscd", "inter_shrn_iscd"))
    name: Name = Field(validation_alias=AliasChoices("hts_kor_isnm", "inter_kor_isnm"))
    price: Whole = Field(validation_alias=AliasChoices("stck_prpr", "inter2_prpr"))
    change: WholeOrNone = Field(default=None, validation_alias=AliasChoices("prdy_vrss", "inter2_prdy_vrss"))
    sign: str = Field(default="", validation_alias="prdy_vrss_sign")
    change_percent: RealOrNone = Field(default=None, validation_alias="prdy_ctrt")
    volume: WholeOrNone = Field(default=None, validation_alias="acml_vol")

    def model_post_init(self, context: Any) -> None:
        object.__setattr__(self, "change", signed(self.change, self.sign))
        object.__setattr__(self, "change_percent", signed(self.change_percent, self.sign))

    @property
    def quoted(self) -> dict[str, Any]:
        """The fields that every ranking of ours repeats."""
        return self.model_dump(include={"code", "name", "price", "change", "change_percent", "volume"})


class VolumeRankRow(Quoted):
    """volume-rank. `volume_ratio` is today's volume in per cent *of* yesterday's: 72.63 means a fall of 27.37 %."""

    rank: Whole = Field(validation_alias="data_rank")
    trading_value: Whole = Field(validation_alias="acml_tr_pbmn")
    previous_volume: WholeOrNone = Field(default=None, validation_alias="prdy_vol")
    listed_shares: WholeOrNone = Field(default=None, validation_alias="lstn_stcn")
    volume_ratio: RealOrNone = Field(default=None, validation_alias="vol_inrt")

    @property
    def market_cap(self) -> int | None:
        return None if self.listed_shares is None else self.price * self.listed_shares

    @property
    def traded(self) -> dict[str, Any]:
        """The quote with what was traded, in won."""
        return self.quoted | {"trading_value": self.trading_value, "market_cap": self.market_cap}


class MarketCapRow(Quoted):
    """market-cap. The wire's 100 million won became won; `market_share` is per cent of the whole market."""

    rank: Whole = Field(validation_alias="data_rank")
    listed_shares: WholeOrNone = Field(default=None, validation_alias="lstn_stcn")
    market_cap: Annotated[int, BeforeValidator(lambda value: _need(value, 100_000_000))] = Field(
        validation_alias="stck_avls"
    )
    market_share: RealOrNone = Field(default=None, validation_alias="mrkt_whol_avls_rlim")


class FluctuationRow(Quoted):
    """fluctuation: the day's range beside the price."""

    rank: Whole = Field(validation_alias="data_rank")
    high: WholeOrNone = Field(default=None, validation_alias="stck_hgpr")
    low: WholeOrNone = Field(default=None, validation_alias="stck_lwpr")


class MultiPriceRow(Quoted):
    """intstock-multprice: up to 30 stocks a call, trading value in won."""

    trading_value: WholeOrNone = Field(default=None, validation_alias="acml_tr_pbmn")
    open: WholeOrNone = Field(default=None, validation_alias="inter2_oprc")
    high: WholeOrNone = Field(default=None, validation_alias="inter2_hgpr")
    low: WholeOrNone = Field(default=None, validation_alias="inter2_lwpr")
    previous_close: WholeOrNone = Field(default=None, validation_alias="inter2_prdy_clpr")
    board: Name = Field(default="", validation_alias="kospi_kosdaq_cls_name")


class FlowRankRow(Quoted):
    """foreign-institution-total: hand-collected estimates. Amounts (million won on the wire) are won."""

    foreign_quantity: WholeOrNone = Field(default=None, validation_alias="frgn_ntby_qty")
    institution_quantity: WholeOrNone = Field(default=None, validation_alias="orgn_ntby_qty")
    foreign_amount: MillionWon = Field(default=None, validation_alias="frgn_ntby_tr_pbmn")
    institution_amount: MillionWon = Field(default=None, validation_alias="orgn_ntby_tr_pbmn")


class InvestorDay(Row):
    """inquire-investor, one session of one stock; None until the exchange publishes it after the close."""

    date: Day = Field(validation_alias="stck_bsop_date")
    close: WholeOrNone = Field(default=None, validation_alias="stck_clpr")
    individual_quantity: WholeOrNone = Field(default=None, validation_alias="prsn_ntby_qty")
    foreign_quantity: WholeOrNone = Field(default=None, validation_alias="frgn_ntby_qty")
    institution_quantity: WholeOrNone = Field(default=None, validation_alias="orgn_ntby_qty")
    individual_amount: MillionWon = Field(default=None, validation_alias="prsn_ntby_tr_pbmn")
    foreign_amount: MillionWon = Field(default=None, validation_alias="frgn_ntby_tr_pbmn")
    institution_amount: MillionWon = Field(default=None, validation_alias="orgn_ntby_tr_pbmn")


class ProgramDay(Row):
    """program-trade-by-stock-daily: already won and shares on the wire."""

    date: Day = Field(validation_alias="stck_bsop_date")
    close: WholeOrNone = Field(default=None, validation_alias="stck_clpr")
    net_quantity: WholeOrNone = Field(default=None, validation_alias="whol_smtn_ntby_qty")
    net_amount: WholeOrNone = Field(default=None, validation_alias="whol_smtn_ntby_tr_pbmn")


class SectorRow(Row):
    """inquire-index-category-price, one sector: million won and thousand shares became won and shares."""

    code: str = Field(validation_alias="bstp_cls_code", pattern=r"^\d{4}$")
    name: Name = Field(validation_alias="hts_kor_isnm")
    level: RealOrNone = Field(default=None, validation_alias="bstp_nmix_prpr")
    sign: str = Field(default="", validation_alias="prdy_vrss_sign")
    change_percent: RealOrNone = Field(default=None, validation_alias="bstp_nmix_prdy_ctrt")
    volume: ThousandShares = Field(default=None, validation_alias="acml_vol")
    trading_value: Annotated[int, BeforeValidator(lambda value: _need(value, 1_000_000))] = Field(
        validation_alias="acml_tr_pbmn"
    )

    def model_post_init(self, context: Any) -> None:
        object.__setattr__(self, "change_percent", signed(self.change_percent, self.sign))


class MarketTotal(Row):
    """The whole market's line of the sector endpoint, in won and shares."""

    level: RealOrNone = Field(default=None, validation_alias="bstp_nmix_prpr")
    sign: str = Field(default="", validation_alias="prdy_vrss_sign")
    change_percent: RealOrNone = Field(default=None, validation_alias="bstp_nmix_prdy_ctrt")
    volume: ThousandShares = Field(default=None, validation_alias="acml_vol")
    trading_value: MillionWon = Field(default=None, validation_alias="acml_tr_pbmn")
    previous_trading_value: MillionWon = Field(default=None, validation_alias="prdy_tr_pbmn")
    rising: WholeOrNone = Field(default=None, validation_alias="ascn_issu_cnt")
    falling: WholeOrNone = Field(default=None, validation_alias="down_issu_cnt")
    unchanged: WholeOrNone = Field(default=None, validation_alias="stnr_issu_cnt")

    def model_post_init(self, context: Any) -> None:
        object.__setattr__(self, "change_percent", signed(self.change_percent, self.sign))


class IndexDay(Row):
    """inquire-index-daily-price, one session of an index: million won and thousand shares became won and shares."""

    date: Day = Field(validation_alias="stck_bsop_date")
    close: RealOrNone = Field(default=None, validation_alias="bstp_nmix_prpr")
    volume: ThousandShares = Field(default=None, validation_alias="acml_vol")
    trading_value: MillionWon = Field(default=None, validation_alias="acml_tr_pbmn")


class DailyBar(Row):
    """inquire-daily-itemchartprice, one session of one stock. Zero prices with zero volume mean a halt."""

    date: Day = Field(validation_alias="stck_bsop_date")
    open: Whole = Field(validation_alias="stck_oprc")
    high: Whole = Field(validation_alias="stck_hgpr")
    low: Whole = Field(validation_alias="stck_lwpr")
    close: Whole = Field(validation_alias="stck_clpr")
    volume: Whole = Field(validation_alias="acml_vol")
    trading_value: WholeOrNone = Field(default=None, validation_alias="acml_tr_pbmn")
    event: str = Field(default="00", validation_alias="flng_cls_code")
    no_trade_yet: str = Field(default="N", validation_alias="mod_yn")

    @computed_field  # type: ignore[prop-decorator]
    @property
    def halted(self) -> bool:
        return self.volume == 0 and self.open == 0


class PriceFlags(Row):
    """inquire-price: the flags that can explain unusual trading, beside the quote."""

    code: Code = Field(validation_alias="stck_shrn_iscd")
    price: Whole = Field(validation_alias="stck_prpr")
    change_percent: RealOrNone = Field(default=None, validation_alias="prdy_ctrt")
    volume: WholeOrNone = Field(default=None, validation_alias="acml_vol")
    trading_value: WholeOrNone = Field(default=None, validation_alias="acml_tr_pbmn")
    listed_shares: WholeOrNone = Field(default=None, validation_alias="lstn_stcn")
    market_cap: HundredMillionWon = Field(default=None, validation_alias="hts_avls")
    upper_limit: WholeOrNone = Field(default=None, validation_alias="stck_mxpr")
    lower_limit: WholeOrNone = Field(default=None, validation_alias="stck_llam")
    year_high: WholeOrNone = Field(default=None, validation_alias="w52_hgpr")
    year_low: WholeOrNone = Field(default=None, validation_alias="w52_lwpr")
    status: str = Field(default="", validation_alias="iscd_stat_cls_code")
    halted: str = Field(default="N", validation_alias="temp_stop_yn")
    volatility_interruption: str = Field(default="N", validation_alias="vi_cls_code")
    warning: str = Field(default="00", validation_alias="mrkt_warn_cls_code")
    caution: str = Field(default="N", validation_alias="invt_caful_yn")
    short_term_overheated: str = Field(default="N", validation_alias="short_over_yn")
    liquidation: str = Field(default="N", validation_alias="sltr_yn")
    administrative: str = Field(default="N", validation_alias="mang_issu_cls_code")
    sector: Name = Field(default="", validation_alias="bstp_kor_isnm")


class CalendarDay(Row):
    """chk-holiday: whether the market opens on a date."""

    date: Day = Field(validation_alias="bass_dt")
    is_open: str = Field(validation_alias="opnd_yn", pattern="^[YN]$")


def _need(value: Any, factor: int) -> Any:
    found = whole(value, factor)
    if found is None:
        raise ValueError("a figure this list is ranked by is blank")
    return found
