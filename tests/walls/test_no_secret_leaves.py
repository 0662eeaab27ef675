"""After a whole journey no secret stands in a log, an answer, a page, an export, Redis or a dump of the database."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import logging
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2
import pytest
from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from allauth.mfa.utils import decrypt
from django.conf import settings
from django.contrib import admin
from django.core.files.storage import default_storage
from django.db import connection as database
from django.http import HttpResponse
from django.test import Client
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from deployments.services import create_key, deploy_workflow
from integrations.connectors.kakao import sandbox as kakao
from integrations.models import Connection
from integrations.sandbox_server import create_app, discover_sandboxes
from portal import person_export
from portal.accounts.oauth import keys as signing_keys
from portal.accounts.services import create_api_key, create_sign_in_link
from portal.common.crypto import RootKeys
from portal.common.http import client as guarded_client
from portal.common.hub import sync_client
from portal.common.logging import RedactFilter
from portal.workspaces.models import DataKey
from portal.workspaces.services import actor_for, create_workspace
from portal.workspaces.vault import _open_key
from tests.accounts.flow import Flow
from tests.deployments.client import BOTH, http, in_loop, request
from tests.people import make_user
from tests.running import close_loop, ended, worker_in_process
from tests.workflows.test_live_log import read_to_the_end
from workflows.services import create_workflow, start_execution

#: Characters that change in URLs, in JSON and in Base64.
PLANTED = 'planted/"secret"+key=9f8e7d6c5b4a'
PASSWORD = "correct horse battery"


def _repeats(status: int) -> Any:
    """A careless service: it sends back whatever it was sent."""

    async def endpoint(request: Request) -> Response:
        return JSONResponse({"you_sent": dict(request.headers), "again": request.headers.get("authorization")}, status)

    return endpoint


@pytest.fixture
def outside(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The sandbox server and the careless service behind the guarded client."""
    routes = [Route("/repeat", _repeats(200)), Route("/fail", _repeats(500)), Route("/refuse", _repeats(401))]
    app = Starlette(routes=[*routes, Mount("/", create_app(discover_sandboxes()))])

    def client(*arguments: Any, **options: Any) -> Any:
        return guarded_client(*arguments, **{**options, "transport": httpx2.ASGITransport(app=app)})

    monkeypatch.setattr("portal.common.http.client", client)
    yield


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the product's own log handler would have written, with everything turned on."""
    text = io.StringIO()
    handler = logging.StreamHandler(text)
    handler.addFilter(RedactFilter())
    root, level = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield text
    root.removeHandler(handler)
    root.setLevel(level)


def _graph(*nodes: dict[str, Any]) -> dict[str, Any]:
    return {"schema_version": 1, "inputs": {"type": "object", "properties": {}}, "nodes": list(nodes), "edges": []}


def _node(path: str, connection: Connection, **params: Any) -> dict[str, Any]:
    values = {"url": f"http://careless.example{path}", **params}
    return {"id": "call", "action": "http.get", "connection": str(connection.pk), "params": values}


async def _socket(user: Any, execution_id: Any) -> str:
    """Every event of a run, as the log socket tells it."""
    try:
        return json.dumps(await read_to_the_end(user, execution_id))
    finally:
        await close_loop()


def _dump() -> str:
    """Every row of every table, as pg_dump would write it (bytes in hexadecimal)."""
    parts = []
    with database.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        tables = [name for (name,) in cursor.fetchall()]
        for table in tables:
            with cursor.copy(f'COPY "{table}" TO STDOUT') as rows:
                parts += [f"-- {table}\n", *(bytes(chunk).decode() for chunk in rows)]
    return "".join(parts)


def _redis() -> str:
    redis, parts = sync_client(), []
    for key in redis.scan_iter(count=1000):
        kind = redis.type(key)
        value = {
            b"string": redis.get,
            b"hash": redis.hgetall,
            b"set": redis.smembers,
            b"zset": lambda name: redis.zrange(name, 0, -1),
            b"list": lambda name: redis.lrange(name, 0, -1),
            b"stream": lambda name: redis.xrange(name),
        }[kind](key)
        parts.append(f"{key!r} {value!r}")
    return "\n".join(parts)


def _forms(secret: str) -> set[str]:
    plain = secret.encode()
    return {
        secret,
        quote(secret, safe=""),
        json.dumps(secret)[1:-1],
        base64.b64encode(plain).decode().rstrip("="),
        plain.hex(),
    }


def test_no_secret_stands_anywhere_after_a_whole_journey(
    transactional_db: None,
    monkeypatch: pytest.MonkeyPatch,
    outside: None,
    log: io.StringIO,
    settings: Any,
    tmp_path: Path,
) -> None:
    settings.MEDIA_ROOT = tmp_path
    user = make_user("owner")
    user.is_staff = user.is_superuser = True
    user.save()
    actor = actor_for(user, create_workspace(user, "Journey"))
    browser = Client(raise_request_exception=False)
    browser.force_login(user)
    secrets = {"root key": settings.ROOT_KEYS[0], "signing key of Django": settings.SECRET_KEY, "password": PASSWORD}
    seen: dict[str, str] = {}

    def look(name: str, answer: Any) -> Any:
        seen[name] = str(dict(answer.headers)) + answer.content.decode(errors="replace")
        return answer

    with worker_in_process(monkeypatch):
        # Connections: by key, through the page; and by signing in.
        values = {"scheme": "bearer", "hosts": "careless.example", "secret": PLANTED}
        body = {"connector": "http", "name": "Careless", "values": values}
        look("create", browser.post("/connections/new", json.dumps(body), content_type="application/json"))
        secrets["connection"] = PLANTED
        bad = {**body, "name": "Wrong", "values": {**values, "scheme": "nonsense"}}
        look("invalid", browser.post("/connections/new", json.dumps(bad), content_type="application/json"))
        careless = Connection.objects.get(name="Careless")
        url = browser.post("/connections/connect", '{"connector": "kakao"}', content_type="application/json").json()
        back = asyncio.run(_press(url["url"]))
        look("callback", browser.get(back, follow=True))
        granted = Connection.objects.get(connector="kakao")
        secrets |= {f"service's token {n}": token for n, token in enumerate(kakao.sign_in.alive)}
        secrets |= {f"service's refresh token {n}": token for n, token in enumerate(kakao.sign_in.refreshable)}
        look("test", browser.post(f"/connections/{granted.pk}/test", follow=True))

        # Runs: one whose service repeats the key, two that fail with it.
        repeats = create_workflow(actor, "Repeats", definition=_graph(_node("/repeat", careless)))
        runs = [start_execution(actor, repeats, {}).execution_id]
        for name in ("fail", "refuse"):
            failing = create_workflow(actor, name, definition=_graph(_node(f"/{name}", careless)))
            runs.append(start_execution(actor, failing, {}).execution_id)
        states = [ended(run).state for run in runs]
        assert states == ["succeeded", "failed", "failed"]
        assert "•••" in _dump()

        # A server, its key, and the ways in.
        server, _ = deploy_workflow(actor, repeats)
        made = create_key(actor, server, "Journey")
        server_key = next(part for part in made if isinstance(part, str) and part.startswith("mcpk_"))
        _, personal_key = create_api_key(user, "Journey")
        link = create_sign_in_link(user)
        flow = Flow(user, token_endpoint_auth_method="client_secret_post")
        tokens = Flow(user).tokens()
        secrets |= {
            "server key": server_key,
            "personal key": personal_key,
            "sign-in link": link,
            "client secret": flow.client["client_secret"],
            "access token": tokens["access_token"],
            "refresh token": tokens["refresh_token"],
        }

        async def call() -> str:
            body = request("tools/call", {"name": "repeats", "arguments": {}})
            async with http({**BOTH, "authorization": f"Bearer {server_key}"}) as web:
                answer = await web.post(f"/mcp/{server.slug}", json=body)
                wrong = await web.post(f"/mcp/{server.slug}x", json=body)
            assert answer.status_code == 200, answer.text
            return answer.text + str(answer.headers) + wrong.text

        seen["mcp"] = in_loop(call)
        seen["socket"] = asyncio.run(_socket(user, runs[0])) + asyncio.run(_socket(user, runs[1]))

    header = {"Authorization": f"Bearer {personal_key}"}
    for path in ("connections", "workflows", "executions", "deployments", "integrations", f"executions/{runs[1]}"):
        assert look(f"REST {path}", Client().get(f"/api/v1/{path}", headers=header)).status_code == 200, path
    for path in (f"executions/{runs[0]}/events", f"deployments/{server.slug}"):
        look(f"REST {path}", Client().get(f"/api/v1/{path}", headers=header))
    wrong = {"Authorization": f"Bearer {personal_key}x"}
    look("REST refused", Client().get("/api/v1/workflows", headers=wrong))
    pages = [
        "/connections",
        "/connections?connect=http",
        f"/connections/{careless.pk}/delete",
        "/account",
        "/account/apps",
    ]
    pages += [f"/runs/{run}" for run in runs] + [f"/servers/{server.slug}", f"/workflows/{repeats.pk}", "/nothing-here"]
    pages += [f"/workflows/{repeats.pk}/export", "/oauth/jwks"]
    for path in pages:
        look(path, browser.get(path))
    _look_at_the_exports(browser, look, user, runs)
    secrets["second factor"] = generate_totp_secret()
    TOTP.activate(user, secrets["second factor"])
    secrets["recovery seed"] = decrypt(RecoveryCodes.activate(user).instance.data["seed"])
    session = browser.session
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": "mfa", "at": time.time(), "id": 1}]
    session["account_authentication_methods_user"] = str(user.pk)
    session.save()
    _look_at_the_admin(browser, look)
    monkeypatch.setattr("portal.connection_pages._choice", _breaks)
    assert look("error page", browser.get("/connections")).status_code == 500

    secrets |= {f"data key {key.pk}": base64.b64encode(_open_key(key)).decode() for key in DataKey.objects.all()}
    _, private = signing_keys.signing_key()
    secrets["private signing key"] = base64.b64encode(private.private_numbers().d.to_bytes(256, "big")).decode()
    assert RootKeys.key_id(base64.b64decode(settings.ROOT_KEYS[0])) in _dump(), "the journey used the vault"

    places = {**seen, "log": log.getvalue(), "Redis": _redis(), "dump": _dump()}
    assert len(places["log"]) > 1000 and len(places["dump"]) > 10_000
    found = [
        (name, place, text[max(0, text.index(form) - 80) : text.index(form) + 20])
        for name, secret in secrets.items()
        for form in _forms(secret)
        for place, text in places.items()
        if form in text
    ]
    assert found == []


def _look_at_the_exports(browser: Client, look: Any, user: Any, runs: list[Any]) -> None:
    """What may be taken out: the trail, the log of messages, a run, and everything about a person."""
    for path in ("/audit/export.csv", "/audit/export.json", *(f"/runs/{run}/export" for run in runs)):
        answer = browser.get(path)
        assert answer.status_code == 200, path
        look(path, HttpResponse(b"".join(answer)))
    export = person_export.ask(user)
    person_export.make(export.pk)
    with default_storage.open(export.path, "rb") as file, zipfile.ZipFile(file) as archive:
        assert {"accounts.apikey.json", "integrations.connection.json"} & set(archive.namelist())
        for name in archive.namelist():
            look(f"export of the person: {name}", HttpResponse(archive.read(name)))
    default_storage.delete(export.path)


def _breaks(*arguments: Any) -> Any:
    careless = PLANTED
    raise RuntimeError(f"a mistake while holding {len(careless)} characters")


async def _press(url: str) -> str:
    """Allow it on the service's own page."""
    transport = httpx2.ASGITransport(app=create_app(discover_sandboxes()))
    async with httpx2.AsyncClient(transport=transport, trust_env=False) as web:
        answer = await web.post(url, data={"decision": "allow"})
    return str(answer.headers["location"]).removeprefix(settings.PUBLIC_URL)


def _look_at_the_admin(browser: Client, look: Any) -> None:
    """Every model's list and its first row, as somebody with all rights sees them."""
    shown = 0
    for model in admin.site._registry:
        place = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        answer = look(f"admin {place}", browser.get(place))
        shown += answer.status_code == 200
        first = model._base_manager.order_by("pk").first()
        if first is not None:
            look(f"admin {place}{first.pk}", browser.get(f"{place}{first.pk}/change/"))
    assert shown > 10, "the admin was not entered"
