import { describe, expect, it } from "vitest";
import { areaOf, createCamera, meets, viewOf, type View } from "../src/core/camera";
import { shown } from "../src/core/drawing";
import { nearOf, nodeAt, wholeBox } from "../src/core/picture";
import type { Graph } from "../src/core/model";

const row = (count: number): Graph => ({
  nodes: Array.from({ length: count }, (_, index) => ({ id: `n${index}`, action: "text.echo", position: { x: index * 300, y: 0 } })),
  edges: Array.from({ length: count - 1 }, (_, index) => ({ from: `n${index}`, to: `n${index + 1}` })),
});

describe("the camera", () => {
  it("tells each step to those who follow, and drift only after a way", () => {
    const camera = createCamera();
    const moves: View[] = [];
    const drifts: View[] = [];
    camera.onMove((view) => moves.push(view));
    camera.onDrift((view) => drifts.push(view));
    for (let step = 1; step <= 20; step += 1) camera.move({ x: step * 10, y: 0, zoom: 1 });
    expect(moves).toHaveLength(20);
    expect(drifts).toEqual([{ x: 130, y: 0, zoom: 1 }]);
    camera.rest();
  });

  it("comes to rest at once while something is held", () => {
    const camera = createCamera();
    const rests: View[] = [];
    camera.onRest((view) => rests.push(view));
    camera.hold();
    camera.move({ x: 5, y: 0, zoom: 1 });
    expect(rests).toEqual([{ x: 5, y: 0, zoom: 1 }]);
    expect(camera.isMoving()).toBe(false);
    camera.release();
    camera.move({ x: 6, y: 0, zoom: 1 });
    expect(camera.isMoving()).toBe(true);
    camera.rest();
    expect(rests).toHaveLength(2);
  });

  it("shows a box whole and in the middle", () => {
    const view = viewOf({ x: 100, y: 100, width: 1000, height: 100 }, 500, 500, { least: 0.1, most: 1 }, 0);
    expect(view.zoom).toBe(0.5);
    expect(600 * view.zoom + view.x).toBe(250);
    expect(150 * view.zoom + view.y).toBe(250);
  });
});

describe("what is near", () => {
  const graph = row(400);
  const seen = shown(graph);
  const area = areaOf({ x: -60_000, y: 0, zoom: 1 }, 1000, 800);

  it("is what meets the area, with the far ends of its edges", () => {
    const near = nearOf(seen, area, new Set());
    expect(near.nodes.map((node) => node.id)).toEqual(["n199", "n200", "n201", "n202", "n203", "n204"]);
    expect(near.behind.map((node) => node.id).sort()).toEqual(["n198", "n205"]);
    expect(near.edges).toHaveLength(7);
  });

  it("holds an edge that only passes through", () => {
    const long = { ...graph, edges: [{ from: "n0", to: "n399" }] };
    expect(nearOf(shown(long), area, new Set()).edges).toHaveLength(1);
    const past = { ...graph, edges: [{ from: "n0", to: "n10" }] };
    expect(nearOf(shown(past), area, new Set()).edges).toHaveLength(0);
  });

  it("always holds what is selected", () => {
    expect(nearOf(seen, area, new Set(["n7"])).nodes.map((node) => node.id)).toContain("n7");
  });

  it("knows the topmost node at a point and the box around everything", () => {
    const two = { nodes: [{ id: "a", action: "x", position: { x: 0, y: 0 } }, { id: "b", action: "x", position: { x: 100, y: 0 } }], edges: [] };
    expect(nodeAt(two.nodes, { x: 150, y: 10 })?.id).toBe("b");
    expect(nodeAt(two.nodes, { x: 50, y: 10 })?.id).toBe("a");
    expect(nodeAt(two.nodes, { x: 500, y: 10 })).toBeUndefined();
    expect(wholeBox({ ...two, notes: [{ id: "n", position: { x: -50, y: 200 }, width: 100, height: 50 }] })).toEqual({ x: -50, y: 0, width: 370, height: 250 });
    expect(wholeBox({ nodes: [], edges: [] })).toBeNull();
    expect(meets({ x: 0, y: 0, width: 1, height: 1 }, { x: 1, y: 0, width: 1, height: 1 })).toBe(false);
  });
});
