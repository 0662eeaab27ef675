"""Writes about a workspace's own connectors: read the source, choose what becomes an action, edit, refresh, delete."""

from __future__ import annotations

import base64
import logging
import time
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from pydantic import ValidationError

from integrations.models import Connection, WorkspaceConnector
from integrations.own import connectors, operations
from integrations.own.actions import usable
from integrations.own.documents import read_document
from integrations.own.sources import READ_SECONDS, base_of, fetch, is_base, wrong
from integrations.own.spec import MAX_ACTIONS, OwnAction, OwnSpec, Sign
from integrations.own.tools import action_of, merge, read_tools
from integrations.runtime import in_context, typed_credential
from integrations.sdk import Caller, Connector, Context
from integrations.services import Opened, credential_for
from portal.common.bridge import run_async
from portal.common.errors import Conflict, Invalid, NotFound, PortalError
from portal.common.ids import random_token
from portal.common.store import RedisStore
from portal.workspaces.roles import Permission
from portal.workspaces.services import Actor, audit, system_actor

logger = logging.getLogger(__name__)
#: For so long the list of a server's tools is believed; then beat looks again.
TOOLS_KEPT = timedelta(hours=6)
REFRESHED_AT_ONCE = 10
MAX_CONNECTORS = 100


def new_key() -> str:
    """A connector's id: 80 bits that nobody guesses, in the letters that ids may have."""
    raw = base64.b32encode(random_token(16).encode())[:16].decode().lower()
    return f"{connectors.PREFIX}{raw}"


def get(workspace: Any, own_id: UUID) -> WorkspaceConnector:
    """A connector of the workspace; `NotFound` for anybody else's."""
    found = WorkspaceConnector.objects.for_workspace(workspace).filter(pk=own_id).first()
    if found is None:
        raise NotFound("There is no such connector.")
    row: WorkspaceConnector = found
    return row


def spec_of(row: WorkspaceConnector) -> OwnSpec:
    return OwnSpec.model_validate(row.spec)


# Making one -------------------------------------------------------------------------------------------------


def create_from_document(
    actor: Actor, *, title: str = "", address: str = "", content: bytes | None = None
) -> WorkspaceConnector:
    """A connector without actions yet, from an address or an uploaded file."""
    actor.require(Permission.CONNECTION_MANAGE)
    address = address.strip()
    if content is None:
        if not address:
            raise wrong("address", "There is neither an address nor a file.", "Give one of the two.")
        content = fetch(actor, address)
    document = read_document(content)
    raw_info = document.get("info")
    info: Mapping[str, Any] = raw_info if isinstance(raw_info, dict) else {}
    bases = operations.servers(document, address)
    operations.listed(document)
    signs = operations.signs(document, bases[0] if bases and "://" in bases[0] else address)
    spec = OwnSpec(sign=signs[0] if signs else Sign(), signs=signs)
    return _create(
        actor,
        WorkspaceConnector.Kind.OPENAPI,
        title=title.strip() or operations.plain(info.get("title"), 120) or "API",
        description=operations.plain(info.get("description"), 500),
        address=address,
        # A relative base in an uploaded file says nothing: somebody has to fill it in.
        base_url=base_of(bases[0]) if bases and (address or "://" in bases[0]) and is_base(bases[0]) else "",
        document=document,
        spec=spec,
    )


def create_from_server(
    actor: Actor, *, address: str, title: str = "", kind: str = "none", header: str = ""
) -> WorkspaceConnector:
    """A connector from the address of another MCP server; without a sign-in its tools are read at once."""
    actor.require(Permission.CONNECTION_MANAGE)
    address = address.strip()
    if not is_base(address):
        raise wrong("address", "This is not a full address.", "Start it with https://.")
    if kind not in ("none", "bearer", "header", "oauth"):
        raise wrong("kind", "This way to sign in is not known.", "Use none, bearer, header or oauth.")
    sign = Sign(kind=kind, name=header.strip() or "X-API-Key") if kind == "header" else Sign(kind=kind)
    secret = ""
    if kind == "oauth":
        from integrations.own.registration import register

        sign, secret = register(actor, address)
    row = _create(
        actor,
        WorkspaceConnector.Kind.MCP,
        title=title.strip() or urlsplit(address).hostname or "MCP server",
        description="",
        address=address,
        base_url=address,
        document=None,
        spec=OwnSpec(sign=sign),
        secret=secret,
    )
    if kind == "none":
        refresh(actor, row, choose_all=True)
    return row


def _create(
    actor: Actor,
    kind: str,
    *,
    title: str,
    description: str,
    address: str,
    base_url: str,
    document: dict[str, Any] | None,
    spec: OwnSpec,
    secret: str = "",
) -> WorkspaceConnector:
    from portal.workspaces.vault import data_key_of, place_of, seal

    rows = WorkspaceConnector.objects.for_workspace(actor.workspace)
    if rows.count() >= MAX_CONNECTORS:
        raise Conflict(f"A workspace has at most {MAX_CONNECTORS} connectors of its own.", remedy="Delete one first.")
    name, number = title[:120], 1
    while rows.filter(title=name).exists():
        number += 1
        name = f"{title[:110]} {number}"
    row = WorkspaceConnector(
        workspace=actor.workspace,
        key=new_key(),
        kind=kind,
        title=name,
        description=description,
        address=address,
        base_url=base_url,
        document=document,
        spec=spec.model_dump(mode="json"),
        refreshed_at=timezone.now() if document is not None else None,
        created_by=actor.user,
    )
    with transaction.atomic():
        if secret:
            row.data_key = data_key_of(actor.workspace)
            row.sealed = seal(row.data_key, {"client_secret": secret}, place_of(row))
        row.save()
        audit(actor, "connector.created", row, after={"title": row.title, "kind": row.kind})
    return row


# Changing one -----------------------------------------------------------------------------------------------


def _save(actor: Actor, row: WorkspaceConnector, spec: OwnSpec | None = None, **changed: Any) -> WorkspaceConnector:
    """Store a changed connector; whoever saved meanwhile wins, and the other is told."""
    values = dict(changed)
    if spec is not None:
        values["spec"] = spec.model_dump(mode="json")
    revision = row.revision
    try:
        with transaction.atomic():
            taken = WorkspaceConnector.objects.filter(pk=row.pk, revision=revision).update(
                **values, revision=revision + 1, updated_at=timezone.now()
            )
            if not taken:
                raise Conflict("Somebody else changed the connector meanwhile.", remedy="Look at it again.")
            audit(actor, "connector.changed", row, after={"revision": revision + 1, "fields": sorted(values)})
    except IntegrityError:
        raise Conflict("There is a connector of this name already.", remedy="Choose another name.") from None
    connectors.forget(row.key)
    row.refresh_from_db()
    return row


def add_actions(actor: Actor, row: WorkspaceConnector, sources: Iterable[str]) -> WorkspaceConnector:
    """Make actions of these operations or tools. What cannot be used is named, and nothing is changed."""
    actor.require(Permission.CONNECTION_MANAGE)
    spec = spec_of(row)
    actions = list(spec.actions)
    have = {action.source for action in actions}
    for source in dict.fromkeys(sources):
        if source in have:
            continue
        if len(actions) >= MAX_ACTIONS:
            raise Invalid(f"A connector has at most {MAX_ACTIONS} actions.", remedy="Take some out, or make another.")
        actions.append(_named(_made(row, spec, source), actions))
    return _save(actor, row, spec.model_copy(update={"actions": actions}))


def _made(row: WorkspaceConnector, spec: OwnSpec, source: str) -> OwnAction:
    if row.kind == WorkspaceConnector.Kind.MCP:
        tool = next((item for item in spec.tools if item["name"] == source), None)
        if tool is None:
            raise Invalid(f"The server has no tool {source!r}.", remedy="Refresh the connector.")
        return action_of(tool, set())
    action = operations.build(row.document, source)
    try:
        return action.model_copy(
            update={"input_schema": usable(action.input_schema), "output_schema": usable(action.output_schema)}
        )
    except ValueError as error:
        raise Invalid(f"{source} cannot be used: {error}", remedy="Choose another operation.") from None


def _named(action: OwnAction, others: Iterable[OwnAction]) -> OwnAction:
    taken = {one.name for one in others}
    name, number = action.name, 1
    while name in taken:
        number += 1
        name = f"{action.name[:60]}_{number}"
    return action.model_copy(update={"name": name})


def remove_action(actor: Actor, row: WorkspaceConnector, name: str) -> WorkspaceConnector:
    """Take an action out; workflows that use it say so when they are checked or run."""
    actor.require(Permission.CONNECTION_MANAGE)
    spec = spec_of(row)
    actions = [action for action in spec.actions if action.name != name]
    if len(actions) == len(spec.actions):
        raise NotFound("There is no such action.")
    return _save(actor, row, spec.model_copy(update={"actions": actions}))


def edit_action(actor: Actor, row: WorkspaceConnector, name: str, words: Mapping[str, Any]) -> WorkspaceConnector:
    """Change the words of an action: name, title, description, effect, and whether its answers are checked."""
    actor.require(Permission.CONNECTION_MANAGE)
    spec = spec_of(row)
    allowed = {"name", "title", "description", "effect", "checks_answer"}
    changed = {key: value for key, value in words.items() if key in allowed}
    found = next((action for action in spec.actions if action.name == name), None)
    if found is None:
        raise NotFound("There is no such action.")
    new_name = changed.get("name", name)
    if new_name != name and any(action.name == new_name for action in spec.actions):
        raise wrong("name", "Another action has this name.", "Choose another name.")
    try:
        edited = OwnAction.model_validate({**found.model_dump(), **changed})
    except ValidationError as error:
        from integrations.sdk.schema import problems_of

        raise Invalid("The action cannot be changed so.", problems=problems_of(error)) from None
    actions = [edited if action.name == name else action for action in spec.actions]
    return _save(actor, row, spec.model_copy(update={"actions": actions}))


def edit(
    actor: Actor,
    row: WorkspaceConnector,
    *,
    title: str | None = None,
    description: str | None = None,
    base_url: str | None = None,
    sign: int | None = None,
) -> WorkspaceConnector:
    """Change name, description, base address, or the way to sign in: -1 for none, else one that the document has."""
    actor.require(Permission.CONNECTION_MANAGE)
    changed: dict[str, Any] = {}
    spec = None
    if title is not None:
        if not title.strip() or len(title.strip()) > 120:
            raise wrong("title", "The name is empty or too long.", "Use 1 to 120 characters.")
        changed["title"] = title.strip()
    if description is not None:
        changed["description"] = description.strip()[:500]
    if base_url is not None and base_of(base_url.strip()) != row.base_url:
        if row.kind == WorkspaceConnector.Kind.MCP:
            raise wrong("base_url", "An MCP server keeps its address.", "Make another connector.")
        if not is_base(base_url.strip()):
            raise wrong("base_url", "This is not a full address.", "Start it with https://.")
        _refuse_other_host(row, base_url.strip())
        changed["base_url"] = base_of(base_url.strip())
    if sign is not None and row.kind == WorkspaceConnector.Kind.OPENAPI:
        spec = spec_of(row)
        if not -1 <= sign < len(spec.signs):
            raise wrong("sign", "The document has no such way to sign in.", "Choose one of the list.")
        spec = spec.model_copy(update={"sign": Sign() if sign < 0 else spec.signs[sign]})
        if spec.sign != spec_of(row).sign and Connection.objects.filter(connector=row.key).exists():
            raise Conflict(
                "Connections were made for the present way to sign in.", remedy="Delete the connections first."
            )
    return _save(actor, row, spec, **changed) if changed or spec else row


def _refuse_other_host(row: WorkspaceConnector, base_url: str) -> None:
    """A stored secret is for the host it was entered for."""
    before, after = urlsplit(row.base_url), urlsplit(base_url)
    is_other = (before.scheme, before.netloc) != (after.scheme, after.netloc)
    if row.base_url and is_other and Connection.objects.filter(connector=row.key).exists():
        raise Conflict(
            "Connections were made for the present host, and another one must not get their secrets.",
            remedy="Delete the connections first, then change the address.",
        )


def delete(actor: Actor, row: WorkspaceConnector) -> None:
    """Take the connector away with its connections; workflows that use it say so when they are checked or run."""
    actor.require(Permission.CONNECTION_MANAGE)
    with transaction.atomic():
        Connection.objects.for_workspace(actor.workspace).filter(connector=row.key).delete()
        audit(actor, "connector.deleted", row, before={"title": row.title})
        row.delete()
    connectors.forget(row.key)


# Looking at the source again --------------------------------------------------------------------------------


def refresh(actor: Actor, row: WorkspaceConnector, *, choose_all: bool = False) -> WorkspaceConnector:
    """Read document or tools again. Chosen actions keep their words; those that are gone are marked, not removed."""
    actor.require(Permission.CONNECTION_MANAGE)
    try:
        if row.kind == WorkspaceConnector.Kind.MCP:
            return _refresh_tools(actor, row, choose_all=choose_all)
        return _refresh_document(actor, row)
    except PortalError as error:
        WorkspaceConnector.objects.filter(pk=row.pk).update(refresh_error=error.explain().replace("\n", " ")[:500])
        row.refresh_from_db()
        raise


def refresh_tools_due() -> dict[str, int]:
    """Beat's turn: look again at the tools of MCP servers, a few at a time; what fails is shown on their pages."""
    counts = {"refreshed": 0, "failed": 0}
    rows = WorkspaceConnector.objects.filter(
        Q(checked_at=None) | Q(checked_at__lt=timezone.now() - TOOLS_KEPT), kind=WorkspaceConnector.Kind.MCP
    )
    for row in rows.select_related("workspace").order_by("checked_at")[:REFRESHED_AT_ONCE]:
        # Noted before the look, so that a server that hangs does not hold up the others' turn again and again.
        WorkspaceConnector.objects.filter(pk=row.pk).update(checked_at=timezone.now())
        try:
            refresh(system_actor(row.workspace), row)
            counts["refreshed"] += 1
        except PortalError as error:
            counts["failed"] += 1
            logger.warning("the tools of connector %s were not read: %s", row.key, error.error_code)
    return counts


def _refresh_document(actor: Actor, row: WorkspaceConnector) -> WorkspaceConnector:
    if not row.address:
        raise Conflict("The document was uploaded, so there is no address to read it from.", remedy="Upload it again.")
    return replace_document(actor, row, fetch(actor, row.address))


def replace_document(actor: Actor, row: WorkspaceConnector, content: bytes) -> WorkspaceConnector:
    """Put a newer document in; chosen actions keep their words."""
    actor.require(Permission.CONNECTION_MANAGE)
    document = read_document(content)
    spec, actions = spec_of(row), []
    for old in spec.actions:
        try:
            fresh = operations.build(document, old.source)
            fresh = fresh.model_copy(
                update={"input_schema": usable(fresh.input_schema), "output_schema": usable(fresh.output_schema)}
            )
        except (Invalid, ValueError):
            actions.append(old.model_copy(update={"gone": True}))
            continue
        kept = {name: getattr(old, name) for name in ("name", "title", "description", "effect", "checks_answer")}
        actions.append(fresh.model_copy(update=kept))
    signs = operations.signs(document, row.base_url if "://" in row.base_url else row.address)
    spec = spec.model_copy(update={"actions": actions, "signs": signs})
    return _save(actor, row, spec, document=document, refreshed_at=timezone.now(), refresh_error="")


def _refresh_tools(actor: Actor, row: WorkspaceConnector, *, choose_all: bool = False) -> WorkspaceConnector:
    spec = spec_of(row)
    connector = connectors.build(row)
    user_id = actor.user.pk if actor.user else None
    opened = credential_for(row.workspace_id, row.key, user_id=user_id) if connector.needs_credential else None
    (tools, name), transport = _read_anyhow(actor, connector, spec, opened)
    spec = merge(spec, tools).model_copy(update={"transport": transport})
    if choose_all:
        actions: list[OwnAction] = []
        for tool in tools[:MAX_ACTIONS]:
            actions.append(action_of(tool, {action.name for action in actions}))
        spec = spec.model_copy(update={"actions": actions})
    described = {} if row.description or not name else {"description": name[:500]}
    return _save(actor, row, spec, refreshed_at=timezone.now(), refresh_error="", **described)


def _read_anyhow(
    actor: Actor, connector: Connector, spec: OwnSpec, opened: Opened | None
) -> tuple[tuple[list[dict[str, Any]], str], Any]:
    """The tools, by the transport known or by the one that answers: Streamable HTTP first, then HTTP+SSE."""
    credential = typed_credential(connector, opened.values if opened and opened.values else None)
    egress = tuple(actor.workspace.egress_hosts) or None
    first: PortalError | None = None
    for transport in (spec.transport,) if spec.transport else ("http", "sse"):

        async def ask(ctx: Context, transport: str = transport) -> Any:
            return await read_tools(ctx, ctx.upstream.base_url, spec.sign, transport)

        async def run(ask: Any = ask) -> Any:
            return await in_context(
                connector,
                ask,
                label=f"{connector.id}.tools",
                context_options={"caller": Caller(), "workspace_id": str(actor.workspace.pk)},
                credential=credential,
                deadline=time.monotonic() + READ_SECONDS,
                store=RedisStore("sdk"),
                egress=egress,
            )

        try:
            return run_async(run), transport
        except PortalError as error:
            first = first or error
            if error.error_code in ("missing_credential", "not_allowed", "auth_error", "rate_limited"):
                raise
    assert first is not None
    raise first
