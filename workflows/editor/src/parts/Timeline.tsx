// The Timeline tab: bars by node on one axis; waits hatched, attempts stacked, items folded, the critical path outlined.
import { useMemo } from "react";
import { ticksOf, timelineOf } from "../core/timeline";
import { graphAt, titleOf } from "../core/model";
import { t } from "../core/texts";
import { duration, Icon, number, STATE_ICONS, useEditor } from "./common";

export function Timeline() {
  const editor = useEditor();
  const events = editor.use((state) => state.events);
  const ran = editor.use((state) => state.ranOn);
  const selected = editor.use((state) => state.selected[0]);
  const { rows, length } = useMemo(() => timelineOf(events, ran), [events, ran]);
  if (!rows.length) return <p className="ed-hint">{t("no_run_yet")}</p>;
  const left = (ms: number) => `${(ms / length) * 100}%`;
  const name = (path: string) => {
    const parts = path.split("/");
    const node = graphAt(ran ?? editor.graph(), parts.slice(0, -1)).nodes.find((item) => item.id === parts.at(-1));
    return node ? titleOf(node, editor.actionOf(node)) : path;
  };
  return (
    <div className="ed-dock-body ed-timeline" tabIndex={0} role="region" aria-label={t("dock_timeline")}>
      <div className="ed-axis" aria-hidden="true">{ticksOf(length).map((tick) => <span key={tick} style={{ left: left(tick) }}>{duration(tick)}</span>)}</div>
      <ul>
        {rows.map((row) => {
          const last = row.bars.at(-1);
          const took = row.bars.reduce((sum, bar) => sum + bar.to - bar.from, 0);
          const waited = row.waits.reduce((sum, wait) => sum + wait.to - wait.from, 0);
          const words = [name(row.node), last && t(`state_${last.state}`), row.items ? t("items_span", number(row.items.count), duration(row.items.min), duration(row.items.median), duration(row.items.max)) : duration(took),
            waited > 0 && t("waited", duration(waited)), row.bars.length > 1 && !row.items && t("attempts_made", row.bars.length), row.critical && t("critical")].filter(Boolean).join(", ");
          return (
            <li key={row.node} data-critical={row.critical || undefined} data-selected={row.node === selected || undefined}>
              <button type="button" onClick={() => editor.goTo(row.node)} title={words} aria-label={words}>
                <span className="ed-lane-name" data-state={last?.state}>{last && <Icon name={STATE_ICONS[last.state]} />}<span className="truncate">{name(row.node)}</span></span>
                <span className="ed-lane" data-items={row.items ? true : undefined}>
                  {row.waits.map((wait, index) => <i key={`w${index}`} className="ed-wait" style={{ left: left(wait.from), width: left(wait.to - wait.from) }} />)}
                  {row.bars.map((bar, index) => <i key={index} className="ed-bar-run" data-state={bar.state} style={{ left: left(bar.from), width: `max(3px, ${left(bar.to - bar.from)})`, ...(row.items || row.bars.length === 1 ? {} : { top: 3 + (index % 4) * 4, height: 5 }) }} />)}
                </span>
                <span className="ed-lane-took">{row.items ? `${number(row.items.count)} × ${duration(row.items.median)}` : duration(took)}</span>
              </button>
            </li>
          );
        })}
      </ul>
    </div>
  );
}
