"""Google Drive: search, download, upload, share."""

from __future__ import annotations

import json
import uuid
from typing import Annotated, Any, Literal

from pydantic import BaseModel

from integrations.connectors.google.client import Google, google_oauth
from integrations.sdk import Connector, Context, FileRef, Param, Rate, Text, Upstream

google_drive = Connector(
    "google_drive",
    title=Text("Google Drive", "구글 드라이브"),
    description=Text("Finds, downloads, uploads and shares files.", "파일을 찾고 내려받고 올리고 공유합니다."),
    auth=google_oauth("drive"),
    upstream=Upstream(
        key="google",
        base_url_env="GOOGLE_DRIVE_BASE_URL",
        live="https://www.googleapis.com",
        sandbox="/google/drive",
        sandbox_credential={"access_token": "ya29.sandbox-token"},
    ),
    rate=Rate(20, per=1),
    group="files",
    icon="drive.svg",
    docs_url="https://developers.google.com/workspace/drive/api",
)

FileId = Annotated[str, Param("Id of the file", "파일 ID", pattern=r"^[A-Za-z0-9_-]+$", max_length=200)]
FIELDS = "id,name,mimeType,size,modifiedTime,webViewLink,owners(emailAddress),parents"
MAX_BYTES = 50 * 1024 * 1024
_DOCUMENT = "application/vnd.google-apps."
#: Google's own documents have no bytes; they are exported into a common form.
_EXPORTS = {
    "document": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", ".docx"),
    "spreadsheet": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ".xlsx"),
    "presentation": ("application/pdf", ".pdf"),
    "drawing": ("image/png", ".png"),
}
_AS_TEXT = {"document": ("text/plain", ".txt"), "spreadsheet": ("text/csv", ".csv")}


class DriveFile(BaseModel):
    """A file or folder of Drive. `size` is in bytes, null for Google's own documents."""

    id: str
    name: str
    content_type: str
    size: int | None = None
    modified_at: str = ""
    owner: str = ""
    is_folder: bool = False
    url: str = ""


class DriveFiles(BaseModel):
    """Files; `complete` is false when there are more."""

    files: list[DriveFile]
    count: int
    complete: bool


class Shared(BaseModel):
    """A right that was given."""

    permission_id: str
    role: str
    kind: str


def file_of(raw: dict[str, Any]) -> DriveFile:
    return DriveFile(
        id=raw["id"],
        name=raw["name"],
        content_type=raw["mimeType"],
        size=int(raw["size"]) if raw.get("size") is not None else None,
        modified_at=raw.get("modifiedTime", ""),
        owner=(raw.get("owners") or [{}])[0].get("emailAddress", ""),
        is_folder=raw["mimeType"] == f"{_DOCUMENT}folder",
        url=raw.get("webViewLink", ""),
    )


def _quoted(text: str) -> str:
    """A literal of Drive's query language."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


@google_drive.action(
    title=Text("Search files", "파일 검색"),
    description_ko="이름이나 내용으로 파일을 찾습니다.",
    example={"name": "보고서"},
)
async def search_files(
    ctx: Context,
    name: Annotated[str, Param("Words in the name", "이름에 있는 말", max_length=200)] = "",
    text: Annotated[str, Param("Words in the content", "내용에 있는 말", max_length=200)] = "",
    folder: Annotated[
        str, Param("Id of the folder; empty: everywhere", "폴더 ID(비우면 전체)", pattern=r"^[A-Za-z0-9_-]*$")
    ] = "",
    kind: Annotated[
        Literal["any", "folder", "document", "spreadsheet", "pdf", "image"], Param("Kind of file", "파일 종류")
    ] = "any",
    count: Annotated[int, Param("Files at most", "최대 파일 수", ge=1, le=1000)] = 50,
) -> DriveFiles:
    """Finds files by name, content, folder and kind, last changed first."""
    terms = ["trashed = false"]
    if name:
        terms.append(f"name contains {_quoted(name)}")
    if text:
        terms.append(f"fullText contains {_quoted(text)}")
    if folder:
        terms.append(f"{_quoted(folder)} in parents")
    types = {"pdf": "mimeType = 'application/pdf'", "image": "mimeType contains 'image/'"}
    if kind != "any":
        terms.append(types.get(kind) or f"mimeType = '{_DOCUMENT}{kind}'")
    raw, complete = await Google(ctx).pages(
        "/drive/v3/files",
        "files",
        count,
        size_name="pageSize",
        largest=1000,
        q=" and ".join(terms),
        fields=f"nextPageToken,files({FIELDS})",
        # Drive refuses an order together with a search in the content.
        orderBy=None if text else "modifiedTime desc",
    )
    return DriveFiles(files=[file_of(one) for one in raw], count=len(raw), complete=complete)


@google_drive.action(
    title=Text("Download file", "파일 내려받기"),
    description_ko="파일을 저장소로 내려받습니다. 구글 문서는 일반 형식으로 바꿉니다.",
    effect="write",
    idempotent=True,
    timeout=120,
    example={"id": "d1"},
)
async def download_file(
    ctx: Context,
    id: FileId,
    as_text: Annotated[bool, Param("Documents as text, sheets as CSV", "문서는 텍스트로, 시트는 CSV로")] = False,
) -> FileRef:
    """Downloads a file of up to 50 MB; Google's own documents are exported to Office, PDF or text."""
    api = Google(ctx)
    facts = await api.get(f"/drive/v3/files/{id}", fields=FIELDS)
    kind = facts["mimeType"]
    options = {"extensions": {"portal_max_bytes": MAX_BYTES}}
    if kind.startswith(_DOCUMENT):
        own = kind.removeprefix(_DOCUMENT)
        target, ending = (_AS_TEXT if as_text else {}).get(own) or _EXPORTS.get(own, ("application/pdf", ".pdf"))
        response = await api.send("GET", f"/drive/v3/files/{id}/export", params={"mimeType": target}, **options)
        return await ctx.files.save(facts["name"] + ending, response.content, target)
    response = await api.send("GET", f"/drive/v3/files/{id}", params={"alt": "media"}, **options)
    return await ctx.files.save(facts["name"], response.content, kind)


@google_drive.action(
    title=Text("Upload file", "파일 올리기"),
    description_ko="저장된 파일을 드라이브에 올립니다.",
    effect="write",
    timeout=120,
)
async def upload_file(
    ctx: Context,
    file: Annotated[FileRef, Param("The file", "파일")],
    name: Annotated[str, Param("Name on Drive; the file's own when empty", "드라이브에서의 이름", max_length=500)] = "",
    folder: Annotated[
        str, Param("Id of the folder; empty: My Drive", "폴더 ID(비우면 내 드라이브)", pattern=r"^[A-Za-z0-9_-]*$")
    ] = "",
) -> DriveFile:
    """Uploads a stored file."""
    content = await ctx.files.read(file)
    facts: dict[str, Any] = {"name": name or file.name}
    if folder:
        facts["parents"] = [folder]
    mark = uuid.uuid4().hex
    body = (
        f"--{mark}\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n{json.dumps(facts)}\r\n"
        f"--{mark}\r\nContent-Type: {_one_line(file.content_type)}\r\n\r\n"
    ).encode() + content + f"\r\n--{mark}--\r\n".encode()  # fmt: skip
    raw = await Google(ctx).call(
        "POST",
        "/upload/drive/v3/files",
        params={"uploadType": "multipart", "fields": FIELDS},
        content=body,
        headers={"Content-Type": f"multipart/related; boundary={mark}"},
    )
    return file_of(raw)


@google_drive.action(
    title=Text("Share file", "파일 공유"),
    description_ko="사람에게 또는 링크로 파일을 공유합니다.",
    effect="write",
    example={"id": "d1", "email": "minji@sandbox.example"},
)
async def share_file(
    ctx: Context,
    id: FileId,
    email: Annotated[
        str, Param("E-mail address; empty: anyone with the link", "이메일(비우면 링크를 아는 모두)", max_length=254)
    ] = "",
    role: Annotated[Literal["reader", "commenter", "writer"], Param("What they may do", "권한")] = "reader",
    notify: Annotated[bool, Param("Send a mail about it", "알림 메일 보내기")] = False,
) -> Shared:
    """Gives a person, or anyone with the link, access to a file."""
    body = {"role": role, "type": "user", "emailAddress": email} if email else {"role": role, "type": "anyone"}
    params = {"sendNotificationEmail": str(notify).lower()} if email else {}
    raw = await Google(ctx).call("POST", f"/drive/v3/files/{id}/permissions", params=params, json=body)
    return Shared(permission_id=raw["id"], role=raw["role"], kind=raw["type"])


def _one_line(text: str) -> str:
    return "".join(text.split()) or "application/octet-stream"


@google_drive.test
async def check(ctx: Context) -> str:
    """Ask Drive whose it is."""
    return f"Signed in as {(await Google(ctx).get('/drive/v3/about', fields='user'))['user']['emailAddress']}."
