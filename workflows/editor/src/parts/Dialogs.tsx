// Deploying, the conflict of two authors, all keys.
import { useEffect } from "react";
import { changesOf } from "../core/history";
import { t } from "../core/texts";
import { Dialog, useEditor } from "./common";
import { KEYS } from "./keys";
import { RunDialog } from "./RunDialog";

/** Of the page around the canvas. */
declare const htmx: { ajax: (verb: string, path: string, where: { target: Element; swap: string }) => Promise<void> };

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

/** The same dialog as on the workflow's page, made by the server: contract, tool quality and tests stand in it. */
function DeployDialog({ onClose }: { onClose: () => void }) {
  const editor = useEditor();
  useEffect(() => {
    const dialog = document.getElementById("deploy-dialog") as HTMLDialogElement;
    const swapped = () => {
      if (dialog.querySelector("[data-deployed]")) editor.store.set({ announce: t("deployed") });
    };
    dialog.addEventListener("close", onClose);
    dialog.addEventListener("htmx:afterSwap", swapped);
    void editor.save().then((saved) => {
      if (!saved) {
        editor.store.set({ announce: editor.store.get().saveNote || t("not_saved_yet") });
        onClose();
        return;
      }
      dialog.showModal();
      void htmx.ajax("GET", editor.setup.urls.deploy, { target: dialog.firstElementChild!, swap: "innerHTML" });
    });
    return () => {
      dialog.removeEventListener("close", onClose);
      dialog.removeEventListener("htmx:afterSwap", swapped);
    };
  }, []);
  return null;
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
