"""Local stand-in of GitHub's REST API: pages with Link headers, JSON errors, file shas, dispatch.

Two made-up repositories that live as long as the process. Fault switches: `POST /github/__faults__`.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from integrations.sdk.standin import standin
from integrations.sdk.standin_oauth import OAuthStandIn

PREFIX = "/github"
CREDENTIAL = {"access_token": "ghp-sandbox-token"}
sign_in = OAuthStandIn("GitHub", CREDENTIAL["access_token"], style="github", seconds=0)
PAGE = 2
WHEN = "2026-01-02T03:04:05Z"


def _user(login: str) -> dict[str, Any]:
    return {"login": login, "id": len(login), "type": "User"}


def _repository(name: str, **more: Any) -> dict[str, Any]:
    base = {"full_name": name, "private": False, "default_branch": "main", "pushed_at": WHEN, "stargazers_count": 3}
    return {**base, "html_url": f"https://github.example/{name}", "description": None, "language": None, **more}


def _issue(number: int, title: str, **more: Any) -> dict[str, Any]:
    base = {"number": number, "title": title, "state": "open", "user": _user("minji"), "labels": [], "assignees": []}
    times = {"created_at": WHEN, "updated_at": WHEN, "closed_at": None, "comments": 0, "body": None}
    return {**base, **times, "html_url": f"https://github.example/sandbox/handbook/issues/{number}", **more}


class World:
    """The content of the stand-in."""

    def __init__(self) -> None:
        self.repositories = [
            _repository("sandbox/handbook", description="업무 안내서", language="Python", open_issues_count=2),
            _repository("sandbox/archive", private=True, archived=True),
            _repository("sandbox/site"),
        ]
        pull = {"head": {"ref": "fix"}, "base": {"ref": "main"}, "draft": False, "merged_at": None}
        sizes = {"additions": 10, "deletions": 2, "changed_files": 1}
        self.issues = [
            _issue(1, "오탈자", labels=[{"name": "docs"}], body="1쪽", comments=1, assignees=[_user("junho")]),
            _issue(2, "끝난 일", state="closed", closed_at=WHEN),
            _issue(3, "오탈자 수정", pull_request={"url": "x"}, **pull, **sizes),
            _issue(4, "다음 일"),
        ]
        self.comments = {1: [{"id": 11, "user": _user("junho"), "body": "보겠습니다", "created_at": WHEN}]}
        self.files = {"README.md": "# 안내서\n".encode(), "logo.png": b"\x89PNG\xff\xfe"}
        self.dispatched: list[dict[str, Any]] = []

    def issue(self, number: int) -> dict[str, Any] | None:
        return next((one for one in self.issues if one["number"] == number), None)


world = World()
Handler = Callable[[Request], Awaitable[Response]]


def _error(status: int, message: str, **more: Any) -> Response:
    return JSONResponse({"message": message, "documentation_url": "https://docs.github.com/rest", **more}, status)


def _not_found() -> Response:
    return _error(404, "Not Found")


def signed(handler: Handler) -> Handler:
    async def endpoint(request: Request) -> Response:
        if not sign_in.accepts(request):
            return _error(401, "Bad credentials")
        if request.headers.get("accept") != "application/vnd.github+json" or not request.headers.get("user-agent"):
            return _error(403, "Request forbidden by administrative rules.")
        owner, name = request.path_params.get("owner"), request.path_params.get("name")
        if name and not any(one["full_name"] == f"{owner}/{name}" for one in world.repositories):
            return _not_found()
        return await handler(request)

    return endpoint


def _page(request: Request, rows: list[Any], wrap: Callable[[list[Any]], Any] = lambda rows: rows) -> Response:
    size = min(int(request.query_params.get("per_page", 30)), PAGE)
    page = int(request.query_params.get("page", 1))
    found = rows[(page - 1) * size : page * size]
    links = {}
    if page * size < len(rows):
        url = request.url.include_query_params(page=page + 1)
        last = request.url.include_query_params(page=-(-len(rows) // size))
        links = {"Link": f'<{url}>; rel="next", <{last}>; rel="last"'}
    return JSONResponse(wrap(found), headers=links)


async def user(request: Request) -> Response:
    return JSONResponse(_user("portal"))


async def repositories(request: Request) -> Response:
    owner = request.path_params.get("owner")
    return _page(request, [one for one in world.repositories if not owner or one["full_name"].startswith(f"{owner}/")])


async def repository(request: Request) -> Response:
    full_name = f"{request.path_params['owner']}/{request.path_params['name']}"
    return JSONResponse(next(one for one in world.repositories if one["full_name"] == full_name))


async def issues(request: Request) -> Response:
    if request.method == "POST":
        body = await request.json()
        if not body.get("title"):
            errors = [{"resource": "Issue", "field": "title", "code": "missing_field"}]
            return _error(422, "Validation Failed", errors=errors)
        labels = [{"name": name} for name in body.get("labels", [])]
        created = _issue(
            max(one["number"] for one in world.issues) + 1, body["title"], body=body.get("body"), labels=labels
        )
        world.issues.append(created)
        return JSONResponse(created, 201)
    state = request.query_params.get("state", "open")
    wanted = set(filter(None, request.query_params.get("labels", "").split(",")))
    rows = [one for one in world.issues if state in ("all", one["state"])]
    return _page(request, [one for one in rows if wanted <= {label["name"] for label in one["labels"]}])


async def issue(request: Request) -> Response:
    found = world.issue(request.path_params["number"])
    if found is None:
        return _not_found()
    if request.method == "PATCH":
        body = await request.json()
        if "labels" in body:
            body["labels"] = [{"name": name} for name in body["labels"]]
        if "assignees" in body:
            body["assignees"] = [_user(login) for login in body["assignees"]]
        found.update(body)
    return JSONResponse(found)


async def comments(request: Request) -> Response:
    number = request.path_params["number"]
    if world.issue(number) is None:
        return _not_found()
    rows = world.comments.setdefault(number, [])
    if request.method == "POST":
        created = {"id": 100 + len(rows), "user": _user("portal"), "created_at": WHEN, **await request.json()}
        rows.append(created)
        return JSONResponse(created, 201)
    return _page(request, rows)


async def search(request: Request) -> Response:
    words = request.query_params.get("q", "").split()
    rows = [one for one in world.issues if "is:open" not in words or one["state"] == "open"]
    return _page(request, rows, lambda found: {"total_count": len(rows), "incomplete_results": False, "items": found})


async def pulls(request: Request) -> Response:
    state = request.query_params.get("state", "open")
    return _page(request, [one for one in world.issues if "head" in one and state in ("all", one["state"])])


async def pull(request: Request) -> Response:
    found = world.issue(request.path_params["number"])
    return JSONResponse(found) if found and "head" in found else _not_found()


def _sha(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


async def contents(request: Request) -> Response:
    path = request.path_params["path"]
    content = world.files.get(path)
    if request.method == "PUT":
        body = await request.json()
        if content is not None and body.get("sha") != _sha(content):
            if "sha" not in body:
                return _error(422, 'Invalid request.\n\n"sha" wasn\'t supplied.')
            return _error(409, f"{path} does not match {body['sha']}")
        world.files[path] = content = base64.b64decode(body["content"])
        commit = {"sha": _sha(content + b"commit"), "html_url": "https://github.example/commit"}
        return JSONResponse({"content": {"path": path, "sha": _sha(content)}, "commit": commit}, 201)
    if content is None:
        if any(name.startswith(f"{path}/") for name in world.files):
            return JSONResponse([{"type": "file", "path": name} for name in world.files])
        return _not_found()
    # GitHub breaks its Base64 into lines.
    packed = base64.encodebytes(content).decode()
    facts = {"type": "file", "encoding": "base64", "path": path, "sha": _sha(content), "size": len(content)}
    return JSONResponse({**facts, "content": packed, "html_url": f"https://github.example/{path}"})


async def dispatch(request: Request) -> Response:
    if request.path_params["workflow"] != "ci.yml":
        return _not_found()
    world.dispatched.append(await request.json())
    return Response(status_code=204)


REPO = "/repos/{owner}/{name}"
app = standin(
    [
        *sign_in.routes(),
        Route("/user", signed(user)),
        Route("/user/repos", signed(repositories)),
        Route("/users/{owner}/repos", signed(repositories)),
        Route("/search/issues", signed(search)),
        Route(REPO, signed(repository)),
        Route(f"{REPO}/issues", signed(issues), methods=["GET", "POST"]),
        Route(f"{REPO}/issues/{{number:int}}", signed(issue), methods=["GET", "PATCH"]),
        Route(f"{REPO}/issues/{{number:int}}/comments", signed(comments), methods=["GET", "POST"]),
        Route(f"{REPO}/pulls", signed(pulls)),
        Route(f"{REPO}/pulls/{{number:int}}", signed(pull)),
        Route(f"{REPO}/contents/{{path:path}}", signed(contents), methods=["GET", "PUT"]),
        Route(f"{REPO}/actions/workflows/{{workflow}}/dispatches", signed(dispatch), methods=["POST"]),
    ]
)
