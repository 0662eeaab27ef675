// Small parts that every other part uses: the editor at hand, icons, states.
import { createContext, useContext, useEffect, useRef, type ReactNode } from "react";
import type { Editor } from "../core/editor";
import type { Action, Node } from "../core/model";
import type { RunState } from "../core/overlay";
import { t, type Key } from "../core/texts";

export const EditorContext = createContext<Editor | null>(null);

export function useEditor(): Editor {
  const editor = useContext(EditorContext);
  if (!editor) throw new Error("There is no editor around this part.");
  return editor;
}

const template = document.querySelector<HTMLTemplateElement>("#icon-template");
const sprite = template?.content.querySelector("use")?.getAttribute("href")?.replace(/#.*/, "") ?? "/static/icons/sprite.svg";

export const Icon = ({ name, large = false }: { name: string; large?: boolean }) => (
  <svg className={large ? "icon icon-l" : "icon"} aria-hidden="true">
    <use href={`${sprite}#${name}`} />
  </svg>
);

const FLOW_ICONS: Record<string, string> = {
  "flow.condition": "branch", "flow.switch": "branch", "flow.map": "list", "flow.loop": "loop", "flow.merge": "compare",
  "flow.wait": "clock", "flow.subworkflow": "workflow", "flow.stop": "stop", "flow.set": "braces", "flow.approval": "hand",
};

export function ActionIcon({ action }: { action: Pick<Action, "id" | "connector"> }) {
  const editor = useEditor();
  const flow = action.id.startsWith("flow.");
  if (flow) return <span className="ed-tile"><Icon name={FLOW_ICONS[action.id] ?? "bolt"} large /></span>;
  return (
    <span className="ed-tile">
      <img src={editor.setup.urls.connector_icon.replace("CONNECTOR", action.connector)} alt="" width="20" height="20" draggable={false} />
    </span>
  );
}

export const STATE_ICONS: Record<RunState, string> = {
  idle: "circle", queued: "clock", running: "ring", succeeded: "tick", retrying: "loop", failed: "cross",
  handled: "shield-x", waiting: "hand", skipped: "dash", cancelled: "square",
};

export const StateMark = ({ state, label }: { state: RunState; label?: string }) => (
  <span className="status" data-state={state}>
    <Icon name={STATE_ICONS[state]} />
    <span>{label ?? t(`state_${state}` as Key)}</span>
  </span>
);

export const actionOfNode = (node: Node): Pick<Action, "id" | "connector"> => ({
  id: node.action,
  connector: node.action.split(".")[0],
});

export const language = document.documentElement.lang.startsWith("ko") ? "ko" : "en";
export const number = (value: number): string => new Intl.NumberFormat(language).format(value);

export const moment = (text: string): string => new Date(text).toLocaleString(language, { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" });

export function duration(ms: number): string {
  if (ms < 1000) return t("ms", number(Math.round(ms)));
  return t("seconds", new Intl.NumberFormat(language, { maximumFractionDigits: 1 }).format(ms / 1000));
}

/** A native dialog: focus stays inside, Escape closes it. */
export function Dialog({ title, onClose, children, foot, wide }: {
  title: string; onClose: () => void; children: ReactNode; foot?: ReactNode; wide?: boolean;
}) {
  const box = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = box.current!;
    dialog.showModal();
    return () => dialog.close();
  }, []);
  return (
    <dialog
      ref={box} className={wide ? "dialog dialog-wide" : "dialog"} aria-label={title}
      onCancel={(event) => { event.preventDefault(); onClose(); }}
      onKeyDown={(event) => event.stopPropagation()}
    >
      <div className="dialog-head">
        <h2>{title}</h2>
        <button type="button" className="button button-quiet button-icon" onClick={onClose} aria-label={t("close")}><Icon name="x" /></button>
      </div>
      <div className="dialog-body">{children}</div>
      {foot && <div className="dialog-foot">{foot}</div>}
    </dialog>
  );
}
