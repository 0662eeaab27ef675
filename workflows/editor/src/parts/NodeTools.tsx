// The small bar above a node: run it, run to it, pin, turn off, duplicate, more.
import { useState } from "react";
import type { Node } from "../core/model";
import { t } from "../core/texts";
import { Icon, useEditor } from "./common";

export function NodeTools({ node, title, pinned }: { node: Node; title: string; pinned: boolean }) {
  const editor = useEditor();
  const finished = editor.use((state) => state.finished);
  const top = editor.use((state) => state.level.length === 0);
  const [open, setOpen] = useState(false);
  const { may } = editor.setup;
  const act = (work: () => void) => (event: React.MouseEvent) => { event.stopPropagation(); setOpen(false); work(); };
  const tool = (icon: string, text: string, work: () => void, more: { pressed?: boolean; off?: boolean } = {}) => (
    <button type="button" aria-label={text} title={text} aria-pressed={more.pressed} disabled={more.off} onClick={act(work)}><Icon name={icon} /></button>
  );
  return (
    <div className="ed-tools nodrag nopan" role="toolbar" aria-label={t("node_tools", title)} onDoubleClick={(event) => event.stopPropagation()}>
      {may.run && tool("play", t("run_this"), () => void editor.runPart("only", node.id))}
      {may.run && tool("arrow-right", `${t("run_to")} (Shift+R)`, () => void editor.runPart("to", node.id))}
      {may.edit && top && tool("pin", `${t(pinned ? "unpin" : "pin")} (P)`, () => void editor.togglePin(node.id), { pressed: pinned })}
      {may.edit && tool("pause", `${t(node.disabled ? "turn_on" : "turn_off")} (O)`, () => editor.toggleOff([node.id]), { pressed: Boolean(node.disabled) })}
      {may.edit && tool("copy", `${t("duplicate")} (Ctrl+D)`, () => { editor.store.set({ selected: [node.id] }); editor.paste(editor.copied()); })}
      <span className="ed-tools-more">
        <button type="button" aria-label={t("more")} title={t("more")} aria-haspopup="menu" aria-expanded={open} onClick={(event) => { event.stopPropagation(); setOpen(!open); }}><Icon name="more" /></button>
        {open && (
          <span className="ed-menu" role="menu" aria-label={t("more")}>
            {may.run && <button type="button" role="menuitem" disabled={!finished} onClick={act(() => void editor.runPart("from", node.id))}><Icon name="redo" /><span className="grow">{t("run_from")}</span></button>}
            <button type="button" role="menuitem" onClick={act(() => editor.store.set({ selected: [node.id], inspector: "output" }))}><Icon name="table" /><span className="grow">{t("output")}</span></button>
            {may.edit && <button type="button" role="menuitem" onClick={act(() => { editor.store.set({ selected: [node.id], edge: null }); editor.remove(); })}><Icon name="trash" /><span className="grow">{t("delete")}</span><kbd>Del</kbd></button>}
          </span>
        )}
      </span>
    </div>
  );
}
