"""The sandbox as workflows see it; its core lives with the connector SDK, where the code node needs it too."""

from integrations.sdk.sandbox import (
    CODE_LIMITS,
    EXPRESSION_LIMITS,
    CodeError,
    CodeResult,
    CodeSyntaxError,
    LimitExceeded,
    Limits,
    plain,
    shared_sandbox,
)
from integrations.sdk.sandbox import Sandbox as PooledSandbox
from workflows.expressions.port import Sandbox

__all__ = [
    "CODE_LIMITS",
    "EXPRESSION_LIMITS",
    "CodeError",
    "CodeResult",
    "CodeSyntaxError",
    "LimitExceeded",
    "Limits",
    "PooledSandbox",
    "Sandbox",
    "plain",
    "shared_sandbox",
]
