"""Tools about how tenders ended: openings, awards, contracts."""

from __future__ import annotations

from typing import Annotated

from integrations.sdk import Connector, Context, Param, Rejected, Text
from procurement import results
from procurement.desk import KINDS, Desk, last_days, words
from procurement.g2b.rows import Award, Bid, Contract, Opening
from procurement.paging import Question
from procurement.tools_bids import Keyword, Kind, NoticeNo
from procurement.tools_products import Count, Cursor

BusinessNo = Annotated[
    str, Param("Business registration number, 10 digits", "사업자등록번호 10자리", pattern=r"^(\d{3}-?\d{2}-?\d{5})?$")
]


def register(connector: Connector) -> None:
    """Add the tools about results to the connector."""

    @connector.action(
        title=Text(en="Opening result", ko="개찰·낙찰 결과"),
        description=Text(
            en="How the opening of a notice went: every bidder's price and rate, and the award.",
            ko="공고의 개찰 결과(투찰 순위·금액·투찰률)와 낙찰자.",
        ),
        timeout=90,
    )
    async def get_opening_result(
        ctx: Context,
        notice_no: NoticeNo,
        kind: Annotated[Kind | None, Param("Saves calls when known", "업무구분(알면 호출을 아낍니다)")] = None,
    ) -> results.OpeningResult:
        """Representatives' names are left out."""
        desk = Desk(ctx)
        notes: list[str] = []
        suffixes = [kind.suffix] if kind else [one for one in KINDS if one != "Etc"]
        by_number = {"inqryDiv": "4", "bidNtceNo": notice_no}
        names = ["bids", *(f"opening {one}" for one in suffixes), *(f"award {one}" for one in suffixes)]
        found = await desk.gather(
            desk.client.rows("getOpengResultListInfoOpengCompt", {"bidNtceNo": notice_no}),
            *(desk.client.rows(f"getOpengResultListInfo{one}", by_number) for one in suffixes),
            *(desk.client.rows(f"getScsbidListSttus{one}", by_number) for one in suffixes),
            names=names,
            notes=notes,
        )
        rows = [[] if one is None else one[0] for one in found]
        number = len(suffixes)
        openings = [Opening.read(row) for part in rows[1 : 1 + number] for row in part]
        awards = [Award.read(row) for part in rows[1 + number :] for row in part]
        bids = sorted(map(Bid.read, rows[0]), key=lambda one: (one.rank is None, one.rank or 0))
        if not openings and not bids and not awards and not notes:
            notes.append("Nothing is published for this notice yet; before the opening that is normal.")
        if len(bids) > 50:
            notes.append(f"50 of {len(bids)} bids are shown.")
        return results.OpeningResult(
            **desk.head("ScsbidInfoService", incomplete=notes),
            notice_no=notice_no,
            opening=max(openings, key=lambda one: int(one.order), default=None),
            award=max(awards, key=lambda one: int(one.order), default=None),
            bids=bids[:50],
            bidders=len(bids) or None,
        )

    @connector.action(
        title=Text(en="Search awards", ko="낙찰 검색"),
        description=Text(
            en="Successful bids by keyword, buyer or winner, with amount, rate and number of bidders.",
            ko="공고명·수요기관·낙찰업체로 낙찰 결과(금액·낙찰률·참가자 수)를 검색합니다.",
        ),
        timeout=90,
        example={"keyword": "컴퓨터", "days_back": 30},
    )
    async def search_awards(
        ctx: Context,
        keyword: Keyword = "",
        kind: Annotated[Kind, Param("Kind of purchase", "업무구분")] = Kind.GOODS,
        buyer: Annotated[str, Param("Part of the demanding agency's name", "수요기관명의 일부", max_length=100)] = "",
        winner_no: BusinessNo = "",
        days_back: Annotated[int, Param("Days of openings back from today", "개찰일 기준 일수", ge=1, le=180)] = 30,
        count: Count = 20,
        cursor: Cursor = None,
    ) -> results.AwardList:
        """By day of opening."""
        if kind is Kind.OTHER:
            raise Rejected(
                "There are no award lists for other notices.", remedy="Use goods, services, works or foreign."
            )
        desk = Desk(ctx)
        number = winner_no.replace("-", "")
        params = {"inqryDiv": "2", "bidNtceNm": keyword, "dminsttNm": buyer, "bizno": number}
        period = last_days(desk.today, days_back)
        name = f"getScsbidListSttus{kind.suffix}PPSSrch"
        fields = await desk.listing(
            desk.questions(name, {key: value for key, value in params.items() if value}, *period),
            lambda row, _: Award.read(row),
            count,
            cursor,
            source=name,
            period=words(period),
        )
        return results.AwardList(**fields)

    @connector.action(
        title=Text(en="Successful bids of a kind", ko="업무구분별 낙찰"),
        description=Text(
            en="Successful bids of one kind of purchase from the open-standard service, day by day.",
            ko="데이터셋 개방표준 낙찰정보에서 업무구분별 낙찰자를 조회합니다.",
        ),
        timeout=90,
        example={"business_type": "goods", "days_back": 3},
    )
    async def get_successful_bids_by_business_type(
        ctx: Context,
        business_type: Annotated[Kind, Param("Kind of purchase", "업무구분")] = Kind.GOODS,
        days_back: Annotated[int, Param("Days of openings back from today", "개찰일 기준 일수", ge=1, le=31)] = 3,
        count: Count = 20,
        cursor: Cursor = None,
    ) -> results.AwardList:
        """The upstream lists every bidder; only the successful ones are given."""
        codes = {Kind.GOODS: "1", Kind.FOREIGN: "2", Kind.WORKS: "3", Kind.SERVICES: "5"}
        if business_type not in codes:
            raise Rejected("There is no code for other purchases.", remedy="Use goods, services, works or foreign.")
        desk = Desk(ctx)
        period = last_days(desk.today, days_back)
        name = "getDataSetOpnStdScsbidInfo"
        questions = [
            Question(name, {"bsnsDivCd": codes[business_type]} | _day(question), question.window)
            for question in desk.questions(name, {}, *period)
        ]
        fields = await desk.listing(
            questions,
            lambda row, _: Award.read(row),
            count,
            cursor,
            source=name,
            accept=lambda row: row.get("sucsfYn") == "Y",
            page_size=999,
            period=words(period),
        )
        return results.AwardList(**fields)

    @connector.action(
        title=Text(en="Search contracts", ko="계약 검색"),
        description=Text(
            en="Contracts registered in a period, or those that came from one notice.",
            ko="기간별 계약 현황 또는 한 공고에서 나온 계약을 조회합니다.",
        ),
        timeout=90,
        example={"days_back": 7},
    )
    async def search_contracts(
        ctx: Context,
        kind: Annotated[Kind, Param("Kind of purchase", "업무구분")] = Kind.GOODS,
        notice_no: Annotated[
            str, Param("Only contracts of this notice", "입찰공고번호", pattern=r"^[0-9A-Za-z-]{0,40}$")
        ] = "",
        days_back: Annotated[int, Param("Days back from today", "오늘부터 거슬러 볼 일수", ge=1, le=180)] = 14,
        count: Count = 20,
        cursor: Cursor = None,
    ) -> results.ContractList:
        """Representatives' names are left out."""
        if kind is Kind.OTHER:
            raise Rejected("There are no contract lists for other purchases.", remedy="Use goods, services or works.")
        desk = Desk(ctx)
        period = last_days(desk.today, days_back)
        if notice_no:
            name = f"getCntrctInfoList{kind.suffix}PPSSrch"
            questions = [Question(name, {"inqryDiv": "4", "ntceNo": notice_no})]
        else:
            name = f"getCntrctInfoList{kind.suffix}"
            questions = desk.questions(name, {"inqryDiv": "1"}, *period)
        fields = await desk.listing(
            questions,
            lambda row, _: Contract.read(row),
            count,
            cursor,
            source=name,
            period="" if notice_no else words(period),
        )
        return results.ContractList(**fields)


def _day(question: Question) -> dict[str, str]:
    """The required period parameters, for the check of required ones; the window says the same."""
    assert question.window is not None
    return {"opengBgnDt": f"{question.window.start:%Y%m%d}0000", "opengEndDt": f"{question.window.end:%Y%m%d}2359"}
