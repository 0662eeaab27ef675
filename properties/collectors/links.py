"""A pasted link becomes a reference to an advert: platform, id and address, nothing is fetched."""

from __future__ import annotations

from dataclasses import dataclass

from properties.collectors.profile import Access, platform_of_link


@dataclass(frozen=True, slots=True)
class LinkedAdvert:
    """What a pasted link says by itself."""

    platform: str
    platform_title: str
    advert_id: str
    url: str
    link_only: bool


def read_link(text: str) -> LinkedAdvert | None:
    """The advert a pasted link points to; None when no known platform uses such links."""
    link = text.strip()
    found = platform_of_link(link)
    if found is None:
        return None
    profile, identifier = found
    return LinkedAdvert(
        profile.origin or profile.key, profile.title, identifier, link, profile.access is Access.LINK_ONLY
    )
