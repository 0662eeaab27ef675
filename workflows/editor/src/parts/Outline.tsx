// The graph as a list that is a full editor: walk, open, connect, move, add and remove without a pointer.
import { useEffect, useRef, useState } from "react";
import * as edits from "../core/edits";
import { layersOf } from "../core/layout";
import { edgeKey, OUT, portsOf, titleOf, type Node } from "../core/model";
import { t } from "../core/texts";
import { ActionIcon, actionOfNode, Icon, StateMark, useEditor } from "./common";

export function Outline() {
  const editor = useEditor();
  const graph = editor.use(() => editor.graph());
  const selected = editor.use((state) => state.selected.at(-1) ?? "");
  const issues = editor.use((state) => state.issues);
  const prefix = editor.use((state) => state.level.map((part) => `${part}/`).join(""));
  const nodes = editor.use((state) => state.overlay.nodes);
  const actions = editor.use((state) => state.actions);
  const [joining, setJoining] = useState<{ from: string; port: string } | null>(null);
  const list = useRef<HTMLUListElement>(null);
  const layer = layersOf(graph);
  const rows = graph.nodes.map((node, index) => ({ node, index })).sort((a, b) => layer.get(a.node.id)! - layer.get(b.node.id)! || (a.node.position?.y ?? 0) - (b.node.position?.y ?? 0) || a.index - b.index).map(({ node }) => node);
  const name = (node: Node | undefined, id = "") => (node ? titleOf(node, actions.get(node.action)) : id);
  const focusRow = (id: string) => list.current?.querySelector<HTMLElement>(`[data-node="${CSS.escape(id)}"]`)?.focus();
  const select = (node: Node | undefined) => {
    if (!node) return;
    editor.store.set({ selected: [node.id], edge: null });
    focusRow(node.id);
  };

  useEffect(() => {
    if (list.current?.contains(document.activeElement)) focusRow(selected);
  }, [selected]);

  const onKey = (event: React.KeyboardEvent, node: Node) => {
    if (event.target !== event.currentTarget) return;
    const place = rows.indexOf(node);
    if (event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
      const other = rows[place + (event.key === "ArrowUp" ? -1 : 1)];
      if (other && layer.get(other.id) === layer.get(node.id)) {
        editor.edit(t("did_move", 1), (graph) => edits.moveNodes(graph, { [node.id]: other.position ?? { x: 0, y: 0 }, [other.id]: node.position ?? { x: 0, y: 0 } }));
      }
    } else if (event.key === "ArrowDown") select(rows[place + 1]);
    else if (event.key === "ArrowUp") select(rows[place - 1]);
    else if (event.key === "Home") select(rows[0]);
    else if (event.key === "End") select(rows.at(-1));
    else if (event.key === "Escape") setJoining(null);
    else if (event.key === "Enter") {
      if (joining) {
        editor.connect(joining.from, joining.port, node.id);
        setJoining(null);
      } else {
        select(node);
        editor.store.set({ inspector: "settings" });
        setTimeout(() => document.querySelector<HTMLElement>(".ed-inspector input, .ed-inspector select, .ed-inspector textarea")?.focus());
      }
    } else if (event.key.toLowerCase() === "c" && !event.ctrlKey && !event.metaKey) {
      const ports = portsOf(node, actions.get(node.action));
      if (!ports.length) return editor.tell(t("no_ports"), "danger");
      const port = joining?.from === node.id ? ports[(ports.indexOf(joining.port) + 1) % ports.length] : ports[0];
      setJoining({ from: node.id, port });
      editor.tell(t("connecting_from", name(node), port));
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div className="ed-outline" data-region>
      <p className="ed-hint">{t(joining ? "outline_joining" : "outline_help")}</p>
      {rows.length === 0 && <p className="ed-hint">{t("empty_canvas")}</p>}
      <ul role="tree" aria-label={t("outline")} ref={list}>
        {rows.map((node, place) => {
          const incoming = graph.edges.filter((edge) => edge.to === node.id);
          const found = issues.filter((issue) => issue.node === node.id || issue.node === prefix + node.id).length;
          const run = nodes[prefix + node.id];
          const from = incoming.map((edge) => name(editor.nodeById(edge.from), edge.from)).join(", ");
          const label = [`${place + 1}. ${name(node)}`, actions.get(node.action)?.title ?? node.action, from && t("connected_from", from), found > 0 && t(found === 1 ? "issue_one" : "issue_count", found), run && t(`state_${run.state}`)].filter(Boolean).join(", ");
          return (
            <li
              key={node.id} role="treeitem" aria-label={label} aria-selected={selected === node.id} data-node={node.id} data-joining={joining?.from === node.id || undefined}
              tabIndex={selected === node.id || (!rows.some((row) => row.id === selected) && place === 0) ? 0 : -1}
              onKeyDown={(event) => onKey(event, node)} onClick={() => select(node)} onFocus={(event) => event.target === event.currentTarget && selected !== node.id && editor.store.set({ selected: [node.id], edge: null })}
            >
              <ActionIcon action={actionOfNode(node)} />
              <span className="grow">
                <strong>{place + 1}. {name(node)}</strong>
                <small>{from ? t("connected_from", from) : t("starts_here")}{incoming.map((edge) => (
                  <button key={edgeKey(edge)} type="button" className="ed-unlink" aria-label={t("disconnect_from", edge.from)} title={t("disconnect_from", edge.from)} onClick={(event) => { event.stopPropagation(); editor.edit(t("did_disconnect"), (graph) => edits.removeEdges(graph, [edgeKey(edge)])); }}><Icon name="x" />{edge.port && edge.port !== OUT ? edge.port : ""}</button>
                ))}</small>
              </span>
              {found > 0 && <span className="badge badge-danger">{t(found === 1 ? "issue_one" : "issue_count", found)}</span>}
              {run && <StateMark state={run.state} />}
            </li>
          );
        })}
      </ul>
    </div>
  );
}
