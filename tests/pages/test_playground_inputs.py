# ruff: noqa: E501 - scripts are easier to read unbroken
"""What the playground fills in: examples from schemas, kept arguments, dropped files; and where files of a tool go."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.pages.browser_modules import CHROMIUM
from tests.pages.conftest import World, client_of

in_chromium = pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="needs Chromium")

SCHEMA = {
    "type": "object",
    "required": ["code", "day", "deep", "file"],
    "properties": {
        "code": {"type": "string", "examples": ["005930"]},
        "count": {"type": "integer", "default": 10},
        "market": {"$ref": "#/$defs/Market"},
        "day": {"type": "string", "format": "date"},
        "note": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "deep": {"type": "object", "required": ["least"], "properties": {"least": {"type": "number", "minimum": 3}}},
        "file": {"type": "string", "format": "file"},
    },
    "$defs": {"Market": {"enum": ["ALL", "KOSPI"]}},
}


@in_chromium
def test_an_example_takes_what_the_schema_knows_and_guesses_no_more(page: Page) -> None:
    found = page.evaluate(
        """async (schema) => (await import("/static/js/playground-inputs.js")).exampleOf(schema)""", SCHEMA
    )

    day = found.pop("day")
    assert found == {"code": "005930", "count": 10, "market": "ALL", "deep": {"least": 3}}
    assert len(day) == 10


@in_chromium
def test_kept_arguments_come_back_by_name_until_forgotten(page: Page) -> None:
    page.evaluate(
        """async () => {
            const { KeptInputs, drawInputs } = await import("/static/js/playground-inputs.js");
            const menu = Object.assign(document.createElement("details"), { open: true });
            menu.append(Object.assign(document.createElement("div"), { className: "menu-list" }));
            document.body.append(menu);
            window.used = [];
            drawInputs(menu, new KeptInputs("server", "tool"), { a: 0 }, { use: (value) => used.push(value), current: () => ({ a: 1 }) });
        }"""
    )
    page.get_by_label("Name of these arguments").fill("Busy day")
    page.get_by_role("button", name="Keep").click()
    page.get_by_role("button", name="Busy day", exact=True).click()

    assert page.evaluate("used") == [{"a": 1}]
    page.evaluate("document.querySelector('details').open = true")
    page.get_by_label("Forget Busy day").click()
    assert page.get_by_text("Busy day").count() == 0
    page.get_by_role("button", name="Example from the schema").click()
    assert page.evaluate("used.at(-1)") == {"a": 0}


@in_chromium
@pytest.mark.parametrize(("text", "expected"), [('{"a": 2}', [{"a": 2}]), ("[1]", ["This file holds no JSON object."])])
def test_a_dropped_file_becomes_the_arguments(page: Page, text: str, expected: list[object]) -> None:
    told = page.evaluate(
        """async (text) => {
            const { takeDroppedJson } = await import("/static/js/playground-inputs.js");
            const form = document.body.appendChild(document.createElement("form"));
            const told = new Promise((done) => takeDroppedJson(form, { use: done, tell: done }));
            const dataTransfer = new DataTransfer();
            dataTransfer.items.add(new File([text], "x.json"));
            form.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
            return [await told];
        }""",
        text,
    )

    assert told == expected


def test_files_go_to_the_workflow_behind_the_tool(world: World) -> None:
    page = client_of(world.owner).get(f"/servers/{world.deployment.slug}/playground")

    tool = world.deployment.live_revision.tools.get()  # type: ignore[union-attr]
    assert page.context["playground_data"]["uploads"] == (
        {tool.name: f"/api/v1/workflows/{tool.version.workflow_id}/files"} if tool.version else {}
    )
