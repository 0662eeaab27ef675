// All keys of the canvas. None fires while somebody types or a dialog is open.
import type { Editor } from "../core/editor";
import * as edits from "../core/edits";
import { t, type Key } from "../core/texts";

export const KEYS: [string, Key][] = [
  ["Ctrl+Z", "undo"], ["Shift+Ctrl+Z", "redo"], ["Ctrl+C", "copy"], ["Ctrl+X", "cut"], ["Ctrl+V", "paste"], ["Ctrl+D", "duplicate"],
  ["Ctrl+A", "select_all"], ["Ctrl+G", "group"], ["Shift+Ctrl+G", "ungroup"], ["Del", "delete"], ["F2", "rename"], ["O", "turned_off"], ["N", "add_node"], ["Shift+N", "sticky"],
  ["P", "pin"], ["R", "run"], ["Shift+R", "run_to"], ["L", "arrange"], ["F", "fit"], ["0", "actual_size"], ["G", "outline"], ["/", "search_canvas"], ["← ↑ ↓ →", "move_selection"],
  ["F6", "next_region"], ["?", "all_keys"],
];

const ARROWS: Record<string, [number, number]> = { ArrowLeft: [-10, 0], ArrowRight: [10, 0], ArrowUp: [0, -10], ArrowDown: [0, 10] };
export const later = (work: () => void): void => void setTimeout(work);
const focus = (selector: string) => later(() => document.querySelector<HTMLInputElement>(selector)?.focus());

export function onKey(editor: Editor, event: KeyboardEvent): void {
  const target = event.target as Element;
  if (event.defaultPrevented || document.querySelector("dialog[open]")) return;
  if (event.key === "F6") {
    event.preventDefault();
    return cycle(event.shiftKey ? -1 : 1);
  }
  if (target.closest?.("input, textarea, select, [contenteditable=true]")) return;
  const { store } = editor;
  const command = event.ctrlKey || event.metaKey;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const { selected } = store.get();
  const done = () => { event.preventDefault(); event.stopPropagation(); };
  if (command) {
    if (key === "z") { done(); if (event.shiftKey) editor.redo(); else editor.undo(); }
    else if (key === "y") { done(); editor.redo(); }
    else if (key === "a") { done(); store.set({ selected: editor.graph().nodes.map((node) => node.id), edge: null }); }
    else if (key === "d" && selected.length) { done(); editor.paste(editor.copied()); }
    else if (key === "g") { done(); if (event.shiftKey) editor.ungroupSelected(); else editor.groupSelected(); }
    else if (key === "s") { done(); void editor.save(); }
    return;
  }
  if (event.altKey) return;
  if (ARROWS[key] && selected.length && !target.closest('[role="tree"], [role="tablist"], [role="log"]')) {
    done();
    const [x, y] = ARROWS[key];
    const far = event.shiftKey ? 5 : 1;
    const places = Object.fromEntries(editor.graph().nodes.filter((node) => selected.includes(node.id)).map((node) => [node.id, { x: (node.position?.x ?? 0) + x * far, y: (node.position?.y ?? 0) + y * far }]));
    return editor.edit(t("did_move", selected.length), (graph) => edits.moveNodes(graph, places), `move ${selected.join()}`);
  }
  const single = selected.length === 1 ? editor.nodeById(selected[0]) : undefined;
  const actions: Record<string, () => void> = {
    Delete: editor.remove,
    Backspace: editor.remove,
    F2: () => single && focus("#node-title"),
    o: () => selected.length && editor.toggleOff(selected),
    n: () => {
      if (event.shiftKey) {
        if (single) { store.set({ inspector: "notes" }); focus("#node-note"); }
        else { editor.addNote(editor.view.centre()); focus(store.get().outline ? "#mark-text" : `.react-flow__node[data-id="${store.get().mark}"] textarea`); }
      } else { store.set({ panel: "add" }); focus("#palette-search"); }
    },
    p: () => single && void editor.togglePin(single.id),
    r: () => {
      if (!editor.setup.may.run) return;
      if (event.shiftKey && single) void editor.runPart("to", single.id);
      else store.set({ dialog: "run", part: {} });
    },
    l: editor.arrange,
    f: () => editor.view.fit(),
    "0": () => editor.view.actual(),
    g: () => store.set((state) => ({ outline: !state.outline })),
    "/": () => store.set({ dialog: "find" }),
    "?": () => store.set({ dialog: "keys" }),
    Escape: () => store.set({ selected: [], edge: null, mark: null, picker: null }),
  };
  const action = actions[key];
  if (!action) return;
  done();
  action();
}

const REGIONS = ["bar", "panel", "canvas", "inspector", "dock"];

/** The focus goes round the regions of the page: bar, palette, canvas or outline, inspector, dock. */
function cycle(step: number): void {
  const rank = (region: HTMLElement) => REGIONS.indexOf(region.dataset.region ?? "");
  const regions = [...document.querySelectorAll<HTMLElement>("[data-region]")].filter((region) => region.offsetParent !== null).sort((a, b) => rank(a) - rank(b));
  const here = regions.findIndex((region) => region.contains(document.activeElement));
  const next = regions[(here + step + regions.length) % regions.length];
  (next?.querySelector<HTMLElement>('[tabindex="0"], input, button, select, textarea, a[href]') ?? next)?.focus();
}
