// Loading the draft, storing it by itself, and what happens when two people store at once.
import { ApiError, type Connection, type Kept, type Pin } from "./api";
import { apply, begin, diff, isEmpty, overlap, reduce, type Command, type History } from "./history";
import { type Definition } from "./model";
import type { Core } from "./state";
import { t } from "./texts";

const SAVE_AFTER = 1000;
const CHECK_AFTER = 350;
const RETRY_SAVE = 5000;

interface Theirs {
  definition: Definition;
  etag: string;
  revision: number;
  author: string;
}

export function createSaving({ setup, api, store, tell }: Core, empty: Definition) {
  const { get, set } = store;
  const memory = `workflow-editor:${setup.id}`;
  let etag = "";
  let revision = 0;
  let saved: Definition = empty;
  let theirs: Theirs | null = null;
  let saveTimer: ReturnType<typeof setTimeout> | undefined;
  let checkTimer: ReturnType<typeof setTimeout> | undefined;
  let checks = 0;
  let saving: Promise<void> | null = null;

  async function load(): Promise<void> {
    try {
      const [draft, nodes, connections, pins, kept] = await Promise.all([
        api.load(), api.nodes(), api.connections().catch(denied<Connection>), api.pins().catch(denied<Pin>), api.kept().catch(denied<Kept>),
      ]);
      [etag, revision, saved] = [draft.etag, draft.revision, draft.definition];
      set({
        ready: true,
        history: remembered(draft.definition) ?? begin(draft.definition),
        actions: new Map([...setup.flow, ...nodes].map((action) => [action.id, action])),
        connections, kept, pins: Object.fromEntries(pins.map((pin) => [pin.node, pin])),
        issues: draft.issues,
        savedAt: draft.saved_at,
        panel: matchMedia("(min-width: 1100px)").matches ? "add" : null,
      });
      check();
    } catch (error) {
      set({ failure: (error as Error).message });
    }
  }

  /** Roles that may not read a list edit the graph without it. */
  function denied<T>(error: unknown): T[] {
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
    saving = put(history.present);
    await saving;
    saving = null;
    return get().save === "saved";
  }

  async function put(definition: Definition): Promise<void> {
    set({ save: "saving" });
    try {
      const answer = await api.save(definition, revision, etag);
      [etag, revision, saved] = [answer.etag, answer.revision, definition];
      const current = get().history.present === definition;
      set({ save: current ? "saved" : "changed", savedAt: answer.saved_at, saveNote: "" });
      remember();
      if (!current) saveTimer = setTimeout(() => void save(), SAVE_AFTER);
    } catch (error) {
      if (error instanceof ApiError && error.status === 412) await meetConflict(String(error.details.saved_by ?? ""));
      else if (error instanceof ApiError && error.status < 500) {
        const first = error.problems[0];
        set({ save: "refused", saveNote: first ? `${first.field}: ${first.message} ${first.remedy}` : error.message });
      } else {
        set({ save: "offline", saveNote: (error as Error).message });
        saveTimer = setTimeout(() => void save(), RETRY_SAVE);
      }
    }
  }

  async function meetConflict(author: string): Promise<void> {
    const draft = await api.load();
    theirs = { definition: draft.definition, etag: draft.etag, revision: draft.revision, author: author || (draft.saved_by ?? "") };
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

  const unsaved = (): boolean => get().history.present !== saved && !isEmpty(diff(saved, get().history.present));

  /** Somebody else stored the draft: show it at once when nothing of ours is at stake. */
  async function follow(theirRevision: number, author: string): Promise<void> {
    if (theirRevision <= revision || saving || unsaved() || get().save === "conflict") return;
    try {
      const draft = await api.load();
      if (draft.revision <= revision || unsaved()) return;
      [etag, revision, saved] = [draft.etag, draft.revision, draft.definition];
      set((state) => ({
        history: reduce(state.history, { type: "edit", label: t("did_load"), next: draft.definition, at: Date.now() }),
        savedAt: draft.saved_at, save: "saved",
      }));
      saved = get().history.present;
      tell(t("changed_by", author || t("somebody")));
      remember();
      check();
    } catch (error) {
      tell((error as Error).message, "danger");
    }
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

  return { load, save, changed, conflict, settle, unsaved, follow, revision: () => revision };
}
