// The result of a tool call as a person reads it, as structured content, and raw.
import { codeBlock } from "./code.js";
import { formatDuration, formatNumber, h, icon } from "./dom.js";
import { initTabs } from "./tabs.js";

const MOST_ROWS = 200;
let counter = 0;

const isRecord = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

function cell(value) {
  if (value === null || value === undefined) return h("td", { class: "faint" }, "–");
  if (typeof value === "number") return h("td", { class: "num" }, formatNumber(value, { maximumFractionDigits: 6 }));
  if (typeof value === "boolean") return h("td", {}, value ? icon("check") : icon("dash"));
  if (typeof value === "object") return h("td", { class: "mono tiny truncate" }, JSON.stringify(value));
  return h("td", {}, String(value));
}

/** A list of records as a table; undefined when it is none. */
export function tableOf(rows) {
  if (!Array.isArray(rows) || !rows.length || !rows.every(isRecord)) return undefined;
  const columns = [...new Set(rows.slice(0, 50).flatMap((row) => Object.keys(row)))];
  const numeric = new Set(columns.filter((column) => rows.every((row) => row[column] === null || row[column] === undefined || typeof row[column] === "number")));
  return h(
    "div",
    { class: "stack-s" },
    h(
      "div",
      { class: "table-wrap table-scroll", tabindex: "0" },
      h(
        "table",
        { class: "table table-compact" },
        h("thead", {}, h("tr", {}, columns.map((column) => h("th", { class: numeric.has(column) ? "num" : "" }, column)))),
        h("tbody", {}, rows.slice(0, MOST_ROWS).map((row) => h("tr", {}, columns.map((column) => cell(row[column]))))),
      ),
    ),
    rows.length > MOST_ROWS ? h("p", { class: "tiny muted" }, interpolate(gettext("The first %s of %s rows."), [MOST_ROWS, formatNumber(rows.length)])) : null,
  );
}

function rendered(value) {
  const table = tableOf(value);
  if (table) return table;
  if (!isRecord(value)) return h("p", { class: "prose" }, typeof value === "string" ? value : JSON.stringify(value));
  const parts = [];
  const plain = Object.entries(value).filter(([, item]) => item === null || typeof item !== "object");
  if (plain.length) parts.push(h("dl", { class: "kv" }, plain.flatMap(([key, item]) => [h("dt", {}, key), h("dd", {}, item === null ? "–" : typeof item === "number" ? formatNumber(item, { maximumFractionDigits: 6 }) : String(item))])));
  for (const [key, item] of Object.entries(value)) {
    if (item === null || typeof item !== "object") continue;
    parts.push(h("h4", {}, key, Array.isArray(item) ? h("span", { class: "count" }, formatNumber(item.length)) : null), tableOf(item) ?? codeBlock(item));
  }
  return h("div", { class: "stack-m" }, parts);
}

function content(block) {
  if (block.type === "text") return h("pre", { class: "prose" }, block.text);
  if (block.type === "image") return h("img", { src: `data:${block.mimeType};base64,${block.data}`, alt: gettext("Image in the result") });
  if (block.type === "resource_link") return h("a", { href: block.uri, rel: "noopener", target: "_blank" }, icon("link"), block.name ?? block.uri);
  return codeBlock(block);
}

/** A card whose tabs show the same thing in several ways. */
function tabbed(head, views) {
  const id = ++counter;
  const box = h(
    "section",
    { class: "card" },
    head,
    h("div", { class: "tabs run-tabs", role: "tablist", "aria-label": gettext("Views of the result") }, views.map(([name], i) => h("button", { type: "button", role: "tab", id: `rv-${id}-${i}`, "aria-controls": `rvp-${id}-${i}`, "aria-selected": String(i === 0) }, name))),
    views.map(([, view], i) => h("div", { class: "card-body", id: `rvp-${id}-${i}`, hidden: i > 0 }, view)),
  );
  queueMicrotask(() => initTabs(box));
  return box;
}

/** The output of a run. */
export function valueView(value) {
  return tabbed(h("div", { class: "card-head" }, h("h2", {}, gettext("Result"))), [[gettext("Rendered"), rendered(value)], ["JSON", codeBlock(value)]]);
}

/** The result of a tool call. */
export function resultView(result, { took, runUrl, canTest = false }) {
  const run = result._meta?.["portal/execution"] ?? result.structuredContent?.execution;
  const texts = (result.content ?? []).map(content);
  const structured = result.structuredContent;
  const views = [
    [gettext("Rendered"), result.isError ? h("div", { class: "notice notice-danger", role: "alert" }, icon("cross"), h("div", {}, texts)) : structured !== undefined ? rendered(structured) : h("div", { class: "stack-s" }, texts)],
    [gettext("Structured"), structured === undefined ? h("p", { class: "muted" }, gettext("No structured content.")) : codeBlock(structured)],
    [gettext("Raw"), codeBlock(result)],
  ];
  return tabbed(
    h(
      "div",
      { class: "card-head" },
      h("h3", { class: "status", dataset: { state: result.isError ? "failed" : "succeeded" } }, icon(result.isError ? "cross" : "tick"), result.isError ? gettext("Error result") : gettext("Result"), h("span", { class: "faint small tabular" }, formatDuration(took))),
      run ? h("span", { class: "row" }, canTest ? h("a", { class: "small", href: `${runUrl}${run}#save-test` }, gettext("Save as test")) : null, h("a", { class: "small", href: `${runUrl}${run}` }, gettext("Open run"))) : null,
    ),
    views,
  );
}
