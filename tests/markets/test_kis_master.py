"""The symbol master parser, against records made by the sandbox and, where present, the published files."""

from __future__ import annotations

from pathlib import Path

import pytest

from integrations.sdk import Unavailable
from markets.kis import master
from markets.sandbox import figures
from markets.sandbox.master import index_file, master_zip

PUBLISHED = Path(__file__).parents[3] / "shared/data/krx/master_raw"


@pytest.mark.parametrize("market", ["KOSPI", "KOSDAQ"])
def test_every_field_survives_the_byte_layout(market):
    found = {item.code: item for item in master.read_master(master_zip(market), market)}
    expected = {code: symbol for code, symbol in figures.symbols().items() if symbol.market == market}

    assert set(found) == set(expected)
    for code, symbol in expected.items():
        item = found[code]
        assert item.standard_code == symbol.std_code
        assert item.is_preferred == (symbol.preferred != "0")
        assert item.is_spac == symbol.is_spac
        assert item.is_halted == symbol.halted
        assert (item.sector_large, item.sector_medium) == (symbol.sector_large, symbol.sector_medium)
        assert item.shares == symbol.shares // 1000 * 1000
        assert item.list_date == symbol.list_date


def test_a_record_of_another_length_is_refused_with_its_length():
    with pytest.raises(Unavailable, match="37 bytes instead of 288"):
        master.read_master(master_zip("KOSPI", malformed=True), "KOSPI")


@pytest.mark.parametrize("data", [b"", b"<html>not a zip</html>", b"PK\x03\x04broken"])
def test_what_is_no_archive_is_refused(data):
    with pytest.raises(Unavailable, match="not a zip"):
        master.read_master(data, "KOSPI")


def test_the_other_markets_layout_is_refused():
    with pytest.raises(Unavailable, match="bytes instead of"):
        master.read_master(master_zip("KOSDAQ"), "KOSPI")


def test_sector_names_start_after_the_code():
    names = master.read_sectors(index_file())

    assert names["0013"] == "전기·전자"
    assert names["0001"] == "종합"


@pytest.mark.skipif(not PUBLISHED.exists(), reason="the published files are not part of the project")
def test_the_published_files_are_read():
    kospi = {item.code: item for item in master.read_master((PUBLISHED / "kospi_code.mst.zip").read_bytes(), "KOSPI")}
    kosdaq = master.read_master((PUBLISHED / "kosdaq_code.mst.zip").read_bytes(), "KOSDAQ")

    assert kospi["005930"].name == "삼성전자"
    assert (kospi["005930"].sector, kospi["005930"].kind) == ("0013", "stock")
    assert sum(item.kind == "etf" for item in kospi.values()) > 1000
    assert sum(item.is_preferred for item in kospi.values()) > 100
    assert sum(item.is_spac for item in kosdaq) == sum("스팩" in item.name for item in kosdaq) > 50
