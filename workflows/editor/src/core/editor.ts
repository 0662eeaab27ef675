// The editor: its state, and the topics that act on it. Components read the state and call these functions.
import { createApi, type Setup } from "./api";
import { createComments } from "./comments";
import { createCamera } from "./camera";
import { createEditing } from "./editing";
import { begin } from "./history";
import { edgeKey, type Definition, type Position } from "./model";
import { nothing, recordPath } from "./overlay";
import { wholeBox } from "./picture";
import { alone, createPresence } from "./presence";
import { createRunning } from "./running";
import { createSaving } from "./saving";
import { createCore, type State } from "./state";
import { createShaping } from "./shaping";
import { createStore, useStore } from "./store";

export type { DockTab, Panel, State } from "./state";

const empty: Definition = { schema_version: 1, inputs: { type: "object", properties: {} }, nodes: [], edges: [] };

export function createEditor(setup: Setup) {
  const api = createApi(setup.urls.api, setup.id);
  const store = createStore<State>({
    ready: false, failure: "", history: begin(empty), level: [], selected: [], edge: null, mark: null,
    actions: new Map(setup.flow.map((action) => [action.id, action])), connections: [], issues: [], outputSchema: {},
    save: "saved", savedAt: "", saveNote: "", panel: "add", dock: null, dialog: null, picker: null,
    shownData: "", inspector: "settings", focus: "", outline: matchMedia("(max-width: 799px)").matches,
    run: null, part: {}, overlay: nothing, events: [], link: null, outputs: {}, items: {}, finished: null, lastInput: null, ranOn: null,
    stale: new Set(), pins: {}, kept: [], comments: [], company: alone, notice: null, announce: "",
  });
  const core = createCore(setup, api, store);
  const saving = createSaving(core, empty);
  const editing = createEditing(core, () => { saving.changed(); running.look(); });
  const shaping = createShaping(core, editing);
  const running = createRunning(core, saving.save, editing.goTo);
  const comments = createComments(core);
  const { enter, leave, askForPen, takePen, givePen, refusePen } = createPresence(core, saving, comments.read);
  const { load, save, conflict, settle, unsaved } = saving;
  const still: View = {
    fit: () => {}, actual: () => {}, show: () => {},
    centre: () => {
      const box = wholeBox(core.graph());
      return box ? { x: box.x, y: box.y + box.height + 60 } : { x: 0, y: 0 };
    },
  };
  return {
    camera: createCamera(),
    /** What the canvas does when it is there; without it, new things go below all others. */
    view: still as View,
    still,
    comments,
    ...core, ...editing, ...shaping, ...running,
    enter, leave, askForPen, takePen, givePen, refusePen,
    load, save, conflict, settle, unsaved,
    /** Open the data of a node in the dock. */
    showData: (id: string) => store.set((state) => ({ dock: "data", shownData: recordPath(state.level, state.items, id) })),
    undo: () => editing.travel("undo"),
    redo: () => editing.travel("redo"),
    use: <P,>(pick: (state: State) => P): P => useStore(store, pick),
    edgeKey,
  };
}

export interface View {
  fit: () => void;
  actual: () => void;
  /** The place for something new in the middle of the screen, in canvas units. */
  centre: () => Position;
  /** Bring a node of the level into sight. */
  show: (id: string) => void;
}

export type Editor = ReturnType<typeof createEditor>;
