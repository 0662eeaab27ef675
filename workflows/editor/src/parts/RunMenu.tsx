// Run, and the other ways to run: last input, a kept one, to here, from here, an earlier run.
import { useEffect, useRef, useState } from "react";
import { titleOf } from "../core/model";
import { t } from "../core/texts";
import { Icon, useEditor } from "./common";

export function RunMenu() {
  const editor = useEditor();
  const kept = editor.use((state) => state.kept);
  const last = editor.use((state) => state.lastInput);
  const id = editor.use((state) => (state.selected.length === 1 ? state.selected[0] : ""));
  const finished = editor.use((state) => state.finished);
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const node = editor.nodeById(id);
  const name = node ? titleOf(node, editor.actionOf(node)) : "";
  useEffect(() => {
    if (!open) return;
    box.current?.querySelector<HTMLElement>('[role="menuitem"]')?.focus();
    const away = (event: Event) => { if (!box.current?.contains(event.target as globalThis.Node)) setOpen(false); };
    document.addEventListener("pointerdown", away);
    document.addEventListener("focusin", away);
    return () => { document.removeEventListener("pointerdown", away); document.removeEventListener("focusin", away); };
  }, [open]);
  const start = (input: Record<string, unknown>) => editor.run(input).catch((error: Error) => editor.tell(error.message, "danger"));
  const items: { key: string; icon: string; text: string; keys?: string; go: () => void; off?: boolean }[] = [
    { key: "form", icon: "play", text: t("run_form"), keys: "R", go: () => editor.store.set({ dialog: "run", part: {} }) },
    { key: "last", icon: "refresh", text: t("run_last"), off: !last, go: () => void start(last ?? {}) },
    ...kept.map((item) => ({ key: item.id, icon: "inbox", text: t("run_kept", item.name), go: () => void start(item.input) })),
    { key: "this", icon: "play", text: t("run_this"), off: !node, go: () => void editor.runPart("only", id) },
    { key: "to", icon: "arrow-right", text: t("run_to"), keys: "Shift+R", off: !node, go: () => void editor.runPart("to", id) },
    { key: "from", icon: "redo", text: t("run_from"), off: !node || !finished, go: () => void editor.runPart("from", id) },
    { key: "earlier", icon: "clock", text: t("run_earlier"), go: () => editor.store.set({ panel: "versions" }) },
  ];
  const onKey = (event: React.KeyboardEvent) => {
    const list = [...box.current!.querySelectorAll<HTMLElement>('[role="menuitem"]:not([disabled])')];
    const here = list.indexOf(document.activeElement as HTMLElement);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) list[(here + step + list.length) % list.length]?.focus();
    else if (event.key === "Escape") { setOpen(false); document.getElementById("run-menu")?.focus(); }
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div className="ed-split" ref={box}>
      <button type="button" className="button" id="run" onClick={() => editor.store.set({ dialog: "run", part: {} })}><Icon name="play" />{t("run")}</button>
      <button type="button" className="button button-icon" id="run-menu" aria-haspopup="menu" aria-expanded={open} aria-label={t("run_menu")} title={t("run_menu")} onClick={() => setOpen(!open)}><Icon name="chevron-down" /></button>
      {open && (
        <div className="ed-menu" role="menu" aria-label={t("run_menu")} onKeyDown={onKey}>
          {items.map((item) => (
            <button key={item.key} type="button" role="menuitem" disabled={item.off} onClick={() => { setOpen(false); item.go(); }}>
              <Icon name={item.icon} /><span className="grow">{item.text}{node && ["this", "to", "from"].includes(item.key) ? <small>{name}</small> : null}</span>{item.keys && <kbd>{item.keys}</kbd>}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}
