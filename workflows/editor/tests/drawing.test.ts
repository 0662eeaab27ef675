import { describe, expect, it } from "vitest";
import * as drawing from "../src/core/drawing";
import { removeNodes } from "../src/core/edits";
import { extract, whyNotExtract } from "../src/core/extract";
import { apply, begin, diff, invert, reduce } from "../src/core/history";
import { whole, withGraphAt, type Definition, type Graph } from "../src/core/model";
import { neededKindOf, portKindOf } from "../src/core/schema";

const graph: Definition = {
  schema_version: 1,
  inputs: { type: "object", properties: { market: { type: "string" }, n: { type: "integer" } } },
  nodes: [
    { id: "a", action: "rank", params: { market: "{{ input.market }}" }, position: { x: 0, y: 0 } },
    { id: "b", action: "text.echo", params: { text: "{{ a.rows[0].code }} of {{ upper(input.market) }}" }, position: { x: 300, y: 40 } },
    { id: "c", action: "text.upper", params: { text: "{{ b.text.strip() }}" }, position: { x: 600, y: 0 } },
    { id: "d", action: "text.echo", params: { text: "{{ c.text }} {{ 'b.text' }}" }, position: { x: 900, y: 100 } },
  ],
  edges: [{ from: "a", to: "b" }, { from: "b", to: "c" }, { from: "c", to: "d", when: "c.text" }],
  output: { text: "{{ c.text }}" },
};

describe("frames", () => {
  it("hold nodes once, bound them, move them and vanish with them", () => {
    const [one, first] = drawing.group(graph, ["a", "b"], "Fetch");
    const [two] = drawing.group(one, ["b", "c"], "Rest");
    expect(two.groups?.map((frame) => frame.nodes)).toEqual([["a"], ["b", "c"]]);
    expect(drawing.frameBox(one, one.groups![0])).toEqual({ x: -24, y: -80, width: 568, height: 208 });
    const moved = drawing.moveGroup(one, first, { x: 76, y: -80 });
    expect(moved.nodes.map((node) => node.position!.x)).toEqual([100, 400, 600, 900]);
    expect(removeNodes(one, ["a", "b"])).not.toHaveProperty("groups");
  });
  it("bound nodes whose zeros the server left out", () => {
    const sparse = { nodes: [{ id: "a", action: "x" }, { id: "b", action: "x", position: { x: 300 } as any }], edges: [] };
    expect(drawing.boundsOf(sparse.nodes)).toEqual({ x: 0, y: 0, width: 520, height: 64 });
  });
  it("collapsed, stand for their nodes: inner edges are hidden, the others bent", () => {
    const [one, id] = drawing.group(graph, ["b", "c"], "");
    const seen = drawing.shown(drawing.updateGroup(one, id, { collapsed: true }));
    expect(seen.nodes.map((node) => node.id)).toEqual(["a", "d"]);
    expect(seen.edges.map((edge) => [edge.from, edge.to, edge.key])).toEqual([["a", `frame:${id}`, "a out b"], [`frame:${id}`, "d", "c out d"]]);
  });
});

describe("a document from the server", () => {
  it("gets its empty lists back, in bodies too", () => {
    const sparse = { ...graph, nodes: [{ id: "each", action: "flow.map", body: { nodes: [{ id: "in", action: "flow.map", body: {} }] } }] } as any;
    expect(whole(sparse as Definition).nodes[0].body).toEqual({ nodes: [{ id: "in", action: "flow.map", body: { nodes: [], edges: [] } }], edges: [] });
  });
});

describe("order", () => {
  it("lines nodes up and makes gaps equal", () => {
    expect(drawing.align(graph, ["a", "b", "c"], "top")).toEqual({ a: { x: 0, y: 0 }, b: { x: 300, y: 0 }, c: { x: 600, y: 0 } });
    expect(drawing.align(graph, ["a", "c", "d"], "across").c.x).toBe(450);
    expect(drawing.align(graph, ["a"], "left")).toEqual({});
  });
  it("snaps a dragged node to the lines of others", () => {
    expect(drawing.guides(graph, "d", { x: 597, y: 43 })).toEqual({ position: { x: 600, y: 40 }, x: 600, y: 40 });
    expect(drawing.guides(graph, "d", { x: 450, y: 300 })).toEqual({ position: { x: 450, y: 300 } });
  });
});

describe("the command log with frames and notes", () => {
  it("undoes them and merges two people's notes", () => {
    const [mine] = drawing.addNote(graph, { x: 1, y: 2 });
    const theirs = { ...graph, notes: [{ id: "other", text: "Theirs" }] };
    let history = reduce(begin(graph), { type: "edit", label: "x", next: mine as Definition, at: 1 });
    history = reduce(history, { type: "undo" });
    expect(history.present).toEqual(graph);
    const merged = apply(theirs, diff(graph, mine as Definition));
    expect(merged.notes?.map((note) => note.id)).toEqual(["other", "n1"]);
    expect(apply(merged, invert(diff(graph, mine as Definition))).notes).toEqual(theirs.notes);
  });
  it("lets the last frame or note go, on every level", () => {
    const inner = drawing.addNote({ nodes: [], edges: [] }, { x: 0, y: 0 })[0];
    const noted = drawing.addNote({ ...graph, nodes: [{ id: "each", action: "flow.map", body: inner }] }, { x: 0, y: 0 })[0] as Definition;
    expect(withGraphAt(noted, [], (here) => drawing.removeNote(here, "n1"))).not.toHaveProperty("notes");
    expect(withGraphAt(noted, ["each"], (here) => drawing.removeNote(here, "n1")).nodes[0].body).toEqual({ nodes: [], edges: [] });
    expect(withGraphAt(noted, [], (here) => drawing.removeNote(here, "n1")).inputs).toEqual(graph.inputs);
  });
  it("reads a log that was written before there were frames", () => {
    const old = { nodes: { changes: [] }, edges: { changes: [] }, fields: [["timeout", null, 5]] } as any;
    expect(apply(graph, old)).toEqual({ ...graph, timeout: 5 });
    expect(apply(apply(graph, old), invert(old))).toEqual(graph);
  });
});

describe("a selection as a workflow of its own", () => {
  const context = { inputs: graph.inputs, outputOf: () => ({ type: "object", properties: { rows: { type: "array", items: { type: "object", properties: { code: { type: "string" } } } } } }), title: "Name it", taken: graph.nodes.map((node) => node.id), inBody: false };
  it("gets what it reads from outside as inputs and gives what is read from it", () => {
    const made = extract(graph, ["b", "c"], context);
    expect(made.definition.inputs).toEqual({ type: "object", properties: { code: { type: "string" }, market: { type: "string" } }, required: ["code", "market"] });
    expect(made.definition.nodes[0].params).toEqual({ text: "{{ input.code }} of {{ upper(input.market) }}" });
    expect(made.definition.nodes[1].params).toEqual({ text: "{{ b.text.strip() }}" });
    expect(made.definition.edges).toEqual([{ from: "b", to: "c" }]);
    expect(made.definition.output).toEqual({ c: "{{ c }}" });

    const left = made.finish("w1");
    expect(left.nodes.map((node) => node.id)).toEqual(["a", "d", "name_it"]);
    expect(left.nodes.at(-1)).toMatchObject({ action: "flow.subworkflow", params: { workflow: "w1", input: { code: "{{ a.rows[0].code }}", market: "{{ input.market }}" } } });
    expect(left.edges).toEqual([{ from: "a", to: "name_it" }, { from: "name_it", to: "d", when: "name_it.c.text" }]);
    expect(left.nodes[1].params).toEqual({ text: "{{ name_it.c.text }} {{ 'b.text' }}" });
    expect(left.output).toEqual({ text: "{{ name_it.c.text }}" });
  });
  it("gives its last nodes when nobody reads from it", () => {
    expect(extract({ nodes: graph.nodes.slice(0, 1), edges: [] }, ["a"], context).definition.output).toEqual({ a: "{{ a }}" });
  });
  it("is refused where it would tear the graph", () => {
    const branch: Graph = { nodes: graph.nodes, edges: [{ from: "a", port: "true", to: "b" }] };
    expect(whyNotExtract(graph, [])).toBe("extract_empty");
    expect(whyNotExtract(branch, ["a"])).toBe("extract_branch");
    expect(whyNotExtract(graph, ["a", "c"])).toBe("extract_through");
    expect(whyNotExtract(graph, ["b", "c"])).toBeNull();
  });
});

describe("ports", () => {
  it("show what goes through them", () => {
    const list = { type: "array", items: { type: "object" } };
    const kinds = [list, { type: "object", properties: { rows: list, total: { type: "integer" } } }, { type: "object", properties: { a: { type: "string" } } }, { format: "file", type: "object" }, { type: "integer" }, {}].map(portKindOf);
    expect(kinds).toEqual(["table", "table", "record", "file", "value", "any"]);
    const needs = { type: "object", properties: { rows: list, text: { type: "string" } }, required: ["rows", "text"] };
    expect([neededKindOf(needs, {}), neededKindOf(needs, { rows: [] }), neededKindOf(needs, { rows: "{{ a.rows }}" })]).toEqual(["table", "any", "table"]);
  });
});
