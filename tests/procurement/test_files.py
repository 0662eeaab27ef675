"""Files: the right bytes, nothing a spreadsheet would run, names that stay where they belong, complete or absent."""

from __future__ import annotations

import csv
import json

import openpyxl
import polars
import pytest

from procurement.crawler.files import atomic, safe_cell, safe_name
from procurement.crawler.writers import write
from procurement.g2b import BadRequest

ROWS = [
    {"id": "1", "name": '=HYPERLINK("x")', "cntrctPrceAmt": "-1200", "note": 'say "hi"\nthere'},
    {"id": "2", "name": "책상, 강판", "cntrctPrceAmt": "", "attr_색상": "회색 | 백색"},
    {"id": "0003", "name": "@cmd", "cntrctPrceAmt": "61720", "late": "x"},
]


@pytest.mark.parametrize("value", ["=1+1", "+82 10", "-5℃", "@x", "\tx", "\rx", "＝1", "-1+1", "+", "-"])
def test_cells_a_spreadsheet_would_run_are_neutralised(value):
    assert safe_cell(value) == "'" + value


@pytest.mark.parametrize("value", ["-1200", "+3", "-1,234.5", "-0.5%", "책상", "", "a=b", "2026-11-20"])
def test_numbers_and_text_stay_as_they_are(value):
    assert safe_cell(value) == value


def test_csv_has_a_bom_one_header_and_all_columns(tmp_path):
    target = tmp_path / "a.csv"
    assert write(lambda: ROWS, target, "csv") == 3
    raw = target.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbfid,name,cntrctPrceAmt,note,late,attr_")
    with target.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[0]["name"] == '\'=HYPERLINK("x")'
    assert rows[0]["cntrctPrceAmt"] == "-1200"
    assert rows[0]["note"] == 'say "hi"\nthere'
    assert rows[2] == {
        "id": "0003",
        "name": "'@cmd",
        "cntrctPrceAmt": "61720",
        "note": "",
        "late": "x",
        "attr_색상": "",
    }


@pytest.mark.parametrize("kind", ["csv", "xlsx", "parquet", "jsonl"])
def test_every_format_holds_the_same_rows_and_the_same_bytes_each_time(kind, tmp_path):
    first, second = tmp_path / f"a.{kind}", tmp_path / f"b.{kind}"
    for target in (first, second):
        assert write(lambda: ROWS, target, kind, sanitise=False) == 3
    assert first.read_bytes() == second.read_bytes()
    if kind == "csv":
        rows = list(csv.DictReader(first.open(encoding="utf-8-sig", newline="")))
    elif kind == "jsonl":
        rows = [json.loads(line) for line in first.read_text(encoding="utf-8").splitlines()]
    elif kind == "parquet":
        rows = polars.read_parquet(first).to_dicts()
    else:
        sheet = openpyxl.load_workbook(first).active
        header, *body = sheet.iter_rows(values_only=True)
        rows = [dict(zip(header, row, strict=True)) for row in body]
        assert rows[0]["cntrctPrceAmt"] == -1200
        assert sheet["B2"].data_type == "s"
    assert [row["id"] for row in rows] == ["1", "2", "0003"]
    assert rows[0]["name"] == '=HYPERLINK("x")'
    assert list(rows[0])[-1] == "attr_색상"


def test_appending_refuses_new_columns_unless_told_and_skips_rows_it_has(tmp_path):
    target = tmp_path / "a.csv"
    write(lambda: ROWS[:1], target, "csv")
    before = target.read_bytes()
    with pytest.raises(BadRequest, match="late") as caught:
        write(lambda: ROWS, target, "csv", append=True, key=("id",))
    assert "late" in caught.value.details["new_columns"]
    assert target.read_bytes() == before
    assert write(lambda: ROWS, target, "csv", append=True, fail_on_new_columns=False, key=("id",)) == 3
    rows = list(csv.DictReader(target.open(encoding="utf-8-sig", newline="")))
    assert [row["id"] for row in rows] == ["1", "2", "0003"]
    assert rows[0]["name"] == '\'=HYPERLINK("x")'


def test_appending_to_a_workbook_is_refused(tmp_path):
    target = tmp_path / "a.xlsx"
    write(lambda: ROWS, target, "xlsx")
    with pytest.raises(BadRequest, match="cannot be appended"):
        write(lambda: ROWS, target, "xlsx", append=True)


def test_a_file_that_fails_half_way_leaves_nothing(tmp_path):
    def broken():
        yield ROWS[0]
        raise RuntimeError("power cut")

    with pytest.raises(RuntimeError):
        write(broken, tmp_path / "a.csv", "csv", header=["id"])
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "old.csv").write_text("kept")
    with pytest.raises(RuntimeError), atomic(tmp_path / "old.csv") as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert (tmp_path / "old.csv").read_text() == "kept"


@pytest.mark.parametrize(
    "name",
    [
        "../x.csv",
        "/etc/passwd",
        "a/b.csv",
        "a\\b.csv",
        "..",
        ".hidden.csv",
        "",
        "x\x00.csv",
        "C:x.csv",
        "con.csv",
        "a" * 200,
        "x／y.csv",
        "x..csv",
        "~root.csv",
    ],
)
def test_path_tricks_are_refused(name):
    with pytest.raises(BadRequest) as caught:
        safe_name(name, ".csv")
    assert caught.value.remedy


def test_plain_names_are_accepted():
    assert safe_name("책상-2026", ".csv") == "책상-2026.csv"
    assert safe_name("desks.CSV", ".csv") == "desks.CSV"
    with pytest.raises(BadRequest, match="must end in"):
        safe_name("desks.exe", ".csv")
