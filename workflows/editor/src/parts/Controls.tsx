// Controls of one kind each: a secret that can be shown, a moment, a file that is stored first.
import { useState } from "react";
import { toIso, toLocal } from "../core/dates";
import type { Schema } from "../core/model";
import { t } from "../core/texts";
import { Icon, number, useEditor } from "./common";

interface Props { id: string; value: unknown; onChange: (value: unknown) => void; required?: boolean; placeholder?: string }

export function SecretControl({ id, value, onChange, required, placeholder }: Props) {
  const [shown, setShown] = useState(false);
  return (
    <div className="ed-join">
      <input id={id} type={shown ? "text" : "password"} autoComplete="new-password" spellCheck={false} value={typeof value === "string" ? value : ""} placeholder={placeholder} onChange={(event) => onChange(event.target.value === "" && !required ? undefined : event.target.value)} />
      <button type="button" className="button button-icon" aria-label={t(shown ? "hide_secret" : "show_secret")} title={t(shown ? "hide_secret" : "show_secret")} aria-pressed={shown} onClick={() => setShown(!shown)}><Icon name={shown ? "lock" : "eye"} /></button>
    </div>
  );
}

export function DateControl({ id, value, onChange, schema }: Props & { schema: Schema }) {
  const text = typeof value === "string" ? value : "";
  if (schema.format === "date") return <input id={id} type="date" value={text} onChange={(event) => onChange(event.target.value || undefined)} />;
  if (schema.format === "time") return <input id={id} type="time" value={text.slice(0, 5)} onChange={(event) => onChange(event.target.value ? `${event.target.value}:00` : undefined)} />;
  return <input id={id} type="datetime-local" value={toLocal(text)} onChange={(event) => onChange(event.target.value ? toIso(event.target.value) : undefined)} />;
}

const UNITS = [["days", 86_400], ["hours", 3_600], ["minutes", 60], ["seconds", 1]] as const;

/** Seconds, written in the largest unit that fits. */
export function DurationControl({ id, value, onChange }: Props) {
  const seconds = typeof value === "number" ? value : undefined;
  const [unit, setUnit] = useState<number>(() => UNITS.find(([, size]) => seconds && seconds % size === 0)?.[1] ?? 3_600);
  return (
    <div className="ed-join ed-duration">
      <input id={id} type="number" min={0} step="any" value={seconds === undefined ? "" : seconds / unit} placeholder={t("never")} onChange={(event) => onChange(event.target.value === "" ? undefined : event.target.valueAsNumber * unit)} />
      <select aria-label={t("type")} value={unit} onChange={(event) => { const next = Number(event.target.value); setUnit(next); if (seconds !== undefined) onChange((seconds / unit) * next); }}>
        {UNITS.map(([name, size]) => <option key={name} value={size}>{t(`expires_${name}`)}</option>)}
      </select>
    </div>
  );
}

/** An address, with those of the workspace's members at hand. */
export function PeopleControl({ id, value, onChange, required }: Props) {
  const editor = useEditor();
  return (
    <>
      <input id={id} type="email" list={`${id}-people`} autoComplete="off" value={typeof value === "string" ? value : ""} onChange={(event) => onChange(event.target.value === "" && !required ? undefined : event.target.value)} />
      <datalist id={`${id}-people`}>{editor.setup.people.map((address) => <option key={address} value={address} />)}</datalist>
    </>
  );
}

export function FileControl({ id, value, onChange }: Props) {
  const editor = useEditor();
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState("");
  const [over, setOver] = useState(false);
  const file = value && typeof value === "object" ? (value as { name?: string; size?: number; id?: string }) : null;
  const store = async (chosen: File | undefined) => {
    if (!chosen) return;
    setBusy(true);
    setFailed("");
    try {
      onChange(await editor.api.upload(chosen));
    } catch (error) {
      setFailed((error as Error).message);
    }
    setBusy(false);
  };
  return (
    <div
      className="ed-file" data-over={over || undefined}
      onDragOver={(event) => { event.preventDefault(); setOver(true); }} onDragLeave={() => setOver(false)}
      onDrop={(event) => { event.preventDefault(); event.stopPropagation(); setOver(false); void store(event.dataTransfer.files[0]); }}
    >
      {file
        ? <p className="ed-file-name"><Icon name="document" /><span className="truncate grow">{file.name ?? file.id}</span><span className="tiny faint">{file.size !== undefined ? t("kibibytes", number(Math.ceil(file.size / 1024))) : ""}</span>
          <button type="button" className="button button-quiet button-icon button-small" aria-label={t("clear")} onClick={() => onChange(undefined)}><Icon name="x" /></button></p>
        : null}
      <label className="button button-small" htmlFor={id}><Icon name="upload" />{busy ? t("uploading") : t(file ? "other_file" : "choose_file")}</label>
      <input id={id} type="file" className="visually-hidden" disabled={busy} onChange={(event) => { void store(event.target.files?.[0]); event.target.value = ""; }} />
      {!file && <span className="tiny faint">{t("drop_file")}</span>}
      {failed && <p className="field-errors" role="alert"><Icon name="alert" /><span>{failed}</span></p>}
    </div>
  );
}
