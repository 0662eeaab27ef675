from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from portal.common.navigation import NavItem
from portal.workspaces.roles import Permission

ITEMS = [NavItem(_("Time series"), "timeseries:dashboard", "chart", "data", 40, Permission.DATA_READ)]
