"""The gallery draws each template's graph and says how to go live."""

from __future__ import annotations

from collections.abc import Callable
from html import unescape
from typing import Any

import pytest

from portal.workspaces.services import Actor
from workflows.catalogue import templates


@pytest.mark.parametrize("language", ["en", "ko"])
def test_every_template_has_a_picture_and_says_how_to_go_live(
    owner: Actor, browse: Callable[..., Any], language: str
) -> None:
    page = unescape(browse(owner, language).get("/templates").content.decode())

    assert page.count('class="template-picture"') == len(templates()) >= 12
    for one in templates().values():
        assert one.title.in_language(language) in page
        assert one.go_live.in_language(language).split("“")[0].split("‘")[0].strip()[:40] in page
