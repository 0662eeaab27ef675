"""Rows, templates, CSV, JSON and dates."""

import random
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.connectors.data.rows import SortKey, Total, group_rows, order_key, same, sort_rows, unique_rows
from integrations.connectors.data.template import render
from integrations.sdk import InvalidParams
from integrations.sdk.paths import MISSING, get_path, split_path, walk

ROWS = [
    {"code": "005930", "name": "삼성전자", "price": 71000, "tags": ["it", "large"], "owner": {"city": "수원"}},
    {"code": "000660", "name": "SK하이닉스", "price": "182,500", "tags": [], "owner": {"city": "이천"}},
    {"code": "035720", "name": "카카오", "price": None, "owner": {"city": "제주"}},
    {"code": "035420", "name": "NAVER", "price": 196500.5, "tags": ["it"], "owner": None},
]
values = st.none() | st.booleans() | st.integers(-5, 5) | st.text("ab1", max_size=2) | st.floats(-3, 3, allow_nan=False)
rows = st.lists(st.dictionaries(st.sampled_from("xyz"), values, max_size=3), max_size=12)


def codes(result):
    return [row["code"] for row in result["rows"]]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"field": "code", "value": "005930"}, ["005930"]),
        ({"field": "code", "is": "differs", "value": "005930"}, ["000660", "035720", "035420"]),
        ({"field": "price", "is": "more", "value": 100000}, ["000660", "035420"]),
        ({"field": "price", "is": "at_most", "value": "71,000"}, ["005930"]),
        ({"field": "price", "is": "is_empty"}, ["035720"]),
        ({"field": "price", "is": "is_present"}, ["005930", "000660", "035420"]),
        ({"field": "name", "is": "contains", "value": "전자"}, ["005930"]),
        ({"field": "name", "is": "starts_with", "value": "sk"}, ["000660"]),
        ({"field": "tags", "is": "contains", "value": "it"}, ["005930", "035420"]),
        ({"field": "owner.city", "is": "one_of", "value": ["수원", "제주"]}, ["005930", "035720"]),
        ({"field": "tags[0]", "value": "it"}, ["005930", "035420"]),
        ({"field": "nothing", "is": "is_empty"}, ["005930", "000660", "035720", "035420"]),
    ],
)
async def test_rows_are_filtered(run, condition, expected):
    result = await run("data.filter", rows=ROWS, conditions=[condition])
    assert codes(result) == expected and result["total"] == 4 and result["count"] == len(expected)


async def test_conditions_are_all_or_any(run):
    conditions = [{"field": "tags", "is": "contains", "value": "it"}, {"field": "price", "is": "less", "value": 100000}]
    assert codes(await run("data.filter", rows=ROWS, conditions=conditions)) == ["005930"]
    assert codes(await run("data.filter", rows=ROWS, conditions=conditions, match="any")) == ["005930", "035420"]


async def test_a_code_that_looks_like_a_number_keeps_its_zeros(run):
    result = await run("data.parse_csv", text='\ufeffcode,name\n005930,삼성\n\n"000660","SK, 하이닉스"\n')
    assert result["rows"] == [{"code": "005930", "name": "삼성"}, {"code": "000660", "name": "SK, 하이닉스"}]


async def test_csv_without_header_and_with_short_lines(run):
    result = await run("data.parse_csv", text="1;2\n3\n", delimiter=";", header=False)
    assert result["rows"] == [{"column_1": "1", "column_2": "2"}, {"column_1": "3", "column_2": ""}]


async def test_csv_goes_round_and_formulas_are_harmless(run):
    table = [{"a": "x,y", "b": '"q"\nz'}, {"a": "=1+1", "c": {"n": 1}}]
    text = (await run("data.format_csv", rows=table))["text"]
    back = (await run("data.parse_csv", text=text))["rows"]
    assert back == [{"a": "x,y", "b": '"q"\nz', "c": ""}, {"a": "'=1+1", "b": "", "c": '{"n": 1}'}]
    assert "\n=1+1" in (await run("data.format_csv", rows=table, safe_for_spreadsheets=False))["text"]


async def test_sorting_puts_rows_without_a_value_last_both_ways(run):
    for descending in (False, True):
        result = await run("data.sort", rows=ROWS, by=[{"field": "price", "descending": descending}])
        assert codes(result)[-1] == "035720"
    assert codes(await run("data.sort", rows=ROWS, by=[{"field": "name"}]))[0] == "035420"


@given(rows, st.booleans())
def test_sorting_keeps_the_rows_and_their_order_among_equals(table, descending):
    marked = [{**row, "n": number} for number, row in enumerate(table)]
    result = sort_rows(marked, [SortKey(field="x", descending=descending)])
    assert sorted(row["n"] for row in result) == list(range(len(table)))
    present = [row for row in result if row.get("x") is not None]
    assert result[: len(present)] == present
    for one, two in pairwise(present):
        left, right = order_key(one["x"]), order_key(two["x"])
        assert left >= right if descending else left <= right
        assert left != right or one["n"] < two["n"]


@given(rows)
def test_unique_rows_are_a_subset_in_order_and_stay_unique(table):
    once = unique_rows(table, ["x"])
    assert unique_rows(once, ["x"]) == once
    assert [row for row in table if any(row is kept for kept in once)] == once


async def test_groups_have_their_figures(run):
    totals = [
        {"operation": "count"},
        {"operation": "sum", "field": "price", "name": "합계"},
        {"operation": "mean", "field": "price"},
        {"operation": "distinct", "field": "code"},
        {"operation": "list", "field": "name"},
        {"operation": "max", "field": "price"},
    ]
    table = [
        {"m": "A", "price": 1, "code": "x", "name": "n"},
        {"m": "B", "price": 5},
        {"m": "A", "price": "2.5", "code": "x"},
    ]
    result = await run("data.group", rows=table, by=["m"], totals=totals)
    assert result["rows"][0] == {
        "m": "A",
        "count": 2,
        "합계": 3.5,
        "mean_price": 1.75,
        "distinct_code": 1,
        "list_name": ["n"],
        "max_price": "2.5",
    }
    assert result["rows"][1]["합계"] == 5 and result["rows"][1]["list_name"] == []


@given(
    st.lists(st.integers(-(10**12), 10**12) | st.decimals(-1000, 1000, places=2).map(float), min_size=1, max_size=20)
)
def test_a_sum_is_exact_where_the_figures_are(numbers):
    (line,) = group_rows([{"v": number} for number in numbers], [], [Total(operation="sum", field="v")])
    assert Decimal(str(line["sum_v"])) == pytest.approx(
        sum(Decimal(str(number)) for number in numbers), rel=Decimal("1e-15")
    )


async def test_an_empty_list_has_one_line_of_totals_without_groups_and_none_with(run):
    totals = [{"operation": "count"}, {"operation": "sum", "field": "v"}]
    assert (await run("data.group", rows=[], totals=totals))["rows"] == [{"count": 0, "sum_v": None}]
    assert (await run("data.group", rows=[], by=["x"], totals=totals))["rows"] == []


async def test_a_sum_of_words_names_the_field(run):
    with pytest.raises(InvalidParams) as caught:
        await run("data.group", rows=ROWS, totals=[{"operation": "sum", "field": "name"}])
    assert caught.value.problems[0].field == "totals[0].field"


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ("inner", [("1", "x"), ("2", "y"), ("2", "z")]),
        ("left", [("1", "x"), ("2", "y"), ("2", "z"), ("3", None)]),
        ("full", [("1", "x"), ("2", "y"), ("2", "z"), ("3", None), ("4", "w")]),
        ("missing", [("3", None)]),
    ],
)
async def test_lists_are_joined(run, how, expected):
    left = [{"id": "1"}, {"id": "2"}, {"id": "3"}]
    right = [{"id": "1", "v": "x"}, {"id": "2", "v": "y"}, {"id": "2", "v": "z"}, {"id": "4", "v": "w"}]
    result = await run("data.join", left=left, right=right, left_key=["id"], right_key=["id"], how=how)
    assert [(row["id"], row.get("v")) for row in result["rows"]] == expected


async def test_names_that_collide_get_a_prefix_and_keys_of_other_names_stay(run):
    result = await run(
        "data.join", left=[{"a": 1, "n": "l"}], right=[{"b": 1.0, "n": "r"}], left_key=["a"], right_key=["b"]
    )
    assert result["rows"] == [{"a": 1, "n": "l", "b": 1.0, "right_n": "r"}]


async def test_a_join_that_explodes_is_stopped(run):
    many = [{"k": 1} for _ in range(400)]
    with pytest.raises(InvalidParams, match="too large"):
        await run("data.join", left=many, right=many, left_key=["k"], right_key=["k"])


async def test_fields_are_selected_and_renamed(run):
    result = await run("data.select", rows=ROWS[:1], fields=["owner.city", "price"], rename={"price": "가격"})
    assert result["rows"] == [{"city": "수원", "가격": 71000}]
    with pytest.raises(InvalidParams):
        await run("data.select", rows=ROWS, fields=["owner.city", "city"])


async def test_limit_skips_and_counts(run):
    result = await run("data.limit", rows=ROWS, count=2, offset=1)
    assert codes(result) == ["000660", "035720"] and result["total"] == 4


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{name}: {price:,}원", "삼성: 1,234,567원"),
        ("{rate:.2f} {rate:.1%}", "0.13 12.6%"),
        ("{{x}} {list[0]} {deep.er}", "{x} a 1"),
        ("{gone|없음} {empty}", "없음 "),
        ("{list}", '["a", "b"]'),
        ("{truth}", "true"),
        ("no places", "no places"),
    ],
)
def test_templates_are_filled(template, expected):
    values = {
        "name": "삼성", "price": "1234567", "rate": 0.1256, "list": ["a", "b"], "deep": {"er": 1}, "empty": None,
        "truth": True,
    }  # fmt: skip
    assert render(template, values) == expected


@pytest.mark.parametrize("template", ["{gone}", "{name:,}", "{price:>999999999}", "{price:.999f}", "{a..b}", "{x[}"])
def test_a_template_that_cannot_be_filled_says_why(template):
    with pytest.raises(InvalidParams) as caught:
        render(template, {"name": "n", "price": 1})
    assert caught.value.problems[0].field == "template"


def test_a_template_reaches_data_only():
    for path in ("__class__", "name.__class__", "name.upper", "values"):
        with pytest.raises(InvalidParams):
            render("{" + path + "}", {"name": "n"})


@pytest.mark.parametrize("text", ["{", "[1,]", "NaN", '{"a": Infinity}', "[" * 100_000])
async def test_what_is_not_json_is_refused_with_a_reason(run, text):
    with pytest.raises(InvalidParams) as caught:
        await run("data.parse_json", text=text)
    assert caught.value.problems[0].field == "text"


async def test_json_goes_round(run):
    value = {"가": [1, 2.5, None, True, {"x": "\n"}]}
    text = (await run("data.format_json", data=value))["text"]
    assert (await run("data.parse_json", text=text))["data"] == value and "가" in text


@pytest.mark.parametrize(
    ("value", "options", "iso"),
    [
        ("2026-01-31", {"months": 1}, "2026-02-28T00:00:00+09:00"),
        ("2024-02-29", {"months": 12}, "2025-02-28T00:00:00+09:00"),
        ("20260302", {"days": -1}, "2026-03-01T00:00:00+09:00"),
        ("2026년 3월 2일", {}, "2026-03-02T00:00:00+09:00"),
        ("2026.3.2 09:30", {"minutes": 45}, "2026-03-02T10:15:00+09:00"),
        ("202603020930", {}, "2026-03-02T09:30:00+09:00"),
        ("2026-03-01T00:00:00Z", {}, "2026-03-01T09:00:00+09:00"),
        (0, {"zone": "UTC"}, "1970-01-01T00:00:00+00:00"),
        # Hours are elapsed time over the change to summer time; days keep the clock.
        ("2026-03-07T12:00", {"hours": 24, "zone": "America/New_York"}, "2026-03-08T13:00:00-04:00"),
        ("2026-03-07T12:00", {"days": 1, "zone": "America/New_York"}, "2026-03-08T12:00:00-04:00"),
    ],
)
async def test_dates_are_read_and_moved(run, value, options, iso):
    assert (await run("data.date", value=value, **options))["iso"] == iso


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"value": "2026-13-01"}, "value"),
        ({"value": "soon"}, "value"),
        ({"value": "2026-01-01", "zone": "Mars/Base"}, "zone"),
    ],
)
async def test_what_is_not_a_date_is_refused(run, params, field):
    with pytest.raises(InvalidParams) as caught:
        await run("data.date", **params)
    assert caught.value.problems[0].field == field


async def test_a_date_outside_the_calendar_is_refused(run):
    with pytest.raises(InvalidParams):
        await run("data.date", value="2026-01-01", months=12_000 * 1, days=3_000_000)


async def test_the_time_between_dates(run):
    assert (await run("data.date_difference", start="2026-01-01", end="2026-03-01"))["value"] == 59
    assert (await run("data.date_difference", start="2026-01-02", end="2026-01-01", unit="hours"))["value"] == -24


@given(
    st.recursive(
        st.integers() | st.text(max_size=3),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", min_size=1, max_size=2), inner, max_size=3)
        ),
    )
)
def test_a_path_reaches_every_value(data):
    def paths(value, path):
        yield path, value
        if isinstance(value, dict):
            for key, item in value.items():
                yield from paths(item, f"{path}.{key}".lstrip("."))
        if isinstance(value, list):
            for index, item in enumerate(value):
                yield from paths(item, f"{path}[{index}]")

    for path, value in random.Random(1).sample(found := list(paths(data, "")), min(5, len(found))):
        assert get_path(data, path) == value


def test_a_path_to_nowhere_is_missing_and_a_null_is_not():
    assert walk({"a": None}, split_path("a")) is None
    assert walk({"a": None}, split_path("a.b")) is MISSING
    assert walk([1], split_path("[5]")) is MISSING
    assert walk({"odd key": {"x": 1}}, split_path('["odd key"].x')) == 1


@pytest.mark.parametrize(
    ("left", "right", "equal"),
    [(3, "3.0", True), ("1,000", 1000, True), (True, 1, False), ("a", "A", False), (None, 0, False)],
)
def test_equality_is_what_a_person_means(left, right, equal):
    assert same(left, right) is equal
