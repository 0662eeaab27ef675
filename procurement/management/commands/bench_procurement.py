from __future__ import annotations

import sys

from django.core.management.base import BaseCommand, CommandParser

from procurement.bench import main


class Command(BaseCommand):
    """Measure the Naramarket client and crawler against the sandbox."""

    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--only", choices=["speed", "memory"])
        parser.add_argument("--rows", type=int, default=200_000)
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: object, **options: object) -> None:
        arguments = [f"--rows={options['rows']}"]
        arguments += [f"--only={options['only']}"] if options["only"] else []
        arguments += ["--json"] if options["json"] else []
        sys.exit(main(arguments))
