"""Transaction answers: the real sample of January to September 2021; later months replay it with invented growth."""

from __future__ import annotations

import csv
import gzip
from calendar import monthrange
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from xml.sax.saxutils import escape

SAMPLE = Path(__file__).parent.parent / "data" / "molit_apt_trade_seoul_2021.csv.gz"
FIRST, LAST = 2021 * 12 + 1, 2021 * 12 + 9
GROWTH_PER_MONTH = 0.0025
MAX_ROWS = 1_000


@lru_cache(maxsize=1)
def _sample() -> dict[tuple[str, int], list[dict[str, str]]]:
    found: dict[tuple[str, int], list[dict[str, str]]] = {}
    with gzip.open(SAMPLE, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            year, month, _ = row["deal_date"].split("-")
            found.setdefault((row["lawd_cd"], int(year) * 12 + int(month)), []).append(row)
    return found


def deals(lawd_cd: str, month: str) -> tuple[list[dict[str, str]], float]:
    """Sample rows standing for a district and month, and the factor on their prices."""
    number = int(month[:4]) * 12 + int(month[4:])
    if number < FIRST:
        return [], 1.0
    source = number if number <= LAST else FIRST + (number - FIRST) % 9
    return _sample().get((lawd_cd, source), []), (1 + GROWTH_PER_MONTH) ** (number - source)


def _share(text: str) -> float:
    return int.from_bytes(blake2b(text.encode(), digest_size=4).digest(), "big") / 2**32


def _item(row: dict[str, str], factor: float, month: str, rent: bool) -> dict[str, str]:
    bonbun, _, bubun = row["jibun"].partition("-")
    price = int(row["price_manwon"])
    if factor != 1.0:
        price = round(price * factor / 100) * 100
    fields = {
        "aptDong": " ",
        "aptNm": row["apt_name"],
        "aptSeq": f"{row['lawd_cd']}-{int(_share(row['apt_name'] + row['jibun']) * 9_999)}",
        "buildYear": row["build_year"],
        # The sample's month may be longer than the one it stands for.
        "dealDay": str(min(int(row["deal_date"][8:]), monthrange(int(month[:4]), int(month[4:]))[1])),
        "dealMonth": str(int(month[4:])),
        "dealYear": month[:4],
        "excluUseAr": row["area_m2"],
        "floor": row["floor"],
        "jibun": row["jibun"],
        "sggCd": row["lawd_cd"],
        "umdNm": row["umd"],
    }
    if rent:
        ratio = 0.5 + 0.16 * _share(row["apt_name"])
        deposit = round(price * ratio / 500) * 500
        monthly = _share(f"{row['deal_date']}{row['jibun']}{row['floor']}") < 0.4
        kept = round(deposit * 0.3 / 500) * 500 if monthly else deposit
        fields |= {
            "deposit": f"{kept:,}",
            "monthlyRent": str(round((deposit - kept) * 0.05 / 12)) if monthly else "0",
            "contractType": "신규",
            "contractTerm": " ",
            "useRRRight": " ",
            "preDeposit": " ",
            "preMonthlyRent": " ",
        }
        return fields
    fields |= {
        "bonbun": bonbun.zfill(4),
        "bubun": (bubun or "0").zfill(4),
        "buyerGbn": " ",
        "cdealDay": " ",
        "cdealType": " ",
        "dealAmount": f"{price:,}",
        "dealingGbn": " ",
        "estateAgentSggNm": " ",
        "landCd": "1",
        "landLeaseholdGbn": "N",
        "rgstDate": " ",
        "slerGbn": " ",
        "umdCd": row["bjd_code"][5:],
    }
    return fields


def answer(lawd_cd: str, month: str, page: int, size: int, *, rent: bool = False) -> str:
    """The XML of one page."""
    rows, factor = deals(lawd_cd, month)
    part = rows[(page - 1) * size : page * size]
    items = "".join(
        "<item>"
        + "".join(f"<{name}>{escape(value)}</{name}>" for name, value in _item(row, factor, month, rent).items())
        + "</item>"
        for row in part
    )
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?><response><header><resultCode>000</resultCode>'
        f"<resultMsg>OK</resultMsg></header><body><items>{items}</items><numOfRows>{size}</numOfRows>"
        f"<pageNo>{page}</pageNo><totalCount>{len(rows)}</totalCount></body></response>"
    )


def gateway_error(code: str) -> str:
    """The gateway's own error body."""
    words = {
        "20": "SERVICE_ACCESS_DENIED_ERROR",
        "22": "LIMITED_NUMBER_OF_SERVICE_REQUESTS_EXCEEDS_ERROR",
        "30": "SERVICE_KEY_IS_NOT_REGISTERED_ERROR",
        "31": "DEADLINE_HAS_EXPIRED_ERROR",
        "32": "UNREGISTERED_IP_ERROR",
        "12": "NO_OPENAPI_SERVICE_ERROR",
    }
    return (
        "<OpenAPI_ServiceResponse><cmmMsgHeader><errMsg>SERVICE ERROR</errMsg>"
        f"<returnAuthMsg>{words.get(code, 'UNKNOWN_ERROR')}</returnAuthMsg>"
        f"<returnReasonCode>{code}</returnReasonCode></cmmMsgHeader></OpenAPI_ServiceResponse>"
    )
