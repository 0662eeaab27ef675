"""Following the pages of an answer: which request comes next, and when to stop."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict

from integrations.sdk import FieldProblem, InvalidParams, Param, Unavailable
from integrations.sdk.paths import get_path

_LINK = re.compile(r'<(?P<url>[^>]*)>(?P<params>(?:\s*;\s*[\w-]+\s*=\s*(?:"[^"]*"|[^\s",;]+))*)')
_REL = re.compile(r';\s*rel\s*=\s*(?:"([^"]*)"|([^\s",;]+))', re.IGNORECASE)


class Paging(BaseModel):
    """How to get all pages of a list."""

    model_config = ConfigDict(extra="forbid")

    mode: Annotated[
        Literal["link", "next_url", "cursor", "page", "offset"],
        Param(
            "link: Link header; next_url: URL in the answer; cursor: token in the answer; page and offset: counting",
            "link: Link 헤더, next_url: 응답 속 주소, cursor: 응답 속 토큰, page·offset: 번호 세기",
        ),
    ]
    items: Annotated[
        str, Param("Path of the list inside the answer; empty: the answer is the list", "응답 속 목록의 경로")
    ] = ""
    next: Annotated[str, Param("Path of the next URL or cursor inside the answer", "응답 속 다음 주소·토큰의 경로")] = (
        ""
    )
    parameter: Annotated[str, Param("Query parameter of the cursor, page or offset", "커서·쪽·위치의 쿼리 이름")] = ""
    start: Annotated[int, Param("First page or offset", "첫 번호", ge=0)] = 1
    size: Annotated[int, Param("Items per page; a shorter page is the last one", "쪽당 항목 수", ge=0, le=10_000)] = 0
    max_pages: Annotated[int, Param("Pages at most", "최대 쪽 수", ge=1, le=200)] = 10

    def first(self) -> dict[str, str]:
        """Query parameters of the first request."""
        return {self.parameter: str(self._first_number)} if self.mode in ("page", "offset") and self.parameter else {}

    @property
    def _first_number(self) -> int:
        return 0 if self.mode == "offset" and self.start == 1 else self.start

    def check(self) -> None:
        """Refuse a description that lacks what its mode needs."""
        needed = {
            "next_url": ("next",),
            "cursor": ("next", "parameter"),
            "page": ("parameter",),
            "offset": ("parameter",),
        }
        for name in needed.get(self.mode, ()):
            if not getattr(self, name):
                problem = FieldProblem(f"paging.{name}", f"Paging by {self.mode} needs this.", "Fill it in.")
                raise InvalidParams("The paging is not complete.", problems=[problem])

    def items_of(self, data: Any) -> list[Any]:
        """The list of one page; `Unavailable` when the answer holds none there."""
        found = get_path(data, self.items, field="paging.items") if self.items else data
        if not isinstance(found, list):
            place = f"at {self.items!r}" if self.items else "as its whole"
            raise Unavailable(
                f"The answer holds no list {place}.", code="broken_answer", remedy="Check `paging.items`."
            )
        return found

    def following(
        self, page: int, data: Any, count: int, taken: int, headers: Mapping[str, str]
    ) -> tuple[str, dict[str, str]] | None:
        """URL (empty: the same) and query parameters of the page after number `page` (from 0); None at the end.

        `count` items were on this page, `taken` on all so far.
        """
        if self.mode == "link":
            url = next_link(headers.get("link", ""))
            return (url, {}) if url else None
        if self.mode in ("next_url", "cursor"):
            found = get_path(data, self.next, field="paging.next")
            if found in (None, "", False):
                return None
            return (str(found), {}) if self.mode == "next_url" else ("", {self.parameter: str(found)})
        if count == 0 or (self.size and count < self.size):
            return None
        step = taken if self.mode == "offset" else page + 1
        return "", {self.parameter: str(self._first_number + step)}


def next_link(header: str) -> str:
    """The `rel="next"` target of a Link header (RFC 8288), empty when there is none."""
    for found in _LINK.finditer(header):
        for quoted, plain in _REL.findall(found["params"]):
            if "next" in (quoted or plain).lower().split():
                return found["url"]
    return ""
