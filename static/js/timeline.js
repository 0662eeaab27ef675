// The timeline of a run: queue wait, tries of each node, waits between them, items of maps, and the critical path.
import { formatDuration, h, s } from "./dom.js";

const MAX_ITEM_ROWS = 1;

/** The chain of nodes that the end of the run waited for: from the last to end, always back to the latest before it. */
export function criticalPath(nodes, edges) {
  let last = null;
  for (const [id, info] of nodes) if (info.ended && info.state !== "skipped" && (!last || info.ended > nodes.get(last).ended)) last = id;
  const path = [];
  while (last && !path.includes(last)) {
    path.push(last);
    let before = null;
    for (const [source, target] of edges) {
      const info = nodes.get(source);
      if (target === last && info?.ended && info.state !== "skipped" && (!before || info.ended > nodes.get(before).ended)) before = source;
    }
    last = before;
  }
  return new Set(path);
}

/** Minimum, median and maximum of the durations of a map's items. */
export function spread(items) {
  const times = items.filter((item) => item.ended).map((item) => item.ended - item.started).sort((a, b) => a - b);
  if (!times.length) return null;
  const middle = times.length >> 1;
  const median = times.length % 2 ? times[middle] : (times[middle - 1] + times[middle]) / 2;
  return { count: times.length, min: times[0], median, max: times.at(-1) };
}

const rect = (name, x, width, y, height) => s("rect", { class: name, x, y, width: Math.max(width, 1), height, rx: 3 });

/**
 * Draws into `box`. `nodes`: id → {started, ended, state, queued, tries: [[from, to]], items: Map}; times in milliseconds.
 * `queuedAt`: when the run was asked for.
 */
export function drawTimeline(box, { nodes, edges, queuedAt, startedAt, endedAt, words, onchoose }) {
  const end = endedAt ?? Date.now();
  const from = Math.min(queuedAt ?? startedAt, startedAt);
  const span = Math.max(end - from, 1);
  const scale = (at) => ((at - from) / span) * 1000;
  const critical = endedAt ? criticalPath(nodes, edges) : new Set();
  const chart = () => {
    const svg = s("svg", { viewBox: "0 0 1000 16", preserveAspectRatio: "none", "aria-hidden": "true" });
    svg.append(rect("timeline-track", 0, 1000, 0, 16));
    return svg;
  };
  const rows = [];
  if (queuedAt && startedAt - queuedAt >= 1) {
    const svg = chart();
    svg.append(rect("timeline-wait", scale(queuedAt), scale(startedAt) - scale(queuedAt), 3, 10));
    rows.push(h("div", { class: "timeline-row is-queue" }, h("span", { class: "truncate muted" }, gettext("In the queue")), svg, h("span", { class: "num tiny" }, formatDuration(startedAt - queuedAt))));
  }
  for (const [id, info] of [...nodes].sort((a, b) => a[1].started - b[1].started)) {
    const svg = chart();
    const first = scale(info.started);
    if (info.queued && info.queued < info.started) svg.append(rect("timeline-wait", scale(info.queued), first - scale(info.queued), 5, 6));
    const tries = info.tries.length ? info.tries : [[info.started, info.ended ?? end]];
    tries.forEach(([begin, stop], index) => {
      const isLast = index === tries.length - 1;
      svg.append(rect(isLast ? "timeline-bar" : "timeline-bar is-try", scale(begin), Math.max(scale(stop ?? info.ended ?? end) - scale(begin), 3), 0, 16));
      if (!isLast) svg.append(rect("timeline-wait", scale(stop), scale(tries[index + 1][0]) - scale(stop), 5, 6));
    });
    const isCritical = critical.has(id);
    if (isCritical) svg.append(rect("timeline-critical", first, Math.max(scale(info.ended) - first, 3), 0, 16));
    const items = spread([...info.items.values()]);
    const notes = [
      isCritical ? h("span", { class: "visually-hidden" }, gettext("on the critical path")) : null,
      tries.length > 1 ? h("span", { class: "tiny faint" }, interpolate(ngettext("%s try", "%s tries", tries.length), [tries.length])) : null,
    ];
    rows.push(
      h(
        "button",
        { type: "button", class: "timeline-row button-quiet", dataset: { state: info.state }, title: isCritical ? gettext("on the critical path") : null, onclick: () => onchoose(id) },
        h("span", { class: "truncate" }, id, " ", ...notes.filter(Boolean)),
        svg,
        h("span", { class: "num tiny" }, info.state === "skipped" ? words.skipped : formatDuration((info.ended ?? end) - info.started)),
      ),
    );
    if (items && items.count > MAX_ITEM_ROWS)
      rows.push(h("p", { class: "timeline-items tiny muted" }, interpolate(gettext("%s items: shortest %s, median %s, longest %s"), [items.count, formatDuration(items.min), formatDuration(items.median), formatDuration(items.max)])));
  }
  box.replaceChildren(...(nodes.size ? rows : [h("p", { class: "empty" }, gettext("No node has started yet."))]));
  if (critical.size > 1) box.append(h("p", { class: "timeline-legend tiny muted" }, h("span", { class: "timeline-key" }), gettext("Outlined: the critical path, what the end of the run waited for.")));
}
