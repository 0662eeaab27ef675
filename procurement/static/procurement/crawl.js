// The live page of a crawl: every line of its story once, figures as they change, the state block when the state does.
import { h, readJson } from "../js/dom.js";

const live = readJson("crawl-live");
const story = document.getElementById("crawl-story");
const WORDS = {
  queued: gettext("Queued"),
  resumed: gettext("Resumed"),
  started: gettext("Started"),
  writing: gettext("Writing the file"),
  waiting: gettext("Waiting for quota"),
  paused: gettext("Paused"),
  cancelled: gettext("Cancelled"),
  succeeded: gettext("Succeeded"),
  failed: gettext("Failed"),
};
const QUIET = new Set(["progress", "attributes"]);
let last = 0;

function put(id, value) {
  const element = document.getElementById(id);
  if (element) element.textContent = new Intl.NumberFormat(document.documentElement.lang).format(value);
}

function words(event) {
  if (event.kind === "attributes") return interpolate(gettext("Attributes of %s of %s products"), [event.done, event.total]);
  const known = WORDS[event.kind];
  return [known, event.message].filter(Boolean).join(": ") || event.kind;
}

async function refresh() {
  const response = await fetch(live.state_url, { headers: { "HX-Request": "true" } });
  if (!response.ok) return;
  const block = document.getElementById("crawl-state");
  const open = block.querySelector("details")?.open;
  // The server's own template, same origin, already escaped.
  block.replaceChildren(...new DOMParser().parseFromString(await response.text(), "text/html").body.childNodes);
  if (open) block.querySelector("details").open = true;
}

function take(event) {
  if (event.seq <= last) return;
  last = event.seq;
  if (event.kind === "progress" && !event.message) return;
  const near = story.scrollHeight - story.scrollTop - story.clientHeight < 40;
  story.append(h("li", {}, h("time", { datetime: event.at }, new Date(event.at).toLocaleTimeString()), h("span", {}, words(event))));
  if (near) story.scrollTop = story.scrollHeight;
  if (event.kind === "progress") {
    put("crawl-rows", event.rows);
    put("crawl-calls", event.calls);
    put("crawl-done", event.done);
    put("crawl-total", event.total);
    const bar = document.getElementById("crawl-bar");
    if (bar) Object.assign(bar, { max: event.total, value: event.done });
  } else if (!QUIET.has(event.kind)) refresh();
}

// EventSource reconnects by itself and sends Last-Event-ID, so that no line is lost or doubled.
const source = new EventSource(live.events_url);
for (const kind of [...Object.keys(WORDS), ...QUIET]) source.addEventListener(kind, (message) => take(JSON.parse(message.data)));
source.addEventListener("done", () => source.close());
