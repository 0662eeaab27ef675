"""Threads of remarks about nodes: written, answered, settled, taken back."""

from __future__ import annotations

import contextlib
from uuid import UUID

import orjson
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from redis.exceptions import RedisError

from portal.common.errors import Conflict, FieldProblem, Invalid, NotFound, PermissionDenied
from portal.common.hub import sync_client
from portal.workspaces.roles import Permission
from portal.workspaces.services import Actor
from workflows import selectors
from workflows.comment_models import Comment
from workflows.draft_news import channel_of
from workflows.models import Workflow

MAX_TEXT = 4_000
MAX_COMMENTS = 1_000


def comments_of(workflow: Workflow) -> QuerySet[Comment]:
    """All remarks, oldest first, with their authors."""
    return Comment.objects.filter(workflow=workflow).select_related("created_by", "resolved_by")


def _writable(actor: Actor, workflow_id: UUID) -> Workflow:
    actor.require(Permission.WORKFLOW_UPDATE)
    return selectors.get_workflow(actor.workspace, workflow_id)


def _text(given: str) -> str:
    text = given.strip()
    if not text or len(text) > MAX_TEXT:
        raise Invalid(
            "The comment has no usable text.",
            problems=[FieldProblem("text", f"Use 1 to {MAX_TEXT:,} characters.")],
        )
    return text


def _get(workflow: Workflow, comment_id: UUID) -> Comment:
    comment = comments_of(workflow).filter(pk=comment_id).first()
    if comment is None:
        raise NotFound("There is no such comment.")
    return comment


def _tell(workflow: Workflow) -> None:
    """Let open canvases read the comments again; a lost message only means that they see them when opened next."""

    def publish() -> None:
        with contextlib.suppress(RedisError, OSError):
            sync_client().publish(channel_of(workflow.pk), orjson.dumps({"type": "comments"}))

    transaction.on_commit(publish)


@transaction.atomic
def add_comment(actor: Actor, workflow_id: UUID, text: str, *, node: str = "", thread: UUID | None = None) -> Comment:
    """Say something about a node, or answer in a thread; an answer opens a settled thread again."""
    workflow = _writable(actor, workflow_id)
    if comments_of(workflow).count() >= MAX_COMMENTS:
        raise Conflict(f"A workflow has at most {MAX_COMMENTS:,} comments.", remedy="Delete settled ones first.")
    first = _get(workflow, thread) if thread else None
    if first is not None and first.thread_id is not None:
        raise Invalid(
            "Answers belong to the first comment of a thread.",
            problems=[FieldProblem("thread", "This comment is an answer itself.", "Name the first comment.")],
        )
    if first is not None and first.resolved_at is not None:
        Comment.objects.filter(pk=first.pk).update(resolved_at=None, resolved_by=None)
    comment: Comment = Comment.objects.create(
        workflow=workflow, node=first.node if first else node, thread=first, text=_text(text), created_by=actor.user
    )
    _tell(workflow)
    return comment


@transaction.atomic
def change_comment(
    actor: Actor, workflow_id: UUID, comment_id: UUID, *, text: str | None = None, resolved: bool | None = None
) -> Comment:
    """Mend one's own words, or settle a thread; anybody who may edit the workflow may settle."""
    workflow = _writable(actor, workflow_id)
    comment = _get(workflow, comment_id)
    if text is not None:
        if actor.user is None or comment.created_by_id != actor.user.pk:
            raise PermissionDenied("Only the author can change a comment.", remedy="Answer it instead.")
        comment.text, comment.edited_at = _text(text), timezone.now()
    if resolved is not None:
        if comment.thread_id is not None:
            raise Invalid(
                "A thread is settled as a whole.",
                problems=[FieldProblem("resolved", "This comment is an answer.", "Settle the first comment.")],
            )
        comment.resolved_at = timezone.now() if resolved else None
        comment.resolved_by = actor.user if resolved else None
    comment.save(update_fields=["text", "edited_at", "resolved_at", "resolved_by"])
    _tell(workflow)
    return comment


@transaction.atomic
def delete_comment(actor: Actor, workflow_id: UUID, comment_id: UUID) -> None:
    """Take a remark back, and the answers to it; authors their own, admins of members anybody's."""
    workflow = _writable(actor, workflow_id)
    comment = _get(workflow, comment_id)
    own = actor.user is not None and comment.created_by_id == actor.user.pk
    if not own and not actor.may(Permission.MEMBER_MANAGE):
        raise PermissionDenied("Only the author or an admin can delete a comment.")
    comment.delete()
    _tell(workflow)
