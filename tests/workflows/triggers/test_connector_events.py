"""Polled events: nothing old runs, everything new runs once, failures back off and lose nothing."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import httpx2
import pytest
from django.utils import timezone

from integrations.connectors.github import sandbox as github_sandbox
from integrations.connectors.slack import sandbox as slack_sandbox
from integrations.runtime import in_context
from integrations.sandbox_server import create_app, discover_sandboxes
from integrations.sdk.standin import Fault
from portal.common.errors import Invalid
from portal.workspaces.services import Actor
from workflows.models import Execution, Workflow
from workflows.services import create_workflow
from workflows.triggers import polling, services
from workflows.triggers.models import Firing, Trigger

ECHO: dict[str, Any] = {
    "schema_version": 1,
    "inputs": {
        "type": "object",
        "properties": {"title": {"type": "string", "default": ""}, "event": {"type": "object"}},
    },
    "nodes": [{"id": "say", "action": "text.echo", "params": {"text": "{{ input.title }}"}}],
    "edges": [],
    "output": {"text": "{{ say.text }}"},
}


@pytest.fixture
def upstream(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The sandboxes in this process instead of the network, with their first content."""
    application = create_app(discover_sandboxes())
    monkeypatch.setattr(polling, "in_context", partial(in_context, transport=httpx2.ASGITransport(app=application)))
    monkeypatch.setattr(github_sandbox, "world", github_sandbox.World())
    monkeypatch.setattr(slack_sandbox, "MESSAGES", slack_sandbox._first_messages())
    yield
    github_sandbox.app.state.faults.waiting.clear()


@pytest.fixture
def workflow(owner: Actor) -> Workflow:
    return create_workflow(owner, "Echo", definition=ECHO)


def make(owner: Actor, workflow: Workflow, event: str, **config: Any) -> Trigger:
    return services.create_trigger(
        owner, workflow.pk, "event", config={"trigger": event, "every_seconds": 60, **config}
    )


def titles(workflow: Workflow) -> list[str]:
    runs = Execution.objects.filter(workflow=workflow).order_by("id")
    return [run.input["title"] for run in runs]


def test_only_issues_opened_after_the_trigger_run_and_each_once(
    upstream: None, running: Any, owner: Actor, workflow: Workflow
) -> None:
    trigger = make(owner, workflow, "github.issue_event", params={"repository": "sandbox/handbook"})
    assert polling.poll(trigger.pk) == []
    assert Firing.objects.filter(trigger=trigger, state="skipped").count() == 3

    github_sandbox.world.issues += [github_sandbox._issue(9, "아홉"), github_sandbox._issue(10, "열")]
    assert len(polling.poll(trigger.pk)) == 2
    # The service reports both again, as it does for a cursor that includes its last moment.
    assert polling.poll(trigger.pk) == []
    # A lost cursor (restored backup) reports everything again.
    Trigger.objects.filter(pk=trigger.pk).update(cursor=github_sandbox.WHEN)
    assert polling.poll(trigger.pk) == []

    assert titles(workflow) == ["아홉", "열"]
    trigger.refresh_from_db()
    assert trigger.next_at is not None and trigger.next_at > timezone.now() and trigger.last_error == ""


def test_a_failing_service_backs_off_and_nothing_is_lost(
    upstream: None, running: Any, owner: Actor, workflow: Workflow
) -> None:
    trigger = make(owner, workflow, "github.issue_event", params={"repository": "sandbox/handbook"})
    polling.poll(trigger.pk)
    github_sandbox.world.issues.append(github_sandbox._issue(9, "아홉"))
    github_sandbox.app.state.faults.waiting.append(Fault(status=429, retry_after=900, times=1))

    assert polling.poll(trigger.pk) == []
    trigger.refresh_from_db()
    assert trigger.failures == 1 and "GitHub" in trigger.last_error
    assert trigger.next_at is not None and (trigger.next_at - timezone.now()).total_seconds() > 800

    assert len(polling.poll(trigger.pk)) == 1
    trigger.refresh_from_db()
    assert (trigger.failures, trigger.last_error) == (0, "")


def test_messages_of_bots_do_not_start_runs(upstream: None, running: Any, owner: Actor, workflow: Workflow) -> None:
    trigger = make(owner, workflow, "slack.new_message", params={"channel": "C0SANDBOX1"})
    polling.poll(trigger.pk)
    rows = slack_sandbox.MESSAGES["C0SANDBOX1"]
    rows.insert(0, {"type": "message", "user": "U0MINJI", "text": "사람", "ts": "1790000000.000100"})
    rows.insert(0, {"type": "message", "bot_id": "B1", "text": "봇", "ts": "1790000001.000100"})

    fired = polling.poll(trigger.pk)

    assert [item.firing.event["event"]["text"] for item in fired] == ["사람"]
    assert polling.poll(trigger.pk) == []


@pytest.mark.parametrize(
    ("event", "params"), [("gmail.new_mail", {"query": "is:unread"}), ("web.new_entry", {"url": "/feed.xml"})]
)
def test_mails_and_feeds_are_remembered_and_go_on(
    upstream: None, running: Any, owner: Actor, workflow: Workflow, event: str, params: dict[str, Any]
) -> None:
    trigger = make(owner, workflow, event, params=params)
    assert polling.poll(trigger.pk) == []
    seen = Firing.objects.filter(trigger=trigger).order_by("-id")
    assert seen.count() >= 2
    # As if the newest one had come only now.
    seen[0].delete()

    assert len(polling.poll(trigger.pk)) == 1
    trigger.refresh_from_db()
    assert trigger.last_error == "" and trigger.cursor


def test_settings_of_the_event_are_checked(owner: Actor, workflow: Workflow) -> None:
    with pytest.raises(Invalid) as caught:
        make(owner, workflow, "github.issue_event", params={"repository": "no slash"})
    assert caught.value.problems[0].field == "params.repository"
    with pytest.raises(Invalid) as caught:
        make(owner, workflow, "github.sneeze")
    assert "github.issue_event" in caught.value.problems[0].remedy
