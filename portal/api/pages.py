from __future__ import annotations

from django.urls import path

from portal.api import docs
from portal.workspaces.api import account_views as account

urlpatterns = [
    path("docs", docs.swagger, name="api-docs"),
    path("redoc", docs.redoc, name="api-redoc"),
    # As the earlier server called them.
    path("auth/login", account.Login.as_view()),
    path("auth/token", account.OAuthToken.as_view()),
    path("auth/me", account.Me.as_view()),
    path("api/v1/openapi.json", docs.document, name="api-document"),
]
