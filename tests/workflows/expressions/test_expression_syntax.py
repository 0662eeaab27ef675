"""Expressions that are refused before anything runs, with the place of the fault."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workflows.expressions import ExpressionSyntaxError, Scope, compile_value
from workflows.expressions.paths import parse_path, show_path, walk


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("{{", 0),
        ("abc {{ input.x", 4),
        ("{{ }}", 2),
        ("{{ 1 + }}", 6),
        ("{{ a b }}", 3),
        ("{{ ok }} {{ 1 + * 2 }}", 16),
        ("{{ foo(1) }}", 3),
        ("{{ a.__class__ }}", 3),
        ("{{ ().__class__ }}", 3),
        ("{{ [x.__dict__ for x in y] }}", 4),
        ("{{ _hidden }}", 3),
        ("{{ x := 3 }}", 3),
        ("{{ [y := 1] }}", 4),
        ("{{ lambda _x: 1 }}", 10),
        ("{{ a\n + _b }}", 8),
        ("{{ 가나 + _b }}", 8),
        ("{{ import os }}", 3),
        ("{{ a = 1 }}", 3),
        ("{{ await x }}", 3),
        ("{{ (yield) }}", 4),
    ],
)
def test_the_position_of_the_fault_is_named(text, position):
    with pytest.raises(ExpressionSyntaxError) as caught:
        compile_value(text)

    assert caught.value.message
    assert caught.value.position == position


@pytest.mark.parametrize(
    "inner",
    [
        "-" * 3_000 + "1",
        "(" * 190 + "1" + ")" * 190 + "+" + "-" * 500 + "1",
        "1+" * 1_900 + "1",
        "a" + ".b" * 1_900 + "()",
        "[" * 150 + "]" * 150,
        "lambda: " * 400 + "1",
        "not " * 900 + "1",
        "x" * 4_001 + "()",
        "9" * 3_999 + " + " + "9",
        "\x00",
        "'" + "\\" * 3_000,
        "f'{" * 100 + "1" + "}'" * 100,
    ],
)
def test_monstrous_expressions_are_refused_or_read_but_never_break_the_parser(inner):
    try:
        compile_value("{{ " + inner + " }}")
    except ExpressionSyntaxError as error:
        assert error.message


def test_deeply_nested_parameters_are_refused():
    value: object = "{{ a }}"
    for _ in range(100):
        value = [value]

    with pytest.raises(ExpressionSyntaxError):
        compile_value(value)


NAMES = st.text(st.sampled_from("abcXYZ_0189가나 -.'\"[]"), max_size=6)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(-3, 3) | NAMES.filter(lambda name: '"' not in name), max_size=5))
def test_a_written_path_is_read_back_as_the_same_path(steps):
    parts = ("root", *steps)

    read = parse_path(show_path(parts))

    # A keyword such as `is` cannot be written after a dot; everything else comes back.
    assert read == parts


@settings(max_examples=200, deadline=None)
@given(st.text(st.sampled_from("ab01.[]'\"{}()+ \n\\가"), max_size=25))
def test_any_text_is_read_or_refused_with_a_position_inside_it(text):
    try:
        compile_value("{{" + text + "}}")
    except ExpressionSyntaxError as error:
        assert 0 <= error.position <= len(text) + 4


def test_walking_is_plain_data_only():
    class Secret:
        password = "hunter2"

    with pytest.raises(Exception, match="has no field `password`"):
        walk(("thing", "password"), Scope({"thing": Secret()}))
