"""The browser modules of `static/js` in a Chromium page without a product behind it."""

from __future__ import annotations

import mimetypes
import os
from pathlib import Path

from playwright.sync_api import Route

STATIC = Path(__file__).resolve().parents[2] / "static"
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
BASE = "http://modules.test"
#: What Django's catalogue brings.
CATALOGUE = """
    window.gettext = (text) => text;
    window.ngettext = (one, many, n) => (n === 1 ? one : many);
    window.interpolate = (format, values) => format.replace(/%s/g, () => String(values.shift()));
"""


def serve(route: Route) -> None:
    path = route.request.url.removeprefix(BASE)
    file = STATIC / path.removeprefix("/static/")
    if path == "/":
        route.fulfill(
            content_type="text/html", body='<html lang="en"><body hx-headers="{}"><div id="box"></div></body>'
        )
    elif path.startswith("/static/") and file.is_file():
        route.fulfill(content_type=mimetypes.guess_type(file.name)[0], body=file.read_text())
    else:
        route.fulfill(status=404, body="")
