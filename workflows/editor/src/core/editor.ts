// The editor's state and everything that can be done to it. Components read it and call these functions.
import { createApi, type Api, type Connection, type NodeRun, type RunEvent, type Setup } from "./api";
import { ApiError } from "./api";
import { refusal, suggestParams } from "./check";
import * as edits from "./edits";
import { follow } from "./events";
import { apply, begin, diff, isEmpty, overlap, reduce, type Command, type History } from "./history";
import { layout } from "./layout";
import { edgeKey, everyNode, graphAt, HEIGHT, OUT, portsOf, WIDTH, withGraphAt, type Action, type Definition, type Edge, type Graph, type Issue, type Node, type Position } from "./model";
import { nothing, take, type Overlay } from "./overlay";
import { createStore, useStore } from "./store";
import { t, type Key } from "./texts";

export type SaveState = "saved" | "changed" | "saving" | "offline" | "conflict" | "refused";
export type Panel = "add" | "inputs" | "outline" | "versions" | null;
export type DockTab = "log" | "data" | "issues" | null;
export type Dialog = "run" | "deploy" | "keys" | "conflict" | null;

export interface Picker {
  /** Where the new node goes: after a port, in an edge, or nowhere in particular. */
  after?: { node: string; port: string };
  edge?: string;
  at?: Position;
}

export interface State {
  ready: boolean;
  failure: string;
  history: History;
  level: string[];
  selected: string[];
  edge: string | null;
  actions: Map<string, Action>;
  connections: Connection[];
  issues: Issue[];
  outputSchema: Record<string, any>;
  save: SaveState;
  savedAt: string;
  saveNote: string;
  panel: Panel;
  dock: DockTab;
  dialog: Dialog;
  picker: Picker | null;
  inspector: "settings" | "input" | "output" | "notes";
  focus: string;
  outline: boolean;
  run: string | null;
  overlay: Overlay;
  events: RunEvent[];
  link: "open" | "lost" | "ended" | "refused" | null;
  outputs: Record<string, NodeRun>;
  lastInput: Record<string, unknown> | null;
  ranOn: Definition | null;
  notice: { text: string; kind: "info" | "danger" } | null;
  announce: string;
}

export interface Theirs {
  definition: Definition;
  etag: string;
  revision: number;
  author: string;
}

const SAVE_AFTER = 1000;
const CHECK_AFTER = 350;
const RETRY_SAVE = 5000;
const MAX_EVENTS = 20_000;
const empty: Definition = { schema_version: 1, inputs: { type: "object", properties: {} }, nodes: [], edges: [] };

export function createEditor(setup: Setup) {
  const api: Api = createApi(setup.urls.api, setup.id);
  const memory = `workflow-editor:${setup.id}`;
  const store = createStore<State>({
    ready: false, failure: "", history: begin(empty), level: [], selected: [], edge: null,
    actions: new Map(setup.flow.map((action) => [action.id, action])), connections: [], issues: [], outputSchema: {},
    save: "saved", savedAt: "", saveNote: "", panel: "add", dock: null, dialog: null, picker: null,
    inspector: "settings", focus: "", outline: matchMedia("(max-width: 799px)").matches,
    run: null, overlay: nothing, events: [], link: null, outputs: {}, lastInput: null, ranOn: null, notice: null, announce: "",
  });
  const { get, set } = store;
  let etag = "";
  let revision = 0;
  let saved: Definition = empty;
  let theirs: Theirs | null = null;
  let saveTimer: ReturnType<typeof setTimeout> | undefined;
  let checkTimer: ReturnType<typeof setTimeout> | undefined;
  let checks = 0;
  let saving: Promise<void> | null = null;
  let stopFollowing = () => {};

  const graph = (): Graph => graphAt(get().history.present, get().level);
  const nodeById = (id: string): Node | undefined => graph().nodes.find((node) => node.id === id);
  const actionOf = (node: Node | undefined): Action | undefined => (node ? get().actions.get(node.action) : undefined);
  const takenIds = (): string[] => everyNode(get().history.present).map((node) => node.id);
  const tell = (text: string, kind: "info" | "danger" = "info") => set({ notice: { text, kind }, announce: text });

  // Loading and saving -----------------------------------------------------------------------------------------

  async function load(): Promise<void> {
    try {
      const [draft, nodes, connections] = await Promise.all([api.load(), api.nodes(), api.connections().catch(denied)]);
      etag = draft.etag;
      revision = draft.revision;
      saved = draft.definition;
      set({
        ready: true,
        history: remembered(draft.definition) ?? begin(draft.definition),
        actions: new Map([...setup.flow, ...nodes].map((action) => [action.id, action])),
        connections,
        issues: draft.issues,
        savedAt: draft.saved_at,
        panel: matchMedia("(min-width: 1100px)").matches ? "add" : null,
      });
      check();
    } catch (error) {
      set({ failure: (error as Error).message });
    }
  }

  /** Roles without `connection:read` edit the graph without a list of connections. */
  function denied(error: unknown): Connection[] {
    if (error instanceof ApiError && error.status === 403) return [];
    throw error;
  }

  /** The command log of this tab, if it was written over the draft that is loaded now. */
  function remembered(definition: Definition): History | null {
    const text = sessionStorage.getItem(memory);
    if (!text) return null;
    const kept = JSON.parse(text) as { revision: number; past: Command[]; future: Command[] };
    return kept.revision === revision ? { present: definition, past: kept.past, future: kept.future } : null;
  }

  function remember(): void {
    const { past, future } = get().history;
    try {
      sessionStorage.setItem(memory, JSON.stringify({ revision, past, future }));
    } catch {
      // The tab's storage is full: undo still works until the tab is closed.
      sessionStorage.removeItem(memory);
    }
  }

  function changed(): void {
    if (get().save !== "conflict") set({ save: "changed" });
    clearTimeout(saveTimer);
    saveTimer = setTimeout(() => void save(), SAVE_AFTER);
    check();
  }

  /** Store the draft now; resolves when what is on the screen is stored, or when that is refused. */
  async function save(): Promise<boolean> {
    clearTimeout(saveTimer);
    if (saving) await saving;
    const { history, save: state } = get();
    if (state === "conflict" || !setup.may.edit) return false;
    if (history.present === saved) {
      set({ save: "saved" });
      return true;
    }
    saving = store_(history.present);
    await saving;
    saving = null;
    return get().save === "saved";
  }

  async function store_(definition: Definition): Promise<void> {
    set({ save: "saving" });
    try {
      const answer = await api.save(definition, revision, etag);
      [etag, revision, saved] = [answer.etag, answer.revision, definition];
      const current = get().history.present === definition;
      set({ save: current ? "saved" : "changed", savedAt: answer.saved_at, saveNote: "" });
      remember();
      if (!current) saveTimer = setTimeout(() => void save(), SAVE_AFTER);
    } catch (error) {
      if (error instanceof ApiError && error.status === 412) await meetConflict(error);
      else if (error instanceof ApiError && error.status < 500) {
        const first = error.problems[0];
        set({ save: "refused", saveNote: first ? `${first.field}: ${first.message} ${first.remedy}` : error.message });
      } else {
        set({ save: "offline", saveNote: (error as Error).message });
        saveTimer = setTimeout(() => void save(), RETRY_SAVE);
      }
    }
  }

  async function meetConflict(error: ApiError): Promise<void> {
    const draft = await api.load();
    theirs = {
      definition: draft.definition, etag: draft.etag, revision: draft.revision,
      author: String(error.details.saved_by ?? draft.saved_by ?? ""),
    };
    set({ save: "conflict", dialog: "conflict" });
  }

  /** What both sides did since the last common draft. */
  function conflict() {
    if (!theirs) return null;
    const mine = diff(saved, get().history.present);
    const other = diff(saved, theirs.definition);
    return { author: theirs.author, mine, theirs: other, both: overlap(mine, other) };
  }

  function settle(choice: "merge" | "theirs"): void {
    if (!theirs) return;
    const mine = diff(saved, get().history.present);
    const next = choice === "merge" ? apply(theirs.definition, mine) : theirs.definition;
    [etag, revision, saved] = [theirs.etag, theirs.revision, theirs.definition];
    set((state) => ({
      save: "changed", dialog: null,
      history: reduce(state.history, { type: "edit", label: t(choice === "merge" ? "did_merge" : "did_load"), next, at: Date.now() }),
    }));
    theirs = null;
    changed();
  }

  function check(): void {
    clearTimeout(checkTimer);
    checkTimer = setTimeout(() => {
      const number = (checks += 1);
      const definition = get().history.present;
      api.validate(definition).then(
        (answer) => number === checks && set({ issues: answer.issues, outputSchema: answer.output_schema }),
        (error: unknown) => {
          if (number !== checks || !(error instanceof ApiError)) return;
          set({
            issues: error.problems.map((problem) => ({ code: "schema", severity: "error", node: nodeOfProblem(definition, problem.field), ...problem })),
          });
        },
      );
    }, CHECK_AFTER);
  }

  const nodeOfProblem = (definition: Definition, field: string): string =>
    definition.nodes[Number(/^nodes\[?\.?(\d+)/.exec(field)?.[1] ?? NaN)]?.id ?? "";

  // Edits -------------------------------------------------------------------------------------------------------

  function commit(label: string, next: Definition, merge?: string): void {
    if (!setup.may.edit) return tell(t("read_only"));
    const before = get().history;
    const history = reduce(before, { type: "edit", label, next, at: Date.now(), ...(merge ? { merge } : {}) });
    if (history === before) return;
    set({ history, announce: label });
    changed();
  }

  const edit = (label: string, change: (graph: Graph) => Graph, merge?: string): void =>
    commit(label, withGraphAt(get().history.present, get().level, change), merge);

  function travel(type: "undo" | "redo"): void {
    const before = get().history;
    const history = reduce(before, { type });
    if (history === before) return;
    const command = type === "undo" ? before.past.at(-1)! : before.future[0];
    let level = get().level;
    while (level.length && !existing(history.present, level)) level = level.slice(0, -1);
    const ids = new Set(graphAt(history.present, level).nodes.map((node) => node.id));
    set((state) => ({
      history, level, selected: state.selected.filter((id) => ids.has(id)), edge: null,
      announce: t(type === "undo" ? "undone" : "redone", command.label),
    }));
    changed();
  }

  function existing(root: Graph, level: string[]): boolean {
    let here: Graph | null | undefined = root;
    for (const id of level) here = here?.nodes.find((node) => node.id === id)?.body;
    return Boolean(here);
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
    const { selected, edge } = get();
    if (edge) edit(t("did_disconnect"), (graph) => edits.removeEdges(graph, [edge]));
    else if (selected.length) edit(t("did_remove", selected.length), (graph) => edits.removeNodes(graph, selected));
    set({ selected: [], edge: null });
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

  /** Select an issue's node, open the inspector and mark the field. */
  function goTo(node: string, field = ""): void {
    const path = node.split("/");
    const level = path.slice(0, -1);
    const id = path.at(-1) ?? "";
    const found = existing(get().history.present, level) ? level : [];
    if (!graphAt(get().history.present, found).nodes.some((item) => item.id === id)) {
      if (/^(inputs|output)/.test(field)) set({ panel: "inputs" });
      return;
    }
    set({ level: found, selected: [id], edge: null, inspector: "settings", focus: field.replace(/^params\.?/, "") });
  }

  // Runs --------------------------------------------------------------------------------------------------------

  async function run(input: Record<string, unknown>): Promise<void> {
    if (!(await save()) && setup.may.edit) throw new Error(get().saveNote || t("not_saved_yet"));
    const started = await api.run(input);
    watch(started.id, input);
  }

  function watch(id: string, input: Record<string, unknown> | null): void {
    stopFollowing();
    set({
      run: id, overlay: { state: "queued", nodes: {} }, events: [], link: null, outputs: {}, dock: "log", dialog: null,
      lastInput: input, ranOn: get().history.present,
    });
    stopFollowing = follow(id, (events) => arrived(id, events), (link) => get().run === id && set({ link }));
  }

  function arrived(id: string, events: RunEvent[]): void {
    if (get().run !== id) return;
    const overlay = take(get().overlay, events);
    const failed = overlay.firstFailure !== get().overlay.firstFailure;
    set((state) => ({ overlay, events: [...state.events, ...events].slice(-MAX_EVENTS) }));
    if (failed && overlay.firstFailure) goTo(overlay.firstFailure);
    if (["succeeded", "failed", "cancelled"].includes(overlay.state)) {
      set({ announce: t("run_ended", t(`state_${overlay.state}` as Key)) });
      void fetchOutputs(id);
    }
  }

  async function fetchOutputs(id: string): Promise<void> {
    try {
      const runs = await api.nodeRuns(id);
      if (get().run === id) set({ outputs: Object.fromEntries(runs.map((item) => [item.path, item])) });
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 403) tell((error as Error).message, "danger");
    }
  }

  /** Show an earlier run on the canvas. */
  async function openRun(id: string): Promise<void> {
    const execution = await api.execution(id);
    watch(id, execution.input ?? null);
  }

  return {
    setup, store, api, load, save, conflict, settle, commit, edit, add, connect, whyNot, remove, paste, copied, arrange, goTo,
    run, openRun, graph, nodeById, actionOf, tell,
    undo: () => travel("undo"),
    redo: () => travel("redo"),
    decide: (path: string, approved: boolean) => {
      const id = get().run;
      if (id) api.decide(id, path, approved).catch((error: Error) => tell(error.message, "danger"));
    },
    stop: async () => { const id = get().run; if (id) await api.cancel(id); },
    unsaved: () => get().history.present !== saved && !isEmpty(diff(saved, get().history.present)),
    use: <P,>(pick: (state: State) => P): P => useStore(store, pick),
    edgeKey,
  };
}

export type Editor = ReturnType<typeof createEditor>;
