"""Errors are pages for people, fragments for htmx, and problem+json for programs."""

from __future__ import annotations

import json

from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.urls import reverse

from portal.views import csrf_failure, server_error
from tests.pages.conftest import World, client_of


def test_an_unknown_address_is_a_page_in_the_readers_language(world: World) -> None:
    response = client_of(world.owner, "ko").get("/nowhere")

    assert response.status_code == 404
    assert "여기에는 아무것도 없습니다" in response.content.decode()


def test_a_program_gets_a_problem(db: None) -> None:
    response = Client().get("/api/v1/nowhere", headers={"accept": "application/json"})

    assert response.status_code == 404
    assert response["Content-Type"] == "application/problem+json"
    assert json.loads(response.content)["code"] == "not_found"


def test_a_refused_fragment_is_a_toast(world: World) -> None:
    address = reverse("deployments:key-create", args=[world.deployment.slug])

    response = client_of(world.owner).post(address, {"label": ""}, headers={"hx-request": "true"})

    text = response.content.decode()
    assert response.status_code == 422
    assert 'class="toast"' in text and "<html" not in text


def test_the_last_resort_needs_no_database(rf: RequestFactory) -> None:
    response = server_error(rf.get("/"))

    assert response.status_code == 500
    assert "Something went wrong on our side" in response.content.decode()


def test_a_failed_program_gets_no_detail(rf: RequestFactory) -> None:
    response = server_error(rf.get("/api/v1/workflows"))

    assert response.status_code == 500
    assert json.loads(response.content)["title"] == "Something went wrong on our side."


def test_a_stale_form_says_what_to_do(world: World) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(world.owner.user, backend="django.contrib.auth.backends.ModelBackend")

    response = strict.post(reverse("workflows:workflow-create"), {"name": "x"})

    assert response.status_code == 403
    assert "Reload the page" in response.content.decode()


def test_a_stale_script_gets_a_problem(rf: RequestFactory) -> None:
    request: HttpRequest = rf.post("/workflows/check", headers={"accept": "application/json"})

    response = csrf_failure(request)

    assert json.loads(response.content)["remedy"] == "Reload it."
