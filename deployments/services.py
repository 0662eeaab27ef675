"""Writes about deployments: revisions that are probed before they go live, roll-back, keys."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify

from deployments.contracts import Contract, compare, contract_of_action, contract_of_version
from deployments.mcp.target import announce
from deployments.models import SLUG, Deployment, DeploymentKey, Revision, Tool
from deployments.offers import checked, of_template
from deployments.probe import probe_now
from portal.common.crypto import token_hash
from portal.common.errors import Conflict, FieldProblem, Invalid, NotFound
from portal.common.ids import random_token
from portal.workspaces.models import Workspace
from portal.workspaces.roles import Permission
from portal.workspaces.services import Actor, audit
from workflows.cases import require_passing
from workflows.catalogue import get_template
from workflows.models import Workflow
from workflows.services import create_version, create_workflow

MAX_TOOLS = 128
KEY_OVERLAP = timedelta(hours=24)


def free_slug(name: str) -> str:
    """A slug from a name that no deployment has yet."""
    base = slugify(name)[:48].strip("-")
    base = base if len(base) >= 3 else f"server-{random_token(5).lower()}"
    slug = base
    while Deployment.objects.filter(slug=slug).exists():
        slug = f"{base}-{random_token(4).lower()}"
    return slug


def _checked_slug(slug: str) -> str:
    from django.core.exceptions import ValidationError

    try:
        SLUG(slug)
    except ValidationError as error:
        raise Invalid("This slug cannot be used.", problems=[FieldProblem("slug", error.messages[0])]) from None
    if Deployment.objects.filter(slug=slug).exists():
        problem = FieldProblem("slug", "This slug is taken.", "Choose another one.")
        raise Conflict("There is a server of this slug already.", problems=[problem])
    return slug


def _locked(actor: Actor, deployment: Deployment) -> Deployment:
    """The actor's own deployment, locked until the transaction ends."""
    found = Deployment.objects.for_workspace(actor.workspace).select_for_update().filter(pk=deployment.pk).first()
    if found is None:
        raise NotFound("There is no such server.")
    return found


def _locked_unretired(actor: Actor, deployment: Deployment) -> Deployment:
    locked = _locked(actor, deployment)
    if locked.state == Deployment.State.RETIRED:
        raise Conflict("This server is retired.", remedy="Make a new one.")
    return locked


@transaction.atomic
def create_deployment(
    actor: Actor, name: str, *, slug: str = "", description: str = "", instructions: str = "", template: str = ""
) -> Deployment:
    """A server without tools yet; it answers as soon as a revision goes live."""
    actor.require(Permission.DEPLOYMENT_MANAGE)
    if not name.strip():
        raise Invalid("The server has no name.", problems=[FieldProblem("name", "Give a name.")])
    deployment = Deployment.objects.create(
        workspace=actor.workspace,
        slug=_checked_slug(slug) if slug else free_slug(name),
        name=name.strip()[:120],
        description=description,
        instructions=instructions,
        created_by=actor.user,
        template=template,
    )
    audit(actor, "deployment.created", deployment)
    return deployment


def contracts_of(revision: Revision | None) -> list[Contract]:
    """The tools of a revision as contracts."""
    if revision is None:
        return []
    return [
        Contract(
            name=tool.name,
            title=tool.title,
            description=tool.description,
            input_schema=tool.input_schema,
            output_schema=tool.output_schema,
            annotations=tool.annotations,
            version_id=tool.version_id,
            action=tool.action,
            connection_id=tool.connection_id,
            fixed_params=tool.fixed_params,
            timeout_seconds=tool.timeout_seconds,
        )
        for tool in revision.tools.all()
    ]


def deploy(
    actor: Actor,
    deployment: Deployment,
    contracts: Sequence[Contract],
    *,
    note: str = "",
    canary_percent: int = 0,
) -> Revision:
    """Make a revision, let a real client list its tools, and switch to it. A failed probe leaves nothing live.

    With `canary_percent` the revision gets that share of the calls first, and the live one stays.
    """
    actor.require(Permission.DEPLOYMENT_MANAGE)
    revision = _create_revision(actor, deployment, contracts, note)
    try:
        probe_now(deployment.slug, revision.pk)
    except Exception:
        # The revision was never live and nobody can refer to it.
        revision.delete()
        raise
    Revision.objects.filter(pk=revision.pk).update(probed_at=timezone.now())
    if canary_percent and deployment.live_revision_id:
        from deployments.canary import start_canary

        start_canary(actor, deployment, revision.number, canary_percent)
        return revision
    return activate(actor, deployment, revision.number)


def _create_revision(actor: Actor, deployment: Deployment, contracts: Sequence[Contract], note: str) -> Revision:
    names = [contract.name for contract in contracts]
    if not names:
        raise Invalid("A server needs at least one tool.", problems=[FieldProblem("tools", "Choose a tool.")])
    if len(names) > MAX_TOOLS:
        raise Invalid(f"A server has at most {MAX_TOOLS} tools.", problems=[FieldProblem("tools", "Too many tools.")])
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        problem = FieldProblem("tools", f"These names occur twice: {', '.join(doubled)}.", "Rename one of each.")
        raise Invalid("Tool names must differ.", problems=[problem])
    with transaction.atomic():
        locked = _locked_unretired(actor, deployment)
        verdict, changes = compare(contracts_of(locked.live_revision), contracts)
        newest = locked.revisions.first()
        revision = Revision.objects.create(
            deployment=locked,
            number=(newest.number if newest else 0) + 1,
            note=note,
            verdict=verdict if locked.live_revision else Revision.Verdict.NONE,
            changes=[change.as_dict() for change in changes] if locked.live_revision else [],
            created_by=actor.user,
        )
        Tool.objects.bulk_create(
            Tool(revision=revision, position=position, **_columns(contract))
            for position, contract in enumerate(contracts)
        )
    return revision


def _columns(contract: Contract) -> dict[str, Any]:
    return {name: getattr(contract, name) for name in contract.__slots__}


@transaction.atomic
def activate(actor: Actor, deployment: Deployment, number: int) -> Revision:
    """Make a revision the live one: what a deploy ends with, and what a roll-back is. URL and keys stay."""
    actor.require(Permission.DEPLOYMENT_MANAGE)
    locked = _locked(actor, deployment)
    revision = locked.revisions.filter(number=number).first()
    if revision is None:
        raise NotFound(f"There is no revision {number} of this server.")
    if revision.probed_at is None:
        raise Conflict("This revision never passed its probe.", remedy="Deploy again.")
    before = locked.live_revision
    locked.live_revision = revision
    # Whatever was on trial was on trial against the revision that was live.
    locked.canary_revision, locked.canary_percent, locked.canary_since = None, 0, None
    locked.save(update_fields=["live_revision", "canary_revision", "canary_percent", "canary_since", "updated_at"])
    revision.activated_at = timezone.now()
    revision.save(update_fields=["activated_at"])
    audit(
        actor,
        "deployment.activated",
        locked,
        before={"revision": before.number if before else None},
        after={"revision": revision.number},
    )
    deployment.live_revision, slug = revision, locked.slug
    transaction.on_commit(lambda: announce(slug, tools_changed=True))
    return revision


@transaction.atomic
def update_deployment(actor: Actor, deployment: Deployment, **changes: Any) -> Deployment:
    """Change what needs no new revision: name, words, limits, origins. Every process serves it at once."""
    actor.require(Permission.DEPLOYMENT_MANAGE)
    locked = _locked_unretired(actor, deployment)
    if offered := {"prompts", "resources"} & changes.keys():
        tools = {tool.name: tool.annotations for tool in contracts_of(locked.live_revision)}
        changes |= {name: checked(name, changes[name], tools=tools) for name in offered}
    changes = {name: value for name, value in changes.items() if getattr(locked, name) != value}
    before = {name: getattr(locked, name) for name in changes}
    for name, value in changes.items():
        setattr(locked, name, value)
    locked.save(update_fields=[*changes, "updated_at"])
    audit(actor, "deployment.updated", locked, before=before, after=changes)
    transaction.on_commit(lambda: announce(locked.slug, tools_changed=False))
    for name, value in changes.items():
        setattr(deployment, name, value)
    return locked


@transaction.atomic
def set_state(actor: Actor, deployment: Deployment, state: str) -> Deployment:
    """Pause, resume or retire a server. A retired one answers 404 for good; its history stays."""
    actor.require(Permission.DEPLOYMENT_MANAGE)
    locked = _locked_unretired(actor, deployment)
    before = locked.state
    locked.state = Deployment.State(state)
    locked.save(update_fields=["state", "updated_at"])
    audit(actor, f"deployment.{state}", locked, before={"state": before}, after={"state": state})
    deployment.state = locked.state
    transaction.on_commit(lambda: announce(locked.slug, tools_changed=False))
    return locked


def stop_serving(workspace: Workspace, **_signal: Any) -> None:
    """The workspace goes: its servers are retired, and every process forgets them."""
    found = Deployment.objects.for_workspace(workspace)
    slugs = list(found.values_list("slug", flat=True))
    found.update(state=Deployment.State.RETIRED)
    DeploymentKey.objects.filter(deployment__workspace=workspace, revoked_at=None).update(revoked_at=timezone.now())

    def tell() -> None:
        for slug in slugs:
            announce(slug, tools_changed=False)

    transaction.on_commit(tell)


# Keys --------------------------------------------------------------------------------------------------------


@transaction.atomic
def create_key(
    actor: Actor,
    deployment: Deployment,
    label: str,
    *,
    expires_at: datetime | None = None,
    per_minute: int = 0,
    daily_calls: int = 0,
    monthly_calls: int = 0,
    is_own: bool = False,
) -> tuple[DeploymentKey, str]:
    """A new key and its secret, which is shown once and not kept; a limit of 0 is none besides the server's.

    Calls with a key that `is_own` are those of the actor, whose credential it is and who passes it to nobody.
    """
    actor.require(Permission.DEPLOYMENT_MANAGE)
    if deployment.workspace_id != actor.workspace.pk:
        raise NotFound("There is no such server.")
    if not label.strip():
        raise Invalid("The key has no label.", problems=[FieldProblem("label", "Give a label.")])
    secret = f"mcpk_{random_token(40)}"
    key = DeploymentKey.objects.create(
        deployment=deployment,
        label=label.strip()[:80],
        prefix=secret[:11],
        token_hash=token_hash(secret),
        created_by=actor.user,
        acts_for=actor.user if is_own else None,
        expires_at=expires_at,
        per_minute=per_minute,
        daily_calls=daily_calls,
        monthly_calls=monthly_calls,
    )
    audit(actor, "deployment.key_created", deployment, after={"label": key.label, "prefix": key.prefix})
    return key, secret


def _key(deployment: Deployment, key_id: UUID) -> DeploymentKey:
    found = deployment.keys.select_for_update().filter(pk=key_id).first()
    if found is None:
        raise NotFound("There is no such key.")
    return found


@transaction.atomic
def rotate_key(
    actor: Actor, deployment: Deployment, key_id: UUID, *, overlap: timedelta = KEY_OVERLAP
) -> tuple[DeploymentKey, str]:
    """A new key of the same label; the old one works on for the overlap."""
    actor.require(Permission.DEPLOYMENT_MANAGE)
    old = _key(deployment, key_id)
    if not old.is_usable():
        raise Conflict("This key is expired or revoked.", remedy="Create a new one.")
    new, secret = create_key(
        actor,
        deployment,
        old.label,
        expires_at=old.expires_at,
        per_minute=old.per_minute,
        daily_calls=old.daily_calls,
        monthly_calls=old.monthly_calls,
    )
    ends = timezone.now() + overlap
    old.expires_at = min(old.expires_at, ends) if old.expires_at else ends
    old.save(update_fields=["expires_at"])
    return new, secret


@transaction.atomic
def revoke_key(actor: Actor, deployment: Deployment, key_id: UUID) -> DeploymentKey:
    actor.require(Permission.DEPLOYMENT_MANAGE)
    key = _key(deployment, key_id)
    if key.revoked_at is None:
        key.revoked_at = timezone.now()
        key.save(update_fields=["revoked_at"])
        audit(actor, "deployment.key_revoked", deployment, after={"label": key.label, "prefix": key.prefix})
    return key


# From workflows and templates ----------------------------------------------------------------------------------


def deploy_workflow(
    actor: Actor,
    workflow: Workflow,
    *,
    deployment: Deployment | None = None,
    tool_name: str = "",
    description: str = "",
    note: str = "",
    with_tests: bool = True,
    canary_percent: int = 0,
) -> tuple[Deployment, Revision]:
    """Freeze the draft and serve it: on a new server, or beside (or instead of) the tools of an existing one.

    `FailingTests` when a test of the workflow does not pass, unless `with_tests` is off.
    """
    from deployments.contracts import tool_name as name_from

    actor.require(Permission.DEPLOYMENT_MANAGE)
    if with_tests:
        require_passing(workflow)
    version = create_version(actor, workflow.pk, note=note)
    known = contracts_of(deployment.live_revision) if deployment else []
    own_versions = set(workflow.versions.values_list("pk", flat=True))
    current = next((item for item in known if item.version_id in own_versions), None)
    contract = contract_of_version(
        version,
        name=tool_name or (current.name if current else _template_tool_name(workflow) or name_from(workflow.name)),
        title=current.title if current else workflow.name,
        description=description or workflow.description or (current.description if current else ""),
    )
    others = [item for item in known if item.version_id not in own_versions]
    if deployment is None:
        deployment = create_deployment(actor, workflow.name, template=workflow.template)
    revision = deploy(actor, deployment, [*others, contract], note=note, canary_percent=canary_percent)
    return deployment, revision


def _template_tool_name(workflow: Workflow) -> str:
    """A workflow made from a one-tool template keeps the template's tool name."""
    from workflows.catalogue import templates

    template = templates().get(workflow.template)
    return template.tools[0].name if template and len(template.tools) == 1 else ""


def deploy_template(
    actor: Actor, key: str, *, slug: str = "", language: str = "en", key_label: str = "First key"
) -> tuple[Deployment, Revision, str]:
    """The whole way at once: workflows, server, revision, and a first key (returned in the clear)."""
    actor.require(Permission.DEPLOYMENT_MANAGE)
    template = get_template(key)
    contracts: list[Contract] = []
    for tool in template.tools:
        title = tool.title.in_language(language)
        if tool.definition is None:
            contracts.append(contract_of_action(tool.action, name=tool.name, title=title, description=tool.description))
            continue
        workflow = create_workflow(actor, title, description=tool.description, definition=tool.definition, template=key)
        version = create_version(actor, workflow.pk)
        contracts.append(contract_of_version(version, name=tool.name, title=title, description=tool.description))
    deployment = create_deployment(
        actor,
        template.title.in_language(language),
        slug=slug or free_slug(template.key),
        description=template.description.in_language(language),
        instructions=template.instructions,
        template=key,
    )
    revision = deploy(actor, deployment, contracts)
    if template.prompts or template.resources:
        deployment = update_deployment(actor, deployment, **of_template(template, language))
    _, secret = create_key(actor, deployment, key_label)
    return deployment, revision, secret
