import { describe, expect, it } from "vitest";
import type { RunEvent } from "../src/core/api";
import { nothing, recordPath, take } from "../src/core/overlay";
import { ticksOf, timelineOf } from "../src/core/timeline";

let seq = 0;
const at = (ms: number, kind: string, node: string | null = null, data: object = {}): RunEvent =>
  ({ seq: (seq += 1), time: new Date(1_800_000_000_000 + ms).toISOString(), kind, level: "info", node, message: "", data });
const graph = { nodes: ["a", "b", "c", "d"].map((id) => ({ id, action: "x" })), edges: [{ from: "a", to: "c" }, { from: "b", to: "c" }] };

describe("the timeline", () => {
  it("shows attempts, waits, and the way that took longest", () => {
    const { rows, length } = timelineOf([
      at(0, "run.started"), at(0, "node.started", "a", { attempt: 1 }), at(0, "node.queued", "b"), at(20, "node.started", "b", { attempt: 1 }),
      at(30, "node.retrying", "a"), at(40, "node.started", "a", { attempt: 2 }), at(90, "node.succeeded", "a"), at(50, "node.succeeded", "b"),
      at(90, "node.started", "c"), at(100, "node.succeeded", "c"), at(100, "run.succeeded"),
    ], graph);
    const row = (name: string) => rows.find((item) => item.node === name)!;
    expect(length).toBe(100);
    expect(row("a").bars.map((bar) => [bar.from, bar.to, bar.state, bar.attempt])).toEqual([[0, 30, "retrying", 1], [40, 90, "succeeded", 2]]);
    expect(row("b").waits).toEqual([{ from: 0, to: 20 }]);
    expect(rows.filter((item) => item.critical).map((item) => item.node)).toEqual(["a", "c"]);
  });
  it("folds the items of a map", () => {
    const events = [at(0, "run.started"), ...[0, 1, 2, 3, 4].flatMap((index) => [at(0, "node.started", `each[${index}]/read`), at(10 * (index + 1), index === 4 ? "node.failed" : "node.succeeded", `each[${index}]/read`)])];
    const row = timelineOf(events, null).rows.find((item) => item.node === "each/read")!;
    expect(row.items).toEqual({ count: 5, failed: 1, min: 10, median: 30, max: 50 });
  });
  it("lets what still runs reach to the end, and knows results that were brought along", () => {
    const { rows } = timelineOf([at(0, "run.started"), at(5, "node.succeeded", "a", { source: "earlier" }), at(10, "node.started", "b"), at(60, "log", "b")], graph);
    expect(rows.map((row) => [row.node, row.bars[0].from, row.bars[0].to, row.bars[0].state])).toEqual([["a", 5, 5, "succeeded"], ["b", 10, 60, "running"]]);
  });
  it("has round numbers on its axis", () => {
    expect(ticksOf(100)).toEqual([0, 20, 40, 60, 80, 100]);
    expect(ticksOf(4_300)).toEqual([0, 1000, 2000, 3000, 4000]);
    expect(ticksOf(1)).toEqual([0, 1]);
  });
});

describe("the items of a map", () => {
  it("have a state each, a failed one stays failed, and nothing of the batch before is changed", () => {
    const first = take(nothing, [at(0, "node.started", "each"), at(1, "node.started", "each[0]/read"), at(1, "node.failed", "each[1]/read")]);
    const frozen = JSON.stringify(first);
    const second = take(first, [at(2, "node.succeeded", "each[0]/read"), at(3, "node.succeeded", "each[1]/after"), at(3, "node.waiting", "each[2]/ask")]);
    expect(second.items).toEqual({ each: { 0: "succeeded", 1: "failed", 2: "waiting" } });
    expect(second.nodes["each/ask"]).toMatchObject({ state: "waiting", at: "each[2]/ask" });
    expect(JSON.stringify(first)).toBe(frozen);
  });
  it("are counted on every level", () => {
    expect(take(nothing, [at(0, "node.started", "out[1]/in[2]/read")]).items).toEqual({ out: { 1: "running" }, "out/in": { 2: "running" } });
  });
  it("lead to the data of the chosen one", () => {
    expect(recordPath(["each"], { each: 3 }, "read")).toBe("each[3]/read");
    expect(recordPath(["out", "in"], { "out/in": 2 }, "read")).toBe("out[0]/in[2]/read");
    expect(recordPath([], {}, "read")).toBe("read");
  });
});
