// The editor of an expression: text, the names that may stand in it, and its value from the last run.
import { useMemo, useRef, useState } from "react";
import { upstreamOf, type Graph } from "../core/model";
import { variablesOf, walkPath, type Variable } from "../core/schema";
import { t } from "../core/texts";
import { Icon, useEditor } from "./common";
import type { Editor } from "../core/editor";

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
const typeName = (value: unknown): string => (value === null ? "null" : Array.isArray(value) ? t("list_of", value.length) : typeof value === "object" ? t("record") : typeof value);

export function Expression({ id, value, onChange, place }: { id: string; value: unknown; onChange: (value: unknown) => void; place?: string }) {
  const editor = useEditor();
  const area = useRef<HTMLTextAreaElement>(null);
  const [search, setSearch] = useState("");
  const [open, setOpen] = useState(true);
  const graph = editor.use(() => editor.graph());
  const node = editor.use((state) => (place === undefined ? state.selected[0] : place));
  const outputs = editor.use((state) => state.outputs);
  const lastInput = editor.use((state) => state.lastInput);
  const text = value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value);
  const sources = useMemo(() => sourcesOf(editor, graph, node ?? ""), [editor, graph, node]);
  const scope = useMemo(() => ({
    ...(lastInput ? { input: lastInput } : {}),
    ...Object.fromEntries(Object.values(outputs).filter((run) => run.state === "succeeded").map((run) => [run.path, run.output])),
  }), [outputs, lastInput]);
  const inner = /^\s*\{\{([\s\S]*)\}\}\s*$/.exec(text)?.[1];
  const result = inner !== undefined ? walkPath(inner, scope) : undefined;

  const insert = (path: string) => {
    const box = area.current!;
    const [from, to] = [box.selectionStart ?? text.length, box.selectionEnd ?? text.length];
    const before = text.slice(0, from);
    const inside = before.lastIndexOf("{{") > before.lastIndexOf("}}");
    const piece = inside ? path : `{{ ${path} }}`;
    const next = text.trim() ? before + piece + text.slice(to) : piece;
    onChange(next);
    requestAnimationFrame(() => {
      box.focus();
      const at = text.trim() ? from + piece.length : next.length;
      box.setSelectionRange(at, at);
    });
  };
  const matches = (variable: Variable) => `${variable.path} ${variable.description}`.toLowerCase().includes(search.toLowerCase());

  return (
    <div className="ed-expression">
      <textarea
        id={id} ref={area} className="mono no-shortcuts" rows={Math.min(8, Math.max(2, text.split("\n").length))} value={text} spellCheck={false} placeholder="{{ input.name }}"
        onChange={(event) => onChange(event.target.value || undefined)}
      />
      {result !== undefined && <p className="ed-result"><Icon name="arrow-right" /><code>{brief(result)}</code><span className="faint">{typeName(result)}</span></p>}
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
                {shown.slice(0, 120).map((variable) => {
                  const known = walkPath(variable.path, scope);
                  return (
                    <button
                      type="button" key={variable.path} className="ed-variable" draggable title={variable.description || variable.path} style={{ paddingLeft: 8 + variable.depth * 12 }}
                      onDragStart={(event) => event.dataTransfer.setData("text/plain", `{{ ${variable.path} }}`)} onClick={() => insert(variable.path)}
                    >
                      <code>{variable.name}</code>
                      <span className="truncate faint">{known === undefined ? variable.type : brief(known)}</span>
                    </button>
                  );
                })}
              </div>
            );
          })}
        </div>
      )}
    </div>
  );
}
