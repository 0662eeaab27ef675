import { describe, expect, it } from "vitest";
import { refusal } from "../src/core/check";
import { freshId, pasteFragment, copyFragment } from "../src/core/edits";
import { take, nothing } from "../src/core/overlay";
import { walkPath } from "../src/core/schema";
import { allTexts, t } from "../src/core/texts";

describe("texts", () => {
  it("take the same values in both languages", () => {
    const count = (text: string) => (text.match(/%(?:\d\$)?s/g) ?? []).length;
    for (const [key, [en, ko]] of Object.entries(allTexts)) {
      expect([key, count(ko)]).toEqual([key, count(en)]);
      expect(ko.trim()).not.toBe("");
    }
    expect(t("did_connect", "A", "B")).toBe("Connect A to B");
  });
});

describe("connections", () => {
  const graph = { nodes: [{ id: "a", action: "x" }, { id: "b", action: "rows" }, { id: "c", action: "x" }], edges: [{ from: "c", to: "a" }] };
  const actions = new Map(
    [
      { id: "x", input_schema: {}, output_schema: { type: "object", properties: { text: { type: "string" } } } },
      { id: "rows", input_schema: { type: "object", properties: { rows: { type: "array" } }, required: ["rows"] }, output_schema: {} },
    ].map((action) => [action.id, { connector: "t", title: "", description: "", effect: "read" as const, ...action }]),
  );
  const inputs = { type: "object", properties: {} };
  it("are refused with a reason", () => {
    expect(refusal(graph, inputs, actions, "a", "out", "a")).toBe("refuse_self");
    expect(refusal(graph, inputs, actions, "a", "out", "c")).toBe("refuse_cycle");
    expect(refusal(graph, inputs, actions, "c", "out", "a")).toBe("refuse_twice");
  });
  it("need a list only as long as nothing gives one", () => {
    const one = { type: "object", properties: { name: { type: "string" } } };
    const many = { type: "object", properties: { rows: { type: "array" } } };
    expect(refusal(graph, one, actions, "a", "out", "b")).toBe("refuse_list_record");
    expect(refusal(graph, many, actions, "a", "out", "b")).toBeNull();
  });
});

describe("pieces", () => {
  it("are pasted with new ids, inner edges and references", () => {
    const graph = { nodes: [{ id: "a", action: "x" }, { id: "b", action: "x", params: { text: "a {{ a.text }} {{ z.a }}" }, connection: "secret" }], edges: [{ from: "a", to: "b" }] };
    const [next, ids] = pasteFragment(graph, copyFragment(graph, ["a", "b"]), { x: 0, y: 0 }, ["a", "b"]);
    expect(ids).toEqual(["a_2", "b_2"]);
    expect(next.edges.at(-1)).toEqual({ from: "a_2", to: "b_2" });
    expect(next.nodes.at(-1)).toMatchObject({ params: { text: "a {{ a_2.text }} {{ z.a }}" } });
    expect(next.nodes.at(-1)).not.toHaveProperty("connection");
    expect(freshId("input", [])).toBe("input_2");
  });
});

describe("a run on the canvas", () => {
  it("keeps the first failure and counts the same over a replay in parts", () => {
    const event = (seq: number, kind: string, node: string | null, data = {}) => ({ seq, time: "", kind, level: "info" as const, node, message: "", data });
    const story = [event(1, "run.started", null), event(2, "node.started", "a"), event(3, "node.retrying", "a", { attempt: 2 }), event(4, "node.failed", "a"), event(5, "node.failed", "b"), event(6, "run.failed", null)];
    const whole = take(nothing, story);
    expect(whole).toEqual(take(take(nothing, story.slice(0, 3)), story.slice(3)));
    expect([whole.state, whole.firstFailure, whole.nodes.a.attempt]).toEqual(["failed", "a", 2]);
  });
  it("finds values by plain paths only", () => {
    const scope = { rank: { rows: [{ code: "005930" }] } };
    expect(walkPath("rank.rows[0].code", scope)).toBe("005930");
    expect(walkPath("rank.rows[0].code + 1", scope)).toBeUndefined();
  });
});
