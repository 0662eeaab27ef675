// A large graph from afar: one canvas element in place of a thousand cards. The card under the pointer is a real one.
import { useEffect, useMemo, useRef } from "react";
import type { View } from "../core/camera";
import { frameBox, shown } from "../core/drawing";
import { HEIGHT, portsOf, titleOf, WIDTH, type Graph } from "../core/model";
import { bendOf, nodesOf, portOf } from "../core/picture";
import { worstOf } from "../core/issues";
import { useEditor } from "./common";

const NAMES_FROM = 0.24;
const FRAME_NAMES_FROM = 0.08;
const RADIUS = 10;

type Paint = (context: CanvasRenderingContext2D, view: View, width: number, height: number) => void;

/** What is painted for a graph, in canvas units: prepared once, drawn for every place. */
function usePaint(graph: Graph): Paint {
  const editor = useEditor();
  const actions = editor.use((state) => state.actions);
  const selected = editor.use((state) => state.selected);
  const overlay = editor.use((state) => state.overlay.nodes);
  const issues = editor.use((state) => state.issues);
  const prefix = editor.use((state) => state.level.map((part) => `${part}/`).join(""));
  return useMemo(() => {
    const seen = shown(graph);
    const byId = nodesOf(graph);
    const lines = new Path2D();
    for (const edge of seen.edges) {
      const [from, to] = [byId.get(edge.from), byId.get(edge.to)];
      if (!from || !to) continue;
      const ports = portsOf(from, actions.get(from.action));
      const [x, y, a, b, c, d, u, v] = bendOf(from, to, Math.max(0, ports.indexOf(portOf(edge))), Math.max(1, ports.length));
      lines.moveTo(x, y);
      lines.lineTo(a, b);
      lines.lineTo(c, d);
      lines.lineTo(u, v);
    }
    const chosen = new Set(selected);
    const worst = worstOf(issues);
    const cards = seen.nodes.map((node) => {
      const state = overlay[prefix + node.id]?.state;
      const bad = worst.get(prefix + node.id) ?? worst.get(node.id);
      const colour = chosen.has(node.id) ? "--accent" : state && state !== "idle" ? `--state-${state}` : bad === "error" ? "--danger" : bad ? "--warning" : "--line-control";
      return { x: node.position?.x ?? 0, y: node.position?.y ?? 0, colour, title: titleOf(node, actions.get(node.action)), off: Boolean(node.disabled) };
    });
    const frames = (graph.groups ?? []).flatMap((frame) => { const box = frameBox(graph, frame); return box ? [{ ...box, title: frame.title ?? "", colour: MARKS[frame.colour ?? "grey"], full: Boolean(frame.collapsed) }] : []; });
    const notes = (graph.notes ?? []).map((note) => ({ x: note.position?.x ?? 0, y: note.position?.y ?? 0, width: note.width ?? 220, height: note.height ?? 140, colour: MARKS[note.colour ?? "amber"] }));
    return (context, view, width, height) => {
      const style = getComputedStyle(context.canvas);
      const font = style.fontFamily;
      const known = new Map<string, string>();
      const colour = (name: string): string => known.get(name) ?? known.set(name, style.getPropertyValue(name).trim() || "#888").get(name)!;
      const [left, top, right, bottom] = [-view.x / view.zoom, -view.y / view.zoom, (width - view.x) / view.zoom, (height - view.y) / view.zoom];
      const inside = (x: number, y: number, w: number, h: number) => x < right && y < bottom && x + w > left && y + h > top;
      const hair = 1 / view.zoom;
      for (const box of [...frames, ...notes.map((note) => ({ ...note, title: "", full: false }))]) {
        if (!inside(box.x, box.y, box.width, box.height)) continue;
        context.globalAlpha = box.full ? 0.3 : 0.12;
        context.fillStyle = colour(box.colour);
        context.fillRect(box.x, box.y, box.width, box.height);
        context.globalAlpha = 0.6;
        context.lineWidth = hair;
        context.strokeStyle = colour(box.colour);
        context.strokeRect(box.x, box.y, box.width, box.height);
        context.globalAlpha = 1;
        if (box.title && view.zoom >= FRAME_NAMES_FROM) {
          context.save();
          context.font = `600 ${Math.min(box.height / 2, 12 / view.zoom)}px ${font}`;
          context.fillStyle = colour(box.colour);
          context.textBaseline = "bottom";
          context.fillText(box.title, box.x + 4 * hair, box.y - 3 * hair, box.width);
          context.restore();
        }
      }
      context.lineWidth = Math.max(2, 1.2 * hair);
      context.strokeStyle = colour("--edge");
      context.stroke(lines);
      const names = view.zoom >= NAMES_FROM;
      const size = Math.min(22, 9 / view.zoom);
      context.font = `600 ${size}px ${font}`;
      context.textBaseline = "middle";
      const surface = colour("--surface");
      const ink = colour("--ink");
      for (const card of cards) {
        if (!inside(card.x, card.y, WIDTH, HEIGHT)) continue;
        if (card.off) context.globalAlpha = 0.45;
        const marked = card.colour !== "--line-control";
        context.fillStyle = surface;
        context.strokeStyle = colour(card.colour);
        context.lineWidth = marked ? Math.max(3, 2 * hair) : Math.max(1.5, hair);
        if (view.zoom > 0.2) {
          context.beginPath();
          context.roundRect(card.x, card.y, WIDTH, HEIGHT, RADIUS);
          context.fill();
          context.stroke();
        } else {
          context.fillRect(card.x, card.y, WIDTH, HEIGHT);
          context.strokeRect(card.x, card.y, WIDTH, HEIGHT);
        }
        if (names) {
          context.fillStyle = ink;
          context.save();
          context.beginPath();
          context.rect(card.x, card.y, WIDTH - 6, HEIGHT);
          context.clip();
          context.fillText(card.title, card.x + 12, card.y + HEIGHT / 2);
          context.restore();
        }
        if (card.off) context.globalAlpha = 1;
      }
    };
  }, [graph, actions, selected, overlay, issues, prefix]);
}

const MARKS: Record<string, string> = { grey: "--ink-faint", blue: "--series-2", green: "--series-1", amber: "--series-3", red: "--series-5", violet: "--series-4" };
export const markColour = (name: string | undefined): string => MARKS[name ?? "grey"] ?? MARKS.grey;


export function Far({ graph, width, height }: { graph: Graph; width: number; height: number }) {
  const editor = useEditor();
  const paint = usePaint(graph);
  const area = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const canvas = area.current!;
    const context = canvas.getContext("2d")!;
    let asked = 0;
    const draw = () => {
      asked = 0;
      const ratio = Math.min(2, devicePixelRatio || 1);
      const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
      if (canvas.width !== w || canvas.height !== h) [canvas.width, canvas.height] = [w, h];
      const view = editor.camera.get();
      context.setTransform(1, 0, 0, 1, 0, 0);
      context.clearRect(0, 0, w, h);
      context.setTransform(view.zoom * ratio, 0, 0, view.zoom * ratio, view.x * ratio, view.y * ratio);
      paint(context, view, width, height);
      canvas.dataset.drawn = String(graph.nodes.length);
    };
    draw();
    const ask = () => { if (!asked) asked = requestAnimationFrame(draw); };
    const theme = new MutationObserver(ask);
    theme.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme", "class"] });
    const stop = editor.camera.onMove(ask);
    return () => { stop(); theme.disconnect(); cancelAnimationFrame(asked); };
  }, [editor, paint, width, height, graph]);
  return <canvas ref={area} className="ed-far" style={{ width, height }} aria-hidden="true" />;
}
