"""Invented bidding: notices of all kinds with changes, openings, awards, contracts and pre-specifications."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

from procurement.sandbox_data.pools import CLASSES, INDUSTRIES, Agency, Company, agency, draw, supplier
from procurement.sandbox_data.products import sample_rows, template

_ORIGIN = date(2021, 1, 1).toordinal()
KINDS = {"Thng": 12, "Servc": 10, "Cnstwk": 8, "Frgcpt": 1, "Etc": 2}
KIND_NAMES = {"Thng": "물품", "Servc": "용역", "Cnstwk": "공사", "Frgcpt": "외자", "Etc": "기타"}
_SUBJECTS = {
    "Thng": tuple(f"{kind.name} 구매" for kind in CLASSES),
    "Servc": ("정보시스템 유지관리 용역", "통합관제센터 운영 용역", "청소 용역", "학술연구 용역", "홈페이지 개편 용역"),
    "Cnstwk": ("도로 포장 보수공사", "청사 전기설비 개선공사", "하수관로 정비공사", "어린이공원 조성공사"),
    "Frgcpt": ("전자현미경 구매", "질량분석기 도입"),
    "Etc": ("매점 사용수익허가", "폐자원 매각"),
}
_METHODS = ("제한경쟁", "일반경쟁", "수의계약", "지명경쟁")


@dataclass(frozen=True, slots=True)
class NoticeEvent:
    """One notice in one of its orders."""

    day: date
    kind: str
    number: int
    order: int
    first_day: date

    @property
    def _seed(self) -> int:
        return draw("notice", self.kind, self.first_day.isoformat(), self.number)

    @property
    def notice_no(self) -> str:
        offset = list(KINDS).index(self.kind) * 200
        return f"R{self.first_day:%y}BK{(self.first_day.toordinal() - _ORIGIN) * 1000 + offset + self.number:08d}"

    @property
    def order_text(self) -> str:
        return f"{self.order:03d}"

    @property
    def title(self) -> str:
        subjects = _SUBJECTS[self.kind]
        return f"{self.first_day.year}년 {self.demander.name} {subjects[self._seed % len(subjects)]}"

    @property
    def demander(self) -> Agency:
        return agency(self._seed // 11)

    @property
    def price(self) -> int:
        scale = {"Cnstwk": 20, "Servc": 6, "Frgcpt": 12}.get(self.kind, 2)
        return (self._seed % 90 + 10) * scale * 1_000_000

    @property
    def industry(self) -> tuple[str, str]:
        return INDUSTRIES[self._seed // 13 % len(INDUSTRIES)]

    @property
    def is_region_limited(self) -> bool:
        return self._seed % 3 == 0

    @property
    def item_class(self) -> int:
        return self._seed % len(CLASSES)

    @property
    def published(self) -> datetime:
        return datetime(self.day.year, self.day.month, self.day.day, 9 + self._seed % 8, self._seed // 8 % 60)

    @property
    def closes(self) -> datetime:
        """The change of a notice moves the end of bidding by two days."""
        at = self.first_day + timedelta(days=7 + self._seed % 8 + 2 * self.order)
        return datetime(at.year, at.month, at.day, 10 + self._seed % 7)

    @property
    def opening(self) -> datetime:
        return self.closes + timedelta(hours=1)

    @property
    def is_last(self) -> bool:
        return self.order == 1 or not self.is_changed

    @property
    def is_changed(self) -> bool:
        return self._seed % 10 == 0

    @property
    def fails(self) -> bool:
        return self._seed % 17 == 3

    @property
    def bidders(self) -> int:
        return self._seed // 3 % 38 + 2

    def winner(self) -> Company:
        return supplier(self._seed // 5)

    @property
    def rate(self) -> float:
        return round(87.7 + self._seed // 19 % 10_000 / 1000, 3)


@lru_cache(maxsize=3000)
def notices(day: date, kind: str) -> tuple[NoticeEvent, ...]:
    """Notices put up on a day: new ones, and changes of notices two days old."""
    found: list[NoticeEvent] = []
    for first_day, order in ((day, 0), (day - timedelta(days=2), 1)):
        count = KINDS[kind] if first_day.weekday() < 5 else (1 if kind == "Thng" else 0)
        for number in range(count):
            event = NoticeEvent(day, kind, number, order, first_day)
            if order == 0 or event.is_changed:
                found.append(event)
    return tuple(found)


def notices_between(start: date, end: date, kind: str) -> Iterator[NoticeEvent]:
    day = start
    while day <= end:
        yield from notices(day, kind)
        day += timedelta(days=1)


@lru_cache(maxsize=3000)
def opened(day: date, kind: str) -> tuple[NoticeEvent, ...]:
    """Notices (last order only) whose bids are opened on a day."""
    around = notices_between(day - timedelta(days=18), day, kind)
    return tuple(event for event in around if event.is_last and event.opening.date() == day)


def opened_between(start: date, end: date, kind: str) -> Iterator[NoticeEvent]:
    day = start
    while day <= end:
        yield from opened(day, kind)
        day += timedelta(days=1)


def find_notice(notice_no: str) -> list[NoticeEvent]:
    """All orders of a notice of the invented world; none for another number."""
    digits = notice_no[5:]
    if len(notice_no) != 13 or notice_no[3:5] != "BK" or not digits.isdigit():
        return []
    days, rest = divmod(int(digits), 1000)
    kind_index, number = divmod(rest, 200)
    if kind_index >= len(KINDS) or not 0 <= days < 20_000:
        return []
    kind, first_day = list(KINDS)[kind_index], date.fromordinal(_ORIGIN + days)
    candidates = [*notices(first_day, kind), *notices(first_day + timedelta(days=2), kind)]
    return [event for event in candidates if event.notice_no == notice_no and event.number == number]


def notice_row(event: NoticeEvent) -> dict[str, str]:
    """A row of the notice operations; personal columns carry invented people, so that dropping them is seen."""
    buyer, chosen = event.demander, CLASSES[event.item_class]
    url = f"https://www.g2b.go.kr/link/PNPE027_01/single/?bidPbancNo={event.notice_no}&bidPbancOrd={event.order_text}"
    row = template("getBidPblancListInfoThng") | {
        "bidNtceNo": event.notice_no,
        "bidNtceOrd": event.order_text,
        "reNtceYn": "N",
        "ntceKindNm": "변경공고" if event.order else "등록공고",
        "bidNtceDt": f"{event.published:%Y-%m-%d %H:%M:%S}",
        "bidNtceNm": event.title,
        "ntceInsttCd": buyer.code,
        "ntceInsttNm": buyer.name,
        "dminsttCd": buyer.code,
        "dminsttNm": buyer.name,
        "bidMethdNm": "전자입찰",
        "cntrctCnclsMthdNm": _METHODS[event._seed % 4],
        "ntceInsttOfclNm": "김나라",
        "ntceInsttOfclTelNo": "02-0000-0000",
        "ntceInsttOfclEmailAdrs": "official@example.org",
        "exctvNm": "이장터",
        "bidBeginDt": f"{event.published + timedelta(days=1):%Y-%m-%d %H:%M}",
        "bidClseDt": f"{event.closes:%Y-%m-%d %H:%M:%S}",
        "opengDt": f"{event.opening:%Y-%m-%d %H:%M:%S}",
        "ntceSpecDocUrl1": f"{url}&fileSeq=1",
        "ntceSpecFileNm1": f"공고서_{event.notice_no}.hwpx",
        "ntceSpecDocUrl2": f"{url}&fileSeq=2",
        "ntceSpecFileNm2": "규격서.pdf",
        "asignBdgtAmt": str(event.price * 11 // 10),
        "presmptPrce": str(event.price),
        "bidNtceDtlUrl": url,
        "bidNtceUrl": url,
        "sucsfbidLwltRate": "87.745",
        "rgstDt": f"{event.published:%Y-%m-%d %H:%M:%S}",
        "bfSpecRgstNo": event.notice_no.replace("BK", "BD"),
        "indstrytyLmtYn": "Y" if event._seed % 2 else "N",
        "chgDt": f"{event.published:%Y-%m-%d %H:%M:%S}" if event.order else "",
        "chgNtceRsn": "입찰 마감일시 연장" if event.order else "",
    }
    if event.kind == "Thng":
        row |= {
            "dtilPrdctClsfcNo": chosen.detail_no,
            "dtilPrdctClsfcNoNm": chosen.name,
            "purchsObjPrdctList": f"[1^{chosen.detail_no}^{chosen.name}]",
        }
    return row


def change_row(event: NoticeEvent) -> dict[str, str]:
    """A row of the change-history operations."""
    before = event.closes - timedelta(days=2)
    return {
        "bidNtceNo": event.notice_no,
        "bidNtceOrd": event.order_text,
        "bidNtceNm": event.title,
        "bsnsDivNm": KIND_NAMES[event.kind],
        "chgDataDivNm": "입찰공고",
        "chgItemNm": "입찰마감일시",
        "bfchgVal": f"{before:%Y-%m-%d %H:%M}",
        "afchgVal": f"{event.closes:%Y-%m-%d %H:%M}",
        "chgDt": f"{event.published:%Y-%m-%d %H:%M:%S}",
        "rgstDt": f"{event.published:%Y-%m-%d %H:%M:%S}",
    }


def region_row(event: NoticeEvent) -> dict[str, str]:
    region = event.demander.region[1] if event.is_region_limited else "전국"
    return {
        "bidNtceNo": event.notice_no,
        "bidNtceOrd": event.order_text,
        "lmtSno": "1",
        "prtcptPsblRgnNm": region,
        "bsnsDivNm": KIND_NAMES[event.kind],
        "rgstDt": f"{event.published:%Y-%m-%d %H:%M:%S}",
    }


def licence_row(event: NoticeEvent) -> dict[str, str]:
    code, name = event.industry
    return {
        "bidNtceNo": event.notice_no,
        "bidNtceOrd": event.order_text,
        "lmtGrpNo": "1",
        "lmtSno": "1",
        "lcnsLmtNm": f"{name}/{code}",
        "permsnIndstrytyList": f"[{name}/{code}]",
        "indstrytyMfrcFldList": "",
        "bsnsDivNm": KIND_NAMES[event.kind],
        "rgstDt": f"{event.published:%Y-%m-%d %H:%M:%S}",
    }


def file_row(event: NoticeEvent) -> dict[str, str]:
    return {
        "bidNtceNo": event.notice_no,
        "bidNtceOrd": event.order_text,
        "atchSno": "1",
        "eorderDocDivNm": "제안요청서",
        "eorderAtchFileNm": f"제안요청서_{event.notice_no}.pdf",
        "eorderAtchFileUrl": f"https://www.g2b.go.kr/sandbox/{event.notice_no}/rfp.pdf",
    }


def award_row(event: NoticeEvent) -> dict[str, str]:
    """A row of the award operations."""
    best = event.winner()
    planned = event.price * 11 // 10
    return template("getScsbidListSttusThng") | {
        "bidNtceNo": event.notice_no,
        "bidNtceOrd": event.order_text,
        "bidClsfcNo": "1",
        "rbidNo": "000",
        "bidNtceNm": event.title,
        "prtcptCnum": str(event.bidders),
        "bidwinnrNm": best.name,
        "bidwinnrBizno": best.business_no,
        "bidwinnrCeoNm": "박낙찰",
        "bidwinnrAdrs": "서울특별시 어딘가로 1",
        "bidwinnrTelNo": "02-0000-0000",
        "sucsfbidAmt": str(int(planned * event.rate / 100)),
        "sucsfbidRate": f"{event.rate:g}",
        "rlOpengDt": f"{event.opening:%Y-%m-%d %H:%M:%S}",
        "dminsttCd": event.demander.code,
        "dminsttNm": event.demander.name,
        "rgstDt": f"{event.opening + timedelta(hours=4):%Y-%m-%d %H:%M:%S}",
        "fnlSucsfDate": f"{event.opening:%Y-%m-%d}",
    }


def opening_row(event: NoticeEvent) -> dict[str, str]:
    """A row of the opening operations; failed ones have nobody in front."""
    best = event.winner()
    amount = int(event.price * 11 // 10 * event.rate / 100)
    front = "" if event.fails else f"{best.name}^{best.business_no}^박낙찰^{amount}^{event.rate:g}"
    return template("getOpengResultListInfoThng") | {
        "bidNtceNo": event.notice_no,
        "bidNtceOrd": event.order_text,
        "bidClsfcNo": "1",
        "rbidNo": "000",
        "bidNtceNm": event.title,
        "opengDt": f"{event.opening:%Y-%m-%d %H:%M:%S}",
        "prtcptCnum": "0" if event.fails else str(event.bidders),
        "opengCorpInfo": front,
        "progrsDivCdNm": "유찰" if event.fails else "개찰완료",
        "inptDt": f"{event.opening:%Y-%m-%d %H:%M:%S}",
        "ntceInsttCd": event.demander.code,
        "ntceInsttNm": event.demander.name,
        "dminsttCd": event.demander.code,
        "dminsttNm": event.demander.name,
    }


def bidder_rows(event: NoticeEvent) -> list[dict[str, str]]:
    """Rows of `getOpengResultListInfoOpengCompt`: every bidder of a notice, best first."""
    if event.fails:
        return []
    planned, rows = event.price * 11 // 10, []
    for rank in range(1, event.bidders + 1):
        who = event.winner() if rank == 1 else supplier(event._seed // 5 + rank * 7)
        rate = round(event.rate + (rank - 1) * 0.31, 3)
        rows.append(
            template("getOpengResultListInfoOpengCompt")
            | {
                "opengRsltDivNm": "개찰완료",
                "bidNtceNo": event.notice_no,
                "bidNtceOrd": event.order_text,
                "bidClsfcNo": "1",
                "rbidNo": "000",
                "opengRank": str(rank),
                "prcbdrBizno": who.business_no,
                "prcbdrNm": who.name,
                "prcbdrCeoNm": "박낙찰",
                "bidprcAmt": str(int(planned * rate / 100)),
                "bidprcrt": f"{rate:g}",
                "bidprcDt": f"{event.closes - timedelta(hours=rank):%Y-%m-%d %H:%M:%S}",
            }
        )
    return rows


def contract_row(event: NoticeEvent) -> dict[str, str]:
    """A row of the contract operations; concluded three days after the opening."""
    best, buyer = event.winner(), event.demander
    day = event.opening.date() + timedelta(days=3)
    number = event.notice_no.replace("BK", "TE")
    return template("getCntrctInfoListThng") | {
        "untyCntrctNo": number,
        "bsnsDivNm": KIND_NAMES[event.kind],
        "dcsnCntrctNo": event.notice_no.replace("BK", "TA"),
        "cntrctNm": event.title,
        "cnstwkNm": event.title if event.kind == "Cnstwk" else "",
        "cntrctCnclsDate": f"{day:%Y-%m-%d}",
        "totCntrctAmt": "0",
        "thtmCntrctAmt": str(int(event.price * 11 // 10 * event.rate / 100)),
        "ntceNo": event.notice_no,
        "cntrctInsttCd": buyer.code,
        "cntrctInsttNm": buyer.name,
        "cntrctInsttOfclNm": "김나라",
        "corpList": f"[1^주계약업체^단독^{best.name}^박낙찰^대한민국^100^^^{best.business_no}]",
        "dminsttList": f"[1^{buyer.code}^{buyer.name}^{buyer.kind}^회계과^김나라^02-0000-0000]",
        "cntrctCnclsMthdNm": _METHODS[event._seed % 4],
        "rgstDt": f"{day:%Y-%m-%d} 17:00:00",
    }


def specification_row(event: NoticeEvent) -> dict[str, str]:
    """A row of the pre-specification operations: what was published ten days before the notice."""
    at = event.published - timedelta(days=10)
    number = event.notice_no.replace("BK", "BD")
    return template("getPublicPrcureThngInfoThng") | {
        "bsnsDivNm": KIND_NAMES[event.kind],
        "prdctClsfcNoNm": event.title,
        "orderInsttNm": event.demander.name,
        "rlDminsttNm": event.demander.name,
        "asignBdgtAmt": str(event.price * 11 // 10),
        "rcptDt": f"{at:%Y-%m-%d %H:%M:%S}",
        "opninRgstClseDt": f"{at + timedelta(days=5):%Y-%m-%d} 23:59:00",
        "ofclNm": "김나라",
        "bfSpecRgstNo": number,
        "specDocFileUrl1": f"https://www.g2b.go.kr/sandbox/{number}/spec.pdf",
        "rgstDt": f"{at:%Y-%m-%d %H:%M:%S}",
        "bidNtceNoList": event.notice_no,
    }


def standard_award_rows(event: NoticeEvent) -> list[dict[str, str]]:
    """Rows of `getDataSetOpnStdScsbidInfo`: all bidders, `sucsfYn` marks the successful one."""
    rows = []
    award = award_row(event)
    for bidder in bidder_rows(event):
        first = bidder["opengRank"] == "1"
        rows.append(
            template("getDataSetOpnStdScsbidInfo")
            | {
                "bidNtceNo": event.notice_no,
                "bidNtceOrd": event.order_text,
                "bidNtceNm": event.title,
                "bsnsDivNm": KIND_NAMES[event.kind],
                "dmndInsttNm": event.demander.name,
                "dmndInsttCd": event.demander.code,
                "presmptPrce": str(event.price),
                "opengDate": f"{event.opening:%Y-%m-%d}",
                "opengTm": f"{event.opening:%H:%M}",
                "opengRank": bidder["opengRank"],
                "bidprcCorpBizrno": bidder["prcbdrBizno"],
                "bidprcCorpNm": bidder["prcbdrNm"],
                "bidprcCorpCeoNm": "박낙찰",
                "bidprcAmt": bidder["bidprcAmt"],
                "bidprcRt": bidder["bidprcrt"],
                "sucsfYn": "Y" if first else "N",
                "fnlSucsfAmt": award["sucsfbidAmt"] if first else "",
                "fnlSucsfRt": award["sucsfbidRate"] if first else "",
                "fnlSucsfDate": award["fnlSucsfDate"] if first else "",
                "fnlSucsfCorpNm": award["bidwinnrNm"] if first else "",
                "fnlSucsfCorpBizrno": award["bidwinnrBizno"] if first else "",
            }
        )
    return rows


def standard_notice_row(event: NoticeEvent) -> dict[str, str]:
    """A row of `getDataSetOpnStdBidPblancInfo`."""
    return template("getDataSetOpnStdBidPblancInfo") | {
        "bidNtceNo": event.notice_no,
        "bidNtceOrd": event.order_text,
        "bidNtceNm": event.title,
        "bidNtceSttusNm": "변경공고" if event.order else "일반공고",
        "bidNtceDate": f"{event.published:%Y-%m-%d}",
        "bidNtceBgn": f"{event.published:%H:%M}",
        "bsnsDivNm": KIND_NAMES[event.kind],
        "cntrctCnclsMthdNm": _METHODS[event._seed % 4],
        "ntceInsttNm": event.demander.name,
        "ntceInsttCd": event.demander.code,
        "ntceInsttOfclNm": "김나라",
        "dmndInsttNm": event.demander.name,
        "dmndInsttCd": event.demander.code,
        "bidClseDate": f"{event.closes:%Y-%m-%d}",
        "bidClseTm": f"{event.closes:%H:%M}",
        "opengDate": f"{event.opening:%Y-%m-%d}",
        "opengTm": f"{event.opening:%H:%M}",
        "asignBdgtAmt": str(event.price * 11 // 10),
        "presmptPrce": str(event.price),
        "rgnLmtYn": "Y" if event.is_region_limited else "N",
        "prtcptPsblRgnNm": event.demander.region[1] if event.is_region_limited else "전국",
        "bidNtceUrl": f"https://www.g2b.go.kr/link/PNPE027_01/single/?bidPbancNo={event.notice_no}",
    }


def recorded(operation: str, column: str, value: str) -> list[dict[str, str]]:
    """Recorded rows of an operation with a value in a column."""
    return [row for row in sample_rows(operation) if row.get(column) == value]
