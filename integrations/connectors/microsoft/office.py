"""Excel, Teams and OneDrive."""

from __future__ import annotations

import html
from typing import Annotated, Any, Literal
from urllib.parse import quote

from pydantic import BaseModel

from integrations.connectors.microsoft.client import GRAPH, Graph, microsoft_oauth
from integrations.connectors.microsoft.outlook import check
from integrations.sdk import Connector, Context, FieldProblem, FileRef, InvalidParams, Param, Rate, Text
from integrations.sdk.html import text_of_html

excel = Connector(
    "excel",
    title=Text("Microsoft Excel", "마이크로소프트 엑셀"),
    description=Text("Reads and writes workbooks on OneDrive.", "원드라이브의 통합 문서를 읽고 씁니다."),
    auth=microsoft_oauth("Files.ReadWrite"),
    upstream=GRAPH,
    rate=Rate(10, per=1),
    group="productivity",
    icon="excel.svg",
    docs_url="https://learn.microsoft.com/graph/api/resources/excel",
)
teams = Connector(
    "teams",
    title=Text("Microsoft Teams", "마이크로소프트 팀즈"),
    description=Text(
        "Lists teams and channels, reads and posts messages.", "팀과 채널을 조회하고 메시지를 읽고 보냅니다."
    ),
    auth=microsoft_oauth(
        "Team.ReadBasic.All", "Channel.ReadBasic.All", "ChannelMessage.Send", "ChannelMessage.Read.All"
    ),
    upstream=GRAPH,
    rate=Rate(4, per=1),
    group="communication",
    icon="teams.svg",
    docs_url="https://learn.microsoft.com/graph/api/resources/teams-api-overview",
)
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
for _connector in (excel, teams, onedrive):
    _connector.test(check)

ItemId = Annotated[str, Param("Id of the file", "파일 ID", pattern=r"^[A-Za-z0-9!_.-]+$", max_length=300)]
GroupId = Annotated[str, Param("Id of the team", "팀 ID", pattern=r"^[A-Za-z0-9-]+$", max_length=100)]
ChannelId = Annotated[str, Param("Id of the channel", "채널 ID", pattern=r"^[A-Za-z0-9:@._-]+$", max_length=200)]
Sheet = Annotated[str, Param("Name of the sheet", "시트 이름", min_length=1, max_length=31)]
Cell = str | int | float | bool | None
Row = dict[str, Any]
MAX_BYTES = 50 * 1024 * 1024


class ExcelRows(BaseModel):
    """Rows by the names of the first line."""

    columns: list[str]
    rows: list[Row]
    count: int
    address: str


class ExcelWritten(BaseModel):
    """What was written."""

    address: str
    rows: int


class Team(BaseModel):
    """A team."""

    id: str
    name: str
    description: str = ""


class TeamList(BaseModel):
    """Teams one belongs to."""

    teams: list[Team]
    count: int
    complete: bool


class ChannelList(BaseModel):
    """Channels of a team."""

    channels: list[Team]
    count: int
    complete: bool


class TeamsMessage(BaseModel):
    """A message of a channel."""

    id: str
    author: str = ""
    text: str = ""
    created_at: str = ""
    url: str = ""


class TeamsMessages(BaseModel):
    """Messages, newest first; `complete` is false when there are more."""

    messages: list[TeamsMessage]
    count: int
    complete: bool


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


# Excel -----------------------------------------------------------------------------------------------------


def _sheet(file: str, sheet: str) -> str:
    # OData literals double the quote; the rest is URL-encoded.
    return f"/me/drive/items/{file}/workbook/worksheets('{quote(sheet.replace(chr(39), chr(39) * 2), safe=chr(39))}')"


@excel.action(
    title=Text("Read sheet", "시트 읽기"),
    description_ko="시트에서 쓰인 범위를 읽습니다. 첫 줄이 열 이름이 됩니다.",
    example={"file": "01BOOK", "sheet": "재고"},
)
async def read_sheet(
    ctx: Context,
    file: ItemId,
    sheet: Sheet,
    range: Annotated[
        str,
        Param(
            "Range such as A1:D20; empty: all that is used",
            "범위(예: A1:D20)",
            pattern=r"^([A-Za-z]+\d+(:[A-Za-z]+\d+)?)?$",
        ),
    ] = "",
) -> ExcelRows:
    """Reads a sheet; the first line holds the column names."""
    which = f"range(address='{range}')" if range else "usedRange(valuesOnly=true)"
    data = await Graph(ctx).get(f"{_sheet(file, sheet)}/{which}")
    lines: list[list[Any]] = [line for line in data.get("values", []) if any(cell != "" for cell in line)]
    columns: list[str] = []
    for index, name in enumerate(lines[0] if lines else []):
        text = str(name) or f"column_{index + 1}"
        columns.append(text if text not in columns else f"{text}_{index + 1}")
    rows = [dict(zip(columns, (None if cell == "" else cell for cell in line), strict=True)) for line in lines[1:]]
    return ExcelRows(columns=columns, rows=rows, count=len(rows), address=data.get("address", ""))


@excel.action(
    title=Text("Write cells", "셀 쓰기"),
    description_ko="범위에 값을 씁니다. 줄과 칸의 수가 범위와 같아야 합니다.",
    effect="write",
    idempotent=True,
    example={"file": "01BOOK", "sheet": "재고", "range": "B2:B2", "values": [[99]]},
)
async def write_cells(
    ctx: Context,
    file: ItemId,
    sheet: Sheet,
    range: Annotated[str, Param("Range such as B2:C3", "범위(예: B2:C3)", pattern=r"^[A-Za-z]+\d+(:[A-Za-z]+\d+)?$")],
    values: Annotated[
        list[list[Cell]],
        Param("Lines of cells, as many as the range has", "셀의 줄들(범위와 같은 크기)", min_length=1, max_length=5000),
    ],
) -> ExcelWritten:
    """Writes values into a range of the same size."""
    if len({len(line) for line in values}) > 1:
        problem = FieldProblem(
            "values", "The lines have different lengths.", "Give each line the same number of cells."
        )
        raise InvalidParams("The values do not fit.", problems=[problem])
    data = await Graph(ctx).call("PATCH", f"{_sheet(file, sheet)}/range(address='{range}')", json={"values": values})
    return ExcelWritten(address=data["address"], rows=len(values))


@excel.action(
    title=Text("Append to table", "표에 행 추가"),
    description_ko="엑셀 표 끝에 행을 덧붙입니다.",
    effect="write",
    example={"file": "01BOOK", "table": "Stock", "values": [["자", 5, 300]]},
)
async def append_rows(
    ctx: Context,
    file: ItemId,
    table: Annotated[str, Param("Name of the table", "표 이름", pattern=r"^[\w.]+$", max_length=255)],
    values: Annotated[list[list[Cell]], Param("Lines of cells", "행의 값들", min_length=1, max_length=5000)],
) -> ExcelWritten:
    """Appends rows to an Excel table."""
    path = f"/me/drive/items/{file}/workbook/tables/{quote(table)}/rows/add"
    data = await Graph(ctx).call("POST", path, json={"index": None, "values": values})
    return ExcelWritten(address=f"{table}[{data.get('index', '')}]", rows=len(values))


# Teams -----------------------------------------------------------------------------------------------------


def _named(raw: dict[str, Any]) -> Team:
    return Team(id=raw["id"], name=raw["displayName"], description=raw.get("description") or "")


@teams.action(title=Text("List teams", "팀 목록"), description_ko="내가 속한 팀을 조회합니다.", cache=60, example={})
async def list_teams(ctx: Context) -> TeamList:
    """Lists the teams one belongs to."""
    raw, complete = await Graph(ctx).pages("/me/joinedTeams", 500)
    return TeamList(teams=[_named(one) for one in raw], count=len(raw), complete=complete)


@teams.action(
    title=Text("List channels", "채널 목록"),
    description_ko="팀의 채널을 조회합니다.",
    cache=60,
    example={"team": "team-1"},
)
async def list_channels(ctx: Context, team: GroupId) -> ChannelList:
    """Lists the channels of a team."""
    raw, complete = await Graph(ctx).pages(f"/teams/{team}/channels", 500)
    return ChannelList(channels=[_named(one) for one in raw], count=len(raw), complete=complete)


def _message(raw: dict[str, Any]) -> TeamsMessage:
    body = raw.get("body") or {}
    text = body.get("content", "")
    return TeamsMessage(
        id=raw["id"],
        author=((raw.get("from") or {}).get("user") or {}).get("displayName", ""),
        text=text_of_html(text) if body.get("contentType") == "html" else text,
        created_at=raw.get("createdDateTime", ""),
        url=raw.get("webUrl") or "",
    )


@teams.action(
    title=Text("Read channel", "채널 읽기"),
    description_ko="채널의 최근 메시지를 읽습니다.",
    example={"team": "team-1", "channel": "19:general@thread.tacv2"},
)
async def read_channel(
    ctx: Context,
    team: GroupId,
    channel: ChannelId,
    count: Annotated[int, Param("Messages at most", "최대 메시지 수", ge=1, le=500)] = 20,
) -> TeamsMessages:
    """Reads the newest messages of a channel."""
    path = f"/teams/{team}/channels/{quote(channel, safe='')}/messages"
    raw, complete = await Graph(ctx).pages(path, count, **{"$top": min(count, 50)})
    return TeamsMessages(messages=[_message(one) for one in raw], count=len(raw), complete=complete)


@teams.action(
    title=Text("Post message", "메시지 보내기"),
    description_ko="채널에 메시지를 보내거나 답글을 답니다.",
    effect="write",
    example={"team": "team-1", "channel": "19:general@thread.tacv2", "text": "안녕하세요"},
)
async def post_message(
    ctx: Context,
    team: GroupId,
    channel: ChannelId,
    text: Annotated[str, Param("The text", "메시지", widget="textarea", min_length=1, max_length=28_000)],
    reply_to: Annotated[
        str | None, Param("Id of the message to answer", "답글을 달 메시지의 ID", pattern=r"^\d+$")
    ] = None,
) -> TeamsMessage:
    """Posts a message to a channel, or answers one."""
    path = f"/teams/{team}/channels/{quote(channel, safe='')}/messages"
    path += f"/{reply_to}/replies" if reply_to else ""
    content = html.escape(text).replace("\n", "<br>")
    return _message(await Graph(ctx).call("POST", path, json={"body": {"contentType": "html", "content": content}}))


# OneDrive --------------------------------------------------------------------------------------------------


def _item(raw: dict[str, Any]) -> DriveItem:
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
    return DriveItems(items=[_item(one) for one in raw], count=len(raw), complete=complete)


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
    facts = _item(await api.get(f"/me/drive/items/{id}"))
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
    return _item(await Graph(ctx).call("PUT", path, content=content, headers={"Content-Type": file.content_type}))


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
