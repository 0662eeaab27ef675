"""Rows of the invented bidding as the bid, award, contract and open-standard services give them."""

from __future__ import annotations

from datetime import timedelta

from procurement.sandbox_data.bids import NoticeEvent
from procurement.sandbox_data.pools import CLASSES, supplier
from procurement.sandbox_data.products import template


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
        "cntrctCnclsMthdNm": event.method,
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
        "indstrytyLmtYn": "Y" if event.seed % 2 else "N",
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
        "bsnsDivNm": event.kind_name,
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
        "bsnsDivNm": event.kind_name,
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
        "bsnsDivNm": event.kind_name,
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
        who = event.winner() if rank == 1 else supplier(event.seed // 5 + rank * 7)
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
        "bsnsDivNm": event.kind_name,
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
        "cntrctCnclsMthdNm": event.method,
        "rgstDt": f"{day:%Y-%m-%d} 17:00:00",
    }


def specification_row(event: NoticeEvent) -> dict[str, str]:
    """A row of the pre-specification operations: what was published ten days before the notice."""
    at = event.published - timedelta(days=10)
    number = event.notice_no.replace("BK", "BD")
    return template("getPublicPrcureThngInfoThng") | {
        "bsnsDivNm": event.kind_name,
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
                "bsnsDivNm": event.kind_name,
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
        "bsnsDivNm": event.kind_name,
        "cntrctCnclsMthdNm": event.method,
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
