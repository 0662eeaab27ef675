"""Kakao: a message to one's own KakaoTalk, and places and addresses on the map."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel

from integrations.sdk import (
    ApiKey,
    AuthError,
    Connector,
    ConnectorError,
    Context,
    FieldProblem,
    InvalidParams,
    MissingCredential,
    OAuth2,
    Param,
    Rate,
    RateLimited,
    Text,
    Upstream,
    error_for_status,
)
from integrations.sdk.api import JsonApi, bearer
from integrations.sdk.http import retry_after_of

if TYPE_CHECKING:
    import httpx2

kakao = Connector(
    "kakao",
    title=Text("KakaoTalk message", "카카오톡 메시지"),
    description=Text("Sends messages to one's own KakaoTalk.", "나의 카카오톡으로 메시지를 보냅니다."),
    auth=OAuth2(
        authorize_url="https://kauth.kakao.com/oauth/authorize",
        token_url="https://kauth.kakao.com/oauth/token",  # noqa: S106
        scopes=("talk_message",),
        scope_separator=",",
        client_id_env="KAKAO_CLIENT_ID",
        client_secret_env="KAKAO_CLIENT_SECRET",  # noqa: S106
        sandbox="/kakao/oauth",
    ),
    upstream=Upstream(
        key="kakao",
        base_url_env="KAKAO_BASE_URL",
        live="https://kapi.kakao.com",
        sandbox="/kakao/kapi",
        sandbox_credential={"access_token": "sandbox-kakao-token"},
    ),
    rate=Rate(5, per=1),
    group="communication",
    docs_url="https://developers.kakao.com/docs/latest/ko/kakaotalk-message/rest-api",
)
kakao_local = Connector(
    "kakao_local",
    title=Text("Kakao places", "카카오 장소 검색"),
    description=Text("Finds places, and coordinates of addresses.", "장소를 찾고 주소를 좌표로 바꿉니다."),
    auth=ApiKey,
    upstream=Upstream(
        key="kakao_local",
        base_url_env="KAKAO_LOCAL_BASE_URL",
        live="https://dapi.kakao.com",
        sandbox="/kakao/dapi",
        sandbox_credential={"api_key": "sandbox-kakao-rest-key"},
    ),
    rate=Rate(20, per=1),
    group="web",
    icon="local.svg",
    docs_url="https://developers.kakao.com/docs/latest/ko/local/dev-guide",
)

#: Kakao gives out 15 places a page and 45 of a search.
PAGE, LARGEST = 15, 45


class Sent(BaseModel):
    """Kakao took the message."""

    sent: bool


class Place(BaseModel):
    """A place. Coordinates are WGS 84 degrees, the distance metres from the centre."""

    id: str
    name: str
    category: str = ""
    phone: str = ""
    address: str = ""
    road_address: str = ""
    longitude: float
    latitude: float
    distance_m: int | None = None
    url: str = ""


class Places(BaseModel):
    """Places; `total` is how many match, `complete` false when there are more."""

    items: list[Place]
    count: int
    total: int
    complete: bool


class Address(BaseModel):
    """An address with its coordinates in WGS 84 degrees."""

    address: str
    kind: str = ""
    road_address: str = ""
    zone_no: str = ""
    legal_dong_code: str = ""
    longitude: float
    latitude: float


class Addresses(BaseModel):
    """What an address may mean."""

    items: list[Address]
    count: int


def explain(response: httpx2.Response) -> ConnectorError | None:
    """The error of an answer with Kakao's code: `code` on kapi, `errorType` on dapi."""
    if response.status_code < 400:
        return None
    try:
        data = response.json()
        code, message = data.get("code"), str(data.get("msg") or data.get("message") or "")
    except (ValueError, AttributeError):
        return None
    if code == -10 or response.status_code == 429:
        return RateLimited("Kakao's limit of calls is used up.", retry_after=retry_after_of(response.headers))
    if code in (-401, -402, -3):
        return AuthError(
            f"Kakao does not allow this with the connection. Kakao says: {message}",
            code="auth_error" if code == -401 else "not_allowed",
            remedy="Connect Kakao again and agree to sending messages.",
        )
    return error_for_status(response.status_code, service="Kakao", headers=response.headers, detail=message)


@kakao.action(
    title=Text("Send to me", "나에게 보내기"),
    description_ko="나의 카카오톡으로 텍스트 메시지를 보냅니다.",
    effect="write",
    scopes=("talk_message",),
    example={"text": "새 공고가 있습니다", "url": "https://example.com/notice"},
)
async def send_to_me(
    ctx: Context,
    text: Annotated[
        str,
        Param(
            "The text, 200 characters at most", "메시지(최대 200자)", widget="textarea", min_length=1, max_length=200
        ),
    ],
    url: Annotated[
        str,
        Param(
            "Address behind the message; its domain must be registered with Kakao",
            "연결할 주소(카카오에 등록한 도메인)",
            pattern=r"^(https?://\S+)?$",
            max_length=2000,
        ),
    ] = "",
    button: Annotated[str | None, Param("Words on the button", "버튼 이름", min_length=1, max_length=14)] = None,
) -> Sent:
    """Sends a text to one's own KakaoTalk."""
    link = {"web_url": url, "mobile_web_url": url} if url else {}
    template: dict[str, Any] = {"object_type": "text", "text": text, "link": link}
    if button:
        template["button_title"] = button
    return await _send(ctx, template)


@kakao.action(
    title=Text("Send list to me", "나에게 목록 보내기"),
    description_ko="제목과 2~3개의 항목으로 된 목록 메시지를 보냅니다.",
    effect="write",
    scopes=("talk_message",),
    example={"header": "오늘의 순위", "items": ["1위 삼성전자", "2위 SK하이닉스"], "url": "https://example.com"},
)
async def send_list_to_me(
    ctx: Context,
    header: Annotated[str, Param("Heading", "제목", min_length=1, max_length=200)],
    items: Annotated[list[str], Param("Two or three lines", "항목 2~3개", min_length=2, max_length=3)],
    url: Annotated[str, Param("Address behind the message", "연결할 주소", pattern=r"^https?://\S+$", max_length=2000)],
) -> Sent:
    """Sends a short list to one's own KakaoTalk."""
    link = {"web_url": url, "mobile_web_url": url}
    contents = [{"title": one, "link": link} for one in items]
    return await _send(ctx, {"object_type": "list", "header_title": header, "header_link": link, "contents": contents})


async def _send(ctx: Context, template: dict[str, Any]) -> Sent:
    api = JsonApi(ctx, "Kakao", headers=bearer(ctx, "Kakao"), explain=explain)
    body = {"template_object": json.dumps(template, ensure_ascii=False)}
    data = await api.call("POST", "/v2/api/talk/memo/default/send", data=body)
    return Sent(sent=data["result_code"] == 0)


@kakao.test
async def check(ctx: Context) -> str:
    """Ask whose token it is."""
    api = JsonApi(ctx, "Kakao", headers=bearer(ctx, "Kakao"), explain=explain)
    return f"The token of user {(await api.get('/v1/user/access_token_info'))['id']} works."


def _local(ctx: Context) -> JsonApi:
    if not isinstance(ctx.credential, ApiKey):
        raise MissingCredential("Kakao places needs a connection.", remedy="Choose a connection in the node.")
    key = ctx.credential.api_key.get_secret_value()
    return JsonApi(ctx, "Kakao", headers={"Authorization": f"KakaoAK {key}"}, explain=explain)


@kakao_local.action(
    title=Text("Search places", "장소 검색"),
    description_ko="검색어로 장소를 찾습니다. 중심 좌표를 주면 가까운 곳을 찾습니다.",
    cache=300,
    example={"query": "강남역 카페", "count": 20},
)
async def search_places(
    ctx: Context,
    query: Annotated[str, Param("Words to search for", "검색어", min_length=1, max_length=100)],
    longitude: Annotated[float | None, Param("Longitude of the centre", "중심 경도", ge=124, le=132)] = None,
    latitude: Annotated[float | None, Param("Latitude of the centre", "중심 위도", ge=33, le=39)] = None,
    radius_m: Annotated[int | None, Param("Metres around the centre", "중심에서의 거리(m)", ge=1, le=20_000)] = None,
    sort: Annotated[
        Literal["accuracy", "distance"], Param("Best or nearest first", "정확도순 또는 거리순")
    ] = "accuracy",
    count: Annotated[int, Param("Places at most", "최대 장소 수", ge=1, le=LARGEST)] = 15,
) -> Places:
    """Finds places by words, near a centre when one is given."""
    if (longitude is None) != (latitude is None) or (longitude is None and (radius_m or sort == "distance")):
        problem = FieldProblem("longitude", "A centre needs longitude and latitude.", "Give both.")
        raise InvalidParams("The centre is not complete.", problems=[problem])
    api, found, page = _local(ctx), [], 1
    while True:
        data = await api.get(
            "/v2/local/search/keyword.json", query=query, x=longitude, y=latitude, radius=radius_m, sort=sort,
            page=page, size=PAGE,
        )  # fmt: skip
        found += data["documents"]
        if data["meta"]["is_end"] or len(found) >= count or page * PAGE >= LARGEST:
            break
        page += 1
    total = data["meta"]["total_count"]
    items = [
        Place(
            id=one["id"],
            name=one["place_name"],
            category=one.get("category_name", ""),
            phone=one.get("phone", ""),
            address=one.get("address_name", ""),
            road_address=one.get("road_address_name", ""),
            longitude=float(one["x"]),
            latitude=float(one["y"]),
            distance_m=int(one["distance"]) if one.get("distance") else None,
            url=one.get("place_url", ""),
        )
        for one in found[:count]
    ]
    return Places(items=items, count=len(items), total=total, complete=len(items) >= total)


@kakao_local.action(
    title=Text("Find address", "주소 찾기"),
    description_ko="주소를 좌표, 우편번호, 법정동 코드와 함께 찾습니다.",
    cache=3600,
    example={"query": "강남대로 396"},
)
async def find_address(
    ctx: Context,
    query: Annotated[
        str, Param("An address, by road or by lot", "도로명 또는 지번 주소", min_length=1, max_length=200)
    ],
) -> Addresses:
    """Finds coordinates, post code and legal-dong code of an address."""
    data = await _local(ctx).get("/v2/local/search/address.json", query=query, size=30)
    items = [
        Address(
            address=one["address_name"],
            kind=one.get("address_type", ""),
            road_address=(one.get("road_address") or {}).get("address_name", ""),
            zone_no=(one.get("road_address") or {}).get("zone_no", ""),
            legal_dong_code=(one.get("address") or {}).get("b_code", ""),
            longitude=float(one["x"]),
            latitude=float(one["y"]),
        )
        for one in data["documents"]
    ]
    return Addresses(items=items, count=len(items))


@kakao_local.test
async def check_key(ctx: Context) -> str:
    """One small search proves the key."""
    await _local(ctx).get("/v2/local/search/address.json", query="서울", size=1)
    return "The key works."
