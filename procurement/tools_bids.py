"""Tools about what is put out to tender: notices, their details, pre-specifications."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from integrations.sdk import Connector, Context, Param, Rejected, Text
from procurement import results
from procurement.desk import KINDS, Desk, last_days, words
from procurement.g2b.answers import Row
from procurement.g2b.rows import Attachment, Notice, NoticeChange, PreSpecification
from procurement.g2b.values import text
from procurement.tools_products import Count, Cursor


class Kind(StrEnum):
    """What is bought."""

    GOODS = "goods"
    SERVICES = "services"
    WORKS = "works"
    FOREIGN = "foreign"
    OTHER = "other"

    @property
    def suffix(self) -> str:
        """How operations name this kind."""
        return dict(zip(Kind, KINDS, strict=True))[self]


class Region(StrEnum):
    """Region a bidder must sit in (참가제한지역)."""

    ALL = "all"
    SEOUL = "11"
    BUSAN = "26"
    DAEGU = "27"
    INCHEON = "28"
    GWANGJU = "29"
    DAEJEON = "30"
    ULSAN = "31"
    SEJONG = "36"
    GYEONGGI = "41"
    CHUNGBUK = "43"
    CHUNGNAM = "44"
    JEONNAM = "46"
    GYEONGBUK = "47"
    GYEONGNAM = "48"
    JEJU = "50"
    GANGWON = "51"
    JEONBUK = "52"


NoticeNo = Annotated[
    str,
    Param("Notice number, for example R26BK00940072", "입찰공고번호", pattern=r"^[0-9A-Za-z-]{6,40}$"),
]
Order = Annotated[str, Param("Order (공고차수); empty: the newest", "공고차수(비우면 최신)", pattern=r"^\d{0,3}$")]
Kinds = Annotated[
    list[Kind], Param("Kinds of purchase", "업무구분(물품·용역·공사·외자·기타)", min_length=1, max_length=5)
]
Keyword = Annotated[str, Param("Part of the title", "공고명의 일부", max_length=200)]
Won = Annotated[int | None, Param("Estimated price, won", "추정가격(원)", ge=0)]


def register(connector: Connector) -> None:
    """Add the tools about notices to the connector."""

    @connector.action(
        title=Text(en="Search bid notices", ko="입찰공고 검색"),
        description=Text(
            en="Bid notices by keyword, region, industry, price and buyer; optionally only those still open.",
            ko="공고명·지역·업종·추정가격·수요기관으로 입찰공고를 검색합니다. 진행 중인 공고만 볼 수 있습니다.",
        ),
        timeout=90,
        example={"keyword": "데스크톱컴퓨터", "days_back": 14},
    )
    async def search_bid_notices(
        ctx: Context,
        keyword: Keyword = "",
        kinds: Kinds = [Kind.GOODS],  # noqa: B006 - read only; the default shows in the form
        still_open: Annotated[bool, Param("Only notices one can still bid for", "입찰 마감 전 공고만")] = False,
        region: Annotated[Region, Param("Region of the bidder", "참가제한지역")] = Region.ALL,
        industry: Annotated[str, Param("Part of the industry name", "업종명의 일부", max_length=100)] = "",
        buyer: Annotated[str, Param("Part of the demanding agency's name", "수요기관명의 일부", max_length=100)] = "",
        price_min: Won = None,
        price_max: Won = None,
        days_back: Annotated[int, Param("Days back from today", "오늘부터 거슬러 볼 일수", ge=1, le=180)] = 14,
        count: Count = 20,
        cursor: Cursor = None,
    ) -> results.NoticeList:
        """Newest months first; today's notices are included although the day is not over."""
        if price_min is not None and price_max is not None and price_min > price_max:
            raise Rejected("price_min is above price_max.", remedy="Swap the two amounts.")
        desk = Desk(ctx)
        params = {
            "inqryDiv": "1",
            "bidNtceNm": keyword,
            "dminsttNm": buyer,
            "indstrytyNm": industry,
            "presmptPrceBgn": "" if price_min is None else str(price_min),
            "presmptPrceEnd": "" if price_max is None else str(price_max),
            "prtcptLmtRgnCd": "" if region is Region.ALL else region.value,
            "bidClseExcpYn": "Y" if still_open else "",
        }
        params = {name: value for name, value in params.items() if value}
        period = last_days(desk.today, days_back)
        wanted = [
            (desk.questions(f"getBidPblancListInfo{kind.suffix}PPSSrch", params, *period, tag=kind.suffix))
            for kind in dict.fromkeys(kinds)
        ]
        # Months outside, kinds inside: the newest notices of every kind come first.
        questions = [question for group in zip(*wanted, strict=True) for question in group]

        def is_open(row: Row) -> bool:
            closes = Notice.read(row).closes
            return closes is None or closes > desk.now

        fields = await desk.listing(
            questions,
            lambda row, question: Notice.read(row, question.tag),
            count,
            cursor,
            source=", ".join(dict.fromkeys(question.operation for question in questions)),
            accept=is_open if still_open else None,
            period=words(period),
        )
        return results.NoticeList(**fields)

    @connector.action(
        title=Text(en="Recent bid announcements", ko="최근 입찰공고"),
        description=Text(
            en="The newest notices of all kinds from the open-standard service.",
            ko="데이터셋 개방표준에 따른 최근 입찰공고(모든 업무구분).",
        ),
        timeout=90,
        example={"days_back": 3},
    )
    async def get_recent_bid_announcements(
        ctx: Context,
        days_back: Annotated[int, Param("Days back from today", "오늘부터 거슬러 볼 일수", ge=1, le=90)] = 7,
        count: Count = 20,
        cursor: Cursor = None,
    ) -> results.NoticeList:
        """One question per calendar month."""
        desk = Desk(ctx)
        period = last_days(desk.today, days_back)
        name = "getDataSetOpnStdBidPblancInfo"
        fields = await desk.listing(
            desk.questions(name, {}, *period),
            lambda row, _: Notice.read(row),
            count,
            cursor,
            source=name,
            period=words(period),
        )
        return results.NoticeList(**fields)

    @connector.action(
        title=Text(en="Bid notice with attachments", ko="입찰공고 상세"),
        description=Text(
            en="One notice: dates, prices, region and licence limits, changes between orders, and its attachments.",
            ko="공고 한 건의 일정·금액·참가제한·변경이력·첨부파일.",
        ),
        timeout=90,
    )
    async def get_bid_notice(
        ctx: Context,
        notice_no: NoticeNo,
        order: Order = "",
        kind: Annotated[Kind | None, Param("Saves calls when known", "업무구분(알면 호출을 아낍니다)")] = None,
    ) -> results.NoticeDetail:
        """Parts that cannot be read are named in `incomplete`."""
        desk = Desk(ctx)
        notes: list[str] = []
        orders = await _orders(desk, notice_no, kind, notes)
        if not orders:
            raise _unknown(notice_no, notes)
        chosen = next((one for one in orders if order and int(one.order) == int(order)), orders[-1])
        if order and int(chosen.order) != int(order):
            raise Rejected(
                f"Notice {notice_no} has no order {order}.",
                remedy=f"It has: {', '.join(one.order for one in orders)}.",
            )
        by_number = {"inqryDiv": "2", "bidNtceNo": notice_no}
        names = ["regions", "licences", "attachments"]
        parts = [
            desk.client.rows("getBidPblancListInfoPrtcptPsblRgn", by_number),
            desk.client.rows("getBidPblancListInfoLicenseLimit", by_number),
            desk.client.rows("getBidPblancListInfoEorderAtchFileInfo", by_number),
        ]
        if chosen.kind in ("Thng", "Servc", "Cnstwk"):
            names.append("changes")
            parts.append(desk.client.rows(f"getBidPblancListInfoChgHstry{chosen.kind}", by_number))
        found = await desk.gather(*parts, names=names, notes=notes)
        rows = dict(zip(names, ([] if one is None else one[0] for one in found), strict=True))
        own = {
            name: [row for row in part if int(row.get("bidNtceOrd") or 0) == int(chosen.order)]
            for name, part in rows.items()
        }
        extra = [
            Attachment(
                name=text(row, "eorderAtchFileNm", "atchFileNm"), url=text(row, "eorderAtchFileUrl", "atchFileUrl")
            )
            for row in own["attachments"]
        ]
        return results.NoticeDetail(
            **desk.head("BidPublicInfoService", incomplete=notes),
            notice=chosen,
            orders=[one.order for one in orders],
            changes=[NoticeChange.read(row) for row in rows.get("changes", [])],
            regions=list(dict.fromkeys(filter(None, (text(row, "prtcptPsblRgnNm") for row in own["regions"])))),
            licences=list(dict.fromkeys(filter(None, (text(row, "lcnsLmtNm") for row in own["licences"])))),
            attachments=[*chosen.attachments, *extra],
        )

    @connector.action(
        title=Text(en="Pre-specifications", ko="사전규격"),
        description=Text(
            en="Specifications published for opinions before their notice, by keyword.",
            ko="입찰공고 전에 공개된 사전규격을 검색합니다.",
        ),
        timeout=90,
        example={"keyword": "컴퓨터"},
    )
    async def search_pre_specifications(
        ctx: Context,
        keyword: Keyword = "",
        kind: Annotated[Kind, Param("Kind of purchase", "업무구분")] = Kind.GOODS,
        days_back: Annotated[int, Param("Days back from today", "오늘부터 거슬러 볼 일수", ge=1, le=180)] = 14,
        count: Count = 20,
        cursor: Cursor = None,
    ) -> results.PreSpecificationList:
        """By day of receipt."""
        if kind is Kind.OTHER:
            raise Rejected(
                "There are no pre-specifications of other purchases.", remedy="Use goods, services or works."
            )
        desk = Desk(ctx)
        period = last_days(desk.today, days_back)
        name = f"getPublicPrcureThngInfo{kind.suffix}PPSSrch"
        params = {"inqryDiv": "1", "prdctClsfcNoNm": keyword}
        fields = await desk.listing(
            desk.questions(name, {key: value for key, value in params.items() if value}, *period),
            lambda row, _: PreSpecification.read(row),
            count,
            cursor,
            source=name,
            period=words(period),
        )
        return results.PreSpecificationList(**fields)


async def _orders(desk: Desk, notice_no: str, kind: Kind | None, notes: list[str]) -> list[Notice]:
    """All orders of a notice, oldest first. A number does not say its kind, so all kinds are asked unless told."""
    suffixes = [kind.suffix] if kind else list(KINDS)
    by_number = {"inqryDiv": "2", "bidNtceNo": notice_no}
    found = await desk.gather(
        *(desk.client.rows(f"getBidPblancListInfo{suffix}", by_number) for suffix in suffixes),
        names=[f"notices of kind {suffix}" for suffix in suffixes],
        notes=notes,
    )
    orders = [
        Notice.read(row, suffix)
        for suffix, answer in zip(suffixes, found, strict=True)
        for row in (answer[0] if answer else [])
        if row.get("bidNtceNo") == notice_no
    ]
    if orders:
        # The other kinds failing does not matter once the notice is found.
        notes.clear()
    return sorted(orders, key=lambda one: int(one.order or 0))


def _unknown(notice_no: str, notes: list[str]) -> Rejected:
    if notes:
        return Rejected(f"Notice {notice_no} could not be looked up: {notes[0]}", remedy="Try again later.")
    return Rejected(
        f"There is no notice {notice_no}.",
        code="upstream_not_found",
        remedy="Check the number; search_bid_notices finds it by its title.",
    )
