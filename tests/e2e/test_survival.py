"""Workers, Redis and PostgreSQL die in the middle of 200 runs: every accepted run ends once, with the right result."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest

from tests.e2e.product import Product

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(600)]
RUNS = 200
START = f"""
import json
from portal.workspaces.sample import ensure_sample
from workflows.services import create_workflow, start_execution
definition = {{
    "schema_version": 1,
    "inputs": {{"type": "object", "properties": {{"n": {{"type": "integer"}}}}, "required": ["n"]}},
    "nodes": [
        {{"id": "a", "action": "text.echo", "params": {{"text": "{{{{ input.n }}}}!"}}}},
        {{"id": "nap", "action": "flow.wait", "params": {{"seconds": 1.5}}}},
        {{"id": "b", "action": "text.echo", "params": {{"text": "{{{{ a.text }}}}"}}}},
    ],
    "edges": [{{"from": "a", "to": "nap"}}, {{"from": "nap", "to": "b"}}],
    "output": {{"said": "{{{{ b.text }}}}"}},
}}
actor = ensure_sample()
workflow = create_workflow(actor, "Survival", definition=definition)
ids = [str(start_execution(actor, workflow, {{"n": n}}).execution_id) for n in range({RUNS})]
print(json.dumps(len(set(ids))))
"""
COUNT = """
import json
from collections import Counter
from workflows.models import Execution
rows = Execution.objects.filter(workflow__name="Survival")
print(json.dumps(Counter(rows.values_list("state", flat=True))))
"""
LOOK = """
import json
from collections import Counter
from workflows.models import Execution, ExecutionEvent, NodeRun
fields = ("id", "state", "input", "output", "crashes", "error")
rows = list(Execution.objects.filter(workflow__name="Survival").values(*fields))
wrong = [row for row in rows if row["state"] != "succeeded" or row["output"] != {"said": f"{row['input']['n']}!"}]
ids = [row["id"] for row in rows]
ends, gaps = Counter(), 0
for identifier in ids:
    events = list(ExecutionEvent.objects.filter(execution_id=identifier).order_by("seq").values_list("seq", "kind"))
    gaps += [seq for seq, _ in events] != list(range(1, len(events) + 1))
    ends[sum(kind == "run.succeeded" for _, kind in events)] += 1
nodes = NodeRun.objects.filter(execution_id__in=ids, state="succeeded").count()
print(json.dumps({"runs": len(rows), "wrong": str(wrong[:3]), "ends": ends, "gaps": gaps, "nodes": nodes,
                  "resumed": sum(row["crashes"] > 0 for row in rows)}))
"""


@pytest.fixture
def fragile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    product = Product(tmp_path_factory.mktemp("fragile"), EXECUTION_LEASE_SECONDS="4", EXECUTION_CLAIM_SECONDS="6")
    try:
        product.wait_until_ready()
        yield product
    finally:
        product.stop()


def test_every_accepted_run_ends_exactly_once(fragile: Product) -> None:
    assert fragile.ask(START) == RUNS

    fragile.kill("worker")
    time.sleep(2)
    fragile.kill("redis")
    time.sleep(2)
    fragile.kill("postgres")
    time.sleep(1)
    fragile.kill("worker")

    deadline = time.monotonic() + 240
    while (states := fragile.ask(COUNT)) != {"succeeded": RUNS}:
        assert time.monotonic() < deadline, (states, fragile.ask(LOOK), fragile.log.read_text()[-3000:])
        time.sleep(2)
    found = fragile.ask(LOOK)

    print(json.dumps(found))
    assert found["runs"] == RUNS and found["wrong"] == "[]"
    assert found["ends"] == {"1": RUNS}, "a run ended more than once"
    assert found["gaps"] == 0
    assert found["nodes"] == 3 * RUNS
    assert found["resumed"] > 0, "no run was in a worker's hands when it died: the test proved nothing"
