"""GitHub against its sandbox: pages, issues, files with shas, limits, signatures."""

import hashlib
import hmac
import time

import httpx2
import pytest

from integrations.connectors.github import sandbox
from integrations.connectors.github.client import verify_signature
from integrations.sdk import AuthError, RateLimited, Rejected, Unavailable

SIGNED = {"credential": sandbox.CREDENTIAL}
REPO = "sandbox/handbook"


@pytest.fixture(autouse=True)
def _fresh(monkeypatch):
    monkeypatch.setattr(sandbox, "world", sandbox.World())
    yield
    sandbox.app.state.faults.waiting.clear()


async def test_lists_follow_links_and_say_whether_they_are_whole(run):
    whole = await run("github.list_repositories", SIGNED)
    assert whole["count"] == 3 and whole["complete"] is True
    part = await run("github.list_repositories", SIGNED, count=2)
    assert part["count"] == 2 and part["complete"] is False


async def test_issues_are_listed_without_pull_requests_unless_wanted(run):
    issues = await run("github.list_issues", SIGNED, repository=REPO)
    assert [one["number"] for one in issues["issues"]] == [1, 4]
    assert issues["issues"][0]["labels"] == ["docs"] and issues["issues"][0]["assignees"] == ["junho"]
    everything = await run("github.list_issues", SIGNED, repository=REPO, state="all", pull_requests=True)
    assert [one["number"] for one in everything["issues"]] == [1, 2, 3, 4]
    assert (await run("github.list_issues", SIGNED, repository=REPO, labels=["docs"]))["count"] == 1


async def test_an_issue_is_created_changed_and_commented(run):
    created = await run("github.create_issue", SIGNED, repository=REPO, title="새 일", labels=["bug"])
    number = created["number"]
    closed = await run("github.update_issue", SIGNED, repository=REPO, number=number, state="closed")
    assert closed["state"] == "closed" and closed["title"] == "새 일" and closed["labels"] == ["bug"]
    await run("github.comment", SIGNED, repository=REPO, number=number, body="끝")
    comments = await run("github.list_comments", SIGNED, repository=REPO, number=number)
    assert [one["body"] for one in comments["comments"]] == ["끝"]
    assert (await run("github.get_issue", SIGNED, repository=REPO, number=number))["state"] == "closed"


async def test_a_search_tells_its_total(run):
    found = await run("github.search_issues", SIGNED, query="is:open", count=2)
    assert found["count"] == 2 and found["total"] == 3 and found["complete"] is False


async def test_pull_requests_have_their_branches(run):
    found = await run("github.list_pull_requests", SIGNED, repository=REPO)
    assert [(one["number"], one["head"], one["base"]) for one in found["pull_requests"]] == [(3, "fix", "main")]
    one = await run("github.get_pull_request", SIGNED, repository=REPO, number=3)
    assert one["additions"] == 10 and one["is_pull_request"] is True


async def test_a_file_is_changed_only_as_it_was_read(run):
    read = await run("github.read_file", SIGNED, repository=REPO, path="README.md")
    assert read["text"] == "# 안내서\n"
    params = {"repository": REPO, "path": "README.md", "text": "# 새 안내서\n", "message": "Rename"}
    await run("github.write_file", SIGNED, **params, sha=read["sha"])
    assert (await run("github.read_file", SIGNED, repository=REPO, path="README.md"))["text"] == "# 새 안내서\n"
    with pytest.raises(Rejected) as caught:
        await run("github.write_file", SIGNED, **params, sha=read["sha"])
    assert caught.value.error_code == "upstream_conflict"
    with pytest.raises(Rejected, match="sha"):
        await run("github.write_file", SIGNED, **params)


async def test_a_file_that_is_no_text_and_a_folder(run):
    assert (await run("github.read_file", SIGNED, repository=REPO, path="logo.png"))["text"] is None
    sandbox.world.files["docs/a.md"] = b"a"
    with pytest.raises(Rejected, match="folder"):
        await run("github.read_file", SIGNED, repository=REPO, path="docs")


@pytest.mark.parametrize("path", ["../../user", "..", "a/../../b", "/"])
async def test_a_path_stays_inside_the_repository(run, path):
    with pytest.raises(Rejected):
        await run("github.read_file", SIGNED, repository=REPO, path=path)


async def test_a_workflow_is_started(run):
    await run("github.dispatch_workflow", SIGNED, repository=REPO, workflow="ci.yml", inputs={"level": "full"})
    assert sandbox.world.dispatched == [{"ref": "main", "inputs": {"level": "full"}}]


def limited(status, headers, message=""):
    return httpx2.MockTransport(lambda request: httpx2.Response(status, headers=headers, json={"message": message}))


@pytest.mark.parametrize(
    ("status", "headers", "message", "wait"),
    [
        (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "+90"}, "API rate limit exceeded", 90),
        (429, {"retry-after": "30"}, "secondary", 30),
        (403, {}, "You have exceeded a secondary rate limit", 60),
    ],
)
async def test_both_kinds_of_limit_tell_how_long_to_wait(run, status, headers, message, wait):
    if "x-ratelimit-reset" in headers:
        headers = {**headers, "x-ratelimit-reset": str(int(time.time()) + 90)}
    with pytest.raises(RateLimited) as caught:
        await run("github.get_repository", {**SIGNED, "transport": limited(status, headers, message)}, repository=REPO)
    assert caught.value.retry_after == pytest.approx(wait, abs=2)


async def test_a_missing_right_is_not_a_limit(run):
    transport = limited(403, {"x-ratelimit-remaining": "55"}, "Resource not accessible by personal access token")
    with pytest.raises(AuthError, match="not accessible"):
        await run("github.get_repository", {**SIGNED, "transport": transport}, repository=REPO)


async def test_wrong_values_are_named(run):
    answer = {"message": "Validation Failed", "errors": [{"field": "title", "code": "missing_field"}, "plain"]}
    transport = httpx2.MockTransport(lambda request: httpx2.Response(422, json=answer))
    with pytest.raises(Rejected, match="title is missing_field; plain"):
        await run("github.create_issue", {**SIGNED, "transport": transport}, repository=REPO, title="x")


@pytest.mark.parametrize("target", ["https://evil.example/next", "http://127.0.0.1:8900/github/user/repos?page=2"])
async def test_the_token_never_follows_a_link_elsewhere_or_in_a_circle(run, target):
    hosts = []

    def answer(request):
        hosts.append(request.url.host)
        return httpx2.Response(200, json=[], headers={"Link": f'<{target}>; rel="next"'})

    with pytest.raises(Unavailable):
        await run("github.list_repositories", {**SIGNED, "transport": httpx2.MockTransport(answer)})
    assert set(hosts) == {"127.0.0.1"} and len(hosts) < 4


def test_signatures_of_github_are_checked():
    body = b'{"action": "opened"}'
    good = "sha256=" + hmac.new(b"It's a Secret", body, hashlib.sha256).hexdigest()
    assert verify_signature("It's a Secret", body, good)
    assert not verify_signature("other", body, good) and not verify_signature("It's a Secret", body + b" ", good)
