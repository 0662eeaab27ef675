// The Data tab: what went into a node and what came out, of the run on the canvas, or how it differs from another run.
import { useEffect, useState } from "react";
import type { NodeRun } from "../core/api";
import { differences } from "../core/difference";
import { graphAt } from "../core/model";
import { nodeOfPath, recordPath, type RunState } from "../core/overlay";
import { t } from "../core/texts";
import { Icon, moment, number, useEditor } from "./common";
import { DataView } from "./DataView";

interface Run { id: string; state: RunState; created_at: string }

const valueOf = (run: NodeRun | undefined): unknown => (run ? run.error ?? run.output : undefined);

export function DockData() {
  const editor = useEditor();
  const outputs = editor.use((state) => state.outputs);
  const selected = editor.use((state) => (state.selected.length ? recordPath(state.level, state.items, state.selected.at(-1)!) : ""));
  const wanted = editor.use((state) => state.shownData);
  const run = editor.use((state) => state.finished);
  const ran = editor.use((state) => state.ranOn);
  const lastInput = editor.use((state) => state.lastInput);
  const [side, setSide] = useState<"input" | "output">("output");
  const [runs, setRuns] = useState<Run[]>([]);
  const [other, setOther] = useState("");
  const [theirs, setTheirs] = useState<Record<string, NodeRun> | null>(null);
  const names = Object.keys(outputs);
  const name = outputs[wanted] ? wanted : outputs[selected] ? selected : names.at(-1) ?? "";

  useEffect(() => {
    let over = false;
    editor.api.runs().then((found) => { if (!over) setRuns((found as Run[]).filter((item) => item.id !== run && ["succeeded", "failed"].includes(item.state))); }, () => { if (!over) setRuns([]); });
    return () => { over = true; };
  }, [editor, run]);
  useEffect(() => {
    setTheirs(null);
    if (!other) return;
    let over = false;
    editor.api.nodeRuns(other).then(
      (found) => { if (!over) setTheirs(Object.fromEntries(found.map((item) => [item.path, item]))); },
      (error: Error) => { if (!over) { editor.tell(error.message, "danger"); setOther(""); } },
    );
    return () => { over = true; };
  }, [editor, other]);

  if (!names.length) return <p className="ed-hint">{t("no_data_yet")}</p>;
  const sources = () => {
    const parts = nodeOfPath(name).split("/");
    const graph = graphAt(ran ?? editor.store.get().history.present, parts.slice(0, -1));
    const prefix = name.includes("/") ? name.slice(0, name.lastIndexOf("/") + 1) : "";
    return [...new Set(graph.edges.filter((edge) => edge.to === parts.at(-1)).map((edge) => edge.from))].filter((id) => outputs[prefix + id]).map((id) => ({ id, run: outputs[prefix + id] }));
  };
  return (
    <div className="ed-dock-body ed-dock-data">
      <div className="ed-data-head">
        <select value={name} aria-label={t("node_name")} id="data-node" onChange={(event) => editor.store.set({ shownData: event.target.value })}>{names.map((item) => <option key={item}>{item}</option>)}</select>
        <div className="segmented" role="group" aria-label={t("data_side")}>
          {(["input", "output"] as const).map((item) => <button key={item} type="button" aria-pressed={side === item} onClick={() => setSide(item)}>{t(item)}</button>)}
        </div>
        <span className="grow" />
        {side === "output" && (
          <label className="ed-inline small">{t("compare_with")}
            <select id="data-compare" value={other} onChange={(event) => setOther(event.target.value)}>
              <option value="">{t("compare_none")}</option>
              {runs.slice(0, 50).map((item) => <option key={item.id} value={item.id}>{moment(item.created_at)} · {t(`state_${item.state}`)}</option>)}
            </select></label>
        )}
        {side === "output" && other && run && <a className="small" href={`${editor.setup.urls.compare}?a=${other}&b=${run}&node=${encodeURIComponent(name)}`}>{t("compare_open")}</a>}
      </div>
      {side === "input"
        ? <>{lastInput && <DataView value={lastInput} source={t("inputs")} path="input" />}{sources().map(({ id, run }) => <DataView key={id} value={valueOf(run)} source={id} path={id} />)}</>
        : other && theirs
          ? <Compared mine={valueOf(outputs[name])} theirs={theirs[name] ? { value: valueOf(theirs[name]) } : null} />
          : <DataView value={valueOf(outputs[name])} source={t("from_last_run")} path={name} />}
    </div>
  );
}

const text = (value: unknown): string => (value === undefined ? "–" : typeof value === "string" ? value : JSON.stringify(value));

function Compared({ mine, theirs }: { mine: unknown; theirs: { value: unknown } | null }) {
  if (!theirs) return <p className="ed-hint">{t("compare_missing")}</p>;
  const found = differences(theirs.value, mine);
  if (!found.length) return <p className="ed-hint ed-inline" id="data-same"><Icon name="tick" />{t("compare_same")}</p>;
  const count = found.length === 1 ? t("compare_one") : t("compare_count", number(found.length));
  return (
    <div className="table-wrap" tabIndex={0} role="region" aria-label={count}>
      <table className="table ed-diff" id="data-diff">
        <caption className="small">{count}</caption>
        <thead><tr><th>{t("compare_path")}</th><th>{t("compare_other")}</th><th>{t("compare_this")}</th></tr></thead>
        <tbody>{found.map(({ path, a, b }) => (
          <tr key={path}><td><code>{path || "·"}</code></td><td data-change={a === undefined ? undefined : "removed"} title={text(a)}>{text(a)}</td><td data-change={b === undefined ? undefined : "added"} title={text(b)}>{text(b)}</td></tr>
        ))}</tbody>
      </table>
    </div>
  );
}
