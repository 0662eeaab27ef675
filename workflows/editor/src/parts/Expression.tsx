// The editor of an expression: text with completion, the names that may stand in it, and its value from the last run.
import { useEffect, useId, useMemo, useRef, useState } from "react";
import type { Preview } from "../core/api";
import { completionsAt, take, type Completion, type Completions } from "../core/completion";
import type { Editor } from "../core/editor";
import { upstreamOf, type Graph } from "../core/model";
import { recordPath } from "../core/overlay";
import { variablesOf, walkPath, type Variable } from "../core/schema";
import { t, type Key } from "../core/texts";
import { Icon, useEditor } from "./common";

const PREVIEW_AFTER = 450;
const EMPTY: Completions = { from: 0, to: 0, items: [] };

interface Source { id: string; title: string; variables: Variable[] }

function sourcesOf(editor: Editor, graph: Graph, place: string): Source[] {
  const { history, actions, level } = editor.store.get();
  const found: Source[] = [{ id: "input", title: t("inputs"), variables: variablesOf("input", history.present.inputs, "input").slice(1) }];
  if (level.length) found.push({ id: "item", title: t("item_of_body"), variables: [
    { path: "item", name: "item", shape: "any", type: "any", description: "", depth: 0 },
    { path: "index", name: "index", shape: "value", type: "integer", description: "", depth: 0 },
  ] });
  const names = place ? upstreamOf(graph, place) : graph.nodes.map((node) => node.id);
  for (const id of names) {
    const node = graph.nodes.find((item) => item.id === id);
    const action = actions.get(node?.action ?? "");
    if (node) found.push({ id, title: node.title || action?.title || id, variables: variablesOf(id, action?.output_schema ?? {}, id) });
  }
  return found.filter((source) => source.variables.length);
}

const brief = (value: unknown): string => {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
};
const typeName = (value: unknown): string =>
  value === null ? "null" : Array.isArray(value) ? t("list_of", value.length) : typeof value === "object" ? t("record")
    : t(`type_${typeof value === "number" ? (Number.isInteger(value) ? "integer" : "number") : typeof value}` as Key);

/** The value with the data of the last run: plain paths at once, anything else from the server after a pause. */
function usePreview(value: unknown, scope: Record<string, unknown>): Preview | null {
  const editor = useEditor();
  const run = editor.use((state) => state.finished);
  const level = editor.use((state) => state.level);
  const [found, setFound] = useState<{ of: unknown; preview: Preview } | null>(null);
  const text = typeof value === "string" ? value : "";
  const inner = /^\s*\{\{([^{}]*)\}\}\s*$/.exec(text)?.[1];
  const local = inner === undefined ? undefined : walkPath(inner, scope);
  const ask = text.includes("{{") && local === undefined;
  useEffect(() => {
    if (!ask) return;
    let over = false;
    const timer = setTimeout(() => {
      editor.api.preview(text, run, level).then(
        (preview) => { if (!over) setFound({ of: text, preview }); },
        // Roles that may not see data, and servers away: the field goes on without a preview.
        () => { if (!over) setFound(null); },
      );
    }, PREVIEW_AFTER);
    return () => { over = true; clearTimeout(timer); };
  }, [text, run, level, ask, editor]);
  if (local !== undefined) return { ok: true, value: local, shown: JSON.stringify(local), type: "", message: "", remedy: "", position: null };
  // Before the first run there is no data: only what is wrong with the writing itself is worth a word.
  return ask && found?.of === text && (run || found.preview.ok || found.preview.position !== null) ? found.preview : null;
}

export function Expression({ id, value, onChange, place }: { id: string; value: unknown; onChange: (value: unknown) => void; place?: string }) {
  const editor = useEditor();
  const listId = useId();
  const area = useRef<HTMLTextAreaElement>(null);
  const [search, setSearch] = useState("");
  const [open, setOpen] = useState(true);
  const [offer, setOffer] = useState<Completions>(EMPTY);
  const [chosen, setChosen] = useState(0);
  const graph = editor.use(() => editor.graph());
  const node = editor.use((state) => (place === undefined ? state.selected[0] : place));
  const outputs = editor.use((state) => state.outputs);
  const pins = editor.use((state) => state.pins);
  const prefix = editor.use((state) => recordPath(state.level, state.items, ""));
  const lastInput = editor.use((state) => state.lastInput);
  const text = value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value);
  const sources = useMemo(() => sourcesOf(editor, graph, node ?? ""), [editor, graph, node]);
  const variables = useMemo(() => sources.flatMap((source) => source.variables), [sources]);
  const scope = useMemo(() => ({
    ...(lastInput ? { input: lastInput } : {}),
    ...Object.fromEntries(Object.values(outputs).filter((run) => run.state === "succeeded" || run.state === "handled").map((run) => [run.path.startsWith(prefix) ? run.path.slice(prefix.length) : run.path, run.output])),
    ...Object.fromEntries(Object.values(pins).map((pin) => [pin.node, pin.output])),
  }), [outputs, pins, lastInput, prefix]);
  const preview = usePreview(value, scope);

  const look = (box: HTMLTextAreaElement) => {
    const found = box.selectionStart === box.selectionEnd ? completionsAt(box.value, box.selectionStart, variables, editor.setup.functions) : EMPTY;
    setOffer(found);
    setChosen(0);
  };
  const place_ = (next: string, caret: number) => {
    onChange(next || undefined);
    requestAnimationFrame(() => { area.current?.focus(); area.current?.setSelectionRange(caret, caret); });
  };
  const accept = (item: Completion) => {
    const taken = take(text, offer, item);
    setOffer(EMPTY);
    place_(taken.text, taken.caret);
  };
  const insert = (path: string) => {
    const box = area.current!;
    const [from, to] = [box.selectionStart ?? text.length, box.selectionEnd ?? text.length];
    const before = text.slice(0, from);
    const inside = before.lastIndexOf("{{") > before.lastIndexOf("}}");
    const piece = inside ? path : `{{ ${path} }}`;
    const next = text.trim() ? before + piece + text.slice(to) : piece;
    place_(next, text.trim() ? from + piece.length : next.length);
  };
  const onKey = (event: React.KeyboardEvent) => {
    if (event.ctrlKey && event.key === " ") { look(area.current!); event.preventDefault(); return; }
    if (!offer.items.length) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) setChosen((chosen + step + offer.items.length) % offer.items.length);
    else if (event.key === "Enter" || event.key === "Tab") accept(offer.items[chosen]);
    else if (event.key === "Escape") setOffer(EMPTY);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  useEffect(() => { document.getElementById(`${listId}-${chosen}`)?.scrollIntoView({ block: "nearest" }); }, [chosen, listId]);
  const matches = (variable: Variable) => `${variable.path} ${variable.description}`.toLowerCase().includes(search.toLowerCase());
  const shows = offer.items.length > 0;

  return (
    <div className="ed-expression">
      <textarea
        id={id} ref={area} className="mono no-shortcuts" rows={Math.min(8, Math.max(2, text.split("\n").length))} value={text} spellCheck={false} placeholder="{{ input.name }}"
        role="combobox" aria-autocomplete="list" aria-expanded={shows} aria-controls={listId} aria-activedescendant={shows ? `${listId}-${chosen}` : undefined}
        onChange={(event) => { onChange(event.target.value || undefined); look(event.target); }} onKeyDown={onKey} onClick={() => setOffer(EMPTY)} onBlur={() => setOffer(EMPTY)}
      />
      <div role="listbox" id={listId} className="ed-completions" aria-label={t("completions")} hidden={!shows}>
        {offer.items.map((item, index) => (
          <div key={item.kind + item.text} id={`${listId}-${index}`} role="option" aria-selected={index === chosen} className="ed-completion" onPointerDown={(event) => { event.preventDefault(); accept(item); }}>
            <Icon name={item.kind === "function" ? "braces" : "arrow-right"} /><code>{item.label}</code><span className="truncate faint">{item.kind === "variable" ? known(walkPath(item.text, scope), item.detail) : item.detail}</span>
          </div>
        ))}
      </div>
      {preview && (preview.ok
        ? <p className="ed-result" role="status"><Icon name="arrow-right" /><code>{preview.value === null && preview.type !== "null" && preview.shown ? brief(preview.shown) : brief(preview.value)}</code><span className="faint">{preview.value === null && preview.type && preview.type !== "null" ? t(`type_${preview.type}` as Key) : typeName(preview.value)}</span></p>
        : <p className="ed-result" role="status" data-failed><Icon name="alert" /><span>{preview.position !== null ? `${t("at_character", preview.position + 1)} ` : ""}{preview.message} {preview.remedy}</span></p>)}
      <button type="button" className="ed-fold" aria-expanded={open} onClick={() => setOpen(!open)}><Icon name={open ? "chevron-down" : "chevron-right"} />{t("variables")}</button>
      {open && (
        <div className="ed-variables">
          <input type="search" value={search} placeholder={t("search_variables")} aria-label={t("search_variables")} onChange={(event) => setSearch(event.target.value)} />
          {sources.length === 0 && <p className="ed-hint">{t("no_variables")}</p>}
          {sources.map((source) => {
            const shown = source.variables.filter(matches);
            return shown.length === 0 ? null : (
              <div key={source.id}>
                <div className="ed-group">{source.title}</div>
                {shown.slice(0, 120).map((variable) => (
                  <button
                    type="button" key={variable.path} className="ed-variable" draggable title={variable.description || variable.path} style={{ paddingLeft: 8 + variable.depth * 12 }}
                    onDragStart={(event) => event.dataTransfer.setData("text/plain", `{{ ${variable.path} }}`)} onClick={() => insert(variable.path)}
                  >
                    <code>{variable.name}</code>
                    <span className="truncate faint">{known(walkPath(variable.path, scope), variable.type)}</span>
                  </button>
                ))}
              </div>
            );
          })}
        </div>
      )}
    </div>
  );
}

const known = (value: unknown, otherwise: string): string => (value === undefined ? otherwise : brief(value));
