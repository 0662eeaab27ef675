"""Opening mail connections: to addresses that were checked, encrypted as the account says, with the SDK's errors."""

from __future__ import annotations

import contextlib
import imaplib
import socket
import ssl
from collections.abc import Iterator

from integrations.connectors.email.models import MailCredential
from integrations.sdk import AuthError, FieldProblem, InvalidParams, Unavailable

SECONDS = 20.0


def need_host(host: str, kind: str) -> str:
    if not host:
        problem = FieldProblem("connection", f"It names no {kind} server.", "Edit the connection and fill it in.")
        raise InvalidParams(f"This connection has no {kind} server.", problems=[problem])
    return host


def tls_of(credential: MailCredential) -> ssl.SSLContext:
    """Certificate check against the usual authorities, or the account's own one."""
    import certifi

    if credential.ca:
        return ssl.create_default_context(cadata=credential.ca)
    return ssl.create_default_context(cafile=certifi.where())


def dial(addresses: list[str], port: int, seconds: float) -> socket.socket:
    """A connection to the first address that answers; `Unavailable` when none does."""
    for address in addresses:
        with contextlib.suppress(OSError):
            return socket.create_connection((address, port), min(10.0, seconds))
    raise Unavailable("The mail server cannot be reached.", code="connect_failed")


class _Imap(imaplib.IMAP4):
    """An IMAP client on a socket that was opened elsewhere."""

    def __init__(self, opened: socket.socket, host: str, seconds: float) -> None:
        self._opened = opened
        opened.settimeout(seconds)
        super().__init__(host, timeout=seconds)

    def _create_socket(self, timeout: float | None = None) -> socket.socket:
        return self._opened


@contextlib.contextmanager
def imap_session(credential: MailCredential, addresses: list[str], seconds: float) -> Iterator[imaplib.IMAP4]:
    """A signed-in IMAP session. Runs in a thread; every failure is an error of the SDK."""
    opened = dial(addresses, credential.imap_port, seconds)
    try:
        if credential.imap_tls == "tls":
            opened = tls_of(credential).wrap_socket(opened, server_hostname=credential.imap_host)
        client = _Imap(opened, credential.imap_host, seconds)
        if credential.imap_tls == "starttls":
            client.starttls(tls_of(credential))
        try:
            client.login(credential.user, credential.password.get_secret_value())
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error:
            raise AuthError(
                "The mail server does not accept the user or password.", remedy="Check the connection."
            ) from None
        yield client
        with contextlib.suppress(imaplib.IMAP4.error, OSError):
            client.logout()
    except ssl.SSLError:
        raise Unavailable("The mail server's encryption is not accepted.", code="connect_failed") from None
    except TimeoutError:
        raise Unavailable("The mail server did not answer in time.", code="timeout") from None
    except (imaplib.IMAP4.abort, imaplib.IMAP4.error, OSError, EOFError, ValueError, IndexError):
        raise Unavailable("The mail server did not answer as IMAP servers do.", code="broken_answer") from None
    finally:
        opened.close()
