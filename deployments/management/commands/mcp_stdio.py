"""Serve a deployment over stdin and stdout."""

from __future__ import annotations

import asyncio
import logging
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from deployments.mcp.app import shut_down
from deployments.mcp.stdio import StdioServer
from portal.common.errors import PortalError


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="slug of the server, the last part of its URL")

    def handle(self, *args: Any, **options: Any) -> None:
        # Standard output belongs to the protocol.
        logging.basicConfig(stream=sys.stderr, force=True, level=logging.WARNING)

        async def serve() -> None:
            try:
                await StdioServer(options["slug"]).run()
            finally:
                await shut_down()

        try:
            asyncio.run(serve())
        except PortalError as error:
            raise CommandError(error.explain()) from None
        except KeyboardInterrupt:
            return
