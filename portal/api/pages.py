from __future__ import annotations

from django.urls import path

from portal.api import docs

urlpatterns = [
    path("docs", docs.swagger, name="api-docs"),
    path("redoc", docs.redoc, name="api-redoc"),
    path("api/v1/openapi.json", docs.document, name="api-document"),
]
