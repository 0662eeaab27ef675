"""The vectors of the domain reference for prices, areas, floors, directions, dates and personal data."""

from datetime import UTC, date, datetime

import pytest

from properties.normalise import (
    Direction,
    FloorBand,
    Trade,
    parse_amount,
    parse_area,
    parse_building_dong,
    parse_date,
    parse_direction,
    parse_floor,
    parse_moment,
    parse_price,
    reconcile_areas,
    scrub,
    to_pyeong,
)
from properties.normalise.floors import band_of
from properties.normalise.prices import from_won, unit_flags


@pytest.mark.parametrize(
    ("text", "manwon"),
    [
        ("12억 3,000", 123_000),
        ("12억3000", 123_000),
        ("3억5천", 35_000),
        ("1.5억", 15_000),
        ("9,500만", 9_500),
        ("1억2천3백만원", 12_300),
        ("7억", 70_000),
        (" 82,500", 82_500),
        ("1,230,000,000원", 123_000),
        ("450,000원", 45),
    ],
)
def test_amounts_become_manwon(text: str, manwon: int) -> None:
    assert parse_amount(text) == manwon


@pytest.mark.parametrize(
    ("text", "deposit", "rent", "fee"),
    [
        ("5000/60", 5_000, 60, None),
        ("1억/180", 10_000, 180, None),
        ("1억 5,000만원 / 월 80", 15_000, 80, None),
        ("500 / 45만 (관리비 5만)", 500, 45, 5),
        ("0/50", 0, 50, None),
        ("무보증 50", 0, 50, None),
        ("월세 1000에 50", 1_000, 50, None),
    ],
)
def test_deposits_and_rents_are_told_apart(text: str, deposit: int, rent: int, fee: int | None) -> None:
    price = parse_price(text)

    assert (price.amount, price.rent, price.fee, price.trade) == (deposit, rent, fee, Trade.MONTHLY)


def test_a_trade_word_in_the_price_sets_the_trade() -> None:
    assert parse_price("전세 7억") == parse_price("전세 7억", Trade.JEONSE)
    assert parse_price("전세 7억").amount == 70_000


@pytest.mark.parametrize("text", ["협의", "문의", "가격협의"])
def test_a_price_on_request_is_empty_and_flagged(text: str) -> None:
    assert parse_price(text).amount is None
    assert parse_price(text).flags == ("negotiable",)


@pytest.mark.parametrize("text", ["-", "", None])
def test_no_price_is_empty_without_a_flag(text: str | None) -> None:
    assert (parse_price(text).amount, parse_price(text).flags) == (None, ())


def test_a_range_keeps_both_ends() -> None:
    price = parse_price("12억~13억")

    assert (price.amount, price.amount_max) == (120_000, 130_000)


def test_an_unreadable_price_says_so() -> None:
    assert parse_price("시세대로").flags == ("unreadable_price",)


def test_won_sources_are_divided_once() -> None:
    assert from_won(1_230_000_000) == 123_000


def test_a_likely_unit_error_is_flagged_not_repaired() -> None:
    assert unit_flags(Trade.SALE, 123, None) == ("price_unit_suspect",)
    assert unit_flags(Trade.MONTHLY, 1_000, 650_000) == ("rent_unit_suspect",)
    assert unit_flags(Trade.SALE, 123_000, None) == ()


def test_a_pyeong_is_400_121ths_of_a_square_metre() -> None:
    assert parse_area("1평") == pytest.approx(3.305785, abs=1e-4)
    assert to_pyeong(84.97) == pytest.approx(25.7, abs=0.01)
    assert parse_area("112A") == 112
    assert parse_area("0") is None


def test_swapped_area_columns_are_put_right() -> None:
    areas = reconcile_areas(112.39, 84.97)

    assert (areas.exclusive, areas.supply, areas.flags) == (84.97, 112.39, ("areas_swapped",))
    assert areas.pyeong_class == 33


@pytest.mark.parametrize(
    ("text", "number", "band", "total"),
    [
        ("12/25", 12, FloorBand.MID, 25),
        ("고/25", None, FloorBand.HIGH, 25),
        ("저/25", None, FloorBand.LOW, 25),
        ("B1/4", -1, None, 4),
        ("지하1", -1, None, None),
        ("-1", -1, None, None),
        ("3층", 3, None, None),
    ],
)
def test_floors(text: str, number: int | None, band: FloorBand | None, total: int | None) -> None:
    floor = parse_floor(text)

    assert (floor.number, floor.band, floor.total) == (number, band, total)


def test_special_floors_keep_their_kind() -> None:
    assert parse_floor("반지하").is_semi_basement
    assert parse_floor("옥탑").is_rooftop
    assert parse_floor("전층").is_whole_building
    assert (parse_floor("1-2층").number, parse_floor("1-2층").top) == (1, 2)
    assert parse_floor("30/25").flags == ("floor_above_total",)


def test_bands_are_thirds() -> None:
    assert [band_of(floor, 15) for floor in (5, 6, 10, 11)] == [
        FloorBand.LOW,
        FloorBand.MID,
        FloorBand.MID,
        FloorBand.HIGH,
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ES", (Direction.SOUTH_EAST, None)),
        ("WN", (Direction.NORTH_WEST, None)),
        ("sw", (Direction.SOUTH_WEST, None)),
        ("남동향(거실 기준)", (Direction.SOUTH_EAST, "거실")),
        ("동남향", (Direction.SOUTH_EAST, None)),
        ("", (None, None)),
    ],
)
def test_directions(text: str, expected: tuple[Direction | None, str | None]) -> None:
    assert parse_direction(text) == expected


@pytest.mark.parametrize(
    "text", ["20260912", "26.09.12", "26.09.12.", "2026-09-12", "2026.09.12", "2026-09-12T08:00:00"]
)
def test_dates_are_korean_days(text: str) -> None:
    assert parse_date(text) == date(2026, 9, 12)


def test_a_zone_in_the_text_wins_and_utc_fields_are_utc() -> None:
    assert parse_date("2026-09-12T16:00:00Z") == date(2026, 9, 13)
    assert parse_moment("2026-09-01T01:02:03", utc=True) == datetime(2026, 9, 1, 1, 2, 3, tzinfo=UTC)
    assert parse_date("2026-02-30") is None


@pytest.mark.parametrize(
    ("text", "dong"), [("103동", "103"), ("103", "103"), ("제103동", "103"), ("a동", "A"), ("가동", "가")]
)
def test_building_dongs(text: str, dong: str) -> None:
    assert parse_building_dong(text) == dong


@pytest.mark.parametrize(
    "text",
    [
        "문의 010-1234-5678",
        "010.1234.5678",
        "０１０ １２３４ ５６７８",
        "01012345678 연락주세요",
        "02-555-1234",
        "+82 10 1234 5678",
        "공일공-1234-5678",
        "0507-1234-5678",
        "1588-1234",
        "realtor@example.com",
        "카톡 아이디: homeking77",
        "홍길동 소장",
        "담당자: 홍길동",
    ],
)
def test_contact_data_is_scrubbed(text: str) -> None:
    clean = scrub(text)

    for secret in ("1234", "１２３４", "5678", "example.com", "homeking", "홍길동"):
        assert secret not in clean


@pytest.mark.parametrize(
    "text",
    ["12억 3,000 84.97㎡ 12/25", "매물번호 2600000001", "2026-09-12 입주", "역에서 500m, 3000/65", "방 3 욕실 2"],
)
def test_facts_survive_scrubbing(text: str) -> None:
    assert scrub(text).replace("m2", "㎡") == text.replace("m²", "㎡")
