// The document in the form that React Flow draws.
import type { Edge as FlowEdge, Node as FlowNode } from "@xyflow/react";
import { MarkerType } from "@xyflow/react";
import { useEffect, useMemo, useState, type Dispatch, type SetStateAction } from "react";
import { areaOf, type View } from "../core/camera";
import * as drawing from "../core/drawing";
import { ERROR, OUT, titleOf, WIDTH, portsOf, type Graph, type Node, type Position } from "../core/model";
import { FAR, handlesOf, heightOf, isLarge, nearOf } from "../core/picture";
import { t } from "../core/texts";
import { useEditor } from "./common";

/** Selected cards are drawn wherever they are, unless there are too many. */
const MOST_SELECTED = 60;

export interface Drawn {
  nodes: FlowNode[];
  setNodes: Dispatch<SetStateAction<FlowNode[]>>;
  edges: FlowEdge[];
  isFar: boolean;
}

/** `pointed` is the node under the pointer while the graph is seen from afar. */
export function useFlowNodes(graph: Graph, view: View, size: { width: number; height: number }, pointed: string | null, hover: string | null): Drawn {
  const editor = useEditor();
  const selected = editor.use((state) => state.selected);
  const chosenEdge = editor.use((state) => state.edge);
  const actions = editor.use((state) => state.actions);
  const mark = editor.use((state) => state.mark);
  const [nodes, setNodes] = useState<FlowNode[]>([]);
  const seen = useMemo(() => drawing.shown(graph), [graph]);
  const large = isLarge(graph);
  const isFar = large && view.zoom < FAR;

  const near = useMemo(() => {
    const chosen = new Set(selected.length > MOST_SELECTED ? [] : selected);
    if (!large) return { nodes: seen.nodes, behind: [], edges: seen.edges };
    if (!size.width) return { nodes: [], behind: [], edges: [] };
    if (isFar) return { nodes: seen.nodes.filter((node) => chosen.has(node.id) || node.id === pointed), behind: [], edges: [] };
    return nearOf(seen, areaOf(view, size.width, size.height), chosen);
  }, [seen, large, isFar, large ? view : null, large ? size : null, large ? selected : null, isFar ? pointed : null]);

  useEffect(() => {
    const chosen = new Set(selected);
    setNodes((before) => {
      const old = new Map(before.map((node) => [node.id, node]));
      const held = (id: string, position: Position) => (old.get(id)?.dragging ? old.get(id)!.position : position);
      const frames = isFar ? [] : (graph.groups ?? []).flatMap((frame) => {
        const box = drawing.frameBox(graph, frame);
        const id = `frame:${frame.id}`;
        return box ? [{
          ...old.get(id), id, type: "frame", data: {}, position: held(id, { x: box.x, y: box.y }), width: box.width, height: box.height, zIndex: frame.collapsed ? 0 : -1,
          selected: mark === id, dragHandle: ".ed-frame-head", className: frame.collapsed ? undefined : "ed-under", ariaLabel: t("group_of", frame.title || t("new_group"), frame.nodes.length),
        }] : [];
      });
      const notes = isFar ? [] : (graph.notes ?? []).map((note) => {
        const id = `note:${note.id}`;
        return {
          ...old.get(id), id, type: "sticky", data: {}, position: held(id, { x: note.position?.x ?? 0, y: note.position?.y ?? 0 }), width: note.width ?? 220, height: note.height ?? 140,
          selected: mark === id, dragHandle: ".ed-sticky-head", ariaLabel: t("sticky"), zIndex: 0,
        };
      });
      const card = (node: Node, hidden: boolean): FlowNode => {
        const action = actions.get(node.action);
        const was = old.get(node.id);
        const position = held(node.id, { x: node.position?.x ?? 0, y: node.position?.y ?? 0 });
        const isChosen = chosen.has(node.id);
        const known = was?.data as { of?: Node; action?: unknown } | undefined;
        // The same object tells React Flow that nothing changed.
        if (was && known?.of === node && known.action === action && was.selected === isChosen && was.position.x === position.x && was.position.y === position.y && Boolean(was.hidden) === hidden && Boolean(was.handles) === large) return was;
        return {
          ...was, id: node.id, type: "card", data: { of: node, action }, position, selected: isChosen, hidden, ariaLabel: titleOf(node, action),
          ...(large ? { width: WIDTH, height: heightOf(portsOf(node, action).length), handles: handlesOf(node, action) as FlowNode["handles"] } : { width: undefined, height: undefined, handles: undefined }),
        };
      };
      return [...frames, ...notes, ...near.nodes.map((node) => card(node, false)), ...near.behind.map((node) => card(node, true))];
    });
  }, [graph, near, selected, actions, mark, isFar, large]);

  const edges = useMemo<FlowEdge[]>(
    () => near.edges.map((edge) => ({
      id: edge.key, type: "line", source: edge.from, target: edge.to, ...(edge.from.startsWith("frame:") ? {} : { sourceHandle: edge.port ?? OUT }),
      selected: chosenEdge === edge.key, data: { when: edge.when ?? "", error: edge.port === ERROR, hover: hover === edge.key },
      markerEnd: { type: MarkerType.ArrowClosed, width: 16, height: 16, color: "var(--edge)" },
      ariaLabel: t("edge_label", edge.from, edge.to),
    })),
    [near.edges, chosenEdge, hover],
  );
  return { nodes, setNodes, edges, isFar };
}


