// One virtual list over all lines of a run: filters, follow mode, permalinks, details, copy and download.
import { formatDuration, formatNumber, h, icon, language } from "./dom.js";
import { codeBlock } from "./code.js";

const ROW = 22;
const OVERSCAN = 12;
const SHORTEST = 150;
const TALLEST = 460;
const LEVELS = ["debug", "info", "warning", "error"];
// Engines cap the height of an element; beyond this many rows the list shows its last part only.
const MOST_ROWS = 1_000_000;

const clock = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3, hour12: false });

/** What an engine event says to a person. */
export function sentence(event) {
  const data = event.data ?? {};
  const size = data.lists ? Object.entries(data.lists).map(([name, count]) => `${name} ${formatNumber(count)}`).join(", ") : data.count !== undefined ? formatNumber(data.count) : "";
  const tail = size ? ` · ${size}` : "";
  switch (event.kind) {
    case "run.started":
      return data.resumed ? gettext("Run resumed") : gettext("Run started");
    case "run.succeeded":
      return interpolate(gettext("Run succeeded in %s"), [formatDuration(data.ms ?? 0)]);
    case "run.failed":
      return interpolate(gettext("Run failed: %s"), [event.message]);
    case "run.cancelled":
      return gettext("Run cancelled");
    case "run.waiting":
      return gettext("Run waits");
    case "node.queued":
      return gettext("Queued for the compute worker");
    case "node.started":
      return data.attempt > 1 ? interpolate(gettext("Started, attempt %s"), [data.attempt]) : gettext("Started");
    case "node.succeeded":
      return interpolate(gettext("Succeeded in %s"), [formatDuration(data.ms ?? 0)]) + tail;
    case "node.retrying":
      return interpolate(gettext("%s Next attempt in %s."), [event.message, formatDuration(data.wait_ms ?? 0)]);
    case "node.skipped":
      return data.reason === "disabled" ? gettext("Skipped: turned off") : gettext("Skipped");
    case "node.cancelled":
      return gettext("Cancelled");
    case "node.waiting":
      return event.message || gettext("Waits for a person");
    case "node.progress":
      return [event.message, data.total ? `${formatNumber(data.done)}/${formatNumber(data.total)}` : data.done !== undefined ? formatNumber(data.done) : ""].filter(Boolean).join(" ");
    default:
      return event.message || event.kind;
  }
}

export class LogView {
  constructor(root, { name = "run", onchoose = () => {} } = {}) {
    this.root = root;
    this.name = name;
    this.onchoose = onchoose;
    this.events = [];
    this.shown = [];
    this.levels = new Set(LEVELS.filter((level) => level !== "debug"));
    this.nodes = new Set();
    this.text = "";
    this.node = "";
    this.follow = true;
    this.unseen = 0;
    this.linked = Number(/^#line-(\d+)$/.exec(location.hash)?.[1] ?? 0);
    this.build();
  }

  build() {
    const search = h("input", { type: "search", placeholder: gettext("Text or /regex/"), "aria-label": gettext("Filter the log"), oninput: (e) => this.filter({ text: e.target.value }) });
    const chips = h(
      "div",
      { class: "segmented", role: "group", "aria-label": gettext("Levels") },
      LEVELS.map((level) => h("button", { type: "button", "aria-pressed": String(this.levels.has(level)), onclick: (e) => this.toggleLevel(level, e.currentTarget) }, this.levelName(level))),
    );
    this.nodeSelect = h("select", { "aria-label": gettext("Node"), onchange: (e) => this.filter({ node: e.target.value }) }, h("option", { value: "" }, gettext("All nodes")));
    const menu = h(
      "details",
      { class: "menu menu-end" },
      h("summary", { class: "button button-quiet button-icon button-small", "aria-label": gettext("Copy or download") }, icon("download")),
      h(
        "div",
        { class: "menu-list" },
        h("button", { type: "button", onclick: () => navigator.clipboard?.writeText(this.asText()) }, icon("copy"), gettext("Copy as text")),
        h("button", { type: "button", onclick: () => this.download("txt") }, icon("download"), gettext("Download text")),
        h("button", { type: "button", onclick: () => this.download("jsonl") }, icon("download"), gettext("Download JSON lines")),
      ),
    );
    this.live = h("span", { class: "live" }, h("span", { class: "dot" }), h("span", {}));
    this.total = h("span", { class: "tiny faint tabular" });
    const tools = h("div", { class: "log-tools" }, h("div", { class: "search-field" }, icon("search"), search), chips, this.nodeSelect, h("span", { class: "grow" }), this.total, this.live, menu);
    this.lines = h("div", { class: "log-lines", tabindex: "0", role: "log", "aria-label": gettext("Log"), "aria-live": "off" });
    this.spacer = h("div", { class: "log-spacer" });
    this.lines.append(this.spacer);
    this.jump = h("button", { type: "button", class: "button button-small log-jump", hidden: true, onclick: () => this.followNow() });
    this.detail = h("div", { class: "log-detail", hidden: true });
    this.empty = h("p", { class: "empty" }, gettext("No lines yet."));
    this.root.replaceChildren(tools, h("div", { class: "log-view" }, this.lines, this.jump), this.detail);
    this.lines.append(this.empty);
    this.lines.addEventListener("scroll", () => this.scrolled(), { passive: true });
    new ResizeObserver(() => this.draw()).observe(this.lines);
  }

  levelName(level) {
    return { debug: gettext("Debug"), info: gettext("Info"), warning: gettext("Warning"), error: gettext("Error") }[level] ?? level;
  }

  setLive(state) {
    const texts = { connecting: gettext("Connecting…"), open: gettext("Live"), lost: gettext("Reconnecting…"), ended: gettext("Complete"), refused: gettext("Not available") };
    this.live.dataset.live = state;
    this.live.lastChild.textContent = texts[state];
  }

  add(event) {
    this.events.push(event);
    if (event.node) {
      const top = event.node.split(/[.[]/)[0];
      if (!this.nodes.has(top)) {
        this.nodes.add(top);
        this.nodeSelect.append(h("option", { value: top }, top));
      }
    }
    if (this.fits(event)) {
      this.shown.push(event);
      if (!this.follow) this.unseen += 1;
    }
    this.schedule();
  }

  fits(event) {
    if (!this.levels.has(event.level)) return false;
    if (this.node && event.node?.split(/[.[]/)[0] !== this.node) return false;
    if (!this.matcher) return true;
    return this.matcher(`${event.kind} ${event.node ?? ""} ${sentence(event)}`);
  }

  toggleLevel(level, button) {
    if (this.levels.has(level)) this.levels.delete(level);
    else this.levels.add(level);
    button.setAttribute("aria-pressed", String(this.levels.has(level)));
    this.filter({});
  }

  filter({ text = this.text, node = this.node }) {
    this.text = text;
    this.node = node;
    this.nodeSelect.value = node;
    const regex = /^\/(.+)\/(i?)$/.exec(text);
    this.matcher = null;
    if (regex) {
      try {
        const pattern = new RegExp(regex[1], regex[2]);
        this.matcher = (line) => pattern.test(line);
      } catch {
        this.matcher = () => true; // Still being typed.
      }
    } else if (text) {
      const wanted = text.toLowerCase();
      this.matcher = (line) => line.toLowerCase().includes(wanted);
    }
    this.shown = this.events.filter((event) => this.fits(event));
    this.unseen = 0;
    this.schedule();
  }

  schedule() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      this.draw();
    });
  }

  scrolled() {
    const atEnd = this.lines.scrollHeight - this.lines.scrollTop - this.lines.clientHeight < ROW * 1.5;
    this.follow = atEnd;
    if (atEnd) this.unseen = 0;
    this.schedule();
  }

  followNow() {
    this.follow = true;
    this.unseen = 0;
    this.schedule();
  }

  draw() {
    const rows = this.shown.length > MOST_ROWS ? this.shown.slice(-MOST_ROWS) : this.shown;
    // Old lines would still reach far down and keep the scroll position where no line is any more.
    const before = new Map([...this.spacer.children].map((line) => [Number(line.dataset.seq), line]));
    this.spacer.replaceChildren();
    this.spacer.style.height = `${rows.length * ROW}px`;
    this.lines.style.height = `${Math.min(TALLEST, Math.max(SHORTEST, rows.length * ROW + 14))}px`;
    this.empty.hidden = rows.length > 0;
    this.empty.textContent = this.events.length ? gettext("No line fits the filter.") : gettext("No lines yet.");
    this.total.textContent = this.shown.length === this.events.length ? interpolate(ngettext("%s line", "%s lines", this.events.length), [formatNumber(this.events.length)]) : interpolate(gettext("%s of %s lines"), [formatNumber(this.shown.length), formatNumber(this.events.length)]);
    if (this.linked && !this.jumped && rows.at(-1)?.seq >= this.linked) {
      this.jumped = true;
      const index = rows.findIndex((event) => event.seq === this.linked);
      if (index >= 0) {
        this.follow = false;
        this.lines.scrollTop = Math.max(0, (index - 4) * ROW);
      }
    }
    if (this.follow) this.lines.scrollTop = this.lines.scrollHeight;
    const first = Math.max(0, Math.floor(this.lines.scrollTop / ROW) - OVERSCAN);
    const last = Math.min(rows.length, Math.ceil((this.lines.scrollTop + this.lines.clientHeight) / ROW) + OVERSCAN);
    const fragment = [];
    for (let index = first; index < last; index++) {
      const event = rows[index];
      const line = before.get(event.seq) ?? this.line(event);
      line.style.top = `${index * ROW}px`;
      fragment.push(line);
    }
    this.spacer.replaceChildren(...fragment);
    this.jump.hidden = this.follow || !this.unseen;
    if (!this.jump.hidden) this.jump.replaceChildren(icon("arrow-down"), interpolate(gettext("%s new"), [formatNumber(this.unseen)]));
  }

  line(event) {
    const hasData = event.data && Object.keys(event.data).length > 0;
    return h(
      "div",
      { class: `log-line${event.seq === this.linked ? " is-linked" : ""}`, dataset: { seq: event.seq, level: event.level } },
      h("a", { class: "log-time", href: `#line-${event.seq}`, title: event.time }, clock.format(new Date(event.time))),
      h("span", { class: "log-level" }, this.levelName(event.level)),
      h("span", { class: "log-node", title: event.node ?? "" }, event.node ?? ""),
      h("span", { class: "log-message", title: sentence(event) }, sentence(event)),
      hasData ? h("button", { type: "button", class: "log-more", "aria-label": gettext("Show data"), onclick: () => this.open(event) }, "{ }") : null,
    );
  }

  open(event) {
    const same = this.detail.dataset.seq === String(event.seq) && !this.detail.hidden;
    this.detail.hidden = same;
    this.detail.dataset.seq = event.seq;
    this.detail.replaceChildren(codeBlock(event.data));
    if (event.node) this.onchoose(event.node.split(/[.[]/)[0]);
  }

  asText() {
    return this.shown.map((e) => `${e.time}\t${e.level}\t${e.node ?? ""}\t${sentence(e)}`).join("\n");
  }

  download(kind) {
    const text = kind === "txt" ? this.asText() : this.shown.map((event) => JSON.stringify(event)).join("\n");
    const link = h("a", { href: URL.createObjectURL(new Blob([`${text}\n`], { type: "text/plain" })), download: `${this.name}.${kind}` });
    link.click();
    URL.revokeObjectURL(link.href);
  }
}
