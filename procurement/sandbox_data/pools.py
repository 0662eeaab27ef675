"""Names the invented world is made of: product classes, companies, agencies, regions, industries."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from hashlib import blake2b


def draw(*parts: object) -> int:
    """A stable pseudo-random number of 64 bits for the given parts."""
    digest = blake2b("|".join(map(str, parts)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big")


@dataclass(frozen=True, slots=True)
class ProductClass:
    detail_no: str
    name: str
    group: str
    unit: str
    price: int
    weight: int
    attributes: tuple[tuple[str, str, str], ...]

    @property
    def class_no(self) -> str:
        return self.detail_no[:8]


def _attributes(*rows: str) -> tuple[tuple[str, str, str], ...]:
    return tuple((*row.split("|"), "", "")[:3] for row in rows)  # type: ignore[misc]


_PC = _attributes(
    "CPU|3.2|GHz", "메모리|16|GB", "저장장치|512|GB", "운영체제|Windows 11 Pro", "무게|5.4|kg", "전원|500|W"
)
_FURNITURE = _attributes("가로|1400|mm", "세로|700|mm", "높이|720|mm", "재질|강판", "색상|회색", "색상|백색")

CLASSES: tuple[ProductClass, ...] = (
    ProductClass("4321150701", "데스크톱컴퓨터", "전산/사무기기", "대", 1_180_000, 14, _PC),
    ProductClass("4321150702", "산업용데스크톱컴퓨터", "전산/사무기기", "대", 2_450_000, 3, _PC),
    ProductClass("4321150301", "노트북컴퓨터", "전산/사무기기", "대", 1_520_000, 12, _PC),
    ProductClass("4321150102", "컴퓨터서버", "전산/사무기기", "대", 14_800_000, 6, _PC),
    ProductClass("4617162201", "영상감시장치", "안전/보안", "조", 8_900_000, 8, _attributes("화소|2|MP", "녹화|30|일")),
    ProductClass("3012170206", "보행매트", "토목/건축/자재", "㎡", 38_000, 7, _attributes("폭|1.5|m", "두께|20|mm")),
    ProductClass("5610153001", "캐비닛", "사무/교육/가구", "개", 317_000, 9, _FURNITURE),
    ProductClass(
        "4010190201", "제습기", "냉난방/공조", "대", 690_000, 5, _attributes("제습량|16|L/일", "소비전력|320|W")
    ),
    ProductClass("5610170301", "책상", "사무/교육/가구", "개", 246_000, 9, _FURNITURE),
    ProductClass("4323300401", "운영체제", "전산/사무기기", "식", 198_000, 4, _attributes("라이선스|영구")),
    ProductClass("4321180201", "DVD드라이브", "전산/사무기기", "대", 54_000, 2, _attributes("접속방식|USB")),
    ProductClass("4321171101", "마그네틱카드판독기", "전산/사무기기", "대", 128_000, 2, _attributes("트랙|3|개")),
    ProductClass(
        "4014218502", "압력용경질폴리염화비닐관", "토목/건축/자재", "본", 61_720, 8, _attributes("관경|65|mm")
    ),
    ProductClass("3016190801", "논슬립", "토목/건축/자재", "m", 33_000, 5, _attributes("폭|64|mm", "두께|2.8|mm")),
    ProductClass("4924159701", "조합놀이대", "운동/취미/악기", "조", 42_800_000, 4, _attributes("면적|5.5×11.5|m")),
)

SUPPLIERS_COUNT, AGENCIES_COUNT = 360, 140
_HEADS = (
    "한빛",
    "대성",
    "미래",
    "우리",
    "동아",
    "세종",
    "가온",
    "누리",
    "태평",
    "한강",
    "백두",
    "청솔",
    "금강",
    "다온",
    "새롬",
)
_TAILS = ("테크", "전자", "산업", "시스템", "가구", "정보", "건설", "이엔지", "솔루션", "엔지니어링", "상사", "물산")
_FORMS = ("주식회사 {}", "{}", "(주){}", "{} 주식회사")
#: Region code, name (codes of 참가제한지역) and a city.
REGIONS: tuple[tuple[str, str, str], ...] = (
    ("11", "서울특별시", "종로구"),
    ("26", "부산광역시", "해운대구"),
    ("27", "대구광역시", "달서구"),
    ("28", "인천광역시", "연수구"),
    ("29", "광주광역시", "북구"),
    ("30", "대전광역시", "유성구"),
    ("31", "울산광역시", "남구"),
    ("36", "세종특별자치시", ""),
    ("41", "경기도", "수원시"),
    ("43", "충청북도", "청주시"),
    ("44", "충청남도", "천안시"),
    ("46", "전라남도", "순천시"),
    ("47", "경상북도", "포항시"),
    ("48", "경상남도", "창원시"),
    ("50", "제주특별자치도", "제주시"),
    ("51", "강원특별자치도", "춘천시"),
    ("52", "전북특별자치도", "전주시"),
)
_OFFICES = ("교육청", "시청 회계과", "도시공사", "보건소", "소방본부", "상하수도사업소", "문화재단", "대학교")
INDUSTRIES: tuple[tuple[str, str], ...] = (
    ("1468", "소프트웨어사업자(컴퓨터관련서비스사업)"),
    ("0036", "정보통신공사업"),
    ("0037", "전기공사업"),
    ("0001", "토목공사업"),
    ("1426", "학술.연구용역"),
    ("1260", "시설물유지관리업"),
)


@dataclass(frozen=True, slots=True)
class Company:
    name: str
    business_no: str
    region: tuple[str, str, str]
    size: str


@dataclass(frozen=True, slots=True)
class Agency:
    name: str
    code: str
    kind: str
    region: tuple[str, str, str]
    business_no: str


@cache
def supplier(index: int) -> Company:
    index %= SUPPLIERS_COUNT
    head, tail = _HEADS[index % len(_HEADS)], _TAILS[(index // len(_HEADS)) % len(_TAILS)]
    # A few makers write escapes and signs into their own name, as on the real feed.
    base = f"{head}{tail}{'' if index < 180 else index}" + (" &lt;특허&gt;" if index % 61 == 7 else "")
    name = _FORMS[index % 4].format(base)
    return Company(
        name, f"{1_000_000_000 + draw('bizno', index) % 8_999_999_999}", REGIONS[draw("home", index) % 17], "중소기업"
    )


@cache
def agency(index: int) -> Agency:
    index %= AGENCIES_COUNT
    region = REGIONS[index % 17]
    office = _OFFICES[index % 8]
    kind = {"교육청": "교육기관", "도시공사": "지방공기업", "대학교": "국가기관", "문화재단": "기타"}.get(
        office, "지방자치단체"
    )
    name = " ".join(filter(None, (region[1], region[2], office)))
    return Agency(name, f"{6_000_000 + index * 37}", kind, region, f"{3_000_000_000 + draw('agency', index) % 10**9}")


@dataclass(frozen=True, slots=True)
class Item:
    """One product of the invented catalogue."""

    index: int
    product_id: str
    kind: ProductClass
    maker: Company
    text: str
    price: int


ITEMS = 6000
_WEIGHTED = tuple(kind for kind in CLASSES for _ in range(kind.weight))


@cache
def item(index: int) -> Item:
    index %= ITEMS
    kind = _WEIGHTED[draw("class", index) % len(_WEIGHTED)]
    maker = supplier(draw("maker", index))
    model = f"{'ABCDEFGH'[index % 8]}{index:04d}-{draw('model', index) % 90 + 10}"
    text = f"{kind.name}, {maker.name}, {model}, {kind.attributes[0][1]}{kind.attributes[0][2]}"
    # Cells that a spreadsheet would run, quote marks and line breaks exist in the real feed, too.
    odd = index % 97
    if odd == 11:
        text = f'=HYPERLINK("https://example.org/{index}","{model}")'
    elif odd == 23:
        text = f"+{text}"
    elif odd == 31:
        text = f'{kind.name}, "특수 사양", {model}\n2행 규격'
    elif odd == 43:
        text = f"@{model}, {kind.name}"
    elif odd == 59:
        text = f"-{draw('t', index) % 40}℃ {kind.name}, {model}"
    price = kind.price * (70 + draw("price", index) % 60) // 100 // 10 * 10
    return Item(index, f"{20_000_000 + index * 7:08d}", kind, maker, text, price)


def item_of(product_id: str) -> Item | None:
    """The product with this identification number."""
    if not product_id.isdigit():
        return None
    index, rest = divmod(int(product_id) - 20_000_000, 7)
    return item(index) if rest == 0 and 0 <= index < ITEMS else None
