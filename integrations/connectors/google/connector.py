"""Gmail, Sheets, Calendar and Drive: four connectors with their own minimal rights."""

from integrations.connectors.google.calendar import google_calendar
from integrations.connectors.google.drive import google_drive
from integrations.connectors.google.drive_events import changed_file
from integrations.connectors.google.gmail import gmail
from integrations.connectors.google.gmail_events import new_mail
from integrations.connectors.google.sheets import google_sheets

__all__ = ["changed_file", "gmail", "google_calendar", "google_drive", "google_sheets", "new_mail"]
