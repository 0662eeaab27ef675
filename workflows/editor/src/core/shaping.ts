// Frames, notes, order, sub-workflows, files: what shapes the canvas beyond single nodes.
import * as drawing from "./drawing";
import type { createEditing } from "./editing";
import * as edits from "./edits";
import { extract, whyNotExtract } from "./extract";
import { whole, withGraphAt, type Definition, type Position } from "./model";
import type { Core } from "./state";
import { t, type Key } from "./texts";

const DOCUMENT = "mcp-portal/workflow";

export function createShaping({ api, store, graph, actionOf, takenIds, tell }: Core, { edit, commit, paste }: ReturnType<typeof createEditing>) {
  const { get, set } = store;

  function groupSelected(): void {
    const { selected } = get();
    if (!selected.length) return tell(t("extract_empty"), "danger");
    let made = "";
    edit(t("did_group"), (graph) => {
      const [next, id] = drawing.group(graph, selected, "");
      made = id;
      return next;
    });
    set({ mark: `frame:${made}`, selected: [] });
  }

  /** Take the frames of the selected nodes away, or the selected frame. */
  function ungroupSelected(): void {
    const { selected, mark } = get();
    const ids = (graph().groups ?? []).filter((frame) => mark === `frame:${frame.id}` || frame.nodes.some((id) => selected.includes(id))).map((frame) => frame.id);
    if (ids.length) edit(t("did_ungroup"), (graph) => ids.reduce(drawing.ungroup, graph));
    set({ mark: null });
  }

  function alignSelected(how: drawing.Alignment): void {
    const { selected } = get();
    edit(t("did_align"), (graph) => edits.moveNodes(graph, drawing.align(graph, selected, how)));
  }

  function addNote(at: Position): void {
    let made = "";
    edit(t("did_sticky"), (graph) => {
      const [next, id] = drawing.addNote(graph, at);
      made = id;
      return next;
    });
    set({ mark: `note:${made}`, selected: [], edge: null });
  }

  /** The selection becomes a workflow with a first version, and one node here. */
  async function extractSelected(name: string): Promise<void> {
    const { selected, level, history } = get();
    const reason = whyNotExtract(graph(), selected);
    if (reason) throw new Error(t(reason));
    const piece = extract(graph(), selected, {
      inputs: history.present.inputs, outputOf: (node) => actionOf(node)?.output_schema ?? {}, title: name, taken: takenIds(), inBody: level.length > 0,
    });
    const made = await api.create(name, piece.definition);
    await api.freeze(made.id);
    commit(t("did_extract", name), withGraphAt(get().history.present, level, () => piece.finish(made.id)));
    set({ selected: [piece.node], mark: null });
    tell(t("extracted", name));
  }

  /** A workflow in a file replaces the draft; a piece of one is added. Both can be undone. */
  function importText(text: string): void {
    if (paste(text)) return;
    let document: any = null;
    try {
      document = JSON.parse(text);
    } catch {
      return tell(t("import_bad"), "danger");
    }
    const definition = (document?.kind === DOCUMENT ? document.definition : document) as Definition | undefined;
    if (!Array.isArray(definition?.nodes) || !definition.nodes.every((node: any) => typeof node?.id === "string" && typeof node?.action === "string")) return tell(t("import_bad"), "danger");
    const { inputs = { type: "object", properties: {} } } = definition;
    set({ level: [], selected: [], edge: null, mark: null });
    commit(t("did_import"), whole({ ...definition, schema_version: definition.schema_version ?? 1, inputs }));
    tell(t("imported"));
  }

  return {
    groupSelected, ungroupSelected, alignSelected, addNote, extractSelected, importText,
    whyNotExtract: (): Key | null => whyNotExtract(graph(), get().selected),
  };
}
