"""Values that outlive a run: get, set, count up, forget."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel

from integrations.sdk import Connector, Context, Param, Text
from integrations.stores.room import in_thread, workspace_of

if TYPE_CHECKING:
    from integrations.models import StoredValue

key_value = Connector(
    "key_value",
    title=Text("Key-value store", "키-값 저장소"),
    description=Text(
        "Keeps values of this workspace between runs: counters, cursors, what was seen already.",
        "실행이 끝나도 남는 값을 워크스페이스에 보관합니다. 횟수, 커서, 이미 본 항목 등에 씁니다.",
    ),
    group="data",
    in_workspace=True,
)

Store = Annotated[
    str,
    Param("Name of the store", "저장소 이름", pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}$", max_length=64),
]
Key = Annotated[str, Param("The key", "키", min_length=1, max_length=200)]
Lifetime = Annotated[
    float | None, Param("Seconds after which it is forgotten", "이 시간(초)이 지나면 잊음", gt=0, le=366 * 86400)
]


class Stored(BaseModel):
    """What is kept under a key; `found` is false when there is nothing. `expires_at` in ISO 8601."""

    key: str
    found: bool
    value: Any = None
    expires_at: str | None = None


class Written(Stored):
    """What is kept now; `written` is false when there was a value already and it was to stay."""

    written: bool = True


class Forgotten(BaseModel):
    """How many values there were."""

    deleted: int


class Listed(BaseModel):
    """Values in the order of their keys; `complete` is false when there are more behind `next_after`."""

    items: list[Stored]
    count: int
    complete: bool
    next_after: str = ""


def _stored(row: StoredValue | None, key: str, default: Any = None) -> Stored:
    if row is None:
        return Stored(key=key, found=False, value=default)
    expires = row.expires_at.isoformat() if row.expires_at else None
    return Stored(key=row.key, found=True, value=row.value, expires_at=expires)


@key_value.action(
    title=Text("Get value", "값 읽기"),
    description_ko="키에 보관된 값을 읽습니다. 없으면 기본값을 돌려줍니다.",
    example={"key": "greeting", "default": "안녕하세요"},
)
async def get(
    ctx: Context,
    key: Key,
    store: Store = "default",
    default: Annotated[Any, Param("Answer when there is no value", "값이 없을 때의 답")] = None,
) -> Stored:
    """Reads the value of a key, or gives the default."""
    from integrations.stores import values

    workspace = workspace_of(ctx.workspace_id)
    return _stored(await in_thread(lambda: values.read(workspace, store, key)), key, default)


@key_value.action(
    title=Text("Set value", "값 저장"),
    description_ko="키에 값을 보관합니다. 처음 한 번만 쓰거나 수명을 둘 수 있습니다.",
    effect="write",
    idempotent=True,
    example={"key": "greeting", "value": {"text": "안녕하세요"}},
)
async def set(
    ctx: Context,
    key: Key,
    value: Annotated[Any, Param("Any JSON value", "JSON 값")],
    store: Store = "default",
    ttl: Lifetime = None,
    only_if_absent: Annotated[bool, Param("Write only when there is no value yet", "아직 값이 없을 때만 저장")] = False,
) -> Written:
    """Keeps a value under a key, on request only the first time or only for a while."""
    from integrations.stores import values

    workspace = workspace_of(ctx.workspace_id)

    def write() -> Written:
        row = values.write(workspace, store, key, value, ttl=ttl, only_if_absent=only_if_absent)
        kept = row or values.read(workspace, store, key)
        return Written(**_stored(kept, key).model_dump(), written=row is not None)

    return await in_thread(write)


@key_value.action(
    title=Text("Count up", "값 증가"),
    description_ko="숫자에 더하고 결과를 돌려줍니다. 여러 실행이 동시에 더해도 정확합니다.",
    effect="write",
    example={"key": "visits"},
)
async def increment(
    ctx: Context,
    key: Key,
    by: Annotated[float, Param("What to add; may be negative", "더할 값. 음수도 가능", ge=-1e15, le=1e15)] = 1,
    store: Store = "default",
    ttl: Lifetime = None,
) -> Stored:
    """Adds to a number, from 0 when there is none, exactly even when many runs do so at once."""
    from integrations.stores import values
    from integrations.stores.once import once

    workspace = workspace_of(ctx.workspace_id)
    step = Decimal(str(by))

    def write() -> dict[str, Any]:
        return _stored(values.increment(workspace, store, key, step, ttl=ttl), key).model_dump()

    found = await in_thread(lambda: once(workspace, "key_value.increment", ctx.idempotency_key, write))
    return Stored.model_validate(found)


@key_value.action(
    title=Text("Delete values", "값 삭제"),
    description_ko="키에 보관된 값을 지웁니다.",
    effect="destroy",
    idempotent=True,
    example={"keys": ["greeting"]},
)
async def delete(
    ctx: Context,
    keys: Annotated[list[Key], Param("The keys", "키 목록", min_length=1, max_length=1000)],
    store: Store = "default",
) -> Forgotten:
    """Forgets the values of some keys; keys that do not exist are fine."""
    from integrations.stores import values

    workspace = workspace_of(ctx.workspace_id)
    return Forgotten(deleted=await in_thread(lambda: values.delete(workspace, store, keys)))


@key_value.action(
    title=Text("List values", "값 목록"),
    description_ko="키 순서로 값을 조회합니다. 앞부분으로 거를 수 있습니다.",
    example={"prefix": "vis"},
)
async def list_values(
    ctx: Context,
    store: Store = "default",
    prefix: Annotated[str, Param("Only keys that begin so", "이렇게 시작하는 키만", max_length=200)] = "",
    after: Annotated[
        str, Param("Only keys behind this one: `next_after` of the page before", "이 키 다음부터", max_length=200)
    ] = "",
    count: Annotated[int, Param("Values at most", "최대 개수", ge=1, le=1000)] = 100,
) -> Listed:
    """Lists values in the order of their keys."""
    from integrations.stores import values

    workspace = workspace_of(ctx.workspace_id)

    def read() -> list[Stored]:
        found = values.search(workspace, store, prefix=prefix, after=after)[: count + 1]
        return [_stored(row, row.key) for row in found]

    found = await in_thread(read)
    complete = len(found) <= count
    items = found[:count]
    return Listed(items=items, count=len(items), complete=complete, next_after="" if complete else items[-1].key)
