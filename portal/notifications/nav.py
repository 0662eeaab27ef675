from django.utils.translation import gettext_lazy as _

from portal.common.navigation import NavItem

ITEMS = [NavItem(_("Notifications"), "notifications:inbox", "bell", "workspace", 5)]
