# ruff: noqa: E501 - scripts are easier to read unbroken
"""The browser modules in a real Chromium, without a product: forms from schemas, the event stream, MCP frames."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.pages.browser_modules import CHROMIUM

pytestmark = pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="needs Chromium")

SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["market", "count", "filter", "tags"],
    "$defs": {
        "Market": {"enum": ["ALL", "KOSPI"], "type": "string"},
        "Filter": {"type": "object", "required": ["low"], "properties": {"low": {"type": "number", "minimum": 1.5}}},
    },
    "properties": {
        "market": {"$ref": "#/$defs/Market", "description": "Segment"},
        "count": {"type": "integer", "minimum": 1, "maximum": 30, "default": 10},
        "since": {"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}], "default": None},
        "live": {"type": "boolean", "default": False},
        "filter": {"$ref": "#/$defs/Filter"},
        "tags": {"type": "array", "items": {"type": "string"}, "default": ["a"]},
        "sides": {"type": "array", "items": {"enum": ["buy", "sell"]}},
        "anything": {},
        "note": {"type": "string"},
    },
}


def make_form(page: Page, schema: dict[str, Any], value: Any = None) -> None:
    page.evaluate(
        """async ([schema, value]) => {
            const { SchemaForm } = await import("/static/js/schema-form.js");
            window.form = new SchemaForm(document.getElementById("box"), schema, { value: value ?? undefined });
        }""",
        [schema, value],
    )


def test_a_form_starts_with_the_defaults_and_leaves_out_what_is_empty(page: Page) -> None:
    make_form(page, SCHEMA)
    assert not page.evaluate("form.validate()")  # A required choice without a default is the person's to make.
    page.get_by_label("Market").select_option("ALL")
    page.get_by_label("Low").fill("2.5")

    assert page.evaluate("form.validate()")
    assert page.evaluate("form.value()") == {
        "market": "ALL",
        "count": 10,
        "live": False,
        "filter": {"low": 2.5},
        "tags": ["a"],
    }


def test_a_form_gives_back_what_it_was_given(page: Page) -> None:
    value = {
        "market": "KOSPI",
        "count": 3,
        "since": "2026-09-08",
        "live": True,
        "filter": {"low": 9},
        "tags": ["한글", "b"],
        "sides": ["sell"],
        "anything": {"deep": [1, None, "x"]},
        "note": "hello",
    }

    make_form(page, SCHEMA, value)

    assert page.evaluate("form.value()") == value


def test_every_wrong_field_is_named_in_words(page: Page) -> None:
    make_form(page, SCHEMA, {"market": "ALL", "count": 99, "filter": {}, "tags": []})

    assert not page.evaluate("form.validate()")
    shown = page.locator(".field-errors:visible").all_inner_texts()
    assert shown == ["Use 30 or less.", "This field is required."]


def test_the_servers_findings_stand_by_their_fields(page: Page) -> None:
    make_form(page, SCHEMA)

    rest = page.evaluate(
        """form.problems([
            { field: "filter.low", message: "Too low.", remedy: "Use 1.5." },
            { field: "nowhere", message: "Unknown.", remedy: "" },
        ])"""
    )

    assert page.locator('[data-field="filter.low"] .field-errors').inner_text() == "Too low. Use 1.5."
    assert rest == ["nowhere Unknown."]


def test_items_of_a_list_can_be_added_and_removed(page: Page) -> None:
    make_form(page, SCHEMA, {"tags": ["one", "two"]})
    page.locator('[data-field="tags"] button', has_text="Add").click()
    page.locator('[data-field="tags"] input').nth(2).fill("three")
    page.locator('[data-field="tags"] [aria-label="Remove"]').first.click()

    assert page.evaluate("form.value().tags") == ["two", "three"]


def test_a_story_is_told_once_whatever_happens_to_the_connection(page: Page) -> None:
    """Fifty cuts, repeats and gaps: every line arrives once and in order."""
    told = page.evaluate(
        """async () => {
            const { EventStream } = await import("/static/js/events.js");
            const TOTAL = 400;
            const sockets = [];
            window.WebSocket = class {
                constructor(url) {
                    this.after = Number(new URL(url).searchParams.get("after"));
                    sockets.push(this);
                    setTimeout(() => this.onopen?.(), 0);
                }
                close() { queueMicrotask(() => this.onclose?.({ code: 1006 })); }
            };
            const seen = [];
            const stream = new EventStream("/ws/executions/x", { onevent: (event) => seen.push(event.seq) });
            stream.open();
            const kind = (seq) => (seq === TOTAL ? "run.succeeded" : "log");
            for (let cut = 0; cut < 50 && seen.length < TOTAL; cut++) {
                const socket = sockets.at(-1);
                // A server that repeats an old line, sends eight new ones, leaves a gap, and dies.
                const first = socket.after;
                const batch = [first, ...Array.from({ length: 8 }, (_, i) => first + 1 + i)].filter((s) => s > 0);
                socket.onmessage({ data: JSON.stringify({ type: "events", events: batch.map((seq) => ({ seq, kind: kind(seq) })) }) });
                socket.onmessage({ data: JSON.stringify({ type: "event", event: { seq: first + 20, kind: "log" } }) });
                stream.waiting.delete(first + 20);
                clearTimeout(stream.timer);
                socket.onclose({ code: 1006 });
                clearTimeout(stream.timer);
                stream.open();
            }
            return { seen, reconnects: stream.reconnects };
        }"""
    )

    assert told["seen"] == list(range(1, 401))
    assert told["reconnects"] == 50


def test_a_refused_socket_is_not_asked_again(page: Page) -> None:
    states = page.evaluate(
        """async () => {
            const { EventStream } = await import("/static/js/events.js");
            let made = 0;
            window.WebSocket = class { constructor() { made += 1; queueMicrotask(() => this.onclose({ code: 4404 })); } };
            const states = [];
            new EventStream("/ws/x", { onevent: () => {}, onstate: (state) => states.push(state) }).open();
            await new Promise((done) => setTimeout(done, 20));
            return [...states, made];
        }"""
    )

    assert states == ["connecting", "refused", 1]


def test_frames_of_both_eras(page: Page) -> None:
    """The handshake, session and headers of the legacy era; the self-describing requests of the modern one."""
    sent = page.evaluate(
        """async () => {
            const { McpClient } = await import("/static/js/mcp-client.js");
            const sent = [];
            window.fetch = async (url, options) => {
                const body = JSON.parse(options.body);
                sent.push({ headers: options.headers, body });
                if (!("id" in body)) return new Response(null, { status: 202 });
                const results = { initialize: { protocolVersion: "2025-06-18" }, "tools/list": { tools: [] }, "server/discover": {} };
                const answer = { jsonrpc: "2.0", id: body.id, result: results[body.method] ?? { content: [] } };
                if (body.method !== "tools/call")
                    return new Response(JSON.stringify(answer), { headers: { "Content-Type": "application/json", "Mcp-Session-Id": "s1" } });
                const progress = { jsonrpc: "2.0", method: "notifications/progress", params: { progress: 1, total: 2, message: "half" } };
                return new Response(`event: message\\ndata: ${JSON.stringify(progress)}\\n\\nevent: message\\ndata: ${JSON.stringify(answer)}\\n\\n`, { headers: { "Content-Type": "text/event-stream" } });
            };
            const heard = [];
            for (const protocol of ["2025-11-25", "2026-07-28"]) {
                const client = new McpClient("/mcp/x", "k", protocol, () => {});
                await client.connect();
                await client.tools();
                await client.request("tools/call", { name: "t", arguments: {} }, { onprogress: (p) => heard.push(p.message) });
            }
            return { sent, heard };
        }"""
    )
    calls = [item for item in sent["sent"] if item["body"]["method"] == "tools/call"]
    legacy, modern = calls

    assert [item["body"]["method"] for item in sent["sent"]][:4] == [
        "initialize",
        "notifications/initialized",
        "tools/list",
        "tools/call",
    ]
    assert legacy["headers"]["MCP-Protocol-Version"] == "2025-06-18" and legacy["headers"]["Mcp-Session-Id"] == "s1"
    assert modern["headers"]["Mcp-Method"] == "tools/call" and modern["headers"]["Mcp-Name"] == "t"
    assert modern["body"]["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"] == "2026-07-28"
    assert "initialize" not in [item["body"]["method"] for item in sent["sent"][4:]]
    assert sent["heard"] == ["half", "half"]


def test_frames_over_sse(page: Page) -> None:
    """Answers come over the open stream, matched by id, with progress; messages go to the address it names."""
    seen = page.evaluate(
        """async () => {
            const { McpSseClient } = await import("/static/js/mcp-client.js");
            let controller;
            const say = (event, data) => controller.enqueue(new TextEncoder().encode(`event: ${event}\\ndata: ${data}\\n\\n`));
            const posted = [];
            window.fetch = async (url, options = {}) => {
                if (options.method !== "POST") {
                    const body = new ReadableStream({ start(c) { controller = c; } });
                    setTimeout(() => say("endpoint", "/mcp/x/messages?session=1"));
                    return new Response(body, { headers: { "Content-Type": "text/event-stream" } });
                }
                const message = JSON.parse(options.body);
                posted.push([url, message.method]);
                if (message.method === "tools/call")
                    say("message", JSON.stringify({ jsonrpc: "2.0", method: "notifications/progress", params: { progressToken: message.id, progress: 1, message: "half" } }));
                if ("id" in message) {
                    const result = message.method === "initialize" ? { protocolVersion: "2025-06-18" } : { content: [], tools: [] };
                    setTimeout(() => say("message", JSON.stringify({ jsonrpc: "2.0", id: message.id, result })));
                }
                return new Response(null, { status: 202 });
            };
            const heard = [];
            const client = new McpSseClient("/mcp/x", "k", "2026-07-28", () => {});
            await client.connect();
            await client.tools();
            const result = await client.request("tools/call", { name: "t", arguments: {} }, { onprogress: (p) => heard.push(p.message) });
            const left = client.request("tools/call", { name: "t", arguments: {} }).catch(() => "never");
            await left;
            client.close();
            return { posted, heard, result, protocol: client.protocol };
        }"""
    )

    assert {url for url, _method in seen["posted"]} == {"/mcp/x/messages?session=1"}
    assert [method for _url, method in seen["posted"]][:4] == [
        "initialize",
        "notifications/initialized",
        "tools/list",
        "tools/call",
    ]
    assert seen["heard"] == ["half"] and seen["protocol"] == "2025-06-18"


def test_the_critical_path_is_what_the_end_waited_for(page: Page) -> None:
    found = page.evaluate(
        """async () => {
            const { criticalPath, spread } = await import("/static/js/timeline.js");
            const node = (started, ended, state = "succeeded") => ({ started, ended, state, tries: [], items: new Map() });
            const nodes = new Map([["a", node(0, 10)], ["slow", node(10, 90)], ["fast", node(10, 20)], ["off", node(10, 95, "skipped")], ["end", node(90, 100)]]);
            const edges = [["a", "slow"], ["a", "fast"], ["slow", "end"], ["fast", "end"], ["off", "end"]];
            const items = [[0, 5], [0, 1], [0, 9], [0, 3]].map(([started, ended]) => ({ started, ended }));
            return [[...criticalPath(nodes, edges)], spread(items), spread([])];
        }"""
    )

    assert found == [["end", "slow", "a"], {"count": 4, "min": 1, "median": 4, "max": 9}, None]


def test_a_link_gets_the_key_inside_its_encoding(page: Page) -> None:
    config = json.dumps({"headers": {"Authorization": "Bearer YOUR_KEY"}})
    links = page.evaluate(
        """async (config) => {
            const { fillKey } = await import("/static/js/connect.js");
            document.getElementById("box").innerHTML = `<div data-connect><p class="key-hint"></p><pre><code>Bearer YOUR_KEY</code></pre>
                <a data-link="cursor" href="cursor://x?name=a&config=${encodeURIComponent(btoa(config))}"></a>
                <a data-link="vscode" href="vscode:mcp/install?${encodeURIComponent(config)}"></a></div>`;
            fillKey(document, "mcpk_secret");
            const [cursor, vscode] = [...document.querySelectorAll("a")].map((a) => a.getAttribute("href"));
            return [atob(decodeURIComponent(cursor.split("config=")[1])), decodeURIComponent(vscode.split("?")[1]), document.querySelector("code").textContent];
        }""",
        config,
    )

    assert links == [config.replace("YOUR_KEY", "mcpk_secret")] * 2 + ["Bearer mcpk_secret"]
