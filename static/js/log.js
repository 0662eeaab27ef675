// One virtual list over all lines of a run: filters, follow mode, permalinks, data that unfolds, copy and download.
import { codeBlock } from "./code.js";
import { formatNumber, h, icon, language } from "./dom.js";
import { LEVELS, asJsonLines, asText, levelName, searchText, sentence, topNode } from "./log-lines.js";
import { PatternSearch, parsePattern } from "./log-search.js";
import { toast } from "./toast.js";

const ROW = 22;
const OVERSCAN = 12;
const SHORTEST = 150;
const TALLEST = 460;
const DATA_LINE = 18;
const DATA_TALLEST = 306;
// Engines cap the height of an element; beyond this many rows the list shows its last part only.
const MOST_ROWS = 1_000_000;

const clock = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3, hour12: false });
const linkedLine = () => Number(/^#line-(\d+)$/.exec(location.hash)?.[1] ?? 0);

/** The first place in a list sorted by `seq` that is not before `seq`. */
function placeOf(rows, seq) {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rows[middle].seq < seq) low = middle + 1;
    else high = middle;
  }
  return low;
}

export class LogView {
  /** `load(from, to)` fetches lines that the stream did not bring; `onshow()` makes the log visible. */
  constructor(root, { name = "run", onchoose = () => {}, onshow = () => {}, load = null } = {}) {
    Object.assign(this, { root, name, onchoose, onshow, load });
    this.events = [];
    this.shown = [];
    this.gaps = 0;
    this.levels = new Set(LEVELS.filter((level) => level !== "debug"));
    this.nodes = new Set();
    this.chosen = new Set();
    this.text = "";
    this.unfolded = new Map(); // seq → height of its data in pixels
    this.follow = true;
    this.unseen = 0;
    this.seenTop = 0;
    this.linked = linkedLine();
    this.build();
    addEventListener("hashchange", () => this.goTo(linkedLine()));
  }

  build() {
    this.search = h("input", { type: "search", placeholder: gettext("Text or /regex/"), "aria-label": gettext("Filter the log"), oninput: (e) => this.filter({ text: e.target.value }) });
    this.chips = h(
      "div",
      { class: "segmented", role: "group", "aria-label": gettext("Levels") },
      LEVELS.map((level) => h("button", { type: "button", dataset: { level }, "aria-pressed": String(this.levels.has(level)), onclick: () => this.toggleLevel(level) }, levelName(level))),
    );
    this.nodeCount = h("span", {}, gettext("All nodes"));
    this.nodeBoxes = h("div", { class: "menu-list log-nodes" }, h("button", { type: "button", onclick: () => this.filter({ nodes: [] }) }, icon("x"), gettext("All nodes")));
    this.nodeMenu = h("details", { class: "menu" }, h("summary", { class: "button button-small" }, icon("filter"), this.nodeCount), this.nodeBoxes);
    const menu = h(
      "details",
      { class: "menu menu-end" },
      h("summary", { class: "button button-quiet button-icon button-small", "aria-label": gettext("Copy or download") }, icon("download")),
      h(
        "div",
        { class: "menu-list" },
        h("button", { type: "button", onclick: () => this.copy(asText) }, icon("copy"), gettext("Copy as text")),
        h("button", { type: "button", onclick: () => this.copy(asJsonLines) }, icon("copy"), gettext("Copy as JSON lines")),
        h("button", { type: "button", onclick: () => this.download("txt", asText) }, icon("download"), gettext("Download text")),
        h("button", { type: "button", onclick: () => this.download("jsonl", asJsonLines) }, icon("download"), gettext("Download JSON lines")),
      ),
    );
    this.live = h("span", { class: "live" }, h("span", { class: "dot" }), h("span", {}));
    this.total = h("span", { class: "tiny faint tabular" });
    this.problem = h("p", { class: "log-problem small", role: "status", hidden: true });
    const tools = h("div", { class: "log-tools" }, h("div", { class: "search-field" }, icon("search"), this.search), this.chips, this.nodeMenu, h("span", { class: "grow" }), this.total, this.live, menu);
    this.lines = h("div", { class: "log-lines", tabindex: "0", role: "log", "aria-label": gettext("Log"), "aria-live": "off" });
    this.spacer = h("div", { class: "log-spacer" });
    this.empty = h("p", { class: "empty" }, gettext("No lines yet."));
    this.lines.append(this.spacer, this.empty);
    this.jump = h("button", { type: "button", class: "button button-small log-jump", hidden: true, onclick: () => this.followNow() });
    this.root.replaceChildren(tools, this.problem, h("div", { class: "log-view" }, this.lines, this.jump));
    this.lines.addEventListener("scroll", () => this.scrolled(), { passive: true });
    new ResizeObserver(() => this.draw()).observe(this.lines);
  }

  setLive(state) {
    const texts = { connecting: gettext("Connecting…"), open: gettext("Live"), lost: gettext("Reconnecting…"), ended: gettext("Complete"), refused: gettext("Not available") };
    this.live.dataset.live = state;
    this.live.lastChild.textContent = texts[state];
  }

  add(event) {
    this.events.push(event);
    this.know(event);
    if (!this.fits(event)) return this.schedule();
    if (this.pattern) this.pattern.add(event, searchText(event));
    else this.show(event);
    this.schedule();
  }

  /** Lines between two others that the stream could not bring, as a line that says so. */
  addGap(from, to, time) {
    this.gaps += 1;
    this.add({ seq: from, to, count: to - from + 1, kind: "gap", level: "warning", node: "", time, data: {} });
  }

  know(event) {
    const node = topNode(event);
    if (!node || this.nodes.has(node)) return;
    this.nodes.add(node);
    const box = h("input", { type: "checkbox", value: node, onchange: () => this.filter({ nodes: [...this.nodeBoxes.querySelectorAll("input:checked")].map((one) => one.value) }) });
    this.nodeBoxes.append(h("label", { class: "menu-check" }, box, " ", h("span", { class: "mono truncate" }, node)));
  }

  show(event) {
    this.shown.push(event);
    if (!this.follow) this.unseen += 1;
  }

  fits(event) {
    if (event.kind === "gap") return !this.pattern;
    if (!this.levels.has(event.level)) return false;
    if (this.chosen.size && !this.chosen.has(topNode(event))) return false;
    return !this.words || searchText(event).toLowerCase().includes(this.words);
  }

  toggleLevel(level) {
    if (this.levels.has(level)) this.levels.delete(level);
    else this.levels.add(level);
    this.filter({});
  }

  filter({ text = this.text, nodes = this.chosen, levels = this.levels }) {
    this.text = text;
    this.chosen = new Set(nodes);
    this.levels = new Set(levels);
    this.paintFilters();
    this.pattern?.stop();
    this.pattern = null;
    this.words = "";
    let asked = null;
    try {
      asked = parsePattern(text);
      this.say("");
    } catch {
      this.say(gettext("This regular expression is not complete yet; all lines are shown."));
    }
    if (asked) {
      this.pattern = new PatternSearch(asked, {
        onhit: (event) => this.show(event),
        onchunk: () => this.schedule(),
        onslow: () => this.say(gettext("This regular expression takes too long. Make it simpler, for example without repeats inside of repeats.")),
      });
      this.shown = [];
      for (const event of this.events) if (this.fits(event)) this.pattern.add(event, searchText(event));
    } else {
      if (!text.startsWith("/")) this.words = text.toLowerCase();
      this.shown = this.events.filter((event) => this.fits(event));
    }
    this.unseen = 0;
    this.schedule();
  }

  paintFilters() {
    if (this.search.value !== this.text) this.search.value = this.text;
    for (const chip of this.chips.children) chip.setAttribute("aria-pressed", String(this.levels.has(chip.dataset.level)));
    for (const box of this.nodeBoxes.querySelectorAll("input")) box.checked = this.chosen.has(box.value);
    const [only] = this.chosen;
    this.nodeCount.textContent = !this.chosen.size ? gettext("All nodes") : this.chosen.size === 1 ? only : interpolate(gettext("%s nodes"), [formatNumber(this.chosen.size)]);
  }

  say(text) {
    this.problem.hidden = !text;
    this.problem.textContent = text;
  }

  schedule() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      this.draw();
    });
  }

  scrolled() {
    const atEnd = this.lines.scrollHeight - this.lines.scrollTop - this.lines.clientHeight < ROW * 1.5;
    // Lines may have been added since the browser scrolled, so only going back up means that somebody reads.
    if (atEnd) this.follow = true;
    else if (this.lines.scrollTop < this.seenTop) this.follow = false;
    this.seenTop = this.lines.scrollTop;
    if (atEnd) this.unseen = 0;
    this.schedule();
  }

  followNow() {
    this.follow = true;
    this.unseen = 0;
    this.schedule();
  }

  /** Shows the line with this number, whatever the filters hide. */
  goTo(seq) {
    this.linked = seq;
    this.jumped = false;
    if (!seq) return this.redraw();
    this.onshow();
    const known = this.events[placeOf(this.events, seq)];
    if (known?.seq === seq && this.shown[placeOf(this.shown, seq)]?.seq !== seq) this.filter({ text: "", nodes: [], levels: LEVELS });
    this.redraw();
  }

  redraw() {
    this.spacer.replaceChildren();
    this.schedule();
  }

  /** Rows with unfolded data as [place, height], in order. */
  folds(rows) {
    const found = [];
    for (const [seq, height] of this.unfolded) {
      const place = placeOf(rows, seq);
      if (rows[place]?.seq === seq) found.push([place, height]);
    }
    return found.sort((a, b) => a[0] - b[0]);
  }

  draw() {
    const rows = this.shown.length > MOST_ROWS ? this.shown.slice(-MOST_ROWS) : this.shown;
    const folds = this.folds(rows);
    const topOf = (place) => place * ROW + folds.reduce((sum, [at, height]) => (at < place ? sum + height : sum), 0);
    const placeAt = (y) => {
      let rest = y;
      for (const [at, height] of folds) {
        if (rest <= (at + 1) * ROW) break;
        rest = Math.max((at + 1) * ROW, rest - height);
      }
      return Math.floor(rest / ROW);
    };
    const tall = topOf(rows.length);
    // Old lines would still reach far down and keep the scroll position where no line is any more.
    const before = new Map([...this.spacer.children].map((line) => [Number(line.dataset.seq), line]));
    for (const line of before.values()) if (parseFloat(line.style.top) >= tall) line.remove();
    this.spacer.style.height = `${tall}px`;
    this.lines.style.height = `${Math.min(TALLEST, Math.max(SHORTEST, tall + 14))}px`;
    this.empty.hidden = rows.length > 0;
    this.empty.textContent = this.events.length ? gettext("No line fits the filter.") : gettext("No lines yet.");
    const count = this.events.length - this.gaps;
    this.total.textContent = this.shown.length === this.events.length ? interpolate(ngettext("%s line", "%s lines", count), [formatNumber(count)]) : interpolate(gettext("%s of %s lines"), [formatNumber(this.shown.length), formatNumber(count)]);
    if (this.linked && !this.jumped && rows.at(-1)?.seq >= this.linked) {
      this.jumped = true;
      const place = placeOf(rows, this.linked);
      if (rows[place].seq === this.linked) {
        this.follow = false;
        this.lines.scrollTop = Math.max(0, topOf(place) - 4 * ROW);
      }
    }
    if (this.follow) this.lines.scrollTop = this.lines.scrollHeight;
    this.seenTop = this.lines.scrollTop;
    const first = Math.max(0, placeAt(this.lines.scrollTop) - OVERSCAN);
    const last = Math.min(rows.length, placeAt(this.lines.scrollTop + this.lines.clientHeight) + 1 + OVERSCAN);
    const wanted = [];
    for (let place = first; place < last; place++) {
      const event = rows[place];
      const line = before.get(event.seq) ?? this.line(event);
      line.style.top = `${topOf(place)}px`;
      wanted.push(line);
    }
    // Lines that stay are not touched: focus and selections survive.
    const kept = new Set(wanted);
    for (const line of [...this.spacer.children]) if (!kept.has(line)) line.remove();
    wanted.forEach((line, at) => {
      if (this.spacer.children[at] !== line) this.spacer.insertBefore(line, this.spacer.children[at] ?? null);
    });
    this.jump.hidden = this.follow || !this.unseen;
    if (!this.jump.hidden) this.jump.replaceChildren(icon("arrow-down"), interpolate(gettext("%s new"), [formatNumber(this.unseen)]));
  }

  line(event) {
    if (event.kind === "gap") return this.gapLine(event);
    const hasData = event.data && Object.keys(event.data).length > 0;
    const isOpen = this.unfolded.has(event.seq);
    return h(
      "div",
      { class: `log-line${event.seq === this.linked ? " is-linked" : ""}${isOpen ? " is-open" : ""}`, dataset: { seq: event.seq, level: event.level } },
      h("a", { class: "log-time", href: `#line-${event.seq}`, title: event.time }, clock.format(new Date(event.time))),
      h("span", { class: "log-level" }, levelName(event.level)),
      h("span", { class: "log-node", title: event.node ?? "" }, event.node ?? ""),
      h("span", { class: "log-message", title: sentence(event) }, sentence(event)),
      hasData ? h("button", { type: "button", class: "log-more", "aria-label": gettext("Show data"), "aria-expanded": String(isOpen), onclick: () => this.unfold(event) }, "{ }") : null,
      isOpen ? this.dataOf(event) : null,
    );
  }

  gapLine(event) {
    const load = this.load ? h("button", { type: "button", class: "log-load", onclick: (e) => this.fill(event, e.currentTarget) }, gettext("Load")) : null;
    return h("div", { class: "log-line log-gap", dataset: { seq: event.seq, level: "warning" } }, icon("alert"), h("span", { class: "log-message" }, sentence(event)), load);
  }

  async fill(gap, button) {
    button.disabled = true;
    let found = [];
    try {
      found = (await this.load(gap.seq, gap.to)).filter((event) => event.seq >= gap.seq && event.seq <= gap.to);
    } catch (error) {
      button.disabled = false;
      return toast(error.message, "danger");
    }
    if (!found.length) return button.replaceWith(h("span", { class: "faint" }, gettext("They are not stored any more.")));
    found.forEach((event) => this.know(event));
    this.gaps -= 1;
    this.events.splice(placeOf(this.events, gap.seq), 1, ...found);
    this.follow = false;
    this.spacer.replaceChildren();
    this.filter({});
  }

  unfold(event) {
    if (this.unfolded.delete(event.seq)) return this.refresh(event);
    const lines = JSON.stringify(event.data, null, 2).split("\n").length;
    this.unfolded.set(event.seq, Math.min(DATA_TALLEST, lines * DATA_LINE + 18));
    this.follow = false;
    this.refresh(event);
    if (event.node) this.onchoose(topNode(event));
  }

  refresh(event) {
    const old = this.spacer.querySelector(`[data-seq="${event.seq}"]`);
    const fresh = this.line(event);
    old?.replaceWith(fresh);
    fresh.querySelector(".log-more")?.focus({ preventScroll: true });
    this.schedule();
  }

  dataOf(event) {
    const box = h("div", { class: "log-data" }, codeBlock(event.data));
    box.style.height = `${this.unfolded.get(event.seq)}px`;
    return box;
  }

  async copy(written) {
    await navigator.clipboard?.writeText(written(this.shown));
    toast(interpolate(ngettext("%s line is copied.", "%s lines are copied.", this.shown.length), [formatNumber(this.shown.length)]), "success");
  }

  download(kind, written) {
    const link = h("a", { href: URL.createObjectURL(new Blob([`${written(this.shown)}\n`], { type: "text/plain" })), download: `${this.name}.${kind}` });
    link.click();
    URL.revokeObjectURL(link.href);
  }
}
