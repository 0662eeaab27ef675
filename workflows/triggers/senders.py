"""Who sent a request to a webhook: signatures, fixed headers, passwords. Every comparison takes constant time."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping

from integrations.connectors.github.client import verify_signature as verify_github
from integrations.connectors.slack.client import verify_signature as verify_slack
from workflows.triggers.config import EmailConfig, WebhookConfig


def is_genuine(config: WebhookConfig, secret: str, headers: Mapping[str, str], body: bytes) -> bool:
    """Whether the request passes the webhook's check. Without a secret nothing passes a check that needs one."""
    if config.check == "none":
        return True
    if not secret:
        return False
    if config.check == "header":
        return _same(headers.get(config.header, ""), secret)
    if config.check == "basic":
        return _is_basic(headers.get("Authorization", ""), config.user, secret)
    if config.check == "github":
        return verify_github(secret, body, headers.get("X-Hub-Signature-256", ""))
    if config.check == "slack":
        stamp, signature = headers.get("X-Slack-Request-Timestamp", ""), headers.get("X-Slack-Signature", "")
        return verify_slack(secret, stamp, body, signature)
    return _is_signed(secret, body, headers.get(config.header, ""))


def is_mail_service(config: EmailConfig, secret: str, headers: Mapping[str, str]) -> bool:
    """Whether the mail provider sent its password, if one is set."""
    return not secret or _is_basic(headers.get("Authorization", ""), None, secret)


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode(), wanted.encode())


def _is_basic(header: str, user: str | None, password: str) -> bool:
    scheme, _, value = header.partition(" ")
    if scheme.lower() != "basic":
        return False
    try:
        given_user, _, given = base64.b64decode(value.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return False
    return _same(given, password) & (user is None or _same(given_user, user))


def _is_signed(secret: str, body: bytes, header: str) -> bool:
    """HMAC-SHA-256 of the body in hexadecimal or base64, with or without the prefix `sha256=`."""
    digest = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    given = header.strip().removeprefix("sha256=")
    return _same(given.lower(), digest.hex()) | _same(given, base64.b64encode(digest).decode())
