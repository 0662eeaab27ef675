// The canvas: React Flow fed from the document, telling the editor what the pointer did.
import {
  Background, BackgroundVariant, Controls, MarkerType, MiniMap, ReactFlow, SelectionMode, ViewportPortal, useNodesInitialized, useReactFlow, useUpdateNodeInternals,
  applyNodeChanges, type Connection, type Edge as FlowEdge, type Node as FlowNode, type NodeChange,
} from "@xyflow/react";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import * as drawing from "../core/drawing";
import * as edits from "../core/edits";
import { ERROR, HEIGHT, OUT, portsOf, titleOf, WIDTH, type Position } from "../core/model";
import { t } from "../core/texts";
import { language, useEditor } from "./common";
import { EdgeLine } from "./EdgeLine";
import { FrameMark, NoteMark } from "./Marks";
import { NodeCard } from "./NodeCard";

const nodeTypes = { card: NodeCard, frame: FrameMark, sticky: NoteMark };
const edgeTypes = { line: EdgeLine };
const MANY = 150;
const MARGIN = 24;
const isMark = (id: string): boolean => id.startsWith("frame:") || id.startsWith("note:");
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
  const measured = useNodesInitialized();
  const refresh = useUpdateNodeInternals();
  const [nodes, setNodes] = useState<FlowNode[]>([]);
  const [hover, setHover] = useState<string | null>(null);
  const dropped = useRef(false);
  const fitted = useRef("");

  const mark = editor.use((state) => state.mark);
  const [lines, setLines] = useState<{ x?: number; y?: number }>({});
  const seen = useMemo(() => drawing.shown(graph), [graph]);

  useEffect(() => {
    const chosen = new Set(selected);
    setNodes((before) => {
      const old = new Map(before.map((node) => [node.id, node]));
      const held = (id: string, position: Position) => (old.get(id)?.dragging ? old.get(id)!.position : position);
      const frames = (graph.groups ?? []).flatMap((frame) => {
        const box = drawing.frameBox(graph, frame);
        const id = `frame:${frame.id}`;
        return box ? [{
          ...old.get(id), id, type: "frame", data: {}, position: held(id, { x: box.x, y: box.y }), width: box.width, height: box.height, zIndex: frame.collapsed ? 0 : -1,
          selected: mark === id, dragHandle: ".ed-frame-head", className: frame.collapsed ? undefined : "ed-under", ariaLabel: t("group_of", frame.title || t("new_group"), frame.nodes.length),
        }] : [];
      });
      const notes = (graph.notes ?? []).map((note) => {
        const id = `note:${note.id}`;
        return {
          ...old.get(id), id, type: "sticky", data: {}, position: held(id, { x: note.position?.x ?? 0, y: note.position?.y ?? 0 }), width: note.width ?? 220, height: note.height ?? 140,
          selected: mark === id, dragHandle: ".ed-sticky-head", ariaLabel: t("sticky"), zIndex: 0,
        };
      });
      const cards = seen.nodes.map((node) => ({
        ...old.get(node.id),
        id: node.id, type: "card", data: {}, position: held(node.id, { x: node.position?.x ?? 0, y: node.position?.y ?? 0 }),
        selected: chosen.has(node.id),
        ariaLabel: titleOf(node, actions.get(node.action)),
      }));
      return [...frames, ...notes, ...cards];
    });
  }, [graph, seen, selected, actions, mark]);

  // Ports appear and vanish with the settings of a node; React Flow has to measure them again.
  const ports = graph.nodes.map((node) => `${node.id}:${portsOf(node, actions.get(node.action)).join()}`).join(";");
  useEffect(() => refresh(seen.nodes.map((node) => node.id)), [ports, seen]);

  useEffect(() => {
    const place = `${level}:${ready}`;
    if (!ready || !measured || fitted.current === place || !nodes.length) return;
    fitted.current = place;
    requestAnimationFrame(() => void flow.fitView({ padding: 0.2, maxZoom: 1 }));
  }, [ready, level, nodes.length, measured]);

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
    () => seen.edges.map((edge) => ({
      id: edge.key, type: "line", source: edge.from, target: edge.to, ...(edge.from.startsWith("frame:") ? {} : { sourceHandle: edge.port ?? OUT }),
      selected: chosenEdge === edge.key, data: { when: edge.when ?? "", error: edge.port === ERROR, hover: hover === edge.key },
      markerEnd: { type: MarkerType.ArrowClosed, width: 16, height: 16, color: "var(--edge)" },
      ariaLabel: t("edge_label", edge.from, edge.to),
    })),
    [seen.edges, chosenEdge, hover],
  );

  const onNodesChange = useCallback((changes: NodeChange[]) => {
    const chosen = new Set(editor.store.get().selected);
    let touched = false;
    for (const change of changes) {
      if (change.type !== "select") continue;
      if (isMark(change.id)) {
        if (change.selected) editor.store.set({ mark: change.id });
        else if (editor.store.get().mark === change.id) editor.store.set({ mark: null });
        continue;
      }
      touched = true;
      if (change.selected) chosen.add(change.id);
      else chosen.delete(change.id);
    }
    if (touched) editor.store.set({ selected: [...chosen], ...(chosen.size ? { edge: null } : {}) });
    setNodes((before) => applyNodeChanges(changes.filter((change) => change.type !== "remove" && change.type !== "select"), before));
  }, [editor]);

  const onDrag = useCallback((_: unknown, node: FlowNode, moved: FlowNode[]) => {
    const graph = editor.graph();
    if (node.id.startsWith("frame:")) {
      // The members of a frame go along while it is dragged; the document learns it at the end.
      const places = new Map(drawing.moveGroup(graph, node.id.slice(6), node.position).nodes.map((item) => [item.id, item.position!]));
      const members = new Set(graph.groups?.find((frame) => `frame:${frame.id}` === node.id)?.nodes);
      setNodes((before) => before.map((item) => (members.has(item.id) ? { ...item, position: places.get(item.id)! } : item)));
    } else if (moved.length === 1 && !isMark(node.id)) {
      const { x, y } = drawing.guides(graph, node.id, node.position);
      setLines((before) => (before.x === x && before.y === y ? before : { x, y }));
    }
  }, [editor]);

  const onDragStop = useCallback((_: unknown, node: FlowNode | undefined, moved: FlowNode[]) => {
    setLines({});
    setNodes((before) => before.map((item) => ({ ...item, dragging: false })));
    if (node?.id.startsWith("frame:")) return editor.edit(t("did_move", 1), (graph) => drawing.moveGroup(graph, node.id.slice(6), node.position));
    if (node?.id.startsWith("note:")) return editor.edit(t("did_sticky"), (graph) => drawing.updateNote(graph, node.id.slice(5), { position: { x: Math.round(node.position.x), y: Math.round(node.position.y) } }));
    const cards = moved.filter((item) => !isMark(item.id));
    const places: Record<string, Position> = Object.fromEntries(cards.map((item) => [item.id, cards.length === 1 ? drawing.guides(editor.graph(), item.id, item.position).position : item.position]));
    editor.edit(t("did_move", cards.length), (graph) => edits.moveNodes(graph, places));
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
      onNodesChange={onNodesChange} onNodeDrag={onDrag} onNodeDragStop={onDragStop} onSelectionDragStop={(event, moved) => onDragStop(event, moved[0], moved)}
      onConnect={onConnect} onConnectEnd={onConnectEnd}
      isValidConnection={(link) => editor.whyNot(link.source, link.sourceHandle ?? OUT, link.target) === null}
      onEdgeClick={(_, edge) => editor.store.set({ edge: edge.id, selected: [], mark: null })}
      onEdgeMouseEnter={(_, edge) => setHover(edge.id)} onEdgeMouseLeave={() => setHover(null)}
      onPaneClick={() => editor.store.set({ selected: [], edge: null, mark: null, picker: null })}
      onDrop={onDrop} onDragOver={(event) => { event.preventDefault(); event.dataTransfer.dropEffect = "copy"; }}
      nodesDraggable={editor.setup.may.edit} nodesConnectable={editor.setup.may.edit}
      snapToGrid snapGrid={[10, 10]} minZoom={0.1} maxZoom={2} connectionRadius={28}
      deleteKeyCode={null} selectionKeyCode="Shift" multiSelectionKeyCode={["Control", "Meta", "Shift"]} selectionMode={SelectionMode.Partial}
      disableKeyboardA11y onlyRenderVisibleElements={graph.nodes.length > MANY} proOptions={{ hideAttribution: true }}
      fitViewOptions={{ padding: 0.2, maxZoom: 1 }} defaultMarkerColor="var(--edge)"
      ariaLabelConfig={{ "controls.zoomIn.ariaLabel": t("zoom_in"), "controls.zoomOut.ariaLabel": t("zoom_out"), "controls.fitView.ariaLabel": t("fit") }}
    >
      <Background variant={BackgroundVariant.Dots} gap={20} size={1.5} color="var(--grid-dot)" />
      <ViewportPortal>
        {lines.x !== undefined && <div className="ed-guide" style={{ left: lines.x, top: -5000, width: 1, height: 10000 }} />}
        {lines.y !== undefined && <div className="ed-guide" style={{ top: lines.y, left: -5000, height: 1, width: 10000 }} />}
      </ViewportPortal>
      <Controls showInteractive={false} position="bottom-left" fitViewOptions={{ padding: 0.2, maxZoom: 1, duration: calm ? 0 : 200 }} />
      <MiniMap position="bottom-right" style={{ width: 160, height: 100 }} pannable zoomable nodeBorderRadius={8} ariaLabel={language === "ko" ? "미니맵" : "Minimap"} />
    </ReactFlow>
  );
}
