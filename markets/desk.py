"""One account's view of the market: the KIS client behind the cache, with the calendar and the symbol master."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from integrations.sdk import ConnectorError, Text, Unavailable
from markets.cache import Cache, Layer, Lifetimes
from markets.kis import endpoints, hours
from markets.kis.client import KisClient, Page, read_page
from markets.kis.endpoints import Endpoint, Venue
from markets.kis.hours import Session
from markets.kis.master import Instrument, read_master, read_sectors
from markets.kis.wire import SEOUL

if TYPE_CHECKING:
    from markets.kis.rows import DailyBar, IndexDay

#: Where KIS publishes the symbol files; the sandbox and any gateway serve them under the API's own base URL.
LIVE_MASTER = "https://new.real.download.dws.co.kr/common/master"
#: Calendar days of history asked at once: about 66 sessions, below the endpoint's 100 rows.
HISTORY_DAYS = 100
DAILY = Lifetimes(process=3600.0, shared=86_400.0, stale=7 * 86_400.0)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Reading(Generic[T]):
    """A value with the time and the layer it came from."""

    value: T
    fetched_at: datetime
    layer: Layer

    @property
    def age(self) -> float:
        return max(0.0, (hours.utc_now() - self.fetched_at).total_seconds())


@dataclass(frozen=True, slots=True)
class Moment:
    """Which session the upstream's figures belong to, and how sure that is."""

    session: Session
    data_date: date
    confirmed: bool
    totals: dict[str, int]
    notices: tuple[Text, ...] = ()


class Desk:
    """Cached, typed readings. `mode` is the upstream's: live, sandbox or custom."""

    def __init__(
        self,
        client: KisClient,
        cache: Cache,
        *,
        mode: str = "live",
        now: Callable[[], datetime] = hours.utc_now,
        master_url: str = "",
        language: str = "en",
    ) -> None:
        self.client, self.cache, self.mode, self.now = client, cache, mode, now
        self.language = language
        self._master_url = (master_url or (LIVE_MASTER if mode == "live" else "/common/master")).rstrip("/")

    @property
    def source(self) -> str:
        """What an answer names as its source."""
        if self.mode == "sandbox":
            return "KIS Open API sandbox (recorded KRX figures)"
        return "KIS Open API"

    def key(self, endpoint: Endpoint, query: dict[str, str]) -> str:
        """The cache key of a call: account, endpoint, session day and every query value, market and venue included."""
        day = hours.last_session(self.now())
        values = "|".join(f"{name.lower()}={value}" for name, value in sorted(query.items()))
        return f"{self.client.scope}:{endpoint.name}:{day}:{values}"

    async def page(
        self, endpoint: Endpoint, query: dict[str, str], lifetimes: Lifetimes | None = None
    ) -> Reading[Page]:
        """One upstream list through the cache; empty lists are not kept."""

        async def load() -> dict[str, Any]:
            body = await self.client.get(endpoint, query)
            return {key: value for key, value in body.items() if key.startswith(("output", "Output"))}

        cached = await self.cache.fetch(
            self.key(endpoint, query),
            load,
            lifetimes=lifetimes,
            is_empty=lambda page: not page.rows,
            # What cannot be read raises here, before anything is kept.
            decode=lambda body, fetched_at: read_page(endpoint, body, fetched_at),
        )
        return Reading(cached.value, cached.fetched_at, cached.layer)

    # -- calendar --------------------------------------------------------------------------------------------

    async def known_days(self) -> dict[date, bool]:
        """The upstream's own opening days around today, asked once a day; empty when it does not tell."""
        first = self.now().astimezone(SEOUL).date() - timedelta(days=7)
        query = {"BASS_DT": first.strftime("%Y%m%d"), "CTX_AREA_NK": "", "CTX_AREA_FK": ""}
        try:
            reading = await self.page(endpoints.HOLIDAYS, query, DAILY)
        except ConnectorError:
            # The offline calendar answers the same question; the session state stays right without this call.
            return {}
        return {row.date: row.is_open == "Y" for row in reading.value.rows}

    async def index_days(self, code: str) -> Reading[list[IndexDay]]:
        """Sessions of an index, newest first."""
        query = {
            "FID_COND_MRKT_DIV_CODE": "U",
            "FID_INPUT_ISCD": code,
            "FID_PERIOD_DIV_CODE": "D",
            "FID_INPUT_DATE_1": self.now().astimezone(SEOUL).strftime("%Y%m%d"),
        }
        reading = await self.page(endpoints.INDEX_DAILY, query)
        return Reading(list(reading.value.rows), reading.fetched_at, reading.layer)

    async def moment(self) -> Moment:
        """The session the figures belong to and the markets' trading values, from the index lists themselves."""
        known, *indices = await asyncio.gather(
            self.known_days(), self.index_days("0001"), self.index_days("1001"), return_exceptions=True
        )
        if isinstance(known, BaseException):
            raise known
        days = known if isinstance(known, dict) else {}
        now = self.now()
        session = hours.session_at(now, days)
        expected = hours.last_session(now, days)
        totals: dict[str, int] = {}
        dates: list[date] = []
        for name, index in zip(("KOSPI", "KOSDAQ"), indices, strict=True):
            if isinstance(index, ConnectorError):
                continue
            if isinstance(index, BaseException):
                raise index
            if isinstance(index, Reading) and index.value:
                dates.append(index.value[0].date)
                if index.value[0].trading_value is not None:
                    totals[name] = index.value[0].trading_value
        notices: list[Text] = []
        if not dates:
            notices.append(
                Text(
                    "The upstream did not confirm the date of these figures; it is taken from the calendar.",
                    "업스트림에서 기준일을 확인하지 못해 달력으로 정했습니다.",
                )
            )
            return Moment(session, expected, False, totals, tuple(notices))
        if self.mode == "sandbox":
            notices.append(
                Text(
                    f"Recorded figures of {dates[0]:%Y-%m-%d} from the sandbox, not the present market.",
                    f"샌드박스에 기록된 {dates[0]:%Y-%m-%d}의 값이며 현재 시세가 아닙니다.",
                )
            )
        elif dates[0] < expected:
            notices.append(
                Text(
                    f"The upstream still shows {dates[0]:%Y-%m-%d}; the last session was {expected:%Y-%m-%d}.",
                    f"업스트림이 아직 {dates[0]:%Y-%m-%d} 값을 줍니다. 최근 거래일은 {expected:%Y-%m-%d}입니다.",
                )
            )
        elif session in {Session.HOLIDAY, Session.CLOSED, Session.PRE_OPEN}:
            notices.append(
                Text(
                    f"The market is not open; these are the figures of {dates[0]:%Y-%m-%d}.",
                    f"장이 열려 있지 않아 {dates[0]:%Y-%m-%d}의 값입니다.",
                )
            )
        return Moment(session, dates[0], True, totals, tuple(notices))

    # -- history ---------------------------------------------------------------------------------------------

    async def history(self, code: str, until: date, venue: Venue = Venue.KRX, sessions: int = 60) -> list[DailyBar]:
        """Finished sessions *before* `until`, oldest first, adjusted; kept for the day because they cannot change."""
        # Always the same stretch, so that every tool finds it in the cache.
        first = until - timedelta(days=HISTORY_DAYS)
        query = endpoints.daily_chart_query(
            code=code,
            venue=venue,
            first=first.strftime("%Y%m%d"),
            last=(until - timedelta(days=1)).strftime("%Y%m%d"),
            adjusted=True,
        )
        reading = await self.page(endpoints.DAILY_CHART, query, DAILY)
        return sorted((bar for bar in reading.value.rows if bar.date < until), key=lambda bar: bar.date)[-sessions:]

    async def histories(
        self, codes: list[str], until: date, venue: Venue = Venue.KRX, sessions: int = 60
    ) -> tuple[dict[str, list[DailyBar]], list[str]]:
        """Histories of several stocks at once, and the codes whose history could not be had."""
        gate = asyncio.Semaphore(8)

        async def one(code: str) -> list[DailyBar] | ConnectorError:
            async with gate:
                try:
                    return await self.history(code, until, venue, sessions)
                except ConnectorError as error:
                    return error

        answers = await asyncio.gather(*(one(code) for code in codes))
        found = {code: bars for code, bars in zip(codes, answers, strict=True) if isinstance(bars, list)}
        missing = [code for code, bars in zip(codes, answers, strict=True) if not isinstance(bars, list)]
        if codes and not found:
            raise next(bars for bars in answers if isinstance(bars, ConnectorError))
        return found, missing

    # -- symbols ---------------------------------------------------------------------------------------------

    async def instruments(self) -> Reading[dict[str, Instrument]]:
        """Every listed instrument by code, from the symbol files; asked once a day."""
        day = self.now().astimezone(SEOUL).date()

        async def load() -> list[list[Any]]:
            boards = await asyncio.gather(*(self._board(market) for market in ("KOSPI", "KOSDAQ")))
            return [_packed(item) for board in boards for item in board]

        key = f"{self.client.scope}:master:{day}"
        cached = await self.cache.fetch(
            key, load, lifetimes=DAILY, decode=lambda rows, _: {row[0]: Instrument(*row) for row in rows}
        )
        return Reading(cached.value, cached.fetched_at, cached.layer)

    async def _board(self, market: str) -> list[Instrument]:
        data = await self.client.download(f"{self._master_url}/{market.lower()}_code.mst.zip")
        return await asyncio.to_thread(read_master, data, market)

    async def sector_names(self) -> dict[str, str]:
        """Names of sector codes, from the symbol files; asked once a day."""
        day = self.now().astimezone(SEOUL).date()

        async def load() -> dict[str, str]:
            return read_sectors(await self.client.download(f"{self._master_url}/idxcode.mst"))

        cached = await self.cache.fetch(f"{self.client.scope}:sectors:{day}", load, lifetimes=DAILY)
        return dict(cached.value)


FIELDS = tuple(Instrument.__dataclass_fields__)


def _packed(item: Instrument) -> list[Any]:
    return [getattr(item, name) for name in FIELDS]


def need_rows(page: Page, what: str) -> None:
    """Refuse an unfiltered list without rows: that is a failure of the upstream, never a market without stocks."""
    if not page.rows:
        padding = f" It held {page.blank} blank rows." if page.blank else ""
        raise Unavailable(f"KIS answered {what} with an empty list.{padding}", code="kis_empty", retry_after=10)
