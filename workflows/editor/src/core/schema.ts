// Reading JSON Schema: references, nullable fields, kinds, and the paths that an expression may use.
import type { Schema } from "./model";

export type Kind = "text" | "duration" | "people" | "long" | "number" | "boolean" | "choice" | "list" | "choices" | "object" | "date" | "secret" | "file" | "any";

export function resolve(schema: Schema | undefined, root: Schema): Schema {
  let found = schema ?? {};
  for (let hops = 0; found.$ref && hops < 20; hops += 1) {
    const { $ref, ...rest } = found;
    const target = String($ref).replace(/^#\//, "").split("/").reduce((part: any, key) => part?.[key], root) ?? {};
    found = { ...target, ...rest };
  }
  if (found.allOf?.length === 1) {
    const { allOf, ...rest } = found;
    return { ...resolve(allOf[0], root), ...rest };
  }
  return found;
}

/** The schema without its null alternative, and whether it had one. */
export function unwrap(schema: Schema | undefined, root: Schema): { schema: Schema; nullable: boolean } {
  const found = resolve(schema, root);
  const options: Schema[] | undefined = found.anyOf ?? found.oneOf;
  if (!options) return { schema: found, nullable: false };
  const rest = options.filter((option) => option.type !== "null");
  const nullable = rest.length < options.length;
  if (rest.length !== 1) return { schema: found, nullable };
  const { anyOf: _a, oneOf: _o, ...outer } = found;
  return { schema: { ...resolve(rest[0], root), ...outer }, nullable };
}

export function kindOf(schema: Schema, root: Schema): Kind {
  if (schema.format === "file") return "file";
  if (schema.enum || schema.const !== undefined) return "choice";
  const type = Array.isArray(schema.type) ? schema.type.find((name: string) => name !== "null") : schema.type;
  if (type === "boolean") return "boolean";
  if (type === "integer" || type === "number") return schema["x-widget"] === "duration" ? "duration" : "number";
  if (type === "array") {
    const items = resolve(schema.items, root);
    if (items.enum) return "choices";
    return "list";
  }
  if (type === "object" || schema.properties) return schema.properties && Object.keys(schema.properties).length ? "object" : "any";
  if (type === "string") {
    const widget = schema["x-widget"];
    if (widget === "people") return "people";
    if (schema.writeOnly || schema.format === "password" || widget === "password") return "secret";
    if (["date", "date-time", "time"].includes(schema.format) || widget === "date") return "date";
    return (schema.maxLength ?? 0) > 400 || schema.format === "multiline" || ["code", "textarea"].includes(widget) ? "long" : "text";
  }
  return "any";
}

export const humanise = (name: string): string => {
  const words = name.replace(/[_-]+/g, " ").replace(/([a-z])([A-Z])/g, "$1 $2").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
};

export const isExpression = (value: unknown): value is string => typeof value === "string" && value.includes("{{");

export type Shape = "list" | "record" | "value" | "any" | "nothing";

export function shapeOf(schema: Schema | undefined, root: Schema): Shape {
  const { schema: found } = unwrap(schema, root);
  const type = Array.isArray(found.type) ? found.type[0] : found.type;
  if (type === "array") return "list";
  if (type === "object" || found.properties) return "record";
  if (type === "null") return "nothing";
  if (type || found.enum) return "value";
  return "any";
}

export interface Variable {
  path: string;
  name: string;
  shape: Shape;
  type: string;
  description: string;
  depth: number;
}

const MAX_DEPTH = 3;

/** The paths below one name, for the list of variables. */
export function variablesOf(name: string, schema: Schema, label: string): Variable[] {
  const found: Variable[] = [];
  const walk = (path: string, part: Schema | undefined, title: string, depth: number) => {
    const { schema: here } = unwrap(part, schema);
    const shape = shapeOf(here, schema);
    const type = Array.isArray(here.type) ? here.type[0] : here.type;
    found.push({ path, name: title, shape, type: type ?? (here.enum ? "string" : "any"), description: here.description ?? "", depth });
    if (depth >= MAX_DEPTH) return;
    for (const [key, child] of Object.entries(here.properties ?? {})) {
      walk(/^[A-Za-z_]\w*$/.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`, child as Schema, key, depth + 1);
    }
    if (shape === "list" && here.items && depth < MAX_DEPTH - 1) {
      const items = unwrap(here.items, schema).schema;
      for (const [key, child] of Object.entries(items.properties ?? {})) {
        walk(`${path}[0].${key}`, child as Schema, `[0].${key}`, depth + 1);
      }
    }
  };
  walk(name, schema, label, 0);
  return found;
}

/** The value that a plain path leads to; undefined when it leads nowhere or is no plain path. */
export function walkPath(path: string, scope: Record<string, unknown>): unknown {
  const parts = path.trim().match(/[A-Za-z_]\w*|\[\s*-?\d+\s*\]|\["[^"]*"\]|\['[^']*'\]/g);
  if (!parts || parts.join("") !== path.trim().replace(/\./g, "")) return undefined;
  let value: any = scope;
  for (const part of parts) {
    const key = part.startsWith("[") ? part.slice(1, -1).trim().replace(/^["']|["']$/g, "") : part;
    if (value === null || typeof value !== "object") return undefined;
    value = Array.isArray(value) ? value.at(Number(key)) : value[key];
  }
  return value;
}

/** The schema that a value has, as far as one example tells. */
export function schemaOf(value: unknown): Schema {
  if (value === null || value === undefined) return { type: "null" };
  if (Array.isArray(value)) return value.length ? { type: "array", items: schemaOf(value[0]) } : { type: "array" };
  if (typeof value === "object") return { type: "object", properties: Object.fromEntries(Object.entries(value).map(([name, part]) => [name, schemaOf(part)])) };
  return { type: typeof value === "number" ? (Number.isInteger(value) ? "integer" : "number") : typeof value };
}

type Row = Record<string, unknown>;

/** The rows of a value and the path to them: itself, or the one list of records in it. */
export function rowsOf(value: unknown, path = ""): { rows: Row[]; path: string } | null {
  if (Array.isArray(value)) return value.length && value.every((row) => row && typeof row === "object" && !Array.isArray(row)) ? { rows: value, path } : null;
  if (value && typeof value === "object") {
    const lists = Object.entries(value).map(([name, part]) => rowsOf(part, path ? `${path}.${name}` : name)).filter((found) => found !== null);
    return lists.length === 1 ? lists[0] : null;
  }
  return null;
}

/** What data goes through a port: its shape on the canvas. A record with one list in it counts as a table too. */
export type PortKind = "any" | "table" | "record" | "file" | "value";

export function portKindOf(schema: Schema | undefined): PortKind {
  const root = schema ?? {};
  const { schema: found } = unwrap(root, root);
  if (found.format === "file") return "file";
  const shape = shapeOf(found, root);
  if (shape === "list") return "table";
  if (shape === "record") {
    const parts = Object.values((found.properties ?? {}) as Record<string, Schema>).map((part) => unwrap(part, root).schema);
    if (parts.some((part) => part.format === "file")) return "file";
    return parts.filter((part) => shapeOf(part, root) === "list").length === 1 ? "table" : parts.length ? "record" : "any";
  }
  return shape === "value" ? "value" : "any";
}

/** What a node needs before it can run: the kind of its empty required fields. */
export function neededKindOf(schema: Schema | undefined, params: Record<string, unknown> | undefined): PortKind {
  const root = schema ?? {};
  const kinds = ((root.required ?? []) as string[]).filter((name) => params?.[name] === undefined || isExpression(params[name])).map((name) => portKindOf(root.properties?.[name]?.$ref ? { ...root, ...resolve(root.properties[name], root) } : root.properties?.[name]));
  return kinds.find((kind) => kind === "file" || kind === "table") ?? "any";
}
