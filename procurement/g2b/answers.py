"""Reading an answer: four error shapes are looked for before anything is called rows or empty.

Shapes: gateway XML, the same as JSON, the provider's `nkoneps…ResponseError` envelope, and plain text or HTML.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import orjson

from integrations.sdk.errors import ConnectorError
from procurement.g2b.errors import Codes, Unreadable, error_for, meaning_of

Row = dict[str, str]


@dataclass(frozen=True, slots=True)
class Page:
    """One page of rows; `total` is the upstream's count for the whole question."""

    rows: list[Row] = field(default_factory=list)
    total: int = 0
    page_no: int = 1
    page_size: int = 0


def read_answer(body: bytes, *, status: int = 200, operation: str = "") -> Page:
    """The page in an answer, or the error it carries. Raises the errors of `procurement.g2b.errors`."""
    text = body.decode("utf-8", errors="replace").lstrip("\ufeff").strip()
    if not text:
        if status == 429:
            raise _bare_429(operation)
        raise Unreadable(f"{operation}: the answer is empty (HTTP {status}).", details={"http_status": status})
    if text[0] in "{[":
        return _read_json(text, status, operation)
    if text[0] == "<" and not re.match(r"<(!doctype\s+)?html", text, re.IGNORECASE):
        return _read_xml(body, text, status, operation)
    return _read_plain(text, status, operation)


def _read_json(text: str, status: int, operation: str) -> Page:
    try:
        data = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise Unreadable(f"{operation}: the JSON answer is cut off or broken (HTTP {status}).") from None
    if not isinstance(data, dict):
        raise Unreadable(f"{operation}: the JSON answer is not an object (HTTP {status}).")
    gateway = data.get("OpenAPI_ServiceResponse")
    if isinstance(gateway, dict):
        raise _gateway_error(gateway.get("cmmMsgHeader") or gateway, operation)
    for name, value in data.items():
        if name.endswith("ResponseError") and isinstance(value, dict):
            header = value.get("header") or value
            return _refuse_or_empty(header, operation)
    response = data.get("response")
    if not isinstance(response, dict):
        raise Unreadable(f"{operation}: the answer has no response part (HTTP {status}).")
    return _page(response.get("header") or {}, response.get("body") or {}, operation)


def _read_xml(body: bytes, text: str, status: int, operation: str) -> Page:
    from lxml import etree

    # No entities, no network, no document type: the answer is data of a stranger.
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(body.strip().removeprefix(b"\xef\xbb\xbf"), parser)
    except etree.XMLSyntaxError:
        raise Unreadable(f"{operation}: the XML answer is cut off or broken (HTTP {status}).") from None
    data = _element(root)
    tag = etree.QName(root).localname
    if tag == "OpenAPI_ServiceResponse":
        raise _gateway_error(data.get("cmmMsgHeader") or data, operation)
    if tag.endswith("ResponseError"):
        return _refuse_or_empty(data.get("header") or data, operation)
    if tag != "response":
        return _read_plain(text, status, operation)
    return _page(data.get("header") or {}, data.get("body") or {}, operation)


def _element(node: Any) -> Any:
    """An XML element as text, or a dictionary of its children; repeated children become a list."""
    children = [child for child in node if isinstance(child.tag, str)]
    if not children:
        return (node.text or "").strip()
    result: dict[str, Any] = {}
    for child in children:
        name, value = child.tag.rpartition("}")[2], _element(child)
        if name in result:
            if not isinstance(result[name], list):
                result[name] = [result[name]]
            result[name].append(value)
        else:
            result[name] = value
    return result


def _read_plain(text: str, status: int, operation: str) -> Page:
    first = text.splitlines()[0].strip().rstrip(".!").lower()
    code = Codes.PLAIN.get(first)
    if code is not None:
        raise error_for(code, text.splitlines()[0].strip(), operation=operation)
    if status == 429:
        raise _bare_429(operation)
    if status in (401, 403):
        raise error_for("20", f"HTTP {status}", operation=operation)
    kind = "a web page (maintenance?)" if text.lstrip().startswith("<") else "an unknown text"
    raise Unreadable(f"{operation}: the answer is {kind}, HTTP {status}.", details={"http_status": status})


def _bare_429(operation: str) -> ConnectorError:
    """A 429 whose body does not say which limit it is; the client decides by when it came."""
    error = error_for("23", "HTTP 429", operation=operation)
    error.details["bare_429"] = True
    return error


def _gateway_error(header: Any, operation: str) -> ConnectorError:
    header = header if isinstance(header, dict) else {}
    reason = str(header.get("returnReasonCode") or "").strip()
    words = str(header.get("returnAuthMsg") or header.get("errMsg") or "").strip()
    code = reason.zfill(2) if reason.isdigit() else ""
    # Some services answer with a message and no usable code.
    if code in ("", "00"):
        code = next((known for word, known in Codes.WORDS.items() if word in words.upper()), "99")
    return error_for(code, words, operation=operation)


def _refuse_or_empty(header: Any, operation: str) -> Page:
    code = str((header or {}).get("resultCode") or "99").strip().zfill(2)
    message = str((header or {}).get("resultMsg") or "").strip()
    if meaning_of(code).reaction == "empty":
        return Page()
    raise error_for(code if code != "00" else "99", message, operation=operation)


def _page(header: Any, body: Any, operation: str) -> Page:
    if not isinstance(header, dict) or not str(header.get("resultCode") or "").strip():
        raise Unreadable(f"{operation}: the answer carries no result code.")
    code = str(header["resultCode"]).strip().zfill(2)
    if meaning_of(code).reaction == "empty":
        return Page()
    if code != "00":
        raise error_for(code, str(header.get("resultMsg") or "").strip(), operation=operation)
    if not isinstance(body, dict):
        body = {}
    rows = _rows(body.get("items"))
    size = _count(body.get("numOfRows"), len(rows))
    return Page(rows, _count(body.get("totalCount"), len(rows)), _count(body.get("pageNo"), 1), size)


def _rows(items: Any) -> list[Row]:
    """`items` as a list, `items.item` as list or single object, or one of the many spellings of nothing."""
    if isinstance(items, dict):
        items = items.get("item", items if items and "item" not in items else None)
    if not items:
        return []
    if isinstance(items, dict):
        items = [items]
    return [_as_text(row) for row in items if isinstance(row, dict)]


def _as_text(row: dict[str, Any]) -> Row:
    # Values are text as a rule; looking first is much cheaper than rebuilding every row.
    if set(map(type, row.values())) <= {str}:
        return row
    return {
        str(name): "" if value is None or isinstance(value, (dict, list)) else str(value) for name, value in row.items()
    }


def _count(value: Any, default: int) -> int:
    try:
        return int(str(value).strip())
    except ValueError:
        return default
