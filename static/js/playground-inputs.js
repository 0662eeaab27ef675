// Arguments that the playground offers to fill in: an example from the schema, what was kept here, and dropped files.
import { csrfToken, h, icon } from "./dom.js";
import { resolve, splitNullable } from "./schema-form.js";

const MOST_KEPT = 20;

/** A plausible value of the schema: its own examples and defaults first; undefined where any guess would be nonsense. */
export function exampleOf(schema, root = schema, required = true, depth = 0) {
  const { schema: plain } = splitNullable(resolve(schema, root), root);
  if (plain.examples?.length) return plain.examples[0];
  if (plain.default !== undefined) return plain.default;
  if ("const" in plain) return plain.const;
  if (plain.enum) return plain.enum[0];
  if (plain.properties && depth < 6) {
    const found = {};
    for (const [name, part] of Object.entries(plain.properties)) {
      const value = exampleOf(part, root, plain.required?.includes(name) ?? false, depth + 1);
      if (value !== undefined) found[name] = value;
    }
    return Object.keys(found).length || required ? found : undefined;
  }
  if (!required) return undefined;
  if (plain.type === "integer" || plain.type === "number") return plain.minimum ?? plain.exclusiveMinimum ?? 1;
  if (plain.type === "boolean") return true;
  if (plain.type === "array") return [];
  if (plain.type === "string" && plain.format !== "file") return plain.format === "date" ? new Date().toISOString().slice(0, 10) : "text";
  return undefined;
}

/** Inputs that this browser keeps for one tool of one server. */
export class KeptInputs {
  constructor(server, tool) {
    this.place = `mcp-inputs:${server}:${tool}`;
  }

  all() {
    try {
      return Object.entries(JSON.parse(localStorage.getItem(this.place)) ?? {});
    } catch {
      return [];
    }
  }

  write(entries) {
    localStorage.setItem(this.place, JSON.stringify(Object.fromEntries(entries)));
  }

  keep(name, value) {
    this.write([[name, value], ...this.all().filter(([other]) => other !== name)].slice(0, MOST_KEPT));
  }

  forget(name) {
    this.write(this.all().filter(([other]) => other !== name));
  }
}

/** Fills the menu; `use(value)` puts arguments into the form, `current()` reads them. */
export function drawInputs(menu, kept, example, { use, current }) {
  const list = menu.querySelector(".menu-list");
  const done = () => {
    menu.open = false;
  };
  const redraw = () => drawInputs(menu, kept, example, { use, current });
  const name = h("input", { maxlength: "60", placeholder: gettext("Name"), "aria-label": gettext("Name of these arguments"), autocomplete: "off" });
  const keep = (event) => {
    event.preventDefault();
    // What was clicked is about to go, and the page would take that for a click outside of the menu.
    event.stopPropagation();
    if (!name.value.trim()) return name.focus();
    kept.keep(name.value.trim(), current());
    redraw();
  };
  name.addEventListener("keydown", (event) => event.key === "Enter" && keep(event));
  const row = ([title, value]) =>
    h(
      "div",
      { class: "kept-input" },
      h("button", { type: "button", onclick: () => (use(value), done()) }, icon("star"), h("span", { class: "truncate" }, title)),
      h("button", { type: "button", class: "button button-quiet button-icon button-small", "aria-label": interpolate(gettext("Forget %s"), [title]), onclick: (event) => (event.stopPropagation(), kept.forget(title), redraw()) }, icon("x")),
    );
  list.replaceChildren(
    h("button", { type: "button", onclick: () => (use(example), done()) }, icon("book"), gettext("Example from the schema")),
    ...kept.all().map(row),
    h("hr"),
    h("div", { class: "keep-input" }, name, h("button", { type: "button", class: "button button-small", onclick: keep }, gettext("Keep"))),
    h("p", { class: "menu-note tiny muted" }, gettext("Kept in this browser. A JSON file can also be dropped on the form.")),
  );
}

/** A dropped JSON file becomes the arguments; `use(value)` gets the object, `tell(text)` what is wrong. */
export function takeDroppedJson(form, { use, tell }) {
  // Fields for files take their own drops.
  const isForForm = (event) => !event.target.closest(".drop") && [...(event.dataTransfer?.types ?? [])].includes("Files");
  form.addEventListener("dragover", (event) => {
    if (!isForForm(event)) return;
    event.preventDefault();
    form.classList.add("is-over");
  });
  form.addEventListener("dragleave", (event) => event.target === form && form.classList.remove("is-over"));
  form.addEventListener("drop", async (event) => {
    form.classList.remove("is-over");
    if (!isForForm(event)) return;
    event.preventDefault();
    try {
      const value = JSON.parse(await event.dataTransfer.files[0].text());
      if (value === null || typeof value !== "object" || Array.isArray(value)) throw new SyntaxError();
      use(value);
    } catch {
      tell(gettext("This file holds no JSON object."));
    }
  });
}

/** Sends a file to the workflow behind the tool; resolves to the reference that the tool takes. */
export async function uploadTo(url, file) {
  const body = new FormData();
  body.append("file", file);
  const answer = await fetch(url, { method: "POST", body, headers: { Accept: "application/json", "X-CSRFToken": csrfToken() } });
  const data = await answer.json();
  if (!answer.ok) throw new Error(data.message ?? data.detail ?? data.title ?? `${answer.status}`);
  return data;
}
