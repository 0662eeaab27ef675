"""Spreadsheets and PDF files: there and back, formulas, encodings, and files made to do harm."""

import io
import zipfile

import openpyxl
import pytest
from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

from integrations.connectors.documents import child
from integrations.runtime import run_action
from integrations.sdk import InvalidParams, MemoryFiles, Rejected


@pytest.fixture
def files():
    return MemoryFiles()


async def call(files, action, /, **params):
    return await run_action(action, params, files=files)


async def kept(files, content, name="a.xlsx"):
    return (await files.save(name, content)).model_dump()


def workbook(**sheets):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        page = book.create_sheet(name)
        for row in rows:
            page.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def pdf_of(*texts, password=""):
    writer = PdfWriter()
    for text in texts:
        page = writer.add_blank_page(300, 300)
        font = DictionaryObject({NameObject("/Type"): NameObject("/Font"), NameObject("/Subtype"): NameObject("/Type1"),
                                 NameObject("/BaseFont"): NameObject("/Helvetica")})  # fmt: skip
        fonts = DictionaryObject({NameObject("/F1"): writer._add_object(font)})
        page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
        stream = DecodedStreamObject()
        stream.set_data(f"BT /F1 12 Tf 20 100 Td ({text}) Tj ET".encode())
        page[NameObject("/Contents")] = writer._add_object(stream)
    if password:
        writer.encrypt(password, algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


@pytest.mark.parametrize("format", ["xlsx", "csv"])
async def test_rows_go_into_a_file_and_back(files, format):
    rows = [{"이름": "민지", "금액": 3000, "메모": "=1+1"}, {"이름": "준호", "금액": 4500.5, "메모": None}]
    made = await call(files, "spreadsheet.write", rows=rows, name="주문", format=format)
    assert made["rows"] == 2 and made["file"]["name"] == f"주문.{format}"
    found = await call(files, "spreadsheet.read", file=made["file"])
    assert found["columns"] == ["이름", "금액", "메모"] and found["complete"] is True
    first = found["rows"][0]
    # A text that looks like a formula is one in neither file.
    assert (first["이름"], str(first["금액"])) == ("민지", "3000") and first["메모"] in ("=1+1", "'=1+1")


async def test_formulas_are_written_and_read_only_when_asked(files):
    made = await call(files, "spreadsheet.write", rows=[{"a": 2, "b": "=A2*2"}], name="f", formulas=True)
    as_formula = await call(files, "spreadsheet.read", file=made["file"], formulas=True)
    assert as_formula["rows"] == [{"a": 2, "b": "=A2*2"}]
    as_value = await call(files, "spreadsheet.read", file=made["file"])
    assert as_value["rows"][0]["b"] in (0, None)


async def test_sheets_headers_gaps_and_limits(files):
    ref = await kept(files, workbook(One=[["a", "a", None], [1, 2, 3], [None], [4]], Two=[["x"]]))
    assert (await call(files, "spreadsheet.list_sheets", file=ref))["sheets"] == ["One", "Two"]
    found = await call(files, "spreadsheet.read", file=ref)
    assert found["columns"] == ["a", "a_2", "C"]
    assert found["rows"] == [{"a": 1, "a_2": 2, "C": 3}, {"a": 4, "a_2": None, "C": None}]
    part = await call(files, "spreadsheet.read", file=ref, count=1)
    assert part["count"] == 1 and part["complete"] is False
    bare = await call(files, "spreadsheet.read", file=ref, sheet="Two", header=False)
    assert bare["rows"] == [{"A": "x"}]
    with pytest.raises(Rejected, match="no sheet"):
        await call(files, "spreadsheet.read", file=ref, sheet="Three")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("\ufeff이름,값\n가,1\n".encode(), [{"이름": "가", "값": "1"}]),
        ("이름;값\n가;1\n".encode("cp949"), [{"이름": "가", "값": "1"}]),
        ("이름\t값\n가\t1\n".encode("utf-16"), [{"이름": "가", "값": "1"}]),
        (b'a,b\n"x, y","line\nbreak"\n', [{"a": "x, y", "b": "line\nbreak"}]),
    ],
)
async def test_csv_of_every_encoding(files, content, expected):
    assert (await call(files, "spreadsheet.read", file=await kept(files, content, "a.csv")))["rows"] == expected


async def test_a_pdf_gives_its_text_by_page(files):
    ref = await kept(files, pdf_of("Hello one", "Hello two", "Hello three"), "a.pdf")
    found = await call(files, "pdf.read", file=ref, first=2)
    assert [page["page"] for page in found["pages"]] == [2, 3] and "two" in found["pages"][0]["text"]
    assert found["page_count"] == 3 and found["has_text"] is True and found["complete"] is True
    part = await call(files, "pdf.read", file=ref, count=1)
    assert len(part["pages"]) == 1 and part["complete"] is False


async def test_a_pdf_with_a_password(files):
    ref = await kept(files, pdf_of("secret text", password="pw"), "a.pdf")
    with pytest.raises(Rejected) as caught:
        await call(files, "pdf.read", file=ref)
    assert caught.value.error_code == "wrong_password"
    assert "secret" in (await call(files, "pdf.read", file=ref, password="pw"))["pages"][0]["text"]


def bomb():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed, packed.open("xl/sheet1.xml", "w") as part:
        for _ in range(310):
            part.write(bytes(1_000_000))
    return out.getvalue()


@pytest.mark.parametrize(
    ("action", "content", "code"),
    [
        ("spreadsheet.read", b"PK\x03\x04 not a zip at all", "file_unreadable"),
        ("spreadsheet.read", bomb, "file_too_costly"),
        ("spreadsheet.read", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 old", "file_unreadable"),
        ("spreadsheet.read", bytes(range(256)) * 4, "file_unreadable"),
        ("pdf.read", b"%PDF-1.7 nothing", "file_unreadable"),
        ("pdf.read", b"", "file_unreadable"),
    ],
)
async def test_a_damaged_or_hostile_file_is_refused(files, action, content, code):
    ref = await kept(files, content() if callable(content) else content)
    with pytest.raises(Rejected) as caught:
        await call(files, action, file=ref)
    assert caught.value.error_code == code


async def test_a_reader_that_takes_too_long_or_too_much_is_ended(files, monkeypatch):
    ref = await kept(files, pdf_of("x"), "a.pdf")
    monkeypatch.setattr(child, "SECONDS", 0.01)
    with pytest.raises(Rejected) as caught:
        await call(files, "pdf.read", file=ref)
    assert caught.value.error_code == "file_too_costly"
    monkeypatch.setattr(child, "MAX_FILE", 10)
    with pytest.raises(Rejected, match="limit"):
        await call(files, "pdf.read", file=ref)


async def test_a_sheet_that_cannot_be_named_so(files):
    with pytest.raises(InvalidParams):
        await call(files, "spreadsheet.write", rows=[{"a": 1}], name="x", sheet="a/b")
