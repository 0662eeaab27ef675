"""Spreadsheets and PDF files as data."""

from integrations.connectors.documents.pdf import pdf
from integrations.connectors.documents.spreadsheet import spreadsheet

__all__ = ["pdf", "spreadsheet"]
