// The triggers of a workflow: new and changed ones from the schema of their kind, a preview of schedules, tests.
import { fetchJson, h, icon, readJson } from "./dom.js";
import { SchemaForm } from "./schema-form.js";
import { toast } from "./toast.js";

const PREVIEW_AFTER = 400;
const data = readJson("trigger-data");
const $ = (id) => document.getElementById(id);
const dialog = $("trigger-dialog");
let form = null;
let parameters = null;
let current = "";
let timer = 0;

// Form -------------------------------------------------------------------------------------------------------

const kindOf = (name) => data.kinds.find((one) => one.kind === name);

/** The kind's schema with what the person may choose from instead of free text. */
function schemaOf(kind) {
  const schema = structuredClone(kind.config_schema);
  const names = (rows) => ({ enum: rows.map((row) => row.id), "x-labels": rows.map((row) => row.name ?? row.title) });
  if (kind.kind === "event") {
    Object.assign(schema.properties.trigger, names(data.events));
    delete schema.properties.params;
    Object.assign(schema.properties.connection, { enum: ["", ...data.connections.map((row) => row.id)], "x-labels": ["–", ...data.connections.map((row) => row.name)] });
  }
  if (kind.kind === "workflow") Object.assign(schema.properties.workflow, names(data.workflows), { minLength: undefined });
  if (kind.kind === "error") Object.assign(schema.properties.workflows.items, names(data.workflows), { minLength: undefined });
  return schema;
}

function tell(messages) {
  $("trigger-problems").replaceChildren(...messages.map((message) => h("p", { class: "field-errors", role: "alert" }, icon("alert"), h("span", {}, message))));
}

function show(config = {}) {
  const kind = kindOf($("trigger-kind").value);
  $("trigger-about").textContent = kind.description;
  const { params, ...rest } = config;
  const value = { ...(kind.kind === "event" && data.events.length ? { trigger: data.events[0].id } : {}), ...rest };
  const holder = h("div", {});
  const more = h("div", {});
  $("trigger-fields").replaceChildren(holder, more);
  form = new SchemaForm(holder, schemaOf(kind), { value });
  parameters = null;
  const refresh = () => {
    if (kind.kind !== "event") return;
    const source = data.events.find((one) => one.id === form.value().trigger) ?? data.events[0];
    if (!source || more.dataset.source === source.id) return;
    more.dataset.source = source.id;
    more.replaceChildren(h("p", { class: "field-help" }, source.description));
    const box = h("div", {});
    more.append(box);
    parameters = new SchemaForm(box, source.params_schema, { value: params ?? {} });
  };
  refresh();
  holder.onchange = refresh;
  $("trigger-preview").textContent = "";
  preview();
}

async function preview() {
  if ($("trigger-kind").value !== "schedule" || !dialog.open) return;
  const config = form.value();
  const box = $("trigger-preview");
  if (!config.when) return box.replaceChildren();
  try {
    const found = await fetchJson(`${data.api}/preview`, { method: "POST", body: { config } });
    const format = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short", timeZone: config.timezone || "Asia/Seoul" });
    const rows = found.next_runs.map((moment) => h("span", { class: "badge" }, format.format(new Date(moment))));
    box.replaceChildren(h("code", {}, found.cron[0]), " ", ...rows.flatMap((row) => [row, " "]));
  } catch (error) {
    box.replaceChildren(h("span", { class: "text-warning" }, error.problem?.problems?.[0]?.message ?? error.message));
  }
}

function open(id = "") {
  current = id;
  const known = data.triggers[id];
  tell([]);
  $("trigger-title").textContent = known ? gettext("Edit trigger") : gettext("New trigger");
  $("trigger-kind").replaceChildren(...data.kinds.map((kind) => h("option", { value: kind.kind }, kind.title)));
  $("trigger-kind").value = known?.kind ?? "schedule";
  $("trigger-kind-field").hidden = Boolean(known);
  $("trigger-name").value = known?.name ?? kindOf("schedule").title;
  const given = known?.input ?? {};
  $("trigger-input").value = Object.keys(given).length ? JSON.stringify(given, null, 2) : "";
  $("trigger-input-help").textContent = interpolate(gettext("Left empty, fields of the event go to inputs of the same name (%s). Use {{ event.… }} to choose."), [data.inputs.join(", ") || "–"]);
  dialog.showModal();
  show(known?.config);
}

if (dialog) {
  document.querySelectorAll("[data-trigger-new]").forEach((button) => button.addEventListener("click", () => open()));
  $("trigger-kind").addEventListener("change", () => {
    $("trigger-name").value = kindOf($("trigger-kind").value).title;
    show();
  });
  $("trigger-fields").addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(preview, PREVIEW_AFTER);
  });
  $("trigger-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!form.validate() || (parameters && !parameters.validate())) return;
    let input;
    try {
      input = JSON.parse($("trigger-input").value.trim() || "{}");
    } catch {
      return tell([gettext("This is no valid JSON.")]);
    }
    const config = { ...form.value(), ...(parameters ? { params: parameters.value() } : {}) };
    const body = { name: $("trigger-name").value, config, input, ...(current ? {} : { kind: $("trigger-kind").value }) };
    const button = event.submitter;
    button.disabled = true;
    try {
      await fetchJson(current ? `${data.api}/${current}` : data.api, { method: current ? "PATCH" : "POST", body });
      location.reload();
    } catch (error) {
      const problems = error.problem?.problems ?? [];
      const own = problems.filter((one) => !one.field.startsWith("params."));
      const inner = problems.filter((one) => one.field.startsWith("params.")).map((one) => ({ ...one, field: one.field.slice(7) }));
      tell([error.message, ...form.problems(own), ...(parameters ? parameters.problems(inner) : [])]);
      button.disabled = false;
    }
  });
}

// Cards ------------------------------------------------------------------------------------------------------

async function act(button, work) {
  button.disabled = true;
  try {
    await work();
  } catch (error) {
    toast(error.message, "danger");
  } finally {
    button.disabled = false;
  }
}

const runPage = (id) => `/runs/${id}`;

document.getElementById("triggers")?.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  const id = button?.closest("[data-trigger]")?.dataset.trigger;
  if (!id) return;
  const url = `${data.api}/${id}`;
  if ("edit" in button.dataset) open(id);
  else if (button.dataset.switch) act(button, async () => {
    await fetchJson(url, { method: "PATCH", body: { is_on: button.dataset.switch === "on" } });
    location.reload();
  });
  else if ("delete" in button.dataset) {
    if (confirm(gettext("Delete this trigger? Its address and history go, its runs stay."))) act(button, async () => {
      await fetchJson(url, { method: "DELETE" });
      location.reload();
    });
  } else if (button.dataset.replay || button.dataset.act === "test") act(button, async () => {
    const fired = await fetchJson(button.dataset.replay ? `${url}/events/${button.dataset.replay}/replay` : `${url}/test`, { method: "POST" });
    if (fired.execution) location.href = runPage(fired.execution);
    else toast(fired.message || fired.state, "danger");
  });
  else if (button.dataset.act === "listen") act(button, async () => {
    await fetchJson(`${url}/listen`, { method: "POST" });
    toast(gettext("For three minutes the address runs the draft. Send a request now."), "success");
  });
});
