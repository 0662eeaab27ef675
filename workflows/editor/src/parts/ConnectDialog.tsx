// A new connection without leaving the canvas: the fields of the credential, stored, tested, chosen.
import { useEffect, useState } from "react";
import type { Problem } from "../core/api";
import type { Schema } from "../core/model";
import { t } from "../core/texts";
import { Dialog, Icon, useEditor } from "./common";
import { Field } from "./Field";
import { explain, Failure } from "./RunDialog";

interface Service { id: string; title: string; docs_url: string; auth: string; credential_schema: Schema }

export function ConnectDialog({ connector, onDone, onClose }: { connector: string; onDone: (id: string) => void; onClose: () => void }) {
  const editor = useEditor();
  const [service, setService] = useState<Service | null>(null);
  const [name, setName] = useState("");
  const [values, setValues] = useState<Record<string, unknown>>({});
  const [personal, setPersonal] = useState(false);
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState<{ text: string; problems: Problem[] }>({ text: "", problems: [] });
  useEffect(() => {
    editor.api.service(connector).then((found) => { setService(found); setName((before) => before || (found?.title ?? connector)); }, (error: unknown) => setFailed(explain(error, [])));
  }, [connector, editor]);
  const schema = service?.credential_schema ?? {};
  // What a sign-in keeps beside its tokens is nobody's to type.
  const names = Object.keys(schema.properties ?? {}).filter((key) => service?.auth !== "oauth2" || key.endsWith("_token"));
  const store = async () => {
    setBusy(true);
    setFailed({ text: "", problems: [] });
    try {
      const made = await editor.api.connectTo(connector, name.trim(), values, personal);
      const [tested, connections] = await Promise.all([editor.api.testConnection(made.id).catch(() => null), editor.api.connections()]);
      editor.store.set({ connections, announce: t("connected_now", name) });
      if (tested && tested.health === "failing") editor.tell(t("connected_failing", name), "danger");
      onDone(made.id);
    } catch (error) {
      setFailed(explain(error, names));
      setBusy(false);
    }
  };
  return (
    <Dialog
      title={t("connect_to", service?.title ?? connector)} onClose={onClose}
      foot={<>{service?.docs_url && <a className="small ed-inline" href={service.docs_url} target="_blank" rel="noopener noreferrer"><Icon name="external" />{t("where_key")}</a>}<span className="grow" /><button type="button" className="button" onClick={onClose}>{t("cancel")}</button><button type="submit" form="ed-connect-form" id="connect-go" className="button button-primary" disabled={busy || !service}><Icon name="plug" />{t("connect")}</button></>}
    >
      <form id="ed-connect-form" className="ed-form" noValidate onSubmit={(event) => { event.preventDefault(); void store(); }}>
        <Failure error={failed.text} />
        <div className="field"><label htmlFor="connect-name">{t("name")}</label><input id="connect-name" value={name} maxLength={120} required onChange={(event) => setName(event.target.value)} /></div>
        {names.map((key) => (
          <Field key={key} name={key} path={key} schema={schema.properties[key]} root={schema} plain value={values[key]} required={schema.required?.includes(key)}
            problems={failed.problems.map((problem) => ({ ...problem, field: problem.field.replace(/^(values|credential)\./, ""), severity: "error" }))}
            onChange={(next) => setValues((before) => { const { [key]: _, ...rest } = before; return next === undefined ? rest : { ...rest, [key]: next }; })} />
        ))}
        <label className="ed-check"><input type="checkbox" checked={personal} onChange={(event) => setPersonal(event.target.checked)} />{t("only_me")}</label>
        <p className="field-help ed-inline"><Icon name="lock" />{t("connect_help")}</p>
      </form>
    </Dialog>
  );
}
