"""The joined templates run on sandbox data without any key, and every kind of user has three."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import partial
from typing import Any

import httpx2
import pytest

from integrations.connectors.github import sandbox as github_sandbox
from integrations.connectors.slack import sandbox as slack_sandbox
from integrations.registry import catalogue
from integrations.runtime import run_action
from integrations.sandbox_server import create_app, discover_sandboxes
from integrations.sdk.template import Template
from portal.home_pages import cards
from portal.workspaces.services import Actor
from tests.running import ended
from workflows import actions, picture
from workflows.catalogue import templates
from workflows.definition import load
from workflows.ready_templates import READY
from workflows.services import check_definition, create_from_template, start_execution

#: Suppliers and procurement analysts are two words for one kind of user.
KINDS = {"Suppliers": "Procurement analysts"}


@pytest.fixture
def upstream(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    application = create_app(discover_sandboxes())
    transport = httpx2.ASGITransport(app=application)
    monkeypatch.setattr(actions, "run_action", partial(run_action, transport=transport))
    monkeypatch.setattr(github_sandbox, "world", github_sandbox.World())
    monkeypatch.setattr(slack_sandbox, "MESSAGES", slack_sandbox._first_messages())
    yield


@pytest.mark.parametrize("template", READY, ids=lambda one: one.key)
def test_it_runs_without_any_key(upstream: None, running: Any, owner: Actor, template: Template) -> None:
    (workflow,) = create_from_template(owner, template.key)
    run = ended(start_execution(owner, workflow, template.sample_input).execution_id)

    assert run.state == "succeeded", run.error
    assert all(value not in (None, "", []) for name, value in run.output.items() if name != "failed"), run.output


def test_every_kind_of_user_has_three_with_words_and_a_way_to_go_live() -> None:
    found = templates().values()
    counted = Counter(KINDS.get(one.audience.en, one.audience.en) for one in found)
    assert len(found) >= 12 and min(counted.values()) >= 3, counted
    for one in found:
        for text in (one.title, one.description, one.audience, one.go_live):
            assert text.en and text.ko and text.en != text.ko, one.key


@pytest.mark.parametrize("template", READY, ids=lambda one: one.key)
def test_it_has_a_picture_and_no_findings(db: None, template: Template) -> None:
    for tool in template.tools:
        assert tool.definition is not None
        assert [issue for issue in check_definition(tool.definition) if issue.severity == "error"] == []
        drawn = picture.draw(load(tool.definition), picture.describe_with(catalogue(), "ko"))
        assert len(drawn.boxes) == len(tool.definition["nodes"])


def test_every_template_shows_a_picture_also_those_of_single_actions(db: None, owner: Actor) -> None:
    found = {card.key: card.picture for card in cards(owner)}
    assert found.keys() == templates().keys()
    for key, drawn in found.items():
        assert drawn is not None and drawn.boxes, key
    tools = templates()["market-rankings"].tools
    assert len(found["market-rankings"].boxes) == min(6, len(tools)) and found["market-rankings"].lines == ()
    assert len({(box.x, box.y) for box in found["market-rankings"].boxes}) == min(6, len(tools))
