"""Brings database, translations and static files up to date in one Django process, before the others start.

Progress goes to stderr; stdout carries only what the person should see once everything runs: the sign-in link.
"""

import sys

import django
from django.conf import settings
from django.core.management import call_command, get_commands
from django.core.management.base import CommandError
from django.db import DatabaseError

from portal.stack.assets import collect_static_files, compile_messages
from portal.stack.layout import default_layout


def main() -> int:
    """Do it all; returns the exit code."""
    compile_messages(settings.BASE_DIR)
    django.setup()
    try:
        call_command("migrate", interactive=False, verbosity=0, stdout=sys.stderr)
        # A database that was restored without its root key is better refused here than met by people.
        call_command("check", databases=["default"], tags=["database"])
        collect_static_files(default_layout())
        if "seed_demo" in get_commands():
            call_command("seed_demo")
    except (CommandError, DatabaseError) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
