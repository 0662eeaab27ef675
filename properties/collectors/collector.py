"""The generic collector: walks a profile's steps politely and says honestly how far it came."""

from __future__ import annotations

import asyncio
import json
import random
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from integrations.sdk import wait_turn
from properties.collectors.breaker import Breaker
from properties.collectors.extract import advert_of_row, count_of, has_rows, rows_of, without_personal
from properties.collectors.geohash import cells_of_box
from properties.collectors.port import Collected, CollectRequest, Outcome, PageReport, Scope
from properties.collectors.profile import Access, Profile, Step, fill, walk
from properties.collectors.rendering import Renderer, Shown, availability, shown
from properties.collectors.robots import verdict
from properties.normalise.personal import scrub
from properties.normalise.regions import dongs_of

if TYPE_CHECKING:
    import httpx2

    from integrations.sdk import Store

REQUEST_SECONDS = 20.0
OUT_OF_TIME = "The time for this collection is used up."
BOX_WORDS = {"south", "west", "north", "east", "lat", "lon", "geohash"}


class Blocked(Exception):
    """The platform refuses us."""

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.reason, self.retry_after = reason, retry_after


class Broken(Exception):
    """The platform did not answer properly."""


@dataclass(slots=True)
class Collector:
    """One platform. `base_url` overrides the profile's (sandbox, gateway); `allowed` is the recorded legal basis."""

    profile: Profile
    client: httpx2.AsyncClient
    store: Store
    base_url: str = ""
    allowed: bool = False
    requests_per_second: float | None = None
    check_robots: bool = True
    #: Shows pages of steps that need a browser; None where none is installed.
    renderer: Renderer | None = None
    #: How the pause between requests passes.
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def collect(self, request: CollectRequest) -> Collected:
        """Everything the platform has for the request, or as much as it gave, with the reason it stopped."""
        result = Collected(self.profile.key, Outcome.COMPLETE, scope=self._scope(request))
        if not self.profile.collectable:
            return _refused(result, f"{self.profile.title} can only be linked to.", "Open the link in a browser.")
        if self.profile.access is Access.NEEDS_BASIS and not self.allowed:
            return _refused(
                result,
                f"Collecting {self.profile.title} is off: no legal basis is recorded.",
                "Record who allows it and on which ground on the collectors page.",
            )
        if problem := self._unaskable(request):
            return _refused(result, *problem)
        breaker = Breaker(self.store, self.profile.key)
        state = await breaker.state()
        if state.is_open(breaker.clock()):
            result.outcome = Outcome.BLOCKED
            result.reason = f"{self.profile.title} is resting after a block: {state.reason}"
            result.remedy = f"Wait {int(state.open_until - breaker.clock()) // 60 + 1} minutes."
            return result
        if self.check_robots:
            first = next(iter(self.profile.steps.values()))
            result.robots = await verdict(self.client, self.store, self._url(first.path))
            if result.robots == "disallowed":
                return _refused(result, "robots.txt forbids this path.", "Ask the platform for permission.")
            if result.robots == "unknown":
                result.outcome, result.reason = Outcome.FAILED, "robots.txt could not be read."
                result.remedy = "Try again later; nothing was requested."
                return result
        deadline = time.monotonic() + request.seconds
        try:
            async with asyncio.timeout(request.seconds + REQUEST_SECONDS):
                await self._walk(request, result, deadline)
        except Blocked as block:
            await breaker.blocked(block.reason, block.retry_after)
            result.outcome, result.reason = Outcome.BLOCKED, block.reason
            result.remedy = "The platform is left alone for a while. Check the rate and the agreement with it."
        except (Broken, TimeoutError) as error:
            await breaker.failed(str(error) or "timeout")
            result.outcome = Outcome.PARTIAL if result.adverts else Outcome.FAILED
            result.reason = str(error) or "The platform answers too slowly."
            result.remedy = "Try again later."
        else:
            if result.outcome is Outcome.COMPLETE:
                await breaker.succeeded()
        unique = {(advert.platform, advert.platform_id): advert for advert in result.adverts}
        result.adverts = list(unique.values())
        return result

    async def _walk(self, request: CollectRequest, result: Collected, deadline: float) -> None:
        first = self._first_steps()
        for name, step in self.profile.steps.items():
            if step not in first:
                continue
            if step.per == "complex" and not request.complex_ids:
                continue
            for variables in self._everywhere(request, step):
                if time.monotonic() > deadline:
                    result.outcome, result.reason = Outcome.PARTIAL, OUT_OF_TIME
                    return
                ids: list[str] = []
                async for answer in self._pages(name, step, variables, request, result, deadline):
                    for row in rows_of(answer, step.rows):
                        if step.details:
                            identifier = walk(row, step.ids)
                            if identifier is not None:
                                ids.append(str(identifier))
                        elif advert := advert_of_row(self.profile, row, variables):
                            result.adverts.append(advert)
                if step.details:
                    await self._details(step, ids, variables, result, deadline)

    def _scope(self, request: CollectRequest) -> Scope:
        """What a complete answer is complete for: nothing beyond it may be taken for gone."""
        return Scope(
            trades=tuple(trade for trade in request.trades if trade.value in self.profile.trade_codes),
            property_types=tuple(kind for kind in request.property_types if kind.value in self.profile.property_codes),
            is_whole_region=not request.complex_ids and any(step.per != "complex" for step in self._first_steps()),
        )

    def _unaskable(self, request: CollectRequest) -> tuple[str, str] | None:
        """Why the request leaves nothing to ask for: an unasked question is not an empty answer."""
        title, asked = self.profile.title, {name for step in self._first_steps() for name in step.needs()}
        if all(step.per == "complex" for step in self._first_steps()) and not request.complex_ids:
            return f"{title} is asked complex by complex, and none is named.", "Name complexes of the platform."
        if not request.box and asked & BOX_WORDS:
            return f"{title} is asked by area, and the area of the region is not known.", "Give a box."
        if self.renderer is None and any(step.render for step in self.profile.steps.values()):
            missing = availability()
            return missing.reason or "Rendering is not available here.", missing.remedy or "Switch it on."
        known = [kind for kind in request.property_types if kind.value in self.profile.property_codes]
        trades = [trade for trade in request.trades if trade.value in self.profile.trade_codes]
        if not known or not trades:
            lists = ", ".join(self.profile.property_codes)
            return f"{title} lists nothing of what was asked for.", f"It lists: {lists}."
        return None

    def _first_steps(self) -> list[Step]:
        """Steps that are asked by themselves; the others are reached through their listing step."""
        steps = self.profile.steps
        return [step for name, step in steps.items() if all(other.details != name for other in steps.values())]

    def _everywhere(self, request: CollectRequest, step: Step) -> list[dict[str, Any]]:
        """Variables of every question to ask: one region, or each of its dongs where rows do not name theirs."""
        dongs = dongs_of(request.region_code) if self.profile.by_dong and step.per != "complex" else []
        parts = [replace(request, region_code=dong.code, region_name=dong.name) for dong in dongs] or [request]
        return [variables for part in parts for variables in self._variables(part, step)]

    def _variables(self, request: CollectRequest, step: Step) -> list[dict[str, Any]]:
        codes = [self.profile.trade_codes.get(trade.value) for trade in request.trades]
        trades = [code for code in codes if code]
        kinds = [self.profile.property_codes.get(kind.value) for kind in request.property_types]
        kinds = list(dict.fromkeys(kind for kind in kinds if kind))
        south, west, north, east = request.box or (0.0, 0.0, 0.0, 0.0)
        base: dict[str, Any] = {
            "region": request.region_code,
            "region5": request.region_code[:5],
            "region8": request.region_code[:8],
            "region_name": request.region_name,
            "district_name": " ".join(request.region_name.split()[:2]),
            "trades": trades,
            "trades_colon": ":".join(trades),
            "trades_comma": ",".join(trades),
            "kinds": kinds,
            "kinds_colon": ":".join(kinds),
            "kinds_comma": ",".join(kinds),
            "south": south,
            "west": west,
            "north": north,
            "east": east,
            "lat": (south + north) / 2,
            "lon": (west + east) / 2,
        }
        found = [base]
        if "kind" in step.needs():
            # The platform takes one kind at a time: each is a question of its own.
            found = [{**base, "kind": kind} for kind in kinds]
        if step.per == "trade":
            return [{**one, "trade": code} for one in found for code in trades]
        if step.per == "complex":
            return [{**one, "complex": identifier} for one in found for identifier in request.complex_ids]
        if request.box and "geohash" in step.needs():
            return [{**one, "geohash": cell} for one in found for cell in cells_of_box(request.box, 5)]
        return found

    async def _pages(
        self,
        name: str,
        step: Step,
        variables: dict[str, Any],
        request: CollectRequest,
        result: Collected,
        deadline: float,
    ) -> AsyncIterator[Any]:
        paging = step.paging
        position, seen = paging.start, 0
        carried: dict[str, Any] = {}
        for number in range(request.max_pages):
            if time.monotonic() > deadline:
                result.outcome, result.reason = Outcome.PARTIAL, OUT_OF_TIME
                return
            here = {**variables, "page": position, "offset": seen, "size": paging.size}
            answer = await self._ask(name, step, here, carried, result)
            rows = count_of(answer, step.rows)
            seen += rows
            if paging.total and (total := walk(answer, paging.total)) is not None:
                result.expected = (result.expected or 0) + int(total) if number == 0 else result.expected
            yield answer
            if paging.kind == "none":
                return
            total = walk(answer, paging.total) if paging.total else None
            says_more = walk(answer, paging.more) if paging.more else None
            if says_more is None and total is None:
                raise Broken(
                    f"{self.profile.title} no longer says whether there is more; the profile may be out of date."
                )
            more = says_more == paging.more_is if paging.more else seen < int(total or 0)
            if not more:
                if total is not None and seen < int(total):
                    result.outcome = Outcome.PARTIAL
                    result.reason = f"{self.profile.title} announced {total} adverts and sent {seen}."
                return
            if not rows:
                raise Broken(f"{self.profile.title} promised another page and sent an empty one.")
            if rows < paging.size and (paging.kind == "cursor" or "page" in step.needs()):
                # The next page begins where a full one would have ended: what is missing here stays missing.
                result.outcome = Outcome.PARTIAL
                result.reason = f"{self.profile.title} sent only part of a page."
            position += 1
            carried = {target: walk(answer, source) for target, source in paging.carry.items()}
        result.outcome, result.reason = Outcome.PARTIAL, f"Stopped after {request.max_pages} pages."

    async def _details(
        self, step: Step, ids: list[str], variables: dict[str, Any], result: Collected, deadline: float
    ) -> None:
        detail = self.profile.steps[step.details]
        ids = list(dict.fromkeys(ids))
        missing: list[str] = []
        for start in range(0, len(ids), step.batch):
            if time.monotonic() > deadline:
                result.outcome, result.reason = Outcome.PARTIAL, OUT_OF_TIME
                return
            part = ids[start : start + step.batch]
            here = {**variables, "ids": [int(item) if item.isdigit() else item for item in part], "id": part[0]}
            try:
                answer = await self._ask(step.details, detail, here, {}, result)
            except Broken as error:
                # One bad id must not lose its neighbours, nor make them look gone.
                missing.extend(part)
                result.outcome, result.reason = Outcome.PARTIAL, str(error)
                continue
            found = set()
            for row in rows_of(answer, detail.rows):
                if advert := advert_of_row(self.profile, row, variables):
                    result.adverts.append(advert)
                    found.add(advert.platform_id)
            if not self.profile.absent_means_closed:
                missing.extend(item for item in part if item not in found)
        result.missing_ids += tuple(missing)
        if missing and result.outcome is Outcome.COMPLETE:
            result.outcome = Outcome.PARTIAL
            result.reason = f"{len(missing)} adverts could not be read."

    def _url(self, path: str) -> str:
        return (self.base_url or self.profile.base_url).rstrip("/") + path

    async def _turn(self) -> None:
        rate = min(self.requests_per_second or self.profile.requests_per_second, 20.0)
        await wait_turn(self.store, f"properties:rate:{self.profile.key}", limit=1, per=1.0 / rate)
        await self.sleep(random.random() * self.profile.jitter / rate)  # noqa: S311 - spacing, not a secret

    async def _ask(
        self, name: str, step: Step, variables: dict[str, Any], carried: dict[str, Any], result: Collected
    ) -> Any:
        await self._turn()
        result.requests += 1
        url = self._url(fill(step.path, variables))
        query = {
            key: json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else value
            for key, value in fill(step.query, variables).items()
            if value is not None
        }
        body = {**fill(step.body, variables), **carried} if step.body is not None else None
        if step.body is None:
            query |= carried
        try:
            async with asyncio.timeout(REQUEST_SECONDS * (3 if step.render else 1)):
                response = await self._fetch(step, url, query, body)
        except TimeoutError:
            raise Broken(f"{self.profile.title} answers too slowly.") from None
        except Exception as error:
            # Whatever the client calls its network errors; anything of ours is a bug and must surface.
            if type(error).__module__.split(".")[0] not in ("httpx2", "httpx", "httpcore", "portal"):
                raise
            raise Broken(f"{self.profile.title} cannot be reached ({type(error).__name__}).") from error
        answer = self._judge(response)
        if not has_rows(answer, step.rows):
            raise Broken(f"{self.profile.title} answers in another form; the profile may be out of date.")
        rows = len(rows_of(answer, step.rows))
        kept = json.dumps(without_personal(answer, self.profile.personal_fields), ensure_ascii=False)
        result.pages.append(PageReport(name, url, response.status_code, scrub(kept), rows))
        return answer

    async def _fetch(
        self, step: Step, url: str, query: dict[str, Any], body: dict[str, Any] | None
    ) -> httpx2.Response | Shown:
        if step.render and self.renderer is not None:
            full = str(self.client.build_request("GET", url, params=query or None).url)
            return shown(await self.renderer.render(self.client, full, wait_for=step.render), step.render)
        return await self.client.request(
            step.method, url, params=query or None, json=body, headers=self.profile.headers
        )

    def _judge(self, response: httpx2.Response | Shown) -> Any:
        signs, title, status = self.profile.blocks, self.profile.title, response.status_code
        retry_after = response.headers.get("retry-after", "")
        seconds = float(retry_after) if retry_after.isdigit() else None
        if status in signs.statuses:
            raise Blocked(f"{title} answered HTTP {status}.", seconds)
        if 300 <= status < 400:
            target = response.headers.get("location", "")
            if re.search(signs.redirect, target, re.IGNORECASE):
                raise Blocked(f"{title} redirected to an error page.", seconds)
            raise Broken(f"{title} redirected unexpectedly; the profile may be out of date.")
        if status in (404, 410):
            raise Broken(f"{title} no longer knows this address (HTTP {status}); the profile may be out of date.")
        if status >= 400:
            raise Broken(f"{title} answered HTTP {status}.")
        text = response.text
        try:
            answer = json.loads(text)
        except ValueError:
            if re.search(signs.text, text, re.IGNORECASE):
                raise Blocked(f"{title} shows a challenge page.", seconds) from None
            raise Broken(f"{title} sent something else than JSON, or only part of it.") from None
        for path, value in signs.json_equals.items():
            if str(walk(answer, path)) == value:
                raise Blocked(f"{title} says {value}.", seconds)
        return answer


def _refused(result: Collected, reason: str, remedy: str) -> Collected:
    result.outcome, result.reason, result.remedy = Outcome.REFUSED, reason, remedy
    return result
