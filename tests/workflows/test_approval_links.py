"""Approvals by link: who is asked, what the link may do, and that nobody decides twice."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from portal.common.errors import PermissionDenied
from portal.workspaces.roles import Role
from portal.workspaces.services import Actor
from tests.people import join
from tests.running import ended, wait_until
from workflows import approvals
from workflows.models import Execution
from workflows.services import create_workflow, decide, start_execution


def waiting(owner: Actor, **params: Any) -> Execution:
    definition = {
        "schema_version": 1,
        "nodes": [{"id": "ask", "action": "flow.approval", "params": {"message": "Send the offer?", **params}}],
        "edges": [],
        "output": {"ok": "{{ ask.approved }}", "by": "{{ ask.by }}", "comment": "{{ ask.comment }}"},
    }
    workflow = create_workflow(owner, "Offer", definition=definition)
    run = Execution.objects.get(pk=start_execution(owner, workflow).execution_id)
    wait_until(lambda: Execution.objects.get(pk=run.pk).state == "waiting")
    return run


def link_in(text: str) -> str:
    found = re.search(r"https?://[^/\s]+(/approve/\S+)", text)
    assert found is not None
    return found[1]


def test_a_mail_brings_a_link_that_decides_once(running: Any, owner: Actor) -> None:
    run = waiting(owner, email=["boss@example.com", "deputy@example.com"])
    wait_until(lambda: len(mail.outbox) == 2)
    assert "Send the offer?" in mail.outbox[0].subject
    link, anyone = link_in(str(mail.outbox[0].body)), Client()

    page = anyone.get(link)
    assert "Send the offer?" in page.content.decode() and page["X-Robots-Tag"] == "noindex"
    assert Execution.objects.get(pk=run.pk).state == "waiting", "looking decides nothing"
    assert Client(enforce_csrf_checks=True).post(link, {"answer": "yes"}).status_code == 403

    anyone.post(link, {"answer": "no", "comment": "Too dear"})
    assert ended(run.pk).output == {"ok": False, "by": "boss@example.com", "comment": "Too dear"}
    late = anyone.post(link_in(str(mail.outbox[1].body)), {"answer": "yes"}).content.decode()
    assert "Too dear" in late and Execution.objects.get(pk=run.pk).output["ok"] is False


def test_a_changed_link_opens_nothing(running: Any, owner: Actor) -> None:
    run = waiting(owner)
    good = approvals.link_for(run.pk, "ask", "a@example.com").partition("/approve/")[2]
    assert Client().get(f"/approve/{good}").status_code == 200
    assert Client().get(f"/approve/{good[:-2]}xx").status_code == 404


def test_only_those_named_may_decide(running: Any, owner: Actor) -> None:
    assert owner.user is not None
    run = waiting(owner, approvers=[owner.user.email])
    with pytest.raises(PermissionDenied):
        decide(join(owner.workspace, Role.EDITOR), run.pk, "ask", approved=True)
    stranger = approvals.read_link(approvals.link_for(run.pk, "ask", "x@example.com").partition("/approve/")[2])
    with pytest.raises(PermissionDenied):
        approvals.decide_by_link(stranger, approved=True)
    decide(owner, run.pk, "ask", approved=True)
    assert ended(run.pk).output["ok"] is True


def test_the_question_is_posted_to_slack(running: Any, owner: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    posted: list[dict[str, Any]] = []

    async def perform(action: str, params: dict[str, Any], **_: Any) -> None:
        posted.append({"action": action, **params})

    monkeypatch.setattr("workflows.actions.perform", perform)
    run = waiting(owner, slack="#운영")
    wait_until(lambda: len(posted) == 1)
    assert (posted[0]["action"], posted[0]["channel"]) == ("slack.post_message", "#운영")
    assert Client().post(link_in(posted[0]["text"]), {"answer": "yes"}).status_code == 200
    assert ended(run.pk).output["by"] == "#운영"
