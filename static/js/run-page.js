// The page of one run: live state, node states on the picture, log, timeline.
import { EventStream } from "./events.js";
import { LogView } from "./log.js";
import { valueView } from "./result-view.js";
import { fetchJson, formatDuration, h, icon, readJson } from "./dom.js";
import { SchemaForm } from "./schema-form.js";
import { drawTimeline } from "./timeline.js";
import { toast } from "./toast.js";

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

const nodes = new Map(); // top-level node id → {state, queued, started, ended, tries: [[from, to]], items: Map}
let startedAt = data.started_at ? Date.parse(data.started_at) : null;
let endedAt = data.finished_at ? Date.parse(data.finished_at) : null;
let state = data.state;

const log = new LogView(document.getElementById("log"), {
  name: `run-${data.id}`,
  onchoose: choose,
  onshow: () => document.getElementById("tab-log").click(),
  load: stored,
});

/** Lines from the database; the API gives them in pieces. */
async function stored(from, to) {
  const found = [];
  for (let after = from - 1; after < to; after = found.at(-1).seq) {
    const piece = (await fetchJson(`${data.events_url}?after=${after}`)).results;
    if (!piece.length) break;
    found.push(...piece);
  }
  return found;
}

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

const OVER = new Set(["succeeded", "failed", "handled", "cancelled", "skipped"]);

function applyNode(event) {
  const id = event.node;
  const at = Date.parse(event.time);
  const next = NODE_STATES[event.kind];
  if (/[.[]/.test(id)) return applyItem(id, next, at); // Items of a map have their own rows in the log.
  const info = nodes.get(id) ?? { started: at, tries: [], items: new Map() };
  if (event.kind === "node.started") {
    if (!info.tries.length) info.started = at;
    info.tries.push([at, null]);
  }
  if (event.kind === "node.queued") info.queued = at;
  if (event.kind === "node.retrying" && info.tries.length) info.tries.at(-1)[1] = at;
  if (OVER.has(next)) {
    info.ended = at;
    if (info.tries.length) info.tries.at(-1)[1] = at;
  }
  if (next) info.state = next;
  nodes.set(id, info);
  paintNode(id);
}

/** What an item of a map took, counted once: by its own number, whatever nodes are inside. */
function applyItem(path, next, at) {
  const [, map, number] = /^([^.[]+)\[(\d+)\]/.exec(path) ?? [];
  const owner = nodes.get(map);
  if (!owner) return;
  const item = owner.items.get(number) ?? { started: at };
  if (OVER.has(next)) item.ended = at;
  owner.items.set(number, item);
}

let timelineFrame = null;
const edges = [...(graph?.querySelectorAll("[data-from]") ?? [])].map((line) => [line.dataset.from, line.dataset.to]);
function showTimeline() {
  const box = document.getElementById("timeline");
  if (!box || box.closest("[hidden]") || !startedAt) return;
  drawTimeline(box, { nodes, edges, queuedAt: data.created_at ? Date.parse(data.created_at) : null, startedAt, endedAt, words, onchoose: choose });
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
  ongap: (from, to, next) => log.addGap(from, to, next.time),
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
      showTimeline();
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
    const { node } = group.dataset;
    log.filter({ nodes: log.chosen.size === 1 && log.chosen.has(node) ? [] : [node] });
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
document.addEventListener("portal:tab", showTimeline);

const clock = document.getElementById("run-duration");
setInterval(() => {
  if (!startedAt || !clock) return;
  clock.textContent = formatDuration((endedAt ?? Date.now()) - startedAt);
  if (!endedAt) showTimeline();
}, 500);

document.getElementById("share-run")?.addEventListener("click", async () => {
  await navigator.clipboard?.writeText(location.href);
  toast(gettext("The link is copied. It opens for members of this workspace."), "success");
});

const again = readJson("again-data");
if (again) {
  const form = new SchemaForm(document.getElementById("again-fields"), again.schema, { value: again.value });
  const notes = document.getElementById("again-problems");
  document.getElementById("again-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!form.validate()) return;
    event.submitter.disabled = true;
    try {
      location.href = (await fetchJson(again.url, { method: "POST", body: { input: form.value(), version: again.version } })).url;
    } catch (error) {
      const rest = form.problems(error.problem?.problems ?? []);
      const lines = [error.message, ...rest, error.problem?.remedy].filter(Boolean);
      notes.replaceChildren(...lines.map((line) => h("p", { class: "field-errors", role: "alert" }, icon("alert"), h("span", {}, line))));
      event.submitter.disabled = false;
    }
  });
}

// The playground sends people here to keep what they just saw.
if (location.hash === "#save-test") document.getElementById("save-test")?.showModal();
