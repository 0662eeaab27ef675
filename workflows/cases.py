"""Tests of workflows: recorded from a run, replayed against a definition without touching any upstream.

Nodes that reach outside (every connector that is not local, sub-workflows, approvals) answer what they answered when
the test was recorded; everything else is computed for real. So a test tells whether the workflow still makes the same
of the same answers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from integrations.registry import catalogue, registry
from integrations.runtime import run_action
from integrations.sdk import Caller
from portal.common.bridge import run_async
from portal.common.errors import Conflict, FieldProblem, Invalid, NotFound, TooLarge
from portal.common.json import dumps
from portal.workspaces.roles import Permission
from portal.workspaces.services import Actor, audit
from workflows import payloads
from workflows.definition import Definition, load
from workflows.differences import json_changes
from workflows.engine import Checkpoint, Given, NodeCall, Options, Ports, Result, compile, run
from workflows.engine.errors import RunError
from workflows.models import Execution, NodeRun, Workflow
from workflows.run_models import WorkflowTest

MAX_BYTES = 4 * 1024 * 1024
MAX_TESTS = 50
#: A test that takes longer is broken: nothing in it waits for anybody.
SECONDS = 30.0
#: Built-in nodes whose result comes from outside of the graph.
OUTSIDE = frozenset({"flow.subworkflow", "flow.approval", "flow.wait"})


class NotRecorded(RunError):
    """The graph asks something that the recorded run did not."""

    code = "not_recorded"


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a test ended; `message` says what was wrong."""

    name: str
    passed: bool
    message: str = ""


def is_local(action_id: str) -> bool:
    """Whether an action is pure logic, which a test runs for real."""
    connector = registry().connectors.get(action_id.partition(".")[0])
    return connector is not None and connector.local


class Replay:
    """The engine's port to actions: recorded answers for what is outside, real work for the rest."""

    def __init__(self, answers: Mapping[str, Mapping[str, Any]]) -> None:
        self._answers = answers

    async def call(self, call: NodeCall, /) -> Any:
        answer = self._answers.get(call.path)
        if answer is None and is_local(call.action_id):
            return await run_action(
                call.action_id,
                call.params,
                credential=None,
                caller=Caller(kind="test"),
                execution_id=call.execution_id,
                node_id=call.node_id,
                deadline=call.deadline,
            )
        if answer is None or answer.get("action") != call.action_id:
            raise NotRecorded(
                f"No answer of {call.action_id} is recorded for `{call.path}`.",
                remedy="Run the workflow and save the run as a test again.",
            )
        if error := answer.get("error"):
            raise Recorded(error)
        return answer.get("output")


class Recorded(RunError):
    """An error that an upstream gave when the test was recorded."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        super().__init__(str(data.get("message", "")), code=data.get("code"), remedy=str(data.get("remedy", "")))


async def replay(definition: Definition, test: WorkflowTest) -> Verdict:
    """Run one test against a definition."""
    given = {
        path: Given(answer.get("output"), answer.get("port") or "out", "recorded")
        for path, answer in test.answers.items()
        if answer.get("action") in OUTSIDE and "error" not in answer
    }
    # Attempts and waits belong to upstreams, and theirs are recorded.
    patient = _without_waiting(definition)
    try:
        plan = compile(patient, catalogue())
        options = Options(execution_id=f"test-{test.pk}", timeout=SECONDS)
        result = await run(
            plan, test.input, Ports(actions=Replay(test.answers)), options, checkpoint=Checkpoint(given=given)
        )
    except Invalid as error:
        return Verdict(test.name, False, error.explain())
    return Verdict(test.name, *_judge(result, test))


def _without_waiting(definition: Definition) -> Definition:
    data = definition.as_data()

    def calm(nodes: list[dict[str, Any]]) -> None:
        for node in nodes:
            node.pop("retry", None)
            calm((node.get("body") or {}).get("nodes") or [])

    calm(data["nodes"])
    return load(data)


def _judge(result: Result, test: WorkflowTest) -> tuple[bool, str]:
    wanted = test.expected.get("state", "succeeded")
    error = result.error.as_dict() if result.error else {}
    if result.status != wanted:
        said = f": {error['message']}" if error.get("message") else ""
        node = f" at `{error['node']}`" if error.get("node") else ""
        return False, f"The run ended as {result.status}{node}{said} It was expected to end as {wanted}."
    if wanted == "failed":
        code = test.expected.get("code", "")
        same = error.get("code") == code
        return same, "" if same else f"The run failed with {error.get('code')}, and {code} was expected."
    changes = json_changes(test.expected.get("output"), result.output, ignore=frozenset(test.ignored))
    if not changes:
        return True, ""
    lines = [_line(change.path, change.old, change.new) for change in changes[:5]]
    more = f"\n… and {len(changes) - 5} more differences." if len(changes) > 5 else ""
    return False, "The output differs:\n" + "\n".join(lines) + more


def _line(path: str, old: Any, new: Any) -> str:
    def short(value: Any) -> str:
        text = dumps(value)
        return text if len(text) <= 120 else text[:119] + "…"

    return f"- {path or 'output'}: expected {short(old)}, got {short(new)}"


# Keeping them ------------------------------------------------------------------------------------------------


def answers_of(run: Execution) -> dict[str, dict[str, Any]]:
    """What nodes that reach outside answered in a run, by path."""
    found: dict[str, dict[str, Any]] = {}
    for record in NodeRun.objects.filter(execution=run).order_by("position"):
        if record.action in OUTSIDE or not (record.action.startswith("flow.") or is_local(record.action)):
            answer = {"action": record.action, "output": record.output, "port": record.port or "out"}
            if record.error:
                kept = {name: record.error.get(name, "") for name in ("code", "message", "remedy")}
                answer = {"action": record.action, "error": kept}
            found[record.path] = answer
    return found


@transaction.atomic
def save_test(actor: Actor, run: Execution, name: str, *, ignored: Iterable[str] = ()) -> WorkflowTest:
    """Make a test of a finished run: its input, the answers it got, and its end as what is expected."""
    actor.require(Permission.WORKFLOW_UPDATE)
    payloads.require(actor, run, "test")
    if run.workspace_id != actor.workspace.pk or run.workflow is None:
        raise Invalid("Only a run of a workflow can be saved as a test.", remedy="Run the workflow itself once.")
    if run.state not in (Execution.State.SUCCEEDED, Execution.State.FAILED):
        raise Conflict("Only a run that succeeded or failed can be saved as a test.")
    name = name.strip()
    if not name or len(name) > 120:
        raise Invalid("The test has no usable name.", problems=[FieldProblem("name", "Use 1 to 120 characters.")])
    if run.workflow.tests.count() >= MAX_TESTS:
        raise Conflict(f"A workflow has at most {MAX_TESTS} tests.", remedy="Delete one first.")
    expected: dict[str, Any] = {"state": run.state}
    if run.state == Execution.State.SUCCEEDED:
        expected["output"] = run.output
    else:
        expected["code"] = (run.error or {}).get("code", "")
    answers = answers_of(run)
    size = len(dumps([answers, expected, run.input]).encode())
    if size > MAX_BYTES:
        raise TooLarge(f"The answers of this run are {size // 1024:,} KiB; a test keeps at most {MAX_BYTES // 1024}.")
    try:
        with transaction.atomic():
            test: WorkflowTest = WorkflowTest.objects.create(
                workflow=run.workflow,
                name=name,
                input=run.input,
                answers=answers,
                expected=expected,
                ignored=[path.strip() for path in ignored if path.strip()],
                recorded_from=run.pk,
                created_by=actor.user,
            )
    except IntegrityError:
        problem = FieldProblem("name", "There is a test of this name.", "Choose another name.")
        raise Conflict("The workflow has a test of this name already.", problems=[problem]) from None
    audit(actor, "workflow.test_saved", run.workflow, after={"name": name})
    return test


def tests_of(workflow: Workflow) -> list[WorkflowTest]:
    return list(WorkflowTest.objects.filter(workflow=workflow).select_related("created_by"))


@transaction.atomic
def delete_test(actor: Actor, workflow: Workflow, test_id: UUID) -> None:
    actor.require(Permission.WORKFLOW_UPDATE)
    if workflow.workspace_id != actor.workspace.pk:
        raise NotFound("There is no such workflow.")
    count, _rows = WorkflowTest.objects.filter(workflow=workflow, pk=test_id).delete()
    if not count:
        raise NotFound("There is no such test.")
    audit(actor, "workflow.test_deleted", workflow)


def check(workflow: Workflow, data: Mapping[str, Any] | None = None) -> list[Verdict]:
    """Replay all tests of a workflow against a definition, its draft unless another is given; keeps the results."""
    tests = tests_of(workflow)
    if not tests:
        return []
    definition = load(data if data is not None else workflow.draft)

    async def all_of_them() -> list[Verdict]:
        return list(await asyncio.gather(*(replay(definition, test) for test in tests)))

    verdicts = run_async(all_of_them)
    now = timezone.now()
    for test, verdict in zip(tests, verdicts, strict=True):
        test.passed, test.message, test.checked_at = verdict.passed, verdict.message, now
    WorkflowTest.objects.bulk_update(tests, ["passed", "message", "checked_at"])
    return verdicts


class FailingTests(Conflict):
    """The tests of the workflow do not pass with what would be deployed."""

    code = "tests_failed"


def require_passing(workflow: Workflow, data: Mapping[str, Any] | None = None) -> None:
    """Raise `FailingTests` naming every test that does not pass."""
    failed = [verdict for verdict in check(workflow, data) if not verdict.passed]
    if failed:
        raise FailingTests(
            f"{len(failed)} tests of the workflow fail." if len(failed) > 1 else "A test of the workflow fails.",
            problems=[FieldProblem(verdict.name, verdict.message) for verdict in failed],
            remedy="Mend the workflow, save the tests again, or deploy without them.",
        )
