// The canvas: React Flow fed from the document, telling the editor what the pointer did.
import {
  Background, BackgroundVariant, Controls, MarkerType, MiniMap, ReactFlow, SelectionMode, useReactFlow, useUpdateNodeInternals,
  applyNodeChanges, type Connection, type Edge as FlowEdge, type Node as FlowNode, type NodeChange,
} from "@xyflow/react";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import * as edits from "../core/edits";
import { edgeKey, ERROR, HEIGHT, OUT, portsOf, titleOf, WIDTH, type Position } from "../core/model";
import { t } from "../core/texts";
import { language, useEditor } from "./common";
import { EdgeLine } from "./EdgeLine";
import { NodeCard } from "./NodeCard";

const nodeTypes = { card: NodeCard };
const edgeTypes = { line: EdgeLine };
const MANY = 150;
const MARGIN = 24;
const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;

export function Canvas() {
  const editor = useEditor();
  const graph = editor.use(() => editor.graph());
  const selected = editor.use((state) => state.selected);
  const chosenEdge = editor.use((state) => state.edge);
  const actions = editor.use((state) => state.actions);
  const level = editor.use((state) => state.level.join("/"));
  const ready = editor.use((state) => state.ready);
  const flow = useReactFlow();
  const refresh = useUpdateNodeInternals();
  const [nodes, setNodes] = useState<FlowNode[]>([]);
  const [hover, setHover] = useState<string | null>(null);
  const dropped = useRef(false);
  const fitted = useRef("");

  useEffect(() => {
    const chosen = new Set(selected);
    setNodes((before) => {
      const old = new Map(before.map((node) => [node.id, node]));
      return graph.nodes.map((node) => ({
        ...old.get(node.id),
        id: node.id, type: "card", data: {}, position: old.get(node.id)?.dragging ? old.get(node.id)!.position : { x: node.position?.x ?? 0, y: node.position?.y ?? 0 },
        selected: chosen.has(node.id),
        ariaLabel: titleOf(node, actions.get(node.action)),
      }));
    });
  }, [graph, selected, actions]);

  // Ports appear and vanish with the settings of a node; React Flow has to measure them again.
  const ports = graph.nodes.map((node) => `${node.id}:${portsOf(node, actions.get(node.action)).join()}`).join(";");
  useEffect(() => refresh(graph.nodes.map((node) => node.id)), [ports]);

  useEffect(() => {
    const place = `${level}:${ready}`;
    if (!ready || fitted.current === place || !nodes.length) return;
    fitted.current = place;
    requestAnimationFrame(() => void flow.fitView({ padding: 0.2, maxZoom: 1 }));
  }, [ready, level, nodes.length]);

  // A panel that opens must not cover what it describes.
  useEffect(() => {
    const id = selected.length === 1 ? selected[0] : "";
    if (!id) return;
    const frame = requestAnimationFrame(() => {
      const card = document.querySelector(`.react-flow__node[data-id="${CSS.escape(id)}"]`)?.getBoundingClientRect();
      const stage = document.querySelector(".ed-stage")?.getBoundingClientRect();
      const panel = document.querySelector(".ed-inspector")?.getBoundingClientRect();
      if (!card || !stage) return;
      const right = Math.min(stage.right, panel?.left ?? stage.right) - MARGIN;
      const left = stage.left + MARGIN;
      const x = card.right > right ? right - card.right : card.left < left ? left - card.left : 0;
      const y = card.bottom > stage.bottom - MARGIN ? stage.bottom - MARGIN - card.bottom : card.top < stage.top + MARGIN ? stage.top + MARGIN - card.top : 0;
      const view = flow.getViewport();
      if (x || y) void flow.setViewport({ ...view, x: view.x + x, y: view.y + y }, { duration: calm ? 0 : 150 });
    });
    return () => cancelAnimationFrame(frame);
  }, [selected, flow]);

  const edges = useMemo<FlowEdge[]>(
    () => graph.edges.map((edge) => ({
      id: edgeKey(edge), type: "line", source: edge.from, target: edge.to, sourceHandle: edge.port ?? OUT,
      selected: chosenEdge === edgeKey(edge), data: { when: edge.when ?? "", error: edge.port === ERROR, hover: hover === edgeKey(edge) },
      markerEnd: { type: MarkerType.ArrowClosed, width: 16, height: 16, color: "var(--edge)" },
      ariaLabel: t("edge_label", edge.from, edge.to),
    })),
    [graph.edges, chosenEdge, hover],
  );

  const onNodesChange = useCallback((changes: NodeChange[]) => {
    const chosen = new Set(editor.store.get().selected);
    let touched = false;
    for (const change of changes) {
      if (change.type !== "select") continue;
      touched = true;
      if (change.selected) chosen.add(change.id);
      else chosen.delete(change.id);
    }
    if (touched) editor.store.set({ selected: [...chosen], ...(chosen.size ? { edge: null } : {}) });
    setNodes((before) => applyNodeChanges(changes.filter((change) => change.type !== "remove" && change.type !== "select"), before));
  }, [editor]);

  const onDragStop = useCallback((_: unknown, __: FlowNode, moved: FlowNode[]) => {
    const places: Record<string, Position> = Object.fromEntries(moved.map((node) => [node.id, node.position]));
    setNodes((before) => before.map((node) => ({ ...node, dragging: false })));
    editor.edit(t("did_move", moved.length), (graph) => edits.moveNodes(graph, places));
  }, [editor]);

  const onConnect = useCallback((link: Connection) => {
    dropped.current = true;
    editor.connect(link.source, link.sourceHandle ?? OUT, link.target);
  }, [editor]);

  const onConnectEnd = useCallback((event: MouseEvent | TouchEvent, state: any) => {
    if (dropped.current) { dropped.current = false; return; }
    if (!state.fromNode || state.fromHandle?.type !== "source") return;
    if (state.toNode) {
      const reason = editor.whyNot(state.fromNode.id, state.fromHandle.id ?? OUT, state.toNode.id);
      if (reason) editor.tell(t(reason), "danger");
      else editor.connect(state.fromNode.id, state.fromHandle.id ?? OUT, state.toNode.id);
      return;
    }
    const point = "changedTouches" in event ? event.changedTouches[0] : event;
    const at = flow.screenToFlowPosition({ x: point.clientX, y: point.clientY });
    editor.store.set({ panel: "add", picker: { after: { node: state.fromNode.id, port: state.fromHandle.id ?? OUT }, at: { x: at.x, y: at.y - HEIGHT / 2 } } });
  }, [editor, flow]);

  const onDrop = useCallback((event: React.DragEvent) => {
    const action = actions.get(event.dataTransfer.getData("application/x-action"));
    if (!action) return;
    event.preventDefault();
    const at = flow.screenToFlowPosition({ x: event.clientX, y: event.clientY });
    editor.add(action, { at: { x: at.x - WIDTH / 2, y: at.y - HEIGHT / 2 } }, false);
  }, [actions, editor, flow]);

  return (
    <ReactFlow
      nodes={nodes} edges={edges} nodeTypes={nodeTypes} edgeTypes={edgeTypes}
      onNodesChange={onNodesChange} onNodeDragStop={onDragStop} onSelectionDragStop={(event, moved) => onDragStop(event, moved[0], moved)}
      onConnect={onConnect} onConnectEnd={onConnectEnd}
      isValidConnection={(link) => editor.whyNot(link.source, link.sourceHandle ?? OUT, link.target) === null}
      onEdgeClick={(_, edge) => editor.store.set({ edge: edge.id, selected: [] })}
      onEdgeMouseEnter={(_, edge) => setHover(edge.id)} onEdgeMouseLeave={() => setHover(null)}
      onPaneClick={() => editor.store.set({ selected: [], edge: null, picker: null })}
      onDrop={onDrop} onDragOver={(event) => { event.preventDefault(); event.dataTransfer.dropEffect = "copy"; }}
      nodesDraggable={editor.setup.may.edit} nodesConnectable={editor.setup.may.edit}
      snapToGrid snapGrid={[10, 10]} minZoom={0.1} maxZoom={2} connectionRadius={28}
      deleteKeyCode={null} selectionKeyCode="Shift" multiSelectionKeyCode={["Control", "Meta", "Shift"]} selectionMode={SelectionMode.Partial}
      disableKeyboardA11y onlyRenderVisibleElements={graph.nodes.length > MANY} proOptions={{ hideAttribution: true }}
      fitViewOptions={{ padding: 0.2, maxZoom: 1 }} defaultMarkerColor="var(--edge)"
      ariaLabelConfig={{ "controls.zoomIn.ariaLabel": t("zoom_in"), "controls.zoomOut.ariaLabel": t("zoom_out"), "controls.fitView.ariaLabel": t("fit") }}
    >
      <Background variant={BackgroundVariant.Dots} gap={20} size={1.5} color="var(--grid-dot)" />
      <Controls showInteractive={false} position="bottom-left" fitViewOptions={{ padding: 0.2, maxZoom: 1, duration: calm ? 0 : 200 }} />
      <MiniMap position="bottom-right" style={{ width: 160, height: 100 }} pannable zoomable nodeBorderRadius={8} ariaLabel={language === "ko" ? "미니맵" : "Minimap"} />
    </ReactFlow>
  );
}
