// Every edit as a pure function from graph to graph.
import { pruneGroups } from "./drawing";
import { edgeKey, OUT, type Edge, type Graph, type Node, type Position } from "./model";

/** An id for a new node that can stand in an expression. */
export function freshId(wanted: string, taken: Iterable<string>): string {
  const used = new Set(taken);
  const base = wanted.replace(/[^A-Za-z0-9_]/g, "_").replace(/^(?=[^A-Za-z])/, "n").replace(/_+$/, "") || "node";
  // Names that mean something else in an expression.
  const reserved = new Set(["input", "vars", "item", "index", "run", "in", "not", "and", "or", "if", "else", "for", "is", "True", "False", "None", "lambda"]);
  if (!used.has(base) && !reserved.has(base)) return base;
  let number = 2;
  while (used.has(`${base}_${number}`)) number += 1;
  return `${base}_${number}`;
}

export const addNode = (graph: Graph, node: Node, edge?: Edge): Graph => ({
  ...graph,
  nodes: [...graph.nodes, node],
  edges: edge ? connect(graph, edge).edges : graph.edges,
});

export function removeNodes(graph: Graph, ids: string[]): Graph {
  const gone = new Set(ids);
  return pruneGroups({
    ...graph,
    nodes: graph.nodes.filter((node) => !gone.has(node.id)),
    edges: graph.edges.filter((edge) => !gone.has(edge.from) && !gone.has(edge.to)),
  });
}

export function moveNodes(graph: Graph, places: Record<string, Position>): Graph {
  return {
    ...graph,
    nodes: graph.nodes.map((node) => (places[node.id] ? { ...node, position: round(places[node.id]) } : node)),
  };
}

const round = ({ x, y }: Position): Position => ({ x: Math.round(x), y: Math.round(y) });

export function connect(graph: Graph, edge: Edge): Graph {
  const key = edgeKey(edge);
  return graph.edges.some((other) => edgeKey(other) === key) ? graph : { ...graph, edges: [...graph.edges, edge] };
}

export const removeEdges = (graph: Graph, keys: string[]): Graph => ({
  ...graph,
  edges: graph.edges.filter((edge) => !keys.includes(edgeKey(edge))),
});

/** Change some members of a node; undefined removes a member. */
export function updateNode(graph: Graph, id: string, change: Partial<Node>): Graph {
  return {
    ...graph,
    nodes: graph.nodes.map((node) => {
      if (node.id !== id) return node;
      const next: Record<string, unknown> = { ...node, ...change };
      for (const [name, value] of Object.entries(next)) if (value === undefined) delete next[name];
      return next as unknown as Node;
    }),
  };
}

export function updateEdge(graph: Graph, key: string, change: Partial<Edge>): Graph {
  return {
    ...graph,
    edges: graph.edges.map((edge) => {
      if (edgeKey(edge) !== key) return edge;
      const next = { ...edge, ...change };
      if (!next.when) delete next.when;
      return next;
    }),
  };
}

/** A new node in the middle of an edge. */
export function insertOnEdge(graph: Graph, key: string, node: Node, port: string = OUT): Graph {
  const edge = graph.edges.find((item) => edgeKey(item) === key);
  if (!edge) return addNode(graph, node);
  const rest = graph.edges.filter((item) => item !== edge);
  return {
    ...graph,
    nodes: [...graph.nodes, node],
    edges: [...rest, { ...edge, to: node.id }, { from: node.id, port, to: edge.to }],
  };
}

export const FRAGMENT = "workflow-fragment";

export interface Fragment {
  kind: typeof FRAGMENT;
  nodes: Node[];
  edges: Edge[];
}

/** A portable piece of the graph: inner edges only, no connection ids. */
export function copyFragment(graph: Graph, ids: string[]): Fragment {
  const kept = new Set(ids);
  return {
    kind: FRAGMENT,
    nodes: graph.nodes.filter((node) => kept.has(node.id)).map(({ connection: _, ...node }) => node),
    edges: graph.edges.filter((edge) => kept.has(edge.from) && kept.has(edge.to)),
  };
}

export function readFragment(text: string): Fragment | null {
  try {
    const data = JSON.parse(text);
    const sound =
      data?.kind === FRAGMENT &&
      Array.isArray(data.nodes) &&
      Array.isArray(data.edges) &&
      data.nodes.every((node: any) => typeof node?.id === "string" && typeof node?.action === "string");
    return sound ? data : null;
  } catch {
    return null;
  }
}

/** References inside `{{ … }}` follow the new ids; texts outside stay. */
export function renameReferences<T>(value: T, names: Map<string, string>): T {
  if (typeof value === "string") {
    return value.replace(/\{\{[\s\S]*?\}\}/g, (expression) =>
      expression.replace(/(?<![\w.'"])[A-Za-z_]\w*/g, (word) => names.get(word) ?? word),
    ) as T;
  }
  if (Array.isArray(value)) return value.map((item) => renameReferences(item, names)) as T;
  if (value && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, renameReferences(item, names)])) as T;
  }
  return value;
}

/** Paste with fresh ids; the top left corner comes to stand at `at`. */
export function pasteFragment(graph: Graph, fragment: Fragment, at: Position, taken: string[]): [Graph, string[]] {
  const used = new Set(taken);
  const names = new Map<string, string>();
  for (const node of fragment.nodes) {
    const id = freshId(node.id, used);
    used.add(id);
    names.set(node.id, id);
  }
  const left = Math.min(...fragment.nodes.map((node) => node.position?.x ?? 0));
  const top = Math.min(...fragment.nodes.map((node) => node.position?.y ?? 0));
  const nodes = fragment.nodes.map((node) => ({
    ...node,
    id: names.get(node.id)!,
    ...(node.params ? { params: renameReferences(node.params, names) } : {}),
    position: round({ x: (node.position?.x ?? 0) - left + at.x, y: (node.position?.y ?? 0) - top + at.y }),
  }));
  const edges = fragment.edges.flatMap((edge) =>
    names.has(edge.from) && names.has(edge.to)
      ? [{ ...edge, from: names.get(edge.from)!, to: names.get(edge.to)! }]
      : [],
  );
  return [
    { ...graph, nodes: [...graph.nodes, ...nodes], edges: [...graph.edges, ...edges] },
    nodes.map((node) => node.id),
  ];
}
