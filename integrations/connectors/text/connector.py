"""Small steps on text."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel

from integrations.sdk import Connector, Context, Param, Text

text = Connector(
    "text",
    title=Text("Text", "텍스트"),
    description=Text(
        "Small steps on text: repeat, change case, cut, join, replace.", "글자를 다루는 작은 단계들입니다."
    ),
    group="data",
)

Input = Annotated[
    str, Param("The text", "텍스트", title="Text", title_ko="텍스트", widget="textarea", max_length=1_000_000)
]


class TextResult(BaseModel):
    """A text."""

    text: str


class Length(BaseModel):
    """How long a text is."""

    characters: int
    words: int
    lines: int


class Parts(BaseModel):
    """The parts of a text."""

    parts: list[str]
    count: int


@text.action(
    title=Text("Echo", "되돌려주기"),
    description_ko="받은 텍스트를 그대로 돌려줍니다.",
    example={"text": "안녕하세요"},
)
async def echo(ctx: Context, text: Input) -> TextResult:
    """Gives the text back as it came."""
    return TextResult(text=text)


@text.action(
    title=Text("Upper case", "대문자로"),
    description_ko="영문자를 모두 대문자로 바꿉니다.",
    example={"text": "hello"},
)
async def upper(ctx: Context, text: Input) -> TextResult:
    """Turns all letters into capitals."""
    return TextResult(text=text.upper())


@text.action(
    title=Text("Lower case", "소문자로"),
    description_ko="영문자를 모두 소문자로 바꿉니다.",
    example={"text": "HELLO"},
)
async def lower(ctx: Context, text: Input) -> TextResult:
    """Turns all letters into small ones."""
    return TextResult(text=text.lower())


@text.action(
    title=Text("Length", "길이"),
    description_ko="글자, 낱말, 줄의 수를 셉니다.",
    example={"text": "하나 둘\n셋"},
)
async def length(ctx: Context, text: Input) -> Length:
    """Counts characters, words and lines."""
    return Length(characters=len(text), words=len(text.split()), lines=len(text.splitlines()))


@text.action(
    title=Text("Trim", "공백 제거"),
    description_ko="앞뒤 공백을 없애고, 원하면 안쪽의 연속 공백도 하나로 줄입니다.",
    example={"text": "  a   b ", "inner": True},
)
async def trim(
    ctx: Context,
    text: Input,
    inner: Annotated[
        bool, Param("Also shrink runs of white space inside to one space", "안쪽의 연속 공백도 줄이기")
    ] = False,
) -> TextResult:
    """Removes white space around the text."""
    return TextResult(text=" ".join(text.split()) if inner else text.strip())


@text.action(
    title=Text("Replace", "바꾸기"),
    description_ko="찾은 글자를 다른 글자로 모두 바꿉니다.",
    example={"text": "a-b-c", "find": "-", "replacement": "+"},
)
async def replace(
    ctx: Context,
    text: Input,
    find: Annotated[str, Param("What to look for, literally", "찾을 글자 그대로", min_length=1)],
    replacement: Annotated[str, Param("What to put in its place", "대신 넣을 글자")] = "",
) -> TextResult:
    """Replaces every occurrence of a literal text."""
    return TextResult(text=text.replace(find, replacement))


@text.action(
    title=Text("Split", "나누기"),
    description_ko="구분자나 줄 단위로 텍스트를 나눕니다.",
    example={"text": "가, 나, 다"},
)
async def split(
    ctx: Context,
    text: Input,
    by: Annotated[Literal["separator", "lines", "words"], Param("Where to cut", "나누는 기준")] = "separator",
    separator: Annotated[str, Param("The separator, literally", "구분자", min_length=1)] = ",",
    keep_empty: Annotated[bool, Param("Keep parts without content", "빈 조각도 남기기")] = False,
) -> Parts:
    """Cuts a text into parts without white space around them."""
    pieces = {"lines": text.splitlines, "words": text.split}.get(by, lambda: text.split(separator))()
    parts = [piece.strip() for piece in pieces if keep_empty or piece.strip()]
    return Parts(parts=parts, count=len(parts))


@text.action(
    title=Text("Join", "합치기"),
    description_ko="여러 텍스트를 구분자로 이어 붙입니다.",
    example={"parts": ["가", "나"]},
)
async def join(
    ctx: Context,
    parts: Annotated[list[str], Param("The texts", "텍스트 목록", max_length=100_000)],
    separator: Annotated[str, Param("What stands between them", "사이에 넣을 글자")] = ", ",
) -> TextResult:
    """Puts texts together with a separator between them."""
    return TextResult(text=separator.join(parts))


@text.action(
    title=Text("Shorten", "줄이기"),
    description_ko="정해진 글자 수를 넘으면 줄이고 말줄임표를 붙입니다.",
    example={"text": "가나다라마바사", "characters": 5},
)
async def shorten(
    ctx: Context,
    text: Input,
    characters: Annotated[
        int, Param("Characters at most, the ending included", "말줄임표를 포함한 최대 글자 수", ge=1)
    ] = 200,
    ending: Annotated[str, Param("What marks the cut", "줄였음을 나타내는 글자", max_length=10)] = "…",
) -> TextResult:
    """Cuts a text that is too long, with a mark at its end."""
    if len(text) <= characters:
        return TextResult(text=text)
    return TextResult(text=text[: max(0, characters - len(ending))].rstrip() + ending[:characters])
