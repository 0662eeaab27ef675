"""The symbol master files as KIS publishes them: zip of cp949 records of fixed byte length."""

from __future__ import annotations

import io
import zipfile

from markets.sandbox.figures import Symbol, sector_names, symbols

#: Bytes before the sector codes in a record's tail and the flags after them, per market.
FLAGS = {"KOSPI": 26, "KOSDAQ": 21}
TAIL = {"KOSPI": 227, "KOSDAQ": 221}


def padded(text: str, width: int) -> bytes:
    """Text as cp949 cut and padded to a number of bytes, never through the middle of a character."""
    raw = text.encode("cp949", "replace")
    while len(raw) > width:
        text = text[:-1]
        raw = text.encode("cp949", "replace")
    return raw.ljust(width)


def record(symbol: Symbol, market: str) -> bytes:
    """One line without its newline; fields the excerpt does not know are zero or blank."""
    head = padded(symbol.code, 9) + padded(symbol.std_code, 12) + padded(symbol.name, 40)
    flags = ["N"] * FLAGS[market]
    if symbol.is_spac:
        flags[14 if market == "KOSPI" else 9] = "Y"
    yes = {True: "Y", False: "N"}
    fields = [
        (symbol.group, 2), (symbol.size if symbol.size.isdigit() else "0", 1),
        (symbol.sector_large, 4), (symbol.sector_medium, 4), ("0000", 4), ("".join(flags), len(flags)),
        ("0" * 9, 9), ("00001", 5), ("00001", 5),
        (yes[symbol.halted], 1), (yes[symbol.liquidation], 1), (yes[symbol.administrative], 1), (symbol.warning, 2),
        ("NNN", 3), ("000000", 6), ("040", 3), ("Y", 1), ("090", 3), ("0" * 12, 12), ("0" * 12, 12),
        (symbol.list_date, 8), (f"{symbol.shares // 1000:015d}", 15), ("0" * 21, 21), ("12", 2), ("", 7),
        (symbol.preferred, 1), ("NNN", 3), ("N", 1 if market == "KOSPI" else 0), ("0" * 27, 27), ("0" * 5, 5),
        ("0" * 9, 9), ("20241231", 8), (f"{symbol.market_cap_100m:09d}", 9), ("", 3), ("NNN", 3),
    ]  # fmt: skip
    tail = b"".join(padded(text, width) for text, width in fields)
    if len(tail) != TAIL[market]:
        raise AssertionError(f"{market} tail has {len(tail)} bytes")
    return head + tail


def master_zip(market: str, *, malformed: bool = False) -> bytes:
    """The zip of one market's records; a malformed one has a record cut short."""
    lines = [record(symbol, market) for symbol in symbols().values() if symbol.market == market]
    if malformed:
        lines = [line[:37] for line in lines]
    name = f"{market.lower()}_code.mst"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, b"".join(line + b"\n" for line in lines))
    return out.getvalue()


def index_file() -> bytes:
    """idxcode.mst: division, code and name of every sector, 45 bytes a record."""
    lines = [
        code[0].encode() + code.encode() + padded(name, 40) for code, name in sector_names().items() if code[0] in "012"
    ]
    return b"".join(line + b"\n" for line in lines)
