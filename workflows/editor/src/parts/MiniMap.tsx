// The whole graph, small: painted once for each change of the graph, with a frame that follows the view.
import { useEffect, useRef } from "react";
import type { Box, View } from "../core/camera";
import { HEIGHT, WIDTH, type Graph } from "../core/model";
import { frameBox } from "../core/drawing";
import { wholeBox } from "../core/picture";
import { t } from "../core/texts";
import { useEditor } from "./common";
import { markColour } from "./Far";

const [WIDE, HIGH] = [160, 100];
const ROOM = 8;

/** Where the graph is on the map. */
function scaleOf(box: Box): { scale: number; left: number; top: number } {
  const scale = Math.min((WIDE - 2 * ROOM) / box.width, (HIGH - 2 * ROOM) / box.height, 0.2);
  return { scale, left: (WIDE - box.width * scale) / 2 - box.x * scale, top: (HIGH - box.height * scale) / 2 - box.y * scale };
}

export function MiniMap({ graph, width, height, goTo }: { graph: Graph; width: number; height: number; goTo: (x: number, y: number) => void }) {
  const editor = useEditor();
  const selected = editor.use((state) => state.selected);
  const overlay = editor.use((state) => state.overlay.nodes);
  const prefix = editor.use((state) => state.level.map((part) => `${part}/`).join(""));
  const map = useRef<HTMLCanvasElement>(null);
  const frame = useRef<HTMLDivElement>(null);

  useEffect(() => {
    const paint = () => {
      const canvas = map.current;
      const context = canvas?.getContext("2d");
      if (!canvas || !context) return;
      const ratio = Math.min(2, devicePixelRatio || 1);
      [canvas.width, canvas.height] = [WIDE * ratio, HIGH * ratio];
      const box = wholeBox(graph);
      if (!box) return;
      const { scale, left, top } = scaleOf(box);
      const style = getComputedStyle(canvas);
      const colour = (name: string) => style.getPropertyValue(name).trim() || "#888";
      const chosen = new Set(selected);
      context.setTransform(scale * ratio, 0, 0, scale * ratio, left * ratio, top * ratio);
      context.globalAlpha = 0.25;
      for (const group of graph.groups ?? []) {
        const around = frameBox(graph, group);
        context.fillStyle = colour(markColour(group.colour));
        if (around) context.fillRect(around.x, around.y, around.width, around.height);
      }
      for (const note of graph.notes ?? []) {
        context.fillStyle = colour(markColour(note.colour ?? "amber"));
        context.fillRect(note.position?.x ?? 0, note.position?.y ?? 0, note.width ?? 220, note.height ?? 140);
      }
      context.globalAlpha = 1;
      for (const node of graph.nodes) {
        const state = overlay[prefix + node.id]?.state;
        context.fillStyle = colour(chosen.has(node.id) ? "--accent" : state && state !== "idle" ? `--state-${state}` : "--line-control");
        context.fillRect(node.position?.x ?? 0, node.position?.y ?? 0, WIDTH, HEIGHT);
      }
    };
    // Nobody waits for the map.
    const asked = setTimeout(paint, 60);
    const theme = new MutationObserver(paint);
    theme.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme", "class"] });
    return () => { clearTimeout(asked); theme.disconnect(); };
  }, [graph, selected, overlay, prefix]);

  useEffect(() => {
    const box = wholeBox(graph);
    if (!box) return;
    const { scale, left, top } = scaleOf(box);
    let zoom = 0;
    const follow = (view: View) => {
      const style = frame.current!.style;
      if (zoom !== view.zoom) {
        zoom = view.zoom;
        style.width = `${(width / zoom) * scale}px`;
        style.height = `${(height / zoom) * scale}px`;
      }
      style.transform = `translate(${left - (view.x / view.zoom) * scale}px,${top - (view.y / view.zoom) * scale}px)`;
    };
    follow(editor.camera.get());
    return editor.camera.onMove(follow);
  }, [graph, width, height, editor]);

  const point = (event: React.PointerEvent) => {
    const box = wholeBox(graph);
    if (!box || !(event.buttons & 1)) return;
    const { scale, left, top } = scaleOf(box);
    const place = event.currentTarget.getBoundingClientRect();
    goTo((event.clientX - place.left - left) / scale, (event.clientY - place.top - top) / scale);
  };
  return (
    <div className="ed-map" role="img" aria-label={t("minimap")} onPointerDown={(event) => { event.currentTarget.setPointerCapture(event.pointerId); point(event); }} onPointerMove={point}>
      <canvas ref={map} style={{ width: WIDE, height: HIGH }} />
      <div ref={frame} className="ed-map-view" />
    </div>
  );
}
