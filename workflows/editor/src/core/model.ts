// The words of a workflow document, as the server's pydantic model has them.
export type Schema = Record<string, any>;

export interface Position {
  x: number;
  y: number;
}

export interface Retry {
  max_attempts?: number;
  delay?: number;
  factor?: number;
  max_delay?: number;
  jitter?: number;
}

export interface OnError {
  policy?: "stop" | "default" | "branch";
  value?: unknown;
}

/** At most `limit` calls in `per` seconds, shared by nodes of the same key. */
export interface Pace {
  limit: number;
  per?: number;
  key?: string;
}

/** How many runs with the same key work at once. */
export interface Turns {
  key?: string;
  limit?: number;
  policy?: "queue" | "skip" | "cancel_previous";
}

export interface Node {
  id: string;
  action: string;
  params?: Record<string, unknown>;
  connection?: string | null;
  retry?: Retry;
  timeout?: number | null;
  on_error?: OnError;
  cache?: number | null;
  rate?: Pace | null;
  position?: Position;
  title?: string;
  note?: string;
  disabled?: boolean;
  body?: Graph | null;
}

export interface Edge {
  from: string;
  port?: string;
  to: string;
  when?: string | null;
}

export const COLOURS = ["grey", "blue", "green", "amber", "red", "violet"] as const;
export type Colour = (typeof COLOURS)[number];

/** A coloured frame around nodes; collapsed, it stands for them on the canvas. */
export interface Frame {
  id: string;
  title?: string;
  colour?: Colour;
  nodes: string[];
  collapsed?: boolean;
}

/** A note that lies on the canvas. */
export interface Sticky {
  id: string;
  text?: string;
  colour?: Colour;
  position?: Position;
  width?: number;
  height?: number;
}

export interface Graph {
  nodes: Node[];
  edges: Edge[];
  output?: Record<string, unknown>;
  groups?: Frame[];
  notes?: Sticky[];
}

export interface Definition extends Graph {
  schema_version: number;
  inputs: Schema;
  timeout?: number | null;
  concurrency?: Turns | null;
}

export interface Action {
  id: string;
  connector: string;
  title: string;
  description: string;
  effect: "read" | "write" | "destroy";
  heavy?: boolean;
  needs_credential?: boolean;
  timeout?: number;
  cache?: number;
  input_schema: Schema;
  output_schema: Schema;
  /** Fields whose choices the service lists. */
  dynamic_fields?: string[];
  ports?: string[];
  /** Ends only through its own ports, never through `out`. */
  router?: boolean;
  with_body?: boolean;
}

export interface Issue {
  code: string;
  severity: "error" | "warning";
  node: string;
  field: string;
  message: string;
  remedy: string;
}

export const OUT = "out";
export const ERROR = "error";
export const WIDTH = 220;
export const HEIGHT = 64;

/** Every port an edge may leave the node by, in the order they are drawn. */
export function portsOf(node: Node, action: Action | undefined): string[] {
  const ports = action?.router ? [] : [OUT];
  if (node.action === "flow.switch" && Array.isArray(node.params?.cases)) {
    for (const item of node.params.cases) if (typeof item?.port === "string" && item.port) ports.push(item.port);
  }
  for (const port of action?.ports ?? []) if (!ports.includes(port)) ports.push(port);
  if (node.on_error?.policy === "branch") ports.push(ERROR);
  return [...new Set(ports)];
}

export const edgeKey = (edge: Edge): string => `${edge.from} ${edge.port ?? OUT} ${edge.to}`;

export const titleOf = (node: Node, action: Action | undefined): string => node.title || action?.title || node.action;

/** Nodes that run before `id`, nearest first. */
export function upstreamOf(graph: Graph, id: string): string[] {
  const before = new Map<string, string[]>();
  for (const edge of graph.edges) before.set(edge.to, [...(before.get(edge.to) ?? []), edge.from]);
  const found = new Set<string>();
  let front = before.get(id) ?? [];
  while (front.length) {
    const next: string[] = [];
    for (const name of front) {
      if (found.has(name) || name === id) continue;
      found.add(name);
      next.push(...(before.get(name) ?? []));
    }
    front = next;
  }
  return [...found];
}

/** The graph that a path of map and loop nodes leads to. */
export function graphAt(root: Graph, level: string[]): Graph {
  let graph = root;
  for (const id of level) {
    const body = graph.nodes.find((node) => node.id === id)?.body;
    if (!body) return graph;
    graph = body;
  }
  return graph;
}

/** The document with the graph at `level` replaced. */
export function withGraphAt<G extends Graph>(root: G, level: string[], change: (graph: Graph) => Graph): G {
  // Edits keep the members they do not know, so what one leaves out is meant to go.
  if (!level.length) return change(root) as G;
  const [id, ...rest] = level;
  return {
    ...root,
    nodes: root.nodes.map((node) =>
      node.id === id ? { ...node, body: withGraphAt(node.body ?? { nodes: [], edges: [] }, rest, change) } : node,
    ),
  };
}

export function everyNode(graph: Graph): Node[] {
  return graph.nodes.flatMap((node) => [node, ...(node.body ? everyNode(node.body) : [])]);
}

/** A document with the empty lists that the server leaves out of bodies. */
export function whole<G extends Graph>(graph: G): G {
  const { nodes = [], edges = [] } = graph;
  return { ...graph, edges, nodes: nodes.map((node) => (node.body ? { ...node, body: whole(node.body) } : node)) };
}
