from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from portal.common.navigation import NavItem

ITEMS = [NavItem(_("Markets"), "markets:board", "candles", "data", 30, permission="data:read")]
