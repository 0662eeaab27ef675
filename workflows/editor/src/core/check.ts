// Whether two nodes may be joined, and if not, why; what a new edge can fill in by itself.
import { edgeKey, OUT, upstreamOf, type Action, type Graph, type Node, type Schema } from "./model";
import { shapeOf, unwrap, variablesOf, type Shape } from "./schema";
import type { Key } from "./texts";

export type Actions = Map<string, Action>;

function emptyRequired(node: Node, action: Action | undefined): [string, Shape][] {
  const schema = action?.input_schema ?? {};
  return ((schema.required ?? []) as string[])
    .filter((name) => node.params?.[name] === undefined)
    .map((name) => [name, shapeOf(schema.properties?.[name], schema)]);
}

/** Does any part of the schema give this shape? Unknown schemas may give anything. */
export function gives(schema: Schema | undefined, shape: Shape): boolean {
  const root = schema ?? {};
  const kind = shapeOf(root, root);
  if (kind === "any" || shape === "any") return kind !== "nothing";
  if (kind === "record" && !Object.keys(unwrap(root, root).schema.properties ?? {}).length) return true;
  return variablesOf("x", root, "x").some((variable) => variable.shape === shape || variable.shape === "any");
}

/** Why an edge is refused; null when it may be drawn. */
export function refusal(
  graph: Graph, inputs: Schema, actions: Actions, from: string, port: string, to: string,
): Key | null {
  if (from === to) return "refuse_self";
  const source = graph.nodes.find((node) => node.id === from);
  const target = graph.nodes.find((node) => node.id === to);
  if (!source || !target) return "refuse_gone";
  const key = edgeKey({ from, port: port || OUT, to });
  if (graph.edges.some((edge) => edgeKey(edge) === key)) return "refuse_twice";
  const before = upstreamOf(graph, from);
  if (before.includes(to)) return "refuse_cycle";
  const needsList = emptyRequired(target, actions.get(target.action)).some(([, shape]) => shape === "list");
  if (needsList) {
    const known = [from, ...before, ...upstreamOf(graph, to)].map(
      (id) => actions.get(graph.nodes.find((node) => node.id === id)?.action ?? "")?.output_schema,
    );
    if (![...known, inputs].some((schema) => gives(schema, "list"))) {
      const shape = shapeOf(actions.get(source.action)?.output_schema, actions.get(source.action)?.output_schema ?? {});
      return shape === "record" ? "refuse_list_record" : shape === "value" ? "refuse_list_value" : "refuse_list";
    }
  }
  return null;
}

/** Parameters of `target` that the new upstream node can fill: an empty required field with one candidate of its shape. */
export function suggestParams(source: Node, target: Node, actions: Actions): Record<string, unknown> {
  const schema = actions.get(source.action)?.output_schema ?? {};
  const filled: Record<string, unknown> = {};
  const names = variablesOf(source.id, schema, source.id).filter((variable) => variable.depth <= 1);
  for (const [name, shape] of emptyRequired(target, actions.get(target.action))) {
    const sameName = names.find((variable) => variable.depth === 1 && variable.name === name);
    const fitting = names.filter((variable) => variable.shape === shape && shape !== "any");
    const chosen = sameName ?? (shape === "list" || fitting.length === 1 ? fitting[0] : undefined);
    if (chosen) filled[name] = `{{ ${chosen.path} }}`;
  }
  return filled;
}
