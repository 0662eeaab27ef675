// The page of one run: live state, node states on the picture, log, timeline.
import { EventStream } from "./events.js";
import { LogView } from "./log.js";
import { valueView } from "./result-view.js";
import { formatDuration, h, icon, readJson, s } from "./dom.js";

const data = readJson("run-data");
const words = readJson("state-words");
const GLYPHS = readJson("state-glyphs");
const graph = document.querySelector(".graph");
const sprite = graph?.querySelector("use")?.getAttribute("href").replace(/#.*/, "");

const NODE_STATES = {
  "node.queued": "queued",
  "node.started": "running",
  "node.progress": "running",
  "node.retrying": "retrying",
  "node.succeeded": "succeeded",
  "node.failed": "failed",
  "node.handled": "handled",
  "node.skipped": "skipped",
  "node.cancelled": "cancelled",
  "node.waiting": "waiting",
};
const RUN_STATES = { "run.started": "running", "run.waiting": "waiting", "run.succeeded": "succeeded", "run.failed": "failed", "run.cancelled": "cancelled" };

const DONE = new Set(["succeeded", "failed", "cancelled"]);
const isOver = DONE.has(data.state);

const nodes = new Map(); // top-level node id → {state, started, ended, attempts, waits: []}
let startedAt = data.started_at ? Date.parse(data.started_at) : null;
let endedAt = data.finished_at ? Date.parse(data.finished_at) : null;
let state = data.state;

const log = new LogView(document.getElementById("log"), { name: `run-${data.id}`, onchoose: choose });

function statusElement(name) {
  return h("span", { class: "status", dataset: { state: name } }, icon(GLYPHS[name] ?? "circle"), h("span", {}, words[name] ?? name));
}

function setState(name) {
  if (state === name) return;
  state = name;
  document.getElementById("run-state").replaceChildren(statusElement(name));
  for (const element of document.querySelectorAll("[data-while]")) element.hidden = !element.dataset.while.split(" ").includes(name);
}

function paintNode(id) {
  const info = nodes.get(id);
  const group = graph?.querySelector(`[data-node="${CSS.escape(id)}"]`);
  if (!group || !info) return;
  group.dataset.state = info.state;
  group.querySelector(".graph-state use").setAttribute("href", `${sprite}#${GLYPHS[info.state] ?? "circle"}`);
  group.querySelector("title").textContent = `${id}: ${words[info.state] ?? info.state}${info.ended ? `, ${formatDuration(info.ended - info.started)}` : ""}`;
  for (const edge of graph.querySelectorAll(`[data-to="${CSS.escape(id)}"]`)) edge.classList.toggle("is-active", info.state === "running");
}

function choose(id) {
  for (const group of graph?.querySelectorAll("[data-node]") ?? []) group.classList.toggle("is-chosen", group.dataset.node === id);
  document.getElementById("data-node")?.dispatchEvent(new CustomEvent("portal:choose", { detail: id }));
}

function applyNode(event) {
  const id = event.node;
  if (/[.[]/.test(id)) return; // Items of a map have their own rows in the log.
  const at = Date.parse(event.time);
  const info = nodes.get(id) ?? { started: at, attempts: 1, waits: [] };
  const next = NODE_STATES[event.kind];
  if (event.kind === "node.started") {
    info.started ??= at;
    if (info.retryFrom) info.waits.push([info.retryFrom, at]);
    info.retryFrom = null;
    info.attempts = event.data?.attempt ?? 1;
  }
  if (event.kind === "node.queued") info.queued = at;
  if (event.kind === "node.retrying") info.retryFrom = at;
  if (["succeeded", "failed", "handled", "cancelled", "skipped"].includes(next)) info.ended = at;
  if (next) info.state = next;
  nodes.set(id, info);
  paintNode(id);
}

let timelineFrame = null;
function drawTimeline() {
  const box = document.getElementById("timeline");
  if (!box || box.closest("[hidden]") || !startedAt) return;
  const end = endedAt ?? Date.now();
  const span = Math.max(end - startedAt, 1);
  const scale = (at) => ((at - startedAt) / span) * 1000;
  const rows = [...nodes].sort((a, b) => a[1].started - b[1].started);
  box.replaceChildren(
    ...rows.map(([id, info]) => {
      const from = scale(info.started);
      const width = Math.max(scale(info.ended ?? end) - from, 3);
      const svg = s("svg", { viewBox: "0 0 1000 16", preserveAspectRatio: "none", "aria-hidden": "true" });
      svg.append(s("rect", { class: "timeline-track", width: 1000, height: 16, rx: 3 }));
      if (info.queued) svg.append(s("rect", { class: "timeline-track", x: scale(info.queued), y: 6, width: Math.max(from - scale(info.queued), 1), height: 4 }));
      svg.append(s("rect", { class: "timeline-bar", x: from, width, height: 16, rx: 3 }));
      for (const [a, b] of info.waits) svg.append(s("rect", { class: "timeline-track", x: scale(a), y: 3, width: scale(b) - scale(a), height: 10 }));
      return h(
        "button",
        { type: "button", class: "timeline-row button-quiet", dataset: { state: info.state }, onclick: () => choose(id) },
        h("span", { class: "truncate" }, id),
        svg,
        h("span", { class: "num tiny" }, info.state === "skipped" ? words.skipped : formatDuration((info.ended ?? end) - info.started)),
      );
    }),
  );
  if (!rows.length) box.replaceChildren(h("p", { class: "empty" }, gettext("No node has started yet.")));
}

function drawIssues(event) {
  const box = document.getElementById("issues");
  box.querySelector(".empty")?.remove();
  const error = event.data?.error ?? {};
  box.append(
    h(
      "div",
      { class: "issue", dataset: { state: event.kind === "node.handled" ? "handled" : "failed" } },
      icon(event.kind === "node.handled" ? "shield-x" : "cross", event.kind === "node.handled" ? "text-warning" : "text-danger"),
      h("div", {}, h("p", { class: "strong" }, event.node || gettext("Run")), h("p", {}, event.message), error.remedy ? h("p", { class: "muted" }, error.remedy) : null, h("a", { class: "tiny", href: `#line-${event.seq}` }, interpolate(gettext("Line %s"), [event.seq]))),
    ),
  );
  const count = document.getElementById("issue-count");
  count.textContent = box.querySelectorAll(".issue").length;
  count.hidden = false;
}

function finished() {
  endedAt ??= Date.now();
  // The result is one small fragment; the log has everything else already.
  window.htmx?.ajax("GET", data.result_url, { target: "#result", swap: "innerHTML" });
}

const stream = new EventStream(data.socket, {
  onstate: (live) => log.setLive(live),
  onevent(event) {
    log.add(event);
    if (event.kind === "run.started") startedAt ??= Date.parse(event.time);
    if (event.node && event.kind.startsWith("node.")) applyNode(event);
    if (["node.failed", "node.handled"].includes(event.kind) || (event.kind === "run.failed" && !event.node)) drawIssues(event);
    if (event.kind === "node.failed" && !data.focused) {
      data.focused = true;
      choose(event.node.split(/[.[]/)[0]);
    }
    // While old lines of an ended run are played back, the header already knows how it ended.
    const next = isOver ? null : RUN_STATES[event.kind];
    if (next) setState(next);
    if (DONE.has(next)) {
      endedAt = Date.parse(event.time);
      finished();
    } else if (next === "running") {
      endedAt = null;
    }
    timelineFrame ??= requestAnimationFrame(() => {
      timelineFrame = null;
      drawTimeline();
    });
  },
});
stream.open();
// For tests that cut the connection: the page must show every line once whatever happens.
window.portalRun = { stream, log };

// A picture may hold no controls, and its nodes become buttons here.
graph?.querySelector("svg")?.setAttribute("role", "group");
for (const group of graph?.querySelectorAll("[data-node]") ?? []) {
  group.setAttribute("role", "button");
  group.setAttribute("tabindex", "0");
  const go = () => {
    choose(group.dataset.node);
    log.filter({ node: log.node === group.dataset.node ? "" : group.dataset.node });
  };
  group.addEventListener("click", go);
  group.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    go();
  });
}

function showResult(root) {
  for (const box of root.querySelectorAll("[data-result]")) box.replaceChildren(valueView(readJson(box.dataset.result)));
}
showResult(document);
document.addEventListener("htmx:afterSwap", (event) => showResult(event.detail.elt));

const picker = document.getElementById("data-node");
picker?.addEventListener("portal:choose", (event) => {
  if ([...picker.options].some((option) => option.value === event.detail)) {
    picker.value = event.detail;
    picker.dispatchEvent(new Event("change", { bubbles: true }));
  }
});
document.addEventListener("portal:tab", drawTimeline);

const clock = document.getElementById("run-duration");
setInterval(() => {
  if (!startedAt || !clock) return;
  clock.textContent = formatDuration((endedAt ?? Date.now()) - startedAt);
  if (!endedAt) drawTimeline();
}, 500);
