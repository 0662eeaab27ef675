"""The pages of the API document in a real browser: drawn whole, and asking no other machine for anything."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.test import Client
from playwright.sync_api import Page, sync_playwright

from portal.api.docs import FILE, as_text, generate
from tests.e2e.screenshots import CHROMIUM, FLAGS


@pytest.fixture
def watched(site: str) -> Iterator[tuple[Page, list[str]]]:
    """A page, and everything it complained about or asked elsewhere for."""
    found: list[str] = []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.set_default_timeout(60_000)
        page.on("console", lambda line: found.append(line.text) if line.type == "error" else None)
        page.on("pageerror", lambda error: found.append(str(error)))
        own = urlsplit(site).netloc
        page.on(
            "request",
            lambda asked: (
                found.append(asked.url)
                if urlsplit(asked.url).scheme.startswith("http") and urlsplit(asked.url).netloc != own
                else None
            ),
        )
        yield page, found
        browser.close()


def _picture(page: Page, name: str) -> None:
    """Kept where somebody wants to look at it."""
    if folder := os.environ.get("PICTURES"):
        page.screenshot(path=str(Path(folder) / f"{name}.png"))


def test_both_pages_show_the_document(site: str, watched: tuple[Page, list[str]]) -> None:
    page, found = watched
    page.goto(f"{site}/docs")
    page.locator(".opblock-tag", has_text="Workflows").first.wait_for()
    _picture(page, "docs")
    page.set_viewport_size({"width": 390, "height": 844})
    _picture(page, "docs-phone")
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(f"{site}/redoc")
    page.get_by_text("Workflows", exact=True).first.wait_for()
    _picture(page, "redoc")
    assert found == []


def test_the_document_is_served_as_it_is_in_the_code(db: None) -> None:
    made = as_text(generate())
    assert made == FILE.read_text(encoding="utf-8"), "Run make openapi."
    answer = Client().get("/api/v1/openapi.json")
    assert json.loads(answer.content)["openapi"].startswith("3.1")
    again = Client().get("/api/v1/openapi.json", headers={"If-None-Match": answer["ETag"]})
    assert again.status_code == 304


def test_generating_it_warns_of_nothing(db: None, capsys: pytest.CaptureFixture[str]) -> None:
    generate()
    assert capsys.readouterr().err == ""


def test_every_operation_has_words_a_chapter_and_examples(db: None) -> None:
    document = json.loads(FILE.read_text(encoding="utf-8"))
    chapters = {tag["name"] for tag in document["tags"]}
    lacking, names = [], []
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            where = f"{method} {path}"
            names.append(operation["operationId"])
            bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
            media = [one for body in bodies for one in body.get("content", {}).values()]
            if not operation.get("summary") or not operation.get("description"):
                lacking.append(f"{where}: words")
            if len(operation["tags"]) != 1 or operation["tags"][0] not in chapters:
                lacking.append(f"{where}: chapter {operation['tags']}")
            if any("example" not in one and "examples" not in one for one in media):
                lacking.append(f"{where}: example")
    assert lacking == []
    assert len(names) == len(set(names))


def test_examples_fit_their_schemas() -> None:
    """`VALUES` must not lie: each made example is what its own schema takes."""
    import jsonschema_rs

    document = json.loads(FILE.read_text(encoding="utf-8"))
    wrong = []
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            for body in [operation.get("requestBody", {}), *operation["responses"].values()]:
                for kind, media in body.get("content", {}).items():
                    if kind not in ("application/json", "application/problem+json"):
                        continue
                    schema = {**media["schema"], "components": document["components"]}
                    validator = jsonschema_rs.Draft202012Validator(schema)
                    wrong += [
                        f"{method} {path}: {e.instance_path} {e.message}"
                        for e in validator.iter_errors(media["example"])
                    ]
    assert wrong == []
