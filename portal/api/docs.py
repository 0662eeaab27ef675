"""The OpenAPI document and the two pages that show it, all from this site: nothing is loaded from elsewhere.

The document is the committed file, so that serving it costs nothing; a test fails when it differs from the code.
"""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_GET

FILE = Path(__file__).with_name("openapi.json")


def generate() -> dict[str, Any]:
    """The document as the code describes it now, in English."""
    from drf_spectacular.generators import SchemaGenerator

    with translation.override("en"):
        document: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    # Through JSON once, so that lazy texts and tuples are what they will be in the file.
    plain: dict[str, Any] = json.loads(json.dumps(document, default=str))
    return plain


def as_text(document: dict[str, Any]) -> str:
    """The document as the file holds it."""
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


@lru_cache(maxsize=1)
def _file() -> tuple[bytes, str]:
    content = FILE.read_bytes()
    return content, f'"{hashlib.sha256(content).hexdigest()[:32]}"'


@require_GET
def document(request: HttpRequest) -> HttpResponse:
    """The OpenAPI document; readable from any origin, for it holds nothing private."""
    content, tag = _file()
    if request.headers.get("If-None-Match") == tag:
        response = HttpResponse(status=304)
    else:
        response = HttpResponse(content, content_type="application/vnd.oai.openapi+json; charset=utf-8")
    response["ETag"], response["Cache-Control"] = tag, "max-age=300"
    response["Access-Control-Allow-Origin"] = "*"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


@require_GET
@ensure_csrf_cookie
def swagger(request: HttpRequest) -> HttpResponse:
    """Every operation, to read and to try with one's own session."""
    return render(request, "portal/api_swagger.html")


@require_GET
def redoc(request: HttpRequest) -> HttpResponse:
    """The same as a page to read."""
    return render(request, "portal/api_redoc.html")
