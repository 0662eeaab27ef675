"""Naver search: news, blogs, shopping, places, web and more."""

from __future__ import annotations

import html
import re
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, Field, SecretStr

from integrations.sdk import (
    AuthError,
    Connector,
    ConnectorError,
    Context,
    Credential,
    MissingCredential,
    Param,
    Rate,
    RateLimited,
    Rejected,
    Text,
    Upstream,
    error_for_status,
)
from integrations.sdk.api import JsonApi
from integrations.sdk.http import retry_after_of

if TYPE_CHECKING:
    import httpx2


class NaverKeys(Credential):
    """Client id and secret of an application on Naver Developers."""

    client_id: SecretStr = Field(title="Client ID", min_length=1)
    client_secret: SecretStr = Field(title="Client secret", min_length=1)


naver = Connector(
    "naver",
    title=Text("Naver search", "네이버 검색"),
    description=Text(
        "Searches news, blogs, cafés, shopping, places, web pages, books and questions.",
        "뉴스, 블로그, 카페, 쇼핑, 지역, 웹문서, 책, 지식iN을 검색합니다.",
    ),
    auth=NaverKeys,
    upstream=Upstream(
        key="naver",
        base_url_env="NAVER_BASE_URL",
        live="https://openapi.naver.com",
        sandbox="/naver",
        sandbox_credential={"client_id": "sandbox-naver-id", "client_secret": "sandbox-naver-secret"},
    ),
    rate=Rate(10, per=1),
    group="web",
    docs_url="https://developers.naver.com/docs/serviceapi/search/news/news.md",
)

Query = Annotated[str, Param("Words to search for", "검색어", min_length=1, max_length=200)]
Sort = Annotated[Literal["sim", "date"], Param("Best or newest first", "정확도순(sim) 또는 최신순(date)")]
#: Naver gives out 100 entries a call and the first 1,100 of a search (start ≤ 1000).
PAGE, LAST_START = 100, 1000
_TAG = re.compile(r"</?b>")


class NewsItem(BaseModel):
    """A news article. `url` is the publisher's page, `naver_url` Naver's copy if there is one."""

    title: str
    summary: str = ""
    url: str = ""
    naver_url: str = ""
    published_at: str = ""


class News(BaseModel):
    """Articles; `total` is Naver's own estimate, `complete` false when there are more."""

    items: list[NewsItem]
    count: int
    total: int
    complete: bool


class Document(BaseModel):
    """A blog post, café article, web page, book or question."""

    title: str
    summary: str = ""
    url: str = ""
    author: str = ""
    date: str = ""


class Documents(BaseModel):
    """Documents; `total` is Naver's own estimate, `complete` false when there are more."""

    items: list[Document]
    count: int
    total: int
    complete: bool


class Product(BaseModel):
    """A product. Prices are in won; null when Naver tells none."""

    title: str
    url: str = ""
    image: str = ""
    lowest_price: int | None = None
    highest_price: int | None = None
    mall: str = ""
    product_id: str = ""
    brand: str = ""
    maker: str = ""
    categories: list[str] = []


class Products(BaseModel):
    """Products; `total` is Naver's own estimate, `complete` false when there are more."""

    items: list[Product]
    count: int
    total: int
    complete: bool


class Place(BaseModel):
    """A place. Longitude and latitude are WGS 84 degrees."""

    name: str
    category: str = ""
    address: str = ""
    road_address: str = ""
    url: str = ""
    longitude: float | None = None
    latitude: float | None = None


class Places(BaseModel):
    """Places. Naver gives out at most five."""

    items: list[Place]
    count: int


def explain(response: httpx2.Response) -> ConnectorError | None:
    """The error of an answer with Naver's code."""
    if response.status_code < 400:
        return None
    try:
        data = response.json()
        code, message = str(data.get("errorCode", "")), str(data.get("errorMessage", ""))
    except (ValueError, AttributeError):
        return None
    if response.status_code == 429 or code in ("010", "012"):
        return RateLimited(
            "Naver's limit of calls is used up (25,000 a day).", retry_after=retry_after_of(response.headers)
        )
    if response.status_code in (401, 403) or code in ("024", "028"):
        return AuthError(
            f"Naver does not accept the keys. Naver says: {message}",
            remedy="Check client id and secret, and that the application uses the search API.",
        )
    return error_for_status(response.status_code, service="Naver", headers=response.headers, detail=message)


async def _search(ctx: Context, kind: str, query: str, count: int, sort: str) -> tuple[list[dict[str, Any]], int, bool]:
    """Entries over pages, Naver's total, and whether those are all."""
    keys = ctx.credential
    if not isinstance(keys, NaverKeys):
        raise MissingCredential("Naver search needs a connection.", remedy="Choose a connection in the node.")
    headers = {
        "X-Naver-Client-Id": keys.client_id.get_secret_value(),
        "X-Naver-Client-Secret": keys.client_secret.get_secret_value(),
    }
    api = JsonApi(ctx, "Naver", headers=headers, explain=explain)
    found: list[dict[str, Any]] = []
    total = 0
    while True:
        size = min(PAGE, count - len(found))
        start = len(found) + 1
        data = await api.get(f"/v1/search/{kind}.json", query=query, display=size, start=start, sort=sort)
        rows = data["items"]
        found += rows
        total = int(data["total"])
        ended = len(rows) < size or len(found) >= total
        if ended or len(found) >= count or len(found) + 1 > LAST_START:
            return found, total, len(found) >= total or (ended and len(rows) < size)
        await ctx.progress(len(found), count, f"{len(found)} read")


def _clean(text: str) -> str:
    return html.unescape(_TAG.sub("", text)).strip()


def _iso(text: str) -> str:
    try:
        return parsedate_to_datetime(text).isoformat()
    except (TypeError, ValueError):
        return ""


@naver.action(
    title=Text("Search news", "뉴스 검색"),
    description_ko="뉴스 기사를 검색합니다.",
    cache=60,
    example={"query": "전세", "count": 5},
)
async def search_news(
    ctx: Context,
    query: Query,
    sort: Sort = "date",
    count: Annotated[int, Param("Articles at most", "최대 기사 수", ge=1, le=1000)] = 20,
) -> News:
    """Searches news articles."""
    rows, total, complete = await _search(ctx, "news", query, count, sort)
    items = [
        NewsItem(
            title=_clean(one["title"]),
            summary=_clean(one.get("description", "")),
            url=one.get("originallink") or one.get("link", ""),
            naver_url=one.get("link", ""),
            published_at=_iso(one.get("pubDate", "")),
        )
        for one in rows
    ]
    return News(items=items, count=len(items), total=total, complete=complete)


@naver.action(
    title=Text("Search documents", "문서 검색"),
    description_ko="블로그, 카페글, 웹문서, 책, 지식iN, 백과사전을 검색합니다.",
    cache=60,
    example={"query": "재건축", "kind": "blog", "count": 5},
)
async def search_documents(
    ctx: Context,
    query: Query,
    kind: Annotated[
        Literal["blog", "cafearticle", "webkr", "book", "kin", "encyc", "doc"],
        Param("blog, café, web, book, question, encyclopedia, paper", "블로그·카페·웹·책·지식iN·백과·전문자료"),
    ] = "blog",
    sort: Sort = "sim",
    count: Annotated[int, Param("Documents at most", "최대 문서 수", ge=1, le=1000)] = 20,
) -> Documents:
    """Searches blogs, cafés, web pages, books, questions or encyclopedias."""
    rows, total, complete = await _search(ctx, kind, query, count, sort)
    items = [
        Document(
            title=_clean(one["title"]),
            summary=_clean(one.get("description", "")),
            url=one.get("link", ""),
            author=_clean(one.get("bloggername") or one.get("cafename") or one.get("author") or ""),
            date=one.get("postdate") or one.get("pubdate") or "",
        )
        for one in rows
    ]
    return Documents(items=items, count=len(items), total=total, complete=complete)


@naver.action(
    title=Text("Search products", "쇼핑 검색"),
    description_ko="네이버 쇼핑의 상품과 최저가를 검색합니다.",
    cache=60,
    example={"query": "의자", "count": 5},
)
async def search_products(
    ctx: Context,
    query: Query,
    sort: Annotated[
        Literal["sim", "date", "asc", "dsc"],
        Param("Best, newest, cheapest or dearest first", "정확도·최신·낮은 가격·높은 가격순"),
    ] = "sim",
    count: Annotated[int, Param("Products at most", "최대 상품 수", ge=1, le=1000)] = 20,
) -> Products:
    """Searches products with their prices in won."""
    rows, total, complete = await _search(ctx, "shop", query, count, sort)
    items = [
        Product(
            title=_clean(one["title"]),
            url=one.get("link", ""),
            image=one.get("image", ""),
            lowest_price=_won(one.get("lprice")),
            highest_price=_won(one.get("hprice")),
            mall=one.get("mallName", ""),
            product_id=str(one.get("productId", "")),
            brand=one.get("brand", ""),
            maker=one.get("maker", ""),
            categories=[one[name] for name in ("category1", "category2", "category3", "category4") if one.get(name)],
        )
        for one in rows
    ]
    return Products(items=items, count=len(items), total=total, complete=complete)


@naver.action(
    title=Text("Search places", "지역 검색"),
    description_ko="업체와 장소를 좌표와 함께 검색합니다(최대 5곳).",
    cache=60,
    example={"query": "강남역 카페"},
)
async def search_places(
    ctx: Context,
    query: Query,
    sort: Annotated[
        Literal["random", "comment"], Param("Best, or most reviewed first", "정확도순 또는 리뷰 많은 순")
    ] = "random",
) -> Places:
    """Searches places with their coordinates, five at most."""
    rows, _, _ = await _search(ctx, "local", query, 5, sort)
    items = [
        Place(
            name=_clean(one["title"]),
            category=one.get("category", ""),
            address=one.get("address", ""),
            road_address=one.get("roadAddress", ""),
            url=one.get("link", ""),
            longitude=_degrees(one.get("mapx")),
            latitude=_degrees(one.get("mapy")),
        )
        for one in rows
    ]
    return Places(items=items, count=len(items))


def _won(text: Any) -> int | None:
    """An empty price or a zero means that there is none."""
    return int(text) or None if str(text or "").isdigit() else None


def _degrees(text: Any) -> float | None:
    """`mapx` and `mapy` are WGS 84 degrees times ten million."""
    return int(text) / 1e7 if str(text or "").isdigit() else None


@naver.test
async def check(ctx: Context) -> str:
    """One small search proves the keys."""
    _, total, _ = await _search(ctx, "news", "네이버", 1, "sim")
    if total < 1:
        raise Rejected("Naver found nothing at all, which cannot be.")
    return "The keys work."
