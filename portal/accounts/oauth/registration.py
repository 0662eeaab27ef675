"""Dynamic client registration (RFC 7591): open to strangers, therefore small, strict and rate-limited."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.core.exceptions import ValidationError
from django.http import HttpRequest, JsonResponse
from django.views import View
from oauth2_provider.models import get_application_model
from pydantic import BaseModel, Field, model_validator
from pydantic import ValidationError as Malformed

from portal.accounts.limits import take_for_address
from portal.accounts.oauth.open import Open, refusal
from portal.accounts.oauth.validator import DEVICE_CODE, is_safe_redirect
from portal.common.errors import LimitReached

MAX_BODY_BYTES = 16 * 1024
REGISTRATIONS_PER_HOUR = 60
Uri = Annotated[str, Field(min_length=1, max_length=500, pattern=r"^[^\s\x00]+$")]


class Metadata(BaseModel):
    """The parts of a client's description that we use; others are ignored, as the standard asks."""

    client_name: str = Field("", max_length=120, pattern=r"^[^\x00-\x1f]*$")
    redirect_uris: list[Uri] = Field([], max_length=10)
    grant_types: list[Literal["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"]]
    response_types: list[Literal["code"]] = ["code"]
    token_endpoint_auth_method: Literal["none", "client_secret_basic", "client_secret_post"] = "client_secret_basic"  # noqa: S105

    @model_validator(mode="before")
    @classmethod
    def _defaults(cls, value: Any) -> Any:
        return {"grant_types": ["authorization_code"], **value} if isinstance(value, dict) else value

    @model_validator(mode="after")
    def _fits(self) -> Metadata:
        main = set(self.grant_types) - {"refresh_token"}
        if len(main) != 1:
            raise ValueError("grant_types must hold either authorization_code or the device code grant")
        if main == {"authorization_code"} and not self.redirect_uris:
            raise ValueError("redirect_uris is required")
        if not all(map(is_safe_redirect, self.redirect_uris)):
            raise ValueError("redirect_uris must be https, or http on a loopback address")
        return self


class Register(Open, View):
    """POST a description, get a client id; nothing can be changed or read back later."""

    reads_form = False
    http_method_names = ("post", "options")

    def post(self, request: HttpRequest) -> JsonResponse:
        try:
            take_for_address("oauth-register", request, limit=REGISTRATIONS_PER_HOUR, per=3600)
        except LimitReached as error:
            response = refusal("temporarily_unavailable", error.message, 429)
            response["Retry-After"] = str(int(error.retry_after or 60))
            return response
        if len(request.body) > MAX_BODY_BYTES:
            return refusal("invalid_client_metadata", f"The description is larger than {MAX_BODY_BYTES:,} bytes.", 413)
        try:
            # pydantic's parser bounds the nesting, so a deep document is an error and no crash.
            metadata = Metadata.model_validate_json(request.body)
        except Malformed as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(map(str, first["loc"]))
            code = "invalid_redirect_uri" if where.startswith("redirect_uris") else "invalid_client_metadata"
            return refusal(code, f"{where}: {first['msg']}".removeprefix(": ")[:500])
        return self._create(metadata)

    def _create(self, metadata: Metadata) -> JsonResponse:
        model = get_application_model()
        is_public = metadata.token_endpoint_auth_method == "none"  # noqa: S105
        by_device = DEVICE_CODE in metadata.grant_types
        application = model(
            name=metadata.client_name,
            redirect_uris=" ".join(metadata.redirect_uris),
            client_type=model.CLIENT_PUBLIC if is_public else model.CLIENT_CONFIDENTIAL,
            authorization_grant_type=model.GRANT_DEVICE_CODE if by_device else model.GRANT_AUTHORIZATION_CODE,
            registration_source=model.RegistrationSource.DCR,
        )
        secret = application.client_secret
        try:
            application.full_clean()
        except ValidationError as error:
            return refusal("invalid_redirect_uri", "; ".join(error.messages)[:500])
        application.save()
        answer: dict[str, Any] = {
            "client_id": application.client_id,
            "client_id_issued_at": int(application.created.timestamp()),
            "client_name": application.name,
            "redirect_uris": metadata.redirect_uris,
            "grant_types": metadata.grant_types,
            "response_types": metadata.response_types,
            "token_endpoint_auth_method": metadata.token_endpoint_auth_method,
        }
        if not is_public:
            answer |= {"client_secret": secret, "client_secret_expires_at": 0}
        response = JsonResponse(answer, status=201)
        response["Cache-Control"] = "no-store"
        return response
