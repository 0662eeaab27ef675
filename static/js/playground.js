// Lists and calls the tools of a server through its real endpoint and shows every JSON-RPC frame.
import { codeBlock } from "./code.js";
import { keyOf, remember } from "./connect.js";
import { fetchJson, formatDuration, formatSize, h, icon, readJson } from "./dom.js";
import { McpClient, McpSseClient } from "./mcp-client.js";
import { KeptInputs, drawInputs, exampleOf, takeDroppedJson, uploadTo } from "./playground-inputs.js";
import { SchemaForm } from "./schema-form.js";
import { resultView } from "./result-view.js";

const data = readJson("playground-data");
const element = (id) => document.getElementById(id);
const MOST_FRAMES = 200;
let client = null;
let tools = [];
let tool = null;
let form = null;
let raw = null;
let running = null;

function setState(kind, text) {
  element("pg-state").dataset.live = kind;
  element("pg-state").lastElementChild.textContent = text;
}

function addFrame({ direction, body, bytes, ms, status, headers }) {
  const name = body?.method ?? (body?.error ? `error ${body.error.code}` : body?.result?.isError ? "result isError" : body ? "result" : `HTTP ${status}`);
  const failed = Boolean(body?.error || body?.result?.isError || status >= 400);
  const side = direction === "out" ? "" : [status && body ? status : "", ms !== undefined ? formatDuration(ms) : ""].filter(Boolean).join(" · ");
  const details = h(
    "details",
    { class: "frame", dataset: { direction, ...(failed ? { error: "" } : {}) } },
    h("summary", {}, icon(direction === "out" ? "arrow-right" : "arrow-down"), h("span", { class: "mono truncate" }, name, body?.id !== undefined && body?.id !== null ? ` #${body.id}` : ""), h("span", { class: "faint tabular" }, [side, formatSize(bytes)].filter(Boolean).join(" · "))),
  );
  // Built when opened, so that large answers cost nothing until somebody looks.
  details.addEventListener("toggle", () => {
    if (!details.open || details.dataset.ready) return;
    details.dataset.ready = "yes";
    const safe = Object.fromEntries(Object.entries(headers ?? {}).map(([key, value]) => [key, key === "Authorization" ? `${value.slice(0, 18)}…` : value]));
    details.append(codeBlock(Object.entries(safe).map(([key, value]) => `${key}: ${value}`).join("\n")), body ? codeBlock(body) : "");
  });
  const box = element("pg-frames");
  box.append(details);
  while (box.children.length > MOST_FRAMES) box.firstChild.remove();
  details.scrollIntoView({ block: "nearest" });
}

async function key() {
  const known = keyOf(data.slug);
  if (known) return known;
  if (!data.key_url) return "";
  const made = (await fetchJson(data.key_url, { method: "POST", body: {} })).key;
  remember(data.slug, made);
  return made;
}

async function connect(retry = true) {
  setState("connecting", gettext("Connecting…"));
  element("pg-connect").hidden = true;
  try {
    const secret = await key();
    if (!secret) return askForKey("");
    // The page's own origin: behind another name the address shown to clients may differ from where we are.
    client?.close?.();
    const Transport = element("pg-transport").value === "sse" ? McpSseClient : McpClient;
    client = new Transport(data.path, secret, element("pg-protocol").value, addFrame);
    await client.connect();
    tools = await client.tools();
    setState("open", interpolate(ngettext("%s tool", "%s tools", tools.length), [tools.length]));
    listTools();
    choose(tools.find((t) => t.name === (tool?.name ?? data.tool)) ?? tools[0]);
  } catch (error) {
    if (error.status === 401 && retry) {
      remember(data.slug, "");
      return connect(false);
    }
    if (error.status === 401) return askForKey(error.message);
    setState("lost", error.message);
    element("pg-tools").replaceChildren(h("p", { class: "field-errors" }, icon("alert"), h("span", {}, error.message)));
  }
}

function askForKey(message) {
  setState("lost", message || gettext("A key is needed"));
  element("pg-tools").replaceChildren();
  element("pg-connect").hidden = false;
  element("pg-key").focus();
}

element("pg-key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  remember(data.slug, element("pg-key").value.trim());
  element("pg-key").value = "";
  connect(false);
});

function listTools() {
  element("pg-tools").replaceChildren(
    ...tools.map((item) => h("button", { type: "button", dataset: { tool: item.name }, onclick: () => choose(item) }, h("code", { class: "truncate" }, item.name), h("span", { class: "tiny muted clamp-2" }, item.title ?? item.annotations?.title ?? item.description ?? ""))),
  );
}

function choose(item) {
  if (!item) return;
  tool = item;
  for (const button of element("pg-tools").children) button.setAttribute("aria-current", String(button.dataset.tool === item.name));
  element("pg-call").hidden = false;
  element("pg-name").textContent = item.name;
  element("pg-description").textContent = item.description ?? "";
  const hints = item.annotations ?? {};
  element("pg-hints").replaceChildren(...[hints.readOnlyHint ? [gettext("read-only"), ""] : [gettext("writes"), " badge-warning"], hints.destructiveHint ? [gettext("destructive"), " badge-danger"] : null].filter(Boolean).map(([text, kind]) => h("span", { class: `badge${kind}` }, text)));
  raw = null;
  const address = data.uploads[item.name];
  form = new SchemaForm(element("pg-fields"), item.inputSchema, { value: savedInput(item.name), upload: address ? (file) => uploadTo(address, file) : undefined });
  drawInputs(element("pg-inputs"), new KeptInputs(data.slug, item.name), exampleOf(item.inputSchema), { use: fill, current: argumentsNow });
  element("pg-result").replaceChildren();
  tell([]);
}

const savedName = (name) => `mcp-input:${data.slug}:${name}`;
function savedInput(name) {
  try {
    return JSON.parse(sessionStorage.getItem(savedName(name))) ?? undefined;
  } catch {
    return undefined;
  }
}

function tell(messages) {
  element("pg-problems").replaceChildren(...messages.map((message) => h("p", { class: "field-errors", role: "alert" }, icon("alert"), h("span", {}, message))));
}

/** The limits of the client that is being played; the first profile has none. */
const profile = () => data.profiles.find((one) => one.id === element("pg-profile").value) ?? data.profiles[0];

/** The result as the played client reads it. */
function asRead(result) {
  if (profile().structured || result.structuredContent === undefined) return result;
  const { structuredContent: _dropped, ...rest } = result;
  return rest;
}

/** Puts arguments into the form, or into the text beside it. */
function fill(value) {
  tell([]);
  if (raw) raw.value = JSON.stringify(value, null, 2);
  else form.set(value);
}

takeDroppedJson(element("pg-form"), { use: fill, tell: (text) => tell([text]) });

const argumentsNow = () => (raw ? JSON.parse(raw.value) : form.value());

element("pg-raw").addEventListener("click", () => {
  if (!form) return;
  if (raw) {
    try {
      const value = JSON.parse(raw.value);
      raw = null;
      form.set(value);
      tell([]);
    } catch {
      tell([gettext("This is no valid JSON.")]);
    }
    return;
  }
  raw = h("textarea", { class: "json-editor", rows: "10", spellcheck: "false", "aria-label": "JSON", value: JSON.stringify(form.value(), null, 2) });
  element("pg-fields").replaceChildren(raw);
});

element("pg-curl").addEventListener("click", async () => {
  if (!client || !tool) return;
  // One request is a whole call over Streamable HTTP only; over SSE it would need the open stream.
  const params = { name: tool.name, arguments: argumentsNow() };
  const plain = new McpClient(data.path, "", client.protocol, () => {});
  const headers = { ...plain.headers("tools/call", params), Authorization: "Bearer YOUR_KEY" };
  delete headers["Mcp-Session-Id"];
  const quote = (text) => `'${text.replaceAll("'", `'\\''`)}'`;
  const lines = [`curl -s ${data.url}`, ...Object.entries(headers).map(([name, value]) => `  -H ${quote(`${name}: ${value}`)}`), `  -d ${quote(JSON.stringify(plain.body("tools/call", params, 1)))}`];
  await navigator.clipboard?.writeText(lines.join(" \\\n"));
  element("pg-progress-text").textContent = gettext("Copied");
});

element("pg-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  if (!tool || running) return;
  let input;
  try {
    if (!raw && !form.validate()) return;
    input = argumentsNow();
  } catch (error) {
    return tell([error.message]);
  }
  tell([]);
  sessionStorage.setItem(savedName(tool.name), JSON.stringify(input));
  running = new AbortController();
  const started = performance.now();
  const bar = element("pg-progress");
  const { patience } = profile();
  let gaveUp = false;
  const alarm = patience
    ? setTimeout(() => {
        gaveUp = true;
        running?.abort();
      }, patience * 1000)
    : null;
  element("pg-send").disabled = true;
  element("pg-cancel").hidden = false;
  element("pg-progress-text").textContent = gettext("Calling…");
  bar.hidden = false;
  bar.removeAttribute("value");
  try {
    const result = await client.request(
      "tools/call",
      { name: tool.name, arguments: input },
      {
        signal: running.signal,
        onprogress({ progress, total, message }) {
          if (total) Object.assign(bar, { value: progress, max: total });
          element("pg-progress-text").textContent = message ?? String(progress);
        },
      },
    );
    const took = performance.now() - started;
    element("pg-progress-text").textContent = formatDuration(took);
    element("pg-result").replaceChildren(resultView(asRead(result), { took, runUrl: data.run_url, canTest: data.may_test }));
    const problems = result.isError ? (result.structuredContent?.problems ?? []) : [];
    if (problems.length && !raw) form.problems(problems);
  } catch (error) {
    const cancelled = running.signal.aborted;
    element("pg-progress-text").textContent = cancelled ? gettext("Cancelled") : "";
    element("pg-result").replaceChildren(h("div", { class: `notice notice-${cancelled ? "warning" : "danger"}`, role: "alert" }, icon(cancelled ? "stop" : "cross"), h("p", {}, gaveUp ? interpolate(gettext("A client like this gives up after %s s; the run stops."), [patience]) : cancelled ? gettext("The call was cancelled; the run stops.") : error.message)));
  } finally {
    clearTimeout(alarm);
    running = null;
    bar.hidden = true;
    element("pg-send").disabled = false;
    element("pg-cancel").hidden = true;
  }
});

element("pg-cancel").addEventListener("click", () => running?.abort());
element("pg-clear").addEventListener("click", () => element("pg-frames").replaceChildren());
element("pg-reconnect").addEventListener("click", () => connect());
for (const id of ["pg-protocol", "pg-transport"]) element(id).addEventListener("change", () => connect());
element("pg-protocol").value = sessionStorage.getItem("mcp-protocol") ?? "2025-11-25";
element("pg-protocol").addEventListener("change", (event) => sessionStorage.setItem("mcp-protocol", event.target.value));

connect();
