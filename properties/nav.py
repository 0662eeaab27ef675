from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from portal.common.navigation import NavItem

ITEMS = [NavItem(_("Listings"), "properties:overview", "building", "data", 10, "data:read")]
