"""Where a platform is reached: its own variable first, then the sandbox or the live address."""

from __future__ import annotations

import os
from dataclasses import dataclass

from portal.settings.env import env
from properties.collectors import Profile


@dataclass(frozen=True, slots=True)
class PlatformSite:
    """`is_ours` is an address that the operator set, or the sandbox: it may be a private one."""

    base_url: str
    is_sandbox: bool
    is_ours: bool


def site_of(profile: Profile) -> PlatformSite:
    """The site of a platform. `UPSTREAMS` knows platforms by their key, such as `naver=live`."""
    from integrations.registry import parse_upstreams

    custom = os.environ.get(profile.base_url_env, "").strip() if profile.base_url_env else ""
    if custom:
        return PlatformSite(custom.rstrip("/"), is_sandbox=False, is_ours=True)
    default, exceptions = parse_upstreams(env().upstreams)
    if exceptions.get(profile.key, default) == "sandbox":
        url = f"{env().sandbox_url.rstrip('/')}/properties/{profile.key}"
        return PlatformSite(url, is_sandbox=True, is_ours=True)
    return PlatformSite(profile.base_url, is_sandbox=False, is_ours=False)
