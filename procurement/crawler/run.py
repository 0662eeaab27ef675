"""Fetching: windows newest first, pages concurrently, everything kept in the spool, the cursor saved after each step.

A crawl that is killed at any moment goes on where it stopped and ends with the same spool.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Protocol

from integrations.sdk.errors import AuthError, ConnectorError
from procurement.crawler.plan import ATTRIBUTES, CrawlSpec, WindowState, is_stable
from procurement.crawler.spool import Spool
from procurement.g2b.answers import Page
from procurement.g2b.client import G2bClient
from procurement.g2b.errors import BadRequest, QuotaExhausted, RangeTooWide, UnknownService

#: First pages of this many windows are asked for ahead: most windows of one category are a single page.
AHEAD = 4


class Observer(Protocol):
    """What happens during a crawl; the place where the cursor is stored and a person is told."""

    async def saved(self, states: Sequence[WindowState], message: str) -> None:
        """The windows changed; store them before returning."""

    async def attributes_done(self, done: int, total: int) -> None: ...


class Quiet:
    """An observer that only listens."""

    async def saved(self, states: Sequence[WindowState], message: str) -> None:
        return None

    async def attributes_done(self, done: int, total: int) -> None:
        return None


@dataclass(slots=True)
class Outcome:
    """What a run did. `stopped` says why it ended early: "", "time", "windows", "cancelled", "quota" or "error"."""

    states: list[WindowState]
    stopped: str = ""
    error: ConnectorError | None = None
    pages: int = 0
    calls: int = 0
    elapsed: float = 0.0
    failed_products: dict[str, str] = field(default_factory=dict)

    @property
    def open_windows(self) -> list[WindowState]:
        return [state for state in self.states if state.is_open]

    @property
    def is_complete(self) -> bool:
        return not self.open_windows and not self.failed_products and not self.stopped

    @property
    def rows(self) -> int:
        return sum(state.rows for state in self.states)

    @property
    def covered_days(self) -> int:
        return sum(state.window.days for state in self.states if not state.is_open)

    @property
    def remaining_days(self) -> int:
        return sum(state.window.days for state in self.open_windows)

    @property
    def next_anchor(self) -> date | None:
        """The newest day that is still to be fetched; a later call starts there."""
        return max((state.window.end for state in self.open_windows), default=None)


class Crawl:
    """One run over the open windows of a spec."""

    def __init__(
        self,
        client: G2bClient,
        spec: CrawlSpec,
        spool: Spool,
        states: list[WindowState],
        *,
        observer: Observer | None = None,
        should_stop: Callable[[], str] = lambda: "",
        max_windows: int | None = None,
        max_seconds: float | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        known_attributes: Callable[[Sequence[str]], Awaitable[Mapping[str, list[dict[str, str]]]]] | None = None,
    ) -> None:
        self.client, self.spec, self.spool, self.states = client, spec, spool, states
        self.observer = observer or Quiet()
        self._should_stop, self._now = should_stop, now
        self._max_windows = max_windows
        self._deadline = None if max_seconds is None else time.monotonic() + max_seconds
        self._known_attributes = known_attributes
        self._finished = 0
        self._outcome = Outcome(states)

    async def run(self) -> Outcome:
        """Fetch every open window, then attributes when asked for. Never raises a provider's error: it is reported."""
        began, calls = time.monotonic(), self.client.calls
        outcome = self._outcome
        self._check_spool()
        await self._round([state for state in self.states if state.is_open])
        failed = [state for state in self.states if state.status == "failed"]
        if failed and not outcome.stopped:
            # What failed is tried once more at the end, when the upstream may have recovered.
            await self._round(failed)
        if not outcome.stopped and self.spec.attributes != "none":
            await self._fetch_attributes()
        outcome.states = self.states
        outcome.calls, outcome.elapsed = self.client.calls - calls, time.monotonic() - began
        return outcome

    def _check_spool(self) -> None:
        """A window counts as done only if its rows are really here (another machine may have fetched them)."""
        for state in self.states:
            if state.status == "done" and self.spool.count(state.key) != state.rows:
                state.status = "pending"

    async def _round(self, queue: list[WindowState]) -> None:
        """One pass over the given windows."""
        first_pages: dict[str, asyncio.Task[Page]] = {}
        try:
            while queue and not self._stop():
                for state in queue[:AHEAD]:
                    if state.key not in first_pages:
                        first_pages[state.key] = asyncio.create_task(self._first_page(state))
                state = queue.pop(0)
                try:
                    await self._window(state, await first_pages.pop(state.key))
                except RangeTooWide as error:
                    queue[:0] = await self._split(state, error)
                except ConnectorError as error:
                    if self._gives_up(error):
                        break
                    state.status, state.error, state.error_code = "failed", error.message, error.error_code
                    await self.observer.saved(self.states, f"{state.window}: {error.message}")
        finally:
            for task in first_pages.values():
                task.cancel()
            await asyncio.gather(*first_pages.values(), return_exceptions=True)

    def _stop(self) -> bool:
        reason = self._should_stop()
        if not reason and self._deadline is not None and time.monotonic() >= self._deadline:
            reason = "time"
        if not reason and self._max_windows is not None and self._finished >= self._max_windows:
            reason = "windows"
        self._outcome.stopped = reason
        return bool(reason)

    def _gives_up(self, error: ConnectorError) -> bool:
        """Errors that every further call would meet, too."""
        if isinstance(error, QuotaExhausted):
            self._outcome.stopped = "quota"
        elif isinstance(error, AuthError | BadRequest | UnknownService):
            self._outcome.stopped = "error"
        else:
            return False
        self._outcome.error = error
        return True

    async def _first_page(self, state: WindowState) -> Page:
        return await self.client.first_page(
            self.spec.operation, self.spec.params, window=state.window, page_size=self.spec.page_size
        )

    async def _split(self, state: WindowState, error: RangeTooWide) -> list[WindowState]:
        """Code 07 at the smallest page: the window itself is too long."""
        self.spool.drop(state.key)
        if state.window.days == 1:
            state.status, state.error, state.error_code = "failed", error.message, error.error_code
            await self.observer.saved(self.states, f"{state.window}: {error.message}")
            return []
        halves = state.split()
        place = self.states.index(state)
        self.states[place : place + 1] = halves
        await self.observer.saved(self.states, f"{state.window} is too long and was split")
        return halves

    async def _window(self, state: WindowState, first: Page) -> None:
        """All pages of a window; a count that does not agree is read once more, then reported."""
        state.attempts += 1
        for attempt in range(2):
            if attempt:
                first = await self._first_page(state)
            received = await self._pages(state, first, keep=attempt == 0)
            if received == first.total:
                break
            if self._stop():
                return
        state.total, state.rows = first.total, received
        if received != first.total:
            state.status, state.error_code = "incomplete", "count_mismatch"
            state.error = f"{received} rows arrived of {first.total} announced"
        else:
            state.status = "done" if is_stable(state.window, self._now()) else "unstable"
            state.error = state.error_code = ""
            self._finished += 1
        await self.observer.saved(self.states, f"{state.window}: {received} rows")

    async def _pages(self, state: WindowState, first: Page, *, keep: bool) -> int:
        """Store the pages of a window; pages held from an interrupted run are kept when nothing changed since."""
        unchanged = (
            keep and state.status == "pending" and (state.total, state.page_size) == (first.total, first.page_size)
        )
        if not unchanged:
            self.spool.drop(state.key)
        state.total, state.page_size = first.total, first.page_size
        held = set(self.spool.pages(state.key)) - {1}
        if first.total > first.page_size and not held:
            # Said before the other pages are asked for: it makes an interrupted window worth keeping.
            await self.observer.saved(self.states, f"{state.window}: {first.total} rows announced")
        pages = self.client.pages(
            self.spec.operation,
            self.spec.params,
            window=state.window,
            page_size=first.page_size,
            first=first,
            skip=held,
        )
        async with aclosing(pages):
            async for page in pages:
                await asyncio.to_thread(self.spool.put_page, state.key, page.page_no, page.rows)
                self._outcome.pages += 1
                if self._should_stop():
                    break
        state.pages = len(self.spool.pages(state.key))
        return self.spool.count(state.key)

    async def _fetch_attributes(self) -> None:
        from procurement.crawler.merge import merged_rows

        wanted = dict.fromkeys(
            row["prdctIdntNo"] for row in merged_rows(self.spec, self.states, self.spool) if row.get("prdctIdntNo")
        )
        missing = [product_id for product_id in wanted if not self.spool.has_attributes(product_id)]
        if missing and self._known_attributes is not None:
            for product_id, known in (await self._known_attributes(missing)).items():
                self.spool.put_attributes(product_id, list(known))
            missing = [product_id for product_id in missing if not self.spool.has_attributes(product_id)]
        total, done = len(wanted), len(wanted) - len(missing)
        size = self.client.concurrency * 2
        for begin in range(0, len(missing), size):
            if self._stop():
                return
            chunk = missing[begin : begin + size]
            answers = await asyncio.gather(*map(self._attributes_of, chunk), return_exceptions=True)
            # Stored in the order asked for, so that an interrupted run ends with the same log.
            for product_id, found in zip(chunk, answers, strict=True):
                if isinstance(found, ConnectorError):
                    if self._gives_up(found):
                        return
                    self._outcome.failed_products[product_id] = found.message
                elif isinstance(found, BaseException):
                    raise found
                else:
                    self.spool.put_attributes(product_id, found)
            done += len(chunk)
            await self.observer.attributes_done(done, total)

    async def _attributes_of(self, product_id: str) -> list[Mapping[str, Any]]:
        rows, _ = await self.client.rows(ATTRIBUTES, {"prdctIdntNo": product_id})
        return [
            {"name": row.get("attrNm", ""), "value": row.get("attrVal", ""), "unit": row.get("attrUnit", "")}
            for row in rows
        ]
