// The editor: its state, and the topics that act on it. Components read the state and call these functions.
import { createApi, type Setup } from "./api";
import { createEditing } from "./editing";
import { begin } from "./history";
import { edgeKey, type Definition } from "./model";
import { nothing } from "./overlay";
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
    inspector: "settings", focus: "", outline: matchMedia("(max-width: 799px)").matches,
    run: null, part: {}, overlay: nothing, events: [], link: null, outputs: {}, items: {}, finished: null, lastInput: null, ranOn: null,
    stale: new Set(), pins: {}, kept: [], company: alone, notice: null, announce: "",
  });
  const core = createCore(setup, api, store);
  const saving = createSaving(core, empty);
  const editing = createEditing(core, () => { saving.changed(); running.look(); });
  const shaping = createShaping(core, editing);
  const running = createRunning(core, saving.save, editing.goTo);
  const { enter, leave, askForPen, takePen, givePen, refusePen } = createPresence(core, saving);
  const { load, save, conflict, settle, unsaved } = saving;
  return {
    ...core, ...editing, ...shaping, ...running,
    enter, leave, askForPen, takePen, givePen, refusePen,
    load, save, conflict, settle, unsaved,
    undo: () => editing.travel("undo"),
    redo: () => editing.travel("redo"),
    use: <P,>(pick: (state: State) => P): P => useStore(store, pick),
    edgeKey,
  };
}

export type Editor = ReturnType<typeof createEditor>;
