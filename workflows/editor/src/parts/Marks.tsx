// What lies on the canvas beside nodes: frames around them, and notes.
import { Handle, NodeResizer, Position, type NodeProps } from "@xyflow/react";
import { memo } from "react";
import * as drawing from "../core/drawing";
import { COLOURS, HEIGHT, type Colour } from "../core/model";
import { t } from "../core/texts";
import { Icon, number, useEditor } from "./common";

const next = (colour: Colour | undefined, standard: Colour): Colour => COLOURS[(COLOURS.indexOf(colour ?? standard) + 1) % COLOURS.length];

export const FrameMark = memo(function FrameMark({ id, selected }: NodeProps) {
  const editor = useEditor();
  const key = id.slice("frame:".length);
  const frame = editor.use(() => editor.graph().groups?.find((item) => item.id === key));
  const worst = editor.use((state) => {
    const inside = new Set(frame?.collapsed ? frame.nodes : []);
    return state.issues.some((issue) => inside.has(issue.node) && issue.severity === "error");
  });
  if (!frame) return null;
  const { edit: may } = editor.setup.may;
  const title = frame.title || t("new_group");
  const change = (part: Parameters<typeof drawing.updateGroup>[2], merge?: string) => editor.edit(t("did_group"), (graph) => drawing.updateGroup(graph, key, part), merge);
  const tools = may && (
    <>
      <button type="button" className="ed-swatch nodrag" aria-label={t("colour")} title={t("colour")} onClick={() => change({ colour: next(frame.colour, "grey") })} />
      <button type="button" className="nodrag" aria-label={t("ungroup")} title={`${t("ungroup")} (Shift+Ctrl+G)`} onClick={() => editor.edit(t("did_ungroup"), (graph) => drawing.ungroup(graph, key))}><Icon name="x" /></button>
    </>
  );
  const fold = <button type="button" className="nodrag" aria-expanded={!frame.collapsed} aria-label={t(frame.collapsed ? "expand" : "collapse")} title={t(frame.collapsed ? "expand" : "collapse")} onClick={() => change({ collapsed: !frame.collapsed })}><Icon name={frame.collapsed ? "chevron-right" : "chevron-down"} /></button>;
  if (frame.collapsed) {
    return (
      <div className="ed-frame-card ed-frame-head" data-colour={frame.colour ?? "grey"} data-selected={selected || undefined} style={{ height: HEIGHT }}>
        <Handle type="target" position={Position.Left} className="ed-port" isConnectable={false} />
        {fold}
        <span className="grow"><strong>{title}</strong><small>{t("group_of", "", number(frame.nodes.length)).replace(/^:\s*/, "")}</small></span>
        {worst && <Icon name="alert" />}
        {tools}
        <Handle type="source" position={Position.Right} className="ed-port" isConnectable={false} />
      </div>
    );
  }
  return (
    <div className="ed-frame" data-colour={frame.colour ?? "grey"} data-selected={selected || undefined}>
      <div className="ed-frame-head">
        {fold}
        <input className="nodrag" value={frame.title ?? ""} placeholder={t("new_group")} aria-label={t("group_title")} maxLength={120} size={Math.max(6, title.length)} readOnly={!may} onChange={(event) => change({ title: event.target.value }, `frame ${key}`)} />
        <span className="grow" />
        {tools}
      </div>
    </div>
  );
});

export const NoteMark = memo(function NoteMark({ id, selected }: NodeProps) {
  const editor = useEditor();
  const key = id.slice("note:".length);
  const note = editor.use(() => editor.graph().notes?.find((item) => item.id === key));
  if (!note) return null;
  const { edit: may } = editor.setup.may;
  const change = (part: Parameters<typeof drawing.updateNote>[2], merge?: string) => editor.edit(t("did_sticky"), (graph) => drawing.updateNote(graph, key, part), merge);
  return (
    <div className="ed-sticky" data-colour={note.colour ?? "amber"} data-selected={selected || undefined}>
      {may && <NodeResizer isVisible={selected} minWidth={120} minHeight={80} onResizeEnd={(_, size) => change({ width: Math.round(size.width), height: Math.round(size.height), position: { x: Math.round(size.x), y: Math.round(size.y) } })} />}
      <div className="ed-sticky-head">
        <span className="grow" />
        {may && <button type="button" className="ed-swatch nodrag" aria-label={t("colour")} title={t("colour")} onClick={() => change({ colour: next(note.colour, "amber") })} />}
        {may && <button type="button" className="nodrag" aria-label={t("delete")} title={t("delete")} onClick={() => editor.edit(t("did_sticky"), (graph) => drawing.removeNote(graph, key))}><Icon name="x" /></button>}
      </div>
      <textarea className="nodrag nowheel no-shortcuts" value={note.text ?? ""} placeholder={t("sticky_empty")} aria-label={t("sticky_text")} readOnly={!may} onChange={(event) => change({ text: event.target.value }, `note ${key}`)} />
    </div>
  );
});
