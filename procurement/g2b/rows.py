"""Typed rows of bids and contracts: what the portal uses, with the guides' spelling variants folded.

Money is in won, rates in percent, times in Asia/Seoul. Personal data of officials has no field here.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from procurement.g2b import values as v

Raw = Mapping[str, str]


class TypedRow(BaseModel):
    """A frozen reading of one row of an answer."""

    model_config = ConfigDict(frozen=True)


class Attachment(TypedRow):
    name: str
    url: str


class Notice(TypedRow):
    """One bid notice, in one of its orders (공고차수)."""

    notice_no: str
    order: str = Field(description="000 for the first; compare as an integer")
    kind: str = Field(default="", description="Thng goods, Servc service, Cnstwk works, Frgcpt foreign, Etc other")
    title: str
    status: str = Field(default="", description="등록공고, 변경공고, 취소공고, 재공고 …")
    agency: str = ""
    agency_code: str = ""
    demander: str = ""
    demander_code: str = ""
    method: str = ""
    contract_method: str = ""
    estimated_price: int | None = Field(default=None, description="추정가격, won")
    budget: int | None = Field(default=None, description="배정예산, won")
    region: str = ""
    industry: str = ""
    published: datetime | None = None
    opens_for_bids: datetime | None = None
    closes: datetime | None = None
    opening: datetime | None = None
    changed: datetime | None = None
    lowest_rate: Decimal | None = Field(default=None, description="낙찰하한율, percent")
    item_class_no: str = ""
    item_name: str = ""
    pre_specification_no: str = ""
    url: str = ""
    attachments: list[Attachment] = Field(default_factory=list)

    @property
    def key(self) -> tuple[str, str]:
        return self.notice_no, self.order

    @classmethod
    def read(cls, row: Raw, kind: str = "") -> Self:
        """One row of a notice operation, of the PPSSrch variants, or of the open standard."""
        files = [
            Attachment(name=v.text(row, f"ntceSpecFileNm{n}") or f"file {n}", url=url)
            for n in range(1, 11)
            if (url := v.text(row, f"ntceSpecDocUrl{n}"))
        ]
        joined = {
            name: f"{row[f'{name}Date']} {row.get(f'{name}Tm', '')}" for name in ("bidClse",) if row.get(f"{name}Date")
        }
        published = v.moment(row, "bidNtceDt", "rgstDt") or v.moment(
            {"at": f"{row.get('bidNtceDate', '')} {row.get('bidNtceBgn', '')}"}, "at"
        )
        closes = v.moment(row, "bidClseDt") or v.moment(joined, "bidClse")
        opening = v.moment(row, "opengDt") or v.moment(
            {"at": f"{row.get('opengDate', '')} {row.get('opengTm', '')}"}, "at"
        )
        return cls(
            notice_no=v.text(row, "bidNtceNo"),
            order=v.text(row, "bidNtceOrd") or "000",
            kind=kind or _KINDS.get(v.text(row, "bsnsDivNm"), ""),
            title=v.text(row, "bidNtceNm"),
            status=v.text(row, "ntceKindNm", "bidNtceSttusNm"),
            agency=v.text(row, "ntceInsttNm"),
            agency_code=v.text(row, "ntceInsttCd"),
            demander=v.text(row, "dminsttNm", "dmndInsttNm"),
            demander_code=v.text(row, "dminsttCd", "dmndInsttCd", "dminsttcD"),
            method=v.text(row, "bidMethdNm"),
            contract_method=v.text(row, "cntrctCnclsMthdNm"),
            estimated_price=v.won(row, "presmptPrce"),
            budget=v.won(row, "asignBdgtAmt", "bdgtAmt"),
            region=v.text(row, "prtcptPsblRgnNm", "cnstrtsiteRgnNm", "rgnLmtBidLocplcJdgmBssNm"),
            industry=v.text(row, "indstrytyNm", "bidprcPsblIndstrytyNm", "mainCnsttyNm", "srvceDivNm"),
            published=published,
            opens_for_bids=v.moment(row, "bidBeginDt"),
            closes=closes,
            opening=opening,
            changed=v.moment(row, "chgDt"),
            lowest_rate=v.number(row, "sucsfbidLwltRate", "sucsfLwstlmtRt"),
            item_class_no=v.text(row, "dtilPrdctClsfcNo"),
            item_name=v.text(row, "dtilPrdctClsfcNoNm"),
            pre_specification_no=v.text(row, "bfSpecRgstNo"),
            url=v.text(row, "bidNtceDtlUrl", "bidNtceUrl").replace(" ", ""),
            attachments=files,
        )


_KINDS = {"물품": "Thng", "용역": "Servc", "공사": "Cnstwk", "외자": "Frgcpt", "기타": "Etc"}


class NoticeChange(TypedRow):
    """One changed item of a notice."""

    notice_no: str
    order: str
    item: str
    before: str = ""
    after: str = ""
    changed: datetime | None = None

    @classmethod
    def read(cls, row: Raw) -> Self:
        return cls(
            notice_no=v.text(row, "bidNtceNo"),
            order=v.text(row, "bidNtceOrd"),
            item=v.text(row, "chgItemNm", "chgDataDivNm"),
            before=v.text(row, "bfchgVal"),
            after=v.text(row, "afchgVal"),
            changed=v.moment(row, "chgDt", "rgstDt"),
        )


class PreSpecification(TypedRow):
    """One specification published for opinions before its notice."""

    number: str
    title: str
    kind: str = ""
    agency: str = ""
    demander: str = ""
    budget: int | None = None
    published: datetime | None = None
    opinions_until: datetime | None = None
    notices: list[str] = Field(default_factory=list)
    attachments: list[Attachment] = Field(default_factory=list)

    @classmethod
    def read(cls, row: Raw) -> Self:
        files = [
            Attachment(name=f"specification {n}", url=url)
            for n in range(1, 6)
            if (url := v.text(row, f"specDocFileUrl{n}"))
        ]
        return cls(
            number=v.text(row, "bfSpecRgstNo"),
            title=v.text(row, "prdctClsfcNoNm"),
            kind=_KINDS.get(v.text(row, "bsnsDivNm"), ""),
            agency=v.text(row, "orderInsttNm"),
            demander=v.text(row, "rlDminsttNm"),
            budget=v.won(row, "asignBdgtAmt"),
            published=v.moment(row, "rcptDt", "rgstDt"),
            opinions_until=v.moment(row, "opninRgstClseDt"),
            notices=[part.strip() for part in v.text(row, "bidNtceNoList").split(",") if part.strip()],
            attachments=files,
        )


class Award(TypedRow):
    """One successful bid."""

    notice_no: str
    order: str
    class_no: str = Field(default="", description="입찰분류번호")
    rebid_no: str = Field(default="", description="재입찰번호")
    title: str = ""
    bidders: int | None = None
    winner: str = ""
    winner_no: str = Field(default="", description="Business registration number, digits")
    amount: int | None = Field(default=None, description="최종낙찰금액, won")
    rate: Decimal | None = Field(default=None, description="낙찰률, percent of the planned price")
    demander: str = ""
    opened: datetime | None = None
    decided: date | None = None

    @property
    def key(self) -> tuple[str, str, str, str]:
        return self.notice_no, self.order, self.class_no, self.rebid_no

    @classmethod
    def read(cls, row: Raw) -> Self:
        bidders = v.number(row, "prtcptCnum")
        opened = v.moment(row, "rlOpengDt", "opengDt") or v.moment(
            {"at": f"{row.get('opengDate', '')} {row.get('opengTm', '')}"}, "at"
        )
        return cls(
            notice_no=v.text(row, "bidNtceNo"),
            order=v.text(row, "bidNtceOrd") or "000",
            class_no=v.text(row, "bidClsfcNo"),
            rebid_no=v.text(row, "rbidNo"),
            title=v.text(row, "bidNtceNm"),
            bidders=None if bidders is None else int(bidders),
            winner=v.text(row, "bidwinnrNm", "fnlSucsfCorpNm"),
            winner_no=v.digits_only(v.text(row, "bidwinnrBizno", "fnlSucsfCorpBizrno")),
            amount=v.won(row, "sucsfbidAmt", "fnlSucsfAmt"),
            rate=v.number(row, "sucsfbidRate", "fnlSucsfRt"),
            demander=v.text(row, "dminsttNm", "dmndInsttNm"),
            opened=opened,
            decided=v.day(row, "fnlSucsfDate", "rgstDt"),
        )


class Opening(TypedRow):
    """The opening of one notice: how many bid, who came first."""

    notice_no: str
    order: str
    title: str = ""
    bidders: int | None = None
    state: str = ""
    leader: str = Field(default="", description="Rank 1; 낙찰예정자 다수 when there are several")
    leader_no: str = ""
    leader_amount: int | None = None
    leader_rate: Decimal | None = None
    opened: datetime | None = None

    @classmethod
    def read(cls, row: Raw) -> Self:
        parts = (v.groups(v.text(row, "opengCorpInfo")) or [[]])[0]
        first = dict(zip(("name", "bizno", "person", "amount", "rate"), parts, strict=False))
        bidders = v.number(row, "prtcptCnum")
        return cls(
            notice_no=v.text(row, "bidNtceNo"),
            order=v.text(row, "bidNtceOrd") or "000",
            title=v.text(row, "bidNtceNm"),
            bidders=None if bidders is None else int(bidders),
            state=v.text(row, "progrsDivCdNm"),
            leader=first.get("name", ""),
            leader_no=v.digits_only(first.get("bizno", "")),
            leader_amount=v.won(first, "amount"),
            leader_rate=v.number(first, "rate"),
            opened=v.moment(row, "opengDt", "rlOpengDt"),
        )


class Bid(TypedRow):
    """One bidder at an opening."""

    rank: int | None = None
    bidder: str = ""
    bidder_no: str = ""
    amount: int | None = None
    rate: Decimal | None = None
    remark: str = ""

    @classmethod
    def read(cls, row: Raw) -> Self:
        rank = v.number(row, "opengRank")
        return cls(
            rank=None if rank is None else int(rank),
            bidder=v.text(row, "prcbdrNm", "bidprcCorpNm"),
            bidder_no=v.digits_only(v.text(row, "prcbdrBizno", "bidprcCorpBizrno")),
            amount=v.won(row, "bidprcAmt"),
            rate=v.number(row, "bidprcrt", "bidprcRt"),
            remark=v.text(row, "rmrk", "dqlfctnRsn"),
        )


class Contract(TypedRow):
    """One contract."""

    number: str = Field(description="통합계약번호")
    title: str
    agency: str = ""
    supplier: str = ""
    supplier_no: str = ""
    amount: int | None = Field(default=None, description="금차계약금액, won")
    total_amount: int | None = Field(default=None, description="총계약금액, won; only long-term contracts have one")
    method: str = ""
    concluded: date | None = None
    notice_no: str = ""
    url: str = ""

    @classmethod
    def read(cls, row: Raw) -> Self:
        corporation = (v.groups(v.text(row, "corpList")) or [[]])[0]
        named = v.text(row, "rprsntCorpNm") or (corporation[3] if len(corporation) > 3 else "")
        number = v.text(row, "rprsntCorpBizrno") or (corporation[9] if len(corporation) > 9 else "")
        return cls(
            number=v.text(row, "untyCntrctNo"),
            title=v.text(row, "cntrctNm", "cnstwkNm"),
            agency=v.text(row, "cntrctInsttNm"),
            supplier=named,
            supplier_no=v.digits_only(number),
            amount=v.won(row, "thtmCntrctAmt", "cntrctAmt"),
            total_amount=v.won(row, "totCntrctAmt", "ttalCntrctAmt") or None,
            method=v.text(row, "cntrctCnclsMthdNm"),
            concluded=v.day(row, "cntrctCnclsDate", "cntrctDate"),
            notice_no=v.text(row, "ntceNo", "bidNtceNo"),
            url=v.text(row, "cntrctDtlInfoUrl", "cntrctInfoUrl"),
        )
