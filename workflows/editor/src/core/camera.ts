// Where the canvas looks. While it moves, only the listeners of `onMove` follow, frame by frame and without React;
// the components learn the place when the movement rests, or when it has left what is drawn.

export interface View {
  x: number;
  y: number;
  zoom: number;
}

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

const REST_AFTER = 140;
/** Screen pixels that are drawn around what is seen. */
export const AROUND = 240;
const DRIFT = 120;
const STRETCH = 1.2;

export function createCamera() {
  let view: View = { x: 0, y: 0, zoom: 1 };
  let drawn: View = view;
  let rested: View = view;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let held = 0;
  const moves = new Set<(view: View) => void>();
  const drifts = new Set<(view: View) => void>();
  const rests = new Set<(view: View) => void>();
  const join = <L,>(set: Set<L>) => (listener: L) => {
    set.add(listener);
    return () => void set.delete(listener);
  };

  function rest(): void {
    clearTimeout(timer);
    timer = undefined;
    if (same(view, rested)) return;
    rested = drawn = view;
    for (const listener of rests) listener(view);
  }

  return {
    get: (): View => view,
    isMoving: (): boolean => timer !== undefined,
    /** The next place on the way. */
    move(next: View): void {
      view = next;
      for (const listener of moves) listener(view);
      clearTimeout(timer);
      if (held) return rest();
      timer = setTimeout(rest, REST_AFTER);
      const ratio = view.zoom / drawn.zoom;
      if (Math.abs(view.x - drawn.x) > DRIFT || Math.abs(view.y - drawn.y) > DRIFT || ratio > STRETCH || ratio < 1 / STRETCH) {
        drawn = view;
        for (const listener of drifts) listener(view);
      }
    },
    rest,
    /** While something is dragged on the canvas, every step counts at once. */
    hold(): void { held += 1; rest(); },
    release(): void { held = Math.max(0, held - 1); },
    onMove: join(moves),
    onDrift: join(drifts),
    onRest: join(rests),
  };
}

export type Camera = ReturnType<typeof createCamera>;

const same = (a: View, b: View): boolean => a.x === b.x && a.y === b.y && a.zoom === b.zoom;

/** The part of the canvas that is drawn for a place: what is seen and a margin. */
export const areaOf = (view: View, width: number, height: number, around = AROUND): Box => ({
  x: (-view.x - around) / view.zoom,
  y: (-view.y - around) / view.zoom,
  width: (width + 2 * around) / view.zoom,
  height: (height + 2 * around) / view.zoom,
});

export const meets = (a: Box, b: Box): boolean => a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

/** The place that shows a box whole, with some room around it. */
export function viewOf(box: Box, width: number, height: number, limits: { least: number; most: number }, room = 0.07): View {
  const zoom = Math.max(limits.least, Math.min(limits.most, (width * (1 - 2 * room)) / Math.max(1, box.width), (height * (1 - 2 * room)) / Math.max(1, box.height)));
  return { x: width / 2 - (box.x + box.width / 2) * zoom, y: height / 2 - (box.y + box.height / 2) * zoom, zoom };
}
