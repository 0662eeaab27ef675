// Frames, notes and order on the canvas: pure functions from graph to graph.
import { edgeKey, HEIGHT, WIDTH, type Edge, type Frame, type Graph, type Node, type Position, type Sticky } from "./model";

export const PAD = 24;
export const HEAD = 32;
/** Room for the bar that stands above a node. */
export const ABOVE = 48;

export interface Box extends Position {
  width: number;
  height: number;
}

/** The server leaves zeros out. */
const at = (node: Node): Position => ({ x: node.position?.x ?? 0, y: node.position?.y ?? 0 });

function freeId(base: string, taken: string[]): string {
  let count = 1;
  while (taken.includes(`${base}${count}`)) count += 1;
  return `${base}${count}`;
}

// Frames ------------------------------------------------------------------------------------------------------

/** Put nodes into a frame of their own; they leave the frames they were in. */
export function group(graph: Graph, ids: string[], title: string): [Graph, string] {
  const id = freeId("g", (graph.groups ?? []).map((frame) => frame.id));
  const chosen = new Set(ids);
  const others = (graph.groups ?? []).map((frame) => ({ ...frame, nodes: frame.nodes.filter((node) => !chosen.has(node)) }));
  const frame: Frame = { id, title, colour: "blue", nodes: graph.nodes.filter((node) => chosen.has(node.id)).map((node) => node.id) };
  return [{ ...graph, groups: [...others.filter((other) => other.nodes.length), frame] }, id];
}

export const ungroup = (graph: Graph, id: string): Graph => withGroups(graph, (graph.groups ?? []).filter((frame) => frame.id !== id));

export const updateGroup = (graph: Graph, id: string, change: Partial<Frame>): Graph =>
  withGroups(graph, (graph.groups ?? []).map((frame) => (frame.id === id ? tidy({ ...frame, ...change }) : frame)));

/** Put a node into a frame, out of any other, or take it out; frames without nodes vanish. */
export const setMember = (graph: Graph, id: string, node: string, member: boolean): Graph =>
  withGroups(graph, (graph.groups ?? [])
    .map((frame) => ({ ...frame, nodes: frame.id === id && member ? [...frame.nodes.filter((item) => item !== node), node] : frame.id === id || member ? frame.nodes.filter((item) => item !== node) : frame.nodes }))
    .filter((frame) => frame.nodes.length));

function withGroups(graph: Graph, groups: Frame[]): Graph {
  const { groups: _, ...rest } = graph;
  return groups.length ? { ...rest, groups } : rest;
}

function tidy<T extends object>(item: T): T {
  return Object.fromEntries(Object.entries(item).filter(([, value]) => value !== undefined && value !== false && value !== "")) as T;
}

/** The frames without nodes that are gone; empty frames vanish. */
export function pruneGroups(graph: Graph): Graph {
  if (!graph.groups) return graph;
  const there = new Set(graph.nodes.map((node) => node.id));
  if (graph.groups.every((frame) => frame.nodes.length && frame.nodes.every((id) => there.has(id)))) return graph;
  return withGroups(graph, graph.groups.map((frame) => ({ ...frame, nodes: frame.nodes.filter((id) => there.has(id)) })).filter((frame) => frame.nodes.length));
}

/** The smallest box around nodes. */
export function boundsOf(nodes: Node[]): Box {
  const [xs, ys] = [nodes.map((node) => at(node).x), nodes.map((node) => at(node).y)];
  const [x, y] = [Math.min(...xs), Math.min(...ys)];
  return { x, y, width: Math.max(...xs) + WIDTH - x, height: Math.max(...ys) + HEIGHT - y };
}

export function frameBox(graph: Graph, frame: Frame): Box | null {
  const members = graph.nodes.filter((node) => frame.nodes.includes(node.id));
  if (!members.length) return null;
  const box = boundsOf(members);
  if (frame.collapsed) return { x: box.x, y: box.y, width: WIDTH, height: HEIGHT };
  return { x: box.x - PAD, y: box.y - ABOVE - HEAD, width: box.width + 2 * PAD, height: box.height + ABOVE + PAD + HEAD };
}

/** Move all members of a frame so that its box stands at `to`. */
export function moveGroup(graph: Graph, id: string, to: Position): Graph {
  const frame = graph.groups?.find((item) => item.id === id);
  const box = frame && frameBox(graph, frame);
  if (!frame || !box) return graph;
  const [dx, dy] = [Math.round(to.x - box.x), Math.round(to.y - box.y)];
  return { ...graph, nodes: graph.nodes.map((node) => (frame.nodes.includes(node.id) ? { ...node, position: { x: at(node).x + dx, y: at(node).y + dy } } : node)) };
}

/** What the canvas draws: nodes outside of collapsed frames, and edges bent to the frames that stand for their ends. */
export function shown(graph: Graph): { nodes: Node[]; edges: (Edge & { key: string; bent: boolean })[] } {
  const inside = new Map<string, string>();
  for (const frame of graph.groups ?? []) if (frame.collapsed) for (const id of frame.nodes) inside.set(id, frame.id);
  const edges = graph.edges.flatMap((edge) => {
    const [from, to] = [inside.get(edge.from), inside.get(edge.to)];
    if (from && from === to) return [];
    const { port: _, ...plain } = edge;
    return [{ ...(from ? plain : edge), from: from ? `frame:${from}` : edge.from, to: to ? `frame:${to}` : edge.to, key: edgeKey(edge), bent: Boolean(from || to) }];
  });
  return { nodes: graph.nodes.filter((node) => !inside.has(node.id)), edges };
}

// Notes -------------------------------------------------------------------------------------------------------

export function addNote(graph: Graph, position: Position): [Graph, string] {
  const id = freeId("n", (graph.notes ?? []).map((note) => note.id));
  return [{ ...graph, notes: [...(graph.notes ?? []), { id, position: { x: Math.round(position.x), y: Math.round(position.y) } }] }, id];
}

export const updateNote = (graph: Graph, id: string, change: Partial<Sticky>): Graph => ({
  ...graph,
  notes: (graph.notes ?? []).map((note) => (note.id === id ? tidy({ ...note, ...change }) : note)),
});

export function removeNote(graph: Graph, id: string): Graph {
  const { notes = [], ...rest } = graph;
  const left = notes.filter((note) => note.id !== id);
  return left.length ? { ...rest, notes: left } : rest;
}

// Order -------------------------------------------------------------------------------------------------------

export const ALIGNMENTS = ["left", "centre", "right", "top", "middle", "bottom", "across", "down"] as const;
export type Alignment = (typeof ALIGNMENTS)[number];

/** Where nodes go when they are lined up; `across` and `down` make the gaps between them equal. */
export function align(graph: Graph, ids: string[], how: Alignment): Record<string, Position> {
  const nodes = graph.nodes.filter((node) => ids.includes(node.id));
  if (nodes.length < 2) return {};
  const box = boundsOf(nodes);
  if (how === "across" || how === "down") {
    const axis = how === "across" ? "x" : "y";
    const sorted = [...nodes].sort((a, b) => at(a)[axis] - at(b)[axis]);
    const [first, last] = [at(sorted[0])[axis], at(sorted.at(-1)!)[axis]];
    const step = (last - first) / (sorted.length - 1);
    return Object.fromEntries(sorted.map((node, index) => [node.id, { ...at(node), [axis]: Math.round(first + step * index) }]));
  }
  const place: Record<Exclude<Alignment, "across" | "down">, Partial<Position>> = {
    left: { x: box.x }, right: { x: box.x + box.width - WIDTH }, centre: { x: Math.round(box.x + (box.width - WIDTH) / 2) },
    top: { y: box.y }, bottom: { y: box.y + box.height - HEIGHT }, middle: { y: Math.round(box.y + (box.height - HEIGHT) / 2) },
  };
  return Object.fromEntries(nodes.map((node) => [node.id, { ...at(node), ...place[how] }]));
}

const REACH = 6;

/** Lines of other nodes that a dragged one comes near: where it snaps to, and what to draw. */
export function guides(graph: Graph, id: string, position: Position): { position: Position; x?: number; y?: number } {
  let [bestX, bestY]: (number | undefined)[] = [];
  for (const node of graph.nodes) {
    if (node.id === id) continue;
    const { x, y } = at(node);
    if (Math.abs(x - position.x) <= REACH && (bestX === undefined || Math.abs(x - position.x) < Math.abs(bestX - position.x))) bestX = x;
    if (Math.abs(y - position.y) <= REACH && (bestY === undefined || Math.abs(y - position.y) < Math.abs(bestY - position.y))) bestY = y;
  }
  return {
    position: { x: bestX ?? position.x, y: bestY ?? position.y },
    ...(bestX === undefined ? {} : { x: bestX }), ...(bestY === undefined ? {} : { y: bestY }),
  };
}
