"""Which upstreams are live and which are the sandbox's, as the UPSTREAMS setting says."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

Mode = Literal["sandbox", "live"]


@lru_cache(maxsize=8)
def parse_upstreams(text: str) -> tuple[Mode, dict[str, Mode]]:
    """The default mode and the exceptions of a text such as `live,kis=sandbox`; `ValueError` on anything else."""
    default: Mode = "sandbox"
    exceptions: dict[str, Mode] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        key, equals, value = part.rpartition("=")
        if value not in ("sandbox", "live") or (equals and not key.strip()):
            raise ValueError(f"UPSTREAMS: {part!r} is neither `sandbox`, `live` nor `connector=sandbox|live`.")
        mode: Mode = "live" if value == "live" else "sandbox"
        if equals:
            exceptions[key.strip()] = mode
        else:
            default = mode
    return default, exceptions


@dataclass(frozen=True, slots=True)
class Site:
    """Where an upstream is. `custom`: the operator put an address of their own in between."""

    base_url: str
    mode: Literal["sandbox", "live", "custom"]

    @property
    def trusted_url(self) -> str:
        """The address that may be a private one, because it is the operator's or ours."""
        return "" if self.mode == "live" else self.base_url


def site(key: str, *, live: str, sandbox: str, custom: str = "") -> Site:
    """The place of an upstream that is no connector: its own base URL first, else as UPSTREAMS says."""
    from portal.settings.env import env

    if custom:
        return Site(custom.rstrip("/"), "custom")
    default, exceptions = parse_upstreams(env().upstreams)
    if exceptions.get(key, default) == "sandbox":
        return Site(env().sandbox_url.rstrip("/") + sandbox, "sandbox")
    return Site(live, "live")
