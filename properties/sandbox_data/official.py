"""Answers of LH, Applyhome and the address search in their real shapes: real places, invented notices and roads."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from properties.sandbox_data.buildings import _draw, _lots

PROVINCES = {"11": "서울특별시", "41": "경기도", "26": "부산광역시"}
LH_KINDS = {
    "05": ("분양주택", ("공공분양",)),
    "06": ("임대주택", ("행복주택", "국민임대", "통합공공임대")),
    "13": ("매입임대/전세임대", ("매입임대", "전세임대")),
    "39": ("신혼희망타운", ("신혼희망타운",)),
}
LH_STATES = ("공고중", "접수중", "접수마감")
SUPPLY_NAMES = {
    "SBD_LGO_NM": "단지명",
    "HTY_NNA": "주택형",
    "DDO_AR": "전용면적(㎡)",
    "SPL_AR": "공급면적",
    "HSH_CNT": "세대수",
    "NOW_HSH_CNT": "금회공급 세대수",
    "LS_GMY": "임대보증금(원)",
    "RFE": "월임대료(원)",
}


TESTS: dict[str, Callable[[str, str], bool]] = {
    "EQ": operator.eq,
    "GTE": operator.ge,
    "LTE": operator.le,
    "GT": operator.gt,
    "LT": operator.lt,
    "LIKE": operator.contains,
}


def _dots(day: date) -> str:
    return day.strftime("%Y.%m.%d")


def lh_notices(kind: str, province: str, day: date) -> list[dict[str, str]]:
    """Notices of a kind, newest first; every third is closed."""
    if kind not in LH_KINDS:
        return []
    group, details = LH_KINDS[kind]
    rows = []
    for number in range(150 if kind == "06" and not province else 24):
        code = province or sorted(PROVINCES)[number % len(PROVINCES)]
        if code not in PROVINCES:
            return []
        name, detail = PROVINCES[code], details[number % len(details)]
        published = day - timedelta(days=number)
        rows.append(
            {
                "RNUM": str(number + 1),
                "UPP_AIS_TP_CD": kind,
                "UPP_AIS_TP_NM": group,
                "AIS_TP_CD": f"{7 + number % len(details):02d}",
                "AIS_TP_CD_NM": detail,
                "PAN_ID": f"2015122300{kind}{code[:2]}{number:04d}",
                "PAN_NM": f"{name} 예시{number + 1}지구 {detail} 입주자 모집",
                "CNP_CD_NM": name,
                "PAN_NT_ST_DT": _dots(published),
                "CLSG_DT": _dots(published + timedelta(days=20)),
                "PAN_SS": LH_STATES[number % len(LH_STATES)],
                "SPL_INF_TP_CD": "062",
                "CCR_CNNT_SYS_DS_CD": "03",
                "DTL_URL": "https://apply.lh.or.kr/lhapply/apply/wt/wrtanc/selectWrtancInfo.do",
            }
        )
    for row in rows:
        row["ALL_CNT"] = str(len(rows))
    return rows


def lh_supply(notice: str) -> list[dict[str, str]]:
    """Types of a notice; some rents are only words, as upstream."""
    rows = []
    for number, area in enumerate((16.74, 26.85, 36.98, 46.9)):
        only_words = _draw(f"{notice}{number}", 0, 2) == 0
        rows.append(
            {
                "SBD_LGO_NM": f"예시 {notice[-4:]}블록",
                "HTY_NNA": f"{int(area)}A",
                "DDO_AR": str(area),
                "SPL_AR": str(round(area * 1.37, 4)),
                "HSH_CNT": str(_draw(f"{notice}h{number}", 40, 400)),
                "NOW_HSH_CNT": str(_draw(f"{notice}n{number}", 1, 40)),
                "LS_GMY": "공고문 참조" if only_words else f"{_draw(f'{notice}d{number}', 8, 60) * 1_000_000:,}",
                "RFE": "공고문 참조" if only_words else f"{_draw(f'{notice}r{number}', 50, 300) * 1_000:,}",
            }
        )
    return rows


def applyhome(operation: str, day: date) -> list[dict[str, Any]]:
    """Subscription notices of one operation, or the types of them all."""
    kinds = {
        "getAPTLttotPblancDetail": ("APT", "민영"),
        "getUrbtyOfctlLttotPblancDetail": ("도시형/오피스텔/민간임대", "오피스텔"),
        "getRemndrLttotPblancDetail": ("무순위", ""),
    }
    if operation == "getAPTLttotPblancMdl":
        return [
            {
                "HOUSE_MANAGE_NO": f"2026{number:06d}",
                "PBLANC_NO": f"2026{number:06d}",
                "MODEL_NO": f"{position:02d}",
                "HOUSE_TY": f"{area:08.4f}{'AB'[position % 2]}",
                "SUPLY_AR": f"{area * 1.34:.4f}",
                "SUPLY_HSHLDCO": 20 + number % 30,
                "SPSPLY_HSHLDCO": 10 + number % 20,
                "LTTOT_TOP_AMOUNT": f"{_draw(f'{number}{position}', 40_000, 160_000)}",
            }
            for number in range(120)
            for position, area in enumerate((59.9124, 84.9715), 1)
        ]
    if operation not in kinds:
        return []
    kind, detail = kinds[operation]
    lots = sorted(_lots().items())
    rows = []
    for number in range(120 if operation.startswith("getAPT") else 12):
        _, lot = lots[number * 37 % len(lots)]
        published = day - timedelta(days=number)
        opens, closes = published + timedelta(days=10), published + timedelta(days=13)
        receipt = "RCEPT" if operation.startswith("getAPT") else "SUBSCRPT_RCEPT"
        rows.append(
            {
                "HOUSE_MANAGE_NO": f"2026{number:06d}",
                "PBLANC_NO": f"2026{number:06d}",
                "HOUSE_NM": f"예시 {lot['umd']} {number + 1}차",
                "HOUSE_SECD_NM": kind,
                "HOUSE_DTL_SECD_NM": detail,
                "RENT_SECD_NM": "분양주택",
                "SUBSCRPT_AREA_CODE_NM": "서울",
                "HSSPLY_ADRES": f"서울특별시 {lot['sgg']} {lot['umd']} {lot['jibun']} 일원",
                "TOT_SUPLY_HSHLDCO": _draw(f"{number}", 30, 900),
                "RCRIT_PBLANC_DE": published.isoformat(),
                f"{receipt}_BGNDE": opens.isoformat(),
                f"{receipt}_ENDDE": closes.isoformat(),
                "PRZWNER_PRESNATN_DE": (closes + timedelta(days=8)).isoformat(),
                "MVN_PREARNGE_YM": "202905",
                "PBLANC_URL": "https://www.applyhome.co.kr/ai/aia/selectAPTLttotPblancDetail.do",
                "MDHS_TELNO": "0255550142",
            }
        )
    return rows


def filtered(rows: list[dict[str, Any]], conditions: dict[str, str]) -> list[dict[str, Any]]:
    """Rows that meet `cond[FIELD::OP]` parameters."""
    for name, wanted in conditions.items():
        match = re.fullmatch(r"cond\[(\w+)::(EQ|GTE|LTE|LT|GT|LIKE)\]", name)
        if not match:
            continue
        field, how = match.groups()
        rows = [row for row in rows if TESTS[how](str(row.get(field, "")), wanted)]
    return rows


@lru_cache(maxsize=1)
def _addresses() -> list[dict[str, str]]:
    found = []
    for number, (key, row) in enumerate(sorted(_lots().items())):
        road = f"{re.sub(r'[0-9]*(동|가)$', '', row['umd'])}로"
        building, place = row["apt_name"], f"서울특별시 {row['sgg']} {row['umd']} {row['jibun']}"
        street = f"서울특별시 {row['sgg']} {road} {number % 400 + 1}"
        main, sub = int(key[11:15]), int(key[15:19])
        found.append(
            {
                "roadAddr": f"{street} ({row['umd']}, {building})",
                "roadAddrPart1": street,
                "roadAddrPart2": f" ({row['umd']}, {building})",
                "jibunAddr": f"{place} {building}",
                "engAddr": "",
                "zipNo": f"{6000 + number % 3000:05d}",
                "admCd": row["bjd_code"],
                "rnMgtSn": f"{row['bjd_code'][:5]}{4_100_000 + number % 9000:07d}",
                "bdMgtSn": f"{key}{number % 1_000_000:06d}",
                "detBdNmList": "",
                "bdNm": building,
                "bdKdcd": "1",
                "siNm": "서울특별시",
                "sggNm": row["sgg"],
                "emdNm": row["umd"],
                "liNm": "",
                "rn": road,
                "udrtYn": "0",
                "buldMnnm": str(number % 400 + 1),
                "buldSlno": "0",
                "mtYn": "0",
                "lnbrMnnm": str(main),
                "lnbrSlno": str(sub),
                "emdNo": "01",
            }
        )
    return found


def juso(keyword: str) -> list[dict[str, str]]:
    """Addresses that hold every word."""
    words = keyword.split()
    return [row for row in _addresses() if all(_holds(row, word) for word in words)]


def _holds(row: dict[str, str], word: str) -> bool:
    """Whether a word is one of the address's words; names of districts also fit without their ending."""
    words = {*row["roadAddrPart1"].split(), *row["jibunAddr"].split(), "서울", "서울시"}
    if word in words or word in row["bdNm"]:
        return True
    return not word[-1].isdigit() and any(item.startswith(word) for item in words)
