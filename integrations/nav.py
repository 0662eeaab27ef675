from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from portal.common.navigation import NavItem

ITEMS = [
    NavItem(_("Own connectors"), "own-connectors", "plug", "workspace", 15, permission="connection:read"),
    NavItem(_("Stores"), "store-values", "database", "data", 60, permission="data:read"),
]
