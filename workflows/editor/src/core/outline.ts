// The rows of the outline: nodes in the order of the data, frames around their members, notes at the end.
import { layersOf } from "./layout";
import type { Frame, Graph, Node, Sticky } from "./model";

export type Row =
  | { kind: "node"; id: string; node: Node; number: number; level: number }
  | { kind: "frame"; id: string; frame: Frame; level: 1 }
  | { kind: "note"; id: string; note: Sticky; level: 1 };

/** `id` is the node's own, or the mark that the editor knows a frame or note by. */
export function outlineOf(graph: Graph): { rows: Row[]; layer: Map<string, number> } {
  const layer = layersOf(graph);
  const sorted = graph.nodes.map((node, index) => ({ node, index })).sort((a, b) => layer.get(a.node.id)! - layer.get(b.node.id)! || (a.node.position?.y ?? 0) - (b.node.position?.y ?? 0) || a.index - b.index).map(({ node }) => node);
  const frames = new Map<string, Frame>();
  for (const frame of graph.groups ?? []) for (const id of frame.nodes) frames.set(id, frame);
  const rows: Row[] = [];
  const told = new Set<string>();
  let number = 0;
  for (const node of sorted) {
    const frame = frames.get(node.id);
    if (!frame) {
      rows.push({ kind: "node", id: node.id, node, number: (number += 1), level: 1 });
      continue;
    }
    if (told.has(frame.id)) continue;
    told.add(frame.id);
    rows.push({ kind: "frame", id: `frame:${frame.id}`, frame, level: 1 });
    for (const member of sorted) {
      if (frames.get(member.id) !== frame) continue;
      number += 1;
      if (!frame.collapsed) rows.push({ kind: "node", id: member.id, node: member, number, level: 2 });
    }
  }
  for (const note of graph.notes ?? []) rows.push({ kind: "note", id: `note:${note.id}`, note, level: 1 });
  return { rows, layer };
}
