"""Write the OpenAPI document anew; `--check` only says whether it is up to date."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.api.docs import FILE, as_text, generate


class Command(BaseCommand):
    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="fail when the file differs from the code")

    def handle(self, *args: Any, check: bool = False, **options: Any) -> None:
        text = as_text(generate())
        if check and text != FILE.read_text(encoding="utf-8"):
            raise CommandError("The OpenAPI document is out of date. Run make openapi.")
        if not check:
            FILE.write_text(text, encoding="utf-8")
            self.stdout.write(f"wrote {FILE.name}")
