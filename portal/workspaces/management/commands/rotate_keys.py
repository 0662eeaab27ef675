"""Wrap keys with the newest root key, renew data keys that are due, and seal anew what old ones protect.

Safe to stop and to run again at any time; the product may run meanwhile.
"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.common.crypto import CannotDecrypt
from portal.workspaces.key_rotation import give_up_lost, rotate, status


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say what would be done")
        parser.add_argument("--all", action="store_true", help="renew every data key, whatever its age")
        parser.add_argument(
            "--give-up-lost", action="store_true", help="mark what no configured root key opens as destroyed"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            found = status()
            since = f"{found.root_key_since:%Y-%m-%d}" if found.root_key_since else "now"
            self.stdout.write(f"root key {found.current_id}, in use since {since}")
            for text in found.warnings():
                self.stdout.write(f"warning: {text}")
            for key_id, count in found.unknown_root_keys.items():
                self.stdout.write(f"warning: root key {key_id} is not configured; {count} keys are wrapped with it")
            if options["give_up_lost"] and not options["dry_run"]:
                self.stdout.write(f"{give_up_lost()} keys marked as destroyed")
            report = rotate(everything=options["all"], dry_run=options["dry_run"], tell=self.stdout.write)
        except CannotDecrypt as error:
            raise CommandError(error.explain()) from None
        self.stdout.write(("would be: " if options["dry_run"] else "done: ") + report.text())
        if report.unreadable:
            raise CommandError("\n".join(["What could not be read is left as it is:", *report.unreadable[:20]]))
