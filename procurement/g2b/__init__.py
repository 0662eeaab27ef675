"""나라장터 (KONEPS) over the open API of 조달청: a pure asynchronous client. No web framework in here."""

from procurement.g2b.answers import Page, read_answer
from procurement.g2b.calendar import SEOUL, Window, newest_stable_day, seoul_today, windows_back
from procurement.g2b.client import G2bClient
from procurement.g2b.errors import (
    BadRequest,
    KeyRefused,
    ProviderFault,
    QuotaExhausted,
    RangeTooWide,
    TooFast,
    UnknownService,
    Unreadable,
)
from procurement.g2b.keys import fingerprint, normalise_key, redact
from procurement.g2b.limits import Gate
from procurement.g2b.operations import Operation, operation, operations

__all__ = [
    "SEOUL",
    "BadRequest",
    "G2bClient",
    "Gate",
    "KeyRefused",
    "Operation",
    "Page",
    "ProviderFault",
    "QuotaExhausted",
    "RangeTooWide",
    "TooFast",
    "UnknownService",
    "Unreadable",
    "Window",
    "fingerprint",
    "newest_stable_day",
    "normalise_key",
    "operation",
    "operations",
    "read_answer",
    "redact",
    "seoul_today",
    "windows_back",
]
