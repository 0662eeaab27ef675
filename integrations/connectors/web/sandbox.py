"""A small web site: `/feed.xml` (RSS 2.0), `/atom.xml`, `/euckr.xml` (EUC-KR), `/page.html` and two odd ones.

Fault switches: `POST /web/__faults__`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from integrations.sdk.standin import standin

PREFIX = "/web"
RSS = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>
<title>샌드박스 소식</title><link>https://news.sandbox.example/</link>
<item><title>둘째 &lt;b&gt;소식&lt;/b&gt;</title><link>https://news.sandbox.example/2</link><guid>n-2</guid>
<pubDate>Mon, 02 Mar 2026 09:00:00 +0900</pubDate><dc:creator>김기자</dc:creator><category>경제</category>
<description><![CDATA[<p>둘째 <i>내용</i></p>]]></description></item>
<item><title>셋째 소식</title><link>https://news.sandbox.example/3</link><guid>n-3</guid>
<pubDate>Tue, 03 Mar 2026 09:00:00 +0900</pubDate><description>셋째 내용</description></item>
<item><title>날짜 없는 소식</title><link>https://news.sandbox.example/1</link></item>
</channel></rss>
"""
ATOM = """<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>Releases</title>
<link rel="self" href="https://r.example/feed"/><link href="https://r.example/"/>
<entry><id>tag:1</id><title type="html">1.0 &amp;amp; more</title><link rel="alternate" href="https://r.example/1"/>
<updated>2026-01-02T03:04:05Z</updated><author><name>minji</name></author><category term="release"/>
<content type="html">&lt;ul&gt;&lt;li&gt;a&lt;/li&gt;&lt;li&gt;b&lt;/li&gt;&lt;/ul&gt;</content></entry></feed>
"""
EUCKR = '<?xml version="1.0" encoding="euc-kr"?><rss version="2.0"><channel><title>한글 소식</title></channel></rss>'
PAGE = """<!doctype html><html><head><title> 안내
문 </title><meta name="description" content="짧은 설명"><script>var hidden = 1</script></head>
<body><h1>제목</h1><p>첫 문단 <a href="/page.html#a">여기</a></p><p>둘째 문단
<a href="https://other.example/x">저기</a> <a href="javascript:alert(1)">위험</a></p></body></html>"""


def _serve(content: bytes, kind: str) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        return Response(content, media_type=kind)

    return endpoint


app = standin(
    [
        Route("/feed.xml", _serve(RSS.encode(), "application/rss+xml")),
        Route("/atom.xml", _serve(ATOM.encode(), "application/atom+xml")),
        Route("/euckr.xml", _serve(EUCKR.encode("euc-kr"), "text/xml")),
        Route("/page.html", _serve(PAGE.encode(), "text/html; charset=utf-8")),
        Route("/empty.html", _serve(b" ", "text/html")),
        Route("/file.pdf", _serve(b"%PDF", "application/pdf")),
    ]
)
