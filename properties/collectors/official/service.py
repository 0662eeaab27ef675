"""One client for the JSON services of the state: addresses, parameters, fields and error codes come from a profile.

An answer is complete or an exception: errors, caps and changed shapes are never zero rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from integrations.sdk import AuthError, RateLimited, Rejected, Unavailable, check_response, read_json
from properties.collectors.molit import decoded_key, parse_answer, whole_of
from properties.collectors.profile import Part, walk

if TYPE_CHECKING:
    import httpx2

FOLDER = Path(__file__).with_name("profiles")
MAX_PAGES = 50
Trouble = Literal["key", "parameter", "limit", "too_many", "outage"]


class Status(Part):
    """Where an answer says whether it is one. `ok` holds the values of success; "" means that the field is absent."""

    path: str
    ok: tuple[str, ...]
    message: str


class Operation(Part):
    """One question: its path, how our words are called there, where the rows are and what their fields mean."""

    path: str
    rows: str
    total: str = ""
    page_param: str = ""
    size_param: str = ""
    size: int = 100
    params: dict[str, str]
    fields: dict[str, str]


class Service(Part):
    """Everything that one service of the state does its own way."""

    key: str
    title: str
    base_url: str
    key_param: str
    requests_per_second: float
    terms_note: str
    #: The answer is a list of objects that together make one.
    merge_list: bool = False
    fixed: dict[str, str] = Field(default_factory=dict)
    status: Status
    errors: dict[str, Trouble] = Field(default_factory=dict)
    operations: dict[str, Operation]
    codes: dict[str, dict[str, str]] = Field(default_factory=dict)


@lru_cache(maxsize=1)
def services() -> dict[str, Service]:
    """Every official service by key."""
    found = [Service.model_validate_json(file.read_text(encoding="utf-8")) for file in sorted(FOLDER.glob("*.json"))]
    return {service.key: service for service in found}


class OfficialClient:
    """Asks one service. `http` carries the base URL; a key of data.go.kr may be encoded or decoded."""

    def __init__(self, http: httpx2.AsyncClient, service: str, key: str) -> None:
        self.http, self.service, self.key = http, services()[service], decoded_key(key)

    async def ask(self, operation: str, limit: int = 0, /, **params: str) -> tuple[list[dict[str, str]], int]:
        """Rows under our own field names, and how many there are in all.

        Every page is read, or as many as `limit` rows need. Parameters that are empty are not sent, because some
        services take an empty one for a condition that nothing meets.
        """
        plan = self.service.operations[operation]
        query = {plan.params[name]: value for name, value in params.items() if value}
        found: list[dict[str, str]] = []
        for page in range(1, MAX_PAGES + 1):
            paged = {plan.page_param: str(page), plan.size_param: str(plan.size)} if plan.page_param else {}
            rows, total = await self._page(plan, {**query, **paged})
            found += [self._named(plan, row) for row in rows]
            if not plan.page_param or len(found) >= total or (limit and len(found) >= limit):
                return (found[:limit] if limit else found), max(total, len(found))
            if not rows:
                break
        raise Unavailable(
            f"{self.service.title} announced more rows than it sent ({len(found)}).",
            code="incomplete_answer",
            remedy="Try again later, or narrow the question.",
        )

    async def _page(self, plan: Operation, query: Mapping[str, str]) -> tuple[list[dict[str, Any]], int]:
        service = self.service
        response = await self.http.get(
            plan.path, params={service.key_param: self.key, **service.fixed, **query}, follow_redirects=False
        )
        if "returnReasonCode" in response.text:
            # The gateway of data.go.kr answers with XML whatever was asked for.
            parse_answer(response.text)
        if 300 <= response.status_code < 400:
            raise Unavailable(
                f"{service.title} moved; its profile may be out of date.", code="moved", remedy="Update the portal."
            )
        if response.status_code in (404, 410):
            raise Rejected(
                f"{service.title} no longer has this service.", code="service_retired", remedy="Update the portal."
            )
        body = self._body(response)
        self._judge(body)
        check_response(response, service=service.title)
        rows: Any = body
        for part in plan.rows.split("."):
            rows = rows.get(part) if isinstance(rows, dict) else None
        if isinstance(rows, dict):
            rows = [rows]
        total = walk(body, plan.total) if plan.total else None
        count = whole_of(total[0] if isinstance(total, list) else total)
        if rows is None and count == 0:
            rows = []
        if not isinstance(rows, list) or (plan.total and rows and count is None):
            raise Unavailable(
                f"{service.title} answers in a form that is not known.",
                code="changed_answer",
                remedy="Update the portal.",
            )
        items = [row for row in rows if isinstance(row, dict)]
        return items, count if count is not None else len(items)

    def _body(self, response: httpx2.Response) -> dict[str, Any]:
        body: Any
        try:
            body = response.json()
        except ValueError:
            check_response(response, service=self.service.title)
            # A page or half an answer: the shared reader says so.
            body = read_json(response, service=self.service.title)
        if self.service.merge_list and isinstance(body, list):
            body = {name: value for part in body if isinstance(part, dict) for name, value in part.items()}
        if not isinstance(body, dict):
            raise Unavailable(f"{self.service.title} sent an unknown answer.", code="broken_answer")
        return body

    def _judge(self, body: Mapping[str, Any]) -> None:
        status = self.service.status
        value, words = walk(body, status.path), walk(body, status.message)
        code = str(value[0] if isinstance(value, list) else "" if value is None else value)
        if code in status.ok:
            return
        message = str(words[0] if isinstance(words, list) else words or "")
        told = f" ({code or '?'}{': ' + message if message else ''})"
        title, trouble = self.service.title, self.service.errors.get(code, "outage")
        if trouble == "key":
            raise AuthError(f"{title} does not accept the key.{told}", remedy="Check the key of the connection.")
        if trouble == "parameter":
            raise Rejected(f"{title} cannot use the question.{told}", remedy="Change the words of the question.")
        if trouble == "too_many":
            raise Rejected(f"{title} finds too much.{told}", code="too_many", remedy="Ask for something narrower.")
        if trouble == "limit":
            raise RateLimited(f"{title} asks to slow down.{told}")
        raise Unavailable(f"{title} has a problem.{told}", remedy="Try again later.")

    @staticmethod
    def _named(plan: Operation, row: Mapping[str, Any]) -> dict[str, str]:
        values = {name: row.get(column) for name, column in plan.fields.items()}
        return {name: "" if value is None else str(value).strip() for name, value in values.items()}
