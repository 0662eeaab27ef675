"""Decisions about resting runs by people who are not looking at a page: MCP clients, links in mails and in Slack.

A link holds a signed note of run, node and recipient. Whoever has it may decide once in the recipient's name; it is
worth nothing after the decision, after its expiry, or when the run has ended.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from smtplib import SMTPException
from typing import Any
from uuid import UUID

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core import signing
from django.core.mail import send_mail
from django.urls import reverse

from integrations.sdk import Caller
from portal.common.errors import NotFound, PermissionDenied, PortalError
from portal.common.hub import client
from portal.workspaces.models import Workspace
from portal.workspaces.services import system_actor
from workflows import services
from workflows.engine.state import Waiting
from workflows.models import Execution

logger = logging.getLogger(__name__)
SALT = "workflows.approval"
MAX_AGE_SECONDS = 60 * 86_400


@dataclass(frozen=True, slots=True)
class Note:
    """What a link says."""

    execution_id: UUID
    path: str
    recipient: str


def link_for(execution_id: UUID, path: str, recipient: str) -> str:
    """The address at which the recipient decides."""
    token = signing.dumps([str(execution_id), path, recipient], salt=SALT, compress=True)
    return f"{settings.PUBLIC_URL.rstrip('/')}{reverse('workflows:approval', args=[token])}"


def read_link(token: str) -> Note:
    """The note of a link; `NotFound` when it was changed or is too old."""
    try:
        execution_id, path, recipient = signing.loads(token, salt=SALT, max_age=MAX_AGE_SECONDS)
    except signing.BadSignature:
        raise NotFound("This link is not valid any more.") from None
    return Note(UUID(execution_id), path, recipient)


def question_of(note: Note) -> tuple[Execution, dict[str, Any] | None]:
    """The run, and what it asks at this node; None when nothing is to be decided there any more."""
    run = Execution.objects.select_related("workflow", "workspace").filter(pk=note.execution_id).first()
    if run is None:
        raise NotFound("This link is not valid any more.")
    asked = {item["path"]: item["data"] for item in run.waiting or () if item["kind"] == "approval"}
    is_open = not run.is_done and note.path not in (run.decisions or {})
    return run, asked.get(note.path) if is_open else None


def decide_by_link(note: Note, *, approved: bool, comment: str = "") -> Execution:
    """Answer in the recipient's name."""
    run, data = question_of(note)
    if data is None:
        raise NotFound("There is nothing to decide here any more.")
    approvers = [str(one).strip().lower() for one in data.get("approvers") or ()]
    if approvers and note.recipient.lower() not in approvers:
        raise PermissionDenied("This decision is for others.")
    return decide_as(run.workspace_id, run.pk, note.path, approved=approved, by=note.recipient, comment=comment)


def decide_as(
    workspace_id: UUID, execution_id: UUID, path: str, *, approved: bool, by: str, comment: str = ""
) -> Execution:
    """Answer a node for somebody who has proved the right to: the caller of the run, or the holder of a link."""
    workspace = Workspace.objects.filter(pk=workspace_id, closed_at=None).first()
    if workspace is None:
        raise NotFound("There is no such run.")
    actor = system_actor(workspace)
    return services.decide(actor, execution_id, path, approved=approved, comment=comment, by=by)


async def announce(row: dict[str, Any], waiting: tuple[Waiting, ...]) -> None:
    """Send the links of what a run now rests for, once for each question."""
    for item in waiting:
        if item.kind != "approval" or not (item.data.get("email") or item.data.get("slack")):
            continue
        key = f"approval:{row['id']}:{item.path}"
        if not await client().set(key, b"1", nx=True, ex=MAX_AGE_SECONDS):
            continue
        for address in item.data.get("email") or ():
            await sync_to_async(_mail, thread_sensitive=False)(row, item, str(address))
        if channel := item.data.get("slack"):
            await _slack(row, item, str(channel))


def _text(row: dict[str, Any], item: Waiting, recipient: str) -> str:
    return (
        f"{item.data['message']}\n\n승인 또는 거절 / Approve or reject:\n{link_for(row['id'], item.path, recipient)}\n"
    )


def _mail(row: dict[str, Any], item: Waiting, address: str) -> None:
    subject = " ".join(f"승인 요청 / Approval needed: {item.data['message']}".split())[:150]
    try:
        send_mail(subject, _text(row, item, address), settings.DEFAULT_FROM_EMAIL, [address])
    except (SMTPException, OSError) as error:
        logger.warning("The approval mail of run %s could not be sent: %s", row["id"], type(error).__name__)


async def _slack(row: dict[str, Any], item: Waiting, channel: str) -> None:
    from workflows.actions import perform

    try:
        await perform(
            "slack.post_message",
            {"channel": channel, "text": _text(row, item, channel)},
            row=row,
            connection=None,
            node_id=item.node,
            idempotency_key=f"{row['id']}:{item.path}:announce",
            deadline=None,
            caller=Caller(kind="system", label="approval"),
            log=lambda level, message, data: None,
            progress=lambda done, total, message: None,
            is_cancelled=lambda: False,
        )
    except PortalError as error:
        logger.warning("The approval of run %s could not be posted to Slack: %s", row["id"], error.message)
