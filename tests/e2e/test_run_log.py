"""A run with a hundred thousand lines in its log: scrolled through in the browser, with the times of frames printed."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.builder import PATIENCE
from tests.e2e.product import Product

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]
LINES = 100_000

#: An ended run with lines of four nodes, written by the database.
SEED = f"""
import json
from django.db import connection
from django.utils import timezone
from portal.workspaces.sample import ensure_sample
from workflows.models import Execution
from workflows.services import create_from_template

actor = ensure_sample()
workflow = create_from_template(actor, "echo")[0]
now = timezone.now()
run = Execution.objects.create(workspace=actor.workspace, workflow=workflow, definition=workflow.draft,
    state="succeeded", input={{"text": "x"}}, output={{"text": "x"}}, started_at=now, finished_at=now,
    caller={{"kind": "user", "label": "Somebody"}})
with connection.cursor() as cursor:
    cursor.execute('''
        INSERT INTO workflows_executionevent (execution_id, seq, time, kind, level, node, message, data)
        SELECT %s, n, %s::timestamptz + n * interval '1 millisecond',
            CASE n WHEN {LINES} THEN 'run.succeeded' ELSE 'log' END,
            CASE WHEN n %% 1000 = 0 THEN 'error' WHEN n %% 50 = 0 THEN 'warning' ELSE 'info' END,
            'node_' || n %% 4, 'Page ' || n || ' of the register was read',
            CASE WHEN n %% 10 = 0 THEN jsonb_build_object('page', n, 'rows', jsonb_build_array(1, 2, 3)) END
        FROM generate_series(1, {LINES}) AS n''', [run.pk, now])
print(json.dumps(str(run.pk)))
"""

#: Scrolls through the whole log in 240 frames; gives the time between frames and the most elements seen.
SCROLL = """async () => {
    const box = document.querySelector(".log-lines");
    const frame = () => new Promise((done) => requestAnimationFrame(done));
    box.scrollTop = 0;
    await frame(); await frame();
    const times = [];
    let most = 0, empty = 0, before = performance.now();
    for (let step = 0; step <= 240; step++) {
        box.scrollTop = (step / 240) * (box.scrollHeight - box.clientHeight);
        await frame();
        const now = performance.now();
        times.push(now - before);
        before = now;
        const lines = box.querySelectorAll(".log-line").length;
        most = Math.max(most, lines);
        if (!lines) empty += 1;
    }
    times.sort((a, b) => a - b);
    return { median: times[120], p95: times[228], longest: times[240], most, empty };
}"""


@pytest.fixture(scope="module")
def run(product: Product) -> str:
    return str(product.ask(SEED))


def line(page: Page, seq: int) -> Any:
    return page.locator(f'.log-line[data-seq="{seq}"]')


def test_a_hundred_thousand_lines_scroll(page: Page, product: Product, run: str) -> None:
    page.set_viewport_size({"width": 1440, "height": 1200})
    page.goto(f"{product.base}/runs/{run}")
    expect(page.locator(".log-tools")).to_contain_text("100,000 lines", timeout=PATIENCE)
    expect(line(page, LINES)).to_be_visible()

    found = page.evaluate(SCROLL)

    print(
        f"\n100,000 log lines, whole length in 240 frames: median {found['median']:.1f} ms, "
        f"p95 {found['p95']:.1f} ms, longest {found['longest']:.1f} ms a frame; at most {found['most']} rows"
    )
    assert 0 < found["most"] < 120
    assert found["empty"] == 0
    page.locator(".log-lines").evaluate("(box) => { box.scrollTop = 0; }")
    expect(line(page, 1)).to_be_in_viewport()
    page.locator(".log-lines").evaluate("(box) => { box.scrollTop = box.scrollHeight; }")
    line(page, LINES).scroll_into_view_if_needed()
    expect(line(page, LINES)).to_be_in_viewport()


def test_a_hundred_thousand_lines_are_filtered_and_linked(page: Page, product: Product, run: str) -> None:
    page.goto(f"{product.base}/runs/{run}#line-77777")
    expect(line(page, 77_777)).to_have_class("log-line is-linked", timeout=PATIENCE)
    expect(line(page, 77_777)).to_be_in_viewport()

    page.get_by_role("searchbox", name="Filter the log").fill("/page 9{4}0? of/i")
    expect(page.locator(".log-tools")).to_contain_text("2 of 100,000 lines", timeout=PATIENCE)
    line(page, 99_990).get_by_role("button", name="Show data").click()
    expect(line(page, 99_990).locator(".log-data")).to_contain_text('"page": 99990')

    page.get_by_role("searchbox", name="Filter the log").fill("")
    page.locator(".log-tools .menu").first.click()
    for node in ("node_1", "node_2"):
        page.get_by_role("checkbox", name=node).check()
    expect(page.locator(".log-tools")).to_contain_text("50,000 of 100,000 lines", timeout=PATIENCE)
    with page.expect_download() as download:
        page.get_by_label("Copy or download").click()
        page.get_by_role("button", name="Download JSON lines").click()
    assert len(download.value.path().read_text().splitlines()) == 50_000
