// The box of the HTTP node that reads a curl line into its settings.
import { useState } from "react";
import { t } from "../core/texts";
import { Icon, useEditor } from "./common";
import { explain, Failure } from "./RunDialog";

export function Curl({ onRead }: { onRead: (params: Record<string, unknown>) => void }) {
  const editor = useEditor();
  const [line, setLine] = useState("");
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState("");
  const [notes, setNotes] = useState<string[] | null>(null);
  const read = async (text: string) => {
    if (!text.trim()) return;
    setBusy(true);
    setFailed("");
    setNotes(null);
    try {
      const found = await editor.api.readCurl(text);
      onRead(found.params);
      setNotes([t("curl_done"), ...found.notes, ...(found.credential ? [t("curl_credential")] : [])]);
      setLine("");
    } catch (error) {
      setFailed(explain(error, []).text);
    }
    setBusy(false);
  };
  return (
    <details className="ed-section">
      <summary>{t("curl")}</summary>
      <div className="ed-form">
        <div className="field"><label className="visually-hidden" htmlFor="curl-line">{t("curl")}</label>
          <textarea
            id="curl-line" className="mono no-shortcuts" rows={3} value={line} spellCheck={false} placeholder="curl https://api.example.com/v1/items -H 'Accept: application/json'"
            onChange={(event) => setLine(event.target.value)}
            onPaste={(event) => { const text = event.clipboardData.getData("text/plain"); if (/^\s*curl\s/.test(text) && !line) { event.preventDefault(); setLine(text); void read(text); } }}
          />
          <p className="field-help">{t("curl_help")}</p></div>
        <Failure error={failed} />
        {notes?.map((note, index) => <p key={note} className="field-help ed-inline"><Icon name={index ? "info" : "check"} />{note}</p>)}
        <div><button type="button" className="button button-small" id="curl-read" disabled={busy || !line.trim()} onClick={() => void read(line)}>{t("curl_read")}</button></div>
      </div>
    </details>
  );
}
