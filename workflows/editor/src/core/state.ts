// What the editor knows, and what its parts share.
import type { Api, Comment, Connection, Kept, NodeRun, Pin, RunEvent, Setup } from "./api";
import type { History } from "./history";
import { everyNode, graphAt, type Action, type Definition, type Graph, type Issue, type Node, type Position } from "./model";
import type { Company } from "./presence";
import type { Overlay } from "./overlay";
import type { Store } from "./store";

export type SaveState = "saved" | "changed" | "saving" | "offline" | "conflict" | "refused";
export type Panel = "add" | "inputs" | "versions" | "comments" | "tests" | null;
export type DockTab = "log" | "timeline" | "data" | "issues" | null;
export type Dialog = "run" | "deploy" | "keys" | "conflict" | "find" | "import" | null;

export interface Picker {
  /** Where the new node goes: after a port, in an edge, or nowhere in particular. */
  after?: { node: string; port: string };
  edge?: string;
  at?: Position;
}

/** What of the graph a run covers, as the server takes it. */
export interface Part {
  target?: string;
  start?: string;
  reuse?: string;
  pins?: boolean;
}

export interface State {
  ready: boolean;
  failure: string;
  history: History;
  level: string[];
  selected: string[];
  edge: string | null;
  /** The frame or note that is selected: `frame:g1`, `note:n1`. */
  mark: string | null;
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
  /** The path of the node whose data the dock shows; empty: of the selected one. */
  shownData: string;
  inspector: "settings" | "input" | "output" | "notes";
  focus: string;
  outline: boolean;
  run: string | null;
  /** The part that the next run of the form covers. */
  part: Part;
  overlay: Overlay;
  events: RunEvent[];
  link: "open" | "lost" | "ended" | "refused" | null;
  outputs: Record<string, NodeRun>;
  /** The item whose data is shown, by the path of its map or loop. */
  items: Record<string, number>;
  /** The newest run whose results may be used again. */
  finished: string | null;
  lastInput: Record<string, unknown> | null;
  ranOn: Definition | null;
  stale: Set<string>;
  pins: Record<string, Pin>;
  kept: Kept[];
  comments: Comment[];
  company: Company;
  notice: { text: string; kind: "info" | "danger" } | null;
  announce: string;
}

/** What the topics of the editor are made with. */
export interface Core {
  setup: Setup;
  api: Api;
  store: Store<State>;
  graph(): Graph;
  nodeById(id: string): Node | undefined;
  actionOf(node: Node | undefined): Action | undefined;
  takenIds(): string[];
  tell(text: string, kind?: "info" | "danger"): void;
}

export function createCore(setup: Setup, api: Api, store: Store<State>): Core {
  const { get, set } = store;
  const graph = () => graphAt(get().history.present, get().level);
  return {
    setup, api, store, graph,
    nodeById: (id) => graph().nodes.find((node) => node.id === id),
    actionOf: (node) => (node ? get().actions.get(node.action) : undefined),
    takenIds: () => everyNode(get().history.present).map((node) => node.id),
    tell: (text, kind = "info") => set({ notice: { text, kind }, announce: text }),
  };
}

/** Whether a path of map and loop nodes leads anywhere. */
export function isLevel(root: Graph, level: string[]): boolean {
  let here: Graph | null | undefined = root;
  for (const id of level) here = here?.nodes.find((node) => node.id === id)?.body;
  return Boolean(here);
}
