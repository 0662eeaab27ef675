"""Webhooks and inbound mail: who may send, what arrives, what is answered, and that a repeat runs once."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from typing import Any

import pytest
from django.db import connections
from django.test import Client

from portal.common.errors import Invalid
from portal.workspaces.services import Actor
from tests.running import ended
from workflows.models import Execution, Workflow
from workflows.services import create_version, create_workflow
from workflows.triggers import services
from workflows.triggers.models import Firing, Trigger

DEFINITION: dict[str, Any] = {
    "schema_version": 1,
    "inputs": {
        "type": "object",
        "properties": {"text": {"type": "string", "default": "-"}, "count": {"type": "integer", "default": 0}},
    },
    "nodes": [{"id": "say", "action": "text.echo", "params": {"text": "{{ input.text }}×{{ input.count }}"}}],
    "edges": [],
    "output": {"text": "{{ say.text }}"},
}
SECRET = "a secret of the sender"


@pytest.fixture
def workflow(owner: Actor) -> Workflow:
    return create_workflow(owner, "Echo", definition=DEFINITION)


@pytest.fixture
def anyone() -> Client:
    return Client(enforce_csrf_checks=True)


def make(owner: Actor, workflow: Workflow, kind: str = "webhook", **options: Any) -> Trigger:
    given = options.pop("input", None)
    return services.create_trigger(owner, workflow.pk, kind, config=options, input=given)


def send(client: Client, trigger: Trigger, body: Any = None, **headers: str) -> Any:
    data = body if isinstance(body, bytes) else json.dumps(body if body is not None else {"text": "hi"}).encode()
    return client.post(f"/hooks/{trigger.token}", data, content_type="application/json", headers=headers)


def test_a_request_runs_the_workflow_and_is_answered_at_once(
    running: Any, owner: Actor, workflow: Workflow, anyone: Client
) -> None:
    trigger = make(owner, workflow)
    response = anyone.post(
        f"/hooks/{trigger.token}?count=3", json.dumps({"text": "안녕"}), content_type="application/json"
    )

    assert response.status_code == 202 and response.json()["state"] == "started"
    run = ended(response.json()["execution"])
    assert run.output == {"text": "안녕×3"} and run.source == "webhook"


def test_the_workflow_may_answer_itself(running: Any, owner: Actor, workflow: Workflow, anyone: Client) -> None:
    plain = make(owner, workflow, answer="result")
    response = send(anyone, plain)
    assert (response.status_code, response.json()) == (200, {"text": "hi×0"})
    assert response["X-Execution"]

    own = dict(
        DEFINITION,
        output={
            "response": {"status": 201, "headers": {"X-Mine": "yes", "Set-Cookie": "a=b"}, "body": "{{ say.text }}"}
        },
    )
    spoken = make(owner, create_workflow(owner, "Own answer", definition=own), answer="result")
    response = send(anyone, spoken)
    assert (response.status_code, response.content, response["X-Mine"]) == (201, "hi×0".encode(), "yes")
    assert "Set-Cookie" not in response and "sandbox" in response["Content-Security-Policy"]


def test_senders_are_checked(running: Any, owner: Actor, workflow: Workflow, anyone: Client) -> None:
    body = b'{"text": "signed"}'
    digest = hmac.new(SECRET.encode(), body, hashlib.sha256)
    stamp = str(int(time.time()))
    slack = "v0=" + hmac.new(SECRET.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    basic = "Basic " + base64.b64encode(f"me:{SECRET}".encode()).decode()
    good: dict[str, dict[str, str]] = {
        "hmac": {"X-Signature": f"sha256={digest.hexdigest()}"},
        "github": {"X-Hub-Signature-256": f"sha256={digest.hexdigest()}"},
        "slack": {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": slack},
        "header": {"X-Signature": SECRET},
        "basic": {"Authorization": basic},
    }
    for check, headers in good.items():
        trigger = make(owner, workflow, check=check, secret=SECRET, user="me")
        assert send(anyone, trigger, body, **headers).status_code == 202, check
        wrong = {
            name: value[:-2] + "00" if name != "X-Slack-Request-Timestamp" else value for name, value in headers.items()
        }
        assert send(anyone, trigger, body, **wrong).status_code == 401, check
        assert send(anyone, trigger, body).status_code == 401, check
        stored = json.dumps(Firing.objects.filter(trigger=trigger).get().event)
        assert SECRET not in stored and basic not in stored
    with pytest.raises(Invalid) as caught:
        make(owner, workflow, check="hmac")
    assert caught.value.problems[0].field == "secret"


def test_the_secret_is_never_shown_and_stays_when_not_sent(owner: Actor, workflow: Workflow) -> None:
    trigger = make(owner, workflow, check="header", secret=SECRET)
    services.update_trigger(owner, workflow.pk, trigger.pk, config={**trigger.config, "per_minute": 5})
    trigger.refresh_from_db()
    assert services.secret_of(trigger) == SECRET
    assert SECRET not in json.dumps(trigger.config) and SECRET.encode() not in bytes(trigger.sealed or b"")


def test_limits(owner: Actor, workflow: Workflow, anyone: Client, running: Any) -> None:
    trigger = make(owner, workflow, max_bytes=40, per_minute=3)
    assert send(anyone, trigger, {"text": "x" * 100}).status_code == 413
    assert anyone.get(f"/hooks/{trigger.token}").status_code == 405
    assert send(anyone, trigger, b"{broken").status_code == 422
    assert send(anyone, trigger).status_code == 202
    response = send(anyone, trigger)
    assert response.status_code == 429 and 0 < int(response["Retry-After"]) <= 60
    assert send(anyone, trigger).status_code == 429
    assert anyone.post("/hooks/nothing").status_code == 404


def test_an_input_that_does_not_fit_is_told_to_the_sender(owner: Actor, workflow: Workflow, anyone: Client) -> None:
    response = send(anyone, make(owner, workflow), {"count": "many"})
    assert response.status_code == 422 and "count" in response.json()["message"]
    assert Execution.objects.count() == 0


def test_one_event_reported_by_many_at_once_runs_once(running: Any, owner: Actor, workflow: Workflow) -> None:
    trigger = make(owner, workflow, dedupe_header="X-Event", answer="result")
    answers: list[Any] = []
    start = threading.Barrier(5)

    def deliver() -> None:
        try:
            start.wait(5)
            answers.append(send(Client(), trigger, **{"X-Event": "e-1"}))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=deliver) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert [response.status_code for response in answers] == [200] * 5
    assert {response["X-Execution"] for response in answers} == {str(Execution.objects.get().pk)}
    assert sum("X-Replayed" in response for response in answers) == 4


def test_test_and_live_share_one_address(running: Any, owner: Actor, workflow: Workflow, anyone: Client) -> None:
    version = create_version(owner, workflow.pk)
    trigger = make(owner, workflow)
    services.update_trigger(owner, workflow.pk, trigger.pk, is_on=False)
    assert send(anyone, trigger).status_code == 404

    services.listen_for_test(owner, workflow.pk, trigger.pk)
    tested = Firing.objects.get(pk=send(anyone, trigger).json()["id"])
    Trigger.objects.filter(pk=trigger.pk).update(test_until=None, is_on=True)
    live = Firing.objects.get(pk=send(anyone, trigger).json()["id"])

    assert tested.is_test and tested.execution is not None and tested.execution.version_id is None
    assert not live.is_test and live.execution is not None and live.execution.version_id == version.pk


def test_a_stored_request_is_replayed_as_a_run_of_its_own(
    running: Any, owner: Actor, workflow: Workflow, anyone: Client
) -> None:
    trigger = make(owner, workflow)
    first = Firing.objects.get(pk=send(anyone, trigger, {"text": "again"}).json()["id"])
    second = services.replay(owner, workflow.pk, trigger.pk, first.pk)
    assert second.outcome is not None and second.outcome.execution_id != first.execution_id
    assert ended(second.outcome.execution_id).output == {"text": "again×0"}
    assert second.firing.replay_of_id == first.pk


def test_slack_gets_its_challenge_back(owner: Actor, workflow: Workflow, anyone: Client) -> None:
    trigger = make(owner, workflow, check="slack", secret=SECRET)
    body, stamp = b'{"type": "url_verification", "challenge": "abc"}', str(int(time.time()))
    signature = "v0=" + hmac.new(SECRET.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    response = send(anyone, trigger, body, **{"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": signature})
    assert (response.status_code, response.content) == (200, b"abc")
    assert Firing.objects.count() == 0


def test_a_burst_becomes_one_run_of_the_last_event(
    running: Any, owner: Actor, workflow: Workflow, anyone: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from workflows.triggers import fire

    monkeypatch.setattr(fire, "_settle_later", lambda firing_id, seconds: None)
    trigger = make(owner, workflow, debounce_seconds=30, debounce_key="{{ event.body.id }}")
    for count, key in ((1, "a"), (2, "a"), (3, "b")):
        assert send(anyone, trigger, {"id": key, "count": count}).json()["state"] == "pending"
    pending = Firing.objects.filter(trigger=trigger, state="pending").order_by("id")
    assert [firing.event["fields"]["count"] for firing in pending] == [2, 3]
    assert fire.settle(pending[0].pk) is None, "its quiet time is not over"

    Firing.objects.filter(pk=pending[0].pk).update(due_at="2026-01-01T00:00:00Z")
    outcome = fire.settle(pending[0].pk)
    assert outcome is not None and fire.settle(pending[0].pk) is None
    assert ended(outcome.execution_id).output == {"text": "-×2"}


RAW = """From: =?utf-8?B?6rmA66+87KeA?= <Minji@Partner.example>
To: inbox@example.com
Subject: Quote
Message-ID: <m1@partner.example>
Date: Fri, 20 Nov 2026 10:00:00 +0900
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain; charset=utf-8

첫 줄
--b
Content-Type: text/csv
Content-Disposition: attachment; filename="a.csv"

x,y
--b--
""".replace("\n", "\r\n").encode()


def test_mails_arrive_once_with_their_attachments(
    running: Any, owner: Actor, workflow: Workflow, anyone: Client, tmp_path: Any, settings: Any
) -> None:
    settings.MEDIA_ROOT = tmp_path
    trigger = make(
        owner, workflow, "email", senders=["partner.example"], input={"text": "{{ event.subject }}: {{ event.text }}"}
    )
    address = f"/hooks/{trigger.token}"
    first = anyone.post(address, RAW, content_type="message/rfc822").json()
    again = anyone.post(address, RAW, content_type="message/rfc822").json()
    event = Firing.objects.get(pk=first["id"]).event["event"]

    assert again["id"] == first["id"] and again["replayed"] is True
    assert ended(first["execution"]).input["text"].startswith("Quote: 첫 줄")
    assert (event["from"], event["from_name"], event["date"]) == (
        "minji@partner.example",
        "김민지",
        "2026-11-20T10:00:00+09:00",
    )
    assert [(file["name"], file["size"]) for file in event["attachments"]] == [("a.csv", 3)]


def test_mail_services_send_json_and_forms(running: Any, owner: Actor, workflow: Workflow, anyone: Client) -> None:
    trigger = make(owner, workflow, "email", subject="order", secret=SECRET)
    address, basic = f"/hooks/{trigger.token}", "Basic " + base64.b64encode(f"x:{SECRET}".encode()).decode()
    postmark = {
        "From": "A <a@b.example>",
        "To": "c@d.example",
        "Subject": "Order 7",
        "TextBody": "seven",
        "MessageID": "7",
    }
    assert anyone.post(address, postmark, content_type="application/json").status_code == 401
    sent = anyone.post(address, postmark, content_type="application/json", headers={"Authorization": basic})
    assert sent.status_code == 202 and Firing.objects.get(pk=sent.json()["id"]).event["event"]["text"] == "seven"
    form = {"from": "a@b.example", "to": "c@d.example", "subject": "my ORDER", "text": "eight"}
    assert anyone.post(address, form, headers={"Authorization": basic}).json()["state"] == "started"
    other = anyone.post(address, {**form, "subject": "hello"}, headers={"Authorization": basic})
    assert (other.status_code, other.json()) == (202, {"state": "ignored"})
    assert anyone.post(address, {"x": "1"}, headers={"Authorization": basic}).status_code == 422
