// The palette: every action in groups, searched by words; Enter or a click adds, a drag places.
import { useEffect, useMemo, useRef, useState } from "react";
import { refusal } from "../core/check";
import type { Action } from "../core/model";
import { t, type Key } from "../core/texts";
import { ActionIcon, Icon, useEditor } from "./common";

const GROUPS: [Key, string[]][] = [
  ["group_sources", ["real-estate", "procurement", "market-data"]],
  ["group_flow", ["flow"]],
  ["group_transform", ["data", "code"]],
  ["group_forecast", ["analysis"]],
  ["group_web", ["web"]],
  ["group_apps", ["communication", "productivity", "files", "development"]],
];
const RECENT = "workflow-editor:recent";
const STARS = "workflow-editor:favourites";
const stored = (name: string): string[] => JSON.parse(localStorage.getItem(name) ?? "[]");

interface Row { group: string; action: Action }

export function Palette() {
  const editor = useEditor();
  const actions = editor.use((state) => state.actions);
  const picker = editor.use((state) => state.picker);
  const [query, setQuery] = useState("");
  const [chosen, setChosen] = useState(0);
  const [stars, setStars] = useState(() => stored(STARS));
  const [recent, setRecent] = useState(() => stored(RECENT));
  const field = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLDivElement>(null);

  useEffect(() => {
    if (picker) field.current?.focus();
  }, [picker]);

  const titles = useMemo(() => new Map(editor.setup.connectors.map((item) => [item.id, item])), [editor]);
  const rows = useMemo(() => {
    const words = query.toLowerCase().split(/\s+/).filter(Boolean);
    const source = picker?.after;
    const fitting = [...actions.values()].filter((action) => {
      const text = `${action.id} ${action.title} ${action.description} ${titles.get(action.connector)?.title ?? ""}`.toLowerCase();
      if (!words.every((word) => text.includes(word))) return false;
      if (!source) return true;
      const graph = editor.graph();
      const candidate = { id: "?", action: action.id, params: {} };
      return !refusal({ ...graph, nodes: [...graph.nodes, candidate] }, editor.store.get().history.present.inputs, actions, source.node, source.port, "?");
    });
    const groupOf = (action: Action) => (action.connector === "flow" ? "flow" : titles.get(action.connector)?.group ?? "");
    const found: Row[] = [];
    if (!words.length) {
      const special = (name: Key, ids: string[]) => {
        for (const id of ids) {
          const action = fitting.find((item) => item.id === id);
          if (action) found.push({ group: t(name), action });
        }
      };
      special("group_favourites", stars);
      special("group_recent", recent.filter((id) => !stars.includes(id)).slice(0, 4));
    }
    const known = new Set(GROUPS.flatMap(([, names]) => names));
    for (const [title, names] of [...GROUPS, ["group_tools", [""]] as [Key, string[]]]) {
      for (const action of fitting) {
        const group = groupOf(action);
        if (names.includes(group) || (title === "group_tools" && !known.has(group))) found.push({ group: t(title), action });
      }
    }
    if (words.length) {
      const rank = ({ action }: Row) => (action.title.toLowerCase().startsWith(words[0]) ? 0 : action.title.toLowerCase().includes(words[0]) ? 1 : 2);
      return found.sort((a, b) => rank(a) - rank(b)).map((row) => ({ ...row, group: t("found") }));
    }
    return found;
  }, [actions, query, picker, stars, recent, titles, editor]);

  const add = (action: Action) => {
    editor.add(action);
    const next = [action.id, ...recent.filter((id) => id !== action.id)].slice(0, 8);
    localStorage.setItem(RECENT, JSON.stringify(next));
    setRecent(next);
    setQuery("");
  };
  const star = (id: string) => {
    const next = stars.includes(id) ? stars.filter((item) => item !== id) : [...stars, id];
    localStorage.setItem(STARS, JSON.stringify(next));
    setStars(next);
  };
  const choose = (index: number) => {
    const place = Math.max(0, Math.min(rows.length - 1, index));
    setChosen(place);
    list.current?.querySelectorAll("[role=option]")[place]?.scrollIntoView({ block: "nearest" });
  };

  return (
    <div className="ed-palette">
      <div className="ed-search">
        <Icon name="search" />
        <input
          ref={field} id="palette-search" type="search" value={query} placeholder={t("search_nodes")} aria-label={t("search_nodes")} autoComplete="off"
          role="combobox" aria-expanded="true" aria-controls="palette-list" aria-activedescendant={rows[chosen] ? `option-${chosen}` : undefined}
          onChange={(event) => { setQuery(event.target.value); setChosen(0); }}
          onKeyDown={(event) => {
            if (event.key === "ArrowDown") choose(chosen + 1);
            else if (event.key === "ArrowUp") choose(chosen - 1);
            else if (event.key === "Enter" && rows[chosen]) add(rows[chosen].action);
            else if (event.key === "Escape") { setQuery(""); editor.store.set({ picker: null }); field.current?.blur(); return; }
            else return;
            event.preventDefault();
          }}
        />
      </div>
      {picker && <p className="ed-hint">{t(picker.edge ? "picking_edge" : "picking_after")} <button type="button" className="button button-quiet button-small" onClick={() => editor.store.set({ picker: null })}>{t("cancel")}</button></p>}
      <div className="ed-options" id="palette-list" role="listbox" aria-label={t("nodes")} ref={list} tabIndex={-1}>
        {rows.length === 0 && <p className="ed-hint">{t("nothing_found")}</p>}
        {rows.map((row, index) => (
          <div key={`${row.group} ${row.action.id}`} role="presentation">
            {row.group !== rows[index - 1]?.group && <div className="ed-group" role="presentation">{row.group}</div>}
            <div
              id={`option-${index}`} role="option" aria-selected={index === chosen} className="ed-option" draggable={editor.setup.may.edit}
              title={row.action.description} data-action={row.action.id}
              onDragStart={(event) => { event.dataTransfer.setData("application/x-action", row.action.id); event.dataTransfer.effectAllowed = "copy"; }}
              onClick={() => add(row.action)} onMouseMove={() => setChosen(index)}
            >
              <ActionIcon action={row.action} />
              <span className="grow truncate"><span className="truncate">{row.action.title}</span><small>{row.action.connector === "flow" ? t("group_flow") : titles.get(row.action.connector)?.title}</small></span>
              <span className="ed-star" data-on={stars.includes(row.action.id) || undefined} title={t("favourite")} onClick={(event) => { event.stopPropagation(); star(row.action.id); }}><Icon name="star" /></span>
            </div>
          </div>
        ))}
      </div>
    </div>
  );
}
