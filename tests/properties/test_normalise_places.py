"""Addresses, region codes across the reforms, and complex names."""

import pytest

from properties.normalise import RawAdvert, Trade, normalise_advert, parse_address, parse_complex_name, regions


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("서울특별시 강남구 역삼동 1-1", "1168010100"),
        ("서울 강남구 역삼동", "1168010100"),
        ("강남구 역삼동", "1168010100"),
        ("경기도 수원시 영통구 매탄동", "4111710100"),
        ("수원 영통구 매탄동", "4111710100"),
        ("세종시 나성동 12", "3611010700"),
        ("서울 종로구 세종로 1", "1111011900"),
        ("서울특별시 강남구 가나로 1 (역삼동, 가나래미)", "1168010100"),
    ],
)
def test_addresses_find_their_legal_dong(text: str, code: str) -> None:
    assert parse_address(text).code == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("광주 동구 충장로1가 1-2", "1221012700"),
        ("전남 나주시 빛가람동", "1217013400"),
        ("인천 서구 왕길동", "2829010900"),
        ("강원도 춘천시 퇴계동", "5111012300"),
        ("경기 화성시 반송동", "4159710200"),
    ],
)
def test_names_from_before_a_reform_find_todays_code(text: str, code: str) -> None:
    assert parse_address(text).code == code


def test_a_dong_without_its_district_is_never_guessed() -> None:
    assert parse_address("역삼동 1-1").code is None
    assert parse_address("중구").code is None


def test_an_administrative_dong_is_not_taken_for_a_legal_one() -> None:
    address = parse_address("서울 강남구 역삼1동 123")

    assert (address.code, address.admin_dong) == ("1168000000", "역삼1동")
    assert "administrative_dong" in address.flags


def test_lot_and_road_keys() -> None:
    assert parse_address("서울특별시 강남구 역삼동 산12-3").lot_key == "1168010100200120003"
    assert parse_address("서울 서초구 반포대로333").road_key == "11650:반포대로:333-0"
    assert parse_address("서울 서초구 반포대로 지하333").road_key == "11650:반포대로:지하333-0"


def test_building_dong_and_unit_are_taken_off_the_end() -> None:
    address = parse_address("서울 강남구 역삼동 1-1 가나래미 103동 1201호")

    assert (address.building, address.building_dong, address.unit) == ("가나래미", "103", "1201")


def test_districts_list_their_predecessors_for_upstream_calls() -> None:
    table = regions()

    assert table.lawd_family("12210") == ("12210", "29110")
    assert table.lawd_family("28125") == ("28125", "28110", "28140")
    assert table.lawd_family("41591") == ("41591", "41590")
    assert table.current("4211010100") == ("5111010100",)
    assert table.current("9999999999") == ()
    assert len(table.districts()) == 256


def test_a_divided_district_names_every_successor() -> None:
    assert {code[:5] for code in regions().current("28110")} == {"28125", "28155"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("이편한세상 3단지", "e편한세상3단지아파트"),
        ("래미안Ⅱ", "래미안 2차"),
        ("제3단지 주공", "3단지주공"),
        ("더샾 리버", "더샵리버"),
        ("에스케이뷰", "SK VIEW"),
        ("GS 자이", "지에스자이"),
        ("현대(101동~106동)", "현대"),
    ],
)
def test_spellings_of_one_complex_compare_equal(one: str, other: str) -> None:
    first, second = parse_complex_name(one), parse_complex_name(other)

    assert (first.stem, first.numbers) == (second.stem, second.numbers)


def test_numbers_in_complex_names_are_kept() -> None:
    assert parse_complex_name("목동신시가지7").numbers != parse_complex_name("목동신시가지13").numbers


def test_an_advert_becomes_a_listing_with_everything_typed() -> None:
    raw = RawAdvert(
        platform="naver",
        platform_id="1",
        fields={
            "trade": "A1",
            "property_type": "APT",
            "price_text": "12억 3,000",
            "exclusive": 84,
            "supply": 112,
            "floor": "12/25",
            "direction": "남동향",
            "complex_name": "가나래미",
            "building_dong": "103동",
            "region_code": "2611010100",
            "latitude": "126.95",
            "longitude": "37.51",
            "description": "급매 010-1234-5678",
            "confirmed_on": "20260912",
        },
    )

    listing = normalise_advert(raw)

    assert (listing.trade, listing.price, listing.deposit) == (Trade.SALE, 123_000, None)
    assert (listing.latitude, listing.longitude) == (37.51, 126.95)
    assert (listing.floor, listing.floor_total, listing.building_dong) == (12, 25, "103")
    assert "1234" not in listing.description


def test_an_advert_with_nothing_readable_is_flagged_not_dropped() -> None:
    listing = normalise_advert(RawAdvert("x", "1", {"price_text": "???", "floor": "???"}))

    assert {"trade_unknown", "region_unknown", "unreadable_price", "unreadable_floor"} <= set(listing.flags)
