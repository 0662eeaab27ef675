// The inspector of the selected node: settings, what went in and came out in the last run, notes.
import { useEffect, useMemo, useRef, useState } from "react";
import * as edits from "../core/edits";
import { edgeKey, OUT, titleOf, type Issue, type Node, type Schema } from "../core/model";
import { t } from "../core/texts";
import { ActionIcon, actionOfNode, duration, Icon, StateMark, useEditor } from "./common";
import { Curl } from "./Curl";
import { ConnectDialog } from "./ConnectDialog";
import { Expression } from "./Expression";
import { Field } from "./Field";
import { Choices } from "./OptionsControl";
import { MarkInspector } from "./MarkInspector";
import { NodeInput, NodeOutput } from "./NodeData";
import { Selection } from "./Selection";
import { Reliability } from "./Reliability";

const TABS = ["settings", "input", "output", "notes"] as const;

export function Inspector() {
  const editor = useEditor();
  const id = editor.use((state) => (state.selected.length === 1 ? state.selected[0] : ""));
  const node = editor.use(() => editor.nodeById(id));
  const edge = editor.use((state) => state.edge);
  const many = editor.use((state) => state.selected.length);
  const mark = editor.use((state) => (state.outline ? state.mark : null));
  if (mark) return <MarkInspector mark={mark} />;
  if (edge) return <EdgeInspector id={edge} />;
  if (node) return <NodeInspector key={node.id} node={node} />;
  if (many > 1) return <Selection />;
  return null;
}

function NodeInspector({ node }: { node: Node }) {
  const editor = useEditor();
  const action = editor.use((state) => state.actions.get(node.action));
  const tab = editor.use((state) => state.inspector);
  const key = editor.use((state) => [...state.level, node.id].join("/"));
  const overlay = editor.use((state) => state.overlay.nodes[key]);
  const set = (label: string, change: Partial<Node>, merge?: string) => editor.edit(label, (graph) => edits.updateNode(graph, node.id, change), merge);
  return (
    <aside className="ed-inspector" aria-label={t("inspector")} data-region="inspector">
      <header>
        <ActionIcon action={actionOfNode(node)} />
        <div className="grow">
          <input
            id="node-title" className="ed-title" value={node.title ?? ""} placeholder={action?.title ?? node.action} aria-label={t("node_name")} maxLength={120}
            onChange={(event) => set(t("did_rename"), { title: event.target.value || undefined }, `title ${node.id}`)}
          />
          <p className="tiny faint"><code>{node.id}</code> · {action?.title ?? node.action}</p>
        </div>
        {overlay && <StateMark state={overlay.state} label={overlay.ms !== undefined ? duration(overlay.ms) : undefined} />}
        <button type="button" className="button button-quiet button-icon" aria-label={t("close")} onClick={() => editor.store.set({ selected: [] })}><Icon name="x" /></button>
      </header>
      <div className="tabs" role="tablist" aria-label={t("inspector")}>
        {TABS.map((name) => (
          <button key={name} type="button" role="tab" id={`inspector-${name}`} aria-selected={tab === name} aria-controls="inspector-panel" onClick={() => editor.store.set({ inspector: name })}>{t(name)}</button>
        ))}
      </div>
      <div className="ed-pad" id="inspector-panel" role="tabpanel" aria-labelledby={`inspector-${tab}`}>
        {tab === "settings" && <Settings node={node} />}
        {tab === "input" && <NodeInput node={node} />}
        {tab === "output" && <NodeOutput node={node} schema={action?.output_schema ?? {}} />}
        {tab === "notes" && (
          <div className="field">
            <label htmlFor="node-note">{t("note")}</label>
            <textarea id="node-note" className="no-shortcuts" rows={8} value={node.note ?? ""} onChange={(event) => set(t("did_note"), { note: event.target.value || undefined }, `note ${node.id}`)} />
          </div>
        )}
      </div>
    </aside>
  );
}

function Settings({ node }: { node: Node }) {
  const editor = useEditor();
  const action = editor.use((state) => state.actions.get(node.action));
  const connections = editor.use((state) => state.connections);
  const key = editor.use((state) => [...state.level, node.id].join("/"));
  const issues = editor.use((state) => state.issues);
  const focus = editor.use((state) => state.focus);
  const box = useRef<HTMLDivElement>(null);
  const problems = useMemo(() => issues.filter((issue) => issue.node === key || issue.node === node.id), [issues, key, node.id]);
  const schema: Schema = action?.input_schema ?? {};
  const required: string[] = schema.required ?? [];
  const names = Object.keys(schema.properties ?? {});
  const set = (label: string, change: Partial<Node>, merge?: string) => editor.edit(label, (graph) => edits.updateNode(graph, node.id, change), merge);

  useEffect(() => {
    if (!focus || !box.current) return;
    const field = box.current.querySelector(`[data-field="${CSS.escape(focus)}"]`) ?? box.current.querySelector(`[data-field="${CSS.escape(focus.split(/[.[]/)[0])}"]`);
    for (let fold = field?.closest("details"); fold; fold = fold.parentElement?.closest("details")) fold.open = true;
    field?.scrollIntoView({ block: "center" });
    field?.querySelector<HTMLElement>("input, select, textarea, button:not(.ed-fx)")?.focus();
    editor.store.set({ focus: "" });
  }, [focus, editor]);

  const change = (name: string, value: unknown) => {
    const { [name]: _, ...rest } = node.params ?? {};
    set(t("did_set", name), { params: value === undefined ? rest : { ...(node.params ?? {}), [name]: value } }, `param ${node.id} ${name}`);
  };
  const field = (name: string) => (
    <Field key={`${node.id} ${name}`} name={name} path={name} schema={schema.properties[name]} root={schema} value={node.params?.[name]} required={required.includes(name)} problems={shortened(problems)} onChange={(value) => change(name, value)} />
  );
  const [connecting, setConnecting] = useState(false);
  const choices = useMemo(() => ({
    fields: action?.dynamic_fields ?? [],
    ask: (name: string, query: string) => {
      const now = editor.nodeById(node.id) ?? node;
      return editor.api.options(now.action, name, query, now.params ?? {}, now.connection ?? null);
    },
  }), [action, editor, node.id]);
  const isSet = (name: string) => node.params?.[name] !== undefined;
  const common = names.filter((name) => !required.includes(name));
  const advanced = common.filter((name) => (schema.properties[name]?.["x-advanced"] || common.indexOf(name) >= 4) && !isSet(name));
  const mine = connections.filter((item) => item.connector === action?.connector);
  const others = problems.filter((issue) => !issue.field || !issue.field.startsWith("params"));
  return (
    <div ref={box} className="ed-form">
      {action ? <p className="small muted">{action.description}</p> : <p className="field-errors"><Icon name="alert" />{t("unknown_action", node.action)}</p>}
      {others.map((issue) => <p key={issue.message} className="field-errors" data-field={issue.field} data-severity={issue.severity}><Icon name="alert" /><span>{issue.message} {issue.remedy}</span></p>)}
      {action?.needs_credential && (
        <div className="field" data-field="connection">
          <label htmlFor="node-connection">{t("connection")}<span className="grow" />{editor.setup.may.connect && <button type="button" className="ed-link" id="node-connect" onClick={() => setConnecting(true)}><Icon name="plug" />{t("connect_new")}</button>}</label>
          <select id="node-connection" value={node.connection ?? ""} onChange={(event) => set(t("did_set", t("connection")), { connection: event.target.value || undefined })}>
            <option value="">{t("workspace_connection")}</option>
            {mine.map((item) => <option key={item.id} value={item.id}>{item.name}</option>)}
            {mine.length === 0 && <option disabled value="none">{t("no_connections")}</option>}
            {node.connection && !mine.some((item) => item.id === node.connection) && <option value={node.connection}>{node.connection}</option>}
          </select>
        </div>
      )}
      {connecting && action && <ConnectDialog connector={action.connector} onClose={() => setConnecting(false)} onDone={(id) => { setConnecting(false); set(t("did_set", t("connection")), { connection: id }); }} />}
      {node.action === "http.request" && editor.setup.may.edit && <Curl key={node.id} onRead={(params) => set(t("did_curl"), { params })} />}
      <Choices.Provider value={choices}>
      {names.filter((name) => required.includes(name)).map(field)}
      {common.filter((name) => !advanced.includes(name)).map(field)}
      {advanced.length > 0 && <details className="ed-section"><summary>{t("advanced", advanced.length)}</summary><div className="ed-form">{advanced.map(field)}</div></details>}
      </Choices.Provider>
      {names.length === 0 && action && <p className="ed-hint">{t("no_settings")}</p>}
      <Reliability node={node} action={action} onChange={set} />
    </div>
  );
}

/** The server says `params.count`; fields are called `count`. */
const shortened = (issues: Issue[]) => issues.map((issue) => ({ ...issue, field: issue.field.replace(/^params\.?/, "") }));

function EdgeInspector({ id }: { id: string }) {
  const editor = useEditor();
  const edge = editor.use(() => editor.graph().edges.find((item) => edgeKey(item) === id));
  if (!edge) return null;
  const name = (node: string) => { const found = editor.nodeById(node); return found ? titleOf(found, editor.actionOf(found)) : node; };
  return (
    <aside className="ed-inspector" aria-label={t("inspector")} data-region="inspector">
      <header><div className="grow"><strong>{name(edge.from)} → {name(edge.to)}</strong><p className="tiny faint">{t("port")}: <code>{edge.port ?? OUT}</code></p></div>
        <button type="button" className="button button-quiet button-icon" aria-label={t("close")} onClick={() => editor.store.set({ edge: null })}><Icon name="x" /></button></header>
      <div className="ed-pad ed-form">
        <div className="field">
          <label htmlFor="edge-when">{t("edge_when")}</label>
          <Expression id="edge-when" place={edge.to} value={edge.when ?? undefined} onChange={(value) => editor.edit(t("did_set", t("edge_when")), (graph) => edits.updateEdge(graph, id, { when: (value as string) ?? null }), `when ${id}`)} />
          <p className="field-help">{t("edge_when_help")}</p>
        </div>
        <button type="button" className="button button-danger" onClick={editor.remove}><Icon name="trash" />{t("remove_edge")}</button>
      </div>
    </aside>
  );
}
