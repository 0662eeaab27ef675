"""What `{{ … }}` gives: paths, code, mixed text, the function library, and clear words when something is missing."""

import datetime as dt

import pytest

from integrations.sdk.sandbox import shared_sandbox
from workflows.expressions import LIBRARY, ExpressionError, MissingPath, Scope, compile_value
from workflows.expressions.functions import BUILTINS


@pytest.fixture
def scope() -> Scope:
    rows = [{"code": "005930", "price": 70_000, "이름": "삼성전자"}, {"code": "000660", "price": 5, "name": None}]
    outer = Scope(
        {
            "input": {"market": "KOSPI", "n": 3, "day": "20260102", "_id": "x"},
            "rank": {"rows": rows, "a b": 1, "items": [1, 2]},
            "join": {"value": "node"},
        }
    )
    outer.absent["left"] = "was skipped"
    return outer.child({"item": rows[1], "index": 1})


async def value(text, scope):
    return await compile_value(text).resolve(scope, shared_sandbox())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{ input.market }}", "KOSPI"),
        ("{{rank.rows[0].code}}", "005930"),
        ("{{ rank.rows[-1].code }}", "000660"),
        ('{{ rank["a b"] }}', 1),
        ("{{ rank['rows'][0]['price'] }}", 70_000),
        ("{{ rank.rows[0].이름 }}", "삼성전자"),
        ("{{ rank.items }}", [1, 2]),
        ("{{ input._id }}", "x"),
        ("{{ item.name }}", None),
        ("{{ join.value }}", "node"),
        ("{{ join }}", {"value": "node"}),
        ("{{\n  rank\n  .rows[ 0 ]\n  .price\n}}", 70_000),
    ],
)
async def test_plain_paths_are_walked_without_a_sandbox(scope, text, expected):
    compiled = compile_value(text)

    assert not compiled.needs_sandbox
    assert compiled.resolve_now(scope) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{ len(rank.rows) > input.n }}", False),
        ("{{ [r.price for r in rank.rows if r.price > 10] }}", [70_000]),
        ("{{ {r.code: r.price for r in rank.rows} }}", {"005930": 70_000, "000660": 5}),
        ("{{ sum(r.price for r in rank.rows) }}", 70_005),
        ("{{ rank.rows[index].code }}", "000660"),
        ("{{ sorted(rank.rows, key=lambda r: r.price)[0].code }}", "000660"),
        ("{{ sorted(['ccc', 'a', 'bb'], key=len) }}", ["a", "bb", "ccc"]),
        ("{{ [item for item in [1, 2]] + [item.code] }}", [1, 2, "000660"]),
        ("{{ [r.code for r in [r for r in rank.rows]] }}", ["005930", "000660"]),
        ("{{ map(lambda r: r.code, rank.rows) }}", ["005930", "000660"]),
        ("{{ f'{input.n:03d} {rank.rows[0].code!r} {input.market}' }}", "003 '005930' KOSPI"),
        ("{{ input.market.lower() }}", "kospi"),
        ("{{ {'a': {'b': input.n}} }}", {"a": {"b": 3}}),
        ("{{ '}}' + \"{{\" }}", "}}{{"),
        ("{{ {**input, 'z': 1}['z'] }}", 1),
        ("{{ 1 if rank.rows else rank.nothing.at_all }}", 1),
        ("{{ (1, 2) }}", [1, 2]),
        ("{{ input.n\n  + 1 }}", 4),
        ("{{ join.value + join(['a', 'b']) }}", "nodea, b"),
        ("{{ default(rank.nothing, 5) }}", 5),
        ("{{ default(left.value, 'none') }}", "none"),
        ("{{ default(item.name, 'none') }}", "none"),
        ("{{ default(rank.rows[9].code) }}", None),
        ("{{ True and not None }}", True),
        ("{{ -1 }}", -1),
    ],
)
async def test_everything_else_is_python(scope, text, expected):
    assert await value(text, scope) == expected


async def test_one_template_keeps_its_type_and_mixed_text_is_text(scope):
    assert await value("{{ input.n }}", scope) == 3
    assert await value("{{ input.n }} of {{ rank.items }}{{ item.name }}, {{ 1 < 2 }}", scope) == "3 of [1, 2], true"
    assert await value("plain } text { with }} braces", scope) == "plain } text { with }} braces"


async def test_templates_are_found_inside_lists_and_objects(scope):
    raw = {"a": ["{{ input.n }}", {"b": "{{ input.n + 1 }}"}], "c": "literal", "{{ key }}": 1}

    assert await value(raw, scope) == {"a": [3, {"b": 4}], "c": "literal", "{{ key }}": 1}


async def test_references_name_every_path_that_is_read():
    compiled = compile_value(["{{ a.b[0] }}", "{{ len(c['d']) + sum(e.f for e in g) }}", "x {{ h }}"])

    assert set(compiled.references) == {("a", "b", 0), ("c", "d"), ("g",), ("h",)}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{{ rank.row }}", "`rank` has no field `row`; it has: rows, a b, items."),
        ("{{ rank.rows[9].code }}", "`rank.rows` has 2 items, so there is no item 9."),
        ("{{ rank.rows.code }}", "`rank.rows` is a list of 2 items; choose one first, as in `rank.rows[0].code`."),
        ("{{ item.name.first }}", "`item.name` is empty (null), so it has no field `first`."),
        ("{{ input.n.x }}", "`input.n` is a number, so it has no field `x`."),
        ("{{ nothing }}", "There is no `nothing` here."),
        ("{{ left.value }}", "`left` has no value: it was skipped."),
        ("{{ len(rank.row) }}", "`rank` has no field `row`; it has: rows, a b, items."),
        ("{{ rank.rows[0].nope.upper() }}", "`rank.rows[0]` has no field `nope`; it has: code, price, 이름."),
        ("{{ nothing.x or 3 }}", "There is no `nothing` here."),
    ],
)
async def test_a_missing_path_says_what_is_missing_and_what_exists(scope, text, words):
    with pytest.raises(MissingPath) as caught:
        await value(text, scope)

    assert caught.value.message == words
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{{ 1 / 0 }}", "ZeroDivisionError: division by zero"),
        ("{{ [r.zz for r in rank.rows] }}", "no field 'zz'; there are: code, price, 이름"),
        ("{{ input.n + 'a' }}", "TypeError"),
        ("{{ len }}", "There is no `len` here."),
        ("{{ float('nan') }}", "not finite"),
        ("{{ b'x' }}", "not plain data"),
        ("{{ 10 ** 400 }}", "more than 300 digits"),
    ],
)
async def test_a_failing_expression_says_why(scope, text, words):
    with pytest.raises(ExpressionError) as caught:
        await value(text, scope)

    assert words in caught.value.message


async def test_the_function_library(scope):
    cases = {
        "default(None, 1)": 1,
        "upper('a') + lower('B') + trim(' c ')": "Abc",
        "join([1, None, 'x'], '-')": "1--x",
        "split('a, b,c')": ["a", "b", "c"],
        "unique([3, 1, 3, {'a': 1}, {'a': 1}])": [3, 1, {"a": 1}],
        "pluck(rank.rows, 'name')": [None],
        "[number('1,234'), number('1.5'), number('x', 0), number(2)]": [1234, 1.5, 0, 2],
        "from_json(to_json({'가': [1]}))": {"가": [1]},
        "parse_date('20260102')": "2026-01-02T00:00:00+09:00",
        "parse_date('2026-01-01T15:00:00Z').day": 2,
        "parse_date('2026.01.02', '%Y.%m.%d') + days(30)": "2026-02-01T00:00:00+09:00",
        "format_date(input.day, '%Y년 %m월 %d일')": "2026년 01월 02일",
        "format_date(parse_date(input.day) - hours(1))": "2026-01-01",
        "[round(2.567, 2), min(3, 1), max([1, 5]), abs(-2), list(range(3))]": [2.57, 1, 5, 2, [0, 1, 2]],
    }

    results = {text: await value(f"{{{{ {text} }}}}", scope) for text in cases}

    assert results == cases


async def test_now_and_today_are_in_seoul(scope):
    now = dt.datetime.fromisoformat(await value("{{ now() }}", scope))
    today = dt.datetime.fromisoformat(await value("{{ today() }}", scope))

    assert now.utcoffset() == today.utcoffset() == dt.timedelta(hours=9)
    assert abs(now - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=1)
    assert (today.hour, today.minute, today.second) == (0, 0, 0)


async def test_every_offered_function_exists_in_the_sandbox(scope):
    missing = []
    for name in sorted(BUILTINS | set(LIBRARY)):
        if await value(f"{{{{ [x for x in [1] if {name}] }}}}", scope) != [1]:
            missing.append(name)

    assert not missing
