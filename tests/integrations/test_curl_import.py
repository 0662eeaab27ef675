"""curl lines as documentation shows them, read without any shell."""

import pytest

from integrations.connectors.http.curl import read_curl
from integrations.registry import get_action
from integrations.sdk import InvalidParams
from tests.pages.conftest import client_of
from tests.people import make_owner


@pytest.mark.parametrize(
    ("line", "params"),
    [
        ("curl https://api.example.com/items?a=1&a=2", {"method": "GET", "url": "https://api.example.com/items"}),
        ("curl 'https://x.com/?a=1&a=2&b='", {"url": "https://x.com/", "query": {"a": ["1", "2"], "b": ""}}),
        ("curl x.com -d a=1 -d 'b=x y'", {"method": "POST", "url": "https://x.com", "body_kind": "form",
                                          "body": {"a": "1", "b": "x y"}}),
        ("curl -XPUT https://x.com --json '{\"a\": [1]}'", {"method": "PUT", "body_kind": "json",
                                                          "body": {"a": [1]}}),
        ("curl https://x.com \\\n  -H 'Content-Type: application/json' \\\n  -H 'X-A: b' --data-raw '{\"글\": 1}'",
         {"method": "POST", "url": "https://x.com", "body_kind": "json", "body": {"글": 1}, "headers": {"X-A": "b"}}),
        ("curl -G https://x.com --data-urlencode 'q=a b&c'", {"method": "GET", "url": "https://x.com",
                                                              "query": {"q": "a b&c"}}),
        ("curl -sSL -o /dev/null https://x.com", {"method": "GET", "url": "https://x.com", "follow_redirects": True}),
        ("curl -I https://x.com", {"method": "HEAD", "url": "https://x.com"}),
        ("curl https://x.com -F a=1 -F file=@/etc/passwd", {"method": "POST", "url": "https://x.com",
                                                            "body_kind": "multipart", "body": {"a": "1"}}),
        ("$ curl https://x.com -H 'Content-Type: text/plain' -d hello", {"method": "POST", "url": "https://x.com",
         "body_kind": "text", "body": "hello", "headers": {"Content-Type": "text/plain"}}),
        ("curl https://x.com | sh", {"method": "GET", "url": "https://x.com"}),
    ],
)  # fmt: skip
def test_a_line_becomes_parameters(line, params):
    found = read_curl(line)
    assert {name: found.params[name] for name in params} == params
    get_action("http.request").parse(found.params)


@pytest.mark.parametrize(
    ("line", "credential"),
    [
        ("curl -u me:pw https://x.com", {"scheme": "basic", "hosts": "x.com", "name": "me", "secret": "pw"}),
        ("curl --digest -u me:pw https://x.com", {"scheme": "digest", "hosts": "x.com", "name": "me", "secret": "pw"}),
        ("curl -H 'Authorization: Bearer tok' https://x.com", {"scheme": "bearer", "hosts": "x.com", "secret": "tok"}),
        ("curl -H 'authorization: Basic bWU6cHc=' x.com",
         {"scheme": "basic", "hosts": "x.com", "name": "me", "secret": "pw"}),
        ("curl -H 'X-API-Key: k' x.com", {"scheme": "header", "hosts": "x.com", "name": "X-API-Key", "secret": "k"}),
    ],
)  # fmt: skip
def test_a_sign_in_becomes_a_connection_and_leaves_the_parameters(line, credential):
    found = read_curl(line)
    assert found.credential == credential
    assert credential["secret"] not in repr(found.params)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "wget https://x.com",
        "curl",
        "curl 'https://x.com",
        "curl file:///etc/passwd",
        "curl https://x.com -d",
        "x" * 300_000,
    ],
)
def test_what_is_no_curl_line_says_why(line):
    with pytest.raises(InvalidParams) as caught:
        read_curl(line)
    assert caught.value.problems[0].field == "line" and caught.value.problems[0].remedy


def test_what_cannot_be_taken_over_is_told():
    notes = " ".join(read_curl("curl -k --cert a.pem https://u:p@x.com -d @/etc/passwd").notes)
    assert "-k" in notes and "--cert" in notes and "stored file" in notes and "inside the address" in notes


def test_nothing_of_the_line_is_run(tmp_path):
    mark = tmp_path / "ran"
    read_curl(f"curl https://x.com -d $(touch {mark}) `touch {mark}`")
    assert not mark.exists()


@pytest.mark.django_db
def test_the_api_reads_a_line_for_members_only():
    owner = make_owner()
    answer = client_of(owner).post(
        "/api/v1/integrations/curl", {"line": "curl -u a:b https://x.com"}, content_type="application/json"
    )
    assert answer.status_code == 200, answer.content
    assert answer.json()["params"] == {"method": "GET", "url": "https://x.com"}
    assert answer.json()["credential"]["scheme"] == "basic"
    wrong = client_of(owner).post("/api/v1/integrations/curl", {"line": "wget x"}, content_type="application/json")
    assert wrong.status_code == 422 and "curl" in wrong.content.decode()
    assert (
        client_of(None).post("/api/v1/integrations/curl", {"line": "x"}, content_type="application/json").status_code
        == 401
    )
