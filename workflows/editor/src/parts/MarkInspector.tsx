// The inspector of a frame or a note, for those who do not use the pointer: words, colour, members.
import * as drawing from "../core/drawing";
import { COLOURS, titleOf, type Colour } from "../core/model";
import { t } from "../core/texts";
import { Icon, useEditor } from "./common";

export function MarkInspector({ mark }: { mark: string }) {
  const editor = useEditor();
  const graph = editor.use(() => editor.graph());
  const id = mark.slice(mark.indexOf(":") + 1);
  const frame = mark.startsWith("frame:") ? graph.groups?.find((item) => item.id === id) : undefined;
  const note = mark.startsWith("note:") ? graph.notes?.find((item) => item.id === id) : undefined;
  const { edit: may } = editor.setup.may;
  if (!frame && !note) return null;
  const colour = frame?.colour ?? note?.colour ?? (frame ? "grey" : "amber");
  const paint = (next: Colour) => editor.edit(t("colour"), (graph) => (frame ? drawing.updateGroup(graph, id, { colour: next }) : drawing.updateNote(graph, id, { colour: next })));
  return (
    <aside className="ed-inspector" aria-label={t("inspector")} data-region="inspector">
      <header><div className="grow"><strong>{frame ? t("group") : t("sticky")}</strong></div>
        <button type="button" className="button button-quiet button-icon" aria-label={t("close")} onClick={() => editor.store.set({ mark: null })}><Icon name="x" /></button></header>
      <fieldset className="ed-plain" disabled={!may}><div className="ed-pad ed-form">
        {frame && <div className="field"><label htmlFor="mark-text">{t("group_title")}</label><input id="mark-text" value={frame.title ?? ""} maxLength={120} onChange={(event) => editor.edit(t("did_group"), (graph) => drawing.updateGroup(graph, id, { title: event.target.value }), `frame ${id}`)} /></div>}
        {note && <div className="field"><label htmlFor="mark-text">{t("sticky_text")}</label><textarea id="mark-text" className="no-shortcuts" rows={8} value={note.text ?? ""} maxLength={10000} onChange={(event) => editor.edit(t("did_sticky"), (graph) => drawing.updateNote(graph, id, { text: event.target.value }), `note ${id}`)} /></div>}
        <div className="field"><span className="field-label" id="mark-colour">{t("colour")}</span>
          <div className="ed-colours" role="group" aria-labelledby="mark-colour">
            {COLOURS.map((name) => <button key={name} type="button" data-colour={name} aria-pressed={colour === name} aria-label={t(`colour_${name}`)} title={t(`colour_${name}`)} onClick={() => paint(name)} />)}
          </div></div>
        {frame && (
          <div className="field"><span className="field-label" id="mark-members">{t("frame_members")}</span>
            <div className="ed-form ed-members" role="group" aria-labelledby="mark-members">
              {graph.nodes.map((node) => (
                <label className="ed-check" key={node.id}><input type="checkbox" checked={frame.nodes.includes(node.id)} disabled={frame.nodes.length === 1 && frame.nodes[0] === node.id} onChange={(event) => editor.edit(t("did_group"), (graph) => drawing.setMember(graph, id, node.id, event.target.checked))} />{titleOf(node, editor.actionOf(node))}</label>
              ))}
            </div></div>
        )}
        {may && <div className="ed-actions"><button type="button" className="button button-danger" onClick={editor.remove}><Icon name="trash" />{t(frame ? "ungroup" : "delete")}</button></div>}
      </div></fieldset>
    </aside>
  );
}
