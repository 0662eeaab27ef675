// What the events of a run say about each node: pure, so that a replay gives the same picture.
import type { RunEvent } from "./api";

export type RunState =
  | "idle" | "queued" | "running" | "succeeded" | "retrying" | "failed" | "handled" | "waiting" | "skipped" | "cancelled";

export interface NodeState {
  state: RunState;
  attempt: number;
  ms?: number;
  count?: number;
  done?: number;
  total?: number;
  message?: string;
  /** Where the result is from when the node itself did not run. */
  source?: "pinned" | "earlier";
  /** The whole path of the node run that waits: `each[3]/ask`. */
  at?: string;
}

export interface Overlay {
  state: RunState;
  nodes: Record<string, NodeState>;
  /** Path of a map or loop → its items' states. */
  items?: Record<string, Record<number, RunState>>;
  firstFailure?: string;
  error?: string;
}

export const nothing: Overlay = { state: "idle", nodes: {} };

const OF_KIND: Record<string, RunState> = {
  "node.started": "running",
  "node.succeeded": "succeeded",
  "node.failed": "failed",
  "node.retrying": "retrying",
  "node.skipped": "skipped",
  "node.handled": "handled",
  "node.waiting": "waiting",
};

/** The node of a path without the places in lists: `each[3]/read` and `each/3/read` are shown on `each/read`. */
export const nodeOfPath = (path: string): string =>
  path.replace(/\[\d+\]/g, "").split("/").filter((part) => !/^\d+$/.test(part)).join("/");

/** The maps and loops around a path, each with the number of the item: `each[3]/read` → [["each", 3]]. */
function itemsOf(path: string): [string, number][] {
  const found: [string, number][] = [];
  const parts = path.split("/");
  for (let end = 1; end < parts.length; end += 1) {
    const index = /\[(\d+)\]$/.exec(parts[end - 1])?.[1];
    if (index !== undefined) found.push([nodeOfPath(parts.slice(0, end).join("/")), Number(index)]);
  }
  return found;
}

/** The path under which a node of a body has its data, for the chosen items: `each[3]/read`. */
export function recordPath(level: string[], chosen: Record<string, number>, id: string): string {
  return [...level.map((step, place) => `${step}[${chosen[level.slice(0, place + 1).join("/")] ?? 0}]`), id].join("/");
}

export function take(overlay: Overlay, events: RunEvent[]): Overlay {
  const nodes = { ...overlay.nodes };
  let { state, firstFailure, error } = overlay;
  const items = { ...overlay.items };
  const fresh = new Set<string>();
  for (const event of events) {
    if (event.kind === "run.started") [state, error] = ["running", undefined];
    else if (event.kind === "run.waiting") state = "waiting";
    else if (event.kind === "run.succeeded") state = "succeeded";
    else if (event.kind === "run.failed") [state, error] = ["failed", event.message];
    else if (event.kind === "run.cancelled") {
      state = "cancelled";
      for (const [name, node] of Object.entries(nodes)) {
        if (node.state === "running" || node.state === "retrying") nodes[name] = { ...node, state: "cancelled" };
      }
    }
    if (!event.node) continue;
    const name = nodeOfPath(event.node);
    const before = nodes[name] ?? { state: "idle", attempt: 0 };
    if (event.kind === "node.progress") {
      nodes[name] = { ...before, done: event.data.done, total: event.data.total };
      continue;
    }
    const next = OF_KIND[event.kind];
    if (!next) continue;
    const data = event.data ?? {};
    nodes[name] = {
      ...before,
      state: next,
      attempt: data.attempt ?? before.attempt,
      ...(typeof data.ms === "number" ? { ms: data.ms } : {}),
      ...(typeof (data.items ?? data.count) === "number" ? { count: data.items ?? data.count } : {}),
      message: event.message || undefined,
      source: data.source,
      ...(next === "waiting" ? { at: event.node } : {}),
    };
    if (next === "failed" && !firstFailure) firstFailure = name;
    for (const [around, index] of itemsOf(event.node)) {
      if (!fresh.has(around)) {
        items[around] = { ...items[around] };
        fresh.add(around);
      }
      // An item that failed stays failed; otherwise its newest node tells.
      if (items[around][index] !== "failed") items[around][index] = next === "retrying" ? "running" : next === "handled" || next === "skipped" ? "succeeded" : next;
    }
  }
  return { state, nodes, ...(Object.keys(items).length ? { items } : {}), ...(firstFailure ? { firstFailure } : {}), ...(error ? { error } : {}) };
}
