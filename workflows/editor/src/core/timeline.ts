// When each node ran, from the story of a run: bars on a common axis, items of a map folded, the critical path.
import type { RunEvent } from "./api";
import type { Graph } from "./model";
import { nodeOfPath, type RunState } from "./overlay";

export interface Bar {
  path: string;
  from: number;
  to: number;
  state: RunState;
  attempt: number;
}

export interface Row {
  node: string;
  /** Waits for a free place, in milliseconds after the start of the run. */
  waits: { from: number; to: number }[];
  /** One bar per attempt; of a node that ran for many items, the span of each item. */
  bars: Bar[];
  /** Durations of the items in milliseconds, where there are many. */
  items?: { count: number; failed: number; min: number; median: number; max: number };
  critical: boolean;
}

export interface Timeline {
  rows: Row[];
  length: number;
}

const ENDS: Record<string, RunState> = { "node.succeeded": "succeeded", "node.failed": "failed", "node.handled": "handled", "node.retrying": "retrying", "node.cancelled": "cancelled", "node.waiting": "waiting" };
const FOLD_FROM = 4;

export function timelineOf(events: RunEvent[], graph: Graph | null): Timeline {
  if (!events.length) return { rows: [], length: 0 };
  const start = Date.parse(events[0].time);
  const length = Math.max(1, Date.parse(events.at(-1)!.time) - start);
  const rows = new Map<string, Row>();
  const open = new Map<string, Bar>();
  const waits = new Map<string, number>();
  for (const event of events) {
    if (!event.node || !event.kind.startsWith("node.")) continue;
    const at = Date.parse(event.time) - start;
    const node = nodeOfPath(event.node);
    const row = rows.get(node) ?? { node, waits: [], bars: [], critical: false };
    if (event.kind === "node.queued") waits.set(event.node, at);
    else if (event.kind === "node.started") {
      const queued = waits.get(event.node);
      if (queued !== undefined) row.waits.push({ from: queued, to: at });
      waits.delete(event.node);
      const bar: Bar = { path: event.node, from: at, to: length, state: "running", attempt: event.data?.attempt ?? 1 };
      open.set(event.node, bar);
      row.bars.push(bar);
    } else if (ENDS[event.kind]) {
      const bar = open.get(event.node);
      if (bar) Object.assign(bar, { to: at, state: ENDS[event.kind] });
      // A result that was brought along never started.
      else if (event.kind !== "node.retrying") row.bars.push({ path: event.node, from: at, to: at, state: ENDS[event.kind], attempt: 1 });
      open.delete(event.node);
    } else continue;
    rows.set(node, row);
  }
  for (const row of rows.values()) {
    const paths = new Set(row.bars.map((bar) => bar.path));
    if (paths.size < FOLD_FROM) continue;
    const spans = new Map<string, { took: number; failed: boolean }>();
    for (const bar of row.bars) {
      const before = spans.get(bar.path) ?? { took: 0, failed: false };
      spans.set(bar.path, { took: before.took + bar.to - bar.from, failed: bar.state === "failed" });
    }
    const took = [...spans.values()].map((span) => span.took).sort((a, b) => a - b);
    row.items = { count: took.length, failed: [...spans.values()].filter((span) => span.failed).length, min: took[0], median: took[Math.floor(took.length / 2)], max: took.at(-1)! };
  }
  for (const node of graph ? criticalPath(rows, graph) : []) rows.get(node)!.critical = true;
  return { rows: [...rows.values()], length };
}

const endOf = (row: Row | undefined): number => Math.max(-1, ...(row?.bars.map((bar) => bar.to) ?? []));

/** From the node that ended last, back through whoever it waited for. */
function criticalPath(rows: Map<string, Row>, graph: Graph): string[] {
  const top = graph.nodes.map((node) => node.id).filter((id) => rows.get(id)?.bars.length);
  let here = top.reduce<string | undefined>((last, id) => (last === undefined || endOf(rows.get(id)) >= endOf(rows.get(last)) ? id : last), undefined);
  const path: string[] = [];
  while (here !== undefined && !path.includes(here)) {
    path.push(here);
    const before: string[] = graph.edges.filter((edge) => edge.to === here && rows.get(edge.from)?.bars.length).map((edge) => edge.from);
    here = before.reduce<string | undefined>((last, id) => (last === undefined || endOf(rows.get(id)) > endOf(rows.get(last)) ? id : last), undefined);
  }
  return path;
}

/** Round numbers for the axis, in milliseconds. */
export function ticksOf(length: number): number[] {
  const rough = length / 5;
  const power = 10 ** Math.floor(Math.log10(Math.max(1, rough)));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough) ?? power;
  return Array.from({ length: Math.floor(length / step) + 1 }, (_, index) => index * step);
}
