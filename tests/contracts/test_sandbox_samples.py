"""Without any key of its own, a workspace gets sample data of every service that has a sandbox."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.discovery import load_part
from integrations.registry import registry
from integrations.sdk.testing import sandbox_credential

#: These sign in to any host: without a connection they ask without one.
ANY_HOST = {"http", "graphql", "mcp_client"}
CONNECTORS = [
    connector
    for connector in registry().connectors.values()
    if connector.upstream is not None
    and connector.upstream.sandbox
    and connector.needs_credential
    and connector.id not in ANY_HOST
]


@pytest.mark.parametrize("connector", CONNECTORS, ids=lambda one: one.id)
def test_the_sample_credential_is_the_one_its_sandbox_accepts(connector: Any) -> None:
    sample = connector.upstream.sandbox_credential
    assert sample, "give its Upstream a `sandbox_credential`"
    typed = connector.credential_model.model_validate(sample).reveal()
    sandbox = load_part(connector.module.rpartition(".")[0], "sandbox")
    if hasattr(sandbox, "CREDENTIAL"):
        assert typed == sandbox_credential(connector, sandbox).reveal()
