// Layered layout, left to right: longest paths decide the column, neighbours decide the row.
import { HEIGHT, WIDTH, type Graph, type Position } from "./model";

const GAP_X = 80;
const GAP_Y = 40;
const SWEEPS = 4;

export function layersOf(graph: Graph): Map<string, number> {
  const waits = new Map(graph.nodes.map((node) => [node.id, 0]));
  const after = new Map<string, string[]>();
  for (const edge of graph.edges) {
    if (!waits.has(edge.from) || !waits.has(edge.to)) continue;
    waits.set(edge.to, waits.get(edge.to)! + 1);
    after.set(edge.from, [...(after.get(edge.from) ?? []), edge.to]);
  }
  const layer = new Map<string, number>();
  let ready = [...waits].filter(([, count]) => !count).map(([id]) => id);
  for (const id of ready) layer.set(id, 0);
  while (ready.length) {
    const next: string[] = [];
    for (const id of ready) {
      for (const target of after.get(id) ?? []) {
        layer.set(target, Math.max(layer.get(target) ?? 0, layer.get(id)! + 1));
        waits.set(target, waits.get(target)! - 1);
        if (!waits.get(target)) next.push(target);
      }
    }
    ready = next;
  }
  // Members of a cycle never become ready; they stand in the first column until somebody breaks it.
  for (const node of graph.nodes) if (!layer.has(node.id)) layer.set(node.id, 0);
  return layer;
}

/** Where every node goes. */
export function layout(graph: Graph): Record<string, Position> {
  const layer = layersOf(graph);
  const columns: string[][] = [];
  for (const node of graph.nodes) (columns[layer.get(node.id)!] ??= []).push(node.id);
  const neighbours = new Map<string, string[]>();
  for (const { from, to } of graph.edges) {
    neighbours.set(from, [...(neighbours.get(from) ?? []), to]);
    neighbours.set(to, [...(neighbours.get(to) ?? []), from]);
  }
  const row = new Map<string, number>();
  for (const column of columns) column.forEach((id, index) => row.set(id, index - column.length / 2));
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    for (const column of sweep % 2 ? [...columns].reverse() : columns) {
      const weight = (id: string) => {
        const around = (neighbours.get(id) ?? []).filter((other) => layer.get(other) !== layer.get(id));
        return around.length ? around.reduce((sum, other) => sum + (row.get(other) ?? 0), 0) / around.length : row.get(id)!;
      };
      const ordered = column.map((id, index) => [weight(id), index, id] as const).sort((a, b) => a[0] - b[0] || a[1] - b[1]);
      ordered.forEach(([, , id], index) => row.set(id, index - column.length / 2));
      column.splice(0, column.length, ...ordered.map(([, , id]) => id));
    }
  }
  const tallest = Math.max(0, ...columns.map((column) => column.length));
  const places: Record<string, Position> = {};
  columns.forEach((column, x) => {
    const top = ((tallest - column.length) * (HEIGHT + GAP_Y)) / 2;
    column.forEach((id, y) => {
      places[id] = { x: x * (WIDTH + GAP_X), y: Math.round(top + y * (HEIGHT + GAP_Y)) };
    });
  });
  return places;
}
