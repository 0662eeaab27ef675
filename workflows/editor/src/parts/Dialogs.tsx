// Deploy on one screen, the conflict of two authors, all keys.
import { useState } from "react";
import type { Schema } from "../core/model";
import { changesOf } from "../core/history";
import { t } from "../core/texts";
import { Dialog, Icon, useEditor } from "./common";
import { KEYS } from "./keys";
import { explain, Failure, RunDialog } from "./RunDialog";

export function Dialogs() {
  const editor = useEditor();
  const dialog = editor.use((state) => state.dialog);
  const close = () => editor.store.set({ dialog: null });
  if (dialog === "run") return <RunDialog onClose={close} />;
  if (dialog === "deploy") return <DeployDialog onClose={close} />;
  if (dialog === "conflict") return <ConflictDialog onClose={close} />;
  if (dialog === "keys") {
    return (
      <Dialog title={t("all_keys")} onClose={close}>
        <dl className="ed-keys">{KEYS.map(([keys, text]) => <div key={text}><dt>{keys.split(" ").map((key) => <kbd key={key}>{key}</kbd>)}</dt><dd>{t(text)}</dd></div>)}</dl>
      </Dialog>
    );
  }
  return null;
}

const toolName = (title: string): string =>
  title.normalize("NFKD").toLowerCase().replace(/[^a-z0-9]+/g, "_").replace(/^_+|_+$/g, "").slice(0, 64) || "run_workflow";

function DeployDialog({ onClose }: { onClose: () => void }) {
  const editor = useEditor();
  const issues = editor.use((state) => state.issues.filter((issue) => issue.severity === "error"));
  const schema = editor.use((state) => state.history.present.inputs);
  const { servers } = editor.setup;
  const [server, setServer] = useState(servers[0]?.slug ?? "");
  const [tool, setTool] = useState(servers[0]?.tool ?? toolName(editor.setup.name));
  const [description, setDescription] = useState(editor.setup.description);
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState("");
  const [done, setDone] = useState<{ slug: string; url: string; key?: string } | null>(null);
  const go = async () => {
    setBusy(true);
    setFailed("");
    try {
      if (!(await editor.save())) throw new Error(editor.store.get().saveNote || t("not_saved_yet"));
      const result = await editor.api.deploy({ tool_name: tool, ...(description ? { description } : {}), ...(server ? { deployment: server } : {}) });
      setDone(result);
      editor.store.set({ announce: t("deployed") });
    } catch (error) {
      setFailed(explain(error, []).text);
    }
    setBusy(false);
  };
  if (done) {
    return (
      <Dialog title={t("deployed")} onClose={onClose} foot={<><span className="grow" /><button type="button" className="button" onClick={onClose}>{t("close")}</button><a className="button button-primary" id="deploy-open" href={editor.setup.urls.server.replace("SLUG", done.slug)}>{t("open_server")}</a></>}>
        <div className="ed-form">
          <div className="field"><span className="field-label">URL</span><Copy text={done.url} id="deploy-url" /></div>
          {done.key && <div className="field"><span className="field-label">{t("key")}</span><Copy text={done.key} id="deploy-key" /><p className="field-help">{t("key_once")}</p></div>}
        </div>
      </Dialog>
    );
  }
  const inputs = Object.entries((schema.properties ?? {}) as Record<string, Schema>);
  return (
    <Dialog
      title={t("deploy")} onClose={onClose} wide
      foot={<><span className="grow" /><button type="button" className="button" onClick={onClose}>{t("cancel")}</button><button type="submit" form="ed-deploy-form" className="button button-accent" id="deploy-go" disabled={busy || issues.length > 0}><Icon name="rocket" />{t(busy ? "deploying" : "deploy")}</button></>}
    >
      <form id="ed-deploy-form" className="ed-form" onSubmit={(event) => { event.preventDefault(); void go(); }}>
        <Failure error={failed} />
        {issues.length > 0 && <p className="field-errors"><Icon name="alert" /><span>{t("fix_first", issues.length)} <button type="button" className="button button-small" onClick={() => { editor.store.set({ dialog: null, dock: "issues" }); editor.goTo(issues[0].node, issues[0].field); }}>{t("show")}</button></span></p>}
        <div className="field"><label htmlFor="deploy-server">{t("server")}</label>
          <select id="deploy-server" value={server} onChange={(event) => setServer(event.target.value)}>
            <option value="">{t("new_server")}</option>
            {servers.map((item) => <option key={item.slug} value={item.slug}>{item.name}</option>)}
          </select></div>
        <div className="field"><label htmlFor="deploy-tool">{t("tool_name")}</label><input id="deploy-tool" className="mono" value={tool} required maxLength={64} pattern="[a-z][a-z0-9_]*" onChange={(event) => setTool(event.target.value)} /><p className="field-help">{t("tool_name_help")}</p></div>
        <div className="field"><label htmlFor="deploy-text">{t("description")}</label><textarea id="deploy-text" rows={3} value={description} onChange={(event) => setDescription(event.target.value)} />
          {description.trim() ? <p className="field-help">{t("tool_text_help")}</p> : <p className="field-errors" data-severity="warning"><Icon name="alert" /><span>{t("tool_text_missing")}</span></p>}</div>
        {inputs.length > 0 && (
          <div className="table-wrap"><table className="table"><thead><tr><th>{t("inputs")}</th><th>{t("type")}</th><th>{t("default_value")}</th></tr></thead>
            <tbody>{inputs.map(([name, part]) => <tr key={name}><td><code>{name}</code>{schema.required?.includes(name) && <span className="badge">{t("required")}</span>}<br /><span className="tiny faint">{part.description}</span></td><td>{String(part.type ?? t("any"))}</td><td>{part.default === undefined ? "–" : JSON.stringify(part.default)}</td></tr>)}</tbody></table></div>
        )}
        <p className="field-help ed-inline"><Icon name="lock" />{t("access_help")}</p>
      </form>
    </Dialog>
  );
}

function Copy({ text, id }: { text: string; id: string }) {
  return (
    <span className="ed-copy"><code id={id}>{text}</code><button type="button" className="button button-small" onClick={() => void navigator.clipboard.writeText(text)}><Icon name="copy" />{t("copy")}</button></span>
  );
}

function ConflictDialog({ onClose }: { onClose: () => void }) {
  const editor = useEditor();
  const found = editor.conflict();
  if (!found) return null;
  const list = (changes: [string, unknown, unknown][]) => (
    <ul className="ed-changes">{changes.length === 0 && <li className="faint">{t("no_changes")}</li>}
      {changes.map(([name, before, after]) => <li key={name} data-change={before === null ? "added" : after === null ? "removed" : "changed"}><span>{before === null ? "+" : after === null ? "−" : "~"}</span> <code>{name}</code>{found.both.includes(name) && <span className="badge badge-warning">{t("both_changed")}</span>}</li>)}</ul>
  );
  const all = changesOf;
  return (
    <Dialog
      title={t("conflict_title")} onClose={onClose} wide
      foot={<><button type="button" className="button" onClick={() => editor.settle("theirs")}>{t("take_theirs")}</button><span className="grow" /><button type="button" className="button button-primary" onClick={() => editor.settle("merge")}>{t("merge")}</button></>}
    >
      <p>{t("conflict_text", found.author || t("somebody"))}</p>
      <div className="columns columns-even"><section><h3>{t("your_changes")}</h3>{list(all(found.mine))}</section><section><h3>{t("their_changes", found.author || t("somebody"))}</h3>{list(all(found.theirs))}</section></div>
      <p className="field-help">{t(found.both.length ? "merge_both" : "merge_clean")}</p>
    </Dialog>
  );
}
