// Find a node by name, id, operation or setting, and go to it.
import { useEffect, useMemo, useRef, useState } from "react";
import type { Graph } from "../core/model";
import { titleOf, type Action, type Node } from "../core/model";
import { t } from "../core/texts";
import { ActionIcon, actionOfNode, Icon, useEditor } from "./common";

interface Found { path: string; node: Node; place: string }

function everything(graph: Graph, actions: Map<string, Action>, prefix = "", place = ""): Found[] {
  return graph.nodes.flatMap((node) => [
    { path: prefix + node.id, node, place },
    ...(node.body ? everything(node.body, actions, `${prefix}${node.id}/`, titleOf(node, actions.get(node.action))) : []),
  ]);
}

export function Find({ onClose, show }: { onClose: () => void; show: (id: string) => void }) {
  const editor = useEditor();
  const definition = editor.use((state) => state.history.present);
  const actions = editor.use((state) => state.actions);
  const [query, setQuery] = useState("");
  const [chosen, setChosen] = useState(0);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.focus(), []);
  const all = useMemo(() => everything(definition, actions), [definition, actions]);
  const words = query.trim().toLowerCase();
  const found = all.filter(({ node }) => !words || `${titleOf(node, actions.get(node.action))} ${node.id} ${node.action} ${actions.get(node.action)?.title ?? ""} ${JSON.stringify(node.params ?? {})} ${node.note ?? ""}`.toLowerCase().includes(words)).slice(0, 50);
  const go = (item: Found | undefined) => {
    if (!item) return;
    onClose();
    editor.goTo(item.path);
    show(item.node.id);
  };
  const onKey = (event: React.KeyboardEvent) => {
    if (event.key === "ArrowDown") setChosen(Math.min(chosen + 1, found.length - 1));
    else if (event.key === "ArrowUp") setChosen(Math.max(chosen - 1, 0));
    else if (event.key === "Enter") go(found[chosen]);
    else if (event.key === "Escape") onClose();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div className="ed-find" role="search">
      <div className="ed-search"><Icon name="search" />
        <input
          id="find-node" ref={input} type="search" value={query} placeholder={t("find_hint")} aria-label={t("find")} role="combobox" aria-expanded="true" aria-controls="find-list" aria-activedescendant={found.length ? `find-${chosen}` : undefined}
          onChange={(event) => { setQuery(event.target.value); setChosen(0); }} onKeyDown={onKey} onBlur={(event) => { if (!event.relatedTarget || !event.currentTarget.closest(".ed-find")?.contains(event.relatedTarget)) onClose(); }}
        />
      </div>
      <div role="listbox" id="find-list" aria-label={t("nodes")}>
        {found.length === 0 && <p className="ed-hint">{t("nothing_found")}</p>}
        {found.map((item, index) => (
          <div key={item.path} id={`find-${index}`} role="option" aria-selected={index === chosen} className="ed-option" onPointerDown={(event) => { event.preventDefault(); go(item); }}>
            <ActionIcon action={actionOfNode(item.node)} />
            <span className="grow"><span className="truncate">{titleOf(item.node, actions.get(item.node.action))}</span><small>{item.place ? t("found_in", item.place) : actions.get(item.node.action)?.title ?? item.node.action}</small></span>
            <code className="tiny faint">{item.node.id}</code>
          </div>
        ))}
      </div>
    </div>
  );
}
