// The one command log of all edits. A command is a patch that can be applied, turned round and rebased.
import { edgeKey, type Definition, type Edge, type Frame, type Node, type Sticky } from "./model";

/** Key, before, after; null stands for "not there". */
type Change<T> = [string, T | null, T | null];

export interface ListPatch<T> {
  changes: Change<T>[];
  /** Keys before and after, when members or their order changed. */
  order?: [string[], string[]];
}

/** Members of these lists are told apart by their keys, so that two people's changes of one list can be merged. */
const KEYS = {
  nodes: (item: Node) => item.id,
  edges: edgeKey as (item: Edge) => string,
  groups: (item: Frame) => item.id,
  notes: (item: Sticky) => item.id,
} as const;
type ListName = keyof typeof KEYS;
const LISTS = Object.keys(KEYS) as ListName[];

export interface Patch {
  nodes: ListPatch<Node>;
  edges: ListPatch<Edge>;
  groups?: ListPatch<Frame>;
  notes?: ListPatch<Sticky>;
  fields: Change<unknown>[];
}

const listOf = (definition: Definition, name: ListName): any[] => definition[name] ?? [];
const patchOf = (patch: Patch, name: ListName): ListPatch<any> => patch[name] ?? { changes: [] };

export interface Command {
  label: string;
  patch: Patch;
  /** Commands in a row with the same key become one: typing a word is one step. */
  merge?: string;
  at: number;
}

export interface History {
  present: Definition;
  past: Command[];
  future: Command[];
}

export type Edit =
  | { type: "edit"; label: string; next: Definition; merge?: string; at: number }
  | { type: "undo" }
  | { type: "redo" }
  | { type: "load"; definition: Definition };

export const STEPS = 400;
const MERGE_WITHIN = 1500;

export const same = (a: unknown, b: unknown): boolean => a === b || JSON.stringify(a) === JSON.stringify(b);

function diffList<T>(before: T[], after: T[], key: (item: T) => string): ListPatch<T> {
  if (before === after) return { changes: [] };
  const old = new Map(before.map((item) => [key(item), item]));
  const fresh = new Map(after.map((item) => [key(item), item]));
  const changes: Change<T>[] = [];
  for (const [name, item] of old) if (!fresh.has(name)) changes.push([name, item, null]);
  for (const [name, item] of fresh) {
    const was = old.get(name);
    if (was === undefined) changes.push([name, null, item]);
    else if (!same(was, item)) changes.push([name, was, item]);
  }
  const [a, b] = [[...old.keys()], [...fresh.keys()]];
  return same(a, b) ? { changes } : { changes, order: [a, b] };
}

export function diff(before: Definition, after: Definition): Patch {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  for (const name of LISTS) names.delete(name);
  const fields: Change<unknown>[] = [];
  for (const name of names) {
    const [a, b] = [(before as any)[name], (after as any)[name]];
    if (!same(a, b)) fields.push([name, a ?? null, b ?? null]);
  }
  const lists = LISTS.map((name) => [name, diffList(listOf(before, name), listOf(after, name), KEYS[name] as (item: any) => string)]);
  return { ...(Object.fromEntries(lists) as Omit<Patch, "fields">), fields };
}

export const isEmpty = (patch: Patch): boolean =>
  !patch.fields.length && LISTS.every((name) => !patchOf(patch, name).changes.length && !patchOf(patch, name).order);

function applyList<T>(list: T[], patch: ListPatch<T>, key: (item: T) => string): T[] {
  if (!patch.changes.length && !patch.order) return list;
  const items = new Map(list.map((item) => [key(item), item]));
  const keys = [...items.keys()];
  for (const [name, , after] of patch.changes) {
    if (after === null) items.delete(name);
    else items.set(name, after);
  }
  if (patch.order && same(keys, patch.order[0])) return patch.order[1].map((name) => items.get(name)!);
  return [...items.values()];
}

/** The document after the patch. On another document than it was made for, members merge by their keys. */
export function apply(definition: Definition, patch: Patch): Definition {
  const next: any = { ...definition };
  for (const name of LISTS) {
    const list = applyList(listOf(definition, name), patchOf(patch, name), KEYS[name] as (item: any) => string);
    if (list.length || name === "nodes" || name === "edges") next[name] = list;
    else delete next[name];
  }
  for (const [name, , after] of patch.fields) {
    if (after === null) delete next[name];
    else next[name] = after;
  }
  return next;
}

const turnList = <T,>(patch: ListPatch<T>): ListPatch<T> => ({
  changes: patch.changes.map(([name, before, after]) => [name, after, before]),
  ...(patch.order ? { order: [patch.order[1], patch.order[0]] } : {}),
});

export const invert = (patch: Patch): Patch => ({
  ...(Object.fromEntries(LISTS.map((name) => [name, turnList(patchOf(patch, name))])) as Omit<Patch, "fields">),
  fields: patch.fields.map(([name, before, after]) => [name, after, before]),
});

/** Every change of a patch: of members of lists, and of fields. */
export const changesOf = (patch: Patch): Change<unknown>[] => [...LISTS.flatMap((name) => patchOf(patch, name).changes), ...patch.fields];

/** What both patches touch: names of nodes, edges and fields. */
export function overlap(mine: Patch, theirs: Patch): string[] {
  const others = new Map(changesOf(theirs).map(([name, , after]) => [name, after]));
  return changesOf(mine)
    .filter(([name, , after]) => others.has(name) && !same(others.get(name), after))
    .map(([name]) => name);
}

export const begin = (definition: Definition): History => ({ present: definition, past: [], future: [] });

/** The log after one action; never changes its arguments. */
export function reduce(history: History, action: Edit): History {
  if (action.type === "load") return begin(action.definition);
  if (action.type === "undo") {
    const last = history.past.at(-1);
    if (!last) return history;
    return {
      present: apply(history.present, invert(last.patch)),
      past: history.past.slice(0, -1),
      future: [last, ...history.future],
    };
  }
  if (action.type === "redo") {
    const [next, ...rest] = history.future;
    if (!next) return history;
    return { present: apply(history.present, next.patch), past: [...history.past, next], future: rest };
  }
  const last = history.past.at(-1);
  const joins =
    action.merge !== undefined && last?.merge === action.merge && action.at - last.at < MERGE_WITHIN && !history.future.length;
  const base = joins ? apply(history.present, invert(last.patch)) : history.present;
  const patch = diff(base, action.next);
  const past = joins ? history.past.slice(0, -1) : history.past;
  if (isEmpty(patch)) return joins ? { present: action.next, past, future: [] } : history;
  const command: Command = { label: action.label, patch, at: action.at, ...(action.merge ? { merge: action.merge } : {}) };
  return { present: action.next, past: [...past, command].slice(-STEPS), future: [] };
}
