"""Which addresses a connector may dial itself: the check of the guarded HTTP client, for other protocols."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from ipaddress import ip_address

from integrations.sdk import Rejected, Unavailable
from portal.common.http import Refused, default_policy
from portal.common.http.network import Resolver, resolve

LOOKUP_SECONDS = 10.0


def allowed_addresses(
    egress: Iterable[str] | None = None, resolver: Resolver = resolve
) -> Callable[[str, int], Awaitable[list[str]]]:
    """`await check(host, port)`: the checked addresses. Dial these, so that no second look-up can differ."""
    policy = default_policy() if egress is None else default_policy().with_egress(egress)

    async def check(host: str, port: int) -> list[str]:
        try:
            policy.check_host(host, port)
            async with asyncio.timeout(LOOKUP_SECONDS):
                found = await resolver(host, port)
            if not policy.trusts(host, port):
                for text in found:
                    policy.check_address(host, ip_address(text))
        except Refused as error:
            raise Rejected(error.message, code=error.error_code, remedy=error.remedy) from None
        except (OSError, UnicodeError):
            # TimeoutError is an OSError too.
            raise Unavailable(f"The host {host!r} could not be found.", code="connect_failed") from None
        if not found:
            raise Unavailable(f"The host {host!r} has no address.", code="connect_failed")
        return found

    return check
