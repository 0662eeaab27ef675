// What can be done with several nodes: line up, group, turn off, make a workflow of their own.
import { useState } from "react";
import { ALIGNMENTS } from "../core/drawing";
import { t, type Key } from "../core/texts";
import { Dialog, Icon, useEditor } from "./common";
import { explain, Failure } from "./RunDialog";

export function Selection() {
  const editor = useEditor();
  const selected = editor.use((state) => state.selected);
  const [naming, setNaming] = useState(false);
  const { may } = editor.setup;
  return (
    <aside className="ed-inspector" aria-label={t("inspector")} data-region="inspector">
      <header><div className="grow"><strong>{t("many_selected", selected.length)}</strong></div>
        <button type="button" className="button button-quiet button-icon" aria-label={t("close")} onClick={() => editor.store.set({ selected: [] })}><Icon name="x" /></button></header>
      <div className="ed-pad ed-form">
        {may.edit && (
          <div className="field"><span className="field-label" id="align-label">{t("align")}</span>
            <div className="ed-chips" role="group" aria-labelledby="align-label">
              {ALIGNMENTS.map((how) => <button key={how} type="button" data-align={how} onClick={() => editor.alignSelected(how)}>{t(`align_${how}` as Key)}</button>)}
            </div></div>
        )}
        <div className="ed-actions">
          {may.edit && <button type="button" className="button" id="group" onClick={editor.groupSelected}><Icon name="folder" />{t("group")}</button>}
          {may.edit && <button type="button" className="button" id="extract" onClick={() => setNaming(true)}><Icon name="workflow" />{t("extract")}</button>}
          <button type="button" className="button" onClick={() => void navigator.clipboard.writeText(editor.copied())}><Icon name="copy" />{t("copy")}</button>
          {may.edit && <button type="button" className="button" onClick={() => editor.toggleOff(selected)}><Icon name="pause" />{t("turned_off_short")}</button>}
          {may.edit && <button type="button" className="button button-danger" onClick={editor.remove}><Icon name="trash" />{t("delete")}</button>}
        </div>
      </div>
      {naming && <Naming onClose={() => setNaming(false)} />}
    </aside>
  );
}

function Naming({ onClose }: { onClose: () => void }) {
  const editor = useEditor();
  const [name, setName] = useState("");
  const [busy, setBusy] = useState(false);
  const reason = editor.whyNotExtract();
  const [failed, setFailed] = useState(reason ? t(reason) : "");
  const go = async () => {
    setBusy(true);
    setFailed("");
    try {
      await editor.extractSelected(name.trim());
      onClose();
    } catch (error) {
      setFailed(explain(error, []).text);
      setBusy(false);
    }
  };
  return (
    <Dialog
      title={t("extract")} onClose={onClose}
      foot={<><span className="grow" /><button type="button" className="button" onClick={onClose}>{t("cancel")}</button><button type="submit" form="ed-extract-form" className="button button-primary" id="extract-go" disabled={busy || Boolean(reason) || !name.trim()}>{t("extract")}</button></>}
    >
      <form id="ed-extract-form" className="ed-form" onSubmit={(event) => { event.preventDefault(); void go(); }}>
        <Failure error={failed} />
        <div className="field"><label htmlFor="extract-name">{t("extract_name")}</label><input id="extract-name" value={name} maxLength={120} onChange={(event) => setName(event.target.value)} /><p className="field-help">{t("extract_help")}</p></div>
      </form>
    </Dialog>
  );
}
