import { describe, expect, it } from "vitest";
import type { Comment } from "../src/core/api";
import { openOf, threadsOf } from "../src/core/comments";
import { differences } from "../src/core/difference";
import { setMember } from "../src/core/drawing";
import { outlineOf } from "../src/core/outline";
import type { Graph } from "../src/core/model";

const said = (id: string, more: Partial<Comment> = {}): Comment => ({
  id, node: "a", thread: null, text: id, author: "Kim", author_id: "1", created_at: `2026-01-0${id}`, edited_at: null, resolved_at: null, resolver: null, ...more,
});

describe("comments", () => {
  it("are threads with their answers, open ones first, the newest talk first", () => {
    const threads = threadsOf([said("1"), said("2"), said("3", { thread: "1" }), said("4", { resolved_at: "2026-02-01" })]);
    expect(threads.map(({ first, answers }) => [first.id, answers.map((item) => item.id)])).toEqual([["1", ["3"]], ["2", []], ["4", []]]);
  });

  it("are counted by node while they are open", () => {
    expect([...openOf([said("1"), said("2", { thread: "1" }), said("3", { node: "b" }), said("4", { node: "b", resolved_at: "2026-02-01" })])]).toEqual([["b", 1], ["a", 2]]);
  });
});

describe("differences", () => {
  it("name the paths, and what is only on one side", () => {
    expect(differences({ a: 1, rows: [{ x: 1 }, { x: 2 }] }, { a: 1, rows: [{ x: 1 }, { x: 3 }, { x: 4 }], b: null })).toEqual([
      { path: "rows[1].x", a: 2, b: 3 }, { path: "rows[2]", a: undefined, b: { x: 4 } }, { path: "b", a: undefined, b: null },
    ]);
    expect(differences([1, { a: [] }], [1, { a: [] }])).toEqual([]);
    expect(differences("one", ["one"])).toEqual([{ path: "", a: "one", b: ["one"] }]);
  });
});

describe("the outline", () => {
  const graph: Graph = {
    nodes: ["a", "b", "c", "d"].map((id) => ({ id, action: "text.echo" })),
    edges: [{ from: "a", to: "b" }, { from: "b", to: "c" }, { from: "c", to: "d" }],
    groups: [{ id: "g1", nodes: ["b", "d"] }],
    notes: [{ id: "n1", text: "Hello" }],
  };

  it("puts members under their frame and notes at the end", () => {
    expect(outlineOf(graph).rows.map((row) => [row.id, row.level])).toEqual([["a", 1], ["frame:g1", 1], ["b", 2], ["d", 2], ["c", 1], ["note:n1", 1]]);
  });

  it("hides the members of a folded frame and keeps the numbers", () => {
    const rows = outlineOf({ ...graph, groups: [{ id: "g1", nodes: ["b", "d"], collapsed: true }] }).rows;
    expect(rows.map((row) => (row.kind === "node" ? `${row.number} ${row.id}` : row.id))).toEqual(["1 a", "frame:g1", "4 c", "note:n1"]);
  });

  it("moves a node from one frame to another, and empty frames vanish", () => {
    const two = { ...graph, groups: [{ id: "g1", nodes: ["b"] }, { id: "g2", nodes: ["c"] }] };
    expect(setMember(two, "g2", "b", true).groups).toEqual([{ id: "g2", nodes: ["c", "b"] }]);
    expect(setMember(two, "g1", "b", false).groups).toEqual([{ id: "g2", nodes: ["c"] }]);
    expect(setMember({ ...graph, groups: [{ id: "g1", nodes: ["b"] }] }, "g1", "b", false).groups).toBeUndefined();
  });
});
