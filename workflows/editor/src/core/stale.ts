// Which results no longer belong to the settings on the screen.
import type { Definition, Edge, Graph, Node } from "./model";

/** What decides a node's result; its place, title and note do not. */
function signature(node: Node): string {
  const { position: _p, title: _t, note: _n, body, ...rest } = node;
  // The server leaves out what is at its default.
  const set = Object.fromEntries(Object.entries(rest).filter(([, value]) => Boolean(value) && JSON.stringify(value) !== "{}"));
  return JSON.stringify([sorted(set), body ? [body.nodes.map(signature), body.edges.map(edgeSignature), body.output ?? {}] : null]);
}

const edgeSignature = (edge: Edge): string => [edge.from, edge.port ?? "out", edge.to, edge.when ?? ""].join(" ");

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, item]) => [key, sorted(item)]));
  }
  return value;
}

/** Of the nodes in `known` (paths with data), those whose settings, or anything before them, changed since `ran`. */
export function staleNodes(ran: Definition, now: Definition, known: Set<string>): Set<string> {
  const found = new Set<string>();
  walk(ran, now, "", false);
  return new Set([...found].filter((path) => known.has(path)));

  function walk(before: Graph, after: Graph, prefix: string, all: boolean): void {
    const old = new Map(before.nodes.map((node) => [node.id, node]));
    const into = (graph: Graph, id: string) => graph.edges.filter((edge) => edge.to === id).map(edgeSignature).sort().join(";");
    const changed = new Set(
      after.nodes.filter((node) => {
        const was = old.get(node.id);
        return all || !was || signature(was) !== signature(node) || (into(before, node.id) !== into(after, node.id) && before.nodes.some((item) => item.id === node.id));
      }).map((node) => node.id),
    );
    // A part of a graph lacks the edges to nodes that did not run; what is behind a changed node is stale too.
    let grows = true;
    while (grows) {
      grows = false;
      for (const edge of after.edges) if (changed.has(edge.from) && !changed.has(edge.to)) { changed.add(edge.to); grows = true; }
    }
    for (const node of after.nodes) {
      if (changed.has(node.id)) found.add(prefix + node.id);
      if (node.body) walk(old.get(node.id)?.body ?? { nodes: [], edges: [] }, node.body, `${prefix}${node.id}/`, all);
    }
  }
}
