// What may come next in an expression: paths of variables, and functions.
import type { Variable } from "./schema";

export interface ExpressionFunction {
  name: string;
  signature: string;
  summary: string;
}

export interface Completion {
  /** What is written in place of `from`–`to`. */
  text: string;
  label: string;
  detail: string;
  kind: "variable" | "function";
  /** How many characters before the end of the text the caret comes to stand. */
  back: number;
}

export interface Completions {
  from: number;
  to: number;
  items: Completion[];
}

const NONE: Completions = { from: 0, to: 0, items: [] };
const MOST = 60;

/** Whether a place in a text lies between `{{` and `}}`, outside of quotes. */
export function insideExpression(text: string, caret: number): boolean {
  const before = text.slice(0, caret);
  const open = before.lastIndexOf("{{");
  if (open < 0 || before.lastIndexOf("}}") > open) return false;
  const inner = before.slice(open + 2);
  let quote = "";
  for (let place = 0; place < inner.length; place += 1) {
    const char = inner[place];
    if (quote) {
      if (char === "\\") place += 1;
      else if (char === quote) quote = "";
    } else if (char === '"' || char === "'") quote = char;
  }
  return quote === "";
}

/** The choices at the caret. Between braces a bare word is completed; typing `{{` offers everything. */
export function completionsAt(text: string, caret: number, variables: Variable[], functions: ExpressionFunction[]): Completions {
  if (!insideExpression(text, caret)) return NONE;
  const before = text.slice(0, caret);
  const word = /[A-Za-z_][\w.[\]"']*$/.exec(before)?.[0] ?? "";
  // After a closed bracket or a number there is nothing to complete.
  if (!word && /[)\]\d]\s*$/.test(before)) return NONE;
  const from = caret - word.length;
  const wanted = word.toLowerCase();
  const rank = (name: string): number => {
    const low = name.toLowerCase();
    if (low === wanted) return -1;
    if (low.startsWith(wanted)) return 0;
    return low.includes(wanted) ? 1 : -1;
  };
  const paths = variables.map((variable) => ({ variable, place: rank(variable.path) })).filter(({ place }) => place >= 0);
  // One level at a time: after `rank.` come its fields, not the fields of its fields.
  const deep = (path: string) => path.slice(word.length).split(/[.[]/).length;
  const found: (Completion & { place: number; depth: number })[] = paths.map(({ variable, place }) => ({
    text: variable.path, label: variable.path, detail: variable.description || variable.type, kind: "variable", back: 0, place, depth: deep(variable.path),
  }));
  if (!word.includes(".") && !word.includes("[")) {
    for (const item of functions) {
      const place = rank(item.name);
      if (place < 0 && item.name.toLowerCase() !== wanted) continue;
      found.push({ text: `${item.name}()`, label: item.signature, detail: item.summary, kind: "function", back: item.signature.includes("()") ? 0 : 1, place: Math.max(0, place), depth: 1 });
    }
  }
  found.sort((a, b) => a.place - b.place || a.depth - b.depth || (a.kind === b.kind ? 0 : a.kind === "variable" ? -1 : 1));
  return { from, to: caret, items: found.slice(0, MOST).map(({ place: _p, depth: _d, ...item }) => item) };
}

/** The text with a completion taken, and where the caret stands then. */
export function take(text: string, at: Completions, item: Completion): { text: string; caret: number } {
  const next = text.slice(0, at.from) + item.text + text.slice(at.to);
  return { text: next, caret: at.from + item.text.length - item.back };
}
