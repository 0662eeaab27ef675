"""The KIS client: sign in, keep the rate, retry what may be retried, and read every answer into typed rows."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import ValidationError

from integrations.sdk import AuthError, ConnectorError, RateLimited, Rejected, Unavailable, wait_turn
from markets.kis import endpoints
from markets.kis.endpoints import Band, Endpoint, Exclusions, RankBy, Venue
from markets.kis.errors import TOO_MANY_REQUESTS, TokenRefused, error_of, problem_of
from markets.kis.rows import Row
from markets.kis.token import Token, TokenStore, token_of
from markets.kis.wire import is_blank
from portal.common.errors import PortalError

if TYPE_CHECKING:
    import httpx2

    from integrations.sdk import Store
    from markets.kis.keys import KisKeys


class Pace(NamedTuple):
    """At most `limit` requests in any `per` seconds.

    Five in 0.28 s keeps every window of up to 1.12 s at 20 or fewer, so the account's 20 a second hold at the
    upstream's own clock even when requests arrive 0.12 s apart from when they were sent; 1,071 requests a minute.
    """

    limit: int = 5
    per: float = 0.28


#: How often a refused or failed GET is tried again, and the longest wait for one answer in seconds.
RETRIES = 4
ANSWER_WITHIN = 6.0


@dataclass(frozen=True, slots=True)
class Page:
    """The rows of one answer: `blank` padding and `broken` unreadable rows are counted, `capped` is a full list."""

    rows: tuple[Any, ...]
    fetched_at: datetime
    blank: int = 0
    broken: int = 0
    capped: bool = False
    head: dict[str, Any] | None = None


class KisClient:
    """Calls of one KIS account in one environment. Cheap to make: everything shared lives in the store."""

    def __init__(
        self,
        http: httpx2.AsyncClient,
        keys: KisKeys,
        store: Store,
        *,
        environment: str,
        pace: Pace | None = None,
        deadline: float | None = None,
        answer_within: float = ANSWER_WITHIN,
        base_url: str = "",
        sleep: Callable[[float], Any] = asyncio.sleep,
        on_call: Callable[[str, float, str], None] | None = None,
    ) -> None:
        self._http, self._keys, self._store = http, keys, store
        self._pace = pace or Pace()
        self._deadline, self._answer_within = deadline, answer_within
        self._base_url = base_url.rstrip("/")
        self._sleep, self._on_call = sleep, on_call
        self._secrets = keys.secrets()
        self.scope = f"{environment}:{keys.fingerprint()}"
        self._tokens = TokenStore(store, keys, environment)

    # -- sign-in ---------------------------------------------------------------------------------------------

    async def token(self) -> Token:
        """The shared access token, issued when there is none."""
        return await self._tokens.obtain(self._issue)

    async def _issue(self) -> Token:
        body = {
            "grant_type": "client_credentials",
            "appkey": self._keys.app_key.get_secret_value(),
            "appsecret": self._keys.app_secret.get_secret_value(),
        }
        status, answer, _ = await self._send("POST", "/oauth2/tokenP", json=body)
        if (problem := problem_of(status, answer)) is not None:
            raise error_of(problem, self._secrets)
        return token_of(answer, now=time.time())

    # -- transport -------------------------------------------------------------------------------------------

    async def get(self, endpoint: Endpoint, query: dict[str, str], *, more: bool = False) -> dict[str, Any]:
        """The decoded body of one successful GET; every refusal and failure is raised as an SDK error."""
        renewed, attempt, refused = False, 0, None
        while True:
            try:
                token = await self._tokens.obtain(self._issue, refused=refused)
                self._secrets = [*self._keys.secrets(), token.value]
                await self._wait_turn()
                return await self._get_once(endpoint, query, token, more)
            except TokenRefused as error:
                if renewed:
                    raise AuthError(
                        "KIS refuses a freshly issued access token.",
                        code="kis_refused",
                        remedy="Check the app key and secret of this connection.",
                    ) from error
                renewed, refused = True, token.value
                await self._tokens.forget(token.value)
            except (RateLimited, Unavailable) as error:
                attempt += 1
                # A slow answer already cost seconds; one more try is all a waiting person can bear.
                allowed = 1 if error.error_code == "kis_timeout" else RETRIES
                if attempt > allowed or not await self._pause(attempt, error):
                    raise

    async def _wait_turn(self) -> None:
        key = f"rate:{self.scope}"
        if not await wait_turn(self._store, key, limit=self._pace.limit, per=self._pace.per, deadline=self._deadline):
            raise RateLimited(
                "The shared KIS request rate leaves no room before the deadline.", code="kis_no_room", retry_after=2
            )

    async def _get_once(self, endpoint: Endpoint, query: dict[str, str], token: Token, more: bool) -> dict[str, Any]:
        headers = {
            "content-type": "application/json; charset=utf-8",
            "authorization": f"Bearer {token.value}",
            "appkey": self._keys.app_key.get_secret_value(),
            "appsecret": self._keys.app_secret.get_secret_value(),
            "tr_id": endpoint.tr_id,
            "custtype": self._keys.customer,
            "tr_cont": "N" if more else "",
        }
        status, body, next_page = await self._send("GET", endpoint.url, params=query, headers=headers)
        problem = problem_of(status, body)
        if problem is None:
            body["tr_cont"] = next_page
            return dict(body)
        if problem.code == TOO_MANY_REQUESTS:
            # Fill the shared window, so that every process slows down and not only this one.
            await self._store.take(f"rate:{self.scope}", limit=self._pace.limit, per=self._pace.per, cost=1)
        raise error_of(problem, self._secrets)

    async def _send(self, method: str, path: str, **options: Any) -> tuple[int, Any, str]:
        began, outcome = time.monotonic(), "failed"
        try:
            async with asyncio.timeout(self._answer_within):
                answer = await self._http.request(method, self._base_url + path, **options)
            outcome = str(answer.status_code)
        except TimeoutError as error:
            outcome = "timeout"
            raise Unavailable(
                f"KIS did not answer within {self._answer_within:g} s.", code="kis_timeout", retry_after=5
            ) from error
        except Exception as error:
            if isinstance(error, ConnectorError) or not is_transport_error(error):
                raise
            raise Unavailable("KIS cannot be reached.", code="kis_unreachable", retry_after=5) from error
        finally:
            if self._on_call is not None:
                self._on_call(path.rsplit("/", 1)[-1], time.monotonic() - began, outcome)
        try:
            body = json.loads(answer.content)
        except ValueError as error:
            raise Unavailable(
                f"KIS answered with a page instead of data (HTTP {answer.status_code}); it may be under maintenance.",
                code="kis_not_json",
                retry_after=30,
            ) from error
        return answer.status_code, body, str(answer.headers.get("tr_cont", ""))

    async def _pause(self, attempt: int, error: ConnectorError) -> bool:
        """Back off with jitter; False when the deadline would pass first or waiting cannot help."""
        if error.error_code in {"kis_token_too_often", "kis_token_busy", "kis_no_room"}:
            return False
        delay = 0.25 * 2 ** (attempt - 1) * random.uniform(0.6, 1.4)  # noqa: S311 - spreads retries, no secret
        if self._deadline is not None and time.monotonic() + delay > self._deadline:
            return False
        await self._sleep(delay)
        return True

    async def page(self, endpoint: Endpoint, query: dict[str, str]) -> Page:
        """One answer read into the endpoint's rows; a list of nothing but broken rows is an error, not empty."""
        body = await self.get(endpoint, query)
        return read_page(endpoint, body, datetime.now(UTC))

    # -- calls -----------------------------------------------------------------------------------------------

    async def volume_rank(
        self,
        *,
        scope: str = "0000",
        venue: Venue = Venue.KRX,
        by: RankBy = RankBy.TRADING_VALUE,
        exclude: Exclusions | None = None,
        band: Band | None = None,
        min_volume: int | None = None,
    ) -> Page:
        """Up to 30 stocks by traded value or another measure."""
        query = endpoints.volume_rank_query(
            scope=scope, venue=venue, by=by, exclude=exclude or Exclusions(), band=band or Band(), min_volume=min_volume
        )
        return await self.page(endpoints.VOLUME_RANK, query)

    async def market_cap(
        self, *, scope: str = "0000", venue: Venue = Venue.KRX, common_only: bool = False, band: Band | None = None
    ) -> Page:
        """Up to 30 stocks by market value, in won."""
        query = endpoints.market_cap_query(scope=scope, venue=venue, common_only=common_only, band=band or Band())
        return await self.page(endpoints.MARKET_CAP, query)

    async def fluctuation(self, *, scope: str = "0000", venue: Venue = Venue.KRX, falling: bool = False) -> Page:
        """Up to 30 stocks by rise (or fall) against the previous close."""
        query = endpoints.fluctuation_query(scope=scope, venue=venue, falling=falling)
        return await self.page(endpoints.FLUCTUATION, query)

    async def flow_rank(self, *, scope: str, by_amount: bool, selling: bool, group: str) -> Page:
        """Foreign or institutional net trading by stock: estimates entered by hand a few times a day."""
        query = endpoints.flow_rank_query(scope=scope, by_amount=by_amount, selling=selling, group=group)
        return await self.page(endpoints.FLOW_RANK, query)

    async def investors(self, code: str, venue: Venue = Venue.KRX) -> Page:
        """About 30 sessions of net trading by investor group, newest first."""
        return await self.page(endpoints.INVESTOR, {"FID_COND_MRKT_DIV_CODE": venue.wire, "FID_INPUT_ISCD": code})

    async def program_daily(self, code: str, venue: Venue = Venue.KRX) -> Page:
        """Sessions of program trading of one stock, newest first."""
        query = {"FID_COND_MRKT_DIV_CODE": venue.wire, "FID_INPUT_ISCD": code, "FID_INPUT_DATE_1": ""}
        return await self.page(endpoints.PROGRAM_DAILY, query)

    async def sectors(self, market: str) -> Page:
        """Every sector of a market (`0001` KOSPI, `1001` KOSDAQ); `head` is the market's own line."""
        query = {
            "FID_COND_MRKT_DIV_CODE": "U",
            "FID_INPUT_ISCD": market,
            "FID_COND_SCR_DIV_CODE": "20214",
            "FID_MRKT_CLS_CODE": {"0001": "K", "1001": "Q", "2001": "K2"}[market],
            "FID_BLNG_CLS_CODE": "0",
        }
        return await self.page(endpoints.SECTORS, query)

    async def index_daily(self, code: str, last: date) -> Page:
        """Up to 100 sessions of an index, newest first."""
        query = {
            "FID_COND_MRKT_DIV_CODE": "U",
            "FID_INPUT_ISCD": code,
            "FID_PERIOD_DIV_CODE": "D",
            "FID_INPUT_DATE_1": last.strftime("%Y%m%d"),
        }
        return await self.page(endpoints.INDEX_DAILY, query)

    async def daily_bars(
        self, code: str, first: date, last: date, *, venue: Venue = Venue.KRX, adjusted: bool = True
    ) -> Page:
        """Up to 100 daily bars between two dates, newest first."""
        query = endpoints.daily_chart_query(
            code=code, venue=venue, first=first.strftime("%Y%m%d"), last=last.strftime("%Y%m%d"), adjusted=adjusted
        )
        return await self.page(endpoints.DAILY_CHART, query)

    async def price(self, code: str, venue: Venue = Venue.KRX) -> Page:
        """One stock's quote with the flags that may explain its trading."""
        return await self.page(endpoints.PRICE, {"FID_COND_MRKT_DIV_CODE": venue.wire, "FID_INPUT_ISCD": code})

    async def multi_price(self, codes: Sequence[str], venue: Venue = Venue.KRX) -> Page:
        """Quotes of up to 30 stocks."""
        if not 1 <= len(codes) <= 30:
            raise Rejected("A multi-quote call takes 1 to 30 codes.")
        return await self.page(endpoints.MULTI_PRICE, endpoints.multi_price_query(list(codes), venue))

    async def holidays(self, first: date) -> Page:
        """About 25 calendar days from a date with their opening flag; meant to be asked once a day."""
        query = {"BASS_DT": first.strftime("%Y%m%d"), "CTX_AREA_NK": "", "CTX_AREA_FK": ""}
        return await self.page(endpoints.HOLIDAYS, query)

    async def download(self, url: str) -> bytes:
        """A public file (symbol master); no credential is sent."""
        try:
            async with asyncio.timeout(30.0):
                answer = await self._http.get(url)
        except TimeoutError as error:
            raise Unavailable("The KIS symbol file did not arrive within 30 s.", code="kis_timeout") from error
        except Exception as error:
            if not is_transport_error(error):
                raise
            raise Unavailable("The KIS symbol file cannot be reached.", code="kis_unreachable") from error
        if answer.status_code != 200:
            raise Unavailable(
                f"The KIS symbol file cannot be read (HTTP {answer.status_code}).", code="kis_unreachable"
            )
        return bytes(answer.content)


def read_page(endpoint: Endpoint, body: dict[str, Any], fetched_at: datetime) -> Page:
    """Read a successful body: blank rows dropped and counted, broken rows counted, all broken is an error."""
    found = next((body[key] for key in endpoint.output if key in body), None)
    if found is None:
        raise Unavailable(f"KIS answered {endpoint.name} without its list.", code="kis_malformed")
    raw = [found] if isinstance(found, dict) else found
    if not isinstance(raw, list):
        raise Unavailable(f"KIS answered {endpoint.name} with something other than a list.", code="kis_malformed")
    rows: list[Row] = []
    blank = broken = 0
    for item in raw:
        if is_blank(item):
            blank += 1
            continue
        try:
            rows.append(endpoint.row.model_validate(item))
        except ValidationError:
            broken += 1
    if broken and not rows:
        raise Unavailable(f"No row of KIS {endpoint.name} can be read.", code="kis_malformed")
    head = body.get("output1") if endpoint.output == ("output2",) else None
    return Page(
        rows=tuple(rows),
        fetched_at=fetched_at,
        blank=blank,
        broken=broken,
        capped=endpoint.cap is not None and len(raw) >= endpoint.cap,
        head=head if isinstance(head, dict) else None,
    )


def is_transport_error(error: Exception) -> bool:
    """Whether an exception is the HTTP library's, or our guarded client's, way to say that no answer came."""
    if isinstance(error, PortalError):
        return error.retryable
    return isinstance(error, OSError) or any(
        kind.__name__ in {"TransportError", "RequestError", "HTTPError"} for kind in type(error).__mro__
    )
