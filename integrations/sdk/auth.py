"""How a connector signs in: typed credentials and the OAuth 2 description."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class Credential(BaseModel):
    """Base of a stored credential. Secret fields are `SecretStr`, so `repr` and logs never show them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: ClassVar[str] = "fields"

    def reveal(self) -> dict[str, Any]:
        """The values in the clear, for encryption only."""
        return {name: value.get_secret_value() if isinstance(value, SecretStr) else value for name, value in iter(self)}

    def secrets(self) -> list[str]:
        """Every secret value, for redaction of texts that leave the product."""
        return [value.get_secret_value() for _, value in iter(self) if isinstance(value, SecretStr)]


class NoAuth(Credential):
    """For connectors that need no sign-in."""

    kind: ClassVar[str] = "none"


class ApiKey(Credential):
    """One secret key."""

    api_key: SecretStr = Field(title="API key", min_length=1)


class OAuth2Credential(Credential):
    """What an OAuth 2 sign-in leaves behind. Times are seconds since the epoch, UTC."""

    kind: ClassVar[str] = "oauth2"

    access_token: SecretStr
    refresh_token: SecretStr | None = None
    token_type: str = "Bearer"  # noqa: S105
    scope: str = ""
    issued_at: float = 0.0
    expires_at: float | None = None
    account: str = ""


@dataclass(frozen=True, slots=True)
class OAuth2:
    """Where and how a connector's OAuth 2 sign-in happens (authorization code with PKCE)."""

    authorize_url: str
    token_url: str
    scopes: tuple[str, ...] = ()
    scope_separator: str = " "
    revoke_url: str = ""
    authorize_params: dict[str, str] = field(default_factory=dict)
    client_id_env: str = ""
    client_secret_env: str = ""
    credential: type[OAuth2Credential] = OAuth2Credential
    #: Where the sandbox server has the stand-in of the sign-in: it answers below this path.
    sandbox: str = ""
    #: For a client that registered itself: its id and secret, the name in the callback's address, and what the
    #: tokens are for (RFC 8707).
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    provider: str = ""
    resource: str = ""
