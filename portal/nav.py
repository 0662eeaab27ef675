"""The entries of the product's own pages."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from portal.common.navigation import NavItem

ITEMS = [
    NavItem(_("Home"), "dashboard", "home", "build", 0),
    NavItem(_("Templates"), "templates", "template", "build", 50),
    NavItem(_("Connections"), "connections", "key", "workspace", 10),
    NavItem(_("Members"), "members", "members", "workspace", 20),
    NavItem(_("Settings"), "settings", "settings", "workspace", 90),
]
