"""Feeds, pages and GraphQL against their sandboxes."""

import httpx2
import pytest

from integrations.connectors.graphql import sandbox as graphql_sandbox
from integrations.connectors.web.feeds import parse_feed
from integrations.sdk import AuthError, InvalidParams, Rejected, Unavailable


async def test_an_rss_feed_is_read_newest_first(run):
    feed = await run("web.read_feed", url="/feed.xml")
    assert feed["title"] == "샌드박스 소식" and [one["id"] for one in feed["items"]][:2] == ["n-3", "n-2"]
    second = feed["items"][1]
    assert second["title"] == "둘째 소식" and second["summary"] == "둘째 내용" and second["author"] == "김기자"
    assert second["published_at"] == "2026-03-02T00:00:00+00:00" and second["categories"] == ["경제"]
    assert feed["items"][2]["id"] == "https://news.sandbox.example/1" and feed["total"] == 3


async def test_entries_after_a_moment(run):
    feed = await run("web.read_feed", url="/feed.xml", since="2026-03-02T12:00:00")
    assert [one["id"] for one in feed["items"]] == ["n-3"] and feed["total"] == 3
    with pytest.raises(InvalidParams):
        await run("web.read_feed", url="/feed.xml", since="yesterday")


async def test_an_atom_feed_and_korean_encodings(run):
    feed = await run("web.read_feed", url="/atom.xml")
    (entry,) = feed["items"]
    assert feed["url"] == "https://r.example/" and entry["url"] == "https://r.example/1"
    assert entry["title"] == "1.0 & more" and entry["summary"] == "a\nb" and entry["author"] == "minji"
    assert (await run("web.read_feed", url="/euckr.xml"))["title"] == "한글 소식"


BOMB = b'<!DOCTYPE r [<!ENTITY a "x"><!ENTITY b "&a;&a;">]><rss><channel><title>&b;</title></channel></rss>'


@pytest.mark.parametrize("content", [b"", b"<html><body>", b"<html></html>", b'{"a": 1}', BOMB, b"<rss><channel>"])
def test_what_is_not_a_feed_is_an_error(content):
    with pytest.raises(Unavailable):
        parse_feed(content)


async def test_a_page_is_read_as_text(run):
    page = await run("web.read_page", url="/page.html", links=True)
    assert page["title"] == "안내 문" and page["description"] == "짧은 설명"
    assert page["text"] == "제목\n첫 문단 여기\n둘째 문단 저기 위험"
    assert "hidden" not in page["text"] and page["complete"] is True
    assert [one["text"] for one in page["links"]] == ["여기", "저기"]
    assert all(one["url"].startswith("http") and "#" not in one["url"] for one in page["links"])


async def test_a_cut_page_says_so_and_a_file_is_not_a_page(run):
    body = "<p>" + "가" * 500 + "</p>"
    transport = httpx2.MockTransport(lambda request: httpx2.Response(200, html=body))
    page = await run("web.read_page", {"transport": transport}, url="/long", max_characters=100)
    assert len(page["text"]) == 100 and page["complete"] is False
    with pytest.raises(Rejected, match="application/pdf"):
        await run("web.read_page", url="/file.pdf")
    with pytest.raises(Unavailable):
        await run("web.read_page", url="/empty.html")


@pytest.fixture
def signed(monkeypatch):
    monkeypatch.setattr(graphql_sandbox, "root", graphql_sandbox.Root())
    return {"credential": graphql_sandbox.CREDENTIAL}


async def test_a_query_has_variables_and_a_credential(run, signed):
    document = "query A($n: Int!) { items(first: $n) { name } secret } query B { fails }"
    found = await run("graphql.query", signed, url="/", query=document, variables={"n": 2}, operation="A")
    assert found["data"] == {"items": [{"name": "item 1"}, {"name": "item 2"}], "secret": "open"} and found["complete"]


async def test_a_part_that_failed_is_told_beside_the_data(run, signed):
    found = await run("graphql.query", signed, url="/", query="{ items(first: 1) { id } fails }")
    assert found["data"] == {"items": [{"id": "1"}], "fails": None}
    assert found["complete"] is False and found["errors"] == ["fails: this field always fails"]


async def test_a_query_cannot_change_anything_and_a_mutation_can(run, signed):
    document = 'mutation { addItem(name: "새 것") { id name } }'
    for disguise in (
        document,
        "# query\n" + document,
        "query A { items { id } } " + document.replace("mutation", "mutation B"),
    ):
        with pytest.raises(InvalidParams):
            await run(
                "graphql.query", signed, url="/", query=disguise, operation="B" if "mutation B" in disguise else None
            )
    made = await run("graphql.mutate", signed, url="/", query=document)
    assert made["data"]["addItem"] == {"id": "4", "name": "새 것"} and len(graphql_sandbox.root.rows) == 4


@pytest.mark.parametrize(
    ("document", "field"),
    [("{ items { id }", "query"), ("subscription { x }", "query"), ("query A { x } query B { y }", "operation")],
)
async def test_documents_that_cannot_run_are_refused_before_sending(run, signed, document, field):
    with pytest.raises(InvalidParams) as caught:
        await run("graphql.mutate", signed, url="/", query=document)
    assert caught.value.problems[0].field == field


async def test_what_the_service_refuses_is_told_in_its_words(run, signed):
    with pytest.raises(Rejected, match="Cannot query field 'nothing'"):
        await run("graphql.query", signed, url="/", query="{ nothing }")
    with pytest.raises(AuthError):
        other = {"credential": {**graphql_sandbox.CREDENTIAL, "hosts": "api.example.com"}}
        await run("graphql.query", other, url="/", query="{ secret }")
