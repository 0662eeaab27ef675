"""The wire bodies of the sandbox: every value a string, in the upstream's units, field names and caps."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from markets.sandbox import figures
from markets.sandbox.figures import View
from markets.sandbox.query import Query, Refusal, day_of, fixed, known, need, venue_of
from markets.sandbox.rankings import flow_rank, fluctuation, market_cap, volume_rank


def investors(view: View, query: Query) -> dict[str, Any]:
    venue, code = need(query, "FID_COND_MRKT_DIV_CODE", "FID_INPUT_ISCD")
    venue_of(venue)
    rows = []
    for bar in list(reversed(view.history(known(code))))[:30]:
        # Today's figures are published after the close; until then the row is there and blank.
        final = view.is_final or bar.date != view.day
        row = {"stck_bsop_date": bar.date.strftime("%Y%m%d"), "stck_clpr": str(bar.close), "prdy_vrss": "0"}
        row["prdy_vrss_sign"] = "3"
        for name, stem in (("individual", "prsn"), ("foreign", "frgn"), ("institution", "orgn")):
            bought, sold = figures.flows(code, bar)[name]
            # Net amounts are the difference of the rounded parts, as the upstream's own examples are.
            paid, got = (round(part * bar.close / 1_000_000) for part in (bought, sold))
            values = {
                "ntby_qty": bought - sold, "ntby_tr_pbmn": paid - got, "shnu_vol": bought,
                "shnu_tr_pbmn": paid, "seln_vol": sold, "seln_tr_pbmn": got,
            }  # fmt: skip
            row |= {f"{stem}_{key}": str(value) if final else "" for key, value in values.items()}
        rows.append(row)
    return {"output": rows}


def program_daily(view: View, query: Query) -> dict[str, Any]:
    venue, code = need(query, "FID_COND_MRKT_DIV_CODE", "FID_INPUT_ISCD")
    venue_of(venue)
    rows = []
    for bar in list(reversed(view.history(known(code))))[:30]:
        bought, sold = figures.flows(code, bar)["program"]
        rows.append(
            {
                "stck_bsop_date": bar.date.strftime("%Y%m%d"),
                "stck_clpr": str(bar.close),
                "acml_vol": str(bar.volume),
                "acml_tr_pbmn": str(bar.amount),
                "whol_smtn_seln_vol": str(sold),
                "whol_smtn_shnu_vol": str(bought),
                "whol_smtn_ntby_qty": str(bought - sold),
                "whol_smtn_seln_tr_pbmn": str(sold * bar.close),
                "whol_smtn_shnu_tr_pbmn": str(bought * bar.close),
                "whol_smtn_ntby_tr_pbmn": f"{(bought - sold) * bar.close:018d}",
            }
        )
    return {"output": rows}


def sector_prices(view: View, query: Query) -> dict[str, Any]:
    market, scope = need(query, "FID_COND_MRKT_DIV_CODE", "FID_INPUT_ISCD")
    if market != "U" or scope not in {"0001", "1001"}:
        raise Refusal("OPSQ2002", "ERROR INVALID FID_INPUT_ISCD")
    name = "KOSPI" if scope == "0001" else "KOSDAQ"
    lines = {item.code: item for item in figures.sectors()[view.day] if item.code[0] == scope[0]}
    days = [row for row in figures.index_days()[name] if date.fromisoformat(row["date"]) <= view.day]
    today, before = days[-1], days[-2]
    level, last = float(today["close"]), float(before["close"])
    whole, share = lines[scope], view.share
    head = {
        "bstp_nmix_prpr": fixed(level),
        "bstp_nmix_prdy_vrss": fixed(level - last),
        "prdy_vrss_sign": "2" if level > last else "5" if level < last else "3",
        "bstp_nmix_prdy_ctrt": fixed((level / last - 1) * 100),
        "acml_vol": str(round(int(today["volume"]) * share / 1_000)),
        "acml_tr_pbmn": str(round(int(today["amount"]) * share / 1_000_000)),
        "prdy_vol": str(round(int(before["volume"]) / 1_000)),
        "prdy_tr_pbmn": str(round(int(before["amount"]) / 1_000_000)),
        "ascn_issu_cnt": str(whole.up),
        "down_issu_cnt": str(whole.down),
        "stnr_issu_cnt": str(whole.flat),
    }
    rows = []
    for item in sorted(lines.values(), key=lambda item: item.code):
        rows.append(
            {
                "bstp_cls_code": item.code,
                "hts_kor_isnm": figures.sector_names().get(item.code, item.code),
                # Generated level: no open source has the sector indices, only their stocks.
                "bstp_nmix_prpr": fixed(level if item.code == scope else 1000 * (1 + item.change / 100)),
                "bstp_nmix_prdy_vrss": fixed(level - last if item.code == scope else 10 * item.change),
                "prdy_vrss_sign": "2" if item.change > 0 else "5" if item.change < 0 else "3",
                "bstp_nmix_prdy_ctrt": fixed(item.change),
                "acml_vol": str(round(item.volume * share / 1_000)),
                "acml_tr_pbmn": str(round(item.amount * share / 1_000_000)),
                "acml_vol_rlim": fixed(item.volume / whole.volume * 100),
                "acml_tr_pbmn_rlim": "",
            }
        )
    return {"output1": head, "output2": rows}


def index_daily(view: View, query: Query) -> dict[str, Any]:
    market, code, last = need(query, "FID_COND_MRKT_DIV_CODE", "FID_INPUT_ISCD", "FID_INPUT_DATE_1")
    name = {"0001": "KOSPI", "1001": "KOSDAQ"}.get(code)
    if market != "U" or name is None:
        raise Refusal("OPSQ2002", "ERROR INVALID FID_INPUT_ISCD")
    until = min(day_of(last), view.day)
    days = [row for row in figures.index_days()[name] if date.fromisoformat(row["date"]) <= until]
    rows = []
    for row in list(reversed(days))[:100]:
        share = view.share if date.fromisoformat(row["date"]) == view.day else 1.0
        rows.append(
            {
                "stck_bsop_date": row["date"].replace("-", ""),
                "bstp_nmix_prpr": row["close"],
                "bstp_nmix_oprc": row["open"],
                "bstp_nmix_hgpr": row["high"],
                "bstp_nmix_lwpr": row["low"],
                "acml_vol": str(round(int(row["volume"]) * share / 1_000)),
                "acml_tr_pbmn": str(round(int(row["amount"]) * share / 1_000_000)),
            }
        )
    return {"output1": {}, "output2": rows}


def daily_chart(view: View, query: Query) -> dict[str, Any]:
    venue, code, first, last, adjusted = need(
        query, "FID_COND_MRKT_DIV_CODE", "FID_INPUT_ISCD", "FID_INPUT_DATE_1", "FID_INPUT_DATE_2", "FID_ORG_ADJ_PRC"
    )
    venue_of(venue)
    symbol = figures.symbols()[known(code)]
    factor = 1.0 if adjusted == "0" else symbol.factor
    start, end = day_of(first), day_of(last)
    picked = [bar for bar in view.history(code) if start <= bar.date <= end]
    rows = []
    for bar in list(reversed(picked))[:100]:
        share = view.share if bar.date == view.day else 1.0
        rows.append(
            {
                "stck_bsop_date": bar.date.strftime("%Y%m%d"),
                "stck_clpr": str(round(bar.close * factor)),
                "stck_oprc": str(round(bar.open * factor)),
                "stck_hgpr": str(round(bar.high * factor)),
                "stck_lwpr": str(round(bar.low * factor)),
                "acml_vol": str(round(bar.volume * share / factor)),
                "acml_tr_pbmn": str(round(bar.amount * share)),
                "flng_cls_code": "00",
                "prtt_rate": "0.00",
                "mod_yn": "Y" if bar.volume * share == 0 else "N",
                "prdy_vrss_sign": "3",
                "prdy_vrss": "0",
                "revl_issu_reas": "",
            }
        )
    return {"output1": {"stck_shrn_iscd": code, "hts_kor_isnm": symbol.name}, "output2": rows}


def price(view: View, query: Query) -> dict[str, Any]:
    venue, code = need(query, "FID_COND_MRKT_DIV_CODE", "FID_INPUT_ISCD")
    venue_of(venue)
    quote = view.quote(known(code))
    if quote is None:
        raise Refusal("MCA05918", "종목코드 오류입니다.")
    symbol, past = quote.symbol, [bar for bar in view.history(code) if bar.volume]
    highs = [bar.high * symbol.factor for bar in past] or [0]
    lows = [bar.low * symbol.factor for bar in past] or [0]
    return {
        "output": {
            "iscd_stat_cls_code": "58" if symbol.halted else "51" if symbol.administrative else "55",
            "bstp_kor_isnm": figures.sector_names().get(symbol.sector_medium, ""),
            "temp_stop_yn": "Y" if quote.volume == 0 and view.is_final else "N",
            "stck_shrn_iscd": code,
            "stck_prpr": str(quote.price),
            "prdy_vrss": str(quote.change),
            "prdy_vrss_sign": quote.sign,
            "prdy_ctrt": fixed(quote.change_percent),
            "acml_tr_pbmn": str(quote.amount),
            "acml_vol": str(quote.volume),
            "stck_mxpr": str(int(quote.previous_close * 1.3)),
            "stck_llam": str(int(quote.previous_close * 0.7)),
            "lstn_stcn": str(symbol.shares),
            "hts_avls": str(round(quote.market_cap / 100_000_000)),
            "w52_hgpr": str(round(max(highs))),
            "w52_lwpr": str(round(min(lows))),
            "vi_cls_code": "N",
            "mrkt_warn_cls_code": symbol.warning,
            "invt_caful_yn": "N",
            "short_over_yn": "N",
            "sltr_yn": "Y" if symbol.liquidation else "N",
            "mang_issu_cls_code": "Y" if symbol.administrative else "N",
        }
    }


def multi_price(view: View, query: Query) -> dict[str, Any]:
    codes = [query[f"FID_INPUT_ISCD_{number}"] for number in range(1, 31) if query.get(f"FID_INPUT_ISCD_{number}")]
    if not codes:
        raise Refusal("OPSQ2001", "ERROR INPUT FIELD NOT FOUND [FID_INPUT_ISCD_1]")
    rows = []
    for code in codes:
        quote = view.quote(code)
        if quote is None:
            # An unknown or not yet traded code gives an all-blank row, not an error.
            rows.append({"inter_shrn_iscd": "", "inter2_prpr": ""})
            continue
        rows.append(
            {
                "kospi_kosdaq_cls_name": "거래소" if quote.symbol.market == "KOSPI" else "코스닥",
                "mrkt_trtm_cls_name": "거래소",
                "inter_shrn_iscd": code,
                "inter_kor_isnm": quote.symbol.name,
                "inter2_prpr": str(quote.price),
                "inter2_prdy_vrss": str(quote.change),
                "prdy_vrss_sign": quote.sign,
                "prdy_ctrt": fixed(quote.change_percent),
                "acml_vol": str(quote.volume),
                "inter2_oprc": str(quote.open),
                "inter2_hgpr": str(quote.high),
                "inter2_lwpr": str(quote.low),
                "inter2_prdy_clpr": str(quote.previous_close),
                "acml_tr_pbmn": str(quote.amount),
            }
        )
    return {"output": rows}


def holidays(view: View, query: Query, *, closed: date | None = None) -> dict[str, Any]:
    (first,) = need(query, "BASS_DT")
    rows = []
    for day in figures.next_days(day_of(first), 25):
        opened = figures.is_open_day(day) and day != closed
        rows.append(
            {
                "bass_dt": day.strftime("%Y%m%d"),
                "wday_dvsn_cd": f"{(day.weekday() + 1) % 7 + 1:02d}",
                "bzdy_yn": "Y" if day.weekday() < 5 else "N",
                "tr_day_yn": "Y" if opened else "N",
                "opnd_yn": "Y" if opened else "N",
                "sttl_day_yn": "Y" if opened else "N",
            }
        )
    return {"ctx_area_nk": "", "ctx_area_fk": "", "output": rows}


ANSWERS: dict[str, tuple[str, Callable[..., dict[str, Any]]]] = {
    "/quotations/volume-rank": ("FHPST01710000", volume_rank),
    "/ranking/market-cap": ("FHPST01740000", market_cap),
    "/ranking/fluctuation": ("FHPST01700000", fluctuation),
    "/quotations/foreign-institution-total": ("FHPTJ04400000", flow_rank),
    "/quotations/inquire-investor": ("FHKST01010900", investors),
    "/quotations/program-trade-by-stock-daily": ("FHPPG04650201", program_daily),
    "/quotations/inquire-index-category-price": ("FHPUP02140000", sector_prices),
    "/quotations/inquire-index-daily-price": ("FHPUP02120000", index_daily),
    "/quotations/inquire-daily-itemchartprice": ("FHKST03010100", daily_chart),
    "/quotations/inquire-price": ("FHKST01010100", price),
    "/quotations/intstock-multprice": ("FHKST11300006", multi_price),
    "/quotations/chk-holiday": ("CTCA0903R", holidays),
}
