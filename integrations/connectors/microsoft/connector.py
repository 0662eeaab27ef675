"""Outlook, Excel, Teams and OneDrive: four connectors with their own minimal rights."""

from integrations.connectors.microsoft import events as _events  # noqa: F401 - registers the triggers
from integrations.connectors.microsoft.excel import excel
from integrations.connectors.microsoft.onedrive import onedrive
from integrations.connectors.microsoft.outlook import outlook
from integrations.connectors.microsoft.teams import teams

__all__ = ["excel", "onedrive", "outlook", "teams"]
