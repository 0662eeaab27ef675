"""Outlook, Excel, Teams and OneDrive: four connectors with their own minimal rights."""

from integrations.connectors.microsoft.office import excel, onedrive, teams
from integrations.connectors.microsoft.outlook import outlook

__all__ = ["excel", "onedrive", "outlook", "teams"]
