"""GitHub: repositories, issues, pull requests, comments, files and workflow runs."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Any, Literal
from urllib.parse import quote

from integrations.connectors.github.client import GitHub
from integrations.connectors.github.models import (
    Comment,
    Comments,
    Commit,
    Dispatched,
    Issue,
    Issues,
    PullRequest,
    PullRequests,
    Repositories,
    Repository,
    RepositoryFile,
)
from integrations.sdk import Connector, Context, OAuth2, Option, Param, Rejected, Text, Upstream

github = Connector(
    "github",
    title=Text("GitHub", "깃허브"),
    description=Text(
        "Repositories, issues, pull requests, comments, files and workflow runs.",
        "저장소, 이슈, 풀 리퀘스트, 댓글, 파일과 워크플로 실행을 다룹니다.",
    ),
    auth=OAuth2(
        authorize_url="https://github.com/login/oauth/authorize",
        token_url="https://github.com/login/oauth/access_token",  # noqa: S106
        scopes=("repo",),
        client_id_env="GITHUB_CLIENT_ID",
        client_secret_env="GITHUB_CLIENT_SECRET",  # noqa: S106
        sandbox="/github/oauth",
    ),
    upstream=Upstream(
        key="github",
        base_url_env="GITHUB_BASE_URL",
        live="https://api.github.com",
        sandbox="/github",
        sandbox_credential={"access_token": "ghp-sandbox-token"},
    ),
    group="development",
    docs_url="https://docs.github.com/rest",
)

Repo = Annotated[
    str,
    Param(
        "Repository as owner/name",
        "소유자/저장소",
        title="Repository",
        title_ko="저장소",
        pattern=r"^[A-Za-z0-9-]{1,39}/[A-Za-z0-9._-]{1,100}$",
    ),
]
Number = Annotated[int, Param("Number of the issue or pull request", "이슈 또는 풀 리퀘스트 번호", ge=1)]
Count = Annotated[int, Param("Entries at most", "최대 개수", ge=1, le=1000)]
Body = Annotated[str, Param("Text in Markdown", "마크다운 본문", widget="textarea", max_length=65_536)]
State = Annotated[Literal["open", "closed", "all"], Param("State", "상태")]
REPO = "sandbox/handbook"


@github.action(
    title=Text("List repositories", "저장소 목록"),
    description_ko="볼 수 있는 저장소를 최근 변경순으로 조회합니다.",
    example={"count": 5},
)
async def list_repositories(
    ctx: Context,
    owner: Annotated[str, Param("User or organisation; empty: all you can see", "사용자 또는 조직(비우면 전체)")] = "",
    count: Count = 30,
) -> Repositories:
    """Lists repositories, last changed first."""
    path = f"/users/{quote(owner, safe='')}/repos" if owner else "/user/repos"
    raw, complete = await GitHub(ctx).pages(path, count, sort="pushed")
    return Repositories(repositories=[Repository.of(one) for one in raw], count=len(raw), complete=complete)


@github.action(
    title=Text("Get repository", "저장소 조회"),
    description_ko="저장소 하나의 정보를 조회합니다.",
    example={"repository": REPO},
)
async def get_repository(ctx: Context, repository: Repo) -> Repository:
    """Reads one repository."""
    return Repository.of(await GitHub(ctx).get(f"/repos/{repository}"))


@github.action(
    title=Text("List issues", "이슈 목록"),
    description_ko="저장소의 이슈를 최근 변경순으로 조회합니다.",
    example={"repository": REPO},
)
async def list_issues(
    ctx: Context,
    repository: Repo,
    state: State = "open",
    labels: Annotated[list[str], Param("Only with all of these labels", "이 라벨이 모두 있는 것만")] = [],  # noqa: B006
    since: Annotated[str | None, Param("Changed since (ISO 8601)", "이 시각 이후 변경(ISO 8601)")] = None,
    pull_requests: Annotated[bool, Param("Pull requests too", "풀 리퀘스트도 포함")] = False,
    count: Count = 30,
) -> Issues:
    """Lists the issues of a repository, last changed first."""
    raw, complete = await GitHub(ctx).pages(
        f"/repos/{repository}/issues",
        count,
        state=state,
        labels=",".join(labels) or None,
        since=since,
        sort="updated",
    )
    issues = [Issue.of(one) for one in raw]
    kept = issues if pull_requests else [one for one in issues if not one.is_pull_request]
    return Issues(issues=kept, count=len(kept), complete=complete)


@github.action(
    title=Text("Get issue", "이슈 조회"),
    description_ko="이슈 하나를 읽습니다.",
    example={"repository": REPO, "number": 1},
)
async def get_issue(ctx: Context, repository: Repo, number: Number) -> Issue:
    """Reads one issue."""
    return Issue.of(await GitHub(ctx).get(f"/repos/{repository}/issues/{number}"))


@github.action(
    title=Text("Create issue", "이슈 만들기"),
    description_ko="새 이슈를 만듭니다.",
    effect="write",
    example={"repository": REPO, "title": "새 이슈"},
)
async def create_issue(
    ctx: Context,
    repository: Repo,
    title: Annotated[str, Param("Title", "제목", min_length=1, max_length=256)],
    body: Body = "",
    labels: Annotated[list[str], Param("Labels", "라벨")] = [],  # noqa: B006
    assignees: Annotated[list[str], Param("Assignees", "담당자", max_length=10)] = [],  # noqa: B006
) -> Issue:
    """Creates an issue."""
    values = {"title": title, "body": body, "labels": labels, "assignees": assignees}
    return Issue.of(await GitHub(ctx).call("POST", f"/repos/{repository}/issues", json=values))


@github.action(
    title=Text("Update issue", "이슈 고치기"),
    description_ko="이슈의 제목, 본문, 상태, 라벨, 담당자를 고칩니다. 비운 항목은 그대로 둡니다.",
    effect="write",
    idempotent=True,
    example={"repository": REPO, "number": 1, "labels": ["docs"]},
)
async def update_issue(
    ctx: Context,
    repository: Repo,
    number: Number,
    title: Annotated[str | None, Param("New title", "새 제목", min_length=1, max_length=256)] = None,
    body: Annotated[str | None, Param("New text", "새 본문", widget="textarea", max_length=65_536)] = None,
    state: Annotated[Literal["open", "closed"] | None, Param("New state", "새 상태")] = None,
    labels: Annotated[list[str] | None, Param("All labels from now on", "앞으로의 모든 라벨")] = None,
    assignees: Annotated[list[str] | None, Param("All assignees from now on", "앞으로의 모든 담당자")] = None,
) -> Issue:
    """Changes an issue; what is left out stays as it is."""
    values = {"title": title, "body": body, "state": state, "labels": labels, "assignees": assignees}
    given = {name: value for name, value in values.items() if value is not None}
    return Issue.of(await GitHub(ctx).call("PATCH", f"/repos/{repository}/issues/{number}", json=given))


@github.action(
    title=Text("List comments", "댓글 목록"),
    description_ko="이슈나 풀 리퀘스트의 댓글을 읽습니다.",
    example={"repository": REPO, "number": 1},
)
async def list_comments(ctx: Context, repository: Repo, number: Number, count: Count = 100) -> Comments:
    """Reads the comments of an issue or pull request."""
    raw, complete = await GitHub(ctx).pages(f"/repos/{repository}/issues/{number}/comments", count)
    return Comments(comments=[Comment.of(one) for one in raw], count=len(raw), complete=complete)


@github.action(
    title=Text("Comment", "댓글 달기"),
    description_ko="이슈나 풀 리퀘스트에 댓글을 답니다.",
    effect="write",
    example={"repository": REPO, "number": 1, "body": "확인했습니다"},
)
async def comment(
    ctx: Context,
    repository: Repo,
    number: Number,
    body: Annotated[
        str, Param("Text in Markdown", "마크다운 본문", widget="textarea", min_length=1, max_length=65_536)
    ],
) -> Comment:
    """Comments on an issue or pull request."""
    path = f"/repos/{repository}/issues/{number}/comments"
    return Comment.of(await GitHub(ctx).call("POST", path, json={"body": body}))


@github.action(
    title=Text("Search issues", "이슈 검색"),
    description_ko="GitHub 검색식으로 이슈와 풀 리퀘스트를 찾습니다.",
    example={"query": "repo:sandbox/handbook is:open"},
)
async def search_issues(
    ctx: Context,
    query: Annotated[
        str,
        Param("GitHub search, for example repo:o/n is:open label:bug", "GitHub 검색식", min_length=1, max_length=256),
    ],
    count: Annotated[int, Param("Entries at most", "최대 개수", ge=1, le=1000)] = 30,
) -> Issues:
    """Finds issues and pull requests with GitHub's search."""
    api = GitHub(ctx)
    raw, complete = await api.pages("/search/issues", count, items="items", q=query)
    return Issues(issues=[Issue.of(one) for one in raw], count=len(raw), complete=complete, total=api.last_total)


@github.action(
    title=Text("List pull requests", "풀 리퀘스트 목록"),
    description_ko="저장소의 풀 리퀘스트를 조회합니다.",
    example={"repository": REPO, "state": "all"},
)
async def list_pull_requests(ctx: Context, repository: Repo, state: State = "open", count: Count = 30) -> PullRequests:
    """Lists the pull requests of a repository, last changed first."""
    raw, complete = await GitHub(ctx).pages(
        f"/repos/{repository}/pulls", count, state=state, sort="updated", direction="desc"
    )
    return PullRequests(pull_requests=[PullRequest.of(one) for one in raw], count=len(raw), complete=complete)


@github.action(
    title=Text("Get pull request", "풀 리퀘스트 조회"),
    description_ko="풀 리퀘스트 하나를 변경량과 함께 읽습니다.",
    example={"repository": REPO, "number": 3},
)
async def get_pull_request(ctx: Context, repository: Repo, number: Number) -> PullRequest:
    """Reads one pull request with the size of its changes."""
    return PullRequest.of(await GitHub(ctx).get(f"/repos/{repository}/pulls/{number}"))


@github.action(
    title=Text("Read file", "파일 읽기"),
    description_ko="저장소의 파일을 읽습니다.",
    example={"repository": REPO, "path": "README.md"},
)
async def read_file(
    ctx: Context,
    repository: Repo,
    path: Annotated[str, Param("Path inside the repository", "저장소 안의 경로", min_length=1)],
    ref: Annotated[
        str | None, Param("Branch, tag or commit; the default branch when empty", "브랜치·태그·커밋")
    ] = None,
) -> RepositoryFile:
    """Reads a file of a repository, up to 1 MB."""
    raw = await GitHub(ctx).get(_contents(repository, path), ref=ref)
    if not isinstance(raw, dict) or raw.get("type") != "file":
        raise Rejected(f"{path} is a folder, not a file.", remedy="Name a file.")
    text: str | None = None
    if raw.get("encoding") == "base64":
        try:
            text = base64.b64decode(raw["content"]).decode()
        except (UnicodeDecodeError, binascii.Error):
            text = None
    return RepositoryFile(path=raw["path"], sha=raw["sha"], size=raw["size"], text=text, url=raw.get("html_url") or "")


@github.action(
    title=Text("Write file", "파일 쓰기"),
    description_ko="파일을 만들거나 바꾸고 커밋합니다. 바꿀 때는 읽은 파일의 sha가 필요합니다.",
    effect="write",
    example={"repository": REPO, "path": "notes/new.md", "text": "내용\n", "message": "Add notes"},
)
async def write_file(
    ctx: Context,
    repository: Repo,
    path: Annotated[str, Param("Path inside the repository", "저장소 안의 경로", min_length=1)],
    text: Annotated[str, Param("The whole new content", "새 내용 전체", widget="textarea", max_length=1_000_000)],
    message: Annotated[str, Param("Commit message", "커밋 메시지", min_length=1)],
    branch: Annotated[str | None, Param("Branch; the default branch when empty", "브랜치")] = None,
    sha: Annotated[
        str | None, Param("The sha of the file as it was read; needed to change one", "읽은 파일의 sha(변경 시 필요)")
    ] = None,
) -> Commit:
    """Creates or changes a file with a commit; a change needs the `sha` it was read with."""
    values = {"message": message, "content": base64.b64encode(text.encode()).decode(), "branch": branch, "sha": sha}
    given = {name: value for name, value in values.items() if value is not None}
    raw = await GitHub(ctx).call("PUT", _contents(repository, path), json=given)
    return Commit(
        path=raw["content"]["path"],
        file_sha=raw["content"]["sha"],
        commit_sha=raw["commit"]["sha"],
        url=raw["commit"].get("html_url", ""),
    )


@github.action(
    title=Text("Start workflow", "워크플로 실행"),
    description_ko="GitHub Actions 워크플로를 실행합니다(workflow_dispatch).",
    effect="write",
    example={"repository": REPO, "workflow": "ci.yml"},
)
async def dispatch_workflow(
    ctx: Context,
    repository: Repo,
    workflow: Annotated[
        str, Param("File name or id of the workflow", "워크플로 파일 이름 또는 ID", pattern=r"^[\w.-]+$")
    ],
    ref: Annotated[str, Param("Branch or tag", "브랜치 또는 태그", min_length=1)] = "main",
    inputs: Annotated[dict[str, str], Param("Inputs of the workflow", "워크플로 입력", max_length=25)] = {},  # noqa: B006
) -> Dispatched:
    """Starts a GitHub Actions workflow that listens to workflow_dispatch."""
    path = f"/repos/{repository}/actions/workflows/{workflow}/dispatches"
    await GitHub(ctx).call("POST", path, json={"ref": ref, "inputs": inputs})
    return Dispatched(workflow=workflow, ref=ref)


def _contents(repository: str, path: str) -> str:
    parts = [part for part in path.split("/") if part]
    if not parts or any(part in (".", "..") for part in parts):
        raise Rejected(f"{path!r} is not a path inside the repository.", remedy="Use a path such as docs/readme.md.")
    return f"/repos/{repository}/contents/{quote('/'.join(parts))}"


@list_issues.options("repository")
@create_issue.options("repository")
@read_file.options("repository")
async def repository_options(ctx: Context, query: str, params: dict[str, Any]) -> list[Option]:
    """The repositories whose name contains the typed text."""
    raw, _ = await GitHub(ctx).pages("/user/repos", 300, sort="pushed")
    names = [one["full_name"] for one in raw if query.lower() in one["full_name"].lower()]
    return [Option(name, name) for name in names[:50]]


@github.test
async def check(ctx: Context) -> str:
    """Ask GitHub who we are."""
    return f"Signed in as {(await GitHub(ctx).get('/user'))['login']}."


from integrations.connectors.github import events as _events  # noqa: E402, F401 - registers the triggers
