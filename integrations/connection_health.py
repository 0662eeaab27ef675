"""The test button of a connection: the connector's cheap call with the stored credential, and what came of it."""

from __future__ import annotations

import time

from integrations.models import Connection
from integrations.registry import connector_for, registry
from integrations.runtime import in_context, typed_credential
from integrations.sdk import AuthError, Caller, ConnectorError, Context
from integrations.services import credential_for, record_health
from portal.common.bridge import run_async
from portal.common.store import RedisStore
from portal.workspaces.roles import Permission
from portal.workspaces.services import Actor

TEST_SECONDS = 20.0


def can_test(connector_id: str) -> bool:
    """Whether the connector offers a test; a workspace's own have none."""
    connector = registry().connectors.get(connector_id)
    return connector is not None and connector.test_function is not None


def check_connection(actor: Actor, connection: Connection) -> Connection:
    """Call the upstream with this credential and remember how it went."""
    actor.require(Permission.CONNECTION_MANAGE)
    connector = connector_for(connection.connector, connection.workspace_id)
    test = connector.test_function
    if test is None:
        record_health(connection, Connection.Health.UNKNOWN, "This connector offers no test.")
        return connection
    opened = credential_for(
        connection.workspace_id,
        connection.connector,
        connection=str(connection.pk),
        user_id=actor.user.pk if actor.user else None,
    )
    credential = typed_credential(connector, opened.values if opened else None, required=True)

    async def call(ctx: Context) -> object:
        return await test(ctx)

    async def run() -> None:
        await in_context(
            connector,
            call,
            label=f"{connector.id}.test",
            context_options={"caller": Caller(), "workspace_id": str(connection.workspace_id)},
            credential=credential,
            deadline=time.monotonic() + TEST_SECONDS,
            store=RedisStore("sdk"),
            egress=opened.egress if opened else None,
        )

    try:
        run_async(run)
    except AuthError as error:
        record_health(connection, Connection.Health.FAILING, error.message)
    except ConnectorError as error:
        # The upstream's trouble says nothing about the credential.
        record_health(connection, Connection.Health.UNKNOWN, error.message)
    else:
        record_health(connection, Connection.Health.OK)
    return connection
