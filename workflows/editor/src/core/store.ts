// A store small enough to read: one state, immutable changes, listeners told once per change.
import { useRef, useSyncExternalStore } from "react";

export interface Store<S> {
  get(): S;
  set(change: Partial<S> | ((state: S) => Partial<S>)): void;
  listen(listener: () => void): () => void;
}

export function createStore<S extends object>(initial: S): Store<S> {
  let state = initial;
  const listeners = new Set<() => void>();
  return {
    get: () => state,
    set(change) {
      state = { ...state, ...(typeof change === "function" ? change(state) : change) };
      for (const listener of [...listeners]) listener();
    },
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

const alike = (a: unknown, b: unknown): boolean =>
  a === b || (Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((item, index) => item === b[index]));

/** A part of the state; the component is drawn again only when that part changes. */
export function useStore<S extends object, P>(store: Store<S>, pick: (state: S) => P): P {
  const memory = useRef<{ state: S; pick: (state: S) => P; part: P } | null>(null);
  return useSyncExternalStore(store.listen, () => {
    const state = store.get();
    const before = memory.current;
    if (before?.state === state && before.pick === pick) return before.part;
    const fresh = pick(state);
    const part = before && alike(before.part, fresh) ? before.part : fresh;
    memory.current = { state, pick, part };
    return part;
  });
}
