# ruff: noqa: E501 - scripts are easier to read unbroken
"""The log of a run in a real Chromium, without a product: filters, gaps, unfolded data, a hundred thousand lines."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.pages.browser_modules import CHROMIUM

pytestmark = pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="needs Chromium")

#: `view` with `count` lines: every tenth is an error, nodes a, b and c in turn.
LOG = """async (count) => {
    const { LogView } = await import("/static/js/log.js");
    document.head.append(Object.assign(document.createElement("link"), { rel: "stylesheet", href: "/static/css/log.css" }));
    await new Promise((done) => document.head.lastChild.addEventListener("load", done));
    window.view = new LogView(document.getElementById("box"));
    for (let seq = 1; seq <= count; seq++)
        view.add({ seq, time: "2026-11-21T00:00:00Z", kind: "log", level: seq % 10 ? "info" : "error", node: "abc"[seq % 3], message: `line ${seq}`, data: seq % 5 ? {} : { rows: [1, 2, { seq }] } });
    view.draw();
    window.until = async (test) => { while (!test()) await new Promise((done) => setTimeout(done, 5)); };
}"""


def test_a_hundred_thousand_lines_are_a_few_elements(page: Page) -> None:
    page.evaluate(LOG, 100_000)

    counts = page.evaluate(
        """async () => {
            const rows = view.spacer.children.length;
            view.filter({ text: "/line 99990$/" });
            await until(() => view.shown.length === 1);
            view.draw();
            return [rows, view.spacer.textContent];
        }"""
    )

    assert counts[0] < 120
    assert "line 99990" in counts[1]


def test_several_nodes_are_chosen_at_once(page: Page) -> None:
    page.evaluate(LOG, 30)

    page.evaluate(
        """() => { for (const name of ["a", "c"]) view.nodeBoxes.querySelector(`[value=${name}]`).click(); }"""
    )

    assert page.evaluate("[...new Set(view.shown.map((event) => event.node))].sort()") == ["a", "c"]
    assert page.evaluate("view.nodeCount.textContent") == "2 nodes"


def test_a_pattern_that_never_ends_is_stopped_and_the_page_stays_alive(page: Page) -> None:
    page.evaluate(LOG, 10)
    page.evaluate(
        """() => { view.add({ seq: 11, time: "2026-11-21T00:00:00Z", kind: "log", level: "info", node: "a", message: "a".repeat(200) + "!", data: {} }); view.filter({ text: "/(a+)+$/" }); }"""
    )

    page.wait_for_selector(".log-problem:not([hidden])")
    assert "takes too long" in page.locator(".log-problem").inner_text()

    page.evaluate(
        """async () => { view.filter({ text: "/LINE [35]$/i" }); await until(() => view.shown.length === 2); }"""
    )
    assert page.locator(".log-problem").is_hidden()


def test_a_pattern_also_meets_lines_that_come_later(page: Page) -> None:
    page.evaluate(LOG, 10)

    found = page.evaluate(
        """async () => {
            view.filter({ text: "/late/" });
            view.add({ seq: 11, time: "2026-11-21T00:00:00Z", kind: "log", level: "info", node: "a", message: "too late", data: {} });
            await until(() => view.shown.length === 1);
            return view.shown[0].seq;
        }"""
    )

    assert found == 11


def test_data_unfolds_below_its_line_and_moves_the_others(page: Page) -> None:
    page.evaluate(LOG, 40)

    tops = page.evaluate(
        """async () => {
            view.follow = false;
            view.lines.scrollTop = 0;
            view.draw();
            const top = (seq) => parseFloat(view.spacer.querySelector(`[data-seq="${seq}"]`).style.top);
            const before = [top(5), top(6)];
            view.spacer.querySelector('[data-seq="5"] .log-more').click();
            view.draw();
            const line = view.spacer.querySelector('[data-seq="5"]');
            const after = [top(5), top(6), line.getBoundingClientRect().height];
            const text = line.querySelector(".log-data").textContent;
            line.querySelector(".log-more").click();
            view.draw();
            return { before, after, text, again: top(6), focused: document.activeElement.className };
        }"""
    )

    assert tops["before"] == [88, 110] and tops["after"][0] == 88
    assert tops["after"][1] == 88 + tops["after"][2] > 150
    assert '"seq": 5' in tops["text"]
    assert tops["again"] == 110 and tops["focused"] == "log-more"


def test_a_link_to_a_line_shows_it_whatever_the_filter_hides(page: Page) -> None:
    page.evaluate(LOG, 2000)

    page.evaluate(
        """async () => { view.filter({ text: "nothing like this" }); location.hash = "#line-1500"; await until(() => view.spacer.querySelector(".is-linked")); }"""
    )

    assert page.evaluate("view.search.value") == ""
    assert page.evaluate(
        """() => { const box = view.lines.getBoundingClientRect(), line = view.spacer.querySelector(".is-linked").getBoundingClientRect(); return line.top >= box.top && line.bottom <= box.bottom; }"""
    )


def test_lines_that_never_came_are_a_line_that_loads_them(page: Page) -> None:
    page.evaluate(LOG, 5)

    page.evaluate(
        """async () => {
            const line = (seq) => ({ seq, time: "2026-11-21T00:00:00Z", kind: "log", level: "info", node: "a", message: `line ${seq}`, data: {} });
            view.asked = [];
            view.load = async (from, to) => { view.asked.push([from, to]); return Array.from({ length: to - from + 5 }, (_, i) => line(from + i)); };
            view.addGap(6, 23, "2026-11-21T00:00:00Z");
            view.add(line(24));
            view.draw();
        }"""
    )
    assert page.locator(".log-gap").inner_text().split("\n")[0] == "18 lines not received"
    assert page.evaluate("view.total.textContent") == "6 lines"

    page.locator(".log-load").click()

    page.evaluate("until(() => view.events.length === 24)")
    assert page.evaluate("view.events.map((event) => event.seq)") == list(range(1, 25))
    assert page.evaluate("view.asked") == [[6, 23]]
    assert page.locator(".log-gap").count() == 0


def test_the_stream_asks_once_more_before_it_calls_lines_missing(page: Page) -> None:
    told = page.evaluate(
        """async () => {
            const { EventStream } = await import("/static/js/events.js");
            const sockets = [];
            window.WebSocket = class {
                constructor(url) {
                    sockets.push(Number(new URL(url).searchParams.get("after")));
                    setTimeout(() => this.onmessage?.({ data: JSON.stringify({ type: "events", events: [1, 2, 6, 7].map((seq) => ({ seq, kind: "log", time: "t" })) }) }), 0);
                }
                close() {}
            };
            const told = [];
            await new Promise((done) => {
                const stream = new EventStream("/ws/x", {
                    onevent: (event) => { told.push(event.seq); if (event.seq === 7) done(); },
                    ongap: (from, to, next) => told.push([from, to, next.seq]),
                });
                stream.open();
            });
            return { told, sockets };
        }"""
    )

    assert told["told"] == [1, 2, [3, 5, 6], 6, 7]
    assert told["sockets"] == [0, 2]
