"""The client of 조달청's OpenAPI: one question, one page, or all pages of a question, in order."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Mapping
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from integrations.sdk.errors import ConnectorError
from integrations.sdk.store import MemoryStore
from portal.common.errors import PortalError
from procurement.g2b.answers import Page, Row, read_answer
from procurement.g2b.calendar import Window
from procurement.g2b.errors import BadRequest, ProviderFault, QuotaExhausted, RangeTooWide, TooFast, meaning_of
from procurement.g2b.keys import fingerprint, normalise_key, protect_logs, redact
from procurement.g2b.limits import Gate
from procurement.g2b.operations import Operation, operation

if TYPE_CHECKING:
    import httpx2

#: The portal refuses any header value holding `environment=` (tracing libraries add one): nothing else is sent.
SENT_HEADERS = frozenset({"host", "user-agent", "accept", "accept-encoding", "connection"})
USER_AGENT = "mcp-portal/0.1 (+procurement)"
PAGE_SIZE, LARGEST_PAGE = 100, 999


class G2bClient:
    """Asks one operation at a time through a pooled HTTP client; limits are shared through the gate.

    `http` carries the base URL (the host, or the sandbox). `key` may be raw, percent-encoded or hexadecimal.
    """

    def __init__(
        self,
        http: httpx2.AsyncClient,
        key: str,
        *,
        gate: Gate | None = None,
        timeout: float = 90.0,
        attempts: int = 4,
        concurrency: int = 10,
        paths: Mapping[str, str] | None = None,
        sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep,
    ) -> None:
        self._http, self._key = http, normalise_key(key)
        self.gate = gate or Gate(MemoryStore(), fingerprint(self._key))
        self._timeout, self._attempts, self._sleep = timeout, max(attempts, 1), sleep
        self.concurrency = min(max(concurrency, 1), self.gate.in_flight)
        self._paths = dict(paths or {})
        self.calls = 0
        self._answered = False
        protect_logs()

    def __repr__(self) -> str:
        return f"<G2bClient key {fingerprint(self._key)}>"

    async def page(
        self,
        name: str,
        params: Mapping[str, str] | None = None,
        *,
        window: Window | None = None,
        page_no: int = 1,
        page_size: int = PAGE_SIZE,
    ) -> Page:
        """One page. Raises the errors of `procurement.g2b.errors`; retries only where a retry can help."""
        asked = operation(name)
        query = self._query(asked, params or {}, window, page_no, page_size)
        attempt = 0
        while True:
            attempt += 1
            try:
                return await self._once(asked, query)
            except QuotaExhausted as error:
                # The upstream's own word counts for every process; our counter already says so otherwise.
                raise (await self.gate.exhaust(name) if "reason_code" in error.details else error) from None
            except TooFast as error:
                if error.details.get("bare_429") and not self._answered:
                    # Refused before anything was ever answered: that is the daily limit, not a burst.
                    raise await self.gate.exhaust(name) from None
                await self.gate.slow_down()
                if attempt >= self._attempts + 2:
                    raise
                await self._sleep(error.retry_after or attempt * random.uniform(0.8, 1.6))  # noqa: S311
            except ConnectorError as error:
                if not error.retryable or attempt >= self._attempts:
                    raise
                wait = error.retry_after or min(0.5 * 2 ** (attempt - 1), 8.0) * random.uniform(0.7, 1.3)  # noqa: S311
                await self._sleep(wait)

    async def first_page(
        self,
        name: str,
        params: Mapping[str, str] | None = None,
        *,
        window: Window | None = None,
        page_size: int = PAGE_SIZE,
    ) -> Page:
        """Page 1, whose `page_size` is the size that really works: code 07 halves it before the error is passed on."""
        size = min(page_size, LARGEST_PAGE)
        while True:
            try:
                page = await self.page(name, params, window=window, page_size=size)
            except RangeTooWide:
                if size <= PAGE_SIZE:
                    raise
                size = max(size // 2, PAGE_SIZE)
                continue
            # The upstream may silently cap the page: trust the number of rows it really gave.
            given = len(page.rows) if 0 < len(page.rows) < min(size, page.total) else size
            return replace(page, page_no=1, page_size=given)

    async def pages(
        self,
        name: str,
        params: Mapping[str, str] | None = None,
        *,
        window: Window | None = None,
        page_size: int = PAGE_SIZE,
        first: Page | None = None,
        skip: Collection[int] = (),
    ) -> AsyncGenerator[Page, None]:
        """All pages in order: page 1 first (it tells how many there are), the others concurrently.

        `first` is a page 1 already asked for; `skip` leaves out pages already held.
        """
        if first is None:
            first = await self.first_page(name, params, window=window, page_size=page_size)
        yield first
        given = max(first.page_size, 1)
        count = -(-first.total // given) if first.total else 1
        waiting = iter([number for number in range(2, count + 1) if number not in skip])
        tasks: deque[asyncio.Task[Page]] = deque()

        def start_next() -> None:
            number = next(waiting, None)
            if number is not None:
                task = asyncio.create_task(
                    self.page(name, params, window=window, page_no=number, page_size=given), name=f"g2b-page-{number}"
                )
                tasks.append(task)

        try:
            # A few more than fit: a slow page at the head must not leave places in flight unused.
            for _ in range(self.concurrency + 5):
                start_next()
            while tasks:
                page = await tasks[0]
                tasks.popleft()
                start_next()
                yield page
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def rows(
        self,
        name: str,
        params: Mapping[str, str] | None = None,
        *,
        window: Window | None = None,
        page_size: int = PAGE_SIZE,
        limit: int | None = None,
    ) -> tuple[list[Row], int]:
        """The rows of a question (at most `limit`) and the upstream's total."""
        found: list[Row] = []
        total = 0
        async with aclosing(self.pages(name, params, window=window, page_size=page_size)) as pages:
            async for page in pages:
                total = page.total
                found.extend(page.rows)
                if limit is not None and len(found) >= limit:
                    break
        return found[:limit], total

    def _query(
        self, asked: Operation, params: Mapping[str, str], window: Window | None, page_no: int, page_size: int
    ) -> dict[str, str]:
        query = {name: str(value) for name, value in params.items() if value not in ("", None)}
        # Some request parameters are printed in odd case (dminsttcD): accept either from callers, send the printed one.
        printed = {name.lower(): name for name in asked.params}
        query = {printed.get(name.lower(), name): value for name, value in query.items()}
        if window is not None:
            if asked.period is None:
                raise BadRequest(f"{asked.name} takes no period.", details={"operation": asked.name})
            query |= asked.period.params(window)
        missing = [name for name in asked.required if name not in query]
        if missing:
            raise BadRequest(f"{asked.name} needs {', '.join(missing)}.", details={"operation": asked.name})
        return query | {"pageNo": str(page_no), "numOfRows": str(min(page_size, LARGEST_PAGE)), "type": "json"}

    async def _once(self, asked: Operation, query: dict[str, str]) -> Page:
        url = asked.url
        if asked.service in self._paths:
            url = f"{self._paths[asked.service]}/{asked.name}"
        headers = {"User-Agent": USER_AGENT, "Accept": "application/json, application/xml;q=0.9, */*;q=0.1"}
        async with self.gate.slot():
            await self.gate.reserve(asked.name)
            self.calls += 1
            # The raw key is encoded exactly once, here; `params` would parse the whole address a third time.
            encoded = urlencode({"serviceKey": self._key, **query}, quote_via=quote, safe="")
            request = self._http.build_request("GET", f"{url}?{encoded}", headers=headers, timeout=self._timeout)
            for name in [name for name in request.headers if name.lower() not in SENT_HEADERS]:
                del request.headers[name]
            try:
                answer = await self._http.send(request)
                body = answer.content
            except PortalError as error:
                # The guarded client speaks the portal's errors; those worth a retry are the provider's fault here.
                if not error.retryable:
                    raise
                raise ProviderFault(f"{asked.name}: {redact(error.message, self._key)}") from None
            except Exception as error:
                if not _is_transport(error):
                    raise
                # The cause holds the URL and with it the key: its words are kept, the chain is not.
                words = redact(str(error) or type(error).__name__, self._key)
                raise ProviderFault(f"{asked.name}: no answer ({words}).") from None
        # Whoever waits for the place sends first; reading the answer needs the processor, not the network.
        await asyncio.sleep(0)
        try:
            page = read_answer(body, status=answer.status_code, operation=asked.name)
        except ConnectorError as error:
            # Some gateways echo the query in their message.
            error.message = redact(error.message, self._key)
            error.args = (error.message,)
            hint = _retry_after(answer.headers)
            if hint is not None and meaning_of(str(error.details.get("reason_code", ""))).reaction == "slow_down":
                error.retry_after = hint
            raise
        self._answered = True
        return page


def _retry_after(headers: Mapping[str, str]) -> float | None:
    value = headers.get("retry-after", "")
    return min(float(value), 60.0) if value.isdigit() else None


def _is_transport(error: Exception) -> bool:
    """Whether the HTTP library, not our code, failed; told by name so that the library is not imported here."""
    return any(kind.__name__ in {"TransportError", "TimeoutException", "HTTPError"} for kind in type(error).__mro__)
