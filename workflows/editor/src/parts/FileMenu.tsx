// Export the draft as a file; import a workflow or a piece of one as an edit that can be undone.
import { useEffect, useRef, useState } from "react";
import { t } from "../core/texts";
import { Icon, useEditor } from "./common";

export function FileMenu() {
  const editor = useEditor();
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const file = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (!open) return;
    box.current?.querySelector<HTMLElement>('[role="menuitem"]')?.focus();
    const away = (event: Event) => { if (!box.current?.contains(event.target as globalThis.Node)) setOpen(false); };
    document.addEventListener("pointerdown", away);
    document.addEventListener("focusin", away);
    return () => { document.removeEventListener("pointerdown", away); document.removeEventListener("focusin", away); };
  }, [open]);
  const onKey = (event: React.KeyboardEvent) => {
    const list = [...box.current!.querySelectorAll<HTMLElement>('[role="menuitem"]')];
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) list[(list.indexOf(document.activeElement as HTMLElement) + step + list.length) % list.length]?.focus();
    else if (event.key === "Escape") { setOpen(false); document.getElementById("file-menu")?.focus(); }
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const save = async () => {
    setOpen(false);
    await editor.save();
    const link = document.createElement("a");
    link.href = `${editor.setup.urls.detail}/export`;
    link.download = "";
    link.click();
  };
  return (
    <div className="ed-split" ref={box}>
      <button type="button" className="button button-quiet button-icon" id="file-menu" aria-haspopup="menu" aria-expanded={open} aria-label={t("file_menu")} title={t("file_menu")} onClick={() => setOpen(!open)}><Icon name="more" /></button>
      <input ref={file} id="import-file" type="file" accept=".json,application/json" className="visually-hidden" tabIndex={-1} aria-label={t("import_file")} onChange={async (event) => { const chosen = event.target.files?.[0]; event.target.value = ""; if (chosen) editor.importText(await chosen.text()); }} />
      {open && (
        <div className="ed-menu" role="menu" aria-label={t("file_menu")} onKeyDown={onKey}>
          <button type="button" role="menuitem" onClick={() => void save()}><Icon name="download" /><span className="grow">{t("export_file")}</span></button>
          {editor.setup.may.edit && <button type="button" role="menuitem" onClick={() => { setOpen(false); file.current?.click(); }}><Icon name="upload" /><span className="grow">{t("import_file")}</span></button>}
          <button type="button" role="menuitem" onClick={() => { setOpen(false); editor.store.set({ dialog: "find" }); }}><Icon name="search" /><span className="grow">{t("find")}</span><kbd>/</kbd></button>
          <button type="button" role="menuitem" onClick={() => { setOpen(false); editor.store.set({ dialog: "keys" }); }}><Icon name="help" /><span className="grow">{t("all_keys")}</span><kbd>?</kbd></button>
        </div>
      )}
    </div>
  );
}
