"""OneDrive: finding, loading and sharing files."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from urllib.parse import quote

from pydantic import BaseModel

from integrations.connectors.microsoft.client import GRAPH, Graph, microsoft_oauth
from integrations.connectors.microsoft.outlook import check
from integrations.sdk import Connector, Context, FieldProblem, FileRef, InvalidParams, Param, Rate, Text

onedrive = Connector(
    "onedrive",
    title=Text("OneDrive", "원드라이브"),
    description=Text("Finds, downloads, uploads and shares files.", "파일을 찾고 내려받고 올리고 공유합니다."),
    auth=microsoft_oauth("Files.ReadWrite"),
    upstream=GRAPH,
    rate=Rate(10, per=1),
    group="files",
    icon="onedrive.svg",
    docs_url="https://learn.microsoft.com/graph/api/resources/onedrive",
)
onedrive.test(check)

ItemId = Annotated[str, Param("Id of the file", "파일 ID", pattern=r"^[A-Za-z0-9!_.-]+$", max_length=300)]
MAX_BYTES = 50 * 1024 * 1024


class DriveItem(BaseModel):
    """A file or folder of OneDrive. `size` is in bytes."""

    id: str
    name: str
    size: int = 0
    is_folder: bool = False
    content_type: str = ""
    modified_at: str = ""
    url: str = ""


class DriveItems(BaseModel):
    """Files and folders; `complete` is false when there are more."""

    items: list[DriveItem]
    count: int
    complete: bool


class Link(BaseModel):
    """A sharing link."""

    url: str
    role: str
    scope: str


def item_of(raw: dict[str, Any]) -> DriveItem:
    return DriveItem(
        id=raw["id"],
        name=raw["name"],
        size=raw.get("size", 0),
        is_folder="folder" in raw,
        content_type=(raw.get("file") or {}).get("mimeType", ""),
        modified_at=raw.get("lastModifiedDateTime", ""),
        url=raw.get("webUrl", ""),
    )


@onedrive.action(
    title=Text("Search files", "파일 검색"),
    description_ko="이름이나 내용으로 파일을 찾습니다. 비우면 맨 위 폴더를 보여 줍니다.",
    example={"query": "보고서"},
)
async def search_files(
    ctx: Context,
    query: Annotated[
        str, Param("Words in name or content; empty: the top folder", "이름·내용의 말", max_length=200)
    ] = "",
    count: Annotated[int, Param("Files at most", "최대 파일 수", ge=1, le=1000)] = 50,
) -> DriveItems:
    """Finds files by name and content."""
    literal = quote(query.replace("'", "''"), safe="'")
    path = f"/me/drive/root/search(q='{literal}')" if query else "/me/drive/root/children"
    raw, complete = await Graph(ctx).pages(path, count, **{"$top": min(count, 200)})
    return DriveItems(items=[item_of(one) for one in raw], count=len(raw), complete=complete)


@onedrive.action(
    title=Text("Download file", "파일 내려받기"),
    description_ko="파일을 저장소로 내려받습니다.",
    effect="write",
    idempotent=True,
    timeout=120,
    example={"id": "01REPORT"},
)
async def download_file(ctx: Context, id: ItemId) -> FileRef:
    """Downloads a file of up to 50 MB."""
    api = Graph(ctx)
    facts = item_of(await api.get(f"/me/drive/items/{id}"))
    if facts.is_folder:
        problem = FieldProblem("id", f"{facts.name!r} is a folder.", "Choose a file.")
        raise InvalidParams("A folder cannot be downloaded.", problems=[problem])
    # Graph redirects to a signed address elsewhere; the client drops our token on the way there.
    response = await api.send(
        "GET",
        f"/me/drive/items/{id}/content",
        follow_redirects=True,
        extensions={"portal_max_bytes": MAX_BYTES},
    )
    return await ctx.files.save(facts.name, response.content, facts.content_type or "application/octet-stream")


@onedrive.action(
    title=Text("Upload file", "파일 올리기"),
    description_ko="저장된 파일을 원드라이브에 올립니다.",
    effect="write",
    idempotent=True,
    timeout=120,
)
async def upload_file(
    ctx: Context,
    file: Annotated[FileRef, Param("The file", "파일")],
    folder: Annotated[
        str, Param("Folder path such as Reports/2026; empty: the top", "폴더 경로(비우면 맨 위)", max_length=400)
    ] = "",
    name: Annotated[
        str, Param("Name on OneDrive; the file's own when empty", "원드라이브에서의 이름", max_length=200)
    ] = "",
) -> DriveItem:
    """Uploads a stored file; one of the same name is replaced."""
    parts = [part for part in [*folder.split("/"), name or file.name] if part]
    if any(part in (".", "..") or set(part) & set('"*:<>?\\|') for part in parts):
        problem = FieldProblem(
            "name", "OneDrive does not allow this name.", 'Leave out " * : < > ? \\ | and dots alone.'
        )
        raise InvalidParams("The name does not fit.", problems=[problem])
    content = await ctx.files.read(file)
    path = f"/me/drive/root:/{quote('/'.join(parts))}:/content"
    return item_of(await Graph(ctx).call("PUT", path, content=content, headers={"Content-Type": file.content_type}))


@onedrive.action(
    title=Text("Share file", "파일 공유"),
    description_ko="공유 링크를 만듭니다.",
    effect="write",
    idempotent=True,
    example={"id": "01REPORT"},
)
async def share_file(
    ctx: Context,
    id: ItemId,
    role: Annotated[Literal["view", "edit"], Param("What the link allows", "허용할 일")] = "view",
    scope: Annotated[Literal["anonymous", "organization"], Param("Who may use it", "쓸 수 있는 사람")] = "organization",
) -> Link:
    """Makes a sharing link."""
    raw = await Graph(ctx).call("POST", f"/me/drive/items/{id}/createLink", json={"type": role, "scope": scope})
    return Link(url=raw["link"]["webUrl"], role=raw["link"]["type"], scope=raw["link"].get("scope", scope))
