"""Every environment variable the product reads, typed and described. docs/operators/configuration.md lists them."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

ROOT = Path(__file__).resolve().parents[2]
Names = Annotated[list[str], NoDecode]


class Env(BaseSettings):
    """Values come from the process environment; `NAME_FILE` variants read a mounted secret."""

    model_config = SettingsConfigDict(env_prefix="", case_sensitive=False, extra="ignore")

    # Core
    secret_key: str = Field("", description="Django's signing key. Required in production (or SECRET_KEY_FILE).")
    secret_key_file: Path | None = Field(None, description="File holding SECRET_KEY.")
    root_key: str = Field("", description="Base64 of the 32-byte key that wraps all data keys (or ROOT_KEY_FILE).")
    root_key_file: Path | None = Field(None, description="File holding ROOT_KEY; several lines: newest first.")
    key_service: str = Field("", description="Dotted path of a class that wraps data keys instead of ROOT_KEY.")
    public_url: str = Field("http://localhost:8000", description="Origin under which people and clients reach us.")
    security_contact: str = Field(
        "", description="mailto: or https address for reports of weaknesses in security.txt; empty: EMAIL_FROM."
    )
    allowed_hosts: Names = Field([], description="Extra host names, comma separated; PUBLIC_URL's is always allowed.")
    trusted_proxies: int = Field(0, description="How many reverse proxies in front set X-Forwarded-For.")
    var_dir: Path = Field(ROOT / "var", description="Folder for data of this installation.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="Least level that is logged.")
    log_format: Literal["text", "json"] = Field("text", description="Log lines as text or as JSON objects.")

    # Services
    database_url: str = Field("", description="postgresql://user:password@host:port/name; empty: embedded server.")
    redis_url: str = Field("", description="redis://:password@host:port/0; empty: embedded server.")
    host: str = Field("127.0.0.1", description="Address the web process listens on; 0.0.0.0: all of the machine's.")
    port: int = Field(8000, ge=1, le=65535, description="Port of the web process.")
    web_server: Literal["uvicorn", "daphne"] = Field("uvicorn", description="ASGI server of the web process.")
    web_processes: int = Field(1, ge=1, le=64, description="Number of web processes.")
    worker_concurrency: int = Field(20, ge=1, le=500, description="Threads of the interactive worker.")
    compute_concurrency: int = Field(1, ge=1, le=64, description="Processes of the compute worker.")

    # Upstreams
    upstreams: str = Field(
        "sandbox", description="`sandbox`, `live`, or a list such as `kis=live,naramarket=sandbox`; default per rest."
    )
    allow_sandbox_in_production: bool = Field(False, description="Lets production serve sandbox data.")
    sandbox_url: str = Field("http://127.0.0.1:8900", description="Where the sandbox upstreams listen.")
    http_allow_private: Names = Field(
        [], description="Private hosts or networks that connectors may reach, comma separated."
    )
    egress_proxies: Names = Field(
        [],
        description="HTTP proxies that collections of listings go through, "
        "`http://user:password@host:3128`, comma separated.",
    )
    kis_base_url: str = Field("", description="Base URL of the KIS API, replacing live and sandbox.")
    g2b_base_url: str = Field("", description="Base URL of the Naramarket API, replacing live and sandbox.")
    molit_base_url: str = Field("", description="Base URL of the MOLIT API, replacing live and sandbox.")
    lh_base_url: str = Field("", description="Base URL of LH's notices, replacing live and sandbox.")
    applyhome_base_url: str = Field("", description="Base URL of Applyhome's API, replacing live and sandbox.")
    juso_base_url: str = Field("", description="Base URL of the address search, replacing live and sandbox.")

    http_base_url: str = Field("", description="Base URL of relative addresses in the HTTP connector.")
    web_base_url: str = Field("", description="Base URL of relative addresses in the web connector.")
    graphql_base_url: str = Field("", description="Base URL of relative addresses in the GraphQL connector.")
    mcp_client_base_url: str = Field("", description="Base URL of relative addresses in the MCP server connector.")
    s3_base_url: str = Field("", description="Base URL of an S3 service, replacing those of the connections.")
    naver_base_url: str = Field("", description="Base URL of Naver's open API, replacing live and sandbox.")
    kakao_base_url: str = Field("", description="Base URL of Kakao's message API, replacing live and sandbox.")
    kakao_local_base_url: str = Field("", description="Base URL of Kakao's local API, replacing live and sandbox.")
    slack_base_url: str = Field("", description="Base URL of Slack's Web API, replacing live and sandbox.")
    github_base_url: str = Field("", description="Base URL of GitHub's API, for example of GitHub Enterprise.")
    google_gmail_base_url: str = Field("", description="Base URL of the Gmail API, replacing live and sandbox.")
    google_sheets_base_url: str = Field("", description="Base URL of the Sheets API, replacing live and sandbox.")
    google_calendar_base_url: str = Field("", description="Base URL of the Calendar API, replacing live and sandbox.")
    microsoft_base_url: str = Field("", description="Base URL of Microsoft Graph, for example of a national cloud.")
    google_drive_base_url: str = Field("", description="Base URL of the Drive API, replacing live and sandbox.")

    # Credentials of the sample workspace
    kis_app_key: str = Field("", description="KIS app key of the sample workspace; empty: the sandbox's.")
    kis_app_secret: str = Field("", description="KIS app secret of the sample workspace; empty: the sandbox's.")
    g2b_service_key: str = Field("", description="data.go.kr key for Naramarket of the sample workspace.")
    molit_service_key: str = Field("", description="data.go.kr key for MOLIT of the sample workspace.")

    # Files
    files_bucket: str = Field("", description="S3 bucket for files of workspaces; empty: the folder VAR_DIR/files.")
    files_endpoint: str = Field("", description="Address of an S3-compatible service; empty: Amazon's own.")
    files_region: str = Field("", description="Region of the bucket.")
    files_access_key: str = Field("", description="Access key id; empty: what the machine's role gives.")
    files_secret_key: str = Field("", description="Secret of FILES_ACCESS_KEY.")

    # Mail
    email_url: str = Field("", description="smtp://user:password@host:port?tls=1; empty: mails go to the log.")
    email_from: str = Field("portal@localhost", description="Sender of the product's mails.")

    # Notifications
    vapid_private_key: str = Field(
        "", description="Web push key, 32 bytes in base64url (`manage.py vapid_key` makes one); empty: derived."
    )
    vapid_subject: str = Field("", description="mailto: or https address for push services; empty: EMAIL_FROM.")
    solapi_api_key: str = Field("", description="API key of Solapi, which carries text messages.")
    solapi_api_secret: str = Field("", description="Secret of SOLAPI_API_KEY.")
    solapi_sender: str = Field("", description="Number that text messages come from, registered with Solapi.")
    solapi_base_url: str = Field("", description="Base URL of Solapi's API, replacing live and sandbox.")

    # Sign-in
    sign_up: Literal["open", "invited", "closed"] = Field("open", description="Who may create an account.")
    google_client_id: str = Field("", description="OAuth client for Google sign-in and connector.")
    google_client_secret: str = Field("", description="Secret of GOOGLE_CLIENT_ID.")
    github_client_id: str = Field("", description="OAuth client for GitHub sign-in and connector.")
    github_client_secret: str = Field("", description="Secret of GITHUB_CLIENT_ID.")
    slack_client_id: str = Field("", description="OAuth client for the Slack connector.")
    slack_client_secret: str = Field("", description="Secret of SLACK_CLIENT_ID.")
    microsoft_client_id: str = Field("", description="OAuth client for the Microsoft connectors.")
    microsoft_client_secret: str = Field("", description="Secret of MICROSOFT_CLIENT_ID.")
    naver_client_id: str = Field("", description="OAuth client for Naver sign-in.")
    naver_client_secret: str = Field("", description="Secret of NAVER_CLIENT_ID.")
    kakao_client_id: str = Field("", description="OAuth client for Kakao sign-in.")
    kakao_client_secret: str = Field("", description="Secret of KAKAO_CLIENT_ID.")
    google_sign_in_url: str = Field("", description="Base URL of Google's sign-in, replacing its live hosts.")
    github_sign_in_url: str = Field("", description="Base URL of GitHub's sign-in, replacing its live hosts.")
    naver_sign_in_url: str = Field("", description="Base URL of Naver's sign-in, replacing its live hosts.")
    kakao_sign_in_url: str = Field("", description="Base URL of Kakao's sign-in, replacing its live hosts.")
    oauth_password_grant: bool = Field(False, description="Allows OAuth's password grant to first-party clients.")

    # Work
    execution_lease_seconds: float = Field(
        30.0, gt=0.5, description="A run whose worker has not been heard of for so long is given to another one."
    )
    execution_claim_seconds: float = Field(
        30.0, gt=0.5, description="A run that no worker has taken after so long is sent again."
    )

    # Limits
    execution_retention_days: int = Field(
        30, ge=1, description="Days after its end that input, results and log of a run are kept."
    )
    limit_workspace_per_minute: int = Field(
        0, ge=0, description="Calls a minute of a workspace without a plan, over all its servers; 0: unlimited."
    )
    limit_key_per_minute: int = Field(
        0, ge=0, description="Calls a minute of one key or person in a workspace without a plan; 0: unlimited."
    )
    limit_client_per_minute: int = Field(
        0, ge=0, description="Calls a minute of one client program in a workspace without a plan; 0: unlimited."
    )
    limit_tool_per_minute: int = Field(
        0, ge=0, description="Calls a minute of one tool in a workspace without a plan; 0: unlimited."
    )
    quota_daily_calls: int = Field(5_000_000, ge=0, description="Calls a day of a workspace without a plan; 0: no end.")
    quota_monthly_calls: int = Field(
        50_000_000, ge=0, description="Calls a month of a workspace without a plan; 0: no end."
    )
    store_max_keys: int = Field(20_000, ge=1, description="Keys a workspace may keep in its key-value stores.")
    table_max_rows: int = Field(200_000, ge=1, description="Rows a workspace may keep in its tables.")
    store_max_bytes: int = Field(
        100 * 1024 * 1024, ge=1024, description="Bytes a workspace may keep in its stores, and again in its tables."
    )
    notification_retention_days: int = Field(90, ge=1, description="Days read notifications and deliveries are kept.")
    max_request_bytes: int = Field(4 * 1024 * 1024, ge=1024, description="Largest accepted request body in bytes.")

    @field_validator("allowed_hosts", "http_allow_private", "egress_proxies", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value

    @field_validator("public_url")
    @classmethod
    def _origin(cls, value: str) -> str:
        if not value.startswith(("http://", "https://")):
            raise ValueError("PUBLIC_URL must start with http:// or https://")
        return value.rstrip("/")

    def read_secret_key(self) -> str:
        return self.secret_key or (self.secret_key_file.read_text().strip() if self.secret_key_file else "")

    def read_root_keys(self) -> list[str]:
        """The root keys in base64, newest first."""
        text = self.root_key or (self.root_key_file.read_text() if self.root_key_file else "")
        return [line.strip() for line in text.replace(",", "\n").splitlines() if line.strip()]


@lru_cache(maxsize=1)
def env() -> Env:
    return Env()  # type: ignore[call-arg]


def describe() -> str:
    """The Markdown table of all variables, as docs/operators/configuration.md carries it."""
    rows = ["| Variable | Default | Meaning |", "|---|---|---|"]
    for name, info in Env.model_fields.items():
        default = info.default
        shown = (
            ""
            if default in ("", None, [])
            else "`var`"
            if name == "var_dir"
            else f"`{json.dumps(default, default=str)}`"
        )
        rows.append(f"| `{name.upper()}` | {shown} | {info.description} |")
    return "\n".join(rows) + "\n"
