// What went into a node and what came out: of the last run, pinned, or written by hand.
import { useState } from "react";
import type { NodeRun } from "../core/api";
import type { Node, Schema } from "../core/model";
import { recordPath } from "../core/overlay";
import { t } from "../core/texts";
import { Icon, moment, useEditor } from "./common";
import { DataView } from "./DataView";
import { Items } from "./Items";

export function NodeInput({ node }: { node: Node }) {
  const editor = useEditor();
  const outputs = editor.use((state) => state.outputs);
  const pins = editor.use((state) => state.pins);
  const edges = editor.use(() => editor.graph().edges);
  const lastInput = editor.use((state) => state.lastInput);
  const prefix = editor.use((state) => recordPath(state.level, state.items, ""));
  const sources = [...new Set(edges.filter((edge) => edge.to === node.id).map((edge) => edge.from))];
  const known = sources.filter((id) => outputs[prefix + id] || pins[id]);
  if (!known.length && !lastInput) return <p className="ed-hint">{t("no_data_yet")}</p>;
  return (
    <>
      {lastInput && <DataView value={lastInput} source={t("inputs")} path="input" />}
      {known.map((id) => <DataView key={id} value={(!prefix && pins[id] ? pins[id] : outputs[prefix + id]).output} source={id} path={id} />)}
    </>
  );
}

const sourceOf = (run: NodeRun): string => (run.started_at ? t("from_run_at", moment(run.started_at)) : t("from_last_run"));

export function NodeOutput({ node, schema }: { node: Node; schema: Schema }) {
  const editor = useEditor();
  const path = editor.use((state) => [...state.level, node.id].join("/"));
  const run = editor.use((state) => state.outputs[recordPath(state.level, state.items, node.id)]);
  const pin = editor.use((state) => (state.level.length ? undefined : state.pins[node.id]));
  const top = editor.use((state) => state.level.length === 0);
  const stale = editor.use((state) => state.stale.has(path));
  const [text, setText] = useState<string | null>(null);
  const [failed, setFailed] = useState("");
  const may = editor.setup.may.edit && top;
  const edit = (value: unknown) => { setFailed(""); setText(JSON.stringify(value ?? {}, null, 2)); };
  const store = async () => {
    let value: unknown;
    try {
      value = JSON.parse(text ?? "");
    } catch (error) {
      return setFailed(t("not_json", (error as Error).message));
    }
    if (await editor.pin(node.id, value, pin?.port ?? run?.port ?? "out")) setText(null);
  };
  if (text !== null) {
    return (
      <div className="ed-form">
        <div className="field"><label htmlFor="pin-text">{t("edit_output")}</label>
          <textarea id="pin-text" className="mono no-shortcuts" rows={16} value={text} spellCheck={false} onChange={(event) => setText(event.target.value)} />
          <p className="field-help">{t("pin_help")}</p>
          {failed && <p className="field-errors" role="alert"><Icon name="alert" /><span>{failed}</span></p>}</div>
        <div className="row"><button type="button" className="button button-primary" id="pin-save" onClick={() => void store()}><Icon name="pin" />{t("save_pin")}</button><button type="button" className="button" onClick={() => setText(null)}>{t("cancel")}</button></div>
      </div>
    );
  }
  const shown = pin ?? (run?.error ? { output: run.error } : run);
  const tools = may && (
    <>
      {shown && !run?.error && <button type="button" className="button button-quiet button-icon button-small" id="pin-edit" aria-label={t("edit_output")} title={t("edit_output")} onClick={() => edit(shown.output)}><Icon name="edit" /></button>}
      {(pin || (run && !run.error)) && <button type="button" className="button button-small" id="pin-toggle" aria-pressed={Boolean(pin)} onClick={() => void editor.togglePin(node.id)}><Icon name="pin" />{t(pin ? "unpin" : "pin_short")}</button>}
    </>
  );
  return (
    <>
      <Items node={node} />
      {shown ? (
        <DataView
          value={shown.output} path={node.id} tools={tools}
          source={pin ? <span className="ed-from" data-kind="pinned"><Icon name="pin" />{pin.saved_by ? t("pinned_by", pin.saved_by) : t("from_pinned")}</span> : sourceOf(run!)}
          note={stale && !pin ? <p className="ed-stale"><Icon name="half-circle" />{t("stale_data")}</p> : undefined}
        />
      ) : (
        <>
          <p className="ed-hint">{t("no_data_yet")}</p>
          {may && <div className="row"><button type="button" className="button button-small" id="pin-write" onClick={() => edit({})}><Icon name="edit" />{t("write_output")}</button></div>}
        </>
      )}
      <details className="ed-section"><summary>{t("output_schema")}</summary><pre className="code" tabIndex={0}>{JSON.stringify(schema, null, 2)}</pre></details>
    </>
  );
}
