"""The operations of 조달청: where each lives, what it asks for, how long a period may be, what makes a row unique.

The list is `procurement/data/operations.csv`, extracted from the OpenAPI guides 1.0–1.3; what the guides leave open
(limits seen live, unique keys) is stated here.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from procurement.g2b.calendar import Span, Window
from procurement.g2b.errors import BadRequest

INSTITUTION = "/1230000"
DATA = Path(__file__).resolve().parent.parent / "data"


@dataclass(frozen=True, slots=True)
class Period:
    """The two parameters of a period and how they are written: 8 digits (days) or 12 (days and minutes)."""

    begin: str
    end: str
    digits: int

    def params(self, window: Window) -> dict[str, str]:
        """Both ends of the window, always: an omitted end silently means one day on many operations."""
        late, early = f"{window.end:%Y%m%d}", f"{window.start:%Y%m%d}"
        if self.digits == 12:
            early, late = early + "0000", late + "2359"
        elif self.digits == 6:
            early, late = early[:6], late[:6]
        return {self.begin: early, self.end: late}


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of one service."""

    name: str
    service: str
    path: str
    title: str
    params: tuple[str, ...]
    required: tuple[str, ...]
    period: Period | None
    span: Span
    key: tuple[str, ...]
    #: The column that tells revisions of one key apart, compared as an integer.
    order: str = ""

    @property
    def url(self) -> str:
        return f"{INSTITUTION}{self.path}/{self.name}"


_PERIODS = (
    Period("rgstDtBgnDt", "rgstDtEndDt", 12),
    Period("inqryBgnDate", "inqryEndDate", 8),
    Period("inqryBgnDt", "inqryEndDt", 12),
    Period("bidNtceBgnDt", "bidNtceEndDt", 12),
    Period("opengBgnDt", "opengEndDt", 12),
    Period("cntrctCnclsBgnDate", "cntrctCnclsEndDate", 8),
    Period("chgPrdBgnDt", "chgPrdEndDt", 8),
    Period("srchBssYmBgn", "srchBssYmEnd", 6),
)
_LIMITS = {"1년": Span(months=12), "12개월": Span(months=12), "36개월": Span(months=36), "1개월": Span(months=1)}
_LIMITS |= {"1주일": Span(days=7), "1일": Span(days=1)}
#: Services whose guides are silent and whose live answers refuse more than a calendar month.
_MONTHLY = {"BidPublicInfoService", "ScsbidInfoService", "CntrctInfoService", "HrcspSsstndrdInfoService"}
_MONTHLY |= {"PrvtBidNtceService", "PrvtScsbidInfoService", "PrvtCntrctInfoService", "PrcrmntReqInfoService"}

_NOTICE = ("bidNtceNo", "bidNtceOrd")
_PRODUCT = ("shopngCntrctNo", "shopngCntrctSno")
_KEYS: tuple[tuple[str, tuple[str, ...], str], ...] = (
    (r"get(MAS|U|ThptyU)[cC]ntrctPrdctInfoList|getShoppingMallPrdctInfoList", _PRODUCT, ""),
    (r"getDlvrReqDtlInfoList", ("dlvrReqNo", "prdctSno"), "dlvrReqChgOrd"),
    (r"getDlvrReqInfoList", ("dlvrReqNo",), "dlvrReqChgOrd"),
    (r"getSpcifyPrdlstPrcureInfoList", ("cntrctDlvrReqNo", "bizno", "prdctSno"), "cntrctDlvrReqChgOrd"),
    (r"getBidPblancListInfoLicenseLimit", (*_NOTICE, "lmtGrpNo", "lmtSno"), ""),
    (r"getBidPblancListInfoPrtcptPsblRgn", (*_NOTICE, "lmtSno"), ""),
    (r"getBidPblancListInfo\w*PurchsObjPrdct", (*_NOTICE, "purchsObjPrdctSno"), ""),
    (r"getBidPblancListInfoEorderAtchFileInfo", (*_NOTICE, "atchSno"), ""),
    (r"getBidPblancListInfoChgHstry\w+", (*_NOTICE, "chgItemNm", "chgDt"), ""),
    (r"get(Prvt)?BidPblancListInfo(Thng|Servc|Cnstwk|Frgcpt|Etc)(PPSSrch)?", _NOTICE, ""),
    (r"getScsbidListSttus\w+", (*_NOTICE, "bidClsfcNo", "rbidNo"), ""),
    (r"getOpengResultListInfo\w+PreparPcDetail", (*_NOTICE, "bidClsfcNo", "rbidNo", "compnoRsrvtnPrceSno"), ""),
    (r"getOpengResultListInfoOpengCompt", (*_NOTICE, "bidClsfcNo", "rbidNo", "prcbdrBizno"), ""),
    (r"getOpengResultListInfo\w+", (*_NOTICE, "bidClsfcNo", "rbidNo"), ""),
    (r"getCntrctInfoList(Thng|Frgcpt)Detail", ("untyCntrctNo", "prdctIdntNo"), ""),
    (r"getCntrctInfoList\w+", ("untyCntrctNo",), ""),
    (r"getPublicPrcureThngInfo\w+", ("bfSpecRgstNo",), ""),
    (r"getDataSetOpnStdBidPblancInfo", _NOTICE, ""),
    (r"getDataSetOpnStdScsbidInfo", (*_NOTICE, "bidprcCorpBizrno", "opengRank"), ""),
    (r"getDataSetOpnStdCntrctInfo", ("untyCntrctNo", "cntrctOrd"), ""),
)


@cache
def operations() -> dict[str, Operation]:
    """Every documented operation by name."""
    with (DATA / "operations.csv").open(encoding="utf-8", newline="") as file:
        found = [_operation(row) for row in csv.DictReader(file)]
    return {operation.name: operation for operation in found}


def operation(name: str) -> Operation:
    """One operation; `BadRequest` for a name that is not documented."""
    try:
        return operations()[name]
    except KeyError:
        raise BadRequest(f"There is no operation {name!r}.", remedy="Use a name of the list of operations.") from None


def _operation(row: dict[str, str]) -> Operation:
    marked = row["request_params(*=required)"].split()
    params = tuple(name.rstrip("*") for name in marked)
    name, service = row["operation"], row["service"]
    period = next((period for period in _PERIODS if period.begin in params), None)
    span = _LIMITS.get(row["documented_range_limit"]) or (Span(months=1) if period and service in _MONTHLY else Span())
    key, order = next(((key, order) for pattern, key, order in _KEYS if re.fullmatch(pattern, name)), ((), ""))
    required = tuple(name.rstrip("*") for name in marked if name.endswith("*"))
    if name == "getShoppingMallPrdctInfoList":
        # The guide marks the contract number as required; it is so only with inqryDiv=2.
        required = ("inqryDiv",)
    return Operation(name, service, row["path"], row["name_ko"], params, required, period, span, key, order)
