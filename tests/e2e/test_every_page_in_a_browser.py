"""Every page of the portal in Chromium: accessible, silent on the console, and without a request to another machine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.e2e.axe import severe_findings
from tests.e2e.product import Product
from tests.e2e.screenshots import Watch, settle

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]

#: One of everything that pages are about, made in the sample workspace; ends with the names of it all.
WORLD = """
import json
from django.utils import timezone
from deployments.models import Deployment
from portal.notifications.models import Event, Notification
from portal.workspaces.sample import ensure_sample
from workflows.models import Execution
from workflows.services import create_from_template, create_version, save_draft

actor = ensure_sample()
workflow = create_from_template(actor, "echo")[0]
create_version(actor, workflow.pk, name="First", note="As it came")
draft = json.loads(json.dumps(workflow.draft))
draft["inputs"]["properties"]["extra"] = {"type": "string", "default": ""}
save_draft(actor, workflow.pk, draft, base_revision=workflow.draft_revision)
create_version(actor, workflow.pk)
error = {"code": "rejected", "message": "The upstream refuses the key.", "remedy": "Reconnect.", "node": "echo"}
told = Event.objects.create(workspace=actor.workspace, topic="runs", title_en="It failed", title_ko="실패")
Notification.objects.create(workspace=actor.workspace, event=told, user=actor.user)
made = {}
for state, more in (("succeeded", {"output": {"text": "x"}}), ("failed", {"error": error}), ("cancelled", {})):
    run = Execution.objects.create(workspace=actor.workspace, workflow=workflow, definition=workflow.draft, state=state,
        input={"text": "x"}, started_at=timezone.now(), finished_at=timezone.now(),
        caller={"kind": "user", "label": "Somebody"}, **more)
    made[state] = str(run.pk)
print(json.dumps({"workflow": str(workflow.pk), **made}))
"""


@pytest.fixture(scope="module")
def places(product: Product) -> dict[str, str]:
    """What addresses name: ids of a workflow and its runs, and the slug of a server."""
    names: dict[str, str] = product.ask(WORLD)
    return names | {"server": product.deploy("echo")["url"].rsplit("/", 1)[1]}


@pytest.fixture(scope="module")
def signed_in(product: Product, browser: Browser) -> Any:
    context = browser.new_context()
    page = context.new_page()
    page.goto(product.sign_in_link())
    page.wait_for_load_state("load")
    state = context.storage_state()
    context.close()
    return state


PAGES = (
    "/",
    "/templates",
    "/workflows/",
    "/workflows/{workflow}",
    "/workflows/{workflow}#view=json",
    "/workflows/{workflow}#view=versions",
    "/workflows/{workflow}/edit",
    "/workflows/{workflow}/triggers",
    "/runs/",
    "/runs/{succeeded}",
    "/runs/{failed}",
    "/runs/?state=failed&column=tool&column=queue",
    "/runs/compare?a={succeeded}&b={failed}",
    "/workflows/{workflow}#view=tests",
    "/workflows/{workflow}/compare?old=1&new=draft",
    "/servers/",
    "/servers/{server}",
    "/servers/{server}#view=tools",
    "/servers/{server}#view=offers",
    "/servers/{server}#view=keys",
    "/servers/{server}#view=usage",
    "/servers/{server}#view=revisions",
    "/servers/{server}#view=settings",
    "/servers/{server}/playground",
    "/connections",
    "/connectors/own/",
    "/members",
    "/settings",
    "/settings/permissions",
    "/settings/delete",
    "/audit",
    "/usage",
    "/keys",
    "/stores/",
    "/stores/tables/",
    "/notifications/",
    "/notifications/preferences",
    "/notifications/destinations",
    "/notifications/log",
    "/account",
    "/account/apps",
    "/account/data",
    "/account/delete",
    "/markets/",
    "/markets/sectors/",
    "/markets/flows/",
    "/markets/unusual/",
    "/markets/alerts/",
    "/markets/health/",
    "/markets/symbols/",
    "/markets/symbols/005930/",
    "/procurement/",
    "/procurement/products/",
    "/procurement/awards/",
    "/procurement/searches/",
    "/procurement/crawls/",
    "/properties/",
    "/properties/listings",
    "/properties/listings/map",
    "/properties/listings/new",
    "/properties/review",
    "/properties/customers",
    "/properties/collectors",
    "/properties/monitor",
    "/properties/import",
    "/properties/reports",
    "/properties/visits",
    "/properties/contracts",
    "/timeseries/",
)
#: Pages without parameters that are not looked at here, and why.
LEFT_OUT = {
    "/docs": "the page of a library: Swagger UI",
    "/redoc": "the page of a library: ReDoc",
    "/_styles": "shows the parts, not for people of the product",
    "/welcome": "for people without a workspace",
}
#: Theme and language change words and colours, not structure: two of the four pairs show all of both.
LOOKS = (("light", "en"), ("dark", "ko"))


@pytest.fixture(params=LOOKS, ids=["light-en", "dark-ko"])
def look(request: pytest.FixtureRequest, product: Product, browser: Browser, signed_in: Any) -> Iterator[Page]:
    theme, language = request.param
    context = browser.new_context(
        storage_state=signed_in, viewport={"width": 1280, "height": 900}, reduced_motion="reduce", color_scheme=theme
    )
    context.add_cookies(
        [
            {"name": "theme", "value": theme, "url": product.base},
            {"name": "django_language", "value": language, "url": product.base},
        ]
    )
    page = context.new_page()
    page.set_default_timeout(60_000)
    yield page
    context.close()


def test_every_page_is_accessible_and_quiet(look: Page, product: Product, places: dict[str, str]) -> None:
    watch = Watch(product.base)
    current = ""
    look.on(
        "console", lambda said: watch.found.append(f"{current}: {said.text[:300]}") if said.type == "error" else None
    )
    look.on("pageerror", lambda error: watch.found.append(f"{current}: {error}"))
    look.on("request", lambda asked: watch.asked(current, asked.url))
    found = []

    for pattern in PAGES:
        current = pattern
        # A new document each time: a change of the fragment alone would not load the page again.
        look.goto("about:blank")
        answer = look.goto(product.base + pattern.format(**places))
        assert answer is not None and answer.ok, (pattern, answer and answer.status)
        settle(look, rest=150)
        found += [f"{pattern}: {line}" for line in severe_findings(look)]

    assert found == [], "\n".join(found)
    assert watch.found == [], json.dumps(watch.found, indent=1, ensure_ascii=False)
