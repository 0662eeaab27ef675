"""Whose call it is: a person's own from the playground is theirs to open, and ends with their membership."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.urls import reverse

from portal.workspaces.models import AuditEntry, Membership
from portal.workspaces.roles import Role
from tests.deployments.client import BOTH, http, in_loop, request
from tests.deployments.conftest import Served
from tests.pages.conftest import client_of
from tests.people import join
from workflows.models import Execution

Serve = Callable[..., Served]
SENT = "typed-in-the-playground"


def call(served: Served, key: str) -> Any:
    async def work() -> Any:
        async with http({**BOTH, "authorization": f"Bearer {key}"}) as web:
            body = request("tools/call", {"name": "echo", "arguments": {"text": SENT}})
            return await web.post(served.path, json=body)

    return in_loop(work)


def playground_key(served: Served, client: Any) -> str:
    made = client.post(reverse("deployments:playground-key", args=[served.deployment.slug]))
    return str(made.json()["key"])


def test_an_editor_opens_the_run_that_he_started_in_the_playground(serve: Serve) -> None:
    served = serve()
    editor, colleague = join(served.actor.workspace, Role.EDITOR), join(served.actor.workspace, Role.EDITOR)

    assert call(served, playground_key(served, client_of(editor))).status_code == 200

    run = Execution.objects.get()
    assert run.user == editor.user and run.source == "mcp"
    page = reverse("workflows:execution-detail", args=[run.pk])
    assert SENT in client_of(editor).get(page).content.decode()
    assert client_of(editor).get(f"/api/v1/executions/{run.pk}").json()["input"] == {"text": SENT}
    assert SENT not in client_of(colleague).get(page).content.decode()
    assert not AuditEntry.objects.filter(verb="call.payload_opened").exists()


def test_a_key_for_others_stands_for_nobody(serve: Serve) -> None:
    served = serve()

    call(served, served.key)

    assert Execution.objects.get().user is None


def test_a_playground_key_ends_with_the_membership_of_its_person(serve: Serve) -> None:
    served = serve()
    editor = join(served.actor.workspace, Role.EDITOR)
    key = playground_key(served, client_of(editor))

    Membership.objects.filter(user=editor.user).delete()

    assert call(served, key).status_code == 401
    assert not Execution.objects.exists()
