"""Writes about a person's own details."""

from __future__ import annotations

from zoneinfo import available_timezones

from portal.accounts.models import User
from portal.common.errors import FieldProblem, Invalid

EDITABLE = ("name", "language", "theme", "time_zone")


def update_profile(user: User, **changes: str) -> User:
    """Change name, language, theme or time zone; `Invalid` names what does not exist."""
    zone = changes.get("time_zone")
    if zone is not None and zone not in available_timezones():
        problem = FieldProblem("time_zone", "This is no known time zone.", "Use a name such as Asia/Seoul.")
        raise Invalid("The profile cannot be saved.", problems=[problem])
    for name, value in changes.items():
        if name not in EDITABLE:
            raise ValueError(f"{name} is not a person's to change here")
        setattr(user, name, value)
    user.save(update_fields=list(changes))
    return user
