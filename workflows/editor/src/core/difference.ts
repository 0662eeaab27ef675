// Where two values differ, path by path.

export interface Difference {
  path: string;
  /** undefined: not there. */
  a: unknown;
  b: unknown;
}

const MOST = 500;
const isRecord = (value: unknown): value is Record<string, unknown> => value !== null && typeof value === "object" && !Array.isArray(value);

/** At most 500 differences, in the order of the values. */
export function differences(a: unknown, b: unknown): Difference[] {
  const found: Difference[] = [];
  const walk = (path: string, a: unknown, b: unknown): void => {
    if (found.length >= MOST || Object.is(a, b)) return;
    if (Array.isArray(a) && Array.isArray(b)) {
      for (let index = 0; index < Math.max(a.length, b.length); index += 1) walk(`${path}[${index}]`, a[index], b[index]);
    } else if (isRecord(a) && isRecord(b)) {
      for (const name of new Set([...Object.keys(a), ...Object.keys(b)])) walk(path ? `${path}.${name}` : name, a[name], b[name]);
    } else found.push({ path, a, b });
  };
  walk("", a, b);
  return found;
}
