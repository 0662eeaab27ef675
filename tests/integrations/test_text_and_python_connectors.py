"""Text steps, and the person's own code behind the sandbox."""

import pytest

from integrations.sdk import InvalidParams, Rejected


@pytest.mark.parametrize(
    ("action", "params", "expected"),
    [
        ("echo", {"text": "안녕 "}, {"text": "안녕 "}),
        ("upper", {"text": "aß"}, {"text": "ASS"}),
        ("lower", {"text": "ÀB"}, {"text": "àb"}),
        ("length", {"text": "하나 둘\n셋"}, {"characters": 6, "words": 3, "lines": 2}),
        ("trim", {"text": " a  b "}, {"text": "a  b"}),
        ("trim", {"text": " a \n b ", "inner": True}, {"text": "a b"}),
        ("replace", {"text": "a.b.c", "find": "."}, {"text": "abc"}),
        ("split", {"text": "가, 나,,다"}, {"parts": ["가", "나", "다"], "count": 3}),
        ("split", {"text": "a||b", "separator": "|", "keep_empty": True}, {"parts": ["a", "", "b"], "count": 3}),
        ("split", {"text": "a b\nc", "by": "lines"}, {"parts": ["a b", "c"], "count": 2}),
        ("split", {"text": "a b\nc", "by": "words"}, {"parts": ["a", "b", "c"], "count": 3}),
        ("join", {"parts": ["a", "b"], "separator": "-"}, {"text": "a-b"}),
        ("shorten", {"text": "가나다라마", "characters": 3}, {"text": "가나…"}),
        ("shorten", {"text": "가나", "characters": 3}, {"text": "가나"}),
        ("shorten", {"text": "가나다", "characters": 1, "ending": "..."}, {"text": "."}),
    ],
)
async def test_text_steps(run, action, params, expected):
    assert await run(f"text.{action}", **params) == expected


async def test_code_sees_its_inputs_and_gives_its_last_value(run):
    lines = []
    code = "total = sum(row['price'] for row in rows)\nprint('total', total)\n{'total': total, 'n': len(rows)}"
    result = await run(
        "python.run",
        {"log": lambda *parts: lines.append(parts)},
        code=code,
        inputs={"rows": [{"price": 3}, {"price": 4}]},
    )
    assert result["result"] == {"total": 7, "n": 2} and result["printed"] == ["total 7"]
    assert ("info", "total 7", {}) in lines


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("x = 1\n1/0", "line 2: ZeroDivisionError"),
        ("def f(:", "line 1"),
        ("open('/etc/passwd').read()", "line 1"),
        ("__import__('os').system('true')", "line 1"),
        ("().__class__.__bases__[0].__subclasses__()", "line 1"),
    ],
)
async def test_failing_code_says_where(run, code, reason):
    with pytest.raises(Rejected) as caught:
        await run("python.run", code=code)
    assert caught.value.problems[0].field == "code" and reason in caught.value.problems[0].message


@pytest.mark.parametrize("code", ["while True: pass", "[0] * 10**9", "10 ** 10 ** 8"])
async def test_greedy_code_is_cut_off(run, code):
    with pytest.raises(Rejected) as caught:
        await run("python.run", code=code, seconds=0.3)
    assert caught.value.error_code in ("limit_exceeded", "code_failed")


async def test_a_name_that_python_cannot_use_is_named(run):
    with pytest.raises(InvalidParams) as caught:
        await run("python.run", code="1", inputs={"not a name": 1})
    assert caught.value.problems[0].field == "inputs.not a name"
