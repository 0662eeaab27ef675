// The graph as a tree that is a full editor: walk, open, connect, move, group, note and remove without a pointer.
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import * as drawing from "../core/drawing";
import * as edits from "../core/edits";
import { edgeKey, OUT, portsOf, titleOf, type Node } from "../core/model";
import { outlineOf, type Row } from "../core/outline";
import { t } from "../core/texts";
import { ActionIcon, actionOfNode, Icon, number, StateMark, useEditor } from "./common";

export function Outline() {
  const editor = useEditor();
  const graph = editor.use(() => editor.graph());
  const selected = editor.use((state) => state.mark ?? state.selected.at(-1) ?? "");
  const issues = editor.use((state) => state.issues);
  const prefix = editor.use((state) => state.level.map((part) => `${part}/`).join(""));
  const runs = editor.use((state) => state.overlay.nodes);
  const actions = editor.use((state) => state.actions);
  const [joining, setJoining] = useState<{ from: string; port: string } | null>(null);
  const list = useRef<HTMLUListElement>(null);
  const { rows, layer } = useMemo(() => outlineOf(graph), [graph]);
  const name = (node: Node | undefined, id = "") => (node ? titleOf(node, actions.get(node.action)) : id);
  const focusRow = (id: string) => list.current?.querySelector<HTMLElement>(`[data-row="${CSS.escape(id)}"]`)?.focus();
  const select = (row: Row | undefined) => {
    if (!row) return;
    editor.store.set(row.kind === "node" ? { selected: [row.id], edge: null, mark: null } : { selected: [], edge: null, mark: row.id });
    focusRow(row.id);
  };
  const open = (row: Row) => {
    select(row);
    editor.store.set({ inspector: "settings" });
    setTimeout(() => document.querySelector<HTMLElement>(".ed-inspector input, .ed-inspector select, .ed-inspector textarea")?.focus());
  };
  const fold = (row: Row, collapsed: boolean) => {
    if (row.kind === "frame" && Boolean(row.frame.collapsed) !== collapsed) editor.edit(t("did_group"), (graph) => drawing.updateGroup(graph, row.frame.id, { collapsed }));
  };

  useEffect(() => {
    if (list.current?.contains(document.activeElement)) focusRow(selected);
  }, [selected]);

  // When the row with the focus goes away, another one takes it, and the keyboard stays in the tree.
  const inside = useRef(false);
  useLayoutEffect(() => {
    if (inside.current && document.activeElement === document.body) list.current?.querySelector<HTMLElement>('[tabindex="0"]')?.focus();
  }, [rows]);

  const onKey = (event: React.KeyboardEvent, row: Row) => {
    if (event.target !== event.currentTarget) return;
    const place = rows.indexOf(row);
    if (event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
      const other = rows[place + (event.key === "ArrowUp" ? -1 : 1)];
      if (row.kind === "node" && other?.kind === "node" && layer.get(other.id) === layer.get(row.id)) {
        editor.edit(t("did_move", 1), (graph) => edits.moveNodes(graph, { [row.id]: other.node.position ?? { x: 0, y: 0 }, [other.id]: row.node.position ?? { x: 0, y: 0 } }));
      }
    } else if (event.key === "ArrowDown") select(rows[place + 1]);
    else if (event.key === "ArrowUp") select(rows[place - 1]);
    else if (event.key === "Home") select(rows[0]);
    else if (event.key === "End") select(rows.at(-1));
    else if (event.key === "ArrowRight") fold(row, false);
    else if (event.key === "ArrowLeft") {
      if (row.kind === "frame") fold(row, true);
      else if (row.level === 2) select(rows.slice(0, place).findLast((item) => item.kind === "frame"));
    } else if (event.key === "Escape" && joining) setJoining(null);
    else if (event.key === "Enter") {
      if (joining && row.kind === "node") {
        editor.connect(joining.from, joining.port, row.id);
        setJoining(null);
      } else open(row);
    } else if (event.key.toLowerCase() === "c" && row.kind === "node" && !event.ctrlKey && !event.metaKey) {
      const ports = portsOf(row.node, actions.get(row.node.action));
      if (!ports.length) return editor.tell(t("no_ports"), "danger");
      const port = joining?.from === row.id ? ports[(ports.indexOf(joining.port) + 1) % ports.length] : ports[0];
      setJoining({ from: row.id, port });
      editor.tell(t("connecting_from", name(row.node), port));
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };

  const nodeRow = (row: Row & { kind: "node" }) => {
    const { node } = row;
    const incoming = graph.edges.filter((edge) => edge.to === node.id);
    const found = issues.filter((issue) => issue.node === node.id || issue.node === prefix + node.id).length;
    const run = runs[prefix + node.id];
    const from = incoming.map((edge) => name(editor.nodeById(edge.from), edge.from)).join(", ");
    const label = [`${row.number}. ${name(node)}`, actions.get(node.action)?.title ?? node.action, from && t("connected_from", from), found > 0 && t(found === 1 ? "issue_one" : "issue_count", found), run && t(`state_${run.state}`)].filter(Boolean).join(", ");
    return {
      label,
      body: (
        <>
          <ActionIcon action={actionOfNode(node)} />
          <span className="grow">
            <strong>{row.number}. {name(node)}</strong>
            <small>{from ? t("connected_from", from) : t("starts_here")}{incoming.map((edge) => (
              <button key={edgeKey(edge)} type="button" className="ed-unlink" aria-label={t("disconnect_from", edge.from)} title={t("disconnect_from", edge.from)} onClick={(event) => { event.stopPropagation(); editor.edit(t("did_disconnect"), (graph) => edits.removeEdges(graph, [edgeKey(edge)])); }}><Icon name="x" />{edge.port && edge.port !== OUT ? edge.port : ""}</button>
            ))}</small>
          </span>
          {found > 0 && <span className="badge badge-danger">{t(found === 1 ? "issue_one" : "issue_count", found)}</span>}
          {node.body && <button type="button" className="button button-small" onClick={(event) => { event.stopPropagation(); editor.store.set((state) => ({ level: [...state.level, node.id], selected: [] })); }}>{t("open_body", node.body.nodes.length)}</button>}
          {run && <StateMark state={run.state} />}
        </>
      ),
    };
  };
  const frameRow = (row: Row & { kind: "frame" }) => {
    const label = t("outline_frame", row.frame.title || t("new_group"), number(row.frame.nodes.length));
    return { label, body: <><span className="ed-tile" data-colour={row.frame.colour ?? "grey"} onClick={() => fold(row, !row.frame.collapsed)}><Icon name={row.frame.collapsed ? "chevron-right" : "chevron-down"} large /></span><span className="grow"><strong>{row.frame.title || t("new_group")}</strong><small>{label}</small></span></> };
  };
  const noteRow = (row: Row & { kind: "note" }) => {
    const text = (row.note.text ?? "").trim();
    const label = text ? t("outline_note", text.split("\n")[0].slice(0, 120)) : t("outline_note_empty");
    return { label, body: <><span className="ed-tile" data-colour={row.note.colour ?? "amber"}><Icon name="document" large /></span><span className="grow ed-words">{text || t("outline_note_empty")}</span></> };
  };

  return (
    <div className="ed-outline" data-region="canvas">
      <p className="ed-hint">{t(joining ? "outline_joining" : "outline_help")}</p>
      {rows.length === 0 && <p className="ed-hint">{t("empty_canvas")}</p>}
      <ul
        role="tree" aria-label={t("outline")} ref={list} onFocus={() => { inside.current = true; }}
        onBlur={(event) => { if (event.relatedTarget && !event.currentTarget.contains(event.relatedTarget)) inside.current = false; }}
      >
        {rows.map((row, place) => {
          const { label, body } = row.kind === "node" ? nodeRow(row) : row.kind === "frame" ? frameRow(row) : noteRow(row);
          return (
            <li
              key={row.id} role="treeitem" aria-label={label} aria-level={row.level} aria-selected={selected === row.id} aria-expanded={row.kind === "frame" ? !row.frame.collapsed : undefined}
              data-row={row.id} data-node={row.kind === "node" ? row.id : undefined} data-kind={row.kind} data-joining={joining?.from === row.id || undefined}
              tabIndex={selected === row.id || (!rows.some((item) => item.id === selected) && place === 0) ? 0 : -1}
              onKeyDown={(event) => onKey(event, row)}
              onClick={() => select(row)}
              onFocus={(event) => event.target === event.currentTarget && selected !== row.id && select(row)}
            >{body}</li>
          );
        })}
      </ul>
    </div>
  );
}
