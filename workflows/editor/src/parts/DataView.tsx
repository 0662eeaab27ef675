// A value as a table, as JSON or as its schema; fields can be dragged into an expression, paths copied.
import { useMemo, useState, type ReactNode } from "react";
import { rowsOf, schemaOf } from "../core/schema";
import { t, type Key } from "../core/texts";
import { Icon, number } from "./common";

const ROWS = 200;
const SHOWN = 100_000;
type View = "table" | "json" | "schema";

export function DataView({ value, source, path, tools, note }: { value: unknown; source: ReactNode; path?: string; tools?: ReactNode; note?: ReactNode }) {
  const found = useMemo(() => rowsOf(value, path), [value, path]);
  const [chosen, setChosen] = useState<View | null>(null);
  const [query, setQuery] = useState("");
  const [limit, setLimit] = useState(ROWS);
  const view = chosen ?? (found ? "table" : "json");
  const text = useMemo(() => JSON.stringify(value, null, 2) ?? "null", [value]);
  const words = query.trim().toLowerCase();
  const rows = useMemo(
    () => (found?.rows ?? []).map((row, index) => ({ row, index })).filter(({ row }) => !words || JSON.stringify(row).toLowerCase().includes(words)),
    [found, words],
  );
  const columns = found ? [...new Set(found.rows.slice(0, 20).flatMap(Object.keys))].slice(0, 30) : [];
  const lines = useMemo(() => (words ? text.split("\n").filter((line) => line.toLowerCase().includes(words)).join("\n") : text), [text, words]);
  const views: View[] = found ? ["table", "json", "schema"] : ["json", "schema"];
  const copy = (what: string) => void navigator.clipboard.writeText(what);
  const drag = (where: string) => ({ draggable: true, onDragStart: (event: React.DragEvent) => event.dataTransfer.setData("text/plain", `{{ ${where} }}`) });
  return (
    <section className="ed-data">
      <div className="row">
        <span className="strong small" {...(path ? drag(path) : {})}>{source}</span>
        <span className="tiny faint">{t("bytes", number(text.length))}</span>
        <span className="grow" />
        {tools}
      </div>
      {note}
      <div className="row ed-data-tools">
        <div className="segmented" role="group" aria-label={t("view")}>
          {views.map((name) => <button key={name} type="button" aria-pressed={view === name} onClick={() => setChosen(name)}>{name === "json" ? "JSON" : t(name as Key)}</button>)}
        </div>
        {view !== "schema" && <input type="search" value={query} placeholder={t("search_data")} aria-label={t("search_data")} onChange={(event) => setQuery(event.target.value)} />}
        <button type="button" className="button button-quiet button-icon button-small" aria-label={t("copy")} title={t("copy")} onClick={() => copy(text)}><Icon name="copy" /></button>
        {path && <button type="button" className="button button-quiet button-icon button-small" aria-label={t("copy_path")} title={`${t("copy_path")}: ${path}`} onClick={() => copy(`{{ ${path} }}`)}><Icon name="link" /></button>}
      </div>
      {view === "table" && found ? (
        <div className="table-wrap" tabIndex={0} role="region" aria-label={t("table")}>
          <table className="table">
            <thead><tr>{columns.map((name) => <th key={name} title={path ? `${found.path}[0].${name}` : name} {...(path ? drag(`${found.path}[0].${name}`) : {})}>{name}</th>)}</tr></thead>
            <tbody>
              {rows.slice(0, limit).map(({ row, index }) => (
                <tr key={index}>{columns.map((name) => <td key={name} className={typeof row[name] === "number" ? "num" : undefined} title={cell(row[name])} {...(path ? drag(`${found.path}[${index}].${name}`) : {})}>{cell(row[name])}</td>)}</tr>
              ))}
            </tbody>
          </table>
          {rows.length === 0 && <p className="ed-hint">{t("no_rows")}</p>}
          {rows.length > limit && <p className="ed-hint">{t("first_rows", number(limit), number(rows.length))} <button type="button" className="button button-small" onClick={() => setLimit(limit + ROWS)}>{t("more_rows", number(Math.min(ROWS, rows.length - limit)))}</button></p>}
        </div>
      ) : view === "schema" ? <pre className="code" tabIndex={0}>{JSON.stringify(schemaOf(value), null, 2)}</pre>
        : <pre className="code" tabIndex={0}>{lines.length > SHOWN ? `${lines.slice(0, SHOWN)}\n…` : lines || t("nothing_found")}</pre>}
    </section>
  );
}

const cell = (value: unknown): string => (value === null || value === undefined ? "" : typeof value === "object" ? JSON.stringify(value) : typeof value === "number" ? number(value) : String(value));
