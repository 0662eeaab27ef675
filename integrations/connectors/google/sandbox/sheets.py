"""The values of one spreadsheet, addressed by A1 ranges."""

from __future__ import annotations

import re
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from integrations.connectors.google.sandbox.common import error, not_found, signed

_A1 = re.compile(r"(?P<sheet>[^!]+)(?:!(?P<c1>[A-Z]+)?(?P<r1>\d+)?(?::(?P<c2>[A-Z]+)?(?P<r2>\d+)?)?)?\Z")


def first_sheets() -> dict[str, list[list[Any]]]:
    """The sheets as they are at the start."""
    return {"재고": [["품목", "수량", "단가"], ["연필", 120, 500], ["지우개", 40, 700], ["공책", 15]], "빈 시트": []}


sheets = first_sheets()


def _column(letters: str | None, default: int) -> int:
    if not letters:
        return default
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def _letters(index: int) -> str:
    text = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        text = chr(65 + rest) + text
    return text


def _locate(text: str) -> tuple[list[list[Any]], str, int, int, int, int] | None:
    """Sheet, its name, first column and row, last column and row (all from 0, the last ones included)."""
    found = _A1.match(text)
    if found is None or found["sheet"].strip("'") not in sheets:
        return None
    name = found["sheet"].strip("'")
    rows = sheets[name]
    single = found["r1"] and "!" in text and ":" not in text
    c1, r1 = _column(found["c1"], 0), int(found["r1"] or 1) - 1
    c2 = c1 if single else _column(found["c2"], max((len(row) for row in rows), default=1) - 1)
    r2 = r1 if single else int(found["r2"] or max(len(rows), 1)) - 1
    return rows, name, c1, r1, max(c1, c2), max(r1, r2)


def _range(name: str, c1: int, r1: int, c2: int, r2: int) -> str:
    quoted = f"'{name}'" if " " in name else name
    return f"{quoted}!{_letters(c1)}{r1 + 1}:{_letters(c2)}{r2 + 1}"


def _bad_range(text: str) -> Response:
    return error(400, f"Unable to parse range: {text}", "badRequest", "INVALID_ARGUMENT")


async def values(request: Request) -> Response:
    if request.path_params["id"] != "sandbox-sheet":
        return not_found()
    text = request.path_params["range"]
    located = _locate(text)
    if located is None:
        return _bad_range(text)
    rows, name, c1, r1, c2, r2 = located
    if request.method == "PUT":
        return await _update(request, rows, name, c1, r1)
    lines = [row[c1 : c2 + 1] for row in rows[r1 : r2 + 1]]
    data: dict[str, Any] = {"range": _range(name, c1, r1, c2, r2), "majorDimension": "ROWS"}
    if any(lines):
        data["values"] = lines  # an empty range has no `values` at all
    return JSONResponse(data)


async def _update(request: Request, rows: list[list[Any]], name: str, c1: int, r1: int) -> Response:
    lines = (await request.json())["values"]
    for offset, line in enumerate(lines):
        while len(rows) <= r1 + offset:
            rows.append([])
        row = rows[r1 + offset]
        row.extend([""] * (c1 + len(line) - len(row)))
        for index, value in enumerate(line):
            if value is not None:
                row[c1 + index] = value
    width = max(len(line) for line in lines)
    where = _range(name, c1, r1, c1 + width - 1, r1 + len(lines) - 1)
    return JSONResponse({"updatedRange": where, "updatedRows": len(lines), "updatedCells": sum(map(len, lines))})


async def append(request: Request) -> Response:
    located = _locate(request.path_params["range"])
    if request.path_params["id"] != "sandbox-sheet" or located is None:
        return not_found()
    rows, name = located[0], located[1]
    lines = (await request.json())["values"]
    first = len(rows)
    rows.extend([["" if value is None else value for value in line] for line in lines])
    where = _range(name, 0, first, len(lines[0]) - 1, first + len(lines) - 1)
    updates = {"updatedRange": where, "updatedRows": len(lines), "updatedCells": sum(map(len, lines))}
    return JSONResponse({"spreadsheetId": "sandbox-sheet", "updates": updates})


routes = [
    Route("/spreadsheets/{id}/values/{range}:append", signed(append), methods=["POST"]),
    Route("/spreadsheets/{id}/values/{range}", signed(values), methods=["GET", "PUT"]),
]
