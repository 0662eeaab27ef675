"""A workspace with one of everything, made without workers, and clients for people of each role."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, sync_playwright

from deployments.contracts import contract_of_version
from deployments.models import Deployment, DeploymentKey, Revision, Tool
from deployments.services import _columns, create_deployment, create_key
from integrations.models import Connection
from portal.workspaces.member_services import invite
from portal.workspaces.roles import Role
from portal.workspaces.services import Actor
from tests.pages.browser_modules import BASE, CATALOGUE, CHROMIUM, serve
from tests.people import join, make_owner
from workflows.models import Execution, NodeRun, Workflow
from workflows.services import create_from_template, create_version


def client_of(actor: Actor | None, language: str = "en") -> Client:
    """A browser of this person; None is nobody."""
    client = Client()
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    if actor is not None and actor.user is not None:
        client.force_login(actor.user, backend="django.contrib.auth.backends.ModelBackend")
    return client


@dataclass
class World:
    owner: Actor
    workflow: Workflow
    runs: dict[str, Execution]
    deployment: Deployment
    key: DeploymentKey
    connection: Connection
    viewer: Actor

    def pages(self) -> list[str]:
        """The address of every page about this workspace."""
        slug, workflow = self.deployment.slug, self.workflow.pk
        return [
            *LISTS,
            reverse("workflows:workflow-detail", args=[workflow]),
            reverse("workflows:workflow-export", args=[workflow]),
            *(reverse("workflows:execution-detail", args=[run.pk]) for run in self.runs.values()),
            *(reverse("workflows:execution-result", args=[run.pk]) for run in self.runs.values()),
            reverse("deployments:deployment-detail", args=[slug]),
            reverse("deployments:deployment-calls", args=[slug]),
            reverse("deployments:playground", args=[slug]),
        ]

    def editor_pages(self) -> list[str]:
        """Fragments that only people who may change things get."""
        run = self.runs["succeeded"]
        return [
            reverse("deployments:deploy-form", args=[self.workflow.pk]),
            reverse("deployments:tool-choices", args=[self.deployment.slug]),
            reverse("workflows:execution-node", args=[run.pk]) + "?node=echo",
            reverse("workspace-keys"),
            reverse("audit"),
            reverse("workspace-delete"),
        ]


LISTS = [
    "/",
    "/templates",
    "/workflows/",
    "/runs/",
    "/servers/",
    "/connections",
    "/stores/",
    "/stores/tables/",
    "/members",
    "/settings",
    "/settings/permissions",
    "/usage",
    "/account",
    "/_styles",
]


def make_run(workflow: Workflow, state: str, **fields: Any) -> Execution:
    """A stored run that ended (or not) some seconds after it began."""
    now = timezone.now()
    done = state in Execution.DONE
    run = Execution.objects.create(
        workspace=workflow.workspace,
        workflow=workflow,
        definition=workflow.draft,
        state=state,
        source=fields.pop("source", "page"),
        input={"text": "안녕", "rows": [{"n": 3}]},
        caller={"kind": "user", "label": "Somebody", "client_name": "claude-ai", "client_version": "1"},
        started_at=None if state == "queued" else now,
        finished_at=now + timedelta(seconds=1.5) if done else None,
        **fields,
    )
    if state in ("succeeded", "failed"):
        NodeRun.objects.create(
            execution=run,
            path="echo",
            node="echo",
            action="text.echo",
            state=state,
            output={"text": "안녕"},
            started_at=now,
            milliseconds=3.2,
        )
    return run


def make_server(actor: Actor, workflow: Workflow) -> Deployment:
    """A live server with one tool, without the probe that needs a running worker."""
    version = create_version(actor, workflow.pk)
    deployment = create_deployment(actor, "Echo server", slug=f"echo-{str(workflow.pk)[-12:]}")
    revision = Revision.objects.create(
        deployment=deployment, number=1, note="first", probed_at=timezone.now(), activated_at=timezone.now()
    )
    contract = contract_of_version(version, name="echo", title="Echo", description="Gives the text back unchanged.")
    Tool.objects.create(revision=revision, **_columns(contract))
    deployment.live_revision = revision
    deployment.save(update_fields=["live_revision"])
    return deployment


@pytest.fixture
def owner(db: None) -> Actor:
    return make_owner()


@pytest.fixture
def world(owner: Actor) -> World:
    workflow = create_from_template(owner, "echo")[0]
    deployment = make_server(owner, workflow)
    called = {"deployment_id": deployment.pk, "tool": "echo", "source": "mcp"}
    error = {
        "code": "rejected",
        "message": "The upstream refuses the key.",
        "remedy": "Reconnect.",
        "node": "echo",
        "problems": [{"field": "text", "message": "Too long.", "remedy": "Shorten it."}],
    }
    runs = {
        "succeeded": make_run(workflow, "succeeded", output={"text": "안녕"}, **called),
        "failed": make_run(workflow, "failed", error=error, **called),
        "queued": make_run(workflow, "queued"),
        "waiting": make_run(
            workflow,
            "waiting",
            waiting=[{"path": "ask", "node": "ask", "kind": "approval", "data": {"message": "OK?"}}],
        ),
        "cancelled": make_run(workflow, "cancelled"),
    }
    key, _secret = create_key(owner, deployment, "First key")
    connection = Connection.objects.create(
        workspace=owner.workspace, connector="kis", name="My KIS", sealed=b"x", health="failing", health_message="No."
    )
    invite(owner, "new@example.com", "viewer")
    return World(owner, workflow, runs, deployment, key, connection, join(owner.workspace, Role.VIEWER))


@pytest.fixture
def browse() -> Callable[..., Client]:
    return client_of


@pytest.fixture(scope="module")
def browser_page() -> Iterator[Page]:
    with sync_playwright() as driver:
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=flags)
        page = browser.new_page()
        page.route("**/*", serve)
        page.add_init_script(CATALOGUE)
        yield page
        browser.close()


@pytest.fixture
def page(browser_page: Page) -> Page:
    browser_page.goto(f"{BASE}/")
    return browser_page
