"""A mail server that keeps what it is given, and a person's look at it."""

from __future__ import annotations

import email
import re
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller

from portal.stack.layout import free_port
from portal.stack.processes import wait_until


class Inbox:
    """Everybody's mail."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self._server = Controller(self, hostname="127.0.0.1", port=free_port())
        self._server.start()

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        message = email.message_from_bytes(envelope.content, policy=default)
        assert isinstance(message, EmailMessage)
        self.mails.append(message)
        return "250 OK"

    @property
    def url(self) -> str:
        """What EMAIL_URL has to be."""
        return f"smtp://127.0.0.1:{self._server.port}?tls=0"

    def link_for(self, address: str, part: str) -> str:
        """The newest link with this part in a mail to the address, which may still be on its way."""

        def links() -> list[str]:
            bodies = [mail.get_content() for mail in self.mails if address in str(mail["to"])]
            return [link for body in bodies for link in re.findall(r"https?://\S+", body) if part in link]

        assert wait_until(lambda: bool(links()), timeout=60), f"no mail to {address} with {part}"
        return links()[-1]

    def close(self) -> None:
        self._server.stop()
