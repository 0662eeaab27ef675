// The form that starts a run, filled from the last run, a kept input or the template's sample.
import { useState } from "react";
import { ApiError, type Problem } from "../core/api";
import type { Schema } from "../core/model";
import { t } from "../core/texts";
import { Dialog, Icon, useEditor } from "./common";
import { Field } from "./Field";

export function defaults(schema: Schema): Record<string, unknown> {
  return Object.fromEntries(Object.entries((schema.properties ?? {}) as Record<string, Schema>).filter(([, part]) => part.default !== undefined).map(([name, part]) => [name, part.default]));
}

export const Failure = ({ error }: { error: string }) => (error ? <p className="field-errors" role="alert"><Icon name="alert" /><span>{error}</span></p> : null);

/** What went wrong, and the problems that belong to no field of the form. */
export function explain(error: unknown, known: string[]): { text: string; problems: Problem[] } {
  const problems = error instanceof ApiError ? error.problems : [];
  const rest = problems.filter((problem) => !known.includes(problem.field.replace(/^input\./, "").split(/[.[]/)[0]));
  const text = [(error as Error).message, ...rest.map((problem) => `${problem.field}: ${problem.message} ${problem.remedy}`), error instanceof ApiError ? error.remedy : ""];
  return { text: text.filter(Boolean).join(" "), problems };
}

const clean = (value: Record<string, unknown>) => Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined));

export function RunDialog({ onClose }: { onClose: () => void }) {
  const editor = useEditor();
  const schema = editor.use((state) => state.history.present.inputs);
  const last = editor.use((state) => state.lastInput);
  const kept = editor.use((state) => state.kept);
  const part = editor.use((state) => state.part);
  const names = Object.keys(schema.properties ?? {});
  const [value, setValue] = useState<Record<string, unknown>>(() => ({ ...defaults(schema), ...fitting(last ?? editor.setup.sample_input) }));
  const [raw, setRaw] = useState<string | null>(null);
  const [name, setName] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState<{ text: string; problems: Problem[] }>({ text: "", problems: [] });

  /** Values of an earlier input whose names still exist. */
  function fitting(input: Record<string, unknown>): Record<string, unknown> {
    return Object.fromEntries(Object.entries(input).filter(([key]) => names.includes(key)));
  }
  const given = () => clean(raw === null ? value : JSON.parse(raw));
  const attempt = async (work: () => Promise<void>) => {
    setBusy(true);
    setFailed({ text: "", problems: [] });
    try {
      await work();
    } catch (error) {
      setFailed(explain(error, names));
    }
    setBusy(false);
  };
  const fill = (key: string) => {
    const source = key === "last" ? last : key === "sample" ? editor.setup.sample_input : kept.find((item) => item.id === key)?.input;
    if (!source) return;
    const next = { ...defaults(schema), ...fitting(source) };
    setValue(next);
    if (raw !== null) setRaw(JSON.stringify(next, null, 2));
  };
  const toggle = () => {
    if (raw === null) return setRaw(JSON.stringify(clean(value), null, 2));
    try {
      setValue(JSON.parse(raw));
      setRaw(null);
    } catch (error) {
      setFailed({ text: (error as Error).message, problems: [] });
    }
  };
  const hasSample = Object.keys(editor.setup.sample_input).length > 0;
  const node = part.start ?? part.target;
  return (
    <Dialog
      title={t("run_draft")} onClose={onClose}
      foot={<><button type="button" className="button button-quiet" onClick={toggle}><Icon name="braces" />{raw === null ? "JSON" : t("form")}</button>
        {editor.setup.may.edit && names.length > 0 && <button type="button" className="button button-quiet" onClick={() => setName(name === null ? "" : null)} aria-expanded={name !== null}><Icon name="inbox" />{t("keep_input")}</button>}
        <span className="grow" /><button type="button" className="button" onClick={onClose}>{t("cancel")}</button><button type="submit" form="ed-run-form" className="button button-primary" id="run-go" disabled={busy}><Icon name="play" />{t("run")}</button></>}
    >
      <form id="ed-run-form" className="ed-form" noValidate onSubmit={(event) => { event.preventDefault(); void attempt(() => editor.run(given(), part)); }}>
        {node && <p className="field-help">{t(part.start ? (part.target ? "run_part_only" : "run_part_from") : "run_part_to", node)}</p>}
        {(kept.length > 0 || (last && hasSample)) && (
          <div className="field"><label htmlFor="run-kept">{t("kept_inputs")}</label>
            <select id="run-kept" value="" onChange={(event) => fill(event.target.value)}>
              <option value="">{t("kept_choose")}</option>
              {last && <option value="last">{t("kept_last")}</option>}
              {hasSample && <option value="sample">{t("kept_sample")}</option>}
              {kept.map((item) => <option key={item.id} value={item.id}>{item.name}</option>)}
            </select></div>
        )}
        <Failure error={failed.text} />
        {raw !== null ? <textarea className="mono" rows={12} value={raw} aria-label="JSON" onChange={(event) => setRaw(event.target.value)} />
          : names.length === 0 ? <p className="muted">{t("no_inputs")}</p>
            : names.map((key) => (
              <Field key={key} name={key} path={key} schema={schema.properties[key]} root={schema} plain value={value[key]} required={schema.required?.includes(key)}
                problems={failed.problems.map((problem) => ({ ...problem, field: problem.field.replace(/^input\./, ""), severity: "error" }))}
                onChange={(next) => setValue((before) => ({ ...before, [key]: next }))} />
            ))}
        {name !== null && (
          <div className="field"><label htmlFor="run-keep-name">{t("kept_name")}</label>
            <div className="row"><input id="run-keep-name" className="grow" value={name} maxLength={80} onChange={(event) => setName(event.target.value)} />
              <button type="button" className="button" id="run-keep" disabled={!name.trim() || busy} onClick={() => void attempt(async () => { await editor.keepInput(name.trim(), given()); setName(null); })}>{t("keep")}</button></div>
            {kept.length > 0 && <div className="ed-chips">{kept.map((item) => <button key={item.id} type="button" aria-label={t("kept_forget", item.name)} title={t("kept_forget", item.name)} onClick={() => void attempt(() => editor.forgetInput(item.id))}>{item.name} ×</button>)}</div>}
          </div>
        )}
      </form>
    </Dialog>
  );
}
