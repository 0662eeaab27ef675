"""The HTTP connector against its sandbox: bodies, signing in, pages, files, refusals."""

import json

import pytest

from integrations.connectors.http import sandbox
from integrations.connectors.http.paging import next_link
from integrations.sdk import AuthError, InvalidParams, MemoryFiles, RateLimited, Rejected, Unavailable

SECRET = "sandbox-http-token"


def signed(scheme, name="", hosts="127.0.0.1"):
    return {"credential": {"scheme": scheme, "hosts": hosts, "secret": SECRET, "name": name}}


async def test_json_is_read_as_data(run):
    answer = await run("http.get", url="/json")
    assert answer["status"] == 200 and answer["content_type"] == "application/json"
    assert answer["data"]["items"][0] == {"id": 1, "name": "item 1", "price": 1000}
    assert answer["text"] is None and answer["file"] is None


async def test_the_query_keeps_the_urls_own_and_repeats_lists(run):
    answer = await run(
        "http.get", url="/anything?a=1&x=old", query={"b": [1, 2], "flag": True, "none": None, "x": "new"}
    )
    assert answer["data"]["query"] == [["a", "1"], ["x", "new"], ["b", "1"], ["b", "2"], ["flag", "true"]]


@pytest.mark.parametrize(
    ("kind", "body", "content_type", "sent"),
    [
        ("json", {"이름": [1, None]}, "application/json", None),
        ("text", "안녕", "", "안녕"),
        ("form", {"a": "1&2", "b": ["x", "y"]}, "application/x-www-form-urlencoded", "a=1%262&b=x&b=y"),
        ("none", None, "", ""),
    ],
)
async def test_each_kind_of_body_arrives(run, kind, body, content_type, sent):
    answer = await run("http.request", method="POST", url="/anything", body_kind=kind, body=body)
    data = answer["data"]
    assert data["method"] == "POST" and data["content_type"].startswith(content_type)
    if kind == "json":
        assert json.loads(data["body"]) == body
    else:
        assert data["body"] == sent


@pytest.mark.parametrize("kind", ["file", "multipart"])
async def test_stored_files_are_sent(run, kind):
    files = MemoryFiles()
    ref = await files.save("보고서.txt", "내용".encode(), "text/plain")
    answer = await run(
        "http.request",
        {"files": files},
        method="PUT",
        url="/anything",
        body_kind=kind,
        file=ref.model_dump(),
        body={"title": "T"} if kind == "multipart" else None,
    )
    if kind == "file":
        assert answer["data"]["body"] == "내용"
    else:
        assert answer["data"]["form"] == {"title": "T", "file": {"filename": "보고서.txt", "size": 6}}


async def test_an_answer_that_is_no_text_becomes_a_file(run):
    files = MemoryFiles()
    answer = await run("http.get", {"files": files}, url="/file")
    assert answer["file"]["name"] == "보고서.bin" and answer["file"]["size"] == 256
    from integrations.sdk import FileRef

    assert await files.read(FileRef(**answer["file"])) == bytes(range(256))


async def test_csv_and_text_are_read(run):
    rows = (await run("http.get", url="/csv", read_as="csv"))["data"]
    assert rows == [{"code": "005930", "name": "삼성전자"}, {"code": "000660", "name": "SK하이닉스"}]
    assert (await run("http.get", url="/text"))["text"] == "안녕하세요"


@pytest.mark.parametrize(("scheme", "name"), [("bearer", ""), ("basic", "user"), ("header", ""), ("query", "key")])
async def test_every_way_to_sign_in(run, scheme, name):
    assert (await run("http.get", signed(scheme, name), url="/protected"))["data"] == {"welcome": True}


async def test_without_a_credential_the_door_stays_closed(run):
    with pytest.raises(AuthError):
        await run("http.get", url="/protected")


async def test_a_secret_goes_only_to_its_hosts(run):
    with pytest.raises(AuthError) as caught:
        await run("http.get", signed("bearer", hosts="api.example.com"), url="/protected")
    assert caught.value.error_code == "host_not_allowed" and SECRET not in caught.value.explain()


@pytest.mark.parametrize(
    "paging",
    [
        {"mode": "link", "items": "items"},
        {"mode": "next_url", "items": "data.items", "next": "links.next"},
        {"mode": "cursor", "items": "items", "next": "meta.next_cursor", "parameter": "cursor"},
        {"mode": "page", "parameter": "page", "size": 10},
        {"mode": "offset", "parameter": "offset"},
    ],
    ids=lambda paging: paging["mode"],
)
async def test_all_pages_are_put_together(run, paging):
    result = await run("http.get_pages", url=f"/pages/{paging['mode']}", paging=paging)
    assert [item["id"] for item in result["items"]] == list(range(1, 24))
    assert result["complete"] is True and result["count"] == 23


async def test_a_limit_of_pages_is_told(run):
    paging = {"mode": "link", "items": "items", "max_pages": 2}
    result = await run("http.get_pages", url="/pages/link", paging=paging)
    assert result["count"] == 20 and result["complete"] is False


async def test_pages_in_a_circle_are_found_out(run):
    paging = {"mode": "cursor", "items": "items", "next": "next", "parameter": "cursor"}
    with pytest.raises(Unavailable) as caught:
        await run("http.get_pages", url="/pages/loop", paging=paging)
    assert caught.value.error_code == "page_loop"


async def test_paging_without_its_parts_is_refused_before_the_first_request(run):
    with pytest.raises(InvalidParams) as caught:
        await run("http.get_pages", url="/pages/cursor", paging={"mode": "cursor", "next": "x"})
    assert caught.value.problems[0].field == "paging.parameter"


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, AuthError),
        (403, AuthError),
        (404, Rejected),
        (409, Rejected),
        (422, Rejected),
        (429, RateLimited),
        (500, Unavailable),
        (503, Unavailable),
    ],
)
async def test_statuses_become_errors(run, status, error):
    with pytest.raises(error) as caught:
        await run("http.get", url=f"/status/{status}")
    assert type(caught.value) is error and f"status {status} as asked" in caught.value.message
    if status in (429, 503):
        assert caught.value.retry_after == 7


async def test_a_status_can_be_a_value(run):
    answer = await run("http.get", url="/status/404", fail_on_error=False)
    assert answer["status"] == 404 and answer["data"] == {"message": "status 404 as asked"}


async def test_redirects_are_followed_by_get_and_shown_by_request(run):
    assert (await run("http.get", url="/redirect?to=json"))["data"]["total"] == 23
    answer = await run("http.request", method="POST", url="/redirect?to=json")
    assert answer["status"] == 302 and answer["headers"]["location"].endswith("json")


@pytest.mark.parametrize(
    "url", ["http://10.0.0.1/", "http://127.0.0.1:1/", "http://localhost:22/", "file:///etc/passwd", "ftp://x.example/"]
)
async def test_forbidden_addresses_are_refused(run, url):
    with pytest.raises(Rejected):
        await run("http.get", {"transport": None}, url=url)


@pytest.mark.parametrize("url", ["example.com/x", "//example.com", ""])
async def test_an_address_must_be_complete(run, url):
    with pytest.raises(InvalidParams) as caught:
        await run("http.get", url=url)
    assert caught.value.problems[0].field == "url"


async def test_the_allow_list_of_the_workspace_holds(run):
    with pytest.raises(Rejected) as caught:
        await run("http.get", {"egress": ["api.example.com"]}, url="https://elsewhere.example/")
    assert caught.value.error_code == "egress_refused"


@pytest.mark.parametrize(
    "headers", [{"Host": "evil"}, {"Content-Length": "3"}, {"X-A": "a\r\nX-B: b"}, {"Bad Name": "x"}, {"": "x"}]
)
async def test_headers_that_could_break_the_request_are_refused(run, headers):
    with pytest.raises(InvalidParams):
        await run("http.get", url="/json", headers=headers)


async def test_too_large_an_answer_is_an_error_not_a_cut(run):
    with pytest.raises(Rejected) as caught:
        await run("http.get", url="/json", max_bytes=100)
    assert caught.value.error_code == "answer_too_large"


async def test_the_idempotency_key_travels(run):
    answer = await run("http.request", {"idempotency_key": "run-1-node-2"}, method="POST", url="/anything")
    assert answer["data"]["headers"]["idempotency-key"] == "run-1-node-2"


@pytest.mark.parametrize(
    ("header", "url"),
    [
        ('<https://a/?page=2>; rel="next", <https://a/?page=9>; rel="last"', "https://a/?page=2"),
        ('<https://a/?x=1,2>; title="a, b"; rel="prev next"', "https://a/?x=1,2"),
        ("<https://a/2>; rel=next", "https://a/2"),
        ('<https://a/2>; rel="prev"', ""),
        ("", ""),
        ("nonsense", ""),
    ],
)
def test_link_headers_are_read(header, url):
    assert next_link(header) == url


async def test_digest_answers_the_challenge(run):
    answer = await run("http.get", signed("digest", "user"), url="/digest")
    assert answer["data"] == {"welcome": True}
    posted = await run(
        "http.request", signed("digest", "user"), method="POST", url="/digest", body_kind="text", body="x"
    )
    assert posted["status"] == 200
    with pytest.raises(AuthError):
        await run("http.get", signed("digest", "somebody"), url="/digest")
    with pytest.raises(AuthError, match="may not be used"):
        await run("http.get", signed("digest", "user", hosts="other.example.com"), url="/digest")


def client(token_url="/token", **more):
    options = signed("oauth2", "client")
    options["credential"] |= {"token_url": token_url, **more}
    return options


async def test_client_credentials_fetch_one_token_and_renew_a_refused_one(run, monkeypatch):
    tokens: list[str] = []
    monkeypatch.setattr(sandbox, "tokens", tokens)
    for _ in range(3):
        assert (await run("http.get", client(), url="/with-token"))["data"] == {"welcome": "token-1"}
    assert tokens == ["token-1"]
    tokens.append("rotated elsewhere")
    assert (await run("http.get", client(), url="/with-token"))["data"] == {"welcome": "token-3"}
    assert (await run("http.get", client("/token/body"), url="/with-token"))["data"]["welcome"] == "token-4"


async def test_client_credentials_that_are_refused_or_not_complete_say_so(run):
    wrong = client()
    wrong["credential"]["secret"] = "wrong-secret"
    with pytest.raises(AuthError, match="client") as caught:
        await run("http.get", wrong, url="/with-token")
    assert "wrong-secret" not in caught.value.explain()
    with pytest.raises(AuthError, match="no token address"):
        await run("http.get", client(""), url="/with-token")
    with pytest.raises(Unavailable):
        await run("http.get", client("/status/500"), url="/with-token")
    with pytest.raises(RateLimited) as limited:
        await run("http.get", client("/status/429"), url="/with-token")
    assert limited.value.retry_after == 7
    with pytest.raises(Unavailable, match="no bearer"):
        await run("http.get", client("/anything"), url="/with-token")
    with pytest.raises(Rejected):
        await run("http.get", client("http://169.254.169.254/token"), url="/with-token")
