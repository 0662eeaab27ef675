"""The headers of good answers in the OpenAPI document: state, repeats, and what the limits leave."""

from __future__ import annotations

from typing import Any

#: Name → words and an example.
HEADERS = {
    "RateLimit-Policy": ("The limits that hold: name, `q` requests in `w` seconds", '"key";q=600;w=60'),
    "RateLimit": ("What is left of them: name, `r` requests, refilled in `t` seconds", '"key";r=599;t=1'),
    "ETag": ("The state of the thing; a write names it as If-Match", '"3"'),
    "Idempotency-Replayed": ("`true` when this is the answer to an earlier request", "true"),
}


def add_headers(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """After the work: every good answer of an operation that needs a token names its headers."""
    result["components"]["headers"] = {
        name: {"description": words, "schema": {"type": "string"}, "example": example}
        for name, (words, example) in HEADERS.items()
    }
    for methods in result["paths"].values():
        is_guarded = any("If-Match" in _asked(operation) for operation in methods.values())
        for method, operation in methods.items():
            if {} in operation.get("security", []):
                continue
            names = ["RateLimit-Policy", "RateLimit"]
            if is_guarded and method in ("get", "put"):
                names.append("ETag")
            if "Idempotency-Key" in _asked(operation):
                names.append("Idempotency-Replayed")
            for status, answer in operation["responses"].items():
                if status.startswith("2"):
                    answer["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in names}
    return result


def _asked(operation: dict[str, Any]) -> set[str]:
    return {part["name"] for part in operation.get("parameters", []) if part["in"] == "header"}
