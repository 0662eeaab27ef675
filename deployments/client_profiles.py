"""How known MCP clients show a server's tools: what they leave out, shorten or refuse.

Only limits that their users and makers report in public are here: Cursor drops tools whose server and tool name have
more than 60 characters together, Claude and VS Code stop at 64, and VS Code sends at most 128 tools with a request.
They change without notice, so a finding is advice and never stops a deploy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from deployments.contracts import Contract


@dataclass(frozen=True, slots=True)
class Profile:
    """A client. `most_tools`: how many tools of all servers together it offers to the model. Lengths in characters."""

    id: str
    name: Any
    most_tools: int | None = None
    longest_name: int | None = None
    #: The name that the model sees; `{server}` and `{tool}` are filled in.
    prefix: str = "{tool}"
    structured: bool = True
    #: Seconds that a call may take before the client gives up; None where it waits.
    patience: int | None = None
    #: Whether it takes a changed tool list into account while it runs.
    follows_changes: bool = True


PROFILES = (
    Profile("any", gettext_lazy("Any client")),
    Profile("claude", "Claude", longest_name=64, prefix="mcp__{server}__{tool}"),
    Profile("cursor", "Cursor", longest_name=60, prefix="{server}_{tool}"),
    Profile("vscode", "VS Code", most_tools=128, longest_name=64, prefix="mcp_{server}_{tool}"),
    # No product: what clients of the first hour and impatient ones have in common.
    Profile("plain", gettext_lazy("Older client: text only, 10 s, no updates"), structured=False, patience=10,
            follows_changes=False),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Seen:
    """A tool as a client offers it to its model."""

    name: str
    tool: str
    description: str
    is_offered: bool
    notes: tuple[str, ...]


def profile_of(profile_id: str) -> Profile:
    return next((profile for profile in PROFILES if profile.id == profile_id), PROFILES[0])


def seen_by(profile: Profile, server: str, contracts: Sequence[Contract]) -> list[Seen]:
    """The tool list as the client shows it, with what it cannot do for each tool."""
    rows = []
    for position, contract in enumerate(contracts, start=1):
        name = profile.prefix.format(server=server.replace("-", "_"), tool=contract.name)
        notes = []
        too_many = profile.most_tools is not None and position > profile.most_tools
        too_long = profile.longest_name is not None and len(name) > profile.longest_name
        if too_many:
            notes.append(_("Not offered: it takes %(count)s tools at most.") % {"count": profile.most_tools})
        if too_long:
            notes.append(
                _("The name has %(length)s characters and may have %(most)s.")
                % {"length": len(name), "most": profile.longest_name}
            )
        if not profile.structured and contract.output_schema:
            notes.append(_("Reads the result as text only."))
        if profile.patience is not None and contract.timeout_seconds > profile.patience:
            notes.append(_("Gives up after %(seconds)s s.") % {"seconds": profile.patience})
        rows.append(Seen(name, contract.name, contract.description, not (too_many or too_long), tuple(notes)))
    return rows


def as_data(profile: Profile) -> dict[str, Any]:
    """For the playground, which replays these limits."""
    return {
        "id": profile.id,
        "name": str(profile.name),
        "structured": profile.structured,
        "patience": profile.patience,
        "follows_changes": profile.follows_changes,
    }
