"""Collectors: official data and platform adverts behind one interface. Pure; they are handed an HTTP client.

A platform is described by a profile (`profiles/*.json`): addresses, codes and field names are data, because private
portals change them without notice. Private portals are off until an operator records a legal basis.
"""

from properties.collectors.breaker import Breaker, BreakerState
from properties.collectors.collector import Collector
from properties.collectors.port import Collected, CollectRequest, Outcome, PageReport, Scope
from properties.collectors.profile import Access, Profile, load_profiles, profile_of

__all__ = [
    "Access",
    "Breaker",
    "BreakerState",
    "CollectRequest",
    "Collected",
    "Collector",
    "Outcome",
    "PageReport",
    "Profile",
    "Scope",
    "load_profiles",
    "profile_of",
]
