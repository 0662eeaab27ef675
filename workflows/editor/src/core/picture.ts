// What of a graph goes to React Flow: everything of a small one, what is near of a large one.
import { meets, type Box } from "./camera";
import { boundsOf, frameBox, shown, type Box as Bounds } from "./drawing";
import { HEIGHT, OUT, portsOf, WIDTH, type Action, type Edge, type Graph, type Node, type Position } from "./model";

/** Graphs with more nodes draw only what is near, and below `FAR` a picture of one canvas element. */
export const MANY = 150;
export const FAR = 0.4;

export type Line = Edge & { key: string; bent: boolean };

export const isLarge = (graph: Graph): boolean => graph.nodes.length > MANY;

const indexes = new WeakMap<Graph, Map<string, Node>>();

/** The nodes of a graph by their ids. */
export function nodesOf(graph: Graph): Map<string, Node> {
  let found = indexes.get(graph);
  if (!found) indexes.set(graph, (found = new Map(graph.nodes.map((node) => [node.id, node]))));
  return found;
}

export const heightOf = (ports: number): number => Math.max(HEIGHT, ports * 22 + 12);

export const boxOf = (node: Node, ports = 1): Box => ({ x: node.position?.x ?? 0, y: node.position?.y ?? 0, width: WIDTH, height: heightOf(ports) });

const PORT = 12;

/** Where the ports of a card are, so that edges can be drawn before the card itself. */
export function handlesOf(node: Node, action: Action | undefined) {
  const ports = portsOf(node, action);
  const height = heightOf(ports.length);
  return [
    { type: "target" as const, position: "left" as const, x: -PORT / 2, y: (height - PORT) / 2, width: PORT, height: PORT },
    ...ports.map((id, index) => ({ id, type: "source" as const, position: "right" as const, x: WIDTH - PORT / 2, y: ((index + 0.5) / ports.length) * height - PORT / 2, width: PORT, height: PORT })),
  ];
}

/** The box around everything on the canvas; null when there is nothing. */
export function wholeBox(graph: Graph): Box | null {
  const boxes: Bounds[] = [
    ...(graph.nodes.length ? [boundsOf(graph.nodes)] : []),
    ...(graph.groups ?? []).flatMap((frame) => frameBox(graph, frame) ?? []),
    ...(graph.notes ?? []).map((note) => ({ x: note.position?.x ?? 0, y: note.position?.y ?? 0, width: note.width ?? 220, height: note.height ?? 140 })),
  ];
  if (!boxes.length) return null;
  const [x, y] = [Math.min(...boxes.map((box) => box.x)), Math.min(...boxes.map((box) => box.y))];
  return { x, y, width: Math.max(...boxes.map((box) => box.x + box.width)) - x, height: Math.max(...boxes.map((box) => box.y + box.height)) - y };
}

export interface Near {
  nodes: Node[];
  /** Ends of near edges that are not near themselves. */
  behind: Node[];
  edges: Line[];
}

/** The part of a graph in an area; selected nodes are always in it, so that dragging one moves all of them. */
export function nearOf(seen: ReturnType<typeof shown>, area: Box, selected: ReadonlySet<string>): Near {
  const byId = new Map(seen.nodes.map((node) => [node.id, node]));
  const near = new Set(seen.nodes.filter((node) => selected.has(node.id) || meets(boxOf(node), area)).map((node) => node.id));
  const behind = new Map<string, Node>();
  const edges = seen.edges.filter((edge) => {
    const [from, to] = [byId.get(edge.from), byId.get(edge.to)];
    if (near.has(edge.from) || near.has(edge.to)) return true;
    return from && to ? meets(between(from, to), area) : true;
  });
  for (const edge of edges) for (const id of [edge.from, edge.to]) {
    const node = byId.get(id);
    if (node && !near.has(id)) behind.set(id, node);
  }
  return { nodes: seen.nodes.filter((node) => near.has(node.id)), behind: [...behind.values()], edges };
}

function between(a: Node, b: Node): Box {
  const [one, two] = [boxOf(a), boxOf(b)];
  const [x, y] = [Math.min(one.x, two.x), Math.min(one.y, two.y)];
  return { x, y, width: Math.max(one.x, two.x) + WIDTH - x, height: Math.max(one.y, two.y) + HEIGHT - y };
}

/** The topmost node at a point. */
export function nodeAt(nodes: Node[], point: Position): Node | undefined {
  return nodes.findLast((node) => meets(boxOf(node), { ...point, width: 0.001, height: 0.001 }));
}

/** The way of an edge in a picture: out, up or down, in. */
export function bendOf(from: Node, to: Node, port: number, ports: number): number[] {
  const [x, y] = [(from.position?.x ?? 0) + WIDTH, (from.position?.y ?? 0) + ((port + 0.5) / ports) * heightOf(ports)];
  const [u, v] = [to.position?.x ?? 0, (to.position?.y ?? 0) + HEIGHT / 2];
  const middle = (x + u) / 2;
  return [x, y, middle, y, middle, v, u, v];
}

export const portOf = (edge: Edge): string => edge.port ?? OUT;
