// Runs from the canvas: all of the graph or a part of it, with pinned results; earlier runs on the canvas.
import { ApiError, type NodeRun, type RunEvent } from "./api";
import { follow } from "./events";
import { upstreamOf, type Definition } from "./model";
import { take } from "./overlay";
import { staleNodes } from "./stale";
import type { Core, Part } from "./state";
import { t, type Key } from "./texts";

const MAX_EVENTS = 120_000;
const OVER = ["succeeded", "failed", "cancelled"];

export function createRunning({ setup, api, store, nodeById, actionOf, tell }: Core, save: () => Promise<boolean>, goTo: (node: string) => void) {
  const { get, set } = store;
  let stopFollowing = () => {};

  /** The top node of a path: nodes in a body run with the map or loop around them. */
  const topOf = (id: string): string => get().level[0] ?? id;

  async function run(input: Record<string, unknown>, part: Part = {}): Promise<void> {
    if (!(await save()) && setup.may.edit) throw new Error(get().saveNote || t("not_saved_yet"));
    const ranOn = get().history.present;
    const pins = Object.keys(get().pins).length > 0;
    const started = await api.run(input, { ...part, ...(pins ? { pins } : {}) });
    watch(started.id, input, ranOn);
  }

  /** What a click on "run this", "to here" or "from here" means for the server. */
  function partOf(kind: "only" | "to" | "from", id: string): Part {
    const node = topOf(id);
    const { finished } = get();
    if (kind === "to") return { target: node };
    return { ...(kind === "only" ? { target: node } : {}), start: node, ...(finished ? { reuse: finished } : {}) };
  }

  /** Run a part with the last input; the form opens when no input is known yet. */
  async function runPart(kind: "only" | "to" | "from", id: string): Promise<void> {
    const part = partOf(kind, id);
    const { lastInput, history } = get();
    const needsForm = !lastInput && (history.present.inputs.required ?? []).length > 0;
    if (needsForm) return set({ part, dialog: "run" });
    try {
      await run(lastInput ?? {}, part);
      set({ selected: [id], inspector: "output" });
    } catch (error) {
      tell(explain(error), "danger");
    }
  }

  const explain = (error: unknown): string =>
    [(error as Error).message, ...(error instanceof ApiError ? [...error.problems.map((item) => `${item.field}: ${item.message} ${item.remedy}`), error.remedy] : [])].filter(Boolean).join(" ");

  function watch(id: string, input: Record<string, unknown> | null, ranOn: Definition): void {
    stopFollowing();
    set((state) => ({
      run: id, overlay: { state: "queued", nodes: {} }, events: [], link: null, dock: state.dock === "timeline" ? "timeline" : "log", dialog: null, part: {},
      lastInput: input ?? state.lastInput, ranOn, stale: new Set(),
    }));
    stopFollowing = follow(id, (events) => arrived(id, events), (link) => get().run === id && set({ link }));
  }

  function arrived(id: string, events: RunEvent[]): void {
    if (get().run !== id) return;
    const overlay = take(get().overlay, events);
    const failed = overlay.firstFailure !== get().overlay.firstFailure;
    set((state) => ({ overlay, events: [...state.events, ...events].slice(-MAX_EVENTS) }));
    if (failed && overlay.firstFailure) {
      goTo(overlay.firstFailure);
      set({ dock: "log", announce: t("run_failed_at", overlay.firstFailure) });
    }
    if (OVER.includes(overlay.state)) {
      if (!overlay.firstFailure) set({ announce: t("run_ended", t(`state_${overlay.state}` as Key)) });
      void fetchOutputs(id);
    } else if (overlay.state === "waiting") {
      set({ announce: t("run_waits") });
      void fetchOutputs(id);
    }
  }

  async function fetchOutputs(id: string): Promise<void> {
    try {
      const runs = await api.nodeRuns(id);
      if (get().run !== id) return;
      set({ outputs: Object.fromEntries(runs.map((item) => [item.path, item])), finished: id });
      look();
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 403) tell((error as Error).message, "danger");
    }
  }

  /** Which results no longer belong to the settings on the screen. */
  function look(): void {
    const { ranOn, history, outputs } = get();
    const known = new Set([...Object.keys(outputs), ...Object.keys(get().overlay?.nodes ?? {})]);
    if (ranOn) set({ stale: ranOn === history.present ? new Set() : staleNodes(ranOn, history.present, known) });
  }

  /** Show an earlier run on the canvas, with its data. */
  async function openRun(id: string): Promise<void> {
    try {
      const [execution, ran] = await Promise.all([api.execution(id), api.definitionOf(id)]);
      watch(id, execution.input ?? null, ran);
    } catch (error) {
      tell((error as Error).message, "danger");
    }
  }

  // Pins and kept inputs --------------------------------------------------------------------------------------

  async function pin(node: string, output: unknown, port = "out"): Promise<boolean> {
    try {
      const made = await api.pin(node, output, port);
      set((state) => ({ pins: { ...state.pins, [node]: made }, announce: t("pinned_now", node) }));
      return true;
    } catch (error) {
      tell(explain(error), "danger");
      return false;
    }
  }

  async function unpin(node: string): Promise<void> {
    try {
      await api.unpin(node);
      set((state) => {
        const { [node]: _, ...pins } = state.pins;
        return { pins, announce: t("unpinned_now", node) };
      });
    } catch (error) {
      tell(explain(error), "danger");
    }
  }

  /** Pin the last result of a node, or let it go. */
  async function togglePin(id: string): Promise<void> {
    if (get().level.length) return tell(t("pin_top_only"), "danger");
    if (get().pins[id]) return unpin(id);
    const result: NodeRun | undefined = get().outputs[id];
    if (!result || result.error || result.state === "failed") return tell(t("pin_needs_data"), "danger");
    await pin(id, result.output, result.port || "out");
  }

  async function keepInput(name: string, input: Record<string, unknown>): Promise<void> {
    const made = await api.keep(name, input);
    set((state) => ({ kept: [...state.kept.filter((item) => item.name !== made.name), made].sort((a, b) => a.name.localeCompare(b.name)) }));
  }

  async function forgetInput(id: string): Promise<void> {
    await api.forget(id);
    set((state) => ({ kept: state.kept.filter((item) => item.id !== id) }));
  }

  /** Whether everything before a node has data, so that the node can be tried alone. */
  function canTryAlone(id: string): boolean {
    const { outputs, pins, level } = get();
    if (level.length || !nodeById(id) || !actionOf(nodeById(id))) return false;
    return upstreamOf(get().history.present, id).every((name) => outputs[name] || pins[name]);
  }

  return {
    run, runPart, partOf, openRun, look, pin, unpin, togglePin, keepInput, forgetInput, canTryAlone,
    decide: async (path: string, approved: boolean, comment = ""): Promise<void> => {
      const id = get().run;
      if (!id) return;
      try {
        await api.decide(id, path, approved, comment);
        set({ announce: t(approved ? "approved_now" : "rejected_now") });
      } catch (error) {
        tell(explain(error), "danger");
      }
    },
    stop: async (): Promise<void> => { const id = get().run; if (id) await api.cancel(id); },
  };
}
