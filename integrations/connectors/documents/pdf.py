"""The text of PDF files."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel

from integrations.connectors.documents.child import read_in_child
from integrations.sdk import Connector, Context, FileRef, Param, Text

pdf = Connector(
    "pdf",
    title=Text("PDF", "PDF 문서"),
    description=Text("Reads the text of PDF files, page by page.", "PDF 파일의 글을 쪽별로 읽습니다."),
    group="files",
    icon="pdf.svg",
)


class PdfPage(BaseModel):
    """A page, counted from 1."""

    page: int
    text: str


class PdfText(BaseModel):
    """The text of a PDF. `has_text` is false for scans; `complete` is false when pages were left out."""

    pages: list[PdfPage]
    page_count: int
    title: str = ""
    author: str = ""
    has_text: bool
    complete: bool


@pdf.action(
    title=Text("Read text", "텍스트 읽기"), description_ko="PDF 파일의 글을 쪽별로 읽습니다.", heavy=True, timeout=90
)
async def read(
    ctx: Context,
    file: Annotated[FileRef, Param("The PDF file", "PDF 파일")],
    first: Annotated[int, Param("First page", "첫 쪽", ge=1, le=100_000)] = 1,
    last: Annotated[int, Param("Last page; 0: to the end", "끝 쪽. 0이면 끝까지", ge=0, le=100_000)] = 0,
    count: Annotated[int, Param("Pages at most", "최대 쪽 수", ge=1, le=2000)] = 200,
    password: Annotated[
        str, Param("Password of the file", "파일 비밀번호", widget="password", max_length=200, advanced=True)
    ] = "",
) -> PdfText:
    """Reads the text of a PDF file."""
    found = await read_in_child(
        ctx,
        await ctx.files.read(file),
        kind="pdf",
        first=first,
        last=last,
        count=count,
        password=password,
    )
    return PdfText.model_validate(found)
