"""Log lines as JSON when wanted, and without secrets always."""

from __future__ import annotations

import json
import logging
import re
from datetime import UTC, datetime

# What looks like a credential in a text: header values, key=value pairs, our own key formats.
_SECRET = re.compile(
    r"(?i)(\bbearer\s+|\b(?:authorization|x-api-key|appkey|appsecret|app_key|app_secret|service_?key|api_?key|"
    r"access_token|refresh_token|client_secret|password|secret)\b[\"']?\s*[=:]\s*[\"']?(?:bearer\s+)?)"
    r"([^\s\"'&,;}]{4,})"
)
_OWN_KEY = re.compile(r"\b(mcpk|wsk|pat|whsec)_[A-Za-z0-9+/]{6,}")

#: Signed tokens, whosever they are.
_JWT = re.compile(r"\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")


def redact(text: str) -> str:
    """The text with everything that looks like a credential replaced by ***."""
    return _JWT.sub("***", _OWN_KEY.sub(r"\1_***", _SECRET.sub(r"\1***", text)))


class RedactFilter(logging.Filter):
    """Renders each record and redacts it, so that no handler ever sees a secret."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = redact(record.getMessage()), ()
        if record.exc_info and not record.exc_text:
            record.exc_text = redact(logging.Formatter().formatException(record.exc_info))
        return True


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message, traceback and the record's `data`."""

    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "service": record.name,
            "message": record.getMessage(),
        }
        for name in ("execution_id", "trace_id", "data"):
            if (value := getattr(record, name, None)) is not None:
                entry[name] = value
        if record.exc_text or record.exc_info:
            entry["traceback"] = record.exc_text or self.formatException(record.exc_info)  # type: ignore[arg-type]
        return json.dumps(entry, ensure_ascii=False, default=str)
