"""The rankings of the sandbox: sorted, filtered and capped at 30 rows as the upstream does it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from markets.sandbox import figures
from markets.sandbox.figures import Bar, Quote, Symbol, View
from markets.sandbox.query import Query, Refusal, fixed, need, venue_of

Row = dict[str, str]


def on_venue(quotes: list[Quote], venue: str) -> list[Quote]:
    """Generated: the alternative venue trades the 60 largest stocks at a quarter of the exchange's volume."""
    if venue != "NX":
        return quotes
    largest = sorted(quotes, key=lambda quote: -quote.market_cap)[:60]
    return [
        Quote(
            quote.symbol, quote.date, quote.open, quote.high, quote.low, quote.price, quote.previous_close,
            quote.volume // 4, quote.previous_volume // 4, quote.amount // 4,
        )
        for quote in largest
    ]  # fmt: skip


def funds(view: View) -> list[Quote]:
    """Generated: exchange-traded products with invented prices and volumes, only behind their switch."""
    found = []
    for number, symbol in enumerate(item for item in figures.symbols().values() if item.group in {"EF", "EN"}):
        volume = round((40_000_000 - number * 1_500_000) * view.share)
        found.append(Quote(symbol, view.day, 9_900, 10_200, 9_800, 10_000, 9_950, volume, volume, volume * 10_000))
    return found


def within(quotes: list[Quote], low: str, high: str) -> list[Quote]:
    if not low.strip() and not high.strip():
        return quotes
    first, last = int(low or 0), int(high or 10**12)
    return [quote for quote in quotes if first <= quote.price <= last]


def is_excluded(symbol: Symbol, quote: Quote, flags: str) -> bool:
    reasons = (
        symbol.warning != "00", symbol.administrative, symbol.liquidation, False, symbol.preferred != "0",
        quote.volume == 0, symbol.group == "EF", symbol.group == "EN", False, symbol.is_spac,
    )  # fmt: skip
    return any(flag == "1" and reason for flag, reason in zip(flags, reasons, strict=False))


def quoted(quote: Quote, code_field: str = "mksc_shrn_iscd") -> Row:
    return {
        "hts_kor_isnm": quote.symbol.name,
        code_field: quote.symbol.code,
        "stck_prpr": str(quote.price),
        "prdy_vrss_sign": quote.sign,
        "prdy_vrss": str(quote.change),
        "prdy_ctrt": fixed(quote.change_percent),
        "acml_vol": str(quote.volume),
    }


def volume_rank(view: View, query: Query, *, with_funds: bool = False) -> dict[str, Any]:
    venue, scope, division, order, exclude, low, high, least = need(
        query, "FID_COND_MRKT_DIV_CODE", "FID_INPUT_ISCD", "FID_DIV_CLS_CODE", "FID_BLNG_CLS_CODE",
        "FID_TRGT_EXLS_CLS_CODE", "FID_INPUT_PRICE_1", "FID_INPUT_PRICE_2", "FID_VOL_CNT",
    )  # fmt: skip
    quotes = on_venue([*view.quotes(), *(funds(view) if with_funds else [])], venue_of(venue))
    quotes = [quote for quote in within(quotes, low, high) if quote.symbol.is_in(scope)]
    quotes = [quote for quote in quotes if not is_excluded(quote.symbol, quote, exclude)]
    if division in {"1", "2"}:
        quotes = [quote for quote in quotes if (quote.symbol.preferred != "0") == (division == "2")]
    quotes = [quote for quote in quotes if quote.volume >= int(least or 0)]
    keys: dict[str, Callable[[Quote], float]] = {
        "0": lambda quote: quote.volume,
        "1": lambda quote: quote.volume / quote.previous_volume if quote.previous_volume else 0.0,
        "2": lambda quote: quote.volume / quote.symbol.shares if quote.symbol.shares else 0.0,
        "3": lambda quote: quote.amount,
        "4": lambda quote: quote.amount / quote.market_cap if quote.market_cap else 0.0,
    }
    if order not in keys:
        raise Refusal("OPSQ2002", "ERROR INVALID FID_BLNG_CLS_CODE")
    quotes.sort(key=lambda quote: (-keys[order](quote), quote.symbol.code))
    rows = []
    for rank, quote in enumerate(quotes[:30], start=1):
        shares, value = quote.symbol.shares, quote.market_cap
        turnover = quote.volume / shares * 100 if shares else 0
        rows.append(
            quoted(quote)
            | {
                "data_rank": str(rank),
                "prdy_vol": str(quote.previous_volume),
                "lstn_stcn": str(shares),
                "avrg_vol": str(quote.volume),
                "n_befr_clpr_vrss_prpr_rate": fixed(quote.change_percent),
                "vol_inrt": fixed(quote.volume / quote.previous_volume * 100 if quote.previous_volume else 0),
                "vol_tnrt": fixed(turnover),
                "nday_vol_tnrt": fixed(turnover),
                "avrg_tr_pbmn": str(quote.amount),
                "tr_pbmn_tnrt": fixed(quote.amount / value * 100 if value else 0),
                "nday_tr_pbmn_tnrt": fixed(quote.amount / value * 100 if value else 0),
                "acml_tr_pbmn": str(quote.amount),
            }
        )
    return {"output": rows}


def market_cap(view: View, query: Query) -> dict[str, Any]:
    venue, scope, division, low, high = need(
        query, "fid_cond_mrkt_div_code", "fid_input_iscd", "fid_div_cls_code", "fid_input_price_1", "fid_input_price_2"
    )
    quotes = [quote for quote in on_venue(view.quotes(), venue_of(venue)) if quote.symbol.is_in(scope)]
    whole = sum(quote.market_cap for quote in quotes) or 1
    quotes = within(quotes, low, high)
    if division in {"1", "2"}:
        quotes = [quote for quote in quotes if (quote.symbol.preferred != "0") == (division == "2")]
    quotes.sort(key=lambda quote: (-quote.market_cap, quote.symbol.code))
    rows = [
        quoted(quote)
        | {
            "data_rank": str(rank),
            "lstn_stcn": str(quote.symbol.shares),
            "stck_avls": str(round(quote.market_cap / 100_000_000)),
            "mrkt_whol_avls_rlim": fixed(quote.market_cap / whole * 100),
        }
        for rank, quote in enumerate(quotes[:30], start=1)
    ]
    return {"output": rows}


def fluctuation(view: View, query: Query) -> dict[str, Any]:
    venue, scope, order = need(query, "fid_cond_mrkt_div_code", "fid_input_iscd", "fid_rank_sort_cls_code")
    quotes = [quote for quote in on_venue(view.quotes(), venue_of(venue)) if quote.symbol.is_in(scope) and quote.volume]
    quotes.sort(key=lambda quote: (quote.change_percent if order == "1" else -quote.change_percent, quote.symbol.code))
    rows = [
        quoted(quote, "stck_shrn_iscd")
        | {"data_rank": str(rank), "stck_hgpr": str(quote.high), "stck_lwpr": str(quote.low)}
        for rank, quote in enumerate(quotes[:30], start=1)
    ]
    return {"output": rows}


def flow_rank(view: View, query: Query) -> dict[str, Any]:
    market, scope, unit, order, group = need(
        query, "FID_COND_MRKT_DIV_CODE", "FID_INPUT_ISCD", "FID_DIV_CLS_CODE", "FID_RANK_SORT_CLS_CODE",
        "FID_ETC_CLS_CODE",
    )  # fmt: skip
    if market != "V":
        raise Refusal("OPSQ2002", "ERROR INVALID FID_COND_MRKT_DIV_CODE")
    if view.moment.date() == view.day and view.moment.hour * 60 + view.moment.minute < 9 * 60 + 30:
        return {"output": []}
    rows = []
    for quote in view.quotes():
        if not quote.symbol.is_in(scope) or not quote.volume:
            continue
        net = {
            name: bought - sold for name, (bought, sold) in figures.flows(quote.symbol.code, _bar(view, quote)).items()
        }
        foreign, institution = net["foreign"], net["institution"]
        row = quoted(quote) | {
            "ntby_qty": str(foreign + institution),
            "frgn_ntby_qty": str(foreign),
            "orgn_ntby_qty": str(institution),
            # The portal's own note: an estimate of quantity times current price, in million won.
            "frgn_ntby_tr_pbmn": str(round(foreign * quote.price / 1_000_000)),
            "orgn_ntby_tr_pbmn": str(round(institution * quote.price / 1_000_000)),
        }
        rows.append(row)
    stem = {"1": ("frgn",), "2": ("orgn",)}.get(group, ("frgn", "orgn"))
    field = "ntby_tr_pbmn" if unit == "1" else "ntby_qty"
    rows.sort(key=lambda row: sum(int(row[f"{name}_{field}"]) for name in stem) * (1 if order == "1" else -1))
    return {"output": rows[:30]}


def _bar(view: View, quote: Quote) -> Bar:
    return view.history(quote.symbol.code)[-1]
