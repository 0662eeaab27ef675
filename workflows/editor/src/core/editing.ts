// Everything that changes the document, through the one command log.
import { refusal, suggestParams } from "./check";
import * as drawing from "./drawing";
import * as edits from "./edits";
import { reduce } from "./history";
import { layout } from "./layout";
import { graphAt, HEIGHT, OUT, portsOf, WIDTH, withGraphAt, type Action, type Definition, type Edge, type Graph, type Node, type Position } from "./model";
import { alone, writerOf } from "./presence";
import { isLevel, type Core, type Picker } from "./state";
import { t, type Key } from "./texts";

export function createEditing({ setup, store, graph, nodeById, actionOf, takenIds, tell }: Core, changed: () => void) {
  const { get, set } = store;

  /** Whether an edit is in order now; says why when it is not. */
  function mayWrite(): boolean {
    const writer = setup.may.edit ? writerOf(get().company ?? alone) : null;
    if (setup.may.edit && !writer) return true;
    tell(writer ? t("pen_other", writer.name) : t("read_only"));
    return false;
  }

  function commit(label: string, next: Definition, merge?: string): void {
    if (!mayWrite()) return;
    const before = get().history;
    const history = reduce(before, { type: "edit", label, next, at: Date.now(), ...(merge ? { merge } : {}) });
    if (history === before) return;
    set({ history, announce: label });
    changed();
  }

  const edit = (label: string, change: (graph: Graph) => Graph, merge?: string): void =>
    commit(label, withGraphAt(get().history.present, get().level, change), merge);

  function travel(type: "undo" | "redo"): void {
    if (!mayWrite()) return;
    const before = get().history;
    const history = reduce(before, { type });
    if (history === before) return;
    const command = type === "undo" ? before.past.at(-1)! : before.future[0];
    let level = get().level;
    while (level.length && !isLevel(history.present, level)) level = level.slice(0, -1);
    const ids = new Set(graphAt(history.present, level).nodes.map((node) => node.id));
    set((state) => ({
      history, level, selected: state.selected.filter((id) => ids.has(id)), edge: null,
      announce: t(type === "undo" ? "undone" : "redone", command.label),
    }));
    changed();
  }

  function placeFor(picker: Picker | null): Position {
    const nodes = graph().nodes;
    const anchor = nodes.find((node) => node.id === (picker?.after?.node ?? get().selected.at(-1)));
    let place = picker?.at ??
      (anchor ? { x: (anchor.position?.x ?? 0) + WIDTH + 80, y: anchor.position?.y ?? 0 }
        : { x: nodes.length ? Math.max(...nodes.map((node) => node.position?.x ?? 0)) + WIDTH + 80 : 0, y: nodes.at(-1)?.position?.y ?? 0 });
    const taken = (p: Position) =>
      nodes.some((n) => Math.abs((n.position?.x ?? 0) - p.x) < WIDTH && Math.abs((n.position?.y ?? 0) - p.y) < HEIGHT + 20);
    while (taken(place)) place = { x: place.x, y: place.y + HEIGHT + 40 };
    return place;
  }

  /** Add a node where the picker says: after a port, inside an edge, at a point, or after the selection. */
  function add(action: Action, picker: Picker | null = get().picker, join = true): void {
    const [, name = action.id] = action.id.split(".");
    const id = edits.freshId(name.replace(/^(get|list|search)_/, ""), takenIds());
    let node: Node = { id, action: action.id, title: action.title, params: {}, position: placeFor(picker) };
    if (action.with_body) node.body = { nodes: [], edges: [] };
    const last = nodeById(get().selected.at(-1) ?? "");
    const source = picker?.after ? nodeById(picker.after.node) : join && !picker?.at && !picker?.edge ? last : undefined;
    const port = picker?.after?.port ?? (source ? portsOf(source, actionOf(source))[0] : OUT);
    if (source) node = { ...node, params: suggestParams(source, node, get().actions) };
    const known = get().connections.filter((item) => item.connector === action.connector);
    if (action.needs_credential && known.length === 1) node = { ...node, connection: known[0].id };
    edit(t("did_add", action.title), (graph) =>
      picker?.edge
        ? edits.insertOnEdge(graph, picker.edge, node, portsOf(node, action)[0])
        : edits.addNode(graph, node, source && port ? edgeOf(source.id, port, id) : undefined),
    );
    set({ selected: [id], edge: null, picker: null, inspector: "settings" });
  }

  const edgeOf = (from: string, port: string, to: string): Edge => (port === OUT ? { from, to } : { from, port, to });

  const whyNot = (from: string, port: string, to: string): Key | null =>
    refusal(graph(), get().history.present.inputs, get().actions, from, port, to);

  function connect(from: string, port: string, to: string): boolean {
    const reason = whyNot(from, port, to);
    if (reason) {
      tell(t(reason), "danger");
      return false;
    }
    const [source, target] = [nodeById(from)!, nodeById(to)!];
    const filled = suggestParams(source, target, get().actions);
    edit(t("did_connect", source.title || from, target.title || to), (graph) => {
      const next = edits.connect(graph, edgeOf(from, port, to));
      return Object.keys(filled).length ? edits.updateNode(next, to, { params: { ...target.params, ...filled } }) : next;
    });
    return true;
  }

  function remove(): void {
    const { selected, edge, mark } = get();
    if (mark?.startsWith("note:")) edit(t("did_sticky"), (graph) => drawing.removeNote(graph, mark.slice(5)));
    else if (mark) edit(t("did_ungroup"), (graph) => drawing.ungroup(graph, mark.slice(6)));
    else if (edge) edit(t("did_disconnect"), (graph) => edits.removeEdges(graph, [edge]));
    else if (selected.length) edit(t("did_remove", selected.length), (graph) => edits.removeNodes(graph, selected));
    set({ selected: [], edge: null, mark: null });
  }

  function paste(text: string, at?: Position): boolean {
    const fragment = edits.readFragment(text);
    if (!fragment?.nodes.length) return false;
    const anchor = nodeById(get().selected.at(-1) ?? "")?.position ?? { x: 0, y: 0 };
    let ids: string[] = [];
    edit(t("did_paste", fragment.nodes.length), (graph) => {
      const [next, made] = edits.pasteFragment(graph, fragment, at ?? { x: anchor.x + 40, y: anchor.y + 100 }, takenIds());
      ids = made;
      return next;
    });
    set({ selected: ids, edge: null });
    return true;
  }

  const copied = (): string => JSON.stringify(edits.copyFragment(graph(), get().selected), null, 2);

  function arrange(): void {
    edit(t("did_arrange"), (graph) => edits.moveNodes(graph, layout(graph)));
  }

  const toggleOff = (ids: string[]): void =>
    edit(t("did_set", t("off")), (graph) => ids.reduce((now, id) => edits.updateNode(now, id, { disabled: graph.nodes.find((node) => node.id === id)?.disabled ? undefined : true }), graph));

  /** Select an issue's node, open the inspector and mark the field. */
  function goTo(node: string, field = ""): void {
    const path = node.split("/");
    const level = path.slice(0, -1);
    const id = path.at(-1) ?? "";
    const found = isLevel(get().history.present, level) ? level : [];
    if (!graphAt(get().history.present, found).nodes.some((item) => item.id === id)) {
      if (/^(inputs|output)/.test(field)) set({ panel: "inputs" });
      return;
    }
    set({ level: found, selected: [id], edge: null, inspector: "settings", focus: field.replace(/^params\.?/, "") });
  }

  return { commit, edit, travel, add, whyNot, connect, remove, paste, copied, arrange, toggleOff, goTo };
}
