// Retry, time limit, what a failure means, cache: common to all nodes.
import type { Action, Node, Pace } from "../core/model";
import { t } from "../core/texts";
import { useEditor } from "./common";

export function Reliability({ node, action, onChange }: {
  node: Node; action: Action | undefined; onChange: (label: string, change: Partial<Node>, merge?: string) => void;
}) {
  const editor = useEditor();
  const retry = node.retry ?? {};
  const numberField = (id: string, label: string, value: number | null | undefined, placeholder: string, limits: { min: number; max: number }, set: (value: number | undefined) => void, help?: string) => (
    <div className="field" data-field={id}>
      <label htmlFor={`rel-${id}`}>{label}</label>
      <input id={`rel-${id}`} type="number" min={limits.min} max={limits.max} step="any" value={value ?? ""} placeholder={placeholder} onChange={(event) => set(event.target.value === "" ? undefined : event.target.valueAsNumber)} />
      {help && <p className="field-help">{help}</p>}
    </div>
  );
  const setRetry = (name: string, value: number | undefined) => {
    const { [name as keyof typeof retry]: _, ...rest } = retry;
    const next = value === undefined ? rest : { ...retry, [name]: value };
    onChange(t("did_set", t("retries")), { retry: Object.keys(next).length ? next : undefined }, `retry ${name} ${node.id}`);
  };
  const pace = node.rate ?? undefined;
  const setPace = (change: Partial<Pace>) => {
    const { limit, per = 60, key = "" } = { limit: pace?.limit, per: pace?.per, key: pace?.key, ...change };
    onChange(t("did_set", t("rate")), { rate: limit ? { limit, per, ...(key ? { key } : {}) } : undefined }, `rate ${node.id}`);
  };
  const policy = node.on_error?.policy ?? "stop";
  const touched = Boolean(node.retry || node.timeout || node.on_error || node.cache || node.rate || node.disabled);
  return (
    <details className="ed-section" open={touched || undefined}>
      <summary>{t("reliability")}</summary>
      <div className="ed-form">
        <div className="field-row">
          {numberField("retry.max_attempts", t("attempts"), retry.max_attempts, "1", { min: 1, max: 20 }, (value) => setRetry("max_attempts", value))}
          {numberField("retry.delay", t("retry_delay"), retry.delay, "1", { min: 0, max: 3600 }, (value) => setRetry("delay", value))}
        </div>
        {(retry.max_attempts ?? 1) > 1 && (
          <div className="field-row">
            {numberField("retry.factor", t("factor"), retry.factor, "2", { min: 1, max: 10 }, (value) => setRetry("factor", value))}
            {numberField("retry.max_delay", t("max_delay"), retry.max_delay, "60", { min: 0, max: 86400 }, (value) => setRetry("max_delay", value))}
            {numberField("retry.jitter", t("jitter"), retry.jitter, "0.2", { min: 0, max: 1 }, (value) => setRetry("jitter", value))}
          </div>
        )}
        <div className="field-row">
          {numberField("timeout", t("timeout"), node.timeout, String(action?.timeout ?? 30), { min: 1, max: 86400 }, (value) => onChange(t("did_set", t("timeout")), { timeout: value }, `timeout ${node.id}`))}
          {numberField("cache", t("cache"), node.cache, String(action?.cache ?? 0), { min: 0, max: 2592000 }, (value) => onChange(t("did_set", t("cache")), { cache: value }, `cache ${node.id}`))}
        </div>
        <div className="field-row">
          {numberField("rate.limit", t("rate"), pace?.limit, t("turns_off"), { min: 1, max: 100000 }, (value) => setPace({ limit: value }))}
          {numberField("rate.per", t("rate_per"), pace?.per, "60", { min: 1, max: 86400 }, (value) => setPace({ per: value ?? 60 }))}
        </div>
        {pace && (
          <div className="field" data-field="rate.key"><label htmlFor="rel-rate-key">{t("rate_key")}<span className="field-optional">{t("optional")}</span></label>
            <input id="rel-rate-key" value={pace.key ?? ""} maxLength={80} onChange={(event) => setPace({ key: event.target.value })} /><p className="field-help">{t("rate_key_help")}</p></div>
        )}
        <div className="field" data-field="on_error">
          <label htmlFor="rel-policy">{t("on_error")}</label>
          <select id="rel-policy" value={policy} onChange={(event) => onChange(t("did_set", t("on_error")), { on_error: event.target.value === "stop" ? undefined : { policy: event.target.value as "default" | "branch" } })}>
            <option value="stop">{t("policy_stop")}</option>
            <option value="default">{t("policy_default")}</option>
            <option value="branch">{t("policy_branch")}</option>
          </select>
        </div>
        {policy === "default" && (
          <div className="field">
            <label htmlFor="rel-value">{t("default_value")}</label>
            <textarea id="rel-value" className="mono no-shortcuts" rows={3} defaultValue={node.on_error?.value === undefined ? "" : JSON.stringify(node.on_error.value)} placeholder="null"
              onBlur={(event) => onChange(t("did_set", t("default_value")), { on_error: { policy: "default", value: parsed(event.target.value) } })} />
          </div>
        )}
        <label className="ed-check"><input type="checkbox" checked={node.disabled ?? false} onChange={(event) => onChange(t("did_set", t("off")), { disabled: event.target.checked || undefined })} />{t("turned_off")}</label>
        <p className="field-help">{t("whole_settings")}: <button type="button" className="ed-link" onClick={() => editor.store.set({ panel: "inputs" })}>{t("turns_key")}</button> · <a href={editor.setup.urls.triggers}>{t("triggers")}</a></p>
      </div>
    </details>
  );
}

/** JSON, or the text itself when it is none. */
function parsed(text: string): unknown {
  if (!text.trim()) return null;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
