// The page of one workflow: run form, JSON view with live validation.
import { fetchJson, h, icon, readJson } from "./dom.js";
import { SchemaForm } from "./schema-form.js";

const VALIDATE_AFTER = 350;

// Run form ---------------------------------------------------------------------------------------------------

const runForm = document.getElementById("run-form");
if (runForm) {
  const setup = readJson("run-form-data");
  const box = document.getElementById("run-fields");
  const notes = document.getElementById("run-problems");
  const form = new SchemaForm(box, setup.schema, { value: setup.value });
  let raw = null;

  document.getElementById("run-raw").addEventListener("click", () => {
    if (raw) {
      try {
        form.set(JSON.parse(raw.value));
      } catch {
        return tell([gettext("This is no valid JSON.")]);
      }
      raw = null;
      tell([]);
    } else {
      raw = h("textarea", { class: "json-editor", rows: "12", spellcheck: "false", "aria-label": "JSON", value: JSON.stringify(form.value(), null, 2) });
      box.replaceChildren(raw);
    }
  });

  function tell(messages) {
    notes.replaceChildren(...messages.map((message) => h("p", { class: "field-errors", role: "alert" }, icon("alert"), h("span", {}, message))));
  }

  runForm.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = event.submitter;
    let input;
    try {
      if (!raw && !form.validate()) return;
      input = raw ? JSON.parse(raw.value) : form.value();
    } catch (error) {
      return tell([error.message]);
    }
    button.disabled = true;
    tell([]);
    try {
      location.href = (await fetchJson(setup.url, { method: "POST", body: { input } })).url;
    } catch (error) {
      const problems = error.problem?.problems ?? [];
      const rest = raw ? problems.map((p) => `${p.field} ${p.message} ${p.remedy}`) : form.problems(problems);
      tell(problems.length && !rest.length ? [] : [error.message, ...rest, error.problem?.remedy].filter(Boolean));
      button.disabled = false;
    }
  });
  if (location.hash === "#run") document.getElementById("run").showModal();
}

// JSON view --------------------------------------------------------------------------------------------------

const editor = document.getElementById("json-editor");
const setup = readJson("editor-data");
const findings = document.getElementById("findings");
const save = document.getElementById("save-draft");
const saveState = document.getElementById("save-state");
let revision = setup.revision;
let saved = editor.value;
let timer = 0;
let pending = null;

function goTo(issue) {
  const needle = issue.node ? `"id": "${issue.node}"` : `"${issue.field.split(/[.[]/)[0]}"`;
  const at = editor.value.indexOf(needle);
  if (at < 0) return;
  editor.focus();
  editor.setSelectionRange(at, at + needle.length);
  editor.scrollTop = (editor.value.slice(0, at).split("\n").length - 4) * 19;
}

function show(issues) {
  findings.replaceChildren(
    ...(issues.length
      ? issues.map((issue) =>
          h(
            "div",
            { class: "issue" },
            icon(issue.severity === "error" ? "cross" : "alert", issue.severity === "error" ? "text-danger" : "text-warning"),
            h(
              "div",
              {},
              h("p", {}, issue.message),
              issue.remedy ? h("p", { class: "small muted" }, issue.remedy) : null,
              issue.node || issue.field ? h("button", { type: "button", class: "button button-quiet button-small", onclick: () => goTo(issue) }, h("code", {}, [issue.node, issue.field].filter(Boolean).join(" · "))) : null,
            ),
          ),
        )
      : [h("p", { class: "row text-success" }, icon("tick"), gettext("Nothing to complain about."))]),
  );
}

function parse() {
  try {
    return JSON.parse(editor.value);
  } catch (error) {
    show([{ severity: "error", node: "", field: "", message: gettext("This is no valid JSON."), remedy: error.message }]);
    return null;
  }
}

async function check() {
  const definition = parse();
  if (!definition) return;
  pending?.abort();
  pending = new AbortController();
  try {
    const answer = await fetchJson(setup.check_url, { method: "POST", body: { definition }, signal: pending.signal });
    show(answer.issues);
    if (answer.picture) document.getElementById("picture").innerHTML = answer.picture;
  } catch (error) {
    if (error.name !== "AbortError") show([{ severity: "error", node: "", field: "", message: error.message, remedy: error.problem?.remedy ?? "" }]);
  }
}

editor.addEventListener("input", () => {
  const changed = editor.value !== saved;
  if (save) save.disabled = !changed;
  saveState.textContent = changed ? gettext("Not saved") : "";
  clearTimeout(timer);
  timer = setTimeout(check, VALIDATE_AFTER);
});

editor.addEventListener("keydown", (event) => {
  if (event.key === "Tab" && !event.shiftKey && !editor.readOnly) {
    event.preventDefault();
    editor.setRangeText("  ", editor.selectionStart, editor.selectionEnd, "end");
    editor.dispatchEvent(new Event("input"));
  } else if (event.key === "Escape") save?.focus(); // The way out for keyboards, since Tab indents.
  else if (event.key === "s" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    save?.click();
  }
});

document.getElementById("format-json")?.addEventListener("click", () => {
  const definition = parse();
  if (definition) {
    editor.value = JSON.stringify(definition, null, 2);
    editor.dispatchEvent(new Event("input"));
  }
});

save?.addEventListener("click", async () => {
  const definition = parse();
  if (!definition) return;
  const text = editor.value;
  save.disabled = true;
  saveState.textContent = gettext("Saving…");
  try {
    const answer = await fetchJson(setup.save_url, { method: "POST", body: { definition, base_revision: revision } });
    revision = answer.revision;
    saved = text;
    saveState.textContent = gettext("Saved");
    show(answer.issues);
  } catch (error) {
    save.disabled = false;
    const details = error.problem?.details ?? {};
    saveState.textContent = error.status === 409 ? interpolate(gettext("Changed by %s meanwhile"), [details.saved_by || gettext("somebody else")]) : gettext("Not saved");
    show([
      ...(error.problem?.problems ?? []).map((p) => ({ severity: "error", node: "", ...p })),
      { severity: "error", node: "", field: "", message: error.message, remedy: error.problem?.remedy ?? "" },
    ]);
  }
});

addEventListener("beforeunload", (event) => {
  if (editor.value !== saved) event.preventDefault();
});

show(readJson("issues-data"));
