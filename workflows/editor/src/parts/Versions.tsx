// Earlier versions and runs: look at one, bring it back as an edit that can be undone.
import { useEffect, useState } from "react";
import { t } from "../core/texts";
import type { RunState } from "../core/overlay";
import { Icon, language, StateMark, useEditor } from "./common";

interface Version { number: number; name: string; note: string; created_at: string }
interface Run { id: string; state: RunState; created_at: string }

export function Versions() {
  const editor = useEditor();
  const [versions, setVersions] = useState<Version[] | null>(null);
  const [runs, setRuns] = useState<Run[]>([]);
  const current = editor.use((state) => state.run);
  useEffect(() => {
    editor.api.versions().then(setVersions, (error: Error) => editor.tell(error.message, "danger"));
  }, [editor]);
  useEffect(() => {
    editor.api.runs().then((found) => setRuns(found as Run[]), () => setRuns([]));
  }, [editor, current]);
  const restore = async (number: number) => {
    try {
      const version = await editor.api.version(number);
      editor.commit(t("did_restore", number), version);
    } catch (error) {
      editor.tell((error as Error).message, "danger");
    }
  };
  const when = (text: string) => new Date(text).toLocaleString(language, { dateStyle: "medium", timeStyle: "short" });
  return (
    <div className="ed-pad ed-form">
      <h2 className="ed-heading">{t("versions")}</h2>
      {versions?.length === 0 && <p className="field-help">{t("no_versions")}</p>}
      {versions?.map((version) => (
        <div className="ed-row" key={version.number}>
          <span className="grow"><strong>v{version.number}</strong> {version.name}<small>{when(version.created_at)}{version.note ? ` · ${version.note}` : ""}</small></span>
          {editor.setup.may.edit && <button type="button" className="button button-small" onClick={() => void restore(version.number)}><Icon name="undo" />{t("restore")}</button>}
        </div>
      ))}
      <h2 className="ed-heading">{t("latest_runs")}</h2>
      {runs.length === 0 && <p className="field-help">{t("no_run_yet")}</p>}
      {runs.slice(0, 20).map((run) => (
        <div className="ed-row" key={run.id} aria-current={run.id === current || undefined}>
          <span className="grow"><StateMark state={run.state} /><small>{when(run.created_at)}</small></span>
          <button type="button" className="button button-small" onClick={() => void editor.openRun(run.id)}>{t("show")}</button>
        </div>
      ))}
    </div>
  );
}
