// The items of a map or the rounds of a loop: a grid of their states; choosing one shows its data inside.
import type { Node } from "../core/model";
import { t } from "../core/texts";
import { Icon, number, STATE_ICONS, useEditor } from "./common";

const MOST = 2_000;

export function Items({ node }: { node: Node }) {
  const editor = useEditor();
  const path = editor.use((state) => [...state.level, node.id].join("/"));
  const items = editor.use((state) => state.overlay.items?.[path]);
  const total = editor.use((state) => state.overlay.nodes[path]?.total);
  const chosen = editor.use((state) => state.items[path] ?? 0);
  if (!node.body || !items) return null;
  const known = Object.keys(items).map(Number);
  const count = Math.max(total ?? 0, ...known.map((index) => index + 1));
  const failed = known.filter((index) => items[index] === "failed").length;
  const done = known.filter((index) => items[index] !== "running" && items[index] !== "waiting").length;
  const choose = (index: number) => editor.store.set((state) => ({ items: { ...state.items, [path]: index } }));
  const onKey = (event: React.KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = Math.max(0, Math.min(count - 1, chosen + step));
    choose(next);
    event.currentTarget.querySelectorAll<HTMLElement>("button")[next]?.focus();
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <section className="ed-items">
      <div className="row"><strong className="small">{t("items_done", number(done), number(count))}</strong>{failed > 0 && <span className="small" data-kind="danger">{t("items_failed", number(failed))}</span>}<span className="grow" />
        <button type="button" className="button button-small" onClick={() => editor.store.set((state) => ({ level: [...state.level, node.id], selected: [] }))}>{t("show_item", number(chosen + 1))}</button></div>
      <div className="ed-item-grid" role="group" aria-label={t("items")} onKeyDown={onKey}>
        {Array.from({ length: Math.min(count, MOST) }, (_, index) => {
          const state = items[index] ?? "idle";
          return (
            <button key={index} type="button" aria-pressed={index === chosen} data-state={state} tabIndex={index === chosen ? 0 : -1} aria-label={`${number(index + 1)}: ${t(`state_${state}`)}`} title={`${number(index + 1)}: ${t(`state_${state}`)}`} onClick={() => choose(index)}>
              <Icon name={STATE_ICONS[state]} />
            </button>
          );
        })}
      </div>
      {count > MOST && <p className="field-help">{t("first_rows", number(MOST), number(count))}</p>}
    </section>
  );
}
