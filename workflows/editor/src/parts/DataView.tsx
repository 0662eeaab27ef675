// A value as a table or as JSON; fields can be dragged into an expression.
import { useState } from "react";
import { t } from "../core/texts";
import { number } from "./common";

const ROWS = 200;

/** The rows of a value: itself, or the one list of records in it. */
function rowsOf(value: unknown): Record<string, unknown>[] | null {
  if (Array.isArray(value)) return value.length && value.every((row) => row && typeof row === "object" && !Array.isArray(row)) ? value : null;
  if (value && typeof value === "object") {
    const lists = Object.values(value).map(rowsOf).filter(Boolean);
    return lists.length === 1 ? lists[0] : null;
  }
  return null;
}

export function DataView({ value, source, path }: { value: unknown; source: string; path?: string }) {
  const rows = rowsOf(value);
  const [raw, setRaw] = useState(false);
  const text = JSON.stringify(value, null, 2) ?? "null";
  const columns = rows ? [...new Set(rows.slice(0, 20).flatMap(Object.keys))].slice(0, 30) : [];
  return (
    <section className="ed-data">
      <div className="row">
        <span className="strong small" draggable={Boolean(path)} onDragStart={(event) => path && event.dataTransfer.setData("text/plain", `{{ ${path} }}`)}>{source}</span>
        <span className="tiny faint">{t("bytes", number(text.length))}</span>
        <span className="grow" />
        {rows && <button type="button" className="button button-quiet button-small" aria-pressed={raw} onClick={() => setRaw(!raw)}>{raw ? t("table") : "JSON"}</button>}
        <button type="button" className="button button-quiet button-small" onClick={() => void navigator.clipboard.writeText(text)}>{t("copy")}</button>
      </div>
      {rows && !raw ? (
        <div className="table-wrap">
          <table className="table">
            <thead><tr>{columns.map((name) => <th key={name}>{name}</th>)}</tr></thead>
            <tbody>
              {rows.slice(0, ROWS).map((row, index) => (
                <tr key={index}>{columns.map((name) => <td key={name} className={typeof row[name] === "number" ? "num" : undefined}>{cell(row[name])}</td>)}</tr>
              ))}
            </tbody>
          </table>
          {rows.length > ROWS && <p className="ed-hint">{t("first_rows", number(ROWS), number(rows.length))}</p>}
        </div>
      ) : <pre className="code">{text.length > 100_000 ? `${text.slice(0, 100_000)}\n…` : text}</pre>}
    </section>
  );
}

const cell = (value: unknown): string => (value === null || value === undefined ? "" : typeof value === "object" ? JSON.stringify(value) : typeof value === "number" ? number(value) : String(value));
