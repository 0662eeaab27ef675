// The canvas: React Flow fed from the document, telling the editor what the pointer did.
import {
  ControlButton, Controls, ReactFlow, SelectionMode, ViewportPortal, useReactFlow, useUpdateNodeInternals,
  applyNodeChanges, type Connection, type Node as FlowNode, type NodeChange, type Viewport,
} from "@xyflow/react";
import { startTransition, useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";
import { meets, viewOf, type View } from "../core/camera";
import * as drawing from "../core/drawing";
import * as edits from "../core/edits";
import { HEIGHT, OUT, portsOf, WIDTH, type Position } from "../core/model";
import { boxOf, isLarge, nodeAt, nodesOf, wholeBox } from "../core/picture";
import { t } from "../core/texts";
import { number, useEditor } from "./common";
import { EdgeLine } from "./EdgeLine";
import { Far } from "./Far";
import { Grid } from "./Grid";
import { FrameMark, NoteMark } from "./Marks";
import { MiniMap } from "./MiniMap";
import { NodeCard } from "./NodeCard";
import { useFlowNodes } from "./useFlowNodes";

const nodeTypes = { card: NodeCard, frame: FrameMark, sticky: NoteMark };
const edgeTypes = { line: EdgeLine };
const MARGIN = 24;
const LEAST = 0.1;
const isMark = (id: string): boolean => id.startsWith("frame:") || id.startsWith("note:");
const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;

export function Canvas() {
  const editor = useEditor();
  const { camera } = editor;
  const graph = editor.use(() => editor.graph());
  const selected = editor.use((state) => state.selected);
  const actions = editor.use((state) => state.actions);
  const level = editor.use((state) => state.level.join("/"));
  const flow = useReactFlow();
  const refresh = useUpdateNodeInternals();
  const frame = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState({ width: 0, height: 0 });
  // Where React Flow believes to be: behind the camera while it moves. `drawn` is where cards are drawn for.
  const [view, setView] = useState<View>(camera.get());
  const [drawn, setDrawn] = useState<View>(camera.get());
  const [hover, setHover] = useState<string | null>(null);
  const [pointed, setPointed] = useState<string | null>(null);
  const [lines, setLines] = useState<{ x?: number; y?: number }>({});
  const dropped = useRef(false);
  const fitted = useRef<string | null>(null);
  const { nodes, setNodes, edges, isFar } = useFlowNodes(graph, drawn, size, pointed, hover);
  const large = isLarge(graph);

  useEffect(() => {
    const shift = ({ x, y, zoom }: View) => {
      const layer = frame.current?.querySelector<HTMLElement>(".react-flow__viewport");
      if (!layer) return;
      layer.style.transform = `translate(${x}px,${y}px) scale(${zoom})`;
      // A layer of its own only while it moves: at rest, letters are drawn sharp for the zoom.
      if (camera.isMoving()) layer.style.willChange = "transform";
    };
    const settle = (next: View) => {
      frame.current?.querySelector<HTMLElement>(".react-flow__viewport")?.style.removeProperty("will-change");
      setView(next);
      setDrawn(next);
    };
    const stops = [camera.onMove(shift), camera.onDrift((next) => startTransition(() => setDrawn(next))), camera.onRest(settle)];
    return () => { for (const stop of stops) stop(); };
  }, [camera]);

  useLayoutEffect(() => {
    const box = frame.current!;
    const measure = () => setSize((before) => (before.width === box.clientWidth && before.height === box.clientHeight ? before : { width: box.clientWidth, height: box.clientHeight }));
    measure();
    const watch = new ResizeObserver(measure);
    watch.observe(box);
    return () => watch.disconnect();
  }, []);

  const fit = useCallback((animated = true) => {
    const box = wholeBox(editor.graph());
    const { clientWidth, clientHeight } = frame.current!;
    if (box && clientWidth) void flow.setViewport(viewOf(box, clientWidth, clientHeight, { least: LEAST, most: 1 }), { duration: animated && !calm ? 200 : 0 });
  }, [editor, flow]);
  const goTo = useCallback((x: number, y: number) => {
    const { zoom } = camera.get();
    const { clientWidth, clientHeight } = frame.current!;
    void flow.setViewport({ x: clientWidth / 2 - x * zoom, y: clientHeight / 2 - y * zoom, zoom });
  }, [camera, flow]);

  // What other parts ask of the view.
  useEffect(() => {
    editor.view = {
      fit: () => fit(),
      actual: () => void flow.zoomTo(1, { duration: calm ? 0 : 150 }),
      centre: () => flow.screenToFlowPosition(middleOf(frame.current!.getBoundingClientRect())),
      show: (id) => {
        const node = nodesOf(editor.graph()).get(id);
        const { clientWidth, clientHeight } = frame.current!;
        if (node) void flow.setViewport(viewOf(boxOf(node), clientWidth, clientHeight, { least: 0.6, most: 1 }));
      },
    };
    return () => { editor.view = editor.still; };
  }, [editor, flow, fit]);

  // The first look at a level shows all of it. Known before anything is drawn, so nothing is drawn twice.
  useLayoutEffect(() => {
    if (!size.width || fitted.current === level) return;
    const box = wholeBox(graph);
    if (!box) return;
    fitted.current = level;
    const next = viewOf(box, size.width, size.height, { least: LEAST, most: 1 });
    camera.move(next);
    camera.rest();
  }, [size, level, graph, camera]);

  // Ports of small graphs are measured; they appear and vanish with the settings of a node.
  const ports = large ? "" : graph.nodes.map((node) => `${node.id}:${portsOf(node, actions.get(node.action)).join()}`).join(";");
  useEffect(() => { if (!large) refresh(graph.nodes.map((node) => node.id)); }, [ports, large]);

  // The chosen node stays in sight when the inspector opens beside it, or over it.
  useEffect(() => {
    const id = selected.length === 1 ? selected[0] : "";
    if (!id) return;
    const asked = requestAnimationFrame(() => {
      const node = nodesOf(editor.graph()).get(id);
      const stage = frame.current?.getBoundingClientRect();
      const panel = document.querySelector(".ed-inspector")?.getBoundingClientRect();
      if (!node || !stage) return;
      const now = camera.get();
      const box = boxOf(node, portsOf(node, editor.actionOf(node)).length);
      const [left, top] = [box.x * now.zoom + now.x, box.y * now.zoom + now.y];
      const [right, bottom] = [left + box.width * now.zoom, top + box.height * now.zoom];
      const edge = Math.min(stage.right, panel?.left ?? stage.right) - stage.left - MARGIN;
      const x = right > edge ? edge - right : left < MARGIN ? MARGIN - left : 0;
      const y = bottom > stage.height - MARGIN ? stage.height - MARGIN - bottom : top < MARGIN ? MARGIN - top : 0;
      if (x || y) void flow.setViewport({ ...now, x: now.x + x, y: now.y + y }, { duration: calm ? 0 : 150 });
    });
    return () => cancelAnimationFrame(asked);
  }, [selected, flow, editor, camera]);

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
    const rest = changes.filter((change) => change.type !== "remove" && change.type !== "select");
    if (rest.length) setNodes((before) => applyNodeChanges(rest, before));
  }, [editor, setNodes]);

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
  }, [editor, setNodes]);

  const onDragStop = useCallback((_: unknown, node: FlowNode | undefined, moved: FlowNode[]) => {
    camera.release();
    setLines({});
    setNodes((before) => before.map((item) => (item.dragging ? { ...item, dragging: false } : item)));
    if (node?.id.startsWith("frame:")) return editor.edit(t("did_move", 1), (graph) => drawing.moveGroup(graph, node.id.slice(6), node.position));
    if (node?.id.startsWith("note:")) return editor.edit(t("did_sticky"), (graph) => drawing.updateNote(graph, node.id.slice(5), { position: { x: Math.round(node.position.x), y: Math.round(node.position.y) } }));
    const cards = moved.filter((item) => !isMark(item.id));
    const graph = editor.graph();
    const places: Record<string, Position> = Object.fromEntries(cards.map((item) => [item.id, cards.length === 1 ? drawing.guides(graph, item.id, item.position).position : item.position]));
    // Selected nodes that are not drawn go the same way.
    const chosen = new Set(editor.store.get().selected);
    const [first, from] = [cards[0], nodesOf(graph).get(cards[0]?.id ?? "")?.position];
    if (first && chosen.has(first.id)) {
      const [dx, dy] = [first.position.x - (from?.x ?? 0), first.position.y - (from?.y ?? 0)];
      for (const item of graph.nodes) if (chosen.has(item.id)) places[item.id] ??= { x: (item.position?.x ?? 0) + dx, y: (item.position?.y ?? 0) + dy };
    }
    editor.edit(t("did_move", Object.keys(places).length), (graph) => edits.moveNodes(graph, places));
  }, [editor, camera, setNodes]);

  const onConnect = useCallback((link: Connection) => {
    dropped.current = true;
    editor.connect(link.source, link.sourceHandle ?? OUT, link.target);
  }, [editor]);

  const onConnectEnd = useCallback((event: MouseEvent | TouchEvent, state: any) => {
    camera.release();
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
  }, [editor, flow, camera]);

  const onDrop = useCallback((event: React.DragEvent) => {
    const action = actions.get(event.dataTransfer.getData("application/x-action"));
    if (!action) return;
    event.preventDefault();
    const at = flow.screenToFlowPosition({ x: event.clientX, y: event.clientY });
    editor.add(action, { at: { x: at.x - WIDTH / 2, y: at.y - HEIGHT / 2 } }, false);
  }, [actions, editor, flow]);

  /** From afar, the card under the pointer becomes a real one, which can be chosen and dragged. */
  const point = useCallback((event: React.MouseEvent) => {
    if (!isFar || event.buttons || camera.isMoving()) return;
    setPointed(nodeAt(drawing.shown(graph).nodes, flow.screenToFlowPosition({ x: event.clientX, y: event.clientY }))?.id ?? null);
  }, [isFar, graph, flow, camera]);

  // A rectangle drawn over a large graph selects nodes that are not drawn, too.
  const corner = useRef<Position | null>(null);
  const onSelectionStart = useCallback((event: React.MouseEvent) => {
    camera.hold();
    corner.current = { x: event.clientX, y: event.clientY };
  }, [camera]);
  const onSelectionEnd = useCallback((event: React.MouseEvent) => {
    camera.release();
    const start = corner.current;
    corner.current = null;
    if (!start || !isFar) return;
    const [a, b] = [flow.screenToFlowPosition(start), flow.screenToFlowPosition({ x: event.clientX, y: event.clientY })];
    const box = { x: Math.min(a.x, b.x), y: Math.min(a.y, b.y), width: Math.abs(a.x - b.x), height: Math.abs(a.y - b.y) };
    const found = drawing.shown(graph).nodes.filter((node) => meets(boxOf(node), box)).map((node) => node.id);
    editor.store.set((state) => ({ selected: [...new Set([...state.selected, ...found])], edge: null }));
  }, [camera, isFar, flow, graph, editor]);

  const hold = useCallback(() => camera.hold(), [camera]);
  const follow = useCallback((next: Viewport) => camera.move(next), [camera]);
  const allowed = useCallback((link: { source: string; sourceHandle?: string | null; target: string }) => editor.whyNot(link.source, link.sourceHandle ?? OUT, link.target) === null, [editor]);

  return (
    <div className="ed-flow" ref={frame} data-far={isFar || undefined} onPointerDownCapture={camera.rest}>
      <ReactFlow
        nodes={nodes} edges={edges} nodeTypes={nodeTypes} edgeTypes={edgeTypes} viewport={view} onViewportChange={follow}
        onNodesChange={onNodesChange} onNodeDragStart={hold} onNodeDrag={onDrag} onNodeDragStop={onDragStop} onSelectionDragStart={hold} onSelectionDragStop={(event, moved) => onDragStop(event, moved[0], moved)}
        onConnectStart={hold} onConnect={onConnect} onConnectEnd={onConnectEnd} onSelectionStart={onSelectionStart} onSelectionEnd={onSelectionEnd}
        isValidConnection={allowed}
        onEdgeClick={(_, edge) => editor.store.set({ edge: edge.id, selected: [], mark: null })}
        onEdgeMouseEnter={(_, edge) => setHover(edge.id)} onEdgeMouseLeave={() => setHover(null)}
        onPaneClick={() => editor.store.set({ selected: [], edge: null, mark: null, picker: null })} onPaneMouseMove={isFar ? point : undefined}
        onDrop={onDrop} onDragOver={(event) => { event.preventDefault(); event.dataTransfer.dropEffect = "copy"; }}
        nodesDraggable={editor.setup.may.edit} nodesConnectable={editor.setup.may.edit}
        snapToGrid snapGrid={SNAP} minZoom={LEAST} maxZoom={2} connectionRadius={28}
        deleteKeyCode={null} selectionKeyCode="Shift" multiSelectionKeyCode={SEVERAL} selectionMode={SelectionMode.Partial}
        disableKeyboardA11y proOptions={PLAIN} defaultMarkerColor="var(--edge)"
        ariaLabelConfig={{ "controls.zoomIn.ariaLabel": t("zoom_in"), "controls.zoomOut.ariaLabel": t("zoom_out") }}
      >
        <Grid />
        {isFar && size.width > 0 && <Far graph={graph} width={size.width} height={size.height} />}
        {(lines.x !== undefined || lines.y !== undefined) && (
          <ViewportPortal>
            {lines.x !== undefined && <div className="ed-guide" style={{ left: lines.x, top: -5000, width: 1, height: 10000 }} />}
            {lines.y !== undefined && <div className="ed-guide" style={{ top: lines.y, left: -5000, height: 1, width: 10000 }} />}
          </ViewportPortal>
        )}
        <Controls showInteractive={false} showFitView={false} position="bottom-left" orientation="horizontal">
          <ControlButton onClick={() => editor.view.actual()} title={`${t("actual_size")} (0)`} aria-label={`${t("actual_size")} (0)`} className="ed-zoom">{number(Math.round(view.zoom * 100))}%</ControlButton>
          <ControlButton onClick={() => fit()} title={`${t("fit")} (F)`} aria-label={t("fit")}><svg viewBox="0 0 16 16" aria-hidden="true"><path d="M2 6V2h4M10 2h4v4M14 10v4h-4M6 14H2v-4" fill="none" stroke="currentColor" strokeWidth="1.8" strokeLinecap="round" strokeLinejoin="round" /></svg></ControlButton>
        </Controls>
        {graph.nodes.length > 0 && <MiniMap graph={graph} width={size.width} height={size.height} goTo={goTo} />}
      </ReactFlow>
    </div>
  );
}

const SNAP: [number, number] = [10, 10];
const SEVERAL = ["Control", "Meta", "Shift"];
const PLAIN = { hideAttribution: true };

/** Where a new note is laid so that it stands in the middle. */
const middleOf = (box: DOMRect) => ({ x: box.left + box.width / 2 - 110, y: box.top + box.height / 2 - 70 });
