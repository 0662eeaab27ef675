"""How an app puts itself into the left navigation: `ITEMS` in its `nav.py`, a list of `NavItem`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Group = Literal["build", "data", "workspace"]


@dataclass(frozen=True, slots=True)
class NavItem:
    """One entry. `label` may be lazily translated; `icon` is a symbol of static/icons/sprite.svg."""

    label: Any
    url_name: str
    icon: str
    group: Group = "data"
    order: int = 50
    #: Hidden from people whose role lacks it; empty: shown to every member.
    permission: str = ""
