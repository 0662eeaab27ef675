from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from portal.common.navigation import NavItem

ITEMS = [
    NavItem(_("Workflows"), "workflows:workflow-list", "workflow", "build", 10),
    NavItem(_("Runs"), "workflows:execution-list", "runs", "build", 30),
]
