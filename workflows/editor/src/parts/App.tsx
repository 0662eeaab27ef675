// The whole page below the bar, and what listens to keys and the clipboard.
import { ReactFlowProvider } from "@xyflow/react";
import { useEffect } from "react";
import { createPortal } from "react-dom";
import type { Panel } from "../core/editor";
import { t, type Key } from "../core/texts";
import { Bar } from "./Bar";
import { Canvas } from "./Canvas";
import { Icon, useEditor } from "./common";
import { Pen } from "./Company";
import { Comments } from "./Comments";
import { Dialogs } from "./Dialogs";
import { Dock } from "./Dock";
import { Find } from "./Find";
import { Inputs } from "./Inputs";
import { Inspector } from "./Inspector";
import { onKey } from "./keys";
import { Outline } from "./Outline";
import { Palette } from "./Palette";
import { Start } from "./Start";
import { Tests } from "./Tests";
import { Versions } from "./Versions";

const RAIL: [Exclude<Panel, null>, string, Key][] = [
  ["add", "plus", "add_node"], ["inputs", "sliders", "inputs_outputs"], ["versions", "clock", "versions"], ["comments", "chat", "comments"], ["tests", "check", "tests"],
];

export const App = () => (
  <ReactFlowProvider>
    <Page />
  </ReactFlowProvider>
);

const typing = (target: EventTarget | null) => target instanceof Element && target.closest("input, textarea, select, dialog[open], pre") !== null;

function Page() {
  const editor = useEditor();
  const ready = editor.use((state) => state.ready);
  const failure = editor.use((state) => state.failure);
  const panel = editor.use((state) => state.panel);
  const outline = editor.use((state) => state.outline);
  const level = editor.use((state) => state.level);
  const announce = editor.use((state) => state.announce);
  const notice = editor.use((state) => state.notice);
  const blank = editor.use((state) => state.ready && editor.graph().nodes.length === 0);
  const moved = editor.use((state) => state.ranOn !== null && state.stale.size > 0 && ["queued", "running", "waiting"].includes(state.overlay.state));
  const openThreads = editor.use((state) => state.comments.filter((item) => !item.thread && !item.resolved_at).length);
  const finding = editor.use((state) => state.dialog === "find");
  const bar = document.getElementById("editor-bar");

  useEffect(() => {
    const keys = (event: KeyboardEvent) => onKey(editor, event);
    const copy = (event: ClipboardEvent) => {
      if (typing(event.target) || !editor.store.get().selected.length || String(getSelection())) return;
      event.clipboardData?.setData("text/plain", editor.copied());
      event.preventDefault();
      if (event.type === "cut") editor.remove();
    };
    const paste = (event: ClipboardEvent) => {
      if (!typing(event.target) && editor.paste(event.clipboardData?.getData("text/plain") ?? "")) event.preventDefault();
    };
    const leave = (event: BeforeUnloadEvent) => { if (editor.unsaved() && editor.setup.may.edit) { void editor.save(); event.preventDefault(); } };
    document.addEventListener("keydown", keys, true);
    document.addEventListener("copy", copy);
    document.addEventListener("cut", copy);
    document.addEventListener("paste", paste);
    addEventListener("beforeunload", leave);
    return () => {
      document.removeEventListener("keydown", keys, true);
      document.removeEventListener("copy", copy);
      document.removeEventListener("cut", copy);
      document.removeEventListener("paste", paste);
      removeEventListener("beforeunload", leave);
    };
  }, [editor]);

  useEffect(() => {
    if (!notice) return;
    const timer = setTimeout(() => editor.store.set({ notice: null }), 4000);
    return () => clearTimeout(timer);
  }, [notice, editor]);

  if (failure) return <div className="ed-center"><p className="field-errors" role="alert"><Icon name="alert" />{failure}</p><button type="button" className="button" onClick={() => location.reload()}>{t("reload")}</button></div>;
  if (!ready) return <div className="ed-center"><div className="skeleton skeleton-block ed-loading" role="status" aria-label={t("loading")} /></div>;
  return (
    <div className="ed-shell" data-panel={panel ?? undefined}>
      {bar && createPortal(<Bar />, bar)}
      <nav className="ed-rail" aria-label={t("tools")}>
        {RAIL.map(([name, icon, text]) => (
          <button key={name} type="button" aria-pressed={panel === name} aria-label={t(text)} title={t(text)} onClick={() => editor.store.set({ panel: panel === name ? null : name })}><Icon name={icon} large />{name === "comments" && openThreads > 0 && <span className="count">{openThreads}</span>}</button>
        ))}
        <span className="grow" />
        <button type="button" aria-label={t("arrange")} title={`${t("arrange")} (L)`} onClick={editor.arrange}><Icon name="grid" large /></button>
        <button type="button" aria-label={t("all_keys")} title={`${t("all_keys")} (?)`} onClick={() => editor.store.set({ dialog: "keys" })}><Icon name="help" large /></button>
      </nav>
      {panel && (
        <div className="ed-panel" data-region="panel">
          <div className="ed-panel-head"><strong>{t(RAIL.find(([name]) => name === panel)?.[2] ?? "add_node")}</strong><button type="button" className="button button-quiet button-icon button-small" aria-label={t("close")} onClick={() => editor.store.set({ panel: null, picker: null })}><Icon name="x" /></button></div>
          {panel === "add" && <Palette />}
          {panel === "inputs" && <Inputs />}
          {panel === "versions" && <Versions />}
          {panel === "comments" && <Comments />}
          {panel === "tests" && <Tests />}
        </div>
      )}
      <div className="ed-middle">
        {level.length > 0 && (
          <nav className="ed-level" aria-label={t("level_path")}>
            <button type="button" onClick={() => editor.store.set({ level: [], selected: [] })}>{t("whole_workflow")}</button>
            {level.map((id, index) => <button key={id} type="button" aria-current={index === level.length - 1 ? "page" : undefined} onClick={() => editor.store.set({ level: level.slice(0, index + 1), selected: [] })}>› {id}</button>)}
          </nav>
        )}
        <div className="ed-stage" data-region={outline ? undefined : "canvas"} tabIndex={outline ? undefined : -1} role={outline ? undefined : "group"} aria-label={outline ? undefined : t("canvas")}>
          {outline ? <Outline /> : <Canvas />}
          {blank && !outline && <Start />}
          {finding && <Find onClose={() => editor.store.set({ dialog: null })} show={(id) => setTimeout(() => editor.view.show(id), 60)} />}
          <Pen />
          {moved && <div className="ed-banner" role="status"><Icon name="info" />{t("graph_changed")}</div>}
          {notice && <div className="ed-notice" data-kind={notice.kind} role="alert"><Icon name={notice.kind === "danger" ? "alert" : "info"} />{notice.text}</div>}
        </div>
        <Dock />
      </div>
      <Inspector />
      <Dialogs />
      <div className="visually-hidden" role="status" aria-live="polite">{announce}</div>
    </div>
  );
}
