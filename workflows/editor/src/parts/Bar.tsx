// What stands at the right end of the page's bar: save state, undo, view, run, deploy.
import { t, type Key } from "../core/texts";
import { Icon, language, useEditor } from "./common";
import { People } from "./Company";
import { FileMenu } from "./FileMenu";
import { RunMenu } from "./RunMenu";

export function Bar() {
  const editor = useEditor();
  const save = editor.use((state) => state.save);
  const note = editor.use((state) => state.saveNote);
  const savedAt = editor.use((state) => state.savedAt);
  const past = editor.use((state) => state.history.past.at(-1)?.label);
  const future = editor.use((state) => state.history.future[0]?.label);
  const running = editor.use((state) => state.run !== null && ["queued", "running", "waiting"].includes(state.overlay.state));
  const outline = editor.use((state) => state.outline);
  const errors = editor.use((state) => state.issues.filter((issue) => issue.severity === "error").length);
  const { may } = editor.setup;
  const clock = savedAt ? new Date(savedAt).toLocaleTimeString(language, { hour: "2-digit", minute: "2-digit" }) : "";
  const word = save === "saved" ? t("save_saved", clock) : t(`save_${save}` as Key);
  const deploy = () => {
    const wrong = editor.store.get().issues.find((issue) => issue.severity === "error");
    if (!wrong) return editor.store.set({ dialog: "deploy" });
    editor.store.set({ dock: "issues" });
    editor.goTo(wrong.node, wrong.field);
  };
  return (
    <div className="ed-bar" data-region="bar">
      <People />
      {!may.edit ? <span className="badge">{t("read_only_short")}</span>
        : save === "conflict" ? <button type="button" className="button button-small button-danger" onClick={() => editor.store.set({ dialog: "conflict" })}><Icon name="alert" />{word}</button>
          : <span className="ed-save" role="status" id="save-state" data-state={save} title={note || undefined}><Icon name={save === "saved" ? "check" : save === "offline" || save === "refused" ? "alert" : "refresh"} /><span>{word}</span></span>}
      <span className="ed-rule" />
      <button type="button" className="button button-quiet button-icon" aria-label={t("undo")} title={past ? `${t("undo")}: ${past} (Ctrl+Z)` : t("undo")} disabled={!past} onClick={editor.undo}><Icon name="undo" /></button>
      <button type="button" className="button button-quiet button-icon" aria-label={t("redo")} title={future ? `${t("redo")}: ${future} (Shift+Ctrl+Z)` : t("redo")} disabled={!future} onClick={editor.redo}><Icon name="redo" /></button>
      <div className="segmented ed-view" role="group" aria-label={t("view")}>
        <button type="button" aria-pressed={!outline} onClick={() => editor.store.set({ outline: false })}><Icon name="workflow" /><span className="ed-wide">{t("canvas")}</span></button>
        <button type="button" aria-pressed={outline} onClick={() => editor.store.set({ outline: true })}><Icon name="list" /><span className="ed-wide">{t("outline")}</span></button>
      </div>
      <FileMenu />
      {may.run && (running
        ? <button type="button" className="button button-danger" id="stop" onClick={() => void editor.stop()}><Icon name="stop" />{t("stop")}</button>
        : <RunMenu />)}
      {may.deploy && <button type="button" className="button button-accent" id="deploy" onClick={deploy}><Icon name={errors ? "alert" : "rocket"} />{errors ? t(errors === 1 ? "fix_issue" : "fix_issues", errors) : t("deploy")}</button>}
    </div>
  );
}
