// One node on the canvas: 220 × 64, icon, title, operation, state; ports with their names.
import { Handle, Position, useConnection, type ConnectionState, type NodeProps } from "@xyflow/react";
import { memo, useState } from "react";
import { openOf } from "../core/comments";
import { worstOf } from "../core/issues";
import { ERROR, portsOf, titleOf } from "../core/model";
import { heightOf, nodesOf } from "../core/picture";
import { isExpression, neededKindOf, portKindOf } from "../core/schema";
import { t } from "../core/texts";
import { NodeTools } from "./NodeTools";
import { ActionIcon, actionOfNode, duration, Icon, number, STATE_ICONS, useEditor } from "./common";

export const NodeCard = memo(function NodeCard({ id, selected, dragging }: NodeProps) {
  const editor = useEditor();
  // One subscription a card: with hundreds of cards, each one counts at every change.
  const [node, action, key, run, worst, stale, pinned, items, alone, said] = editor.use((state) => {
    const found = nodesOf(editor.graph()).get(id);
    const path = [...state.level, id].join("/");
    const issues = worstOf(state.issues);
    return [
      found, state.actions.get(found?.action ?? ""), path, state.overlay.nodes[path], issues.get(path) ?? issues.get(id) ?? "", state.stale.has(path),
      !state.level.length && Boolean(state.pins[id]), state.overlay.items?.[path], state.selected.length === 1 && state.selected[0] === id, openOf(state.comments).get(path) ?? 0,
    ] as const;
  });
  const failed = items ? Object.values(items).filter((item) => item === "failed").length : 0;
  const [hover, setHover] = useState(false);
  const dragFrom = useConnection(sourceOf);
  if (!node) return null;
  const title = titleOf(node, action);
  const ports = portsOf(node, action);
  const gives = portKindOf(action?.output_schema);
  const needs = neededKindOf(action?.input_schema, node.params);
  const labelled = ports.length > 1;
  const reason = dragFrom && dragFrom.nodeId !== id && dragFrom.type === "source"
    ? editor.whyNot(dragFrom.nodeId, dragFrom.id ?? "out", id) : null;
  const fits = dragFrom && dragFrom.nodeId !== id && !reason;
  const state = run?.state ?? "idle";
  const subtitle = run?.state === "failed" && run.message ? run.message : subtitleOf(node.params, action?.title ?? node.action);
  const figures = run && [run.total ? `${number(run.done ?? 0)}/${number(run.total)}${failed ? ` · ${t("items_failed", number(failed))}` : ""}` : run.count !== undefined ? number(run.count) : "", run.ms !== undefined ? duration(run.ms) : ""].filter(Boolean).join(" · ");
  return (
    <div
      className="ed-node" data-state={state} data-selected={selected || undefined} data-dragging={dragging || undefined}
      data-off={node.disabled || undefined} data-issue={worst || undefined} data-fits={fits || undefined} data-refused={reason ? true : undefined}
      style={{ minHeight: heightOf(ports.length) }}
      title={reason ? t(reason) : undefined}
      data-stale={stale || undefined} onMouseEnter={() => setHover(true)} onMouseLeave={() => setHover(false)}
    >
      {(hover || alone) && !dragging && !dragFrom && <NodeTools node={node} title={title} pinned={pinned} />}
      <Handle type="target" position={Position.Left} className="ed-port" data-kind={needs} title={t("port_takes", t(`kind_${needs}`))} />
      <ActionIcon action={actionOfNode(node)} />
      <div className="ed-node-text">
        <strong>{title}</strong>
        <span data-error={run?.state === "failed" || undefined}>{subtitle}</span>
      </div>
      <span className="ed-glyph" role="img" aria-label={t(`state_${state}`)}><Icon name={STATE_ICONS[state]} /></span>
      <div className="ed-badges">
        {worst && <span data-kind={worst} title={t("has_issues")}><Icon name="alert" /></span>}
        {pinned && <span data-kind="pinned" title={t("pinned")}><Icon name="pin" /></span>}
        {stale && <span data-kind="warning" title={t("stale")}><Icon name="half-circle" /></span>}
        {node.disabled && <span title={t("off")}><Icon name="pause" /></span>}
        {(node.retry?.max_attempts ?? 1) > 1 && <span title={t("retries")}><Icon name="loop" /></span>}
        {Boolean(node.cache) && <span title={t("cached")}><Icon name="database" /></span>}
        {node.note && <span title={node.note}><Icon name="document" /></span>}
        {said > 0 && (
          <button type="button" className="nodrag" data-kind="said" aria-label={t(said === 1 ? "comment_one" : "comment_count", number(said))} title={t(said === 1 ? "comment_one" : "comment_count", number(said))}
            onClick={(event) => { event.stopPropagation(); editor.store.set({ selected: [id], edge: null, panel: "comments" }); }}><Icon name="chat" />{number(said)}</button>
        )}
        {action?.needs_credential && !node.connection && <span title={t("workspace_connection")}><Icon name="key" /></span>}
      </div>
      {run?.state === "waiting" && node.action === "flow.approval" && (
        <span className="ed-decide nodrag">
          <button type="button" className="button button-small button-primary" onClick={() => void editor.decide(run.at ?? key, true)}>{t("approve")}</button>
          <button type="button" className="button button-small" onClick={() => void editor.decide(run.at ?? key, false)}>{t("reject")}</button>
        </span>
      )}
      {figures && <span className="ed-figures">{figures}</span>}
      {ports.map((port, index) => (
        <Handle
          key={port} id={port} type="source" position={Position.Right} className={port === ERROR ? "ed-port ed-port-error" : "ed-port"}
          style={{ top: `${((index + 0.5) / ports.length) * 100}%` }} data-port={port} data-kind={port === ERROR ? "record" : gives} title={t("port_gives", port, t(`kind_${port === ERROR ? "record" : gives}`))}
        >
          {labelled && <span className="ed-port-label">{port}</span>}
          {(hover || alone) && !dragFrom && editor.setup.may.edit && (
            <button type="button" className="ed-plus nodrag nopan" tabIndex={-1} aria-label={t("add_after", title)} title={t("add_after", title)}
              onPointerDown={(event) => event.stopPropagation()} onMouseDown={(event) => event.stopPropagation()}
              onClick={(event) => { event.stopPropagation(); editor.store.set({ panel: "add", picker: { after: { node: id, port } } }); setTimeout(() => document.getElementById("palette-search")?.focus()); }}><Icon name="plus" /></button>
          )}
        </Handle>
      ))}
      {node.body !== undefined && node.body !== null && (
        <button type="button" className="ed-body nodrag" onClick={() => editor.store.set({ level: [...editor.store.get().level, id], selected: [] })}>
          {t("open_body", node.body.nodes.length)}
        </button>
      )}
    </div>
  );
});

const sourceOf = (connection: ConnectionState) => (connection.inProgress ? connection.fromHandle : null);

/** The operation and its key setting in one line. */
function subtitleOf(params: Record<string, unknown> | undefined, operation: string): string {
  const first = Object.values(params ?? {}).find((value) => (typeof value === "string" && value) || typeof value === "number");
  if (first === undefined) return operation;
  const text = isExpression(first) ? first.replace(/\{\{\s*|\s*\}\}/g, "") : String(first);
  return `${operation} · ${text}`;
}
