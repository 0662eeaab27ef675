// A form from a JSON Schema (2020-12): what an action, a workflow or an MCP tool takes.
// `new SchemaForm(container, schema, {value})`; then `.value()`, `.problems([{field, message, remedy}])`, `.validate()`.
import { h, icon } from "./dom.js";

let counter = 0;

/** Follows `#/$defs/…` and lays what stands beside `$ref` over it. */
export function resolve(schema, root) {
  let found = schema === true || schema === undefined ? {} : schema;
  for (let depth = 0; found.$ref && depth < 20; depth++) {
    const target = found.$ref.replace(/^#\//, "").split("/").reduce((at, key) => at?.[decodeURIComponent(key).replace(/~1/g, "/").replace(/~0/g, "~")], root);
    const { $ref: _, ...beside } = found;
    found = { ...(target ?? {}), ...beside };
  }
  if (found.allOf?.length === 1) {
    const { allOf, ...beside } = found;
    found = { ...resolve(allOf[0], root), ...beside };
  }
  return found;
}

/** Splits `anyOf: [T, null]` and `type: [T, "null"]` into T and whether nothing is allowed. */
export function splitNullable(schema, root) {
  const options = schema.anyOf ?? schema.oneOf;
  if (options) {
    const { anyOf, oneOf, ...beside } = schema;
    const rest = options.map((option) => resolve(option, root)).filter((option) => option.type !== "null");
    const nullable = rest.length < options.length;
    if (rest.length === 1) return { schema: { ...rest[0], ...beside }, nullable };
    if (rest.every((option) => "const" in option)) return { schema: { ...beside, enum: rest.map((o) => o.const), "x-labels": rest.map((o) => o.title) }, nullable };
    return { schema: { ...beside, anyOf: rest }, nullable };
  }
  if (Array.isArray(schema.type)) {
    const types = schema.type.filter((type) => type !== "null");
    return { schema: { ...schema, type: types.length === 1 ? types[0] : types }, nullable: types.length < schema.type.length };
  }
  return { schema, nullable: false };
}

const words = (name) => {
  const text = name.replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
};

function typeOf(schema) {
  if (schema.enum || "const" in schema) return "enum";
  if (schema.format === "file" || schema.contentMediaType === "application/octet-stream") return "file";
  if (Array.isArray(schema.type) || schema.anyOf) return "json";
  if (schema.type) return schema.type;
  if (schema.properties) return "object";
  if (schema.items) return "array";
  return "json";
}

function describeType(schema, kind) {
  const low = schema.minimum ?? schema.exclusiveMinimum;
  const high = schema.maximum ?? schema.exclusiveMaximum;
  const range = low !== undefined || high !== undefined ? ` ${low ?? ""}…${high ?? ""}` : "";
  if (kind === "enum") return "";
  return `${schema.format && kind === "string" ? schema.format : kind}${range}`;
}

/** What is wrong with a control, in the page's language: the browser's own words follow the browser's. */
function complaint({ validity, min, max, minLength, maxLength, step, validationMessage }) {
  if (validity.valueMissing) return gettext("This field is required.");
  if (validity.rangeUnderflow) return interpolate(gettext("Use %s or more."), [min]);
  if (validity.rangeOverflow) return interpolate(gettext("Use %s or less."), [max]);
  if (validity.tooShort) return interpolate(gettext("Use at least %s characters."), [minLength]);
  if (validity.tooLong) return interpolate(gettext("Use at most %s characters."), [maxLength]);
  if (validity.badInput) return gettext("This is no number.");
  if (validity.stepMismatch) return step === "1" ? gettext("Use a whole number.") : interpolate(gettext("Use a multiple of %s."), [step]);
  if (validity.patternMismatch || validity.typeMismatch) return gettext("This does not have the expected form.");
  return validationMessage;
}

/** One field of any type. Holds `element`, `value()` (undefined = left out), `show(message)`, `find(path)`. */
class Field {
  constructor(form, schema, { name, path, required, value }) {
    this.form = form;
    this.path = path;
    this.required = required;
    const split = splitNullable(resolve(schema, form.root), form.root);
    this.schema = split.schema;
    this.nullable = split.nullable;
    this.kind = typeOf(this.schema);
    this.name = name;
    this.id = `sf-${++counter}`;
    this.children = new Map();
    const initial = value !== undefined ? value : this.schema.default;
    this.error = h("p", { class: "field-errors", role: "alert", id: `${this.id}-error`, hidden: true });
    const build = this[`build_${this.kind}`] ?? this.build_json;
    const control = build.call(this, initial);
    this.element = this.wrap(control);
  }

  wrap(control) {
    const { title, description, examples } = this.schema;
    const label = title || words(this.name ?? "");
    const help = [description, examples?.length ? interpolate(gettext("For example: %s"), [examples.map((e) => (typeof e === "string" ? e : JSON.stringify(e))).join(", ")]) : ""].filter(Boolean).join(" ");
    const helpElement = help ? h("p", { class: "field-help", id: `${this.id}-help` }, help) : null;
    const target = this.input ?? control;
    if (this.input) target.setAttribute("aria-describedby", [help ? `${this.id}-help` : "", `${this.id}-error`].join(" ").trim());
    if (this.name === undefined) return h("div", { class: "field" }, control, this.error);
    const mark = this.required ? null : h("span", { class: "field-optional" }, gettext("optional"));
    if (this.kind === "boolean") return h("div", { class: "field" }, h("label", { class: "switch" }, control, label), helpElement, this.error);
    const head = this.input
      ? h("label", { for: this.id }, label, mark, h("span", { class: "schema-type" }, describeType(this.schema, this.kind)))
      : h("p", { class: "field-label" }, label, mark, h("span", { class: "schema-type" }, describeType(this.schema, this.kind)));
    return h("div", { class: "field", dataset: { field: this.path } }, head, control, helpElement, this.error);
  }

  build_string(value) {
    const { format, maxLength, minLength, pattern } = this.schema;
    const long = !format && (maxLength === undefined ? /text|body|prompt|content|code|query|message/.test(this.name ?? "") : maxLength > 200);
    const types = { date: "date", "date-time": "datetime-local", time: "time", email: "email", uri: "url", password: "password" };
    const type = this.schema.writeOnly ? "password" : (types[format] ?? "text");
    const shown = type === "datetime-local" && value ? String(value).slice(0, 16) : (value ?? "");
    this.input = long
      ? h("textarea", { id: this.id, rows: "3", maxlength: maxLength })
      : h("input", { id: this.id, type, maxlength: maxLength, minlength: minLength, pattern, autocomplete: type === "password" ? "new-password" : "off", spellcheck: "false" });
    this.input.value = shown;
    this.read = () => {
      const text = this.input.value;
      if (text === "") return this.required && !this.nullable && !format ? "" : undefined;
      return type === "datetime-local" ? new Date(text).toISOString() : text;
    };
    return this.input;
  }

  build_number(value, step = "any") {
    const { minimum, maximum, multipleOf } = this.schema;
    this.input = h("input", { id: this.id, type: "number", inputmode: "decimal", min: minimum, max: maximum, step: multipleOf ?? step });
    this.input.value = value ?? "";
    this.read = () => (this.input.value === "" ? undefined : Number(this.input.value));
    return this.input;
  }

  build_integer(value) {
    return this.build_number(value, 1);
  }

  build_boolean(value) {
    this.input = h("input", { id: this.id, type: "checkbox", role: "switch" });
    this.input.checked = value === true;
    this.touched = value !== undefined || this.required;
    this.input.addEventListener("change", () => (this.touched = true));
    this.read = () => (this.touched ? this.input.checked : undefined);
    return this.input;
  }

  build_enum(value) {
    const choices = "const" in this.schema ? [this.schema.const] : this.schema.enum;
    const labels = this.schema["x-labels"] ?? this.schema["x-enum-titles"] ?? [];
    const empty = !this.required || this.nullable || value === undefined;
    this.input = h(
      "select",
      { id: this.id },
      empty ? h("option", { value: "" }, "–") : null,
      choices.map((choice, index) => h("option", { value: JSON.stringify(choice) }, String(labels[index] ?? choice))),
    );
    this.input.value = value === undefined || value === null ? (empty ? "" : JSON.stringify(choices[0])) : JSON.stringify(value);
    this.read = () => (this.input.value === "" ? undefined : JSON.parse(this.input.value));
    return this.input;
  }

  build_json(value) {
    this.input = h("textarea", { id: this.id, class: "mono", rows: "4", spellcheck: "false", placeholder: "JSON" });
    this.input.value = value === undefined ? "" : JSON.stringify(value, null, 2);
    this.read = () => {
      const text = this.input.value.trim();
      if (!text) return undefined;
      try {
        return JSON.parse(text);
      } catch {
        // Plain words are what people mean most often where any type is allowed.
        if (/^[[{"]/.test(text)) throw new FieldError(this.path, gettext("This is no valid JSON."));
        return text;
      }
    };
    return this.input;
  }

  build_file(value) {
    this.file = value;
    const shown = h("p", { class: "small" }, value?.name ?? gettext("Drop a file here, or choose one."));
    this.input = h("input", { id: this.id, type: "file" });
    const take = async (file) => {
      if (!file) return;
      shown.textContent = `${file.name} …`;
      try {
        this.file = await this.form.upload(file);
        shown.textContent = file.name;
        this.show("");
      } catch (error) {
        shown.textContent = gettext("Drop a file here, or choose one.");
        this.show(error.message);
      }
    };
    this.input.addEventListener("change", () => take(this.input.files[0]));
    const box = h("div", { class: "drop" }, icon("upload"), shown, this.input);
    for (const [event, over] of [["dragover", true], ["dragleave", false], ["drop", false]])
      box.addEventListener(event, (e) => {
        e.preventDefault();
        box.classList.toggle("is-over", over);
        if (event === "drop") take(e.dataTransfer.files[0]);
      });
    this.read = () => this.file;
    return box;
  }

  build_object(value) {
    const { properties = {}, required = [], additionalProperties } = this.schema;
    const names = Object.keys(properties);
    if (!names.length && additionalProperties !== false) return this.build_json(value);
    const order = [...names.filter((n) => required.includes(n)), ...names.filter((n) => !required.includes(n))];
    for (const name of order)
      this.children.set(name, new Field(this.form, properties[name], { name, path: this.path ? `${this.path}.${name}` : name, required: required.includes(name), value: value?.[name] }));
    const advanced = order.filter((name) => resolve(properties[name], this.form.root)["x-advanced"]);
    const plain = order.filter((name) => !advanced.includes(name));
    this.read = () => {
      const result = {};
      for (const [name, child] of this.children) {
        const item = child.value();
        if (item !== undefined) result[name] = item;
      }
      return Object.keys(result).length || this.required || this.path === "" ? result : undefined;
    };
    return h(
      "div",
      { class: "schema-object" },
      plain.map((name) => this.children.get(name).element),
      advanced.length
        ? h("details", { class: "fold" }, h("summary", {}, icon("chevron-right"), gettext("Advanced")), h("div", { class: "schema-object" }, advanced.map((name) => this.children.get(name).element)))
        : null,
    );
  }

  build_array(value) {
    const items = resolve(this.schema.items ?? {}, this.form.root);
    if (items.enum && (this.schema.uniqueItems || items.enum.length <= 12)) return this.build_choices(items, value);
    const list = h("div", { class: "schema-items" });
    this.rows = [];
    const add = (initial) => {
      const field = new Field(this.form, items, { path: `${this.path}[${this.rows.length}]`, required: true, value: initial });
      const row = h("div", { class: "schema-item" }, field.element);
      const remove = h("button", { type: "button", class: "button button-quiet button-icon button-small", "aria-label": gettext("Remove"), onclick: () => { this.rows = this.rows.filter((f) => f !== field); row.remove(); this.form.changed(); } }, icon("x"));
      row.append(remove);
      this.rows.push(field);
      list.insertBefore(row, button);
      this.form.changed();
    };
    const button = h("button", { type: "button", class: "button button-small", onclick: () => add(undefined) }, icon("plus"), gettext("Add"));
    list.append(button);
    for (const item of value ?? []) add(item);
    this.read = () => {
      const result = this.rows.map((row) => row.value()).filter((item) => item !== undefined);
      return result.length || this.required ? result : undefined;
    };
    return list;
  }

  build_choices(items, value) {
    const chosen = new Set((value ?? []).map((item) => JSON.stringify(item)));
    const boxes = items.enum.map((choice) => {
      const box = h("input", { type: "checkbox", value: JSON.stringify(choice) });
      box.checked = chosen.has(JSON.stringify(choice));
      return box;
    });
    this.read = () => {
      const result = boxes.filter((box) => box.checked).map((box) => JSON.parse(box.value));
      return result.length || this.required ? result : undefined;
    };
    return h("div", { class: "row row-wide" }, boxes.map((box, i) => h("label", { class: "row" }, box, String(items.enum[i]))));
  }

  value() {
    const found = this.read();
    return found === undefined && this.nullable && this.required ? null : found;
  }

  show(message, remedy = "") {
    this.error.hidden = !message;
    this.error.replaceChildren(...(message ? [icon("alert"), h("span", {}, [message, remedy].filter(Boolean).join(" "))] : []));
    this.input?.setAttribute("aria-invalid", String(Boolean(message)));
  }

  find(path) {
    if (path === this.path) return this;
    for (const child of [...this.children.values(), ...(this.rows ?? [])])
      if (path === child.path || path.startsWith(`${child.path}.`) || path.startsWith(`${child.path}[`)) return child.find(path);
    return this;
  }

  *all() {
    yield this;
    for (const child of [...this.children.values(), ...(this.rows ?? [])]) yield* child.all();
  }
}

export class FieldError extends Error {
  constructor(path, message) {
    super(message);
    this.path = path;
  }
}

export class SchemaForm {
  /** `upload(file)` resolves to the file reference that a `format: file` field holds. */
  constructor(container, schema, { value, upload, onchange } = {}) {
    this.root = schema ?? {};
    this.upload = upload ?? (() => Promise.reject(new Error(gettext("Files cannot be sent from here."))));
    this.onchange = onchange ?? (() => {});
    this.container = container;
    this.set(value);
    container.addEventListener("input", () => this.changed());
  }

  set(value) {
    this.field = new Field(this, { type: "object", ...this.root }, { path: "", required: true, value });
    this.container.replaceChildren(this.field.element);
    if (!this.field.children.size && !this.field.input) this.container.replaceChildren(h("p", { class: "muted" }, gettext("It takes no input.")));
  }

  changed() {
    if (this.field) this.onchange();
  }

  /** The typed object; throws `FieldError` for text that is no JSON. */
  value() {
    return this.field.value() ?? {};
  }

  clear() {
    for (const field of this.field.all()) field.show("");
  }

  /** Checks what the browser can; shows what is wrong and returns whether all is well. */
  validate() {
    this.clear();
    let first = null;
    for (const field of this.field.all()) {
      let message = "";
      try {
        const input = field.input;
        if (input && !field.children.size && field.kind !== "file" && !input.checkValidity()) message = complaint(input);
        else if (field.required && field.path && field.value() === undefined && !field.nullable) message = gettext("This field is required.");
      } catch (error) {
        message = error.message;
      }
      if (message) {
        field.show(message);
        first ??= field;
      }
    }
    first?.input?.focus();
    return first === null;
  }

  /** Shows the server's findings by their fields; returns those that fit no field. */
  problems(list) {
    const rest = [];
    let first = null;
    for (const { field: path, message, remedy } of list ?? []) {
      const clean = (path ?? "").replace(/^(input|arguments|params)\.?/, "");
      const field = clean ? this.field.find(clean) : this.field;
      if (field === this.field) rest.push([path, message, remedy].filter(Boolean).join(" "));
      else {
        field.show(message, remedy);
        first ??= field;
      }
    }
    first?.input?.focus();
    return rest;
  }
}
