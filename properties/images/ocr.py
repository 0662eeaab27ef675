"""Text from pictures of adverts, by Debian's tesseract with Korean when it is installed; says so when it is not.

What it read is only taken through the grammars of prices, areas and floors: digits and units come out right, brand
names and ㎡ often do not, so names are matched against complexes that are known already.
"""

from __future__ import annotations

import io
import re
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

from portal.common.errors import PortalError
from properties.images.decode import open_picture
from properties.normalise.directions import parse_direction
from properties.normalise.names import parse_complex_name
from properties.normalise.prices import parse_price

SECONDS = 40
LANGUAGES = "kor+eng"
#: A reader needs letters of some height: small pictures are enlarged to this width.
WORK_WIDTH = 1800


class OcrUnavailable(PortalError):
    """No reader of Korean pictures is installed here."""

    code = "ocr_not_installed"
    status = 503


class OcrPort(Protocol):
    """Something that reads text from a PNG."""

    def read(self, png: bytes) -> str: ...


@dataclass(frozen=True, slots=True)
class Tesseract:
    """The `tesseract` program, called without a shell; pictures go in and text comes out by pipes."""

    program: str

    def read(self, png: bytes) -> str:
        command = [self.program, "stdin", "stdout", "-l", LANGUAGES, "--psm", "6"]
        try:
            done = subprocess.run(command, input=png, capture_output=True, timeout=SECONDS, check=False)
        except subprocess.TimeoutExpired:
            raise OcrUnavailable("The picture could not be read in time.", remedy="Cut it to the text.") from None
        if done.returncode:
            raise OcrUnavailable("The reader of pictures failed.", remedy="Try another picture.")
        return done.stdout.decode("utf-8", errors="replace")


def reader() -> OcrPort:
    """The installed reader; `OcrUnavailable` with what to install when there is none, or none for Korean."""
    remedy = "Install it: apt install tesseract-ocr tesseract-ocr-kor"
    program = shutil.which("tesseract")
    if program is None:
        raise OcrUnavailable("Reading pictures needs tesseract, which is not installed here.", remedy=remedy)
    done = subprocess.run([program, "--list-langs"], capture_output=True, timeout=SECONDS, check=False)
    if "kor" not in done.stdout.decode(errors="replace").split():
        raise OcrUnavailable("The installed tesseract does not read Korean.", remedy=remedy)
    return Tesseract(program)


def is_available() -> bool:
    """Whether pictures can be read here."""
    try:
        reader()
    except OcrUnavailable:
        return False
    return True


def read_picture(content: bytes, port: OcrPort | None = None) -> str:
    """The text of a picture. `BadPicture` for what is none."""
    port = port or reader()
    picture = open_picture(content).convert("L")
    if picture.width < WORK_WIDTH:
        picture = picture.resize((WORK_WIDTH, round(picture.height * WORK_WIDTH / picture.width)))
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return port.read(buffer.getvalue())


@dataclass(slots=True)
class Reading:
    """Fields that the grammars accepted, by the names of the entry form, and the lines that gave nothing."""

    fields: dict[str, Any] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)


_PRICE = re.compile(
    r"(매매|전세|월세)?\s*(\d[\d,.]*\s*(?:억|만|천)[\d,\s억만천]*(?:/\s*[\d,]+\s*만?)?|\d[\d,]{2,}\s*/\s*[\d,]+)"
)
# ㎡ comes out as "m2", "m²", "㎡", or as a stray 0 behind two decimals ("84.970").
_AREA = re.compile(
    r"(?<![\d,./])"
    r"(?:(?P<number>\d{1,3}(?:\.\d{1,2})?)\s*(?:㎡|m2|m²|제곱미터)|(?P<marred>\d{2,3}\.\d{2})0(?!\d))"
)
_FLOOR = re.compile(r"(?<!\d)(\d{1,3}|저|중|고|반지하|지하\s?\d)\s*층?\s*/\s*(\d{1,3})\s*층")
_ONE_FLOOR = re.compile(r"(?<!\d)(\d{1,2})\s*층")
_ROOMS = re.compile(r"방\s*(\d)\b|(\d)\s*룸")
_DIRECTION = re.compile(r"(남동|남서|북동|북서|동남|서남|동북|서북|남|북|동|서)\s*향")
_BLOCK = re.compile(r"(?<!\d)(\d{2,4})\s*동(?![가-힣])")
_ADDRESS = re.compile(r"(?:\S+[시도]\s+)?\S+[구군시]\s+\S+(?:동|로|길|읍|면)\S*(?:\s+\d+(?:-\d+)?)?")
_TRADES = {"매매": "sale", "전세": "jeonse", "월세": "monthly"}


def read_fields(text: str, known_names: Iterable[str] = ()) -> Reading:
    """What an advert's text says. Only what its grammar understands is taken; a number alone is never a price."""
    found = Reading()
    names = {parse_complex_name(name).key: name for name in known_names}
    for line in (line.strip() for line in text.splitlines()):
        if not line:
            continue
        before = len(found.fields)
        _price(line, found)
        _measures(line, found)
        if "address" not in found.fields and (hit := _ADDRESS.search(line)):
            found.fields["address"] = hit[0].strip()
        if "complex_name" not in found.fields and (name := _name_in(line, names)):
            found.fields["complex_name"] = name
        if len(found.fields) == before:
            found.unread.append(line[:120])
    return found


def _price(line: str, found: Reading) -> None:
    if "price_text" in found.fields:
        return
    for hit in _PRICE.finditer(line):
        text = hit[2].strip()
        price = parse_price(text)
        if price.amount is None:
            continue
        found.fields["price_text"] = text
        word = hit[1] or next((word for word in _TRADES if word in line), "")
        if word:
            found.fields["trade"] = _TRADES[word]
        elif price.rent is not None:
            found.fields["trade"] = "monthly"
        return


def _measures(line: str, found: Reading) -> None:
    before = 0
    for hit in _AREA.finditer(line):
        name = "supply" if "공급" in line[before : hit.start()] else "exclusive"
        before = hit.end()
        found.fields.setdefault(name, float(hit["number"] or hit["marred"]))
    if "floor" not in found.fields:
        if hit := _FLOOR.search(line):
            found.fields["floor"], found.fields["floor_total"] = hit[1], int(hit[2])
        elif hit := _ONE_FLOOR.search(line):
            found.fields["floor"] = hit[1]
    if hit := _ROOMS.search(line):
        found.fields.setdefault("rooms", int(hit[1] or hit[2]))
    if (hit := _DIRECTION.search(line)) and (side := parse_direction(hit[0])[0]) is not None:
        found.fields.setdefault("direction", side.value)
    if hit := _BLOCK.search(line):
        found.fields.setdefault("building_dong", f"{hit[1]}동")


def _name_in(line: str, names: dict[str, str]) -> str:
    """A known complex whose name the line holds, nearly: readers mistake a letter of a brand now and then."""
    from rapidfuzz import fuzz, process

    key = parse_complex_name(line).key
    names = {known: name for known, name in names.items() if len(known) >= 3}
    if len(key) < 3 or not names:
        return ""
    best = process.extractOne(key, names.keys(), scorer=fuzz.partial_ratio, score_cutoff=75)
    return names[best[0]] if best else ""
