// A selection becomes a workflow of its own: what it reads from outside becomes its inputs.
import { freshId, removeNodes } from "./edits";
import { boundsOf, pruneGroups } from "./drawing";
import { OUT, upstreamOf, type Definition, type Edge, type Graph, type Node, type Schema } from "./model";
import { shapeOf, unwrap } from "./schema";
import type { Key } from "./texts";

export interface Extracted {
  /** The new workflow. */
  definition: Definition;
  /** The graph with one node in place of the selection; `workflow` is filled in once the new one has an id. */
  finish: (workflow: string) => Graph;
  node: string;
}

const REFERENCE = /(?<![\w.'"\]])([A-Za-z_]\w*)((?:\s*\.\s*[A-Za-z_]\w*|\[\s*-?\d+\s*\]|\["[^"]*"\]|\['[^']*'\])*)(\s*\()?/g;
/** Names that belong to a run as a whole and have no meaning in another workflow. */
const OF_RUN = new Set(["input", "vars", "item", "index", "error"]);

/** Every path in the expressions of a value, with a chance to write something else in its place. */
function mapPaths<T>(value: T, change: (root: string, rest: string) => string | null, bare = false): T {
  if (typeof value === "string") {
    const inside = (text: string) => text.replace(REFERENCE, (whole, root: string, rest: string, call?: string) => {
      // The last name before a bracket is a method of what stands before it, or a function.
      const cut = call ? rest.lastIndexOf(".") : rest.length;
      if (call && cut < 0) return whole;
      const next = change(root, rest.slice(0, cut).replace(/\s+/g, ""));
      return next === null ? whole : next + rest.slice(cut) + (call ?? "");
    });
    return (bare && !value.includes("{{") ? inside(value) : value.replace(/\{\{[\s\S]*?\}\}/g, inside)) as T;
  }
  if (Array.isArray(value)) return value.map((item) => mapPaths(item, change)) as T;
  if (value && typeof value === "object") return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapPaths(item, change)])) as T;
  return value;
}

const mapNode = (node: Node, change: (root: string, rest: string) => string | null): Node => ({
  ...node,
  ...(node.params ? { params: mapPaths(node.params, change) } : {}),
  ...(node.on_error?.value !== undefined ? { on_error: mapPaths(node.on_error, change) } : {}),
  ...(node.body ? { body: { ...node.body, nodes: node.body.nodes.map((inner) => mapNode(inner, change)), edges: node.body.edges.map((edge) => mapEdge(edge, change)), ...(node.body.output ? { output: mapPaths(node.body.output, change) } : {}) } } : {}),
});
const mapEdge = (edge: Edge, change: (root: string, rest: string) => string | null): Edge => (edge.when ? { ...edge, when: mapPaths(edge.when, change, true) } : edge);

/** Why a selection cannot become a workflow of its own; null when it can. */
export function whyNotExtract(graph: Graph, ids: string[]): Key | null {
  const chosen = new Set(ids);
  if (!ids.length) return "extract_empty";
  const leaving = graph.edges.filter((edge) => chosen.has(edge.from) && !chosen.has(edge.to));
  if (leaving.some((edge) => (edge.port ?? OUT) !== OUT)) return "extract_branch";
  if (leaving.some((edge) => ids.some((id) => upstreamOf(graph, id).includes(edge.to)))) return "extract_through";
  return null;
}

/** The schema at a path, as far as it is known. */
function schemaAt(root: Schema, rest: string): Schema {
  let part: Schema = root;
  for (const [, name, index] of rest.matchAll(/\.([A-Za-z_]\w*)|\[\s*(-?\d+|"[^"]*"|'[^']*')\s*\]/g)) {
    const here = unwrap(part, root).schema;
    part = index !== undefined && /^-?\d+$/.test(index) ? here.items ?? {} : here.properties?.[name ?? index?.slice(1, -1)] ?? {};
  }
  const found = unwrap(part, root).schema;
  const shape = shapeOf(found, root);
  // Only the outermost type travels: definitions that it refers to stay behind.
  return shape === "list" ? { type: "array" } : shape === "record" ? { type: "object" } : typeof found.type === "string" ? { type: found.type } : {};
}

export function extract(graph: Graph, ids: string[], context: { inputs: Schema; outputOf: (node: Node) => Schema; title: string; taken: string[]; inBody: boolean }): Extracted {
  const chosen = new Set(ids);
  const nodes = graph.nodes.filter((node) => chosen.has(node.id));
  const others = new Map(graph.nodes.filter((node) => !chosen.has(node.id)).map((node) => [node.id, node]));
  const inputs = new Map<string, { name: string; schema: Schema }>();
  const names = new Set<string>();
  const inner = new Set(nodes.flatMap((node) => (node.body ? node.body.nodes.map((item) => item.id) : [])));

  const asInput = (root: string, rest: string): string | null => {
    const outside = others.has(root) || OF_RUN.has(root) || (context.inBody && context.taken.includes(root) && !chosen.has(root));
    if (!outside || inner.has(root)) return null;
    const path = root + rest;
    let known = inputs.get(path);
    if (!known) {
      const last = /([A-Za-z_]\w*)(?:\[[^\]]*\])*$/.exec(path)?.[1] ?? root;
      let name = last;
      for (let count = 2; names.has(name) || chosen.has(name); count += 1) name = `${last}_${count}`;
      names.add(name);
      const node = others.get(root);
      known = { name, schema: schemaAt(root === "input" ? context.inputs : node ? context.outputOf(node) : {}, rest) };
      inputs.set(path, known);
    }
    return `input.${known.name}`;
  };
  // `item` and `index` inside a body of the selection are its own.
  const asInputOf = (node: Node) => (root: string, rest: string) => (node.body && (root === "item" || root === "index") ? null : asInput(root, rest));
  const moved = nodes.map((node) => mapNode(node, asInputOf(node)));
  const within = graph.edges.filter((edge) => chosen.has(edge.from) && chosen.has(edge.to)).map((edge) => mapEdge(edge, asInput));

  const wanted = new Set<string>();
  const look = (root: string) => { if (chosen.has(root)) wanted.add(root); return null; };
  for (const node of others.values()) mapNode(node, look);
  for (const edge of graph.edges) if (!chosen.has(edge.from) || !chosen.has(edge.to)) mapEdge(edge, look);
  mapPaths(graph.output ?? {}, look);
  if (!wanted.size) for (const node of nodes) if (!within.some((edge) => edge.from === node.id)) wanted.add(node.id);

  const id = freshId(context.title.normalize("NFKD").toLowerCase().replace(/[^a-z0-9]+/g, "_").replace(/^_+|_+$/g, "") || "part", context.taken);
  const properties = Object.fromEntries([...inputs.values()].map(({ name, schema }) => [name, schema]));
  const definition: Definition = {
    schema_version: 1,
    inputs: { type: "object", properties, ...(inputs.size ? { required: Object.keys(properties) } : {}) },
    nodes: moved, edges: within,
    output: Object.fromEntries([...wanted].map((name) => [name, `{{ ${name} }}`])),
  };

  const finish = (workflow: string): Graph => {
    const outward = (root: string, rest: string) => (chosen.has(root) ? `${id}.${root}${rest}` : null);
    const box = boundsOf(nodes);
    const node: Node = {
      id, action: "flow.subworkflow", title: context.title, position: { x: box.x, y: box.y },
      params: { workflow, ...(inputs.size ? { input: Object.fromEntries([...inputs].map(([path, { name }]) => [name, `{{ ${path} }}`])) } : {}) },
    };
    const rest = removeNodes(graph, ids);
    const seen = new Set<string>();
    const crossing = graph.edges.flatMap((edge) => {
      const [from, to] = [chosen.has(edge.from), chosen.has(edge.to)];
      if (from === to) return [];
      const next = mapEdge({ ...edge, from: from ? id : edge.from, to: to ? id : edge.to }, outward);
      const key = `${next.from} ${next.port ?? OUT} ${next.to}`;
      if (seen.has(key)) return [];
      seen.add(key);
      return [next];
    });
    return pruneGroups({
      ...rest,
      nodes: [...rest.nodes.map((item) => mapNode(item, outward)), node],
      edges: [...rest.edges.map((edge) => mapEdge(edge, outward)), ...crossing],
      ...(rest.output ? { output: mapPaths(rest.output, outward) } : {}),
    });
  };
  return { definition, finish, node: id };
}
