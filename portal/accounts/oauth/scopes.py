"""What an access token may allow, in words a person understands on the consent page.

One scope per workspace permission, one for calling MCP servers, and read and write scopes per domain. A scope
never gives more than the person's own role.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

MCP_CALL = "mcp:call"
MCP_SCOPES = {MCP_CALL: _("Call the tools of this MCP server as you")}
#: Names as in the permission matrix of workspaces.
PERMISSION_SCOPES = {
    "workflow:read": _("See your workflows"),
    "workflow:create": _("Create workflows"),
    "workflow:update": _("Change workflows"),
    "workflow:delete": _("Delete workflows"),
    "workflow:execute": _("Run workflows"),
    "execution:read": _("See what ran and how it ended"),
    "execution:payload": _("Read the input and output of runs"),
    "call:payload": _("Open what callers sent to your MCP servers, which is recorded"),
    "deployment:read": _("See your MCP servers"),
    "deployment:manage": _("Deploy, change and stop MCP servers"),
    "connection:read": _("See which services are connected, without their secrets"),
    "connection:manage": _("Add, replace and delete connections"),
    "data:read": _("Read collected data of every kind"),
    "data:write": _("Change collected data of every kind"),
    "member:read": _("See who belongs to the workspace"),
    "member:manage": _("Invite and remove members and change their roles"),
    "key:manage": _("Make and revoke the workspace's API keys"),
    "audit:read": _("Read the record of what members did"),
    "workspace:update": _("Change the workspace's settings"),
    "workspace:delete": _("Delete the workspace"),
}
#: Domain scope → the permission it grants inside that domain's part of the API only.
DOMAIN_SCOPES = {
    "properties:read": ("properties", "data:read", _("Read real-estate listings")),
    "properties:write": ("properties", "data:write", _("Change real-estate listings")),
    "procurement:read": ("procurement", "data:read", _("Read procurement notices")),
    "procurement:crawl": ("procurement", "data:write", _("Collect procurement notices")),
    "markets:read": ("markets", "data:read", _("Read stock rankings")),
    "markets:write": ("markets", "data:write", _("Change watch lists and alerts of stocks")),
    "timeseries:read": ("timeseries", "data:read", _("Read time series and forecasts")),
    "timeseries:write": ("timeseries", "data:write", _("Upload time series and train forecasts")),
}
API_SCOPES = {**PERMISSION_SCOPES, **{name: text for name, (_app, _needed, text) in DOMAIN_SCOPES.items()}}
SCOPES = {**MCP_SCOPES, **API_SCOPES}
#: What a client gets for the REST API when it asks for nothing in particular.
DEFAULT_API_SCOPES = ("workflow:read", "execution:read", "deployment:read", "data:read")


def permissions_in(app: str, scopes: frozenset[str]) -> frozenset[str]:
    """The scopes plus the permissions that domain scopes among them grant inside `app`."""
    return scopes | {needed for name, (owner, needed, _t) in DOMAIN_SCOPES.items() if owner == app and name in scopes}
