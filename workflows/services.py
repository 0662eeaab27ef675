"""Writes about workflows: drafts with optimistic locking, immutable versions, runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from integrations.registry import catalogue, catalogue_of
from portal.common.errors import Conflict, FieldProblem, Invalid, NotFound, PermissionDenied
from portal.workspaces.roles import Permission
from portal.workspaces.services import Actor, audit
from workflows import dispatch, payloads
from workflows.catalogue import get_template
from workflows.definition import (
    Definition,
    Issue,
    content_hash,
    export_document,
    import_document,
    load,
    validate,
)
from workflows.dispatch import Outcome, Start
from workflows.draft_news import announce_draft
from workflows.engine import compile
from workflows.models import Execution, NodeRun, Workflow, WorkflowVersion
from workflows.partial import Part, cut

NAME_LENGTH = 120


def empty_definition() -> dict[str, Any]:
    return Definition().as_data()


def check_definition(data: Mapping[str, Any], workspace: Any = None) -> list[Issue]:
    """Everything that is wrong or risky in a definition, as the canvas shows while somebody types.

    With a workspace, its own connectors exist too; those of others exist for nobody else.
    """
    return validate(load(data), catalogue() if workspace is None else catalogue_of(workspace))


def _checked_name(name: str) -> str:
    name = name.strip()
    if not name or len(name) > NAME_LENGTH:
        problem = FieldProblem("name", "The name is empty or too long.", f"Use 1 to {NAME_LENGTH} characters.")
        raise Invalid("The workflow has no usable name.", problems=[problem])
    return name


@transaction.atomic
def create_workflow(
    actor: Actor,
    name: str,
    *,
    description: str = "",
    definition: Mapping[str, Any] | None = None,
    template: str = "",
) -> Workflow:
    """A new workflow with its first draft, which need not be complete yet."""
    actor.require(Permission.WORKFLOW_CREATE)
    draft = load(definition).as_data() if definition is not None else empty_definition()
    workflow = Workflow.objects.create(
        workspace=actor.workspace,
        name=_checked_name(name),
        description=description,
        draft=draft,
        draft_saved_by=actor.user,
        created_by=actor.user,
        template=template,
    )
    audit(actor, "workflow.created", workflow)
    return workflow


def create_from_template(actor: Actor, key: str, *, language: str = "en") -> list[Workflow]:
    """The workflows of a template, one per tool that has a graph of its own."""
    template = get_template(key)
    made = []
    for tool in template.tools:
        if tool.definition is not None:
            made.append(
                create_workflow(
                    actor,
                    tool.title.in_language(language),
                    description=tool.description,
                    definition=tool.definition,
                    template=key,
                )
            )
    return made


def _locked(actor: Actor, workflow_id: UUID) -> Workflow:
    found = Workflow.objects.for_workspace(actor.workspace).select_for_update().filter(pk=workflow_id).first()
    if found is None:
        raise NotFound("There is no such workflow.")
    return found


@transaction.atomic
def save_draft(actor: Actor, workflow_id: UUID, definition: Mapping[str, Any], *, base_revision: int) -> Workflow:
    """Replace the draft. `Conflict` when somebody saved after `base_revision`; nothing is overwritten then."""
    actor.require(Permission.WORKFLOW_UPDATE)
    workflow = _locked(actor, workflow_id)
    if workflow.draft_revision != base_revision:
        author = str(workflow.draft_saved_by) if workflow.draft_saved_by else ""
        raise Conflict(
            "Somebody else changed this workflow meanwhile.",
            remedy="Load the present draft and merge your changes.",
            details={
                "draft_revision": workflow.draft_revision,
                "saved_by": author,
                "saved_at": workflow.draft_saved_at.isoformat(),
            },
        )
    draft = load(definition).as_data()
    if draft == workflow.draft:
        return workflow
    workflow.draft, workflow.draft_saved_by = draft, actor.user
    workflow.draft_revision += 1
    workflow.save(update_fields=["draft", "draft_revision", "draft_saved_at", "draft_saved_by"])
    revision, author = workflow.draft_revision, str(actor.user or "")
    transaction.on_commit(lambda: announce_draft(workflow_id, revision, author))
    return workflow


@transaction.atomic
def update_workflow(
    actor: Actor, workflow_id: UUID, *, name: str | None = None, description: str | None = None,
    labels: list[str] | None = None,
) -> Workflow:  # fmt: skip
    """Rename or describe a workflow; the draft is not touched."""
    actor.require(Permission.WORKFLOW_UPDATE)
    workflow = _locked(actor, workflow_id)
    before = {"name": workflow.name, "description": workflow.description}
    if name is not None:
        workflow.name = _checked_name(name)
    if description is not None:
        workflow.description = description
    if labels is not None:
        workflow.labels = labels
    workflow.save(update_fields=["name", "description", "labels"])
    after = {"name": workflow.name, "description": workflow.description}
    audit(actor, "workflow.updated", workflow, before=before, after=after)
    return workflow


@transaction.atomic
def delete_workflow(actor: Actor, workflow_id: UUID) -> None:
    """Delete a workflow with its versions; `Conflict` while a server still serves one of them."""
    actor.require(Permission.WORKFLOW_DELETE)
    workflow = _locked(actor, workflow_id)
    audit(actor, "workflow.deleted", workflow)
    try:
        with transaction.atomic():
            workflow.delete()
    except Exception as error:
        from django.db.models import ProtectedError

        if not isinstance(error, ProtectedError):
            raise
        raise Conflict(
            "A server serves a version of this workflow.",
            remedy="Take its tools off the servers first, or retire the servers.",
        ) from None


@transaction.atomic
def create_version(actor: Actor, workflow_id: UUID, *, name: str = "", note: str = "") -> WorkflowVersion:
    """Freeze the draft. `InvalidDefinition` lists what is wrong; an unchanged draft gives the newest version again."""
    actor.require(Permission.WORKFLOW_UPDATE)
    workflow = _locked(actor, workflow_id)
    definition = load(workflow.draft)
    if not definition.nodes:
        raise Invalid("The workflow has no nodes yet.", remedy="Add at least one node.")
    compile(definition, catalogue_of(actor.workspace))
    digest = content_hash(definition)
    newest = workflow.versions.first()
    if newest is not None and newest.content_hash == digest and not name:
        return newest
    version = WorkflowVersion.objects.create(
        workflow=workflow,
        number=(newest.number if newest else 0) + 1,
        name=name,
        note=note,
        definition=definition.as_data(),
        content_hash=digest,
        created_by=actor.user,
    )
    audit(actor, "workflow.version_created", workflow, after={"number": version.number})
    return version


@transaction.atomic
def restore_version(actor: Actor, workflow_id: UUID, number: int) -> Workflow:
    """Make an old version the draft again."""
    actor.require(Permission.WORKFLOW_UPDATE)
    workflow = _locked(actor, workflow_id)
    version = workflow.versions.filter(number=number).first()
    if version is None:
        raise NotFound(f"There is no version {number} of this workflow.")
    workflow.draft, workflow.draft_saved_by = version.definition, actor.user
    workflow.draft_revision += 1
    workflow.save(update_fields=["draft", "draft_revision", "draft_saved_at", "draft_saved_by"])
    audit(actor, "workflow.version_restored", workflow, after={"number": number})
    return workflow


def export_workflow(workflow: Workflow) -> dict[str, Any]:
    """A portable document: no ids, no credentials."""
    return export_document(load(workflow.draft), name=workflow.name, description=workflow.description)


def import_workflow(actor: Actor, document: Mapping[str, Any]) -> Workflow:
    name, description, definition = import_document(document)
    return create_workflow(actor, name, description=description, definition=definition.as_data())


def start_execution(
    actor: Actor,
    workflow: Workflow,
    input: Mapping[str, Any] | None = None,
    *,
    version: WorkflowVersion | None = None,
    source: str = Execution.Source.PAGE,
    idempotency_key: str | None = None,
    caller: Mapping[str, Any] | None = None,
    part: Part | None = None,
) -> Outcome:
    """Start a run of a version, or of the draft as it is now. Wrong input raises before anything is stored.

    With `part`, only a part of the draft runs, or some nodes take results that are known already.
    """
    actor.require(Permission.WORKFLOW_EXECUTE)
    if workflow.workspace_id != actor.workspace.pk:
        raise NotFound("There is no such workflow.")
    document = version.definition if version is not None else workflow.draft
    definition = load(document)
    if not definition.nodes:
        raise Invalid("The workflow has no nodes yet.", remedy="Add at least one node.")
    definition, options = cut(actor, workflow, definition, part) if part is not None else (definition, None)
    prepared = compile(definition, catalogue_of(actor.workspace)).prepare_input(input or {})
    user = actor.user
    return dispatch.start(
        Start(
            workspace_id=actor.workspace.pk,
            workflow_id=workflow.pk,
            version_id=version.pk if version is not None else None,
            definition=definition.as_data() if version is None or options else None,
            input=prepared,
            source=source,
            caller=dict(caller or {"kind": "user", "label": user.email if user else "system"})
            | {"user_id": str(user.pk) if user else ""},
            user_id=user.pk if user else None,
            idempotency_key=idempotency_key,
            queue="interactive",
            timeout_seconds=definition.timeout or 600.0,
            options=options,
        )
    )


def cancel_execution(actor: Actor, execution: Execution) -> bool:
    """Ask a run to stop; False when it had ended already."""
    actor.require(Permission.WORKFLOW_EXECUTE)
    return dispatch.cancel(execution.pk)


def _locked_execution(actor: Actor, execution_id: UUID) -> Execution:
    """The workspace's run, locked until the transaction ends."""
    found = Execution.objects.for_workspace(actor.workspace).select_for_update().filter(pk=execution_id).first()
    if found is None:
        raise NotFound("There is no such run.")
    return found


@transaction.atomic
def decide(
    actor: Actor, execution_id: UUID, path: str, *, approved: bool, comment: str = "", by: str = ""
) -> Execution:
    """Answer a node that waits for a person, and let the run go on. `by` names who decides for a system actor."""
    actor.require(Permission.WORKFLOW_EXECUTE)
    execution = _locked_execution(actor, execution_id)
    asked = {item["path"]: item["data"] for item in execution.waiting or [] if item["kind"] == "approval"}
    decided = execution.decisions or {}
    # A run with several questions goes on after each answer; the next one may come while it does.
    if execution.is_done or path not in asked or path in decided:
        raise Conflict("This run does not wait for a decision here.")
    approvers = [str(one).strip().lower() for one in asked[path].get("approvers") or ()]
    if approvers and actor.user is not None and actor.user.email.lower() not in approvers:
        raise PermissionDenied(
            "This decision is for others.", remedy=f"It can be made by: {', '.join(approvers[:10])}."
        )
    decision = {
        "approved": approved,
        "by": actor.user.email if actor.user else by or "system",
        "comment": comment,
        "at": timezone.now().isoformat(),
    }
    execution.decisions = {**decided, path: decision}
    fields = ["decisions"]
    if execution.state == Execution.State.WAITING:
        execution.state, execution.lease_until = Execution.State.QUEUED, timezone.now()
        fields += ["state", "lease_until"]
        transaction.on_commit(lambda: dispatch.send_task(execution.pk, execution.queue))
    execution.save(update_fields=fields)
    audit(actor, "execution.decided", execution, after={"path": path, "approved": approved, "by": decision["by"]})
    return execution


@transaction.atomic
def resume_execution(actor: Actor, execution_id: UUID) -> Execution:
    """Run a failed or stopped execution again from where it failed: finished nodes keep their results."""
    actor.require(Permission.WORKFLOW_EXECUTE)
    execution = _locked_execution(actor, execution_id)
    if execution.state not in (Execution.State.FAILED, Execution.State.CANCELLED):
        raise Conflict("Only a failed or stopped run can be resumed.")
    payloads.require_kept(execution)
    NodeRun.objects.filter(execution=execution, state=NodeRun.State.FAILED).delete()
    execution.state, execution.error, execution.finished_at = Execution.State.QUEUED, None, None
    execution.cancel_requested_at, execution.crashes = None, 0
    execution.started_at, execution.lease_until = None, timezone.now()
    execution.save(
        update_fields=[
            "state", "error", "finished_at", "cancel_requested_at", "crashes", "started_at", "lease_until",
        ]
    )  # fmt: skip
    audit(actor, "execution.resumed", execution)
    transaction.on_commit(lambda: dispatch.send_task(execution.pk, execution.queue))
    return execution
