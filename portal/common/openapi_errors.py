"""The errors of each operation in the OpenAPI document, as references to one set of answers."""

from __future__ import annotations

from typing import Any

from portal.common.problems import CONTENT_TYPE

FIELD_PROBLEM = {
    "type": "object",
    "description": "What is wrong with one field, and what can be done about it.",
    "required": ["field", "message", "remedy"],
    "properties": {
        "field": {"type": "string", "description": "Path of the field; empty for the whole input"},
        "message": {"type": "string"},
        "remedy": {"type": "string"},
    },
}
PROBLEM = {
    "type": "object",
    "description": "An error (RFC 9457). `code` is stable; words follow Accept-Language.",
    "required": ["type", "title", "status", "code", "message", "retryable"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string", "description": "What happened, fit for a person"},
        "status": {"type": "integer"},
        "instance": {"type": "string", "description": "Path of the request"},
        "code": {"type": "string", "description": "Stable name of the error"},
        "message": {"type": "string"},
        "retryable": {"type": "boolean", "description": "Whether the same request may succeed later"},
        "remedy": {"type": "string", "description": "What can be done about it"},
        "problems": {"type": "array", "items": {"$ref": "#/components/schemas/FieldProblem"}},
        "retry_after": {"type": "number", "description": "Seconds to wait"},
        "details": {"type": "object", "additionalProperties": True},
    },
}
#: Status → name, words, code and title of the example.
ANSWERS: dict[int, tuple[str, str, str, str]] = {
    400: ("BadRequest", "The request cannot be read.", "parse_error", "JSON parse error"),
    401: ("NotAuthenticated", "No valid session, key or token.", "not_authenticated", "Sign in, or send a token."),
    403: ("Forbidden", "Your role or the token's scopes do not allow it.", "permission_denied",
          "You may not do this in this workspace."),
    404: ("NotFound", "It does not exist, or you may not know of it.", "not_found", "There is no such workflow."),
    406: ("NotAcceptable", "The Accept header allows no format on offer.", "not_acceptable",
          "Could not satisfy the request Accept header."),
    409: ("Conflict", "The state of the thing does not allow it.", "conflict",
          "Only a failed or stopped run can be resumed."),
    412: ("PreconditionFailed", "The thing is not in the state that If-Match names.", "precondition_failed",
          "Somebody else changed this workflow meanwhile."),
    413: ("TooLarge", "The request is too large.", "too_large", "The request is too large."),
    415: ("UnsupportedMediaType", "The body is of a type that is not read here.", "unsupported_media_type",
          "Unsupported media type in request."),
    422: ("Invalid", "The input is wrong; `problems` names each field.", "invalid", "The input is not valid."),
    424: ("CredentialRefused", "The service behind a connector refused the credential.", "auth_error",
          "The service refused the credential."),
    428: ("PreconditionRequired", "Say which state you change: send If-Match.", "precondition_required",
          "Say which state of the draft you change."),
    429: ("LimitReached", "A rate limit or quota is used up; see Retry-After.", "limit_reached", "Too many attempts."),
    502: ("UpstreamFailed", "The service behind a connector failed.", "connector_error", "The service failed."),
    503: ("Unready", "A part that this needs does not answer just now.", "unready",
          "The database does not answer just now."),
    504: ("TimedOut", "The work took longer than it may.", "timeout", "The time is up."),
}  # fmt: skip
_READS = (400, 401, 403, 404, 406, 422, 429, 503)
_WRITES = (*_READS, 409, 413)
_BODIES = (415,)
#: Operations that ask an outside service while the caller waits.
UPSTREAM = ("crawl_list", "crawl_plan", "crawl_csv", "markets_tools_call", "connections_test")
UPSTREAM_ANSWERS = (424, 502, 504)


def _example(status: int) -> dict[str, Any]:
    _name, _words, code, title = ANSWERS[status]
    body: dict[str, Any] = {
        "type": f"urn:portal:problem:{code}",
        "title": title,
        "status": status,
        "code": code,
        "message": title,
        "retryable": status in (429, 503),
    }
    if status == 422:
        body["problems"] = [
            {"field": "name", "message": "This field may not be blank.", "remedy": "Use 1 to 120 characters."}
        ]
    if status == 429:
        body["retry_after"] = 12
    return body


def _responses() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for status, (name, words, _code, _title) in ANSWERS.items():
        answer: dict[str, Any] = {
            "description": words,
            "content": {
                CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "example": _example(status)}
            },
        }
        if status in (429, 503):
            answer["headers"] = {
                "Retry-After": {"description": "Seconds to wait", "schema": {"type": "integer", "minimum": 1}}
            }
        if status == 401:
            answer["headers"] = {
                "WWW-Authenticate": {"description": "Where to get a token (RFC 9728)", "schema": {"type": "string"}}
            }
        found[name] = answer
    return found


def _statuses(method: str, operation: dict[str, Any]) -> set[int]:
    wanted = set(_READS if method == "get" else _WRITES)
    if "requestBody" in operation:
        wanted |= set(_BODIES)
    if any(part.get("name") == "If-Match" for part in operation.get("parameters", [])):
        wanted |= {412, 428}
    if operation["operationId"] in UPSTREAM:
        wanted |= set(UPSTREAM_ANSWERS)
    return wanted


def plain_json(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """After the work: any JSON or null is any JSON; as a choice of two, null would be both."""
    for schema in result.get("components", {}).get("schemas", {}).values():
        for part in schema.get("properties", {}).values():
            if part.get("oneOf") == [{}, {"type": "null"}]:
                del part["oneOf"]
    return result


def close_inputs(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """After the work: bodies take no fields but those named, which is how views read them."""
    for name, schema in result.get("components", {}).get("schemas", {}).items():
        if name.endswith("Request") and schema.get("properties"):
            schema.setdefault("additionalProperties", False)
    return result


def add_errors(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """After the work: every operation gets the errors it can answer."""
    components = result.setdefault("components", {})
    components.setdefault("schemas", {}).update({"Problem": PROBLEM, "FieldProblem": FIELD_PROBLEM})
    components["responses"] = _responses()
    for methods in result["paths"].values():
        for method, operation in methods.items():
            for status in sorted(_statuses(method, operation)):
                reference = {"$ref": f"#/components/responses/{ANSWERS[status][0]}"}
                operation["responses"].setdefault(str(status), reference)
            operation["responses"] = dict(sorted(operation["responses"].items()))
    return result
