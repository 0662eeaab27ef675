"""The pages of the API document come from this site alone, and the document says what the code does."""

from __future__ import annotations

import json
import re

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from portal.api.docs import FILE, as_text, generate


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
def test_a_page_runs_only_what_comes_from_this_site(db: None, path: str) -> None:
    answer = Client().get(path)
    html = answer.content.decode()
    nonce = re.search(r"'nonce-([\w-]+)'", answer["Content-Security-Policy"])

    assert answer.status_code == 200 and nonce is not None
    scripts = re.findall(r"<script([^>]*)>(.*?)</script>", html, re.DOTALL)
    assert len(scripts) == 2
    for attributes, inline in scripts:
        assert inline == "" and f'nonce="{nonce[1]}"' in attributes
    addresses = re.findall(r'(?:src|href)="([^"]+)"', html)
    assert all(address.startswith("/") and not address.startswith("//") for address in addresses)
    for address in addresses:
        if address.startswith("/static/"):
            assert finders.find(address.removeprefix("/static/")), address


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
