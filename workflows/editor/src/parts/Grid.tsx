// The dots behind the canvas: one layer that is shifted while the canvas moves, painted anew only when it zooms.
import { useEffect, useRef } from "react";
import type { View } from "../core/camera";
import { useEditor } from "./common";

const GAP = 20;
/** Dots come no closer than this on the screen. */
const CLOSEST = 10;

export function Grid() {
  const editor = useEditor();
  const layer = useRef<HTMLDivElement>(null);
  useEffect(() => {
    let size = 0;
    const follow = ({ x, y, zoom }: View) => {
      const style = layer.current!.style;
      let gap = GAP * zoom;
      while (gap < CLOSEST) gap *= 2;
      if (gap !== size) {
        size = gap;
        style.backgroundSize = `${gap}px ${gap}px`;
        style.inset = `${-gap}px`;
      }
      style.transform = `translate(${x % gap}px,${y % gap}px)`;
    };
    follow(editor.camera.get());
    return editor.camera.onMove(follow);
  }, [editor]);
  return <div className="ed-grid" aria-hidden="true"><div ref={layer} /></div>;
}
