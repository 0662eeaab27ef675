"""Symbol master files of KIS: zip archives of cp949 records with fixed *byte* widths (portal layout, 2026-07).

Bytes are cut before they are decoded: a Korean character is two bytes, so cutting decoded text would shift columns.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass

from integrations.sdk import Unavailable

KOSPI_RECORD, KOSDAQ_RECORD, SECTOR_RECORD = 288, 282, 45
#: One-byte flags between the sector codes and the base price, and the position of the SPAC flag among them.
FLAGS = {"KOSPI": (26, 14), "KOSDAQ": (21, 9)}
RECORD = {"KOSPI": KOSPI_RECORD, "KOSDAQ": KOSDAQ_RECORD}
GROUPS = {
    "ST": "stock", "FS": "stock", "DR": "stock", "RT": "reit", "EF": "etf", "EN": "etn", "EW": "elw", "MF": "fund",
    "BC": "fund", "IF": "fund", "SC": "fund", "PF": "fund",
}  # fmt: skip
MAX_UNZIPPED = 20_000_000


@dataclass(frozen=True, slots=True)
class Instrument:
    """One line of a master file. `shares` in shares, `market_cap` in won as of the previous session."""

    code: str
    standard_code: str
    name: str
    market: str
    group: str
    kind: str
    size: str
    sector_large: str
    sector_medium: str
    is_spac: bool
    is_preferred: bool
    is_halted: bool
    is_liquidation: bool
    is_administrative: bool
    warning: str
    list_date: str
    shares: int
    market_cap: int

    @property
    def sector(self) -> str:
        """The code that says most: the medium sector, or the large one where there is none."""
        return self.sector_medium if self.sector_medium != "0000" else self.sector_large


def unzip(data: bytes) -> bytes:
    """The only member of a master archive."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
            if len(names) != 1 or archive.getinfo(names[0]).file_size > MAX_UNZIPPED:
                raise _malformed("the archive does not hold one file of a plausible size")
            return archive.read(names[0])
    except zipfile.BadZipFile as error:
        raise _malformed("it is not a zip archive") from error


def read_master(data: bytes, market: str) -> list[Instrument]:
    """Every instrument of `KOSPI` or `KOSDAQ` from the archive; raises `Unavailable` when the layout differs."""
    width = RECORD[market]
    flags, spac = FLAGS[market]
    found = []
    for number, line in enumerate(_lines(unzip(data), width), start=1):
        try:
            found.append(_instrument(line, market, flags, spac))
        except (ValueError, UnicodeDecodeError) as error:
            raise _malformed(f"record {number} cannot be read") from error
    if not found:
        raise _malformed("it holds no records")
    return found


def read_sectors(data: bytes) -> dict[str, str]:
    """Sector and index names by four-digit code from `idxcode.mst`."""
    found = {}
    for number, line in enumerate(_lines(data, SECTOR_RECORD), start=1):
        try:
            # The first byte is the division; the name starts right after the four code bytes.
            found[line[1:5].decode("ascii")] = line[5:45].decode("cp949").strip()
        except UnicodeDecodeError as error:
            raise _malformed(f"record {number} cannot be read") from error
    return found


def _lines(data: bytes, width: int) -> Iterator[bytes]:
    for line in data.split(b"\n"):
        if not line.strip():
            continue
        line = line.rstrip(b"\r")
        if len(line) != width:
            raise _malformed(f"a record has {len(line)} bytes instead of {width}")
        yield line


def _instrument(line: bytes, market: str, flag_count: int, spac: int) -> Instrument:
    at = 61

    def take(width: int) -> str:
        nonlocal at
        at += width
        return line[at - width : at].decode("cp949").strip()

    group, size, large, medium, _ = take(2), take(1), take(4), take(4), take(4)
    # Flags keep their position, so they are not stripped.
    flags = line[at : at + flag_count].decode("ascii")
    at += flag_count
    take(9 + 5 + 5)
    halted, liquidation, administrative, warning = take(1), take(1), take(1), take(2)
    take(1 + 1 + 1 + 2 + 2 + 2 + 3 + 1 + 3 + 12 + 12)
    list_date, shares = take(8), take(15)
    take(21 + 2 + 7)
    preferred = take(1)
    take(1 + 1 + 1 + (1 if market == "KOSPI" else 0) + 9 * 3 + 5 + 9 + 8)
    market_cap = take(9)
    return Instrument(
        code=line[:9].decode("ascii").strip(),
        standard_code=line[9:21].decode("ascii").strip(),
        name=" ".join(line[21:61].decode("cp949").split()),
        market=market,
        group=group,
        kind=GROUPS.get(group, "other"),
        size=size or "0",
        sector_large=large or "0000",
        sector_medium=medium or "0000",
        is_spac=flags[spac] == "Y",
        is_preferred=preferred not in {"", "0"},
        is_halted=halted == "Y",
        is_liquidation=liquidation == "Y",
        is_administrative=administrative == "Y",
        warning=warning or "00",
        list_date=list_date,
        shares=int(shares or 0) * 1000,
        market_cap=int(market_cap or 0) * 100_000_000,
    )


def _malformed(reason: str) -> Unavailable:
    return Unavailable(f"The KIS symbol file cannot be used: {reason}.", code="kis_malformed_master")
