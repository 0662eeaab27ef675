"""Korean and English say the same things: every text has a translation, and every placeholder survives it."""

from __future__ import annotations

import re
from pathlib import Path

import polib
import pytest

ROOT = Path(__file__).resolve().parents[2]
#: The project's catalogues and those of apps that keep their own.
CATALOGUES = sorted({*ROOT.glob("locale/ko/LC_MESSAGES/*.po"), *ROOT.glob("*/locale/ko/LC_MESSAGES/*.po")})
APPS = (
    "templates",
    "portal",
    "workflows",
    "deployments",
    "integrations",
    "markets",
    "procurement",
    "properties",
    "timeseries",
)
PLACEHOLDER = re.compile(r"%\(\w+\)s|%s")
IN_TEMPLATE = re.compile(r"""\{%\s*translate\s+(?:"([^"]+)"|'([^']+)')|[^\w_]_\(\s*(?:"([^"]+)"|'([^']+)')\s*\)""")
IN_SCRIPT = re.compile(r"""[^\w.]gettext\(\s*"((?:[^"\\]|\\.)+)"\s*\)""")


def entries(name: str) -> list[polib.POEntry]:
    """The messages of every catalogue of this file name."""
    return [entry for path in CATALOGUES if path.name == name for entry in polib.pofile(str(path))]


@pytest.mark.parametrize("name", ["django.po", "djangojs.po"])
def test_every_message_has_a_korean_text(name: str) -> None:
    untranslated = [
        entry.msgid
        for entry in entries(name)
        if not entry.obsolete
        and ("fuzzy" in entry.flags or not (all(entry.msgstr_plural.values()) if entry.msgid_plural else entry.msgstr))
    ]

    assert untranslated == []


@pytest.mark.parametrize("name", ["django.po", "djangojs.po"])
def test_placeholders_survive_translation(name: str) -> None:
    wrong = []
    for entry in entries(name):
        wanted = sorted(PLACEHOLDER.findall(entry.msgid_plural or entry.msgid))
        for text in entry.msgstr_plural.values() if entry.msgid_plural else [entry.msgstr]:
            if sorted(PLACEHOLDER.findall(text)) != wanted:
                wrong.append((entry.msgid, text))

    assert wrong == []


def test_templates_use_only_texts_of_the_catalogue() -> None:
    known = {entry.msgid for entry in entries("django.po")}
    missing = {
        (str(path.relative_to(ROOT)), text)
        for folder in APPS
        for path in (ROOT / folder).rglob("*.html")
        for found in IN_TEMPLATE.findall(path.read_text())
        for text in found
        if text and text not in known
    }

    assert missing == set()


def test_scripts_use_only_texts_of_the_catalogue() -> None:
    known = {entry.msgid for entry in entries("djangojs.po")}
    missing = {
        (path.name, text)
        for path in (ROOT / "static" / "js").rglob("*.js")
        for text in IN_SCRIPT.findall(path.read_text())
        if text not in known
    }

    assert missing == set()
