"""A thin client for JSON services: signs, sends, maps errors, reads JSON. One per action call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from integrations.sdk.auth import ApiKey, OAuth2Credential
from integrations.sdk.context import Context
from integrations.sdk.errors import ConnectorError, MissingCredential
from integrations.sdk.http import check_response, read_json

if TYPE_CHECKING:
    import httpx2

#: Looks at an answer with a status of at least 400 (or any answer, for services that hide errors in 200).
Explain = Callable[["httpx2.Response"], ConnectorError | None]


def bearer(ctx: Context, service: str) -> dict[str, str]:
    """The `Authorization` header of an OAuth 2 or API key credential."""
    credential = ctx.credential
    if isinstance(credential, OAuth2Credential):
        return {"Authorization": f"Bearer {credential.access_token.get_secret_value()}"}
    if isinstance(credential, ApiKey):
        return {"Authorization": f"Bearer {credential.api_key.get_secret_value()}"}
    raise MissingCredential(f"{service} needs a connection.", remedy="Choose a connection in the node.")


class JsonApi:
    """Requests of one service. `explain` may turn an answer into a more exact error than its status tells."""

    def __init__(
        self, ctx: Context, service: str, *, headers: Mapping[str, str] | None = None, explain: Explain | None = None
    ) -> None:
        self.ctx = ctx
        self.service = service
        self._headers = dict(headers or {})
        self._explain = explain

    async def send(self, method: str, path: str, **options: Any) -> httpx2.Response:
        """The answer to a request, when it is a success. Parameters that are None are left out."""
        params = {name: value for name, value in (options.pop("params", None) or {}).items() if value is not None}
        if params:  # an empty mapping would wipe out the query of the path
            options["params"] = params
        headers = {**self._headers, **options.pop("headers", {})}
        response = await self.ctx.http.request(method, path, headers=headers, **options)
        if self._explain is not None and (error := self._explain(response)) is not None:
            raise error
        return check_response(response, service=self.service)

    async def call(self, method: str, path: str, **options: Any) -> Any:
        """The JSON of the answer, None when it has no body."""
        response = await self.send(method, path, **options)
        return read_json(response, service=self.service) if response.content else None

    async def get(self, path: str, **params: Any) -> Any:
        """The JSON of a GET with these query parameters."""
        return await self.call("GET", path, params=params)
