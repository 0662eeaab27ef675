"""Invented shopping-mall feed: product registrations, contract lines, deliveries and their revisions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from procurement.sandbox_data.pools import ITEMS, agency, draw, item, supplier

SAMPLES = Path(__file__).resolve().parent.parent / "data" / "samples"
_ORIGIN = date(2021, 1, 1).toordinal()
METHODS = ("다수공급자계약", "제3자단가계약", "일반단가계약")


@lru_cache(maxsize=64)
def sample_rows(name: str) -> tuple[dict[str, str], ...]:
    """The recorded rows of an operation; empty when none were recorded."""
    path = SAMPLES / f"{name}.json"
    if not path.exists():
        return ()
    return tuple(json.loads(path.read_text(encoding="utf-8"))["response"]["body"]["items"])


def recorded(operation: str, column: str, value: str) -> list[dict[str, str]]:
    """Recorded rows of an operation with a value in a column."""
    return [row for row in sample_rows(operation) if row.get(column) == value]


def template(name: str) -> dict[str, str]:
    """The columns of a recorded row, all empty."""
    return dict.fromkeys(sample_rows(name)[0], "")


@dataclass(frozen=True, slots=True)
class Event:
    """One row of the registration feed: a product put on (or changed in) the mall on a day."""

    day: date
    number: int
    item: int
    contract: str
    revision: int
    line: int
    price_percent: int
    minute: int

    @property
    def method(self) -> str:
        return METHODS[self.item % 3]

    @property
    def key(self) -> tuple[str, str]:
        return f"{self.contract}{self.revision:02d}", str(self.line)


def _contract(day: date, number: int) -> str:
    return f"R{day:%y}TA{(day.toordinal() - _ORIGIN) * 10_000 + number:08d}"


def _fresh(day: date, number: int) -> Event:
    """The event a day has at a number when nothing special happens."""
    seed = draw("event", day.isoformat(), number)
    return Event(day, number, seed % ITEMS, _contract(day, number), 0, seed // 7 % 40 + 1, 100, seed % 540)


@lru_cache(maxsize=900)
def events(day: date, scale: int = 1) -> tuple[Event, ...]:
    """All registrations of a day, in order; about 85 on working days, 15 at weekends."""
    seed = draw("day", day.isoformat())
    count = (80 + seed % 24 if day.weekday() < 5 else 12 + seed % 8) * scale
    found: list[Event] = []
    for number in range(count):
        event = _fresh(day, number)
        if number % 9 == 4:
            # A contract revision: the same line under a new revision number, at another price.
            older = _fresh(day - timedelta(days=45), number)
            event = Event(day, number, older.item, older.contract, 1, older.line, 97, event.minute)
        elif number % 31 == 17:
            # The same key again, some days later, with a changed price.
            older = _fresh(day - timedelta(days=4), number - 1)
            event = Event(day, number, older.item, older.contract, 0, older.line, 103, event.minute)
        found.append(event)
        if number % 41 == 40:
            # The very same row twice: pages of the real feed repeat rows.
            found.append(event)
    return tuple(found)


def events_between(start: date, end: date, scale: int = 1) -> Iterator[Event]:
    day = start
    while day <= end:
        yield from events(day, scale)
        day += timedelta(days=1)


def product_row(event: Event) -> dict[str, str]:
    """A row of `getShoppingMallPrdctInfoList`: 33 columns, days as eight digits."""
    thing = item(event.item)
    seller = supplier(draw("seller", event.item))
    end = event.day + timedelta(days=365)
    return {
        "prdctImgUrl": f"https://shop.g2b.go.kr/static/CataAttach/sandbox/{thing.product_id}.jpg",
        "cntrctCorpNm": seller.name,
        "entrprsDivNm": seller.size,
        "cntrctMthdNm": event.method,
        "exclncPrcrmntPrdctYn": "Y" if event.item % 10 == 3 else "N",
        "masYn": "Y" if event.method == METHODS[0] else "N",
        "smetprCmptProdctYn": "Y" if event.item % 4 else "N",
        "cntrctPrceAmt": "" if event.item % 211 == 5 else str(thing.price * event.price_percent // 100),
        "prdctUnit": thing.kind.unit,
        "prdctMakrNm": thing.maker.name,
        "prdctDlvrPlceNm": "수요기관 지정장소",
        "prdctDlvryCndtnNm": "현장설치도" if event.item % 2 else "납품장소 하차도",
        "prdctSplyRgnNm": "전지역",
        "dlvrTmlmtDaynum": str(10 + event.item % 50),
        "prdctLrgclsfcCd": "00571",
        "prdctLrgclsfcNm": thing.kind.group,
        "prdctMidclsfcCd": "00593",
        "prdctMidclsfcNm": thing.kind.group.split("/")[0],
        "prdctClsfcNo": thing.kind.class_no,
        "prdctClsfcNoNm": thing.kind.name,
        "dtilPrdctClsfcNo": thing.kind.detail_no,
        "dtilPrdctClsfcNoNm": thing.kind.name,
        "prdctIdntNo": thing.product_id,
        "prdctSpecNm": thing.text,
        "shopngCntrctNo": event.key[0],
        "shopngCntrctSno": event.key[1],
        "cntrctDate": f"{event.day:%Y%m%d}",
        "cntrctBgnDate": f"{event.day:%Y%m%d}",
        "cntrctEndDate": f"{end:%Y%m%d}",
        "cntrctDeptNm": "자재구매과",
        "prodctCertList": "KS, 소기업" if event.item % 3 else "",
        "rgstDt": f"{event.day:%Y%m%d}",
        "cntrctCorpBizno": seller.business_no,
    }


def contract_row(event: Event, operation: str) -> dict[str, str]:
    """A row of the three contract operations: the same product in their wider, dashed spelling."""
    narrow = product_row(event)
    row = template("getMASCntrctPrdctInfoList")
    row |= {name: value for name, value in narrow.items() if name in row}
    at = f"{event.day:%Y-%m-%d} {9 + event.minute // 60:02d}:{event.minute % 60:02d}:00"
    end = event.day + timedelta(days=365)
    # Each operation spells its own method differently.
    spelling = {METHODS[0]: "다수 공급자 계약", METHODS[1]: "3자단가계약", METHODS[2]: "일반단가계약"}
    return row | {
        "cntrctMthdNm": spelling[event.method],
        "cntrctCorpNo": narrow["cntrctCorpBizno"],
        "cntrctDate": f"{event.day:%Y-%m-%d}",
        "cntrctBgnDate": f"{event.day:%Y-%m-%d}",
        "cntrctEndDate": f"{end:%Y-%m-%d}",
        "rgstDt": at,
        "chgDt": at if event.revision or event.price_percent != 100 else "",
        "prdctDtlInfo": f"&lt;p&gt;{narrow['prdctClsfcNoNm']} &amp; 부속품&lt;/p&gt;",
    }


def attribute_rows(product_id: str) -> list[dict[str, str]]:
    """Rows of `getPrdctIndvAtrbInfoList02`; names can repeat, some values are empty."""
    from procurement.sandbox_data.pools import item_of

    recorded = [row for row in sample_rows("getPrdctIndvAtrbInfoList02") if row["prdctIdntNo"] == product_id]
    thing = item_of(product_id)
    if recorded or thing is None:
        return recorded
    rows = list(thing.kind.attributes)
    # Some attributes appear on few products only, so that late columns exist.
    if thing.index % 37 == 8:
        rows.append(("친환경인증번호", f"EL-{thing.index}", ""))
    if thing.index % 53 == 9:
        rows.append(("비고", "", ""))
    return [
        {
            "dtilPrdctClsfcNo": thing.kind.detail_no,
            "prdctIdntNo": thing.product_id,
            "prdctIdntNoNm": thing.text,
            "attrNm": name,
            "attrVal": value,
            "attrUnit": unit,
        }
        for name, value, unit in rows
    ]


@dataclass(frozen=True, slots=True)
class DeliveryEvent:
    day: date
    number: int
    order: int
    line: int
    item: int
    quantity: int
    before: int
    is_final: bool
    first_day: date

    @property
    def request_no(self) -> str:
        return f"R{self.first_day:%y}TB{(self.first_day.toordinal() - _ORIGIN) * 10_000 + self.number:08d}"


@lru_cache(maxsize=900)
def deliveries(day: date) -> tuple[DeliveryEvent, ...]:
    """Delivery lines received on a day: new requests, and changes of requests five days old."""
    found: list[DeliveryEvent] = []
    for first_day, order in ((day, 0), (day - timedelta(days=5), 1)):
        count = 26 if first_day.weekday() < 5 else 4
        for number in range(count):
            seed = draw("delivery", first_day.isoformat(), number)
            changes = seed % 6 == 0
            if order and not changes:
                continue
            for line in range(1, seed % 3 + 2):
                amount = draw("quantity", first_day.isoformat(), number, line) % 40 + 1
                quantity = max(amount - 1, 0) if order else amount
                # A tenth of all deliveries is of the fifty best sellers, so that price histories are long.
                chosen = draw("what", first_day.isoformat(), number, line)
                index = chosen % 50 if chosen % 3 == 0 else chosen % ITEMS
                found.append(
                    DeliveryEvent(
                        day,
                        number,
                        order,
                        line,
                        index,
                        quantity,
                        amount if order else 0,
                        not changes or order == 1,
                        first_day,
                    )
                )
    return tuple(found)


def deliveries_between(start: date, end: date) -> Iterator[DeliveryEvent]:
    day = start
    while day <= end:
        yield from deliveries(day)
        day += timedelta(days=1)


def _delivery_values(event: DeliveryEvent) -> dict[str, Any]:
    thing, buyer = item(event.item), agency(draw("buyer", event.first_day.isoformat(), event.number))
    seller = supplier(draw("seller", event.item))
    # Prices drift by a few percent over the years, so that a history shows something.
    drift = 100 + (event.first_day.toordinal() - _ORIGIN) // 180 + draw("drift", event.item, event.number) % 4
    price = thing.price * drift // 100 // 10 * 10
    return {"thing": thing, "buyer": buyer, "seller": seller, "price": price}


def delivery_row(event: DeliveryEvent) -> dict[str, str]:
    """A row of `getDlvrReqDtlInfoList`: amounts are cumulative, `incdec…` are changes."""
    known = _delivery_values(event)
    thing, buyer, seller, price = known["thing"], known["buyer"], known["seller"], known["price"]
    return template("getDlvrReqDtlInfoList") | {
        "dlvrReqNo": event.request_no,
        "dlvrReqChgOrd": f"{event.order:02d}",
        "dlvrReqRcptDate": f"{event.day:%Y-%m-%d}",
        "prdctSno": str(event.line),
        "prdctClsfcNo": thing.kind.class_no,
        "prdctClsfcNoNm": thing.kind.name,
        "dtilPrdctClsfcNo": thing.kind.detail_no,
        "dtilPrdctClsfcNoNm": thing.kind.name,
        "prdctIdntNo": thing.product_id,
        "prdctIdntNoNm": thing.text,
        "prdctUprc": str(price),
        "prdctUnit": thing.kind.unit,
        "prdctQty": str(event.quantity),
        "prdctAmt": str(price * event.quantity),
        "dlvrTmlmtDate": f"{event.day + timedelta(days=30):%Y-%m-%d}",
        "cntrctCnclsStleNm": METHODS[event.item % 3],
        "exclcProdctYn": "N",
        "dminsttCd": buyer.code,
        "dminsttNm": buyer.name,
        "dmndInsttDivNm": buyer.kind,
        "dminsttRgnNm": " ".join(filter(None, buyer.region[1:])),
        "corpNm": seller.name,
        "fnlDlvrReqYn": "Y" if event.is_final else "N",
        "incdecQty": str(event.quantity - event.before),
        "incdecAmt": str(price * (event.quantity - event.before)),
        "cntrctCorpBizno": seller.business_no,
        "dlvrReqNm": f"{event.first_day.year}년 {thing.kind.name} 구매",
        "IntlCntrctDlvrReqDate": f"{event.first_day:%Y%m%d}",
        "dminsttBizno": buyer.business_no,
    }


def procured_row(event: DeliveryEvent) -> dict[str, str]:
    """A row of `getSpcifyPrdlstPrcureInfoList`: the same delivery under the names of the statistics service."""
    row = delivery_row(event)
    return {
        "cntrctDlvrDivNm": "납품요구",
        "prcrmntDivNm": "중앙조달",
        "cntrctDlvrReqNo": row["dlvrReqNo"],
        "cntrctDlvrReqChgOrd": row["dlvrReqChgOrd"],
        "cntrctDlvrReqDate": f"{event.day:%Y%m%d}",
        "IntlCntrctDlvrReqDate": row["IntlCntrctDlvrReqDate"],
        "cntrctDlvrReqNm": row["dlvrReqNm"],
        "fnlCntrctDlvrReqChgOrdYn": row["fnlDlvrReqYn"],
        "bizno": row["cntrctCorpBizno"],
        "corpNm": row["corpNm"],
        "dlvrTmlmtDate": row["dlvrTmlmtDate"].replace("-", ""),
        "cntrctMthdNm": "수의계약",
    } | {
        name: row[name]
        for name in (
            *("prdctSno", "prdctClsfcNo", "prdctClsfcNoNm", "dtilPrdctClsfcNo", "dtilPrdctClsfcNoNm", "prdctIdntNo"),
            *("prdctIdntNoNm", "prdctUprc", "prdctUnit", "prdctQty", "prdctAmt", "incdecQty", "incdecAmt"),
            *("dminsttCd", "dminsttNm", "dmndInsttDivNm", "dminsttRgnNm", "exclcProdctYn"),
        )
    }
