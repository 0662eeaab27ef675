"""RSS 2.0, RSS 1.0 and Atom, whatever their encoding, into one shape."""

from __future__ import annotations

import datetime as dt
import re
import xml.etree.ElementTree as ET
from email.utils import parsedate_to_datetime
from typing import Any

from pydantic import BaseModel

from integrations.sdk import Unavailable
from integrations.sdk.html import text_of_html

_DECLARED = re.compile(rb"""<\?xml[^>]*encoding=["']([A-Za-z0-9._-]+)["']""")
_DECLARATION = re.compile(r"\A\ufeff?\s*<\?xml[^>]*\?>")


class FeedItem(BaseModel):
    """One entry. `published_at` is ISO 8601 in UTC, empty when the feed tells none."""

    id: str
    title: str = ""
    url: str = ""
    published_at: str = ""
    author: str = ""
    summary: str = ""
    categories: list[str] = []


class Feed(BaseModel):
    """A feed and its entries, newest first as far as they are dated. `total` is what the feed holds."""

    title: str = ""
    url: str = ""
    items: list[FeedItem]
    count: int
    total: int


def parse_feed(content: bytes, charset: str | None = None) -> Feed:
    """Read a feed; `Unavailable` when it is none."""
    text = _decode(content, charset)
    # Entities of one's own are how a small document grows without end; feeds need none.
    if "<!ENTITY" in text:
        raise _broken("it declares entities of its own")
    try:
        root = ET.fromstring(_DECLARATION.sub("", text))  # noqa: S314  # nosec B314 - no entities, bounded size
    except ET.ParseError:
        raise _broken("it is not well-formed XML") from None
    kind = _name(root)
    if kind == "feed":
        holder, entries = root, [one for one in root if _name(one) == "entry"]
    elif kind in ("rss", "rdf"):
        holder = next((one for one in root if _name(one) == "channel"), root)
        entries = [one for one in (*holder, *root) if _name(one) == "item"]
    else:
        raise _broken(f"its outermost element is <{kind}>")
    items = [_item(one) for one in entries]
    items.sort(key=lambda one: one.published_at, reverse=True)
    return Feed(title=_text(holder, "title"), url=_link(holder), items=items, count=len(items), total=len(items))


def _broken(reason: str) -> Unavailable:
    return Unavailable(f"This is not a feed: {reason}.", code="broken_answer", remedy="Check the address.")


def _decode(content: bytes, charset: str | None) -> str:
    declared = _DECLARED.search(content[:200])
    for name in (declared[1].decode() if declared else None, charset, "utf-8"):
        try:
            if name:
                return content.decode("cp949" if name.lower() in ("euc-kr", "ks_c_5601-1987") else name)
        except (LookupError, UnicodeDecodeError):
            continue
    return content.decode("utf-8", "replace")


def _name(element: Any) -> str:
    return str(element.tag).rpartition("}")[2].lower()


def _text(element: Any, *names: str) -> str:
    for name in names:
        for child in element:
            if _name(child) == name and (text := "".join(child.itertext()).strip()):
                return text
    return ""


def _link(element: Any) -> str:
    best = ""
    for child in element:
        if _name(child) == "link":
            if child.get("href"):
                if child.get("rel", "alternate") == "alternate":
                    return str(child.get("href"))
                best = best or str(child.get("href"))
            elif child.text and child.text.strip():
                return str(child.text.strip())
    return best


def _item(element: Any) -> FeedItem:
    url = _link(element)
    summary = _text(element, "description", "summary", "encoded", "content")
    author = next((child for child in element if _name(child) in ("author", "creator")), None)
    name = "" if author is None else _text(author, "name") or "".join(author.itertext()).strip()
    categories = [
        (child.get("term") or "".join(child.itertext())).strip()
        for child in element
        if _name(child) in ("category", "subject")
    ]
    return FeedItem(
        id=_text(element, "guid", "id") or url or _text(element, "title"),
        title=" ".join(text_of_html(_text(element, "title")).split()),
        url=url,
        published_at=_moment(_text(element, "pubdate", "published", "date", "updated")),
        author=name,
        summary=text_of_html(summary),
        categories=[one for one in categories if one],
    )


def _moment(text: str) -> str:
    """ISO 8601 in UTC; empty when it cannot be read."""
    if not text:
        return ""
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        try:
            moment = dt.datetime.fromisoformat(text)
        except ValueError:
            return ""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    return moment.astimezone(dt.UTC).isoformat(timespec="seconds")
