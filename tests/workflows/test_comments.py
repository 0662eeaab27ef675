"""Comments about nodes: threads, who may do what, and that they leave the draft alone."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from portal.common.errors import Invalid, NotFound, PermissionDenied
from portal.workspaces.roles import Role
from portal.workspaces.services import Actor
from tests.people import join, make_owner
from workflows import comments
from workflows.comment_models import Comment
from workflows.models import Workflow
from workflows.services import create_workflow


@pytest.fixture
def workflow(owner: Actor) -> Workflow:
    return create_workflow(owner, "Talked about")


def client_of(actor: Actor) -> Client:
    client = Client(headers={"accept-language": "en"})
    assert actor.user is not None
    client.force_login(actor.user)
    return client


def test_a_thread_is_begun_answered_settled_and_opened_again_by_an_answer(owner: Actor, workflow: Workflow) -> None:
    editor = join(owner.workspace, Role.EDITOR)
    first = comments.add_comment(owner, workflow.pk, " Why this limit? ", node="each/read")
    answer = comments.add_comment(editor, workflow.pk, "The service allows no more.", thread=first.pk)
    assert (first.text, answer.node, answer.thread_id) == ("Why this limit?", "each/read", first.pk)

    comments.change_comment(editor, workflow.pk, first.pk, resolved=True)
    first.refresh_from_db()
    assert first.resolved_at is not None and first.resolved_by == editor.user

    comments.add_comment(owner, workflow.pk, "Still too low.", thread=first.pk)
    first.refresh_from_db()
    assert first.resolved_at is None


def test_a_comment_leaves_the_draft_alone(owner: Actor, workflow: Workflow) -> None:
    comments.add_comment(owner, workflow.pk, "Hello", node="a")
    workflow.refresh_from_db()
    assert workflow.draft_revision == 1


def test_only_the_author_changes_words_and_admins_may_take_them_away(owner: Actor, workflow: Workflow) -> None:
    editor, other = join(owner.workspace, Role.EDITOR), join(owner.workspace, Role.EDITOR)
    comment = comments.add_comment(editor, workflow.pk, "Mine")
    comments.add_comment(other, workflow.pk, "An answer", thread=comment.pk)

    with pytest.raises(PermissionDenied, match="author"):
        comments.change_comment(other, workflow.pk, comment.pk, text="Yours")
    with pytest.raises(PermissionDenied, match="author"):
        comments.delete_comment(other, workflow.pk, comment.pk)
    assert comments.change_comment(editor, workflow.pk, comment.pk, text="Mended").edited_at is not None

    comments.delete_comment(owner, workflow.pk, comment.pk)
    assert not Comment.objects.filter(workflow=workflow).exists()


@pytest.mark.parametrize("text", ["", "   ", "x" * 4001])
def test_words_have_a_length(owner: Actor, workflow: Workflow, text: str) -> None:
    with pytest.raises(Invalid, match="usable"):
        comments.add_comment(owner, workflow.pk, text)


def test_answers_and_settling_belong_to_the_first_comment(owner: Actor, workflow: Workflow) -> None:
    first = comments.add_comment(owner, workflow.pk, "One")
    answer = comments.add_comment(owner, workflow.pk, "Two", thread=first.pk)
    with pytest.raises(Invalid, match="first comment"):
        comments.add_comment(owner, workflow.pk, "Three", thread=answer.pk)
    with pytest.raises(Invalid, match="as a whole"):
        comments.change_comment(owner, workflow.pk, answer.pk, resolved=True)
    elsewhere = create_workflow(owner, "Elsewhere")
    with pytest.raises(NotFound):
        comments.add_comment(owner, elsewhere.pk, "Four", thread=first.pk)


def test_viewers_read_and_strangers_find_nothing(owner: Actor, workflow: Workflow) -> None:
    comments.add_comment(owner, workflow.pk, "Look here", node="a")
    address = f"/api/v1/workflows/{workflow.pk}/comments"
    viewer = client_of(join(owner.workspace, Role.VIEWER))

    found: list[dict[str, Any]] = viewer.get(address).json()["results"]
    assert [(item["text"], item["node"], item["thread"]) for item in found] == [("Look here", "a", None)]
    assert viewer.post(address, {"text": "Me too"}, content_type="application/json").status_code == 403
    assert client_of(make_owner("stranger")).get(address).status_code == 404


def test_comments_are_written_over_rest(owner: Actor, workflow: Workflow) -> None:
    client = client_of(owner)
    address = f"/api/v1/workflows/{workflow.pk}/comments"
    made = client.post(address, {"text": "Over REST", "node": "a"}, content_type="application/json")
    assert made.status_code == 201
    item = f"{address}/{made.json()['id']}"
    settled = client.patch(item, {"resolved": True}, content_type="application/json").json()
    assert settled["resolved_at"] and settled["resolver"] == settled["author"]
    assert client.delete(item).status_code == 204
    assert client.get(address).json()["results"] == []
