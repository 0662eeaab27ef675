"""The readable text of HTML: mails, web pages."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

_BLOCKS = frozenset("p div br tr li h1 h2 h3 h4 h5 h6 section article table ul ol blockquote pre dt dd".split())  # noqa: SIM905
_SPACE = re.compile(r"\s+")
_HIDDEN = frozenset(["script", "style", "head", "noscript", "template"])


class _TextOnly(HTMLParser):
    """Collects what a reader would see."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag in _HIDDEN:
            self._hidden += 1
        elif tag in _BLOCKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _HIDDEN:
            self._hidden = max(0, self._hidden - 1)

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            # A line break in the source is only a space to the reader.
            self.parts.append(_SPACE.sub(" ", data))


def text_of_html(html: str) -> str:
    """The readable text of an HTML document, one line per block."""
    parser = _TextOnly()
    parser.feed(html)
    lines = (" ".join(line.split()) for line in "".join(parser.parts).splitlines())
    return "\n".join(line for line in lines if line)
