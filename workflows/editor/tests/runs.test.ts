import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Definition } from "../src/core/model";
import { take, nothing } from "../src/core/overlay";
import { createRunning } from "../src/core/running";
import { rowsOf, schemaOf } from "../src/core/schema";
import { staleNodes } from "../src/core/stale";
import { createCore, type State } from "../src/core/state";
import { createStore } from "../src/core/store";

const graph: Definition = {
  schema_version: 1,
  inputs: { type: "object", properties: { text: { type: "string" } } },
  nodes: [
    { id: "a", action: "text.echo", params: { text: "x" }, position: { x: 0, y: 0 } },
    { id: "b", action: "text.upper", params: { text: "{{ a.text }}" } },
    { id: "c", action: "text.upper", params: { text: "{{ b.text }}" } },
    { id: "side", action: "text.echo", params: { text: "y" } },
  ],
  edges: [{ from: "a", to: "b" }, { from: "b", to: "c" }],
};
const all = new Set(["a", "b", "c", "side", "each", "each/read"]);
const withNode = (id: string, change: object): Definition => ({ ...graph, nodes: graph.nodes.map((node) => (node.id === id ? { ...node, ...change } : node)) });

describe("stale results", () => {
  it("are those of a changed node and of everything behind it", () => {
    expect(staleNodes(graph, withNode("b", { params: { text: "other" } }), all)).toEqual(new Set(["b", "c"]));
    expect(staleNodes(graph, { ...graph, edges: [...graph.edges, { from: "side", to: "b" }] }, all)).toEqual(new Set(["b", "c"]));
  });
  it("do not come from moving, naming or noting, nor from what the server leaves out", () => {
    expect(staleNodes(graph, withNode("a", { position: { x: 9, y: 9 }, title: "T", note: "n", disabled: false, retry: {} }), all)).toEqual(new Set());
  });
  it("are found inside bodies, and the node around a body is stale with it", () => {
    const each = (text: string): Definition => ({ ...graph, nodes: [{ id: "each", action: "flow.map", body: { nodes: [{ id: "read", action: "text.echo", params: { text } }], edges: [] } }], edges: [] });
    expect(staleNodes(each("1"), each("2"), all)).toEqual(new Set(["each", "each/read"]));
  });
  it("are only marked where there is data", () => {
    expect(staleNodes(graph, withNode("a", { params: {} }), new Set(["c"]))).toEqual(new Set(["c"]));
  });
  it("of a part of the graph are judged by that part", () => {
    const part = { ...graph, nodes: graph.nodes.slice(0, 2), edges: graph.edges.slice(0, 1) };
    expect(staleNodes(part, graph, new Set(["a", "b"]))).toEqual(new Set());
  });
});

describe("values", () => {
  it("have rows where they hold one list of records, with the path to them", () => {
    expect(rowsOf({ total: 2, rows: [{ a: 1 }] }, "rank")).toEqual({ rows: [{ a: 1 }], path: "rank.rows" });
    expect(rowsOf({ one: [{ a: 1 }], two: [{ b: 1 }] })).toBeNull();
    expect(rowsOf([1, 2])).toBeNull();
  });
  it("tell their schema", () => {
    expect(schemaOf({ rows: [{ n: 1.5, ok: true }], none: null })).toEqual({
      type: "object",
      properties: { rows: { type: "array", items: { type: "object", properties: { n: { type: "number" }, ok: { type: "boolean" } } } }, none: { type: "null" } },
    });
  });
});

describe("parts of a run", () => {
  const calls: unknown[][] = [];
  let running: ReturnType<typeof createRunning>;
  let store: ReturnType<typeof createStore<State>>;
  beforeEach(() => {
    calls.length = 0;
    vi.stubGlobal("WebSocket", class { close() {} });
    vi.stubGlobal("location", { protocol: "http:", host: "test" });
    store = createStore<State>({
      history: { present: graph, past: [], future: [] }, level: [], selected: [], outputs: {}, pins: {}, kept: [], lastInput: null, finished: null, stale: new Set(),
      overlay: nothing, events: [], actions: new Map(), dock: null, part: {}, ranOn: null, run: null,
    } as unknown as State);
    const api: any = {
      run: async (...given: unknown[]) => { calls.push(["run", ...given]); return { id: "r2", state: "queued" }; },
      pin: async (node: string, output: unknown, port: string) => { calls.push(["pin", node, output, port]); return { node, output, port, saved_by: null }; },
      unpin: async (node: string) => { calls.push(["unpin", node]); },
    };
    const core = createCore({ may: { edit: true, run: true, deploy: true } } as any, api, store);
    running = createRunning(core, async () => true, () => {});
  });
  const result = (output: unknown) => ({ path: "b", node: "b", state: "succeeded", attempt: 1, port: "out", output, error: null, started_at: null, milliseconds: 1 });

  it("one node alone and from a node on take what is known from the last run; up to a node does not", async () => {
    store.set({ finished: "r1", lastInput: { text: "x" } });
    await running.runPart("only", "b");
    await running.runPart("from", "b");
    await running.runPart("to", "b");
    expect(calls).toEqual([
      ["run", { text: "x" }, { target: "b", start: "b", reuse: "r1" }],
      ["run", { text: "x" }, { start: "b", reuse: "r1" }],
      ["run", { text: "x" }, { target: "b" }],
    ]);
  });
  it("inside a body run the node around it", async () => {
    store.set({ level: ["each", "inner"], lastInput: {} });
    await running.runPart("to", "read");
    expect(calls[0][2]).toEqual({ target: "each" });
  });
  it("ask for the input first when one is required and none is known", async () => {
    store.set({ history: { past: [], future: [], present: { ...graph, inputs: { type: "object", properties: { text: { type: "string" } }, required: ["text"] } } } });
    await running.runPart("to", "b");
    expect(calls).toEqual([]);
    expect([store.get().dialog, store.get().part]).toEqual(["run", { target: "b" }]);
  });
  it("use pins as soon as there is one", async () => {
    await running.togglePin("b");
    expect([calls, store.get().notice?.kind]).toEqual([[], "danger"]);
    store.set({ outputs: { b: result({ text: "held" }) }, lastInput: {} });
    await running.togglePin("b");
    expect(store.get().pins.b.output).toEqual({ text: "held" });
    await running.run({});
    expect(calls.at(-1)).toEqual(["run", {}, { pins: true }]);
    await running.togglePin("b");
    expect(store.get().pins).toEqual({});
  });
  it("leave the graph that ran beside the run, so that later edits show", async () => {
    await running.run({});
    store.set({ outputs: { b: result(1) }, history: { past: [], future: [], present: withNode("a", { params: { text: "new" } }) } });
    running.look();
    expect(store.get().stale).toEqual(new Set(["b"]));
  });
});

describe("a result that was brought along", () => {
  it("says where it is from", () => {
    const event = { seq: 1, time: "", kind: "node.succeeded", level: "info" as const, node: "a", message: "", data: { ms: 0, source: "earlier", count: 3 } };
    expect(take(nothing, [event]).nodes.a).toMatchObject({ state: "succeeded", source: "earlier", count: 3 });
  });
});
