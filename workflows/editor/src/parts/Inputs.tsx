// Inputs and outputs of the whole workflow: what a caller gives and gets.
import { useState } from "react";
import type { Definition, Schema, Turns } from "../core/model";
import { t, type Key } from "../core/texts";
import { Icon, useEditor } from "./common";
import { Expression } from "./Expression";

const TYPES = ["string", "integer", "number", "boolean", "array", "object"] as const;

export function Inputs() {
  const editor = useEditor();
  const definition = editor.use((state) => state.history.present);
  const [open, setOpen] = useState("");
  const inputs: Schema = definition.inputs ?? { type: "object", properties: {} };
  const properties: Record<string, Schema> = inputs.properties ?? {};
  const required: string[] = inputs.required ?? [];
  const output = definition.output ?? {};

  const store = (next: Record<string, Schema>, needed: string[], merge?: string) => {
    const { required: _, ...rest } = inputs;
    editor.commit(t("did_set", t("inputs")), { ...definition, inputs: { ...rest, properties: next, ...(needed.length ? { required: needed } : {}) } }, merge);
  };
  const change = (name: string, part: Schema, merge?: string) => store({ ...properties, [name]: part }, required, merge);
  const rename = (name: string, next: string) => {
    if (!next || next === name || properties[next]) return;
    store(Object.fromEntries(Object.entries(properties).map(([key, part]) => [key === name ? next : key, part])), required.map((key) => (key === name ? next : key)));
  };
  const setOutput = (next: Record<string, unknown>, merge?: string) => editor.commit(t("did_set", t("output")), { ...definition, output: next }, merge);
  const free = (base: string, taken: Record<string, unknown>) => { let count = 1; while (taken[count === 1 ? base : `${base}_${count}`] !== undefined) count += 1; return count === 1 ? base : `${base}_${count}`; };

  return (
    <div className="ed-pad ed-form">
      <h2 className="ed-heading">{t("inputs")}</h2>
      <p className="field-help">{t("inputs_help")}</p>
      {Object.entries(properties).map(([name, part]) => (
        <details key={name} className="ed-section" open={open === name || undefined}>
          <summary><code>{name}</code><span className="faint">{String(part.type ?? t("any"))}{required.includes(name) ? ` · ${t("required")}` : ""}</span></summary>
          <div className="ed-form">
            <div className="field"><label htmlFor={`in-${name}`}>{t("name")}</label><input id={`in-${name}`} className="mono" defaultValue={name} pattern="[A-Za-z_][A-Za-z0-9_]*" onBlur={(event) => event.target.validity.valid && rename(name, event.target.value)} /></div>
            <div className="field"><label htmlFor={`in-${name}-type`}>{t("type")}</label>
              <select id={`in-${name}-type`} value={part.type ?? ""} onChange={(event) => { const { default: _d, enum: _e, ...rest } = part; change(name, { ...rest, type: event.target.value }); }}>
                {!TYPES.includes(part.type) && <option value={part.type ?? ""}>{t("any")}</option>}
                {TYPES.map((type) => <option key={type} value={type}>{t(`type_${type}` as Key)}</option>)}
              </select></div>
            <div className="field"><label htmlFor={`in-${name}-text`}>{t("description")}</label><input id={`in-${name}-text`} value={part.description ?? ""} onChange={(event) => change(name, { ...part, description: event.target.value }, `input text ${name}`)} /><p className="field-help">{t("description_help")}</p></div>
            <div className="field"><label htmlFor={`in-${name}-default`}>{t("default_value")}</label><input id={`in-${name}-default`} className="mono" defaultValue={part.default === undefined ? "" : JSON.stringify(part.default)} placeholder={t("none")}
              onBlur={(event) => { const { default: _, ...rest } = part; change(name, event.target.value.trim() ? { ...rest, default: literal(event.target.value) } : rest); }} /></div>
            <div className="row">
              <label className="ed-check"><input type="checkbox" checked={required.includes(name)} onChange={(event) => store(properties, event.target.checked ? [...required, name] : required.filter((key) => key !== name))} />{t("required")}</label>
              <span className="grow" />
              <button type="button" className="button button-quiet button-small" onClick={() => { const { [name]: _, ...rest } = properties; store(rest, required.filter((key) => key !== name)); }}><Icon name="trash" />{t("delete")}</button>
            </div>
          </div>
        </details>
      ))}
      <button type="button" className="button button-small" onClick={() => { const name = free("value", properties); setOpen(name); change(name, { type: "string", description: "" }); }}><Icon name="plus" />{t("add_input")}</button>

      <h2 className="ed-heading">{t("output")}</h2>
      <p className="field-help">{t("output_help")}</p>
      {Object.entries(output).map(([name, value]) => (
        <details key={name} className="ed-section" open={open === `out ${name}` || undefined}>
          <summary><code>{name}</code><span className="faint truncate">{typeof value === "string" ? value : JSON.stringify(value)}</span></summary>
          <div className="ed-form">
            <div className="field"><label htmlFor={`out-${name}`}>{t("name")}</label><input id={`out-${name}`} className="mono" defaultValue={name} onBlur={(event) => { const next = event.target.value; if (next && next !== name && output[next] === undefined) setOutput(Object.fromEntries(Object.entries(output).map(([key, item]) => [key === name ? next : key, item]))); }} /></div>
            <div className="field"><label htmlFor={`out-${name}-value`}>{t("value")}</label><Expression id={`out-${name}-value`} place="" value={value} onChange={(next) => setOutput({ ...output, [name]: next ?? "" }, `output ${name}`)} /></div>
            <div className="row"><span className="grow" /><button type="button" className="button button-quiet button-small" onClick={() => { const { [name]: _, ...rest } = output; setOutput(rest); }}><Icon name="trash" />{t("delete")}</button></div>
          </div>
        </details>
      ))}
      <button type="button" className="button button-small" onClick={() => { const name = free("result", output); const last = definition.nodes.at(-1); setOpen(`out ${name}`); setOutput({ ...output, [name]: last ? `{{ ${last.id} }}` : "" }); }}><Icon name="plus" />{t("add_output")}</button>
      <Limits />
    </div>
  );
}

/** What holds for every run of the workflow: its time limit, how many at once, and what starts it. */
function Limits() {
  const editor = useEditor();
  const definition = editor.use((state) => state.history.present);
  const turns = definition.concurrency ?? undefined;
  const { edit: may } = editor.setup.may;
  const change = (part: Partial<Definition>) => {
    const next: Definition = { ...definition, ...part };
    for (const name of ["timeout", "concurrency"] as const) if (next[name] === undefined) delete next[name];
    editor.commit(t("did_limits"), next, "limits");
  };
  const set = (part: Partial<Turns>) => {
    const { key, limit, policy } = { ...turns, ...part };
    change({ concurrency: limit ? { ...(key ? { key } : {}), limit, ...(policy && policy !== "queue" ? { policy } : {}) } : undefined });
  };
  return (
    <>
      <h2 className="ed-heading">{t("whole_settings")}</h2>
      <fieldset className="ed-form ed-plain" disabled={!may}>
        <div className="field"><label htmlFor="run-timeout">{t("run_timeout")}</label><input id="run-timeout" type="number" min={1} max={604800} value={definition.timeout ?? ""} placeholder="300" onChange={(event) => change({ timeout: event.target.value === "" ? undefined : event.target.valueAsNumber })} /></div>
        <div className="field" data-field="concurrency"><label htmlFor="turns-limit">{t("turns")}</label><input id="turns-limit" type="number" min={1} max={1000} value={turns?.limit ?? (turns ? 1 : "")} placeholder={t("turns_off")} onChange={(event) => set({ limit: event.target.value === "" ? undefined : event.target.valueAsNumber })} /></div>
        {turns && (
          <>
            <div className="field"><label htmlFor="turns-key">{t("turns_key")}</label><input id="turns-key" className="mono" value={turns.key ?? ""} maxLength={400} placeholder="{{ input.customer }}" onChange={(event) => set({ key: event.target.value, limit: turns.limit ?? 1 })} /><p className="field-help">{t("turns_key_help")}</p></div>
            <div className="field"><label htmlFor="turns-policy">{t("turns_policy")}</label>
              <select id="turns-policy" value={turns.policy ?? "queue"} onChange={(event) => set({ policy: event.target.value as Turns["policy"], limit: turns.limit ?? 1 })}>
                {(["queue", "skip", "cancel_previous"] as const).map((name) => <option key={name} value={name}>{t(`policy_${name}`)}</option>)}
              </select></div>
          </>
        )}
      </fieldset>
      <div><a className="button button-small" href={editor.setup.urls.triggers}><Icon name="bolt" />{t("triggers")}</a><p className="field-help">{t("triggers_help")}</p></div>
    </>
  );
}

function literal(text: string): unknown {
  try { return JSON.parse(text); } catch { return text; }
}
