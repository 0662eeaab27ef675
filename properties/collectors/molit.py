"""Client of the ministry's transaction services (국토교통부 실거래가, apis.data.go.kr/1613000).

An error is never an empty month: every answer is either complete (rows received equal totalCount) or an exception.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote
from xml.etree.ElementTree import Element, ParseError, XMLParser

from integrations.sdk import AuthError, RateLimited, Rejected, Unavailable, check_response
from properties.normalise.codes import PropertyType, Trade
from properties.normalise.regions import regions

if TYPE_CHECKING:
    import httpx2

LIVE = "https://apis.data.go.kr/1613000"
PAGE_SIZE = 1_000
MAX_PAGES = 60

SERVICES: dict[str, tuple[str, PropertyType, Trade]] = {
    "apartment_sale": ("RTMSDataSvcAptTradeDev", PropertyType.APARTMENT, Trade.SALE),
    "apartment_rent": ("RTMSDataSvcAptRent", PropertyType.APARTMENT, Trade.JEONSE),
    "officetel_sale": ("RTMSDataSvcOffiTrade", PropertyType.OFFICETEL, Trade.SALE),
    "officetel_rent": ("RTMSDataSvcOffiRent", PropertyType.OFFICETEL, Trade.JEONSE),
    "villa_sale": ("RTMSDataSvcRHTrade", PropertyType.VILLA, Trade.SALE),
    "villa_rent": ("RTMSDataSvcRHRent", PropertyType.VILLA, Trade.JEONSE),
    "house_sale": ("RTMSDataSvcSHTrade", PropertyType.HOUSE, Trade.SALE),
    "house_rent": ("RTMSDataSvcSHRent", PropertyType.HOUSE, Trade.JEONSE),
    "shop_sale": ("RTMSDataSvcNrgTrade", PropertyType.SHOP, Trade.SALE),
    "land_sale": ("RTMSDataSvcLandTrade", PropertyType.LAND, Trade.SALE),
    "presale_sale": ("RTMSDataSvcSilvTrade", PropertyType.PRESALE, Trade.SALE),
    "factory_sale": ("RTMSDataSvcInduTrade", PropertyType.FACTORY, Trade.SALE),
}

# Element names before the services were replaced in 2024; both are accepted.
_OLD_NAMES = {
    "거래금액": "dealAmount",
    "건축년도": "buildYear",
    "년": "dealYear",
    "월": "dealMonth",
    "일": "dealDay",
    "법정동": "umdNm",
    "아파트": "aptNm",
    "전용면적": "excluUseAr",
    "지번": "jibun",
    "지역코드": "sggCd",
    "층": "floor",
    "보증금액": "deposit",
    "월세금액": "monthlyRent",
    "해제여부": "cdealType",
    "해제사유발생일": "cdealDay",
    "거래유형": "dealingGbn",
    "중개사소재지": "estateAgentSggNm",
}
_CODES: dict[str, tuple[type[Exception], str, str]] = {
    "20": (AuthError, "The key has no access to this service.", "Apply for the service on data.go.kr."),
    "22": (RateLimited, "The key's calls for today are used up.", "Wait until tomorrow or apply for more calls."),
    "30": (AuthError, "The key is not registered.", "Use the decoded key, and wait an hour after applying."),
    "31": (AuthError, "The key has expired.", "Extend it on data.go.kr."),
    "32": (AuthError, "The key may not be used from this address.", "Register this server's address."),
    "12": (Rejected, "The service was retired.", "Update the portal."),
    "10": (Rejected, "A parameter is wrong.", "Check the region code and the month."),
    "11": (Rejected, "A parameter is missing.", "Check the region code and the month."),
}


@dataclass(frozen=True, slots=True)
class Deal:
    """One reported transaction. Money in 만원; `rent` 0 means jeonse; `cancelled_on` keeps the row."""

    service: str
    lawd_cd: str
    dong: str
    region_code: str | None
    lot: str
    name: str
    exclusive_m2: float | None
    floor: int | None
    built_year: int | None
    dealt_on: date
    price: int | None = None
    deposit: int | None = None
    rent: int | None = None
    building: str = ""
    complex_id: str = ""
    cancelled_on: date | None = None
    is_direct: bool = False
    is_share: bool = False
    contract_kind: str = ""
    registered_on: date | None = None

    @property
    def trade(self) -> Trade:
        """Sale, jeonse or monthly."""
        if self.price is not None:
            return Trade.SALE
        return Trade.MONTHLY if self.rent else Trade.JEONSE


@dataclass(frozen=True, slots=True)
class Month:
    """All deals of one district and month; `lawd_cd` is the code that the upstream files them under."""

    service: str
    lawd_cd: str
    month: str
    deals: tuple[Deal, ...]
    total: int
    as_of: datetime
    is_provisional: bool
    tried: tuple[str, ...]


def _text(value: object) -> str:
    return "" if value is None else str(value).strip()


def whole_of(value: object) -> int | None:
    """Whole number of a figure as the services write it (" 82,500"); None when blank or none."""
    text = _text(value).replace(",", "")
    try:
        return int(float(text)) if text else None
    except ValueError:
        return None


def number_of(value: object) -> float | None:
    """Number of a figure; zero and blanks mean unknown."""
    text = _text(value).replace(",", "")
    try:
        number = float(text) if text else 0.0
    except ValueError:
        return None
    return number or None


def _short_day(value: object) -> date | None:
    match = re.fullmatch(r"(\d{2,4})\.(\d{1,2})\.(\d{1,2})", _text(value))
    if not match:
        return None
    year = int(match[1]) + (2000 if len(match[1]) == 2 else 0)
    return date(year, int(match[2]), int(match[3]))


def read_deal(service: str, raw: Mapping[str, object]) -> Deal | None:
    """The deal of one item of any service, old or new names; None when it has no date."""
    item = {_OLD_NAMES.get(name, name): value for name, value in raw.items()}
    year, month, day = (whole_of(item.get(name)) for name in ("dealYear", "dealMonth", "dealDay"))
    if not (year and month and day):
        return None
    lawd_cd, dong = _text(item.get("sggCd")), _text(item.get("umdNm"))
    region_code = None
    if umd := _text(item.get("umdCd")):
        region_code = f"{lawd_cd}{umd}"
    elif dong and (district := regions().get(lawd_cd)):
        region_code, _ = regions().resolve([*district.name.split(), *dong.split()])
    current = regions().current(region_code) if region_code else ()
    return Deal(
        service=service,
        lawd_cd=lawd_cd,
        dong=dong,
        region_code=current[0] if len(current) == 1 else region_code,
        lot=_text(item.get("jibun")),
        name=_text(item.get("aptNm") or item.get("offiNm") or item.get("mhouseNm") or item.get("buildingType")),
        exclusive_m2=number_of(
            item.get("excluUseAr") or item.get("totalFloorAr") or item.get("buildingAr") or item.get("dealArea")
        ),
        floor=whole_of(item.get("floor")),
        built_year=whole_of(item.get("buildYear")),
        dealt_on=date(year, month, day),
        price=whole_of(item.get("dealAmount")),
        deposit=whole_of(item.get("deposit")),
        rent=whole_of(item.get("monthlyRent")),
        building=_text(item.get("aptDong")),
        complex_id=_text(item.get("aptSeq")),
        cancelled_on=_short_day(item.get("cdealDay") or item.get("cdealday"))
        if _text(item.get("cdealType") or item.get("cdealtype")) == "O"
        else None,
        is_direct=_text(item.get("dealingGbn")) == "직거래",
        is_share=bool(_text(item.get("shareDealingType"))),
        contract_kind=_text(item.get("contractType")),
        registered_on=_short_day(item.get("rgstDate")),
    )


def parse_answer(text: str) -> tuple[list[dict[str, str]], int]:
    """Items and totalCount of an XML answer; raises the SDK's errors for every error body there is."""
    # Expat of Python 3.11 limits entity expansion; external entities are not read.
    parser = XMLParser()  # noqa: S314  # nosec B314
    try:
        parser.feed(text)
        root: Element = parser.close()
    except ParseError:
        raise Unavailable(
            "The transaction service sent a broken answer.", code="broken_answer", remedy="Try again later."
        ) from None
    if root.tag == "OpenAPI_ServiceResponse" or root.find(".//returnReasonCode") is not None:
        code = _text(root.findtext(".//returnReasonCode"))
        raise gateway_error(code, _text(root.findtext(".//returnAuthMsg")) or _text(root.findtext(".//errMsg")))
    code = _text(root.findtext(".//resultCode"))
    if code not in ("000", "00"):
        raise gateway_error(code, _text(root.findtext(".//resultMsg")))
    items = [{child.tag: child.text or "" for child in item} for item in root.findall(".//item")]
    total = whole_of(root.findtext(".//totalCount"))
    if total is None:
        raise Unavailable("The transaction service sent no total.", code="broken_answer", remedy="Try again later.")
    return items, total


def gateway_error(code: str, message: str) -> Exception:
    """The SDK's error for a result code of data.go.kr."""
    kind, words, remedy = _CODES.get(
        code.lstrip("0").zfill(2) if code else "",
        (Unavailable, "The transaction service has a problem.", "Try again later."),
    )
    return kind(f"{words} (code {code or '?'}{': ' + message if message else ''})", remedy=remedy)


def decoded_key(service_key: str) -> str:
    """The key as it is sent: the portal shows it encoded and decoded, and encoding it twice answers with code 30."""
    return unquote(service_key) if "%" in service_key else service_key


class Molit:
    """The client. `http` carries the base URL; the key may be given in its encoded or decoded form."""

    def __init__(self, http: httpx2.AsyncClient, service_key: str) -> None:
        self.http = http
        self.key = decoded_key(service_key)

    async def month(self, service: str, lawd_cd: str, month: str) -> Month:
        """All deals of one district (5 digits) and month (YYYYMM), all pages.

        An unknown code answers with zero rows, so an empty month is asked again under the codes it had before.
        """
        tried: list[str] = []
        family = regions().lawd_family(lawd_cd)
        ordered = [lawd_cd, *(code for code in family if code != lawd_cd)]
        found: tuple[Deal, ...] = ()
        total, used = 0, lawd_cd
        for code in ordered:
            tried.append(code)
            found, total = await self._all_pages(service, code, month)
            if total:
                used = code
                break
        now = datetime.now(UTC)
        return Month(service, used, month, found, total, now, _is_provisional(month, now), tuple(tried))

    async def _all_pages(self, service: str, lawd_cd: str, month: str) -> tuple[tuple[Deal, ...], int]:
        items: list[dict[str, str]] = []
        total = 0
        for page in range(1, MAX_PAGES + 1):
            rows, total = await self._page(service, lawd_cd, month, page)
            items.extend(rows)
            if len(items) >= total:
                break
            if not rows:
                raise Unavailable(
                    f"The transaction service announced {total} rows and sent {len(items)}.",
                    code="incomplete_answer",
                    remedy="Try again later.",
                )
        else:
            raise Unavailable("The month has more pages than allowed.", code="incomplete_answer")
        deals = tuple(deal for deal in (read_deal(service, item) for item in items) if deal)
        return deals, total

    async def _page(self, service: str, lawd_cd: str, month: str, page: int) -> tuple[list[dict[str, str]], int]:
        name = SERVICES[service][0]
        params: dict[str, Any] = {
            "serviceKey": self.key,
            "LAWD_CD": lawd_cd,
            "DEAL_YMD": month,
            "pageNo": page,
            "numOfRows": PAGE_SIZE,
        }
        response = await self.http.get(f"/{name}/get{name}", params=params)
        body = response.text
        if "returnReasonCode" not in body:
            check_response(response, service="The transaction service")
        return parse_answer(body)


def _is_provisional(month: str, now: datetime) -> bool:
    """Reports are due within 30 days of the contract: this month and the two before it still change."""
    return (now.year * 12 + now.month) - (int(month[:4]) * 12 + int(month[4:])) <= 2
