#!/usr/bin/env python
"""Django's command line. Without DATABASE_URL and REDIS_URL it uses the running stack's servers, or its own."""

import os
import sys

from portal.stack.attach import use_services
from portal.stack.errors import StackError


def main() -> None:
    """Run one management command."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.local")
    try:
        use_services(sys.argv)
    except StackError as error:
        sys.exit(f"error: {error}")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
