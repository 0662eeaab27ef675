// The worst finding of each node, looked up by every card: computed once for a list of findings.
import type { Issue } from "./model";

const known = new WeakMap<Issue[], Map<string, "error" | "warning">>();

export function worstOf(issues: Issue[]): Map<string, "error" | "warning"> {
  let found = known.get(issues);
  if (!found) {
    found = new Map();
    for (const { node, severity } of issues) if (severity === "error" || !found.has(node)) found.set(node, severity);
    known.set(issues, found);
  }
  return found;
}
