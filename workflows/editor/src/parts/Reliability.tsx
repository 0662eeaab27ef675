// Retry, time limit, what a failure means, cache: common to all nodes.
import type { Action, Node } from "../core/model";
import { t } from "../core/texts";

export function Reliability({ node, action, onChange }: {
  node: Node; action: Action | undefined; onChange: (label: string, change: Partial<Node>, merge?: string) => void;
}) {
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
  const policy = node.on_error?.policy ?? "stop";
  const touched = Boolean(node.retry || node.timeout || node.on_error || node.cache || node.disabled);
  return (
    <details className="ed-section" open={touched || undefined}>
      <summary>{t("reliability")}</summary>
      <div className="ed-form">
        <div className="field-row">
          {numberField("retry.max_attempts", t("attempts"), retry.max_attempts, "1", { min: 1, max: 20 }, (value) => setRetry("max_attempts", value))}
          {numberField("retry.delay", t("retry_delay"), retry.delay, "1", { min: 0, max: 3600 }, (value) => setRetry("delay", value))}
        </div>
        <div className="field-row">
          {numberField("timeout", t("timeout"), node.timeout, String(action?.timeout ?? 30), { min: 1, max: 86400 }, (value) => onChange(t("did_set", t("timeout")), { timeout: value }, `timeout ${node.id}`))}
          {numberField("cache", t("cache"), node.cache, String(action?.cache ?? 0), { min: 0, max: 2592000 }, (value) => onChange(t("did_set", t("cache")), { cache: value }, `cache ${node.id}`))}
        </div>
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
