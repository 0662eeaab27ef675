"""Every operation of the document keeps the habits of the API: refusals, languages, sparse answers, repeats, states."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from json import dumps, loads
from typing import Any
from uuid import uuid4

import pytest
from django.urls import Resolver404, resolve
from rest_framework.response import Response
from rest_framework.test import APIClient

from deployments.models import Deployment, DeploymentKey, Revision
from portal.api.docs import FILE
from portal.workspaces.models import Membership
from portal.workspaces.services import Actor
from tests.people import make_owner
from tests.walls.foreign import names
from workflows.services import create_workflow

Api = Callable[..., APIClient]
DOCUMENT: dict[str, Any] = loads(FILE.read_bytes())
PROBLEM = set(DOCUMENT["components"]["schemas"]["Problem"]["required"])
#: Words and numbers in paths that stand for no row made here.
WORDS = {"act": "pause", "action_id": "text.echo", "platform": "zigbang", "tool": "get_volume_ranking", "number": "1"}
#: These answer others than JSON documents, or ask an outside service.
UNLIKE = {"markets_tools_call", "workflows_run"}
#: Where an unknown name is an error, but not one that says "not found".
PUBLIC = {"auth_login", "auth_token", "health", "monitoring_health"}


def _operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def _asks(operation: dict[str, Any], header: str) -> bool:
    return any(part["name"] == header for part in operation.get("parameters", []))


def _any_path(path: str, operation: dict[str, Any]) -> str:
    """The path with values that stand for nothing in particular."""
    for part in operation.get("parameters", []):
        if part["in"] == "path":
            value = WORDS.get(part["name"]) or part["schema"].get("enum", [str(uuid4())])[0]
            path = path.replace(f"{{{part['name']}}}", value)
    return path


def _rows(answer: Any) -> list[dict[str, Any]]:
    """The rows of a list, or the answer itself as one."""
    found: list[dict[str, Any]] = answer if isinstance(answer, list) else answer.get("results", [answer])
    return found


def _is_json(body: dict[str, Any]) -> bool:
    return "application/json" in body.get("content", {})


class World:
    """One of most things, and the owner who asks."""

    def __init__(self, owner: Actor, api: Api) -> None:
        self.owner, self.client = owner, api(owner)
        workflow = create_workflow(owner, "Mine")
        self.names = {**names(owner, {"workflows.Workflow": workflow}), **WORDS}
        server = Deployment.objects.create(workspace=owner.workspace, slug="mine", name="Mine")
        server.live_revision = Revision.objects.create(deployment=server, number=1)
        server.save()
        key = DeploymentKey.objects.create(deployment=server, label="Mine", prefix="mcpk_", token_hash="x")
        member = Membership.objects.get(workspace=owner.workspace, user=owner.user)
        self.names |= {"slug": "mine", "membership_id": str(member.pk), "deployments.key_id": str(key.pk)}
        self.names |= {"file_id": str(uuid4())}

    def path(self, path: str, **instead: str) -> str:
        area = path.removeprefix("/api/v1/").split("/")[0]
        found = path
        for part in path.split("{")[1:]:
            name = part.partition("}")[0]
            value = instead.get(name) or self.names.get(f"{area}.{name}") or self.names.get(name) or "nothing"
            found = found.replace(f"{{{name}}}", value)
        return found

    def ask(self, method: str, path: str, **options: Any) -> Any:
        return self.client.generic(method.upper(), path, **options)


@pytest.fixture
def world(db: None, api: Api) -> World:
    return World(make_owner(), api)


def _is_problem(answer: Any, operation: dict[str, Any]) -> bool:
    """Whether an answer is a problem of the promised form with a documented status."""
    body = answer.json()
    return (
        answer["Content-Type"] == "application/problem+json"
        and set(body) >= PROBLEM
        and body["status"] == answer.status_code
        and str(answer.status_code) in operation["responses"]
    )


def test_nobody_is_told_where_to_get_a_token(db: None) -> None:
    wrong = []
    for path, method, operation in _operations():
        if operation["operationId"] in PUBLIC:
            continue
        answer = APIClient().generic(method.upper(), _any_path(path, operation))
        if (
            answer.status_code != 401
            or not _is_problem(answer, operation)
            or answer.json()["code"] != "not_authenticated"
            or "resource_metadata=" not in answer["WWW-Authenticate"]
        ):
            wrong.append((operation["operationId"], answer.status_code, answer.content[:200]))
    assert wrong == []


def test_a_mistake_has_one_code_and_two_languages(world: World) -> None:
    wrong = []
    for path, method, operation in _operations():
        if operation["operationId"] in UNLIKE - {"workflows_run"}:
            continue
        url = f"{world.path(path)}?nonsense=1"
        english, korean = (world.ask(method, url, HTTP_ACCEPT_LANGUAGE=language) for language in ("en", "ko"))
        said = english.json(), korean.json()
        if (
            (english.status_code, korean.status_code) != (422, 422)
            or not _is_problem(english, operation)
            or said[0]["code"] != said[1]["code"]
            or said[0]["problems"][0]["field"] != "nonsense"
            or said[0]["message"] == said[1]["message"]
            or not any("가" <= letter <= "힣" for letter in said[1]["message"] + said[1]["problems"][0]["message"])
        ):
            wrong.append((operation["operationId"], english.status_code, said))
    assert wrong == []


def test_bodies_are_read_strictly(world: World) -> None:
    wrong = []
    for path, method, operation in _operations():
        body = operation.get("requestBody", {})
        if not _is_json(body) or operation["operationId"] in PUBLIC:
            continue
        headers = {"HTTP_IF_MATCH": '"1"'} if _asks(operation, "If-Match") else {}
        for data, kind, status in (
            ("{", "application/json", 400),
            ("x", "text/plain", 415),
            ("[1]", "application/json", 422),
            ('{"nonsense": 1}', "application/json", 422),
        ):
            answer = world.ask(method, world.path(path), data=data, content_type=kind, **headers)
            if answer.status_code != status or not _is_problem(answer, operation):
                wrong.append((operation["operationId"], data, answer.status_code, answer.content[:200]))
    assert wrong == []


def test_answers_are_cut_to_the_fields_asked_for(world: World) -> None:
    wrong, cut = [], 0
    for path, method, operation in _operations():
        fits = method == "get" and any(part["name"] == "fields" for part in operation.get("parameters", []))
        if not fits or operation["operationId"] in UNLIKE:
            continue
        url = world.path(path)
        whole = world.ask("get", url)
        if whole.status_code != 200:
            # What needs a file, a worker or a further service is asked by the tests of its own room.
            continue
        found = whole.json()
        rows = _rows(found)
        if not rows or not rows[0]:
            continue
        name = sorted(rows[0])[0]
        one = world.ask("get", f"{url}?fields={name}").json()
        if {key for row in _rows(one) for key in row} != {name}:
            wrong.append((operation["operationId"], name, one))
        refused = world.ask("get", f"{url}?fields=nonsense")
        if refused.status_code != 422 or refused.json()["problems"][0]["field"] != "fields":
            wrong.append((operation["operationId"], refused.status_code, refused.content[:200]))
        cut += 1
    assert wrong == []
    assert cut > 40


def test_what_does_not_exist_is_not_found(world: World) -> None:
    wrong = []
    for path, method, operation in _operations():
        ends = [part.partition("}")[0] for part in path.split("{")[1:]]
        unknown = {name: str(uuid4()) for name in ends if name.endswith("_id") and name != "action_id"}
        if method not in ("get", "delete") or not unknown:
            continue
        query = "?confirm=x" if operation["operationId"] == "workspaces_delete" else ""
        answer = world.ask(method, f"{world.path(path, **unknown)}{query}")
        if answer.status_code != 404 or not _is_problem(answer, operation):
            wrong.append((operation["operationId"], answer.status_code, answer.content[:200]))
    assert wrong == []


def test_a_repeated_request_gives_the_first_answer(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each view that promises it, with its own work replaced by a number that tells whether it was done again."""
    made, wrong = count(1), []
    for path, method, operation in _operations():
        if not _asks(operation, "Idempotency-Key") or operation["operationId"] == "workflows_run":
            continue
        url = world.path(path)
        view = resolve(url).func.view_class  # type: ignore[attr-defined]
        with monkeypatch.context() as patch:
            patch.setattr(view, method, lambda self, request, **names: Response({"made": next(made)}, status=201))

            def ask(
                key: str, body: str = "{}", *, verb: str = method, url: str = url, raw: dict[str, Any] = operation
            ) -> Any:
                multipart = "multipart/form-data" in raw.get("requestBody", {}).get("content", {})
                kind = "multipart/form-data; boundary=x" if multipart else "application/json"
                data = "--x--\r\n" if multipart else body
                return world.ask(verb, url, data=data, content_type=kind, HTTP_IDEMPOTENCY_KEY=key)

            first, again, other = ask("one"), ask("one"), ask("two")
            fits = (
                first.status_code == again.status_code == other.status_code == 201
                and first.json() == again.json() != other.json()
                and again["Idempotency-Replayed"] == "true"
                and "Idempotency-Replayed" not in first
            )
            reused = ask("one", '{"another": "body"}')
            bad = ask("with space")
            if not fits or reused.json().get("code") != "idempotency_key_reused" or bad.status_code != 422:
                wrong.append((operation["operationId"], first.content, again.content, reused.content))
    assert wrong == []


def test_a_guarded_write_names_the_state_it_read(world: World) -> None:
    guarded = [(path, method) for path, method, operation in _operations() if _asks(operation, "If-Match")]
    assert guarded == [("/api/v1/workflows/{workflow_id}/draft", "put")]
    for path, method in guarded:
        url = world.path(path)
        read = world.ask("get", url)
        body = {"data": '{"definition": {"nodes": []}}', "content_type": "application/json"}
        missing = world.ask(method, url, **body)
        other = {"nodes": [{"id": "say", "action": "text.echo", "params": {"text": "hi"}}]}
        stale = world.ask(method, url, HTTP_IF_MATCH='"999"', **body)
        saved = world.ask(method, url, HTTP_IF_MATCH=read["ETag"], **{**body, "data": dumps({"definition": other})})
        late = world.ask(method, url, HTTP_IF_MATCH=read["ETag"], **body)

        assert [missing.status_code, stale.status_code, saved.status_code, late.status_code] == [428, 412, 200, 412]
        assert saved["ETag"] not in ("", read["ETag"])
        assert [one.json()["code"] for one in (missing, stale)] == ["precondition_required", "precondition_failed"]


def test_every_list_has_the_same_frame() -> None:
    """Short lists too; those that the requirements of a domain shape otherwise are named."""
    framed, other = set(), set()
    schemas = DOCUMENT["components"]["schemas"]
    for _path, method, operation in _operations():
        schema = operation["responses"].get("200", {}).get("content", {}).get("application/json", {}).get("schema", {})
        if method == "get" and (schema.get("type") == "array"):
            other.add(operation["operationId"])
        found = schemas.get(schema.get("$ref", "").rpartition("/")[2], {}).get("properties", {})
        if "results" in found:
            (framed if {"next", "previous"} <= set(found) else other).add(operation["operationId"])
    assert len(framed) > 40
    assert other <= SHAPED_ELSEWHERE


#: Answers with figures of a whole search beside their rows, as the requirements of their domains give them.
SHAPED_ELSEWHERE = {
    "markets_tools_list",
    "own_connectors_sources",
    "properties_listings_search",
    "properties_listings_history",
    "workflows_comments_list",
    "workflows_tests_list",
}


def test_the_document_names_no_path_that_is_not_served() -> None:
    lost = []
    for path, _method, operation in _operations():
        try:
            resolve(_any_path(path, operation))
        except Resolver404:
            lost.append(path)
    assert lost == []
