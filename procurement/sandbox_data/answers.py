"""Which rows an operation of the sandbox answers with: filters as the live service applies them.

A result is a number of rows and a function that makes a slice of them, so that a page of a long list is cheap.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from procurement.sandbox_data import bid_rows, bids, pools, products

Params = Mapping[str, str]
Row = dict[str, str]


@dataclass(frozen=True, slots=True)
class Asked:
    """A checked question: lower-cased parameters, the period, and "now" in Seoul."""

    operation: str
    params: Params
    start: datetime | None
    end: datetime | None
    now: datetime
    scale: int = 1

    def get(self, name: str) -> str:
        return self.params.get(name.lower(), "")

    @property
    def first(self) -> date:
        return self.start.date() if self.start else date.min

    @property
    def last(self) -> date:
        """Nothing of the future, and nothing of today on shopping-mall feeds, is listed."""
        assert self.end is not None
        return min(self.end.date(), self.now.date())


@dataclass(frozen=True, slots=True)
class Result:
    total: int
    slice: Callable[[int, int], list[Row]]


def _listing(things: Sequence[Any], make: Callable[[Any], Row]) -> Result:
    return Result(len(things), lambda begin, end: [make(thing) for thing in things[begin:end]])


def _rows(rows: list[Row]) -> Result:
    return Result(len(rows), lambda begin, end: rows[begin:end])


def answer(asked: Asked) -> Result:
    """The rows for a question; an operation without invented rows answers with its recorded ones, or none."""
    for pattern, handler in _HANDLERS:
        if re.fullmatch(pattern, asked.operation):
            return handler(asked)
    return _rows([dict(row) for row in products.sample_rows(asked.operation)])


# Shopping mall


@lru_cache(maxsize=24)
def _mall(operation: str, start: date, end: date, scale: int, filters: tuple[tuple[str, str], ...]) -> tuple[Any, ...]:
    wanted = dict(filters)
    names = [wanted.get(name, "") for name in ("prdctclsfcnonm", "dtilprdctclsfcnonm")]
    kinds = {kind.detail_no for kind in pools.CLASSES if all(name in kind.name for name in names)}
    method = {"getMAS": 0, "getThptyU": 1, "getUcntrct": 2}
    only = next((index for prefix, index in method.items() if operation.startswith(prefix)), None)
    found = []
    for event in products.events_between(start, end, scale):
        thing = pools.item(event.item)
        if thing.kind.detail_no not in kinds or (only is not None and event.item % 3 != only):
            continue
        if wanted.get("prdctidntnonm", "") not in thing.text:
            continue
        if wanted.get("masyn") == "Y" and event.item % 3 != 0:
            continue
        if wanted.get("exclcprodctyn") == "Y" and event.item % 10 != 3:
            continue
        if wanted.get("prdctidntno") and wanted["prdctidntno"] != thing.product_id:
            continue
        if wanted.get("cntrctcorpnm"):
            seller = pools.supplier(pools.draw("seller", event.item))
            if wanted["cntrctcorpnm"] not in seller.name:
                continue
        found.append(event)
    return tuple(found)


_MALL_FILTERS = ("prdctclsfcnonm", "dtilprdctclsfcnonm", "prdctidntnonm", "masyn", "exclcprodctyn", "prdctidntno")


def _products(asked: Asked) -> Result:
    is_list = asked.operation == "getShoppingMallPrdctInfoList"
    make = products.product_row if is_list else lambda event: products.contract_row(event, asked.operation)
    if is_list and asked.get("inqryDiv") == "2":
        number = asked.get("shopngCntrctNo")
        recorded = products.recorded(asked.operation, "shopngCntrctNo", number)
        return _rows(recorded or [make(event) for event in _by_contract(number, asked)])
    if asked.start is None:
        recorded = products.recorded(asked.operation, "prdctIdntNo", asked.get("prdctIdntNo"))
        end = asked.now.date() - timedelta(days=1)
        start = end - timedelta(days=364)
        if recorded:
            return _rows(recorded)
    else:
        start, end = asked.first, min(asked.last, asked.now.date() - timedelta(days=1))
    filters = [(name, asked.params[name]) for name in (*_MALL_FILTERS, "cntrctcorpnm") if asked.params.get(name)]
    if is_list:
        filters = [pair for pair in filters if pair[0] not in ("prdctidntno", "cntrctcorpnm")]
    events = _mall(asked.operation, start, end, asked.scale, tuple(filters))
    return _listing(events, make)


def _by_contract(number: str, asked: Asked) -> list[Any]:
    if not re.fullmatch(r"R\d\dTA\d{10}", number):
        return []
    day = date.fromordinal(date(2021, 1, 1).toordinal() + int(number[5:13]) // 10_000)
    near = [day, day + timedelta(days=4), day + timedelta(days=45)]
    return [event for when in near for event in products.events(when, asked.scale) if event.key[0] == number]


def _attributes(asked: Asked) -> Result:
    return _rows(products.attribute_rows(asked.get("prdctIdntNo")))


def _deliveries(asked: Asked) -> Result:
    wanted = asked.get("dlvrReqNo")
    if wanted or asked.start is None:
        recorded = products.recorded(asked.operation, "dlvrReqNo", wanted)
        if recorded or not re.fullmatch(r"R\d\dTB\d{8}", wanted):
            return _rows(recorded)
        day = date.fromordinal(date(2021, 1, 1).toordinal() + int(wanted[5:]) // 10_000)
        near = products.deliveries_between(day, day + timedelta(days=5))
        return _listing([event for event in near if event.request_no == wanted], products.delivery_row)
    last = min(asked.last, asked.now.date() - timedelta(days=1))
    events = []
    for event in products.deliveries_between(asked.first, last):
        thing = pools.item(event.item)
        names = asked.get("prdctClsfcNoNm"), asked.get("dtilPrdctClsfcNoNm")
        if all(name in thing.kind.name for name in names) and asked.get("prdctIdntNoNm") in thing.text:
            events.append(event)
    return _listing(events, products.delivery_row)


def _procured(asked: Asked) -> Result:
    divisions = {"1": ("prdctClsfcNo", "class_no"), "2": ("dtilPrdctClsfcNo", "detail_no")}
    column, attribute = divisions.get(asked.get("inqryPrdctDiv"), ("prdctIdntNo", ""))
    number, name = asked.get(column), asked.get(f"{column}Nm")
    last = min(asked.last, asked.now.date() - timedelta(days=1))
    events = []
    for event in products.deliveries_between(asked.first, last):
        thing = pools.item(event.item)
        value = getattr(thing.kind, attribute) if attribute else thing.product_id
        words = thing.kind.name if attribute else thing.text
        if (number and number != value) or (name and name not in words):
            continue
        if asked.get("fnlCntrctDlvrReqChgOrdYn") == "Y" and not event.is_final:
            continue
        events.append(event)
    return _listing(events, products.procured_row)


# Classes


def _classes(asked: Asked) -> Result:
    name, number = asked.get("prdctClsfcNoNm"), asked.get("dtilPrdctClsfcNo") or asked.get("prdctClsfcNo")
    rows = [
        {
            "prdctClsfcNo": kind.class_no,
            "prdctClsfcNoNm": kind.name,
            "prdctClsfcNoEngNm": "",
            "dtilPrdctClsfcNo": kind.detail_no,
            "dtilPrdctClsfcNoNm": kind.name,
            "useYn": "Y",
        }
        for kind in pools.CLASSES
        if name in kind.name and (not number or kind.detail_no.startswith(number))
    ]
    return _rows(rows)


def _items(asked: Asked) -> Result:
    wanted, name = asked.get("prdctIdntNo"), asked.get("krnPrdctNm")
    if wanted:
        one = pools.item_of(wanted)
        things = [one] if one else []
        recorded = products.recorded(asked.operation, "prdctIdntNo", wanted)
        if recorded:
            return _rows(recorded)
    else:
        number, kind = asked.get("dtilPrdctClsfcNo"), asked.get("prdctClsfcNoNm")
        things = [
            thing
            for thing in map(pools.item, range(pools.ITEMS))
            if name in thing.text and kind in thing.kind.name and number in ("", thing.kind.detail_no)
        ]

    def make(thing: pools.Item) -> Row:
        return products.template(asked.operation) | {
            "prdctClsfcNo": thing.kind.class_no,
            "dtilPrdctClsfcNo": thing.kind.detail_no,
            "prdctIdntNo": thing.product_id,
            "prdctClsfcNoNm": thing.kind.name,
            "krnPrdctNm": thing.text,
            "mnfctCorpNm": thing.maker.name,
            "dltYn": "N",
            "useYn": "Y",
        }

    return _listing(things, make)


# Bidding


def _kind(operation: str) -> str:
    return next((kind for kind in bids.KINDS if kind in operation), "Thng")


def _in_period(asked: Asked, events: Any, moment: Callable[[Any], datetime]) -> list[Any]:
    assert asked.start is not None and asked.end is not None
    end = min(asked.end, asked.now)
    return [event for event in events if asked.start <= moment(event) <= end]


def _wanted(event: bids.NoticeEvent, asked: Asked) -> bool:
    """The conditions of the PPSSrch operations."""
    low, high = asked.get("presmptPrceBgn"), asked.get("presmptPrceEnd")
    region, industry = asked.get("prtcptLmtRgnCd"), asked.get("indstrytyCd")
    return (
        asked.get("bidNtceNm") in event.title
        and asked.get("dminsttNm") in event.demander.name
        and asked.get("ntceInsttNm") in event.demander.name
        and asked.get("dminsttCd") in ("", event.demander.code)
        and (not low or event.price >= int(low))
        and (not high or event.price <= int(high))
        and (region in ("", "00") or not event.is_region_limited or event.demander.region[0] == region)
        and (asked.get("prtcptLmtRgnNm") in event.demander.region[1] or not event.is_region_limited)
        and industry in ("", event.industry[0])
        and asked.get("indstrytyNm") in event.industry[1]
        and (asked.get("bidClseExcpYn") != "Y" or event.closes > asked.now)
        and (
            not asked.get("dtilPrdctClsfcNo")
            or pools.CLASSES[event.item_class].detail_no == asked.get("dtilPrdctClsfcNo")
        )
        and (not asked.get("bizno") or event.winner().business_no == asked.get("bizno"))
    )


def _notices(asked: Asked) -> Result:
    number = asked.get("bidNtceNo")
    if number or asked.start is None:
        recorded = products.recorded(asked.operation.removesuffix("PPSSrch"), "bidNtceNo", number)
        events = [event for event in bids.find_notice(number) if event.kind == _kind(asked.operation)]
        return _rows(recorded or [bid_rows.notice_row(event) for event in events if event.published <= asked.now])
    kind = _kind(asked.operation)
    if asked.operation.endswith("PPSSrch") and asked.get("inqryDiv") == "2":
        last = asked.end.date() if asked.end else asked.last
        source = list(bids.opened_between(asked.first, last, kind))
        events = [event for event in source if event.published <= asked.now]
    else:
        source = list(bids.notices_between(asked.first, asked.last, kind))
        events = _in_period(asked, source, lambda event: event.published)
        if asked.get("inqryDiv") == "3":
            events = [event for event in events if event.order]
    return _listing([event for event in events if _wanted(event, asked)], bid_rows.notice_row)


def _notice_parts(make: Callable[[Any], Row], changed_only: bool = False) -> Callable[[Asked], Result]:
    def handler(asked: Asked) -> Result:
        number = asked.get("bidNtceNo")
        if number:
            events = [event for event in bids.find_notice(number) if event.published <= asked.now]
        else:
            kinds = [_kind(asked.operation)] if changed_only else list(bids.KINDS)
            events = [
                event
                for kind in kinds
                for event in _in_period(
                    asked, bids.notices_between(asked.first, asked.last, kind), lambda event: event.published
                )
            ]
        if asked.get("bidNtceOrd"):
            events = [event for event in events if event.order == int(asked.get("bidNtceOrd"))]
        return _listing([event for event in events if event.order or not changed_only], make)

    return handler


def _results(make: Callable[[Any], Row], failed_too: bool) -> Callable[[Asked], Result]:
    def handler(asked: Asked) -> Result:
        number = asked.get("bidNtceNo")
        if number:
            base = asked.operation.removesuffix("PPSSrch")
            if rows := products.recorded(base, "bidNtceNo", number):
                return _rows(rows)
            events = [event for event in bids.find_notice(number) if event.is_last and event.opening <= asked.now]
        else:
            kind = _kind(asked.operation)
            source = list(bids.opened_between(asked.first, asked.last, kind))
            events = _in_period(asked, source, lambda event: event.opening)
        events = [event for event in events if (failed_too or not event.fails) and _wanted(event, asked)]
        return _listing(events, make)

    return handler


def _bidders(asked: Asked) -> Result:
    number = asked.get("bidNtceNo")
    if recorded := products.recorded(asked.operation, "bidNtceNo", number):
        return _rows(recorded)
    events = [event for event in bids.find_notice(number) if event.is_last and event.opening <= asked.now]
    return _rows([row for event in events for row in bid_rows.bidder_rows(event)])


def _contracts(asked: Asked) -> Result:
    wanted = asked.get("untyCntrctNo") or asked.get("ntceNo")
    if wanted:
        if recorded := products.recorded(asked.operation, "untyCntrctNo", wanted):
            return _rows(recorded)
        events = [event for event in bids.find_notice(wanted.replace("TE", "BK")) if event.is_last and not event.fails]
    else:
        shift = timedelta(days=3)
        source = bids.opened_between(asked.first - shift, asked.last - shift, _kind(asked.operation))
        events = [event for event in source if not event.fails]
    return _listing(events, bid_rows.contract_row)


def _specifications(asked: Asked) -> Result:
    wanted = asked.get("bfSpecRgstNo")
    if wanted:
        if recorded := products.recorded(asked.operation.removesuffix("PPSSrch"), "bfSpecRgstNo", wanted):
            return _rows(recorded)
        events = [event for event in bids.find_notice(wanted.replace("BD", "BK")) if event.order == 0]
        return _listing(events, bid_rows.specification_row)
    shift = timedelta(days=10)
    source = bids.notices_between(asked.first + shift, asked.last + shift, _kind(asked.operation))
    name = asked.get("prdctClsfcNoNm")
    return _listing([event for event in source if event.order == 0 and name in event.title], bid_rows.specification_row)


def _standard_notices(asked: Asked) -> Result:
    events = [
        event
        for kind in bids.KINDS
        for event in _in_period(
            asked, bids.notices_between(asked.first, asked.last, kind), lambda event: event.published
        )
    ]
    return _listing(events, bid_rows.standard_notice_row)


def _standard_awards(asked: Asked) -> Result:
    kind = {"1": "Thng", "2": "Frgcpt", "3": "Cnstwk", "5": "Servc"}.get(asked.get("bsnsDivCd"), "Etc")
    source = list(bids.opened_between(asked.first, asked.last, kind))
    events = _in_period(asked, source, lambda event: event.opening)
    return _rows([row for event in events for row in bid_rows.standard_award_rows(event)])


# Statistics


def _statistics(asked: Asked) -> Result:
    begin, end = asked.get("srchBssYmBgn"), asked.get("srchBssYmEnd")
    year = asked.get("srchBssYear")
    if asked.operation == "getTotlPubPrcrmntSttus":
        amount = 180_000_000_000_000 + pools.draw("year", year) % 30_000_000_000_000
        return _rows(
            [{"bssYear": year, "cntrctTotamt": str(amount), "centrPrcrmntArsltAmt": str(amount // 3)}] if year else []
        )
    rows: list[Row] = []
    month = begin
    while month and month <= (end or begin) and len(rows) < 36:
        total = 10_000_000_000_000 + pools.draw(asked.operation, month) % 5_000_000_000_000
        rows.append({"bssYear": month[:4], "bssMnth": month[4:], "arsltSumAmt": str(total)})
        following = int(month) + 1 if month[4:] != "12" else int(month) + 89
        month = str(following)
    return _rows(rows)


_HANDLERS: tuple[tuple[str, Callable[[Asked], Result]], ...] = (
    (r"getShoppingMallPrdctInfoList|get(MAS|U|ThptyU)[cC]ntrctPrdctInfoList", _products),
    (r"getPrdctIndvAtrbInfoList02", _attributes),
    (r"getDlvrReqDtlInfoList", _deliveries),
    (r"getSpcifyPrdlstPrcureInfoList", _procured),
    (r"getThngPrdnmLocplcAccotListInfoInfoPrdnmSearch02", _classes),
    (r"getThngPrdnmLocplcAccotListInfoInfoPrdlstSearch02", _items),
    (r"getBidPblancListInfo(Thng|Servc|Cnstwk|Frgcpt|Etc)(PPSSrch)?", _notices),
    (r"getBidPblancListInfoChgHstry\w+", _notice_parts(bid_rows.change_row, changed_only=True)),
    (r"getBidPblancListInfoPrtcptPsblRgn", _notice_parts(bid_rows.region_row)),
    (r"getBidPblancListInfoLicenseLimit", _notice_parts(bid_rows.licence_row)),
    (r"getBidPblancListInfoEorderAtchFileInfo", _notice_parts(bid_rows.file_row)),
    (r"getScsbidListSttus\w+", _results(bid_rows.award_row, failed_too=False)),
    (r"getOpengResultListInfoOpengCompt", _bidders),
    (r"getOpengResultListInfo(Thng|Servc|Cnstwk|Frgcpt)(PPSSrch)?", _results(bid_rows.opening_row, failed_too=True)),
    (r"getCntrctInfoList(Thng|Servc|Cnstwk|Frgcpt)(PPSSrch)?", _contracts),
    (r"getPublicPrcureThngInfo(Thng|Servc|Cnstwk|Frgcpt)(PPSSrch)?", _specifications),
    (r"getDataSetOpnStdBidPblancInfo", _standard_notices),
    (r"getDataSetOpnStdScsbidInfo", _standard_awards),
    (r"getTotlPubPrcrmntSttus|get\w+(Arslt|Sttus)", _statistics),
)
