// The dock: log of the run, data of a node, issues of the document.
import { useEffect, useMemo, useRef, useState } from "react";
import { titleOf } from "../core/model";
import { nodeOfPath } from "../core/overlay";
import { t, type Key } from "../core/texts";
import type { RunEvent } from "../core/api";
import { DockData } from "./DockData";
import { Timeline } from "./Timeline";
import { Icon, language, StateMark, useEditor } from "./common";

const ROW = 24;
const OVERSCAN = 12;
/** Two digits each, or Korean puts words between them that the column has no room for. */
const CLOCK = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3, hour12: false });

export function Dock() {
  const editor = useEditor();
  const tab = editor.use((state) => state.dock);
  const issues = editor.use((state) => state.issues.length);
  const run = editor.use((state) => state.run);
  const overlay = editor.use((state) => state.overlay);
  const link = editor.use((state) => state.link);
  const [height, setHeight] = useState(240);
  const open = (name: "log" | "timeline" | "data" | "issues") => editor.store.set({ dock: tab === name ? null : name });
  const drag = (event: React.PointerEvent) => {
    const [start, before] = [event.clientY, height];
    const move = (moved: PointerEvent) => setHeight(Math.max(120, Math.min(innerHeight * 0.6, before + start - moved.clientY)));
    const end = () => { removeEventListener("pointermove", move); removeEventListener("pointerup", end); };
    addEventListener("pointermove", move);
    addEventListener("pointerup", end);
  };
  return (
    <section className="ed-dock" aria-label={t("dock")} data-region="dock" style={tab ? { height } : undefined}>
      {tab && <div className="ed-resize" onPointerDown={drag} aria-hidden="true" />}
      <div className="ed-dock-bar">
        {(["log", "timeline", "data", "issues"] as const).map((name) => (
          <button key={name} type="button" className="ed-dock-tab" aria-expanded={tab === name} onClick={() => open(name)}>
            {t(`dock_${name}` as Key)}{name === "issues" && issues > 0 && <span className="count">{issues}</span>}
          </button>
        ))}
        <span className="grow" />
        {run && <StateMark state={overlay.state} />}
        {link === "lost" && <span className="small" data-kind="warning">{t("link_lost")}</span>}
        {run && <a className="small" href={editor.setup.urls.run.replace("00000000-0000-0000-0000-000000000000", run)}>{t("open_run")}</a>}
        {tab && <button type="button" className="button button-quiet button-icon button-small" aria-label={t("close")} onClick={() => editor.store.set({ dock: null })}><Icon name="chevron-down" /></button>}
      </div>
      {tab === "log" && <Log />}
      {tab === "timeline" && <Timeline />}
      {tab === "data" && <DockData />}
      {tab === "issues" && <Issues />}
    </section>
  );
}

const words = (event: RunEvent): string => (event.data?.source ? `${plain(event)} (${t(event.data.source === "pinned" ? "of_pin" : "of_earlier")})` : plain(event));
const plain = (event: RunEvent): string => event.message || (WORDS.has(event.kind) ? t(`ev_${event.kind.replace(".", "_")}` as Key) : event.kind);
const WORDS = new Set(["run.started", "run.succeeded", "run.failed", "run.cancelled", "run.waiting", "node.started", "node.succeeded", "node.failed", "node.retrying", "node.skipped", "node.handled", "node.waiting", "node.progress"]);

function Log() {
  const editor = useEditor();
  const events = editor.use((state) => state.events);
  const [query, setQuery] = useState("");
  const [level, setLevel] = useState("");
  const [top, setTop] = useState(0);
  const [room, setRoom] = useState(240);
  const [following, setFollowing] = useState(true);
  const box = useRef<HTMLDivElement>(null);
  const shown = useMemo(() => {
    const text = query.toLowerCase();
    return events.filter((event) => (!level || event.level === level) && (!text || `${event.node ?? ""} ${words(event)}`.toLowerCase().includes(text)));
  }, [events, query, level]);
  useEffect(() => {
    const list = box.current!;
    const watch = new ResizeObserver(() => setRoom(list.clientHeight));
    watch.observe(list);
    return () => watch.disconnect();
  }, []);
  useEffect(() => {
    if (following) box.current!.scrollTop = shown.length * ROW;
  }, [shown.length, following]);
  const first = Math.max(0, Math.floor(top / ROW) - OVERSCAN);
  const last = Math.min(shown.length, Math.ceil((top + room) / ROW) + OVERSCAN);
  const time = (text: string) => CLOCK.format(new Date(text));
  return (
    <>
      <div className="ed-log-tools">
        <input type="search" value={query} onChange={(event) => setQuery(event.target.value)} placeholder={t("search_log")} aria-label={t("search_log")} />
        <select value={level} onChange={(event) => setLevel(event.target.value)} aria-label={t("level")}>
          <option value="">{t("all_levels")}</option>
          {["debug", "info", "warning", "error"].map((name) => <option key={name} value={name}>{t(`level_${name}` as Key)}</option>)}
        </select>
        <button type="button" className="button button-quiet button-small" onClick={() => void navigator.clipboard.writeText(shown.map((event) => JSON.stringify(event)).join("\n"))}><Icon name="copy" />{t("copy")}</button>
        {!following && <button type="button" className="button button-small" onClick={() => setFollowing(true)}><Icon name="arrow-down" />{t("follow")}</button>}
      </div>
      <div
        className="ed-log" ref={box} role="log" aria-label={t("dock_log")} tabIndex={0}
        onScroll={(event) => {
          const list = event.currentTarget;
          // Following ends when somebody scrolls up, not when new lines push the end away.
          const end = list.scrollTop + list.clientHeight >= list.scrollHeight - ROW;
          if (end || list.scrollTop < top) setFollowing(end);
          setTop(list.scrollTop);
        }}
      >
        {shown.length === 0 && <p className="ed-hint">{t(events.length ? "nothing_found" : "no_run_yet")}</p>}
        <div style={{ height: shown.length * ROW, position: "relative" }}>
          {shown.slice(first, last).map((event, index) => (
            <div key={event.seq} className="ed-line" data-level={event.level} style={{ top: (first + index) * ROW }}>
              <time>{time(event.time)}</time>
              <span className="ed-severity">{t(`level_${event.level}` as Key)}</span>
              {event.node ? <button type="button" onClick={() => editor.goTo(nodeOfPath(event.node!))}>{event.node}</button> : <span />}
              <span className="truncate" title={words(event)}>{words(event)}</span>
            </div>
          ))}
        </div>
      </div>
    </>
  );
}

function Issues() {
  const editor = useEditor();
  const issues = editor.use((state) => state.issues);
  if (!issues.length) return <p className="ed-hint"><StateMark state="succeeded" label={t("no_issues")} /></p>;
  const name = (id: string) => { const node = editor.nodeById(id); return node ? titleOf(node, editor.actionOf(node)) : id; };
  return (
    <ul className="ed-issues">
      {issues.map((issue, index) => (
        <li key={index}>
          <button type="button" onClick={() => editor.goTo(issue.node, issue.field)} data-kind={issue.severity}>
            <Icon name={issue.severity === "error" ? "cross" : "alert"} />
            <span className="visually-hidden">{t(issue.severity === "error" ? "level_error" : "level_warning")}</span>
            <strong>{issue.node ? name(issue.node) : t("whole_workflow")}</strong>
            {issue.field && <code>{issue.field}</code>}
            <span>{issue.message} <em>{issue.remedy}</em></span>
          </button>
        </li>
      ))}
    </ul>
  );
}
