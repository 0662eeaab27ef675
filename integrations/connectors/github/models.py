"""What the GitHub actions answer with: the fields people use, under plain names."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel


class Repository(BaseModel):
    """A repository."""

    full_name: str
    description: str = ""
    private: bool = False
    archived: bool = False
    language: str = ""
    stars: int = 0
    open_issues: int = 0
    default_branch: str = "main"
    url: str = ""
    pushed_at: str = ""

    @classmethod
    def of(cls, raw: dict[str, Any]) -> Repository:
        return cls(
            full_name=raw["full_name"],
            description=raw.get("description") or "",
            private=raw.get("private", False),
            archived=raw.get("archived", False),
            language=raw.get("language") or "",
            stars=raw.get("stargazers_count", 0),
            open_issues=raw.get("open_issues_count", 0),
            default_branch=raw.get("default_branch", "main"),
            url=raw.get("html_url", ""),
            pushed_at=raw.get("pushed_at") or "",
        )


class Issue(BaseModel):
    """An issue or a pull request."""

    number: int
    title: str
    state: str
    body: str = ""
    author: str = ""
    labels: list[str] = []
    assignees: list[str] = []
    comments: int = 0
    is_pull_request: bool = False
    url: str = ""
    created_at: str = ""
    updated_at: str = ""
    closed_at: str = ""

    @classmethod
    def of(cls, raw: dict[str, Any]) -> Issue:
        return cls(
            number=raw["number"],
            title=raw["title"],
            state=raw["state"],
            body=raw.get("body") or "",
            author=(raw.get("user") or {}).get("login", ""),
            labels=[one if isinstance(one, str) else one.get("name", "") for one in raw.get("labels", [])],
            assignees=[one["login"] for one in raw.get("assignees") or []],
            comments=raw.get("comments", 0),
            is_pull_request="pull_request" in raw or "head" in raw,
            url=raw.get("html_url", ""),
            created_at=raw.get("created_at") or "",
            updated_at=raw.get("updated_at") or "",
            closed_at=raw.get("closed_at") or "",
        )


class PullRequest(Issue):
    """A pull request."""

    head: str = ""
    base: str = ""
    draft: bool = False
    merged: bool = False
    additions: int = 0
    deletions: int = 0
    changed_files: int = 0

    @classmethod
    def of(cls, raw: dict[str, Any]) -> PullRequest:
        return cls(
            **Issue.of(raw).model_dump(),
            head=(raw.get("head") or {}).get("ref", ""),
            base=(raw.get("base") or {}).get("ref", ""),
            draft=raw.get("draft") or False,
            merged=bool(raw.get("merged") or raw.get("merged_at")),
            additions=raw.get("additions", 0),
            deletions=raw.get("deletions", 0),
            changed_files=raw.get("changed_files", 0),
        )


class Comment(BaseModel):
    """A comment."""

    id: int
    author: str = ""
    body: str = ""
    url: str = ""
    created_at: str = ""

    @classmethod
    def of(cls, raw: dict[str, Any]) -> Comment:
        return cls(
            id=raw["id"],
            author=(raw.get("user") or {}).get("login", ""),
            body=raw.get("body") or "",
            url=raw.get("html_url", ""),
            created_at=raw.get("created_at") or "",
        )


class Repositories(BaseModel):
    """Repositories; `complete` is false when there are more."""

    repositories: list[Repository]
    count: int
    complete: bool


class Issues(BaseModel):
    """Issues; `complete` is false when there are more, `total` is known for searches."""

    issues: list[Issue]
    count: int
    complete: bool
    total: int | None = None


class PullRequests(BaseModel):
    """Pull requests; `complete` is false when there are more."""

    pull_requests: list[PullRequest]
    count: int
    complete: bool


class Comments(BaseModel):
    """Comments; `complete` is false when there are more."""

    comments: list[Comment]
    count: int
    complete: bool


class RepositoryFile(BaseModel):
    """A file of a repository. `text` is null when it is not UTF-8; `sha` is needed to change it."""

    path: str
    sha: str
    size: int
    text: str | None = None
    url: str = ""


class Commit(BaseModel):
    """What writing a file left behind."""

    path: str
    file_sha: str
    commit_sha: str
    url: str = ""


class Dispatched(BaseModel):
    """A workflow was asked to start."""

    workflow: str
    ref: str
