"""What expressions ask of a sandbox."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from integrations.sdk.sandbox import CODE_LIMITS, EXPRESSION_LIMITS, CodeResult, Limits


class Sandbox(Protocol):
    """Evaluates untrusted source in bounded time and memory; raises `CodeError`."""

    async def evaluate(self, source: str, values: Mapping[str, Any], limits: Limits = EXPRESSION_LIMITS) -> Any: ...

    async def run_code(self, source: str, inputs: Mapping[str, Any], limits: Limits = CODE_LIMITS) -> CodeResult: ...
